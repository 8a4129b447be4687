"""Every command that the documentation shows is run, page by page, in an empty place."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN_BY_CI_ITSELF = {"demo", "test"}


def _commands(block: str) -> Iterator[str]:
    for line in block.splitlines():
        if line.startswith("$ "):
            yield line.removeprefix("$ ")


def _evaluate(example: Example) -> None:
    for command in _commands(example.parsed):
        words = shlex.split(command, comments=True)
        if words[0] == "make":
            _known_target(words[1])
        elif words[0] == "source":
            assert words[1:] == [".venv/bin/activate"]  # where our own `make` installs
        elif words[0] == "export":
            example.namespace |= dict(word.split("=", 1) for word in words[1:])
        else:
            expected = 1 if command.endswith("# exits 1") else 0
            said = _runs(words, expected=expected, exported=dict(example.namespace))
            if words[:2] == ["vouch", "decide"]:
                decision = json.loads(said)
                assert decision["degraded"] == [], "nothing that the page leads to is missing"
                assert decision["probability"] is not None


def _known_target(target: str) -> None:
    if target in RUN_BY_CI_ITSELF:
        assert f"make {target}" in (ROOT / ".ci" / "run").read_text()
    subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)


def _runs(words: list[str], *, expected: int, exported: Mapping[str, str] = {}) -> str:
    program = Path(sys.executable).with_name(words[0])
    command = [str(program) if program.exists() else words[0], *words[1:]]
    environment = os.environ | exported
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ended.returncode == expected, f"{shlex.join(words)}: {ended.stderr or ended.stdout}"
    return ended.stdout


def _documents() -> Iterator[tuple[str, list[Example]]]:
    sybil = Sybil(parsers=[CodeBlockParser("console", _evaluate)], patterns=["*.md"])
    for page in PAGES:
        examples = list(sybil.parse(page))
        if examples:
            yield str(page.relative_to(ROOT)), examples


@pytest.mark.parametrize(("page", "examples"), _documents())
def test_every_command_of_a_page_runs(
    page: str, examples: list[Example], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VOUCH_HOME", str(tmp_path / "home"))
    if (ROOT / "docs" / "examples").is_dir():
        shutil.copytree(ROOT / "docs" / "examples", tmp_path / "docs" / "examples")
    for example in examples:
        example.evaluate()


def test_a_command_that_fails_is_found() -> None:
    with pytest.raises(AssertionError, match="vouch bake"):
        _runs(["vouch", "bake"], expected=0)


def test_every_setting_is_told() -> None:
    read = set(re.findall(r'"(VOUCH_\w+)"', (ROOT / "serving" / "settings.py").read_text()))
    told = set(
        re.findall(r"^\| `(VOUCH_\w+)`", (ROOT / "docs" / "running.md").read_text(), re.MULTILINE)
    )
    assert told == read
    assert len(read) > 5


def test_relative_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
