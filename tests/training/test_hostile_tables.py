"""Tables as they come: each ends in a model and a warning, or in one line and exit code 2."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from console.main import run

ROWS = 400
Told = tuple[int, str]


@pytest.fixture
def vouch_train(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """`vouch train table` on columns, or on the bytes of a file: exit code and what it said."""

    def train(content: dict[str, object] | bytes, *asked: str, name: str = "table") -> Told:
        file = tmp_path / name
        if isinstance(content, bytes):
            file.write_bytes(content)
        else:
            pq.write_table(pa.table(content), file)
        told = ["--label", "bad", "--trials", "0", "--out", str(tmp_path / "out"), *asked]
        code = run(["train", "table", str(file), *told])
        return code, capsys.readouterr().err

    return train


@pytest.fixture
def refused(vouch_train, tmp_path: Path) -> Callable[..., str]:
    """The one line in which it refuses; nothing is left in `--out`."""

    def train(content: dict[str, object] | bytes, *asked: str, name: str = "table") -> str:
        code, said = vouch_train(content, *asked, name=name)
        assert code == 2, said
        assert said.count("\n") == 1, said
        assert "Traceback" not in said
        assert [item.name for item in tmp_path.iterdir()] == [name]
        return said

    return train


def _metrics(tmp_path: Path) -> dict:
    return json.loads((tmp_path / "out" / "metrics.json").read_text())


@pytest.mark.parametrize(
    ("label", "says"),
    [
        (np.array(["yes", "no"] * 200), "'yes' (200 rows), 'no' (200 rows)"),
        (np.array(["Y", "N", "N", "N"] * 100), "'N' (300 rows), 'Y' (100 rows)"),
        (np.array(["default", "paid"] * 200), "write 1 for the one that means bad"),
        (np.array([1, 2] * 200), "1 (200 rows), 2 (200 rows)"),
        (np.array([0, 1, 2, 1] * 100), "1 (200 rows), 0 (100 rows), 2 (100 rows)"),
        (np.linspace(0, 1, 400), "and 396 others"),
        (np.zeros(400), "all 400 rows are good"),
        (np.ones(400, dtype=bool), "all 400 rows are bad"),
        (np.full(400, np.nan), "no rows"),
        (pa.nulls(400), "no rows"),
        (np.where(np.arange(400) % 3 == 0, np.inf, 0), "inf (134 rows)"),
        (pa.array([[0]] * 400), "type list<"),
        (pa.array([b"\xff\xfe"] * 400), "type binary"),
        (np.array(["2025-01-01", "2025-01-02"] * 200, dtype="datetime64[D]"), "type date32"),
    ],
)
def test_a_label_that_is_not_0_or_1_is_named_with_its_values(book, refused, label, says):
    said = refused(book(ROWS) | {"bad": label})
    assert says in said


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["--label", "Bad"], "--label 'Bad': no such column"),
        (["--time", "observed", "--split-at", "2031-01-01"], "choose one between 2025-01-01"),
        (["--time", "observed", "--split-at", "1/2/2025"], "write it as 2026-06-30"),
        (["--time", "income", "--split-at", "soon"], "no number, as the time column is"),
        (["--split-at", "2025-03-01"], "name a column with --time"),
        (["--time", "bad"], "used otherwise too"),
        (["--protected", "bad"], "used otherwise too"),
        (["--drop", "bad"], "used otherwise too"),
        (["--drop", "nothing"], "--drop 'nothing': no such column"),
        (["--monotone", "trade=+1"], "the column is text"),
        (["--monotone", "bad=+1"], "it is no feature"),
        (["--monotone", "income"], "use COLUMN=+1 or COLUMN=-1"),
        (["--drop", "income,arrears,trade,noise,observed"], "no column is left"),
        (["--allow-leakage", "nothing"], "no such column"),
        (["--test-share", "0.99"], "--test-share"),
    ],
)
def test_what_is_asked_wrongly_is_named(book, refused, asked, says):
    assert says in refused(book(ROWS), *asked)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"bad,x\n", "no rows"),
        (b"\n\n\n", "is empty"),
        (b"bad,x\n1,2\n", "all 1 rows are bad"),
        (b"bad,x\n1,2\n0,3\n1,4\n", "2 are too few"),
        (b"bad,x\n" + b"1,2\n0,3\n" * 9, "too few"),
        (b"bad,x\n" + b"1,2,3\n0\n" * 40, "cannot be read"),
        (b'bad,x\n1,"2\n0,3\n', "all 1 rows are bad"),
        ("bad,x\n1,2\n".encode("utf-16"), "save it as UTF-8"),
        (b"PAR1 and nothing", "cannot be read"),
        (b"\x00\x01", "neither parquet nor text"),
        (b"bad,bad\n1,0\n", "stands twice"),
        (b"<html>\n<body>no table here</body>\n", "no such column"),
        (b"bad,probability\n" + b"1,0.5\n0,0.25\n" * 40, "rename it"),
    ],
)
def test_a_file_that_is_no_table_is_named(refused, content, says):
    assert says in refused(content)


def test_a_time_that_may_be_read_in_two_ways_is_not_guessed(book, refused):
    dates = np.array([f"{1 + place % 12}/{1 + place % 11}/2025" for place in range(ROWS)])
    said = refused(book(ROWS) | {"seen": dates}, "--time", "seen")
    assert "may be read in two ways; write them as 2026-06-30" in said


def test_only_columns_that_cannot_teach_are_named_one_by_one(refused):
    said = refused(
        {
            "bad": np.arange(ROWS) % 2,
            "nested": pa.array([{"a": 1}] * ROWS),
            "same": np.full(ROWS, 7),
            "row": np.arange(ROWS),
        }
    )
    for word in ("'nested': type struct", "'same': one value", "'row': numbers the rows"):
        assert word in said


def written_badly(book) -> dict[str, object]:
    """Good columns in bad handwriting, and columns that nobody can use."""
    random = np.random.default_rng(5)
    columns = book(ROWS)
    income = columns.pop("income")
    days = columns["observed"].astype(object)
    columns["income, gross"] = np.array([f"${one:,.2f} " for one in income])
    columns["rate"] = np.array([f"{one:.1f}%" for one in random.normal(12, 3, ROWS)])
    columns["loss"] = np.array([f"({one:.0f})" for one in random.normal(100, 30, ROWS)])
    columns["comma"] = np.array([f"{one:.2f}".replace(".", ",") for one in income])
    columns["words"] = np.where(
        random.random(ROWS) < 0.2, "N/A", random.normal(size=ROWS).astype(str)
    )
    columns["opened"] = np.array([f"{day:%d-%b-%y}" for day in days])
    columns["closed"] = np.array([f"{day.month}/{day.day}/{day.year}" for day in days])
    columns["stamped"] = np.array([f"{day:%Y-%m-%d} 10:{day.day:02}" for day in days])
    columns["two ways"] = np.array([f"{1 + k % 12}/{1 + k % 11}/2025" for k in range(ROWS)])
    columns["times late"] = np.where(random.random(ROWS) < 0.05, 98, random.poisson(0.5, ROWS))
    columns["mixed"] = np.where(np.arange(ROWS) % 4 == 0, "low", np.arange(ROWS).astype(str))
    columns["endless"] = np.where(np.arange(ROWS) % 9 == 0, np.inf, np.arange(ROWS) % 13)
    columns["thousand"] = np.array([f"w{k % 199}" for k in range(ROWS)])
    columns["client_id"] = np.array([f"c{k % 150}" for k in range(ROWS)])
    columns["document"] = 10_000_000 + random.permutation(ROWS) * 17
    columns["<b>&\"'</b>"] = random.normal(size=ROWS)
    columns["中文 " + "long" * 80] = random.normal(size=ROWS)
    columns["new\nline"] = random.normal(size=ROWS)
    columns[""] = np.arange(ROWS)
    columns["__label"] = random.normal(size=ROWS)
    columns["list"] = pa.array([[1]] * ROWS)
    columns["bytes"] = pa.array([b"\xff\x00"] * ROWS)
    columns["dictionary"] = pa.array(["a", "b"] * 200).dictionary_encode()
    columns["decimal"] = pa.array([Decimal(k % 7) for k in range(ROWS)])
    columns["unsigned"] = pa.array([2**63 + k % 5 for k in range(ROWS)], pa.uint64())
    columns["clock"] = pa.array([k * 1_000_000 for k in range(ROWS)], pa.time64("us"))
    columns["nothing"] = pa.nulls(ROWS)
    columns["nan"] = np.full(ROWS, np.nan)
    columns["same"] = np.full(ROWS, "x")
    columns["flag"] = pa.array([True, None] * 200)
    return columns


def test_a_table_written_badly_is_read_and_each_oddity_is_said(book, vouch_train, tmp_path):
    code, said = vouch_train(written_badly(book), "--time", "observed")
    assert code in {0, 1}, said
    warned = _metrics(tmp_path)["warnings"]
    expected = {
        "'income, gross'": "text of numbers",
        "'rate'": "text of numbers",
        "'loss'": "text of numbers",
        "'comma'": "text of numbers",
        "'words'": "text of numbers",
        "'opened'": "a date",
        "'closed'": "a date",
        "'stamped'": "a date",
        "'two ways'": "may be read in two ways",
        "'times late'": "98 stands far from all other values",
        "'mixed'": "'low' is read as missing",
        "'endless'": "infinite values",
        "'client_id'": "150 different identifiers",
        "'document'": "as an identifier does",
        "''": "as an identifier does",
        "'list'": "no number or text",
        "'bytes'": "no number or text",
        "'unsigned'": "one value",
        "'clock'": "no number or text",
        "'nothing'": "all values are missing",
        "'nan'": "all values are missing",
        "'same'": "one value",
    }
    for column, words in expected.items():
        assert any(f"column {column}: " in one and words in one for one in warned), column
    assert all("\n" not in one for one in warned)
    report = (tmp_path / "out" / "report.html").read_text()
    assert "<b>&\"'" not in report
    assert _metrics(tmp_path)["test"]["auc"] > 0.6


def test_one_csv_of_all_that_a_spreadsheet_does(book, vouch_train, tmp_path):
    columns = book(ROWS)
    lines = ['"unnamed";"income;gross";trade;"note";bad']
    for place in range(ROWS):
        income = f"{columns['income'][place]:.2f}".replace(".", ",")
        note = f'"said ""ok""\nand {place % 3}"'
        bad = "" if place % 10 == 0 else str(float(columns["bad"][place]))
        lines.append(f"{place};{income};{columns['trade'][place]};{note};{bad}")
    content = b"\xef\xbb\xbf" + "\r\n".join(lines).encode()
    code, said = vouch_train(content, name="loans, May (1) é'.csv")
    assert code == 0, said
    metrics = _metrics(tmp_path)
    assert sum(metrics[part]["rows"] for part in ("train", "valid", "test")) == 360
    assert any("40 rows without a label" in one for one in metrics["warnings"])
    assert any("'unnamed': numbers the rows" in one for one in metrics["warnings"])
    assert metrics["fit"]["features"] == 3


def test_copies_across_the_split_and_few_bads_are_counted_and_said(book, vouch_train, tmp_path):
    bad = np.arange(200) % 8 == 0
    columns = {
        name: np.concatenate([part, part]) for name, part in (book(200) | {"bad": bad}).items()
    }
    code, said = vouch_train(columns)
    assert code in {0, 1}, said
    metrics = _metrics(tmp_path)
    assert any("copies flatter" in one for one in metrics["warnings"])
    assert any("bads are few" in one for one in metrics["warnings"])
    if "duplicates" in metrics:
        assert metrics["duplicates"]["rows"] == 200


def test_wide_and_short_ends_in_a_model(book, vouch_train, tmp_path, runs):
    random = np.random.default_rng(2)
    wide = runs(full=2000, short=40)
    more = {f"x{place}": random.normal(size=300) for place in range(wide)}
    code, said = vouch_train(book(300) | more)
    assert code == 0, said
    assert _metrics(tmp_path)["fit"]["features"] >= wide


def test_a_planted_leak_ends_1_with_all_files_and_names_it(book, vouch_train, tmp_path):
    columns = book(ROWS)
    amount = np.round(1000 * np.random.default_rng(1).random(ROWS), 2)
    columns["recovered"] = np.where(columns["bad"] == 1, amount, 0.0)
    code, said = vouch_train(columns)
    assert code == 1, said
    named = [leak["column"] for leak in _metrics(tmp_path)["leakage"]]
    assert named == ["recovered"]
    assert (tmp_path / "out" / "predictions.parquet").exists()


def test_a_column_that_no_test_row_fills_in_as_before_still_ends_in_a_report(
    book, vouch_train, tmp_path
):
    columns = book(ROWS)
    late = columns["observed"] >= np.datetime64("2025-07-29")
    columns["trade"] = np.where(late, "unheard of", columns["trade"])
    columns["arrears"] = np.where(late, np.nan, columns["arrears"])
    code, said = vouch_train(columns, "--time", "observed", "--split-at", "2025-07-29")
    assert code in {0, 1}, said
    assert "income" in (tmp_path / "out" / "report.html").read_text()
