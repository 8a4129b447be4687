"""Candidates become champions by name, and what serves is what was promoted."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from credit.errors import InputError
from models.artefact import open_artefact
from models.registry import Registry

Make = Callable[..., Path]
AT = datetime(2026, 7, 1, tzinfo=UTC)
LOAN = "merchant-loan"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def three(home: Path, make_artefact: Make) -> Registry:
    registry = Registry(home)
    for version in ("v1", "v2", "v3"):
        registry.register(make_artefact(version, version=version))
    return registry


def test_an_empty_registry_is_empty_and_makes_nothing(home: Path) -> None:
    registry = Registry(home)
    assert registry.list() == ()
    assert registry.champion(LOAN) is None
    assert registry.champion_stamp(LOAN) is None
    assert not home.exists()


def test_stages_follow_promotion(three: Registry) -> None:
    three.promote(f"{LOAN}:v1", by="ann", at=AT)
    three.promote(f"{LOAN}:v2", by="ann", at=AT)
    stages = {entry.version: entry.stage for entry in three.list()}
    assert stages == {"v1": "superseded", "v2": "champion", "v3": "candidate"}
    assert three.champion(LOAN).manifest.version == "v2"


def test_rollback_walks_back_one_reign_at_a_time(three: Registry) -> None:
    for version in ("v1", "v2", "v3"):
        three.promote(f"{LOAN}:{version}", by="ann", at=AT)
    assert str(three.rollback(LOAN, by="bo", at=AT)) == f"{LOAN}:v2"
    assert str(three.rollback(LOAN, by="bo", at=AT)) == f"{LOAN}:v1"
    with pytest.raises(InputError, match="no champion before"):
        three.rollback(LOAN, by="bo", at=AT)
    three.promote(f"{LOAN}:v3", by="bo", at=AT)
    assert str(three.rollback(LOAN, by="bo", at=AT)) == f"{LOAN}:v1"
    told = [(event["action"], event["version"], event["by"]) for event in three.history()]
    assert told[3:] == [
        ("rollback", "v2", "bo"),
        ("rollback", "v1", "bo"),
        ("promote", "v3", "bo"),
        ("rollback", "v1", "bo"),
    ]


def test_promoting_the_champion_again_changes_nothing(three: Registry) -> None:
    three.promote(f"{LOAN}:v1", by="ann", at=AT)
    three.promote(f"{LOAN}:champion", by="ann", at=AT)
    assert len(three.history()) == 1


def test_references_by_latest_and_champion(three: Registry) -> None:
    assert str(three.resolve(f"{LOAN}:latest")) == f"{LOAN}:v3"
    three.promote(f"{LOAN}:v2", by="ann", at=AT)
    assert str(three.resolve(f"{LOAN}:champion")) == f"{LOAN}:v2"
    assert three.open(f"{LOAN}:v1").manifest.version == "v1"


@pytest.mark.parametrize(
    "text", ["", LOAN, f"{LOAN}:", f"{LOAN}:v9", f"{LOAN}:champion", "cats:latest", f"{LOAN}:../v1"]
)
def test_an_unknown_reference_is_answered_with_what_exists(three: Registry, text: str) -> None:
    with pytest.raises(InputError, match=f"there are: {LOAN}:v1, {LOAN}:v2, {LOAN}:v3"):
        three.open(text)


def test_the_same_artefact_twice_is_one_and_other_content_is_refused(
    three: Registry, make_artefact: Make
) -> None:
    three.register(make_artefact("again", version="v1"))
    assert len(three.list()) == 3
    with pytest.raises(InputError, match="registered already"):
        three.register(make_artefact("other", version="v1", seed=99))


def test_a_damaged_artefact_is_not_registered(home: Path, make_artefact: Make) -> None:
    directory = make_artefact()
    (directory / "model.txt").write_text("tree")
    with pytest.raises(InputError, match=r"model\.txt"):
        Registry(home).register(directory)
    assert Registry(home).list() == ()


def test_a_copy_that_a_crash_cut_short_is_made_anew(
    three: Registry, home: Path, make_artefact: Make
) -> None:
    kept = home / "bentoml" / "models" / LOAN / "v2"
    (kept / "manifest.json").unlink()
    three.register(make_artefact("again", version="v2"))
    assert three.open(f"{LOAN}:v2").manifest.version == "v2"


def test_a_champion_swapped_after_promotion_is_refused(
    three: Registry, home: Path, make_artefact: Make, other_model_text: str
) -> None:
    three.promote(f"{LOAN}:v1", by="ann", at=AT)
    kept = home / "bentoml" / "models" / LOAN / "v1"
    other = make_artefact("evil", text=other_model_text, version="v1")
    for name in ("model.txt", "manifest.json", "reference.parquet"):
        (kept / name).write_bytes((other / name).read_bytes())
    assert open_artefact(kept)
    with pytest.raises(InputError, match="SHA-256"):
        three.champion(LOAN)
    with pytest.raises(InputError, match="SHA-256"):
        three.open(f"{LOAN}:v1")


def test_the_stamp_changes_with_the_champion_only(three: Registry) -> None:
    three.promote(f"{LOAN}:v1", by="ann", at=AT)
    stamp = three.champion_stamp(LOAN)
    assert stamp == three.champion(LOAN).manifest_sha256
    three.promote(f"{LOAN}:v2", by="ann", at=AT)
    assert three.champion_stamp(LOAN) != stamp
    assert three.champion_stamp("deposit-waiver") is None


def test_a_model_is_found_by_its_identity(three: Registry) -> None:
    wanted = three.open(f"{LOAN}:v2")
    assert three.find(LOAN, wanted.manifest_sha256) == wanted
    assert three.find(LOAN, "0" * 64) is None


def test_a_tables_model_is_never_promoted(home: Path, make_artefact: Make) -> None:
    registry = Registry(home)
    ref = registry.register(make_artefact(product="table", definitions_sha256=None))
    with pytest.raises(InputError, match="table"):
        registry.promote(ref, by="ann", at=AT)


def test_a_pointer_that_cannot_be_read_is_named(three: Registry, home: Path) -> None:
    three.promote(f"{LOAN}:v1", by="ann", at=AT)
    (home / "models" / "champions.json").write_text("{")
    with pytest.raises(InputError, match=r"champions\.json"):
        three.champion(LOAN)


def test_reading_the_champion_imports_neither_bentoml_nor_lightgbm(
    three: Registry, home: Path
) -> None:
    three.promote(f"{LOAN}:v1", by="ann", at=AT)
    program = (
        "import sys, pathlib; from models.registry import Registry;"
        "Registry(pathlib.Path(sys.argv[1])).champion('merchant-loan');"
        "heavy = {'bentoml', 'lightgbm', 'pandas', 'sklearn', 'pyarrow'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", program, str(home)], check=True)


def test_what_is_shown_names_stage_hash_data_and_performance(three: Registry) -> None:
    three.promote(f"{LOAN}:v2", by="ann", at=AT)
    shown = three.show(f"{LOAN}:v2")
    text = "\n".join(shown.lines())
    for part in (f"{LOAN}:v2", "champion", shown.manifest_sha256, "2,000 rows", "gini 0.5000"):
        assert part in text
    assert three.list()[0].line().startswith(f"{LOAN}:v")


def test_a_changed_model_is_listed_as_damaged_and_tells_no_figure(three: Registry) -> None:
    kept = three.open(f"{LOAN}:v2").directory / "manifest.json"
    kept.write_text(kept.read_text().replace('"gini": 0.5', '"gini": 0.99'))
    listed = {entry.version: (entry.stage, dict(entry.metrics)) for entry in three.list()}
    assert listed["v2"] == ("damaged", {})
    assert listed["v1"][0] == "candidate"
