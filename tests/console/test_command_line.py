"""What the command line promises before it does anything."""

import subprocess
import sys

import pytest

from console.main import run

HEAVY = ("feast", "bentoml", "evidently", "lightgbm", "sklearn", "pandas", "numpy", "duckdb")


def test_help_loads_no_heavy_library() -> None:
    looks = (
        "import sys; from console.main import run; run(['--help']); "
        f"loaded = [name for name in {HEAVY} if name in sys.modules]; "
        "sys.exit(f'loaded {loaded}' if loaded else 0)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", looks], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "Usage: vouch" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing command"),
        (["bake"], "No such command 'bake'"),
        (["data", "generate", "--out", "x", "--merchants", "many"], "'--merchants'"),
        (["data", "generate", "--out", "x", "--end", "June"], "--end is 'June'"),
        (["train", "table", "x.csv", "--out", "y"], "--label"),
        (["features", "get", "dog", "d1"], "entity is 'dog'"),
        (["data", "check", "/no/such/place"], "/no/such/place"),
        (["policy", "check", "/no/such/policy.toml"], "/no/such/policy.toml"),
    ],
)
def test_bad_use_is_one_line_and_code_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    complaint = capsys.readouterr().err
    assert said in complaint
    assert len(complaint.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VOUCH_NOW", "tomorrow"),
        ("VOUCH_ENGINE", "abacus"),
        ("VOUCH_UTC_OFFSET_MINUTES", "8h"),
        ("VOUCH_FEATURES_MAX_AGE_HOURS", "0"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    assert run(["models", "list"]) == 2
    assert f"{name} is {value!r}" in capsys.readouterr().err
