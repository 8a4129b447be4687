"""One seed, one world, byte for byte; and a directory that appears whole or not at all."""

import hashlib
import json
from datetime import date
from pathlib import Path

import pytest

from credit.errors import InputError
from data.synthetic import write
from data.synthetic.world import MERCHANTS_A_CHUNK
from data.synthetic.write import Summary, generate

END = date(2026, 6, 30)


def _generate(out: Path, **changes: object) -> Summary:
    sizes = {"merchants": 60, "users": 300, "months": 4, "end": END, "seed": 5}
    return generate(out, **(sizes | changes))  # type: ignore[arg-type]


def _bytes(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def test_one_seed_gives_equal_files(tmp_path: Path) -> None:
    _generate(tmp_path / "a")
    _generate(tmp_path / "b")
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")


def test_another_seed_gives_another_world(tmp_path: Path) -> None:
    _generate(tmp_path / "a")
    _generate(tmp_path / "b", seed=6)
    a, b = _bytes(tmp_path / "a"), _bytes(tmp_path / "b")
    assert a.keys() == b.keys()
    assert all(a[name] != b[name] for name in a)


def test_a_chunk_of_merchants_does_not_depend_on_how_many_others_there_are(tmp_path: Path) -> None:
    few = MERCHANTS_A_CHUNK
    _generate(tmp_path / "one", merchants=few, months=1)
    _generate(tmp_path / "two", merchants=few + 40, months=1)
    one, two = _bytes(tmp_path / "one"), _bytes(tmp_path / "two")
    assert one["payments/part-00000.parquet"] == two["payments/part-00000.parquet"]
    assert "payments/part-00001.parquet" not in one
    assert "payments/part-00001.parquet" in two


def test_the_manifest_says_how_to_make_the_world_again(tmp_path: Path) -> None:
    summary = _generate(tmp_path / "a", scenario="festival", faults=("duplicates",))
    told = json.loads((tmp_path / "a" / "manifest.json").read_text())
    assert (told["merchants"], told["users"], told["months"], told["seed"]) == (60, 300, 4, 5)
    assert (told["scenario"], told["faults"], told["end"]) == (
        "festival",
        ["duplicates"],
        "2026-06-30",
    )
    assert told["rows"] == summary.rows


def test_progress_goes_from_nothing_to_all(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    _generate(tmp_path / "a", progress=lambda stage, done: told.append((stage, done)))
    shares = [done for _, done in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_a_directory_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(InputError, match="is there already"):
        _generate(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_an_empty_directory_is_filled(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    _generate(out)
    assert (out / "payments" / "part-00000.parquet").exists()


def test_a_run_that_breaks_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(write, "bill_table", broken)
    with pytest.raises(OSError, match="disk full"):
        _generate(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_scenario_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'boom'.*calm, downturn, festival, wash-trading"):
        _generate(tmp_path / "out", scenario="boom")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_fault_is_answered_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'mice'.*duplicates, wash-trading, missing-feed"):
        _generate(tmp_path / "out", faults=("mice",))


@pytest.mark.parametrize("name", ["merchants", "users", "months"])
def test_a_world_without_anybody_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=f"--{name} is 0"):
        _generate(tmp_path / "out", **{name: 0})


def test_the_smallest_world_can_be_made(tmp_path: Path) -> None:
    summary = _generate(tmp_path / "out", merchants=1, users=1, months=1)
    assert summary.rows["merchants"] == 1
