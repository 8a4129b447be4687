"""A million requests in columns, and some of the same singly."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from credit.policy.application import LoanApplication, WaiverApplication
from credit.policy.decision import Scored
from credit.policy.evidence import Evidence
from credit.policy.many import (
    FRESHNESS,
    UNBOUNDED,
    Grid,
    LoanCases,
    Texts,
    WaiverCases,
)
from credit.policy.offers import candidates
from credit.policy.room import Room
from credit.policy.terms import Policy

AT = datetime(2026, 6, 30, 4, tzinfo=UTC)
Random = np.random.Generator


def loans(random: Random, count: int, policy: Policy) -> LoanCases:
    """Merchants as they come: most trade, some owe, a few are unknown."""
    turnover = np.floor(np.exp(random.normal(16.6, 1.2, count)))
    amount = np.floor(turnover * random.uniform(0.05, 1.0, count) / 10_000) * 10_000
    owed = np.where(random.random(count) < 0.03, 5_000.0, 0.0)
    return LoanCases(
        amount_minor=np.clip(amount, 50_000, 50_000_000).astype(np.int64),
        term_days=random.choice(policy.loan.terms_days, count),
        values={
            "turnover_90d": _holed(random, turnover, 0.05),
            "due_next_30d_minor": _holed(random, np.floor(turnover * 0.02), 0.5),
            "arrears_minor": _holed(random, owed, 0.3),
            "loans_troubled": np.where(random.random(count) < 0.01, 1.0, 0.0),
            "days_since_payment": np.floor(random.exponential(4.0, count)),
            "history_days": np.floor(random.uniform(5, 900, count)),
        },
        **_common(random, count),
    )


def loan_risks(random: Random, cases: LoanCases, grid: Grid) -> Any:
    """P(bad) of each candidate: the merchant's own, and less for smaller and shorter loans."""
    own = np.exp(random.normal(-3.1, 0.9, (len(cases), 1)))
    smaller = 0.5 + 0.5 * grid.amount_minor / cases.amount_minor[:, None]
    shorter = 0.6 + 0.4 * grid.term_days / cases.term_days[:, None]
    return np.clip(own * smaller * shorter, 0.0, 1.0)


def waivers(random: Random, count: int, policy: Policy) -> WaiverCases:
    """Users and their orders: a deposit is mostly within what the scene allows."""
    words = (*policy.waiver.scenes, "spaceship")
    share = [0.99 / (len(words) - 1)] * (len(words) - 1) + [0.01]
    scene = random.choice(len(words), count, p=share).astype(np.int32)
    deposits = np.array([*(one.deposit_max_minor for one in policy.waiver.scenes.values()), 50_000])
    return WaiverCases(
        scene=Texts(scene, words),
        deposit_minor=np.floor(deposits[scene] * random.uniform(0.02, 1.05, count)).astype(
            np.int64
        ),
        duration_days=1 + np.floor(random.exponential(2.0, count)).astype(np.int64),
        probability=np.clip(np.exp(random.normal(-4.0, 1.0, count)), 0.0, 1.0),
        values={
            "holds_open_minor": _holed(random, np.floor(random.exponential(20_000, count)), 0.1),
            "holds_unpaid_minor": np.where(random.random(count) < 0.02, 9_900.0, 0.0),
            "holds_overdue": np.where(random.random(count) < 0.01, 1.0, 0.0),
            "holds_open": np.floor(random.exponential(1.2, count)),
            "bill_past_due_days_1": _holed(random, np.floor(random.exponential(6.0, count)), 0.4),
        },
        **_common(random, count),
    )


def _common(random: Random, count: int) -> dict[str, Any]:
    codes = random.choice(len(FRESHNESS), count, p=[0.96, 0.01, 0.02, 0.01]).astype(np.int8)
    left = random.integers(0, 60_000_000, count)
    return {
        "freshness": codes,
        "own_room_minor": np.where(random.random(count) < 0.3, left, UNBOUNDED),
        "shared_room_minor": np.full(count, 200_000_000_000),
    }


def _holed(random: Random, values: Any, share: float) -> Any:
    return np.where(random.random(len(values)) < share, np.nan, values)


def loan_rows(cases: LoanCases, policy: Policy, count: int) -> list[tuple[Any, ...]]:
    """The first cases singly, as `decide_loan` takes them."""
    rows = []
    assert cases.grid is not None
    assert cases.probability is not None
    for row, (evidence, room) in enumerate(_applicants(cases, count)):
        asked = LoanApplication(
            f"a{row}",
            f"m{row}",
            int(cases.amount_minor[row]),
            policy.currency,
            int(cases.term_days[row]),
        )
        risks = cases.probability[row][cases.grid.valid[row]].tolist()
        tried = candidates(asked, evidence, policy, room)
        scored = [
            Scored(one.amount_minor, one.term_days, risk)
            for one, risk in zip(tried, risks, strict=True)
        ]
        rows.append((asked, evidence, room, scored))
    return rows


def waiver_rows(cases: WaiverCases, policy: Policy, count: int) -> list[tuple[Any, ...]]:
    """The first cases singly, as `decide_waiver` takes them at `AT`."""
    rows = []
    for row, applicant in enumerate(_applicants(cases, count)):
        asked = WaiverApplication(
            f"u{row}",
            cases.scene.words[cases.scene.codes[row]],
            int(cases.deposit_minor[row]),
            policy.currency,
            AT + timedelta(days=int(cases.duration_days[row])),
        )
        scored = [Scored(asked.deposit_minor, 1, float(cases.probability[row]))]
        rows.append((asked, *applicant, scored))
    return rows


def _applicants(cases: LoanCases | WaiverCases, count: int) -> list[tuple[Evidence, Room]]:
    values = {name: found[:count].tolist() for name, found in cases.values.items()}
    own, shared = cases.own_room_minor[:count].tolist(), cases.shared_room_minor[:count].tolist()
    return [
        (
            Evidence(
                {
                    name: None if found[row] != found[row] else found[row]
                    for name, found in values.items()
                },
                AT - timedelta(hours=4),
                FRESHNESS[cases.freshness[row]],
            ),
            Room(
                own_minor=None if own[row] == UNBOUNDED else own[row],
                shared_minor=None if shared[row] == UNBOUNDED else shared[row],
            ),
        )
        for row in range(count)
    ]
