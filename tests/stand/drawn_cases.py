"""Cases drawn from a seed, leaning to the edges: cut-offs hit exactly, facts missing, all sizes."""

from datetime import UTC, datetime, timedelta
from random import Random

from credit.money import MILLION, as_number
from credit.policy.application import LoanApplication, WaiverApplication
from credit.policy.decision import Scored
from credit.policy.evidence import Evidence, Freshness, Value
from credit.policy.offers import candidates
from credit.policy.reasons import MODEL, REASONS
from credit.policy.room import Room
from credit.policy.terms import Policy
from tests.stand.drawn_policies import HUGE, WORDS, mostly

AT = datetime(2026, 6, 30, 4, tzinfo=UTC)
MODEL_CODES = [reason.code for reason in REASONS if reason.source == MODEL]


def near(rng: Random, edges: list[int]) -> int:
    """An edge, or the next whole number on either side; at least 1."""
    return max(1, rng.choice(edges) + rng.choice((-1, 0, 0, 1)))


def drawn_risk(rng: Random, edges_ppm: list[int]) -> float:
    kind = rng.random()
    if kind < 0.2:
        return min(1.0, max(0.0, as_number(near(rng, edges_ppm))))
    if kind < 0.25:  # halfway between two millionths, where rounding decides
        return min(1.0, (rng.choice(edges_ppm) + 0.5) / MILLION)
    return mostly(rng, rng.random() * rng.choice((0.02, 0.1)), 0.0, 1.0, rng.random())


def drawn_values(rng: Random) -> dict[str, Value]:
    values: dict[str, Value] = {
        "turnover_90d": mostly(
            rng,
            rng.choice((rng.randint(3_000_000, 300_000_000), rng.random() * 1e8)),
            *(0, -5_000.5, 10 ** rng.uniform(8, 14), HUGE, 3e17, 1e25),
        ),
        "due_next_30d_minor": mostly(rng, rng.randint(0, 900_000), 0, 0.5, -700_000, 1e19),
        "arrears_minor": mostly(rng, 0, 1, 9_900),
        "history_days": mostly(rng, 180, 0, 30, 2.5, 2.0**53),
        "holds_open_minor": mostly(rng, rng.randint(0, 400_000), 0, 4_999.5, -99.5, 1e20),
        "holds_open": mostly(rng, 1, 0, 30),
        "grade": rng.choice(WORDS),
    }
    return {
        name: rng.choice((None, float("nan") if name != "grade" else None))
        if rng.random() < 0.08
        else value
        for name, value in values.items()
        if rng.random() < 0.95
    }


def drawn_context(rng: Random) -> dict[str, Value]:
    sent: dict[str, Value] = {"visits": rng.choice((0, 1, 2.5)), "colour": rng.choice(WORDS)}
    return {name: value for name, value in sent.items() if rng.random() < 0.8}


def drawn_evidence(rng: Random) -> Evidence:
    freshness = rng.choice((*[Freshness.FRESH] * 12, *Freshness, Freshness.UNKNOWN))
    return Evidence(drawn_values(rng), AT - timedelta(hours=4), freshness)


def drawn_room(rng: Random) -> Room:
    def left() -> int | None:
        bounded = rng.choice((HUGE, 0, -(10**13), rng.randint(-1_000_000, 20_000_000), 50_000))
        return mostly(rng, None, bounded)

    return Room(own_minor=left(), shared_minor=left())


def loan_row(rng: Random, policy: Policy, edges: dict[str, list[int]]):
    asked = LoanApplication(
        "a",
        "m",
        mostly(rng, rng.randint(70_001, 20_000_000), near(rng, edges["amount"]), 10**15),
        policy.currency,
        mostly(rng, rng.choice(policy.loan.terms_days), 45),
        drawn_context(rng),
    )
    evidence, room = drawn_evidence(rng), drawn_room(rng)
    codes = tuple(rng.sample(MODEL_CODES, rng.randint(0, 5)))
    risk = drawn_risk(rng, edges["loan"])
    scored = [
        Scored(
            one.amount_minor,
            one.term_days,
            rng.choice((risk, drawn_risk(rng, edges["loan"]))),
            codes,
        )
        for one in candidates(asked, evidence, policy, room)
    ]
    if scored and rng.random() < 0.02:
        scored = []
    return asked, evidence, scored, room


def waiver_row(rng: Random, policy: Policy, edges: dict[str, list[int]]):
    scene = mostly(rng, rng.choice(list(policy.waiver.scenes)), "spaceship")
    days = mostly(rng, rng.randint(1, 30), 1, 31, 400)
    asked = WaiverApplication(
        "u",
        scene,
        mostly(rng, rng.randint(1, 150_000), near(rng, edges["deposit"]), 10**15),
        policy.currency,
        AT + timedelta(days=days, hours=rng.choice((0, 0, 1, -1))),
        drawn_context(rng),
    )
    codes = tuple(rng.sample(MODEL_CODES, rng.randint(0, 5)))
    scored = [Scored(asked.deposit_minor, 1, drawn_risk(rng, edges["waiver"]), codes)]
    return asked, drawn_evidence(rng), scored if rng.random() < 0.98 else [], drawn_room(rng)


def edges_of(policy: Policy) -> dict[str, list[int]]:
    loan, waiver = policy.loan, policy.waiver
    return {
        "loan": [
            loan.approve_probability_max_ppm,
            loan.refer_probability_max_ppm,
            *(band.probability_to_ppm for band in loan.bands),
        ],
        "waiver": [
            waiver.approve_probability_max_ppm,
            waiver.refer_probability_max_ppm,
            *(band.probability_to_ppm for band in waiver.bands),
        ],
        "amount": [
            loan.amount_min_minor,
            loan.amount_max_minor,
            *(band.amount_max_minor for band in loan.bands),
        ],
        "deposit": [
            waiver.credit_min_minor,
            *(scene.deposit_max_minor for scene in waiver.scenes.values()),
            *(scene.credit_max_minor for scene in waiver.scenes.values()),
        ],
    }


def drawn_loans(rng: Random, policy: Policy, count: int):
    """Rows as `loan_cases` takes them."""
    edges = edges_of(policy)
    return [loan_row(rng, policy, edges) for _ in range(count)]


def drawn_waivers(rng: Random, policy: Policy, count: int):
    """Rows as `waiver_cases` takes them, at `AT`."""
    edges = edges_of(policy)
    return [waiver_row(rng, policy, edges) for _ in range(count)]
