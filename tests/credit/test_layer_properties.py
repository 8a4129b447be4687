"""Whatever legal documents are stacked, no layer is looser than one above: by field, by answer."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credit.money import MILLION
from credit.policy.application import LoanApplication, WaiverApplication
from credit.policy.decide import Decision, decide_loan, decide_waiver
from credit.policy.decision import Scored
from credit.policy.declared import Direction, Shape, Unit
from credit.policy.directions import NUMBERS, span
from credit.policy.documents import Document
from credit.policy.envelope import envelope
from credit.policy.evidence import Evidence, Freshness
from credit.policy.layers import laid_under, stacked
from credit.policy.offers import candidates
from credit.policy.reading import TermsError
from credit.policy.room import Room
from credit.policy.terms import Policy
from tests.stand.layering import LOWER, Field, bounds, document, fields_of, platform, raw

AT = datetime(2026, 6, 30, 4, tzinfo=UTC)
GUARANTEES = (0, 100_000_000, 500_000_000)
SCENES = ("hotel", "bike", "clinic", "camera")


@dataclass(frozen=True)
class Stacked:
    """A stack of documents, each legal under those before it."""

    documents: tuple[Document, ...]
    policies: tuple[Policy, ...]


@st.composite
def legal_stacks(draw: st.DrawFn) -> Stacked:
    """The platform with an industry, a partner and a scene below it: they tighten or choose."""
    documents = [platform()]
    policies = [stacked(documents)]
    for layer in LOWER:
        one = _legal(layer, policies[-1], any_of(draw(st.integers(0, 2**32))))
        documents.append(one)
        policies.append(laid_under(policies[-1], one).policy)
    return Stacked(tuple(documents), tuple(policies))


def any_of(seed: object) -> random.Random:
    return random.Random(str(seed))  # noqa: S311 - cases, no secrets


def _legal(layer: str, above: Policy, rng: random.Random) -> Document:
    """A legal, sound document: a statement that is unsound beside the rest is left out."""
    head = {"first_loss_minor": rng.choice(GUARANTEES)} if layer == "partner" else {}
    policy = laid_under(above, document(layer, {}, **head)).policy
    fields = rng.sample([one for one in fields_of(policy) if _moves(one)], rng.randint(1, 12))
    values = [(field.path, raw(field.row, _tighter(field, policy, rng))) for field in fields]
    if rng.random() < 0.3:
        known = policy.waiver.scenes.get("camera", policy.waiver.new_scene)
        if "camera" in policy.waiver.scenes or known.offered:
            most = rng.randint(0, known.credit_max_minor)
            values.append(("waiver.scenes.camera.credit_max_minor", most))
    if rng.random() < 0.4:
        values.append(("delegated.ranges", [_grant(rng) for _ in range(rng.randint(1, 3))]))
    stated: dict[str, Any] = dict(values)
    while not _stands(above, layer, stated, head):
        stated.pop(rng.choice(sorted(stated)))
    return document(layer, stated, **head)


def _stands(above: Policy, layer: str, stated: dict[str, Any], head: dict[str, Any]) -> bool:
    one = document(layer, stated, **head)
    try:
        under = laid_under(above, one)
    except TermsError:
        return False  # each value is legal, and they do not fit together
    assert all(one.path.startswith("delegated") for one in under.loosenings), under.loosenings
    return True


GRANTED = {
    "loan.price.margin_rate": (0, 100_000, MILLION),
    "loan.approve_probability_max": (0, 200_000, MILLION),
    "loan.amount_min_minor": (1, 5_000_000, 1),
    "waiver.credit_min_minor": (1, 60_000, 1),
    "waiver.scenes.hotel.credit_max_minor": (0, 400_000, 1),
    "waiver.scenes.*.credit_max_minor": (0, 400_000, 1),
    "waiver.scenes.*.grace_hours": (0, 200, 1),
}


def _grant(rng: random.Random) -> dict[str, Any]:
    """What a layer delegates on: legal or not, for what is not is held to its bound."""
    field = rng.choice(list(GRANTED))
    low, high, by = GRANTED[field]
    least, most = sorted((rng.randint(low, high), rng.randint(low, high)))
    return {
        "field": field,
        "least": Decimal(least) / by if by > 1 else least,
        "most": Decimal(most) / by if by > 1 else most,
        "first_loss_minor": rng.choice((0, *GUARANTEES)),
        "approval": rng.random() < 0.3,
    }


def _moves(field: Field) -> bool:
    return field.row.direction not in (Direction.FIXED, Direction.SUPERSET)


def _tighter(field: Field, policy: Policy, rng: random.Random) -> Any:
    """A value that a lower layer may state."""
    row, value = field.row, field.value
    if row.shape is Shape.ROWS:
        return _cut(value, rng) if policy.authority.open_to(field.path) else value
    if row.shape is Shape.MANY:
        return tuple(one for one in value if rng.random() < 0.7)
    if row.unit is Unit.FLAG:
        return value and rng.random() < 0.5
    return _word(field, policy, rng) if row.unit not in NUMBERS else _number(field, policy, rng)


def _word(field: Field, policy: Policy, rng: random.Random) -> str:
    row, value = field.row, field.value
    if row.direction is Direction.DELEGATED:
        grants = policy.authority.open_to(field.path)
        return rng.choice([value, *(it for one in grants for it in getattr(one, "choices", ()))])
    return row.choices[rng.randint(0, row.choices.index(value))]


def _number(field: Field, policy: Policy, rng: random.Random) -> int:
    row, value = field.row, field.value
    allowed = span(row, policy.authority.open_to(field.path)) or (value, value)
    match row.direction:
        case Direction.DELEGATED:
            return _between(allowed, rng)
        case Direction.HIGHER_ONLY:
            return _between((value, min(bounds(row)[1], 2 * value + 10)), rng)
    return _between((max(bounds(row)[0], value // 3), max(value, allowed[1])), rng)


def _between(ends: tuple[int, int], rng: random.Random) -> int:
    return rng.choice([*ends, rng.randint(*ends), rng.randint(*ends)])


def _cut(bands: Sequence[Any], rng: random.Random) -> Sequence[Any]:
    """The same bands with less in some of them, or two laid together as the stricter."""
    made = [_less(band, rng) for band in bands]
    if len(made) > 2 and rng.random() < 0.5:
        place = rng.randrange(len(made) - 1)
        joined = replace(made[place + 1], probability_from_ppm=made[place].probability_from_ppm)
        made[place : place + 2] = [joined]
    for place in range(1, len(made)):  # a riskier band may not be given more
        made[place] = _least_of(made[place], made[place - 1])
    return made


VALUES = ("amount_max_minor", "turnover_multiple_ppm", "credit_share_ppm", "credit_max_minor")


def _less(band: Any, rng: random.Random) -> Any:
    names = [name for name in VALUES if hasattr(band, name)]
    return replace(
        band, **{name: getattr(band, name) * rng.choice([3, 3, 3, 1]) // 3 for name in names}
    )


def _least_of(band: Any, other: Any) -> Any:
    names = [name for name in VALUES if hasattr(band, name)]
    return replace(band, **{it: min(getattr(band, it), getattr(other, it)) for it in names})


def looser_fields(lower: Policy, upper: Policy) -> list[str]:
    """Fields of `lower` that are looser than in `upper`: a plain reading of the directions."""
    above = {field.path: field for field in fields_of(upper)}
    return [one.path for one in fields_of(lower) if _is_looser(one, above[one.path].value)]


def _is_looser(field: Field, upper: Any) -> bool:
    row, value = field.row, field.value
    if row.shape is Shape.ROWS:
        if row.direction is Direction.SUPERSET:
            return not all(one in value for one in upper)
        return any(
            _gives(value, at, name) > _gives(upper, at, name)
            for at in range(0, 10**6, 5_000)
            for name in VALUES
        )
    if row.direction is Direction.SUBSET:
        return not set(value) <= set(upper)
    if row.direction is Direction.FIXED:
        return value != upper
    rank = row.choices.index if row.choices else int
    if row.unit is Unit.TEXT and not row.choices:
        return False
    sign = {Direction.LOWER_ONLY: 1, Direction.HIGHER_ONLY: -1}.get(row.direction, row.looser)
    return sign * (rank(value) - rank(upper)) > 0


def _gives(bands: Sequence[Any], ppm: int, name: str) -> int:
    band = next(one for one in bands if ppm <= one.probability_to_ppm)
    return getattr(band, name, 0)


def risk(seed: int) -> Callable[[int, int], float]:
    """Any model at all: a probability for each amount and term, in no order whatever."""

    def probability(amount_minor: int, term_days: int) -> float:
        rng = any_of(f"{seed} {amount_minor} {term_days}")
        return rng.choice([rng.uniform(0, 0.2), rng.uniform(0, 0.05), rng.uniform(0, 1)])

    return probability


def loan_under(policy: Policy, seed: int) -> Decision:
    rng = any_of(seed)
    asked = LoanApplication(
        "a", "m", rng.randint(20_000, 60_000_000), "CNY", rng.choice([30, 60, 90, 180, 360])
    )
    values = {
        "turnover_90d": rng.choice([None, rng.randint(0, 300_000_000)]),
        "due_next_30d_minor": rng.choice([None, rng.randint(0, 3_000_000)]),
        "arrears_minor": rng.choice([0, 0, 0, 0, 500]),
        "history_days": rng.choice([180, 180, 180, 10]),
    }
    fresh = rng.choice([Freshness.FRESH] * 9 + [Freshness.UNKNOWN])
    evidence = Evidence(values, AT, fresh)
    room = Room(own_minor=rng.choice([None, rng.randint(0, 50_000_000)]), shared_minor=None)
    of, grid = risk(seed), candidates(asked, evidence, policy, room)
    scored = [
        Scored(one.amount_minor, one.term_days, of(one.amount_minor, one.term_days)) for one in grid
    ]
    return decide_loan(asked, evidence, scored, policy=policy, room=room, at=AT)


def waiver_under(policy: Policy, seed: int) -> Decision:
    rng = any_of(seed)
    asked = WaiverApplication(
        "u",
        rng.choice(SCENES),
        rng.randint(100, 600_000),
        "CNY",
        AT + timedelta(hours=rng.randint(1, 2_000)),
    )
    values = {
        "holds_open_minor": rng.choice([None, rng.randint(0, 600_000)]),
        "holds_unpaid_minor": rng.choice([0, 0, 0, 0, 900]),
        "holds_open": rng.randint(0, 6),
    }
    evidence = Evidence(values, AT, rng.choice([Freshness.FRESH] * 9 + [Freshness.UNKNOWN]))
    scored = [Scored(asked.deposit_minor, 1, risk(seed)(asked.deposit_minor, 1))]
    room = Room(own_minor=rng.choice([None, rng.randint(0, 500_000)]), shared_minor=None)
    return decide_waiver(asked, evidence, scored, policy=policy, room=room, at=AT)


def is_looser(lower: Decision, upper: Decision) -> bool:
    """A better answer: outcome, limit, largest offer, credit part, or less to pay in cash."""
    return (
        lower.outcome > upper.outcome
        or lower.limit_minor > upper.limit_minor
        or _largest(lower) > _largest(upper)
        or lower.credit_minor > upper.credit_minor
        or lower.deposit_due_minor < upper.deposit_due_minor
    )


def _largest(decision: Decision) -> int:
    return max((offer.amount_minor for offer in decision.offers), default=0)


@pytest.mark.timeout(3600)
def test_no_legal_stack_is_looser_than_any_layer_above_it(runs: Callable[..., int]) -> None:
    @settings(max_examples=runs(full=10_000, short=150), database=None)
    @given(legal_stacks(), st.integers(0, 2**32))
    def holds(stack: Stacked, seed: int) -> None:
        policies = stack.policies
        effective, guarantee = policies[-1], max(it.authority.first_loss_minor for it in policies)
        for upper in policies[:-1]:
            widest = envelope(upper, scenes=effective.waiver.scenes, first_loss_minor=guarantee)
            assert looser_fields(effective, widest) == []
            for case in range(seed, seed + 4):
                assert not is_looser(loan_under(effective, case), loan_under(widest, case)), case
                assert not is_looser(waiver_under(effective, case), waiver_under(widest, case)), (
                    case
                )

    holds()


def test_where_nothing_is_delegated_the_layer_itself_is_the_bound() -> None:
    policy = stacked([platform()])
    alone = replace(policy, authority=replace(policy.authority, granted=()))
    assert envelope(alone) == alone
    assert looser_fields(envelope(policy), policy)
