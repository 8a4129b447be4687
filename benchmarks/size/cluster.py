"""LightGBM's Dask integration on a local cluster: every worker reads and encodes its own rows.

`python -m benchmarks.size.cluster --rows 40000 --workers 2` prints what came of it as JSON.
LightGBM's workers talk over sockets of their own, which listen on every interface and are not
encrypted: give a cluster a network of its own (here: `unshare -rn`, which has loopback alone).
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.size.table import LABEL, features_of, write_table
from models.manifest import ModelFeature
from models.measures import auc
from models.signature import categorical_places, from_table

ASKED = {"num_leaves": 15, "n_estimators": 40, "learning_rate": 0.1, "verbosity": -1}
LOCAL = "127.0.0.1"


def main() -> None:
    """Fits one table on the workers, and with one process, and prints both."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=40_000)
    asked.add_argument("--workers", type=int, default=2)
    told = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = write_table(
            Path(folder) / "table.parquet", rows=told.rows, seed=0, part=told.rows // 4
        )
        print(json.dumps(_compared(file, workers=told.workers)))


def _compared(file: Path, *, workers: int) -> dict[str, Any]:
    import lightgbm as lgb

    features = features_of(file)
    matrix, label = _read(file, features)
    alone = lgb.LGBMClassifier(**ASKED, n_jobs=1)
    alone.fit(matrix, label, categorical_feature=categorical_places(features))
    text = fit_on_cluster(file, features, workers=workers)
    shared = lgb.Booster(model_str=text).predict(matrix)
    return {
        "workers": workers,
        "rows": len(label),
        "auc": auc(label, shared),
        "auc_alone": auc(label, alone.predict_proba(matrix)[:, 1]),
        "features": lgb.Booster(model_str=text).num_feature(),
    }


def fit_on_cluster(file: Path, features: tuple[ModelFeature, ...], *, workers: int) -> str:
    """LightGBM's text of a model fitted by so many processes, each on row groups of its own."""
    import dask.array as da
    import lightgbm as lgb
    from dask import delayed
    from distributed import Client, LocalCluster

    local = {"host": LOCAL, "dashboard_address": None, "threads_per_worker": 1}
    with LocalCluster(n_workers=workers, **local) as cluster, Client(cluster) as client:
        rows = [_rows_of(file, group) for group in range(_groups(file))]
        parts = [delayed(_read)(file, features, group) for group in range(len(rows))]
        matrix = [
            da.from_delayed(part[0], (count, len(features)), np.float64)
            for part, count in zip(parts, rows, strict=True)
        ]
        label = [
            da.from_delayed(part[1], (count,), np.int8)
            for part, count in zip(parts, rows, strict=True)
        ]
        model = lgb.DaskLGBMClassifier(**ASKED, client=client)
        model.fit(
            da.concatenate(matrix), da.concatenate(label),
            categorical_feature=categorical_places(features),
        )  # fmt: skip
        return str(model.booster_.model_to_string())


def _read(file: Path, features: tuple[ModelFeature, ...], group: int | None = None) -> Any:
    """Numbers as the model reads them, and labels, of one row group or of all rows."""
    table = pq.read_table(file) if group is None else pq.ParquetFile(file).read_row_group(group)
    return from_table(features, table), table.column(LABEL).to_numpy()


def _groups(file: Path) -> int:
    return int(pq.read_metadata(file).num_row_groups)


def _rows_of(file: Path, group: int) -> int:
    return int(pq.read_metadata(file).row_group(group).num_rows)


if __name__ == "__main__":
    sys.exit(main())
