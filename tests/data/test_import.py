"""What all importers share: files told by their columns, whole or nothing, errors in one line."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from credit.errors import InputError
from data.importers import DATA_SETS, import_data

RETAIL_HEADER = (
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
)
RETAIL_LINES = (
    "536365,85123A,HOLDER £1,6,12/1/2010 8:26,2.55,17850,United Kingdom\n"
    '536365,71053,"LANTERN, WHITE",2,12/1/2010 8:26,3.39,17850,United Kingdom\n'
    "536366,22633,WARMER,-1,12/1/2010 8:28,1.85,17850,United Kingdom\n"
    "C536379,85123A,HOLDER £1,-2,12/2/2010 9:41,2.55,17850,United Kingdom\n"
    "C536380,XXX,UNKNOWN,-2,12/2/2010 9:41,1.00,17850,United Kingdom\n"
    "536400,71053,LANTERN,1,12/3/2010 9:41,3.39,,United Kingdom\n"
    "A563185,B,Adjust bad debt,1,8/12/2011 14:50,11062.06,,United Kingdom\n"
)


@pytest.fixture
def retail(tmp_path: Path) -> Path:
    """The wholesaler's csv as it is handed out: American dates, Latin-1."""
    file = tmp_path / "data.csv"
    file.write_text(RETAIL_HEADER + RETAIL_LINES, encoding="latin-1")
    return file


def test_the_csv_as_it_is_handed_out_is_read(retail: Path, tmp_path: Path) -> None:
    summary = import_data("onlineretail", [retail], tmp_path / "out")
    assert summary.rows == {"merchants": 1, "payments": 3}
    payments = pq.read_table(tmp_path / "out" / "payments.parquet").to_pylist()
    told = [(p["payment_id"], p["kind"], p["amount_minor"], p["refers_to"]) for p in payments]
    assert told == [
        ("536365", "payment", 2208, None),
        ("C536379", "refund", 510, "536365"),
        ("C536380", "refund", 200, None),
    ]
    assert str(payments[0]["occurred_at"]) == "2010-12-01 08:26:00"


def test_what_no_table_holds_is_counted(retail: Path, tmp_path: Path) -> None:
    summary = import_data("onlineretail", [retail], tmp_path / "out")
    assert summary.left_out == {
        "invoices without a customer": 2,
        "cancellations without a customer": 0,
        "invoices of a customer with nothing to pay": 1,
        "lines of a customer that are free or not positive": 1,
    }


def test_the_manifest_says_source_licence_label_and_decisions(retail: Path, tmp_path: Path) -> None:
    import_data("onlineretail", [retail], tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["importer"] == "onlineretail"
    assert manifest["licence"] == "CC BY 4.0"
    assert manifest["rows"] == {"merchants": 1, "payments": 3}
    for data_set in DATA_SETS.values():
        told = {"product", "source", "licence", "attribution", "currency", "label", "decisions"}
        assert told <= data_set.manifest.keys()


def test_one_input_gives_the_same_bytes_twice(retail: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        import_data("onlineretail", [retail], tmp_path / name)
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_a_file_of_another_data_set_is_told_what_it_lacks(retail: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data\.csv is no part of taiwan; as clients it lacks"):
        import_data("taiwan", [retail], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_part_that_is_not_given_is_named(tmp_path: Path) -> None:
    file = tmp_path / "demographics.csv"
    file.write_text("customerid,birthdate,bank_account_type\n1,1990-01-01,Savings\n")
    with pytest.raises(InputError, match="no file is superlender loans; give the file with"):
        import_data("superlender", [file], tmp_path / "out")


def test_one_part_twice_is_refused(retail: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="are both onlineretail lines"):
        import_data("onlineretail", [retail, retail], tmp_path / "out")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("12/1/2010 8:26", "32/13/2010", "InvoiceDate is '32/13/2010'; it must be timestamp"),
        (",6,", ",6.5,", "Quantity is '6.5'; it must be bigint"),
        ("2.55", "cheap", "UnitPrice is 'cheap'"),
    ],
)
def test_a_value_that_cannot_be_read_is_named_and_nothing_is_left(
    retail: Path, tmp_path: Path, old: str, new: str, said: str
) -> None:
    text = retail.read_text(encoding="latin-1")
    retail.write_text(text.replace(old, new, 1), encoding="latin-1")
    with pytest.raises(InputError, match=said):
        import_data("onlineretail", [retail], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


def test_a_file_that_is_not_there_or_not_a_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.csv is not there"):
        import_data("taiwan", [tmp_path / "nowhere.csv"], tmp_path / "out")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(InputError, match=r"broken\.parquet cannot be read"):
        import_data("taiwan", [tmp_path / "broken.parquet"], tmp_path / "out")


def test_an_unknown_data_set_and_a_full_directory_are_refused(retail: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="use one of taiwan, superlender, onlineretail"):
        import_data("narnia", [retail], tmp_path / "out")
    with pytest.raises(InputError, match="holds something already"):
        import_data("onlineretail", [retail], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


def test_numbers_that_passed_through_floats_are_still_whole(tmp_path: Path) -> None:
    columns = {name: [0.0] for name in DATA_SETS["taiwan"].parts[0].columns}
    columns |= {"id": [7.0], "limitbal": [20000.0], "defaultpaymentnextmonth": [1.0]}
    pq.write_table(pa.table(columns), tmp_path / "clients.parquet")
    import_data("taiwan", [tmp_path / "clients.parquet"], tmp_path / "out")
    (user,) = pq.read_table(tmp_path / "out" / "users.parquet").to_pylist()
    assert (user["user_id"], user["credit_line_minor"]) == ("7", 2_000_000)


def test_columns_spelled_with_spaces_or_dots_are_the_same(tmp_path: Path) -> None:
    names = ["ID", "LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE", "PAY_0"]
    names += [f"PAY_{k}" for k in range(2, 7)]
    names += [f"{kind}_AMT{k}" for kind in ("BILL", "PAY") for k in range(1, 7)]
    for place, label in enumerate(("default payment next month", "default.payment.next.month")):
        file = tmp_path / f"{place}.csv"
        file.write_text(f"{','.join([*names, label])}\n{','.join(['1'] * 25)}\n")
        summary = import_data("taiwan", [file], tmp_path / f"out{place}")
        assert summary.rows == {"users": 1, "bills": 11, "outcomes": 1, "protected": 4}
