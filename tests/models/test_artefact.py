"""An artefact that was touched is refused before LightGBM sees a byte of it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from credit.errors import InputError
from models.artefact import open_artefact
from models.score import Scorer

Make = Callable[..., Path]


def _flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(bytes(content))


@pytest.fixture
def no_parsing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing a damaged text aborts the process: here it fails the test instead."""
    import lightgbm

    def refuse(*_args: object, **_named: object) -> None:
        pytest.fail("LightGBM was given a damaged model")

    monkeypatch.setattr(lightgbm, "Booster", refuse)


def test_an_untouched_artefact_opens_with_its_identity(make_artefact: Make) -> None:
    opened = open_artefact(make_artefact())
    assert opened.identity()["name"] == "merchant-loan"
    assert opened.identity()["sha256"] == opened.manifest_sha256
    assert open_artefact(opened.directory, manifest_sha256=opened.manifest_sha256) == opened


@pytest.mark.usefixtures("no_parsing")
@pytest.mark.parametrize("name", ["model.txt", "reference.parquet"])
@pytest.mark.parametrize("share", [0.0, 0.31, 0.77, 0.999])
def test_one_flipped_bit_anywhere_is_refused(make_artefact: Make, name: str, share: float) -> None:
    path = make_artefact() / name
    _flip(path, int(share * path.stat().st_size))
    with pytest.raises(InputError, match=name):
        Scorer(open_artefact(path.parent))


@pytest.mark.usefixtures("no_parsing")
@pytest.mark.parametrize("name", ["model.txt", "reference.parquet", "manifest.json"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_file_cut_short_is_refused(make_artefact: Make, name: str, share: float) -> None:
    path = make_artefact() / name
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError):
        Scorer(open_artefact(path.parent))


@pytest.mark.usefixtures("no_parsing")
@pytest.mark.parametrize("name", ["model.txt", "reference.parquet", "manifest.json"])
def test_a_missing_file_is_refused_by_name(make_artefact: Make, name: str) -> None:
    directory = make_artefact()
    (directory / name).unlink()
    with pytest.raises(InputError, match=name):
        Scorer(open_artefact(directory))


@pytest.mark.usefixtures("no_parsing")
@pytest.mark.parametrize("name", ["model.txt", "manifest.json"])
def test_a_file_of_another_model_is_refused(
    make_artefact: Make, other_model_text: str, name: str
) -> None:
    mine, other = make_artefact("mine"), make_artefact("other", text=other_model_text)
    (mine / name).write_bytes((other / name).read_bytes())
    with pytest.raises(InputError, match="SHA-256"):
        Scorer(open_artefact(mine))


def test_a_whole_other_artefact_is_refused_where_a_hash_was_promised(
    make_artefact: Make, other_model_text: str
) -> None:
    promised = open_artefact(make_artefact("mine")).manifest_sha256
    other = make_artefact("other", text=other_model_text)
    with pytest.raises(InputError, match="SHA-256"):
        open_artefact(other, manifest_sha256=promised)


def test_a_manifest_that_promises_no_hash_is_refused(make_artefact: Make) -> None:
    directory = make_artefact()
    values = json.loads((directory / "manifest.json").read_text())
    (directory / "manifest.json").write_text(json.dumps(values | {"model_sha256": ""}))
    with pytest.raises(InputError, match="none"):
        open_artefact(directory)


def test_no_pickle_stands_anywhere_in_the_room() -> None:
    import models

    for source in Path(models.__file__).parent.glob("*.py"):
        words = source.read_text(encoding="utf-8")
        assert not any(word in words for word in ("import pickle", "joblib", "cloudpickle", "dill"))
