"""Columns that a person names for a training: nothing said twice is said in vain."""

import subprocess
import sys

import pytest

from console.main import run
from console.parse import parse_columns, parse_monotone
from credit.errors import InputError

ASKED = """
import json, sys
from types import SimpleNamespace
import training.table
from console.main import run

def told(file, **asked):
    kept = {name: asked[name] for name in ("drop", "monotone", "protected", "allow_leakage")}
    sys.exit(json.dumps(kept))

training.table.train_table = told
run(["train", "table", "x.csv", "--label", "y", "--out", "o", "--protected", "sex",
     "--protected", "age,race", "--drop", "a", "--drop", "b", "--monotone", "c=+1",
     "--monotone", "d=-1", "--allow-leakage", "e", "--allow-leakage", "f"])
"""


def test_an_option_given_twice_counts_both_times() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ASKED], capture_output=True, text=True, check=False
    )
    assert '"protected": ["sex", "age", "race"]' in ended.stderr
    assert '"drop": ["a", "b"]' in ended.stderr
    assert '"monotone": {"c": 1, "d": -1}' in ended.stderr
    assert '"allow_leakage": ["e", "f"]' in ended.stderr


def test_no_option_names_no_column() -> None:
    assert parse_columns(None) == ()
    assert parse_monotone([]) == {}


def test_a_column_cannot_be_held_in_both_directions(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="late is \\+1 and -1"):
        parse_monotone(["late=+1", "late=-1"])
    asked = ["train", "table", "x.csv", "--label", "y", "--out", "o"]
    assert run([*asked, "--monotone", "late=+1,late=-1"]) == 2
    assert "give one direction" in capsys.readouterr().err
