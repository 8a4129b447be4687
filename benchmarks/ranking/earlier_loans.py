"""What a lender knew of a customer the moment a loan was asked for: SuperLender's three tables.

Its earlier loans are listed with what became of them, some of it after the next loan was asked
for. Whatever happened later is taken out before anything is counted.
"""

from typing import Any

DAY = 86_400.0
CUSTOMER_FACTS = {
    "bank_account_type": "account",
    "employment_status_clients": "employment",
    "level_of_education_clients": "education",
}


def with_what_was_known(loans: Any, earlier: Any, customers: Any) -> Any:
    """Every loan (a pandas frame's row) with its customer's history before its `creationdate`.

    Facts about customers carry no date and are taken as told before the first loan.
    """
    known = _known(loans, earlier)
    history = _summary(known)
    facts = customers.drop_duplicates("customerid").set_index("customerid")
    joined = loans.join(history, on="systemloanid").join(
        facts[list(CUSTOMER_FACTS)].rename(columns=CUSTOMER_FACTS), on="customerid"
    )
    joined["earlier_loans"] = joined["earlier_loans"].fillna(0.0)
    joined["amount_to_last"] = joined["loanamount"] / joined["last_amount"]
    return joined.assign(fee_share=joined["totaldue"] / joined["loanamount"] - 1)


def _known(loans: Any, earlier: Any) -> Any:
    """Pairs of a loan and an earlier one, what happened after the asking left blank."""
    import pandas as pd

    asked = loans[["customerid", "systemloanid", "creationdate"]].rename(
        columns={"systemloanid": "loan", "creationdate": "asked_at"}
    )
    pairs = earlier.merge(asked, on="customerid")
    pairs = pairs[pairs["approveddate"] < pairs["asked_at"]].copy()
    for moment in ("closeddate", "firstrepaiddate"):
        pairs[moment] = pairs[moment].where(pairs[moment] < pairs["asked_at"], pd.NaT)
    return pairs.sort_values(["loan", "approveddate", "systemloanid"])


def _summary(known: Any) -> Any:
    days = known.assign(
        since_approval=_days(known["asked_at"], known["approveddate"]),
        since_closing=_days(known["asked_at"], known["closeddate"]),
        duration=_days(known["closeddate"], known["approveddate"]),
        late=_days(known["firstrepaiddate"], known["firstduedate"]),
        overdue=_days(known["asked_at"], known["firstduedate"]).where(
            known["firstrepaiddate"].isna()
        ),
        over_term=_days(known["closeddate"], known["approveddate"]) - known["termdays"],
        still_open=known["closeddate"].isna().astype(float),
    )
    days["was_late"] = (days["late"] > 0).astype(float).where(days["late"].notna())
    by_loan = days.groupby("loan")
    return by_loan.agg(
        earlier_loans=("systemloanid", "size"),
        still_open=("still_open", "sum"),
        first_days_ago=("since_approval", "max"),
        last_days_ago=("since_approval", "min"),
        closed_days_ago=("since_closing", "min"),
        late_mean=("late", "mean"),
        late_max=("late", "max"),
        late_last=("late", "last"),
        late_share=("was_late", "mean"),
        overdue_max=("overdue", "max"),
        over_term_mean=("over_term", "mean"),
        over_term_max=("over_term", "max"),
        duration_mean=("duration", "mean"),
        amount_mean=("loanamount", "mean"),
        amount_max=("loanamount", "max"),
        last_amount=("loanamount", "last"),
        term_mean=("termdays", "mean"),
    )


def _days(later: Any, sooner: Any) -> Any:
    return (later - sooner).dt.total_seconds() / DAY
