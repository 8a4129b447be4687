"""Every feature of the catalogue once more, in plain pandas, one entity and one day at a time.

Written from docs/features.md and the contract, not from the expressions that it is held against.
An entity whose profile is not recorded yet has no value at all: serving has none of it either.
Features of an absent table are missing.
"""

from datetime import date

import pandas as pd

from tests.stand.reference_consumers import bill_values, bills_of, hold_values
from tests.stand.reference_debt import instalments_of, loan_values, repayment_values, taken
from tests.stand.reference_payments import (
    Trade,
    Values,
    merchant_payers,
    merchant_payments,
    user_payments,
)
from tests.stand.reference_rows import Tables, Versions, over, whole_or_none

UTC_OFFSET_MINUTES = 480


class Merchants:
    """Reference values of merchants."""

    def __init__(self, tables: Tables) -> None:
        self._profiles = Versions("merchants", tables, "merchant_id")
        self._payments = Versions("payments", tables, "merchant_id")
        self._loans = Versions("loans", tables, "merchant_id")
        self._repayments = Versions("repayments", tables, "loan_id")

    def values(self, merchant_id: str, as_of: date) -> Values:
        """Every merchant feature that is not missing, as known at the end of `as_of`."""
        profile = self._profiles.known(merchant_id, as_of)
        if profile.empty:
            return {}
        (row,) = profile.itertuples()
        values: Values = {
            "tenure_days": _days_since(row.opened_on, as_of),
            "city_tier": whole_or_none(row.city_tier),
            "industry": row.industry,
        }
        values |= self._trade(merchant_id, as_of)
        return values | self._debt(merchant_id, as_of, values)

    def _trade(self, merchant_id: str, as_of: date) -> Values:
        if not self._payments.there:
            return {}
        known = self._payments.known(merchant_id, as_of)
        trade = Trade(known, as_of, other="user_id", offset_minutes=UTC_OFFSET_MINUTES)
        return merchant_payments(trade, as_of) | merchant_payers(trade, merchant_id)

    def _debt(self, merchant_id: str, as_of: date, trade: Values) -> Values:
        if not self._loans.there:
            return {}
        loans = taken(self._loans.known(merchant_id, as_of), as_of)
        values = loan_values(loans)
        if not self._repayments.there:
            return values
        known = [self._repayments.known(loan_id, as_of) for loan_id in loans.loan_id]
        rows = pd.concat(known) if known else self._repayments.known("", as_of)
        values |= repayment_values(instalments_of(loans, rows, as_of))
        last_paid = rows.paid_at.max()
        return values | {
            "unpaid_to_open_principal": over(
                values["unpaid_minor"], values["open_principal_minor"]
            ),
            "days_since_repayment": _days_since(last_paid, as_of),
            "debt_to_turnover_90d": over(values["unpaid_minor"], trade.get("turnover_90d")),
            "due_to_turnover_30d": over(values["due_next_30d_minor"], trade.get("turnover_30d")),
        }


class Users:
    """Reference values of consumers."""

    def __init__(self, tables: Tables) -> None:
        self._profiles = Versions("users", tables, "user_id")
        self._payments = Versions("payments", tables, "user_id")
        self._bills = Versions("bills", tables, "user_id")
        self._holds = Versions("holds", tables, "user_id")

    def values(self, user_id: str, as_of: date) -> Values:
        """Every consumer feature that is not missing, as known at the end of `as_of`."""
        profile = self._profiles.known(user_id, as_of)
        if profile.empty:
            return {}
        (row,) = profile.itertuples()
        line = whole_or_none(row.credit_line_minor)
        values: Values = {
            "registered_days": _days_since(row.registered_on, as_of),
            "credit_line_minor": line,
        }
        if self._payments.there:
            known = self._payments.known(user_id, as_of)
            trade = Trade(known, as_of, other="merchant_id", offset_minutes=UTC_OFFSET_MINUTES)
            values |= user_payments(trade, line, as_of)
        if self._bills.there:
            bills = bills_of(self._bills.known(user_id, as_of), line, as_of)
            values |= bill_values(bills, line)
        if self._holds.there:
            values |= hold_values(self._holds.known(user_id, as_of), as_of)
        return values


REFERENCE = {"merchant": Merchants, "user": Users}


def _days_since(time: object, as_of: date) -> int | None:
    return None if pd.isna(time) else (as_of - time.date()).days
