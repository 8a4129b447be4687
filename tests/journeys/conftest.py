"""Trips through the command line, each in a home of its own."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from console.main import run
from tests.stand.whole_service import environment_of, small_home


@pytest.fixture
def vouch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict]:
    """Runs a command with `--json` in an own home; gives back what it printed."""
    monkeypatch.setenv("VOUCH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    def call(*words: object, code: int = 0) -> dict:
        capsys.readouterr()
        ended = run([*map(str, words), "--json"])
        printed = capsys.readouterr()
        assert ended == code, f"{words}: {printed.err or printed.out}"
        return json.loads(printed.out) if printed.out else {}

    return call


@pytest.fixture
def metrics_of() -> Callable[[Path], dict]:
    return lambda out: json.loads((out / "metrics.json").read_text())


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A small home to serve from: a few merchants' features online, a champion of each product."""
    return environment_of(small_home(tmp_path_factory.mktemp("service")))
