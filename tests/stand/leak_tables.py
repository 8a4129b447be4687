"""Credit tables with planted leaks and with honest strong columns, as such tables look."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Columns = dict[str, Any]
YEAR = 365


@dataclass(frozen=True, slots=True)
class CreditTable:
    """Columns (numbers or words), labels, which columns are leaks, the rows' own time in days.

    `days` names columns that are dates, as days since 1970.
    """

    columns: Columns
    bad: Any
    leaks: frozenset[str] = frozenset()
    time: Any = None
    days: frozenset[str] = frozenset()


def _bads(random: Any, margin: Any, rate: float) -> Any:
    """Labels by a logit whose level gives this bad rate."""
    low, high = -20.0, 20.0
    for _ in range(50):
        level = (low + high) / 2
        low, high = (
            (level, high) if (1 / (1 + np.exp(-margin - level))).mean() < rate else (low, level)
        )
    return (random.random(len(margin)) < 1 / (1 + np.exp(-margin - low))).astype(np.int64)


def guaranteed_loans(rows: int, seed: int, *, further: bool = False) -> CreditTable:
    """Guaranteed loans to small firms: the recorded term is rewritten when a loan ends.

    `further` adds a charge-off date and an amount that goods do not have.
    """
    random = np.random.default_rng([seed, 1])
    start = np.sort(random.integers(20 * YEAR, 44 * YEAR, rows)).astype(float)
    trade, state = random.integers(0, 20, rows), random.integers(0, 50, rows)
    workers = np.round(random.lognormal(1.6, 1.1, rows))
    gross = np.round(random.lognormal(11.4, 1.0, rows), -2)
    new, urban = random.integers(1, 3, rows), random.integers(0, 3, rows)
    margin = (
        0.5 * np.sin(start / 900)
        + 0.5 * random.normal(size=20)[trade]
        + 0.4 * random.normal(size=50)[state]
        - 0.25 * np.log(gross)
        - 0.1 * np.log1p(workers)
        + 0.2 * (new == 2)
    )
    bad = _bads(random, margin, 0.176)
    agreed = random.choice(
        [12, 24, 36, 48, 60, 72, 84, 120, 180, 240, 300],
        rows,
        p=[0.02, 0.02, 0.06, 0.04, 0.15, 0.05, 0.36, 0.1, 0.02, 0.12, 0.06],
    )
    broken = np.clip(np.round(random.gamma(4.0, 11.0, rows)), 2, None)
    broken = np.where(broken < agreed, broken, np.floor(random.uniform(0.2, 1.0, rows) * agreed))
    early = np.floor(random.uniform(0.2, 1.0, rows) * agreed)
    term = np.where((bad == 1) & (random.random(rows) < 0.93), broken, agreed)
    term = np.where((bad == 0) & (random.random(rows) < 0.08), early, term)
    guaranteed = np.round(gross * random.choice([0.5, 0.75, 0.85, 1.0], rows))
    columns: Columns = {
        "Term": term,
        "NAICS": np.char.add("n", trade.astype(str)),
        "State": np.char.add("s", state.astype(str)),
        "NoEmp": workers,
        "NewExist": new,
        "UrbanRural": urban,
        "RevLineCr": random.choice(["Y", "N", "0", "T"], rows, p=[0.25, 0.4, 0.3, 0.05]),
        "DisbursementDate": start + random.integers(5, 120, rows),
        "DisbursementGross": gross,
        "BalanceGross": np.where(random.random(rows) < 0.001, gross, 0.0),
        "GrAppv": np.where(random.random(rows) < 0.6, gross, np.round(gross * 1.1)),
        "SBA_Appv": guaranteed,
    }
    leaks, days = {"Term"}, {"DisbursementDate"}
    if further:
        columns["ChgOffDate"] = np.where(bad == 1, start + 30 * broken, np.nan)
        odd = np.where(random.random(rows) < 0.004, 500.0, 0.0)
        lost = np.round(gross * random.random(rows))
        columns["ChgOffPrinGr"] = np.where(bad == 1, lost, odd)
        leaks |= {"ChgOffDate", "ChgOffPrinGr"}
        days |= {"ChgOffDate"}
    return CreditTable(columns, bad, frozenset(leaks), start, frozenset(days))


def home_equity_loans(rows: int, seed: int) -> CreditTable:
    """Home equity loans: an honest ratio ranks at .84, mostly for where it is missing."""
    random = np.random.default_rng([seed, 2])
    delinquent, derogatory = random.poisson(0.45, rows), random.poisson(0.25, rows)
    age = random.gamma(5.0, 36.0, rows)
    inquiries = random.poisson(1.2, rows)
    loan = np.round(random.lognormal(9.7, 0.55, rows), -2)
    value = np.round(random.lognormal(11.4, 0.45, rows))
    owed = value * random.uniform(0.2, 1.05, rows)
    job = random.integers(0, 6, rows)
    years = random.gamma(1.4, 6.0, rows)
    lines = random.poisson(21, rows)
    margin = 3.2 * (
        0.9 * delinquent
        + 1.0 * derogatory
        - 0.008 * (age - 180)
        + 0.2 * inquiries
        + 0.7 * (owed / value > 0.95)
        + 0.8 * (lines > 30)
        + np.array([0.0, 0.4, -0.5, 0.8, 0.1, 0.6])[job] * (loan < 14000)
        - 0.03 * years
    )
    bad = _bads(random, margin, 0.2)
    ratio = 34 + 7.5 * random.normal(size=rows) - 1.5 * (bad == 0)
    beyond = (bad == 1) & (random.random(rows) < 0.25)
    ratio = np.where(beyond, random.uniform(45, 140, rows), np.minimum(ratio, 45))
    unknown = random.random(rows) < np.where(bad == 1, 0.66, 0.1)
    columns: Columns = {
        "LOAN": loan,
        "MORTDUE": np.where(random.random(rows) < 0.09, np.nan, np.round(owed)),
        "VALUE": np.where(random.random(rows) < np.where(bad == 1, 0.088, 0.0015), np.nan, value),
        "REASON": random.choice(["DebtCon", "HomeImp"], rows, p=[0.7, 0.3]),
        "JOB": np.array(["Mgr", "Office", "Other", "ProfExe", "Sales", "Self"])[job],
        "YOJ": np.where(random.random(rows) < 0.09, np.nan, np.round(years, 1)),
        "DEROG": np.where(random.random(rows) < 0.12, np.nan, derogatory),
        "DELINQ": np.where(random.random(rows) < 0.1, np.nan, delinquent),
        "CLAGE": age,
        "NINQ": np.where(random.random(rows) < 0.09, np.nan, inquiries),
        "CLNO": lines,
        "DEBTINC": np.where(unknown, np.nan, ratio),
    }
    return CreditTable(columns, bad)


LENDING_LEAKS = (
    "recoveries",
    "collection_recovery_fee",
    "total_pymnt",
    "total_rec_prncp",
    "last_pymnt_d",
    "out_prncp",
    "last_fico",
    "last_pymnt_amnt",
    "next_pymnt_d",
    "settlement_status",
)


def peer_loans(rows: int, seed: int, *, planted: tuple[str, ...] = LENDING_LEAKS) -> CreditTable:
    """Loans between people, with those of `LENDING_LEAKS` that are `planted`."""
    random = np.random.default_rng([seed, 3])
    start = np.floor(np.sort(random.integers(40 * YEAR, 46 * YEAR, rows)) / 30.4) * 30.4
    start = np.floor(start)
    fico = np.clip(690 + 35 * random.normal(size=rows), 660, 850)
    income = np.round(random.lognormal(11.1, 0.5, rows), -3)
    debt = np.clip(18 + 8 * random.normal(size=rows), 0, 45)
    amount = np.round(random.lognormal(9.4, 0.6, rows) / 25) * 25
    months = random.choice([36, 60], rows, p=[0.75, 0.25])
    risk = -0.012 * (fico - 690) - 0.4 * (np.log(income) - 11) + 0.03 * (debt - 18)
    risk = risk + 0.6 * (months == 60) + 0.4 * random.normal(size=rows)
    grade = np.digitize(risk, np.quantile(risk, [0.17, 0.45, 0.72, 0.88, 0.96]))
    rate = np.round(7 + 3.2 * grade + random.choice([0.0, 0.5, 1.0, 1.5], rows), 2)
    bad = _bads(random, 0.9 * risk, 0.15)
    share = random.beta(2.0, 2.5, rows)
    owed = amount * (1 + rate / 100 * months / 24)
    running = (bad == 0) & (start > np.quantile(start, 0.75)) & (random.random(rows) < 0.6)
    paid_off = np.where(bad == 1, share, np.where(running, 0.3 + 0.5 * share, 1.0))
    recovered = (bad == 1) & (random.random(rows) < 0.6)
    recoveries = np.where(recovered, np.round(amount * random.beta(1.5, 8, rows), 2), 0.0)
    prepaid = (bad == 0) & (random.random(rows) < 0.5)
    good_lived = np.where(prepaid, random.uniform(0.3, 1, rows), 1.0) * months
    lived = np.where(bad == 1, share * months * 0.8, good_lived)
    last = np.minimum(np.floor(start + 30.4 * lived), 47.5 * YEAR)
    leaks: Columns = {
        "recoveries": recoveries,
        "collection_recovery_fee": np.where(
            recovered & (random.random(rows) < 0.9), np.round(recoveries * 0.18, 4), 0.0
        ),
        "total_pymnt": np.round(owed * paid_off * np.where(prepaid, 0.93, 1.0), 2),
        "total_rec_prncp": np.where(
            (bad == 0) & ~running, amount, np.round(amount * np.minimum(paid_off, 0.97) * 0.9, 2)
        ),
        "last_pymnt_d": np.where((bad == 1) & (random.random(rows) < 0.02), np.nan, last),
        "out_prncp": np.where(running, np.round(amount * (1 - paid_off), 2), 0.0),
        "last_fico": np.round(
            fico + np.where(bad == 1, -120, 5) + (40 + 5 * bad) * random.normal(size=rows)
        ),
        "last_pymnt_amnt": np.where(
            prepaid,
            np.round(amount * random.uniform(0.2, 0.9, rows), 2),
            np.where(
                bad == 1,
                np.round(owed / months * random.choice([1, 1, 0.5], rows), 2),
                np.round(owed / months * random.uniform(0.97, 1.03, rows), 2),
            ),
        ),
        "next_pymnt_d": np.where(running, 47.5 * YEAR + random.integers(1, 30, rows), np.nan),
        "settlement_status": np.where(
            (bad == 1) & (random.random(rows) < 0.14),
            random.choice(["ACTIVE", "COMPLETE", "BROKEN"], rows),
            "none",
        ),
    }
    columns: Columns = {
        "loan_amnt": amount,
        "term": months,
        "int_rate": rate,
        "grade": np.array(list("ABCDEF"))[grade],
        "installment": np.round(owed / months, 2),
        "emp_length": random.choice(["<1", "1", "2", "5", "10+"], rows),
        "home_ownership": random.choice(["RENT", "OWN", "MORTGAGE"], rows),
        "annual_inc": income,
        "verification_status": random.choice(["Verified", "Not Verified"], rows),
        "dti": np.round(debt, 2),
        "fico_range_low": np.round(fico / 5) * 5,
        "delinq_2yrs": random.poisson(0.3, rows),
        "mths_since_last_delinq": np.where(
            random.random(rows) < 0.5, np.nan, random.integers(0, 90, rows)
        ),
        "revol_util": np.round(random.uniform(0, 100, rows), 1),
        "collections_12_mths_ex_med": (random.random(rows) < 0.01).astype(int),
        "earliest_cr_line": np.floor(start - random.gamma(4, 1500, rows)),
    }
    columns |= {name: leaks[name] for name in planted}
    days = {"earliest_cr_line"} | ({"last_pymnt_d", "next_pymnt_d"} & set(planted))
    return CreditTable(columns, bad, frozenset(planted), start, frozenset(days))


def honest_loans(rows: int, seed: int, *, score_ranks: float = 0.82) -> CreditTable:
    """A book with all that looks suspicious and is honest, its bureau score first."""
    random = np.random.default_rng([seed, 4])
    start = np.sort(random.integers(50 * YEAR, 54 * YEAR, rows)).astype(float)
    rate = random.choice([0.08, 0.2, 0.35])
    bad = (random.random(rows) < rate).astype(np.int64)
    apart = {0.80: 1.19, 0.82: 1.295, 0.85: 1.466}[score_ranks]
    score = 620 - 60 * apart * bad + 60 * random.normal(size=rows)
    past_due = random.poisson(np.where(bad == 1, 0.9, 0.15))
    sentinel = random.random(rows) < np.where(bad == 1, 0.012, 0.0012)
    drifted = (start - start.min()) / (4 * YEAR)
    income = random.lognormal(8.2 - 0.15 * bad, 0.5, rows)
    thin = random.random(rows) < np.where(bad == 1, 0.35, 0.06)
    since = start >= np.quantile(start, 0.5)
    new_source = np.where(since, random.normal(size=rows) - 0.5 * bad, np.nan)
    verified = random.random(rows) < np.where(bad == 1, 0.25, 0.75)
    filled_in = np.round(34 + 6 * random.normal(size=rows) + 3 * bad, 1)
    rounded = random.random(rows) < np.where(bad == 1, 0.75, 0.5)
    used = np.clip(random.beta(1.2, 1.6, rows) + 0.2 * bad, 0, 1)
    used = np.where(random.random(rows) < 0.12, 0.0, used)
    band = np.digitize(score, [480, 540, 580, 620, 660, 720])
    usual, any_months = random.choice([12, 24, 36, 60], rows), random.integers(6, 72, rows)
    months = np.where(random.random(rows) < 0.85, usual, any_months)
    caught = (bad == 1) & (random.random(rows) < 0.15) | (random.random(rows) < 0.002)
    bands = np.array(list("GFEDCBA"))[band]
    banded = score_ranks < 0.85  # a band of so strong a score is as strong
    columns: Columns = {
        "bureau_score": np.round(score),
        "score_band": bands if banded else random.choice(list("AB"), rows),
        "income": np.where(rounded, np.round(income, -3), np.round(income, -1)),
        "income_verified": np.where(verified, "yes", "no"),
        "times_past_due": np.where(sentinel, random.choice([96, 98], rows), past_due),
        "thin_file_ratio": np.where(thin, np.nan, random.normal(size=rows) + 0.3 * bad),
        "debt_ratio": np.where(thin, 34.7, filled_in),
        "new_source": new_source,
        "amount": np.round(np.exp(8.5 + 0.3 * drifted + 0.4 * random.normal(size=rows)), -2),
        "months": months,
        "utilisation": np.round(used, 3),
        "opened_on": np.floor(start - random.gamma(3, 300.0 - 120.0 * bad, rows)),
        "first_due_on": start + random.choice([15, 30, 31], rows),
        "matures_on": start + 30 * months,
        "region": random.choice([f"r{place}" for place in range(40)], rows),
        "knocked_out": caught.astype(int),
    }
    days = frozenset({"opened_on", "first_due_on", "matures_on"})
    return CreditTable(columns, bad, frozenset(), start, days)


def small_rule_table(rows: int, seed: int) -> CreditTable:
    """300 or so rows, 20% bad, and a rule that by luck caught none but bads."""
    random = np.random.default_rng([seed, 5])
    bad = (np.arange(rows) % 5 == 0).astype(np.int64)
    caught = np.zeros(rows)
    caught[random.permutation(np.flatnonzero(bad))[: max(6, rows // 25)]] = 1
    columns: Columns = {
        "rule": caught,
        "rule_word": np.where(caught == 1, "refer", "pass"),
        "score": 600 - 50 * bad + 50 * random.normal(size=rows),
        "age": random.integers(18, 70, rows),
        "income": np.round(random.lognormal(8, 0.5, rows) * (1 - 0.1 * bad), -2),
        "purpose": random.choice(["car", "home", "study", "other"], rows),
    }
    return CreditTable(columns, bad)


def consumer_credits(rows: int, seed: int) -> CreditTable:
    """German credit's shape: words of a thousand rows, 30% bad."""
    random = np.random.default_rng([seed, 6])
    checking = random.integers(0, 4, rows)
    history, savings = random.integers(0, 5, rows), random.integers(0, 5, rows)
    months = random.choice([6, 12, 18, 24, 36, 48, 9, 15, 10, 30], rows)
    amount = np.round(random.lognormal(7.8, 0.75, rows))
    margin = -0.9 * checking - 0.35 * history - 0.2 * savings + 0.03 * months
    bad = _bads(random, margin + 0.1 * np.log(amount), 0.3)
    columns: Columns = {
        "checking": np.array(["A11", "A12", "A13", "A14"])[checking],
        "duration": months,
        "history": np.array(["A30", "A31", "A32", "A33", "A34"])[history],
        "amount": amount,
        "savings": np.array(["A61", "A62", "A63", "A64", "A65"])[savings],
        "age": random.integers(19, 75, rows),
        "foreign": random.choice(["yes", "no"], rows, p=[0.96, 0.04]),
    }
    return CreditTable(columns, bad)


def _one_leak(name: str) -> Callable[[int, int], CreditTable]:
    return lambda rows, seed: peer_loans(rows, seed, planted=(name,))


LEAKY: Mapping[str, Callable[[int, int], CreditTable]] = {
    "term rewritten": guaranteed_loans,
    "charged off": lambda rows, seed: guaranteed_loans(rows, seed, further=True),
    "all at once": peer_loans,
    **{name: _one_leak(name) for name in LENDING_LEAKS},
}
HONEST: Mapping[str, Callable[[int, int], CreditTable]] = {
    "home equity": home_equity_loans,
    "peer loans": lambda rows, seed: peer_loans(rows, seed, planted=()),
    "guaranteed without term": lambda rows, seed: without(guaranteed_loans(rows, seed), "Term"),
    "score at .80": lambda rows, seed: honest_loans(rows, seed, score_ranks=0.80),
    "score at .82": honest_loans,
    "score at .85": lambda rows, seed: honest_loans(rows, seed, score_ranks=0.85),
    "consumer": consumer_credits,
    "rule": small_rule_table,
}


def without(table: CreditTable, *names: str) -> CreditTable:
    """The table less some columns."""
    columns = {name: values for name, values in table.columns.items() if name not in names}
    leaks, days = table.leaks - set(names), table.days - set(names)
    return CreditTable(columns, table.bad, leaks, table.time, days)
