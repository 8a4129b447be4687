"""The page: each table's figures, the method beside them, what was missed said first."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.ranking.comparison import BELOW_BEST_MAX, BRIER_ABOVE_BEST_MAX
from benchmarks.ranking.figures import VOUCH

BAR = 24
TWO_CORES = 2
MINUTES_MAX = {"taiwan": 4, "gmsc": 8}  # what the default settings may take on two cores


def text(found: Mapping[str, Any]) -> str:
    """Markdown of all tables."""
    tables = found["tables"]
    return f"""# Ranking, against the single tools

`python -m benchmarks.ranking.run` (or `make bench`); the figures are in `ranking.json`.

{_verdict(tables)}
{_remark(found)}
| table | rows | bads | splits | Vouch AUC | best peer | its AUC | difference (95%) | Brier less \
the least | |
|---|---|---|---|---|---|---|---|---|---|
{_lines(tables)}

{_times(tables)}
{_method(found)}
{"".join(_table(it) for it in tables)}"""


def _verdict(tables: Sequence[Mapping[str, Any]]) -> str:
    above = sum(it["at_or_above_best"] for it in tables)
    within = sum(it["within_bounds"] for it in tables)
    missed = [it["table"] for it in tables if not it["within_bounds"]]
    said = (
        f"**At or above the best peer's AUC on {above} of {len(tables)}; within {BELOW_BEST_MAX} "
        f"of it and within {BRIER_ABOVE_BEST_MAX} of the least Brier on {within}.**"
    )
    return said + (f" Missed on {', '.join(missed)}." if missed else "")


def _remark(found: Mapping[str, Any]) -> str:
    return f"\n{found['remark']}\n" if found["remark"] else ""


def _lines(tables: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(
        f"| {it['table']} | {it['rows']:,} | {it['bads']:,} | {_splits(it)} "
        f"| {it['tools'][VOUCH]['auc']:.4f} | {it['best']} | {it['tools'][it['best']]['auc']:.4f} "
        f"| {_interval(it['auc_differences'][it['best']])} | {it['brier_above_best']:+.4f} "
        f"| {_stands(it)} |"
        for it in tables
    )


def _stands(table: Mapping[str, Any]) -> str:
    if not table["within_bounds"]:
        return "missed"
    return "at or above" if table["at_or_above_best"] else "within bounds"


def _splits(table: Mapping[str, Any]) -> str:
    return f"{table['splits']} {table['split']}"


def _interval(difference: Mapping[str, float]) -> str:
    return f"{difference['mean']:+.4f} [{difference['low']:+.4f}, {difference['high']:+.4f}]"


def _times(tables: Sequence[Mapping[str, Any]]) -> str:
    """What the default settings took, and how much of it was not the fits of tuning."""
    timed = [(it, it["spent"][0]) for it in tables if it["spent"] and it["spent"][0]]
    rows = "\n".join(
        f"| {table['table']} | {it['seconds']:,.0f} | {_allowed(table['table'])} "
        f"| {it['fits']} | {it['fit_seconds']:,.0f} | {it['cpu_seconds']:,.0f} "
        f"| {it['fit_cpu_seconds']:,.0f} | {it['overhead']:.0%} | {it['peak_gb']:.1f} "
        f"| {it['load']:g} |"
        for table, it in timed
    )
    return f"""## What a training takes

| table | seconds | at most | fits | with a fit running | CPU seconds | in fits | all else to \
them | peak GB | load |
|---|---|---|---|---|---|---|---|---|---|
{rows}

The whole command in a process of its own, first split. *Fits* are those that tuning asks for \
(search, folds of the blend, scorecard and linear model); those of the leak detector, of the \
benchmarks in the report and of the search for a less discriminatory model count as all else, as \
do reading, calibrating, judging, reasons and the report. *Load* is the machine's, over \
{TWO_CORES} cores: above {TWO_CORES}, seconds are those of a shared machine.
"""


def _allowed(table: str) -> str:
    return f"{60 * MINUTES_MAX[table]}" if table in MINUTES_MAX else ""


def _method(found: Mapping[str, Any]) -> str:
    machine = found["machine"]
    libraries = ", ".join(f"{name} {number}" for name, number in machine["libraries"].items())
    return f"""## Method

- Every tool learns from the same rows and ranks the same test rows, {found["test_share"]:.0%} of \
the table: by time where a table has one, else at random, goods and bads in proportion. Tables \
under {found["few_rows"]:,} rows are divided anew as often as stated; then AUC, Brier and log loss \
are means over the splits and differences are paired by split, the interval the corrected \
resampled t of Nadeau and Bengio (2003), since splits share rows. Else the interval is a paired \
bootstrap of the test rows.
- **vouch**: `vouch train table FILE --label bad` with its default settings, in a process of its \
own; P(bad) as `predictions.parquet` has it. Its seconds hold everything: search, calibration, \
leaks, reasons, fairness, report. The sources of `training`, `models` and `credit` hash to \
`{found["code"]}`.
- **logistic**: one-hot words, standardised numbers, medians and flags for what is missing, \
scikit-learn's ridge. **lightgbm**, **xgboost**: 100 rounds as they come. **catboost**: as it \
comes, words as its own categories. **optbinning**: its optimal bins, weights of evidence, \
logistic regression. **lightgbm_grid** (10 settings), **xgboost_grid** (8): rate 0.05, stopped \
early in folds (5 under {found["few_rows"]:,} rows, else 3), the setting of least log loss fitted \
again on all rows before the split for its mean number of rounds.
- The least Brier and the best AUC are the best of any peer, chosen on the test rows: that \
flatters the peers.
- Seconds are the median over splits, peers on one thread; the machine has {machine["cores"]} \
cores and was shared with other work: trust their order, not their size. {machine["system"]}, \
Python {machine["python"]}, {libraries}.
"""


def _table(table: Mapping[str, Any]) -> str:
    note = f" {table['note'][:1].upper()}{table['note'][1:]}." if table["note"] else ""
    order = sorted(table["tools"], key=lambda tool: -table["tools"][tool]["auc"])
    low = min(it["auc"] for it in table["tools"].values())
    high = max(it["auc"] for it in table["tools"].values())
    rows = "\n".join(_row(table, tool, low, high) for tool in order)
    failed = "".join(f"\n{tool} failed: {why}\n" for tool, why in table["failures"].items())
    return f"""
## {table["table"]}

{table["rows"]:,} rows, {table["bads"]:,} bads, {table["features"]} features; {_splits(table)}, \
{table["test_rows"]:,} test rows.{note}

| tool | AUC | | Vouch less it (95%) | median AUC | Brier | log loss | ECE | seconds |
|---|---|---|---|---|---|---|---|---|
{rows}
{failed}"""


def _row(table: Mapping[str, Any], tool: str, low: float, high: float) -> str:
    it = table["tools"][tool]
    name = f"**{tool}**" if tool == VOUCH else tool
    less = "" if tool == VOUCH else _interval(table["auc_differences"][tool])
    length = 1 + round((BAR - 1) * (it["auc"] - low) / ((high - low) or 1.0))
    return (
        f"| {name} | {it['auc']:.4f} | `{'█' * length}` | {less} | {it['auc_median']:.4f} "
        f"| {it['brier']:.4f} | {it['log_loss']:.4f} | {it['ece']:.4f} | {it['seconds']:,.1f} |"
    )
