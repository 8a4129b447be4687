"""Three hundred ways to change a signed model, and none of them is ever parsed."""

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from credit.errors import InputError
from models import score
from models.artefact import MANIFEST, MODEL, open_artefact
from models.keys import home_keys
from models.registry import Registry
from models.score import Scorer
from models.signing import SIGNATURE, sign

Make = Callable[..., Path]
AT = datetime(2026, 7, 1, tzinfo=UTC)
LOAN = "merchant-loan"
FILES = (MANIFEST, SIGNATURE, MODEL, "reference.parquet")
FLIPS, CUTS = 140, 140


@pytest.fixture
def champion(tmp_path: Path, make_artefact: Make, other_model_text: str) -> tuple[Registry, Path]:
    """A registry with a champion, and where the champion lies."""
    registry = Registry(tmp_path / "home")
    registry.register(make_artefact("other", text=other_model_text, version="v0", seed=9))
    registry.promote(registry.register(make_artefact("v1", version="v1")), by="ann", at=AT)
    kept = registry.champion(LOAN)
    assert kept is not None
    return registry, kept.directory


@pytest.fixture
def never_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """LightGBM must not be given a byte."""

    def parse(_artefact: object) -> None:
        raise AssertionError("a tampered model was parsed")

    monkeypatch.setattr(score, "_booster", parse)


def _served(registry: Registry) -> Scorer:
    artefact = registry.champion(LOAN)
    assert artefact is not None
    return Scorer(artefact)


def _flipped(random: np.random.Generator, directory: Path) -> str:
    """One bit of one file."""
    file = directory / FILES[random.integers(len(FILES))]
    content = bytearray(file.read_bytes())
    place = int(random.integers(len(content)))
    content[place] ^= 1 << int(random.integers(8))
    file.write_bytes(content)
    return f"bit of {file.name} at {place}"


def _cut(random: np.random.Generator, directory: Path) -> str:
    """The end of one file gone, or a file gone altogether."""
    file = directory / FILES[random.integers(len(FILES))]
    content = file.read_bytes()
    kept = int(random.integers(len(content)))
    if kept == 0:
        file.unlink()
    else:
        file.write_bytes(content[:kept])
    return f"{file.name} cut to {kept}"


def _swaps(directory: Path, home: Path, strange: Path) -> Iterator[tuple[str, Callable[[], None]]]:
    """A file of another artefact in this one's place, whole or with its signature."""
    other = home / "bentoml" / "models" / LOAN / "v0"
    for name in (MANIFEST, MODEL, SIGNATURE):
        yield f"{name} of v0", lambda name=name: shutil.copy(other / name, directory / name)

    def manifest_and_signature() -> None:
        for name in (MANIFEST, SIGNATURE):
            shutil.copy(other / name, directory / name)

    def everything() -> None:
        for name in FILES:
            shutil.copy(other / name, directory / name)

    def signed_by_a_stranger() -> None:
        sign(directory, (directory / MANIFEST).read_bytes(), home_keys(strange))

    def a_figure_made_better_and_hashed_anew() -> None:
        told = json.loads((directory / MANIFEST).read_text())
        told["metrics"]["gini"] = 0.99
        (directory / MANIFEST).write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")

    yield "manifest and signature of v0", manifest_and_signature
    yield "all of v0", everything
    yield "a stranger's key", signed_by_a_stranger
    yield "a better figure", a_figure_made_better_and_hashed_anew


def _told(**changes: object) -> bytes:
    told = {"algorithm": "ed25519", "key_id": "KEY", "signature": "00" * 64}
    return (json.dumps(told | changes, indent=1) + "\n").encode()


SIGNATURES = {
    "empty": b"",
    "not JSON": b"signature",
    "a list": b"[]",
    "nested": b"[" * 900,
    "no algorithm": b'{"key_id": "a", "signature": "b"}',
    "another algorithm": _told(algorithm="none"),
    "empty signature": _told(signature=""),
    "no digits": _told(signature="zz"),
    "a number": _told(signature=5),
    "said twice": _told().replace(b"{", b'{"key_id": "KEY",', 1),
    "one thing more": _told(more="x"),
    "in capitals": _told(signature="AA" * 64),
    "too long": _told(signature="00" * 2000),
    "of zeros": _told(),
}


@pytest.mark.usefixtures("never_parsed")
@pytest.mark.parametrize(("way", "times"), [(_flipped, FLIPS), (_cut, CUTS)])
def test_damaged_files_are_refused(champion, tmp_path, way, times):
    registry, directory = champion
    whole = shutil.copytree(directory, tmp_path / "whole")
    random = np.random.default_rng(20260701)
    for _ in range(times):
        what = way(random, directory)
        with pytest.raises(InputError) as refused:
            _served(registry)
        assert "\n" not in str(refused.value), what
        shutil.copytree(whole, directory, dirs_exist_ok=True)


@pytest.mark.usefixtures("never_parsed")
def test_swapped_files_are_refused_by_registry_and_at_registration(champion, tmp_path):
    registry, directory = champion
    whole = shutil.copytree(directory, tmp_path / "whole")
    swaps = [*_swaps(directory, tmp_path / "home", tmp_path / "stranger")]
    for what, swap in swaps:
        swap()
        with pytest.raises(InputError):
            pytest.fail(f"{what}: {_served(registry)}")
        if what != "all of v0":  # a whole other model of ours is welcome, under its own name
            taken = Registry(tmp_path / "home")
            with pytest.raises(InputError):
                pytest.fail(f"{what}: {taken.register(directory)}")
        shutil.rmtree(directory)
        shutil.copytree(whole, directory)
    assert len(swaps) == 7


@pytest.mark.usefixtures("never_parsed")
@pytest.mark.parametrize("name", SIGNATURES)
def test_what_is_no_signature_is_refused(champion, tmp_path, name):
    registry, directory = champion
    [known] = home_keys(tmp_path / "home").trusted()
    (directory / SIGNATURE).write_bytes(SIGNATURES[name].replace(b"KEY", known.encode()))
    with pytest.raises(InputError) as refused:
        _served(registry)
    assert "manifest.sig" in str(refused.value)
    with pytest.raises(InputError):
        registry.register(directory)


def test_an_untouched_champion_still_serves(champion):
    registry, _ = champion
    assert _served(registry).artefact.manifest.version == "v1"


def test_a_homes_key_is_made_once_and_kept_from_others(tmp_path):
    keys = home_keys(tmp_path)
    first = keys.signing().public_key().public_bytes_raw()
    assert home_keys(tmp_path).signing().public_key().public_bytes_raw() == first
    assert (tmp_path / "keys" / "signing.pem").stat().st_mode & 0o777 == 0o600
    assert len(keys.trusted()) == 1


def test_keys_made_at_the_same_time_are_one_key(tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    def made(_: int) -> bytes:
        return home_keys(tmp_path).signing().public_key().public_bytes_raw()

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(made, range(16)))) == 1
    assert len(list((tmp_path / "keys").rglob("*"))) == 3, "nothing half-made is left"


def test_a_model_from_elsewhere_is_taken_once_its_key_is_trusted(tmp_path, make_artefact):
    directory = make_artefact("theirs", version="v1")
    ours = Registry(tmp_path / "our-home")
    with pytest.raises(InputError, match="is not trusted here"):
        ours.register(directory)
    [theirs] = (tmp_path / "home" / "keys" / "trusted").glob("*.pub")
    home_keys(tmp_path / "our-home").trust(theirs)
    assert str(ours.register(directory)) == f"{LOAN}:v1"


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PUBLIC KEY-----\n" + b"A" * 5000])
def test_what_is_no_key_is_refused(tmp_path, content):
    file = tmp_path / "their.pub"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"their\.pub"):
        home_keys(tmp_path).trust(file)


def test_unsigned_artefacts_stay_readable_and_cannot_be_registered(tmp_path, make_artefact):
    directory = make_artefact()
    (directory / SIGNATURE).unlink()
    assert open_artefact(directory).manifest.product == LOAN
    with pytest.raises(InputError, match="is not signed"):
        Registry(tmp_path / "home").register(directory)


@pytest.mark.usefixtures("never_parsed")
@pytest.mark.parametrize("written", [str.upper, lambda text: f" {text}"])
def test_the_true_signature_in_other_letters_is_refused(champion, written):
    registry, directory = champion
    told = json.loads((directory / SIGNATURE).read_text())
    told["signature"] = written(told["signature"])
    (directory / SIGNATURE).write_text(json.dumps(told, indent=1) + "\n")
    with pytest.raises(InputError, match="is no signature"):
        _served(registry)
