"""Feast, loaded, leaves the process around it as it was."""

import subprocess
import sys

ASKED = """
import warnings
import typeguard
from pathlib import Path
from features.repository import open_store
filters, checked = list(warnings.filters), typeguard.typechecked
open_store(Path("."))
import feast
assert warnings.filters == filters, "filters of warnings"
assert typeguard.typechecked is checked, "typeguard"
assert "check_argument_types" not in feast.Entity.__init__.__code__.co_names, "written anew"
"""


def test_feast_turns_on_no_warnings_and_has_none_of_its_functions_written_anew(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", ASKED], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
