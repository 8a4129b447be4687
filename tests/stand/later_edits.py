"""Random edits of rows that were recorded after a time: each is something that could still come."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from credit.contract import TABLE, Kind, Table

Tables = dict[str, pd.DataFrame]
TABLES = ("merchants", "users", "payments", "loans", "repayments", "bills", "holds")


@dataclass(frozen=True)
class Edit:
    """What was done to which table."""

    table: str
    what: str


class LaterEdits:
    """Tables with edits of rows recorded at or after `time`; earlier rows stay as they are."""

    def __init__(self, tables: Tables, time: pd.Timestamp, seed: int) -> None:
        self.tables = {name: rows.reset_index(drop=True) for name, rows in tables.items()}
        self._time, self._rng = time, np.random.default_rng(seed)

    def edit(self) -> Edit:
        """One edit of one row, drawn at random."""
        name = str(self._rng.choice([it for it in TABLES if it in self.tables and self._later(it)]))
        kinds = (
            self._delete,
            self._duplicate,
            self._add,
            self._correct,
            self._change,
            self._change,
        )
        what = kinds[int(self._rng.integers(len(kinds)))](name, self._a_later_row(name))
        return Edit(name, what)

    def _later(self, name: str) -> list[int]:
        rows = self.tables[name]
        return rows.index[rows.recorded_at >= self._time].tolist()

    def _a_later_row(self, name: str) -> int:
        return int(self._rng.choice(self._later(name)))

    def _delete(self, name: str, row: int) -> str:
        self.tables[name] = self.tables[name].drop(index=row).reset_index(drop=True)
        return "delete"

    def _duplicate(self, name: str, row: int) -> str:
        self._append(name, self.tables[name].loc[[row]])
        return "duplicate"

    def _add(self, name: str, row: int) -> str:
        """A row that was never there, of anyone's that is."""
        key = TABLE[name].key[0]
        new = self.tables[name].loc[[row]].assign(**{key: f"new{self._rng.integers(1 << 40)}"})
        other = self.tables[name].sample(1, random_state=int(self._rng.integers(1 << 30)))
        for column in _columns(TABLE[name], new):
            new[column] = other[column].to_numpy()
        self._append(name, new)
        return "add"

    def _correct(self, name: str, _row: int) -> str:
        """A later version of any row, early ones too, with another's content."""
        rows, state = self.tables[name], int(self._rng.integers(1 << 30))
        fixed = rows.sample(1, random_state=state).copy()
        for column in _columns(TABLE[name], rows):
            fixed[column] = rows[column].sample(1, random_state=state + 1).to_numpy()
        minutes = int(self._rng.integers(1, 90 * 24 * 60))
        fixed["recorded_at"] = self._time + pd.Timedelta(
            minutes=minutes, microseconds=state % 10**6
        )
        self._append(name, fixed)
        return "correct"

    def _change(self, name: str, row: int) -> str:
        """Another value in one column; the time of recording moves to another later time."""
        rows = self.tables[name]
        column = str(self._rng.choice([*_columns(TABLE[name], rows), "recorded_at"]))
        if column == "recorded_at":
            rows.loc[row, column] = self._time + pd.Timedelta(hours=int(self._rng.integers(2000)))
        else:
            rows.loc[row, column] = rows[column].loc[int(self._rng.integers(len(rows)))]
        return f"change {TABLE[name].column(column).kind.value}"

    def _append(self, name: str, more: pd.DataFrame) -> None:
        rows = pd.concat([self.tables[name], more.astype(self.tables[name].dtypes)])
        state = int(self._rng.integers(1 << 30))
        self.tables[name] = rows.sample(frac=1, random_state=state).reset_index(drop=True)


def _columns(table: Table, rows: pd.DataFrame) -> list[str]:
    """Columns that an edit may change."""
    fixed = (*table.key, "recorded_at")
    known = [column.name for column in table.columns if column.kind is not Kind.FLAG]
    return [name for name in known if name in rows and name not in fixed]
