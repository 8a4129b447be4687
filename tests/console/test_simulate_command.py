"""`vouch policy simulate`, as it is typed: on histories and on the journal, and what it refuses."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from console.main import run
from serving.assembly import open_office
from serving.cases import case_of
from serving.settings import read_settings
from tests.stand.one_by_one import lively_home, requests_of
from tests.stand.whole_service import NOW, environment_of

PLATFORM = (files("partners") / "platform.toml").read_text(encoding="utf-8")
Vouch = Callable[..., dict]
Refused = Callable[..., str]


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three hundred decisions, and beside it the histories it was made of."""
    home = lively_home(tmp_path_factory.mktemp("simulate"))
    office = open_office(read_settings(environment_of(home)))
    for body in requests_of("local"):
        office.answer_now(case_of(json.dumps(body).encode()))
    office.close()
    return home


@pytest.fixture
def tight(tmp_path: Path) -> Path:
    text = re.sub('version = ".*"', 'version = "2026.12.1"', PLATFORM, count=1)
    for before, after in (("0.06\n", "0.012\n"), ("0.12", "0.02")):
        text = text.replace(
            f"approve_probability_max = {before}", f"approve_probability_max = {after}", 1
        )
    file = tmp_path / "tight.toml"
    file.write_text(text)
    return file


@pytest.fixture
def vouch(
    decided: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Vouch:
    """Runs a command with `--json` in a copy of that home."""
    home = tmp_path / "home"
    shutil.copytree(decided, home)
    monkeypatch.setenv("VOUCH_HOME", str(home))
    monkeypatch.setenv("VOUCH_NOW", NOW.isoformat())

    def call(*words: object, code: int = 0) -> dict:
        capsys.readouterr()
        ended = run(["policy", *map(str, words), "--json"])
        printed = capsys.readouterr()
        assert ended == code, f"{words}: {printed.err or printed.out}"
        return json.loads(printed.out) if printed.out else {}

    return call


@pytest.fixture
def refused(vouch: Vouch, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Runs a simulation that must end with 2 and one line; gives that line."""

    def call(*words: object) -> str:
        capsys.readouterr()
        assert run(["policy", "simulate", *map(str, words)]) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        [line] = printed.err.splitlines()
        return line

    return call


def test_a_tighter_policy_on_histories_and_on_the_journal(
    vouch: Vouch, decided: Path, tight: Path, tmp_path: Path
) -> None:
    data = decided.parent / "data"
    page = tmp_path / "page.html"
    on_data = vouch("simulate", tight, "--on", data, "--out", page)
    assert Path(on_data["page"]) == page
    assert hashlib.sha256(page.read_bytes()).hexdigest() == on_data["page_sha256"]
    told = on_data["simulation"]
    assert told["current"] == "platform@2026.11.1"
    for figures in told["products"].values():
        rates = figures["rates"]["approve"]
        assert rates["candidate"]["value"] < rates["current"]["value"]
        assert rates["change"]["low"] <= rates["change"]["value"] <= rates["change"]["high"]
        assert figures["swap"][0]["requests"] == 0
        assert figures["realised"]["current"]["with_outcome"] > 0
        assert figures["parity"]
    on_journal = vouch("simulate", tight, "--on", "journal", "--outcomes", data)
    assert Path(on_journal["page"]).is_file()
    assert on_journal["noted"] is None
    assert on_journal["cost"]["rows"] == 300
    for figures in on_journal["simulation"]["products"].values():
        assert figures["requests"] == 150
        assert figures["same_as_recorded"] == {"answered": 150, "same": 150}
        assert figures["swap"][1]["requests"] > 0


def test_a_simulated_version_may_be_approved(vouch: Vouch, tight: Path) -> None:
    vouch("publish", tight, "--as", "ann", code=1)
    vouch("approve", "platform@2026.12.1", "--as", "ben", code=1)
    found = vouch("simulate", "platform@2026.12.1", "--on", "journal", "--as", "ann")
    assert found["noted"] == "platform@2026.12.1 is simulated: the simulation is on record"
    assert vouch("approve", "platform@2026.12.1", "--as", "ben")["state"] == "approved"
    events = vouch("history", "platform")["events"]
    [noted] = [one for one in events if one["event"] == "simulated"]
    assert noted["detail"]["page_sha256"] == found["page_sha256"]
    assert noted["detail"]["headline"] == found["simulation"]["headline"]


def test_what_is_live_can_be_held_against_what_was(vouch: Vouch, tight: Path) -> None:
    found = vouch("simulate", "platform", "--on", "journal", "--against", tight)
    assert found["simulation"]["current"] == "platform@2026.12.1"
    assert all(one["swap"][1]["requests"] == 0 for one in found["simulation"]["products"].values())
    assert found["noted"].startswith("not noted")


def test_the_same_seed_gives_the_same_page(vouch: Vouch, tight: Path) -> None:
    pages = [vouch("simulate", tight, "--on", "journal")["page_sha256"] for _ in range(2)]
    other = vouch("simulate", tight, "--on", "journal", "--seed", 1)["page_sha256"]
    assert pages[0] == pages[1] != other


def test_bad_input_is_one_line(
    refused: Refused, decided: Path, tight: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "nowhere.toml" in refused("nowhere.toml", "--on", "journal")
    assert "platform@9 is not on record" in refused("platform@9", "--on", "journal")
    assert "no policy nobody is in force" in refused("nobody", "--on", "journal")
    assert "nowhere" in refused(tight, "--on", tmp_path / "nowhere")
    assert "--outcomes" in refused(tight, "--on", tmp_path, "--outcomes", tmp_path)
    assert "cannot be written" in refused(tight, "--on", "journal", "--out", "/proc/nowhere/x.html")
    assert "of layer" in refused("city_bikes", "--on", "journal", "--against", "platform")
    assert "none of which city_bikes" in refused("city_bikes", "--on", "journal")
    bare = tmp_path / "bare"
    shutil.copytree(decided.parent / "data", bare, ignore=shutil.ignore_patterns("appl*", "truth"))
    assert "holds no applications" in refused(tight, "--on", bare)
    monkeypatch.setenv("VOUCH_HOME", str(tmp_path / "empty"))
    assert "no journal" in refused(tight, "--on", "journal")
    assert "no champion" in refused(tight, "--on", decided.parent / "data")


def test_an_empty_journal_is_said_to_be_empty(
    refused: Refused, tight: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOUCH_HOME", str(tmp_path / "new"))
    assert run(["policy", "publish", str(tight), "--as", "ann"]) == 1
    assert "the journal holds no decisions" in refused(tight, "--on", "journal")
