"""LightGBM's Dask integration, as docs/scale.md shows it, on a network that is loopback alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ALONE = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]


def has_a_network_of_its_own() -> bool:
    try:
        return subprocess.run([*ALONE, "true"], check=False, capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.mark.skipif("VOUCH_ACCEPTANCE" not in os.environ, reason="half a minute: acceptance alone")
def test_two_processes_fit_one_model_as_good_as_one_process_does() -> None:
    pytest.importorskip("distributed")
    if not has_a_network_of_its_own():
        pytest.skip("LightGBM listens on every interface; here is no network without others")
    asked = [sys.executable, "-m", "benchmarks.size.cluster", "--rows", "20000", "--workers", "2"]
    done = subprocess.run(
        [*ALONE, *asked], cwd=ROOT, check=True, capture_output=True, text=True, timeout=600
    )
    said = json.loads(done.stdout.strip().splitlines()[-1])
    assert said["workers"] == 2
    assert said["features"] == 60
    assert said["auc"] == pytest.approx(said["auc_alone"], abs=0.01)
