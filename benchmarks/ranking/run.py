"""Who ranks best: Vouch, and the tools that anyone would try, on the same rows of real tables.

    python -m benchmarks.ranking.run [--tables DIR] [--only NAME ...] [--splits N] [--peers-only]

All labelled tables of VOUCH_SHARED_DATASETS (../shared/datasets), and of DIR where one is given.
Peers' figures are kept in --cache, so that only Vouch is run again. Writes
benchmarks/results/ranking.json and .md, or --out.
"""

import argparse
import json
import os
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.ranking.comparison import compared
from benchmarks.ranking.figures import ROOT, VOUCH, Figure, Kept, code
from benchmarks.ranking.peers import PEERS
from benchmarks.ranking.report import text
from benchmarks.ranking.rows import FEW_ROWS, TEST_SHARE, Division, divide, seeds
from benchmarks.ranking.tables import Table, other_tables, public_tables

RESULTS = ROOT / "benchmarks" / "results"
CACHE = ROOT / ".vouch" / "ranking"
LIBRARIES = ("scikit-learn", "lightgbm", "xgboost", "catboost", "optbinning")


def _tables(options: argparse.Namespace) -> Iterator[Table]:
    scratch = options.cache / "tables"
    shared = os.environ.get("VOUCH_SHARED_DATASETS", ROOT.parent / "shared" / "datasets")
    if not options.tables_only:
        yield from public_tables(Path(shared), scratch, options.only)
    if options.tables is not None:
        yield from other_tables(options.tables, scratch, options.only)


def rank(table: Table, options: argparse.Namespace) -> dict[str, Any]:
    """Every tool on every division of one table, and what that says."""
    first = divide(table, 0)
    numbers = seeds(table, len(first.label), options.splits, options.splits_of_large)
    divisions = [first, *(divide(table, number) for number in numbers[1:])]
    figures = [_figures(division, options) for division in divisions]
    return compared(divisions, figures)


def _figures(division: Division, options: argparse.Namespace) -> Mapping[str, Figure]:
    kept = Kept(options.cache)
    found = {}
    if not options.peers_only:
        found[VOUCH] = kept.vouch(division, trials=options.trials)
        _say(division, found[VOUCH])
    for peer in PEERS:
        if options.cheap and peer.dear:
            continue
        found[peer.name] = kept.peer(peer, division)
        _say(division, found[peer.name])
    return found


def _say(division: Division, figure: Figure) -> None:
    where = f"  {division.table.name} {division.seed} {figure.tool:14}"
    if figure.failure:
        print(f"{where} failed: {figure.failure}", flush=True)
        return
    it = figure.measured(division)
    print(
        f"{where} AUC {it['auc']:.4f}  Brier {it['brier']:.4f}  log loss {it['log_loss']:.4f}  "
        f"{figure.seconds:.1f} s",
        flush=True,
    )


def machine() -> dict[str, Any]:
    """What it was measured on, and how busy that was."""
    return {
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _options() -> argparse.Namespace:
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--tables", type=Path, help="a folder of further labelled tables")
    asked.add_argument("--tables-only", action="store_true", help="leave the public ones out")
    asked.add_argument("--only", nargs="*", default=(), help="tables by name")
    asked.add_argument("--splits", type=int, default=10, help=f"of tables under {FEW_ROWS:,} rows")
    asked.add_argument("--splits-of-large", type=int, default=1, help="of all others")
    asked.add_argument("--trials", type=int, help="Vouch's, where not its default")
    asked.add_argument("--cheap", action="store_true", help="without the tools that take long")
    asked.add_argument("--peers-only", action="store_true", help="fill the cache, write nothing")
    asked.add_argument("--remark", default="", help="what a reader should know of this run")
    asked.add_argument("--cache", type=Path, default=CACHE)
    asked.add_argument("--out", type=Path, default=RESULTS / "ranking", help="without its suffix")
    return asked.parse_args()


def main() -> None:
    """The command line."""
    options = _options()
    tables = [rank(table, options) for table in _tables(options)]
    if options.peers_only:
        return
    found = {
        "machine": machine(),
        "code": code(),
        "remark": options.remark,
        "test_share": TEST_SHARE,
        "few_rows": FEW_ROWS,
        "tables": tables,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
    options.out.with_suffix(".md").write_text(text(found))
    print(text(found))


if __name__ == "__main__":
    main()
