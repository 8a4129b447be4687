"""Tables as an auditor reads them: every version of a row, and which of them was known when.

Nothing here is taken from `features`: pandas, the data contract and the pages of the docs alone.
"""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from credit.contract import TABLE, Kind, Table

Tables = Mapping[str, pd.DataFrame]
TIMES = (Kind.DAY, Kind.INSTANT)
WHOLE = (Kind.MONEY, Kind.COUNT)
ALWAYS = pd.Timestamp("1970-01-01")


def contract_rows(table: Table, rows: pd.DataFrame) -> pd.DataFrame:
    """The contract's columns: absent ones missing, times as times, identical rows one."""
    rows = rows.reindex(columns=list(table.names)).copy()
    for column in table.columns:
        values = rows[column.name]
        if column.kind in TIMES:
            times = pd.to_datetime(values, utc=True).dt.tz_localize(None)
            rows[column.name] = times.astype("datetime64[us]")
        elif column.kind in WHOLE:
            rows[column.name] = values.astype("Int64" if values.isna().any() else "int64")
        elif column.kind is Kind.TEXT:
            text = values.astype(object).where(values.notna(), None)
            rows[column.name] = text.map(lambda it: it if it and it.strip() else None)
    if table.recorded_default:
        recorded = rows["recorded_at"].fillna(rows[table.recorded_default])
        rows["recorded_at"] = recorded.fillna(ALWAYS)
    return rows.drop_duplicates().sort_values("recorded_at", kind="stable")


class Versions:
    """Every version of one table's rows, found by whoever was ever named in one of them."""

    def __init__(self, name: str, tables: Tables, owner: str) -> None:
        self.there = name in tables
        self._key, self._owner = TABLE[name].key[0], owner
        empty = pd.DataFrame(columns=list(TABLE[name].names))
        rows = contract_rows(TABLE[name], tables.get(name, empty))
        self._none = rows.head(0)
        named = rows[[self._key]].assign(_named=rows[owner]).dropna().drop_duplicates()
        every = named.merge(rows, on=self._key)
        every = every.sort_values("recorded_at", kind="stable")
        self._of = dict(iter(every.groupby("_named", sort=False)))

    def known(self, owner_id: str, as_of: date) -> pd.DataFrame:
        """What was known of `owner_id` at the end of `as_of`: the latest version of each key.

        A row that was corrected to another owner by then is that one's.
        """
        rows = self._of.get(owner_id, self._none)
        rows = rows[rows.recorded_at < pd.Timestamp(as_of) + pd.Timedelta(days=1)]
        rows = rows.drop_duplicates(self._key, keep="last")
        return rows[rows[self._owner] == owner_id]


def days_before(as_of: date, times: pd.Series) -> pd.Series:
    """Whole UTC days from the day of each time to `as_of`."""
    return (pd.Timestamp(as_of) - times.dt.normalize()).dt.days


def over(part: float | None, whole: float | None) -> float | None:
    """A ratio; missing where either side is, or where it would be over nothing."""
    if part is None or whole is None or whole == 0:
        return None
    return part / whole


def whole_or_none(value: object) -> int | None:
    """A whole number, or None where it is missing in any of pandas' ways."""
    return None if value is None or pd.isna(value) else int(value)
