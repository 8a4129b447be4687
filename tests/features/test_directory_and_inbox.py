"""A data directory and what lies beside it are one history, each place read by its own types."""

import shutil
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from credit.errors import InputError
from data.check import check, require_clean
from features.sources import open_history
from features.spine import as_known

NOW = datetime(2027, 1, 1, tzinfo=UTC)
AS_OF = date(2026, 6, 30)


@pytest.fixture
def places(tmp_path, made_up):
    """A directory with some rows of each table, and an inbox with the others."""
    directory, inbox, whole = (tmp_path / name for name in ("data", "inbox", "whole"))
    for folder in (directory, inbox, whole):
        folder.mkdir()
    for name, rows in made_up(3).items():
        rows.to_parquet(whole / f"{name}.parquet", coerce_timestamps="us", index=False)
        table = pq.read_table(whole / f"{name}.parquet")
        half = table.num_rows // 2
        pq.write_table(table.slice(0, half + 1), directory / f"{name}.parquet")
        (inbox / name).mkdir()
        pq.write_table(table.slice(half), inbox / name / "part-1.parquet")  # one row in both
    return directory, inbox, whole


def known(path, also=()):
    with open_history(path, also=tuple(also)) as history:
        values = {}
        for entity, names in (("merchant", ["m1", "m2", "m3", "m4"]), ("user", ["u1", "u2"])):
            spine = pa.table({"entity_id": names, "as_of": pa.array([AS_OF] * len(names))})
            values[entity] = as_known(history, entity, spine).to_pylist()
        return values


def test_values_are_those_of_all_rows_in_one_place(places):
    directory, inbox, whole = places
    assert repr(known(directory, [inbox])) == repr(known(whole))
    assert repr(known(directory)) != repr(known(whole))


def test_the_rows_of_a_source_are_those_of_all_its_places(places):
    directory, inbox, whole = places
    with open_history(directory, also=(inbox,)) as history:
        source = history.sources["payments"]
        [(count,)] = history.connection.execute(f"SELECT count(*) FROM ({source.rows})").fetchall()
    assert count == pq.read_metadata(whole / "payments.parquet").num_rows + 1  # one is in both


def test_csv_in_one_place_and_parquet_in_the_other_is_fine(places):
    directory, inbox, whole = places
    for file in directory.glob("*.parquet"):
        table = pq.read_table(file)
        pacsv.write_csv(table, file.with_suffix(".csv"))
        file.unlink()
    assert repr(known(directory, [inbox])) == repr(known(whole))


def test_an_inbox_that_is_not_there_or_holds_no_part_yet_changes_nothing(places, tmp_path):
    directory, _inbox, _whole = places
    (tmp_path / "new" / "payments").mkdir(parents=True)
    (tmp_path / "new" / "payments" / ".part-1.parquet.77").write_bytes(b"half a part")
    for also in (tmp_path / "nowhere", tmp_path / "new"):
        with open_history(directory) as alone, open_history(directory, also=(also,)) as both:
            assert alone.sha256 == both.sha256
            assert alone.tables == both.tables


def test_every_part_changes_the_hash_and_its_folder_does_not(places, tmp_path):
    directory, inbox, _whole = places
    hashes = set()
    for also in ((), (inbox,)):
        with open_history(directory, also=also) as history:
            hashes.add(history.sha256)
    shutil.copytree(inbox, tmp_path / "elsewhere")
    with open_history(directory, also=(tmp_path / "elsewhere",)) as history:
        assert history.sha256 in hashes
    assert len(hashes) == 2


def test_a_table_that_only_came_over_http_is_a_table(places):
    directory, inbox, whole = places
    (directory / "holds.parquet").unlink()
    shutil.copy(whole / "holds.parquet", inbox / "holds" / "part-1.parquet")
    with open_history(directory, also=(inbox,)) as history:
        assert "holds" in history.tables
    assert repr(known(directory, [inbox])) == repr(known(whole))


def test_the_same_version_with_other_content_names_both_places(places):
    directory, inbox, _whole = places
    part = inbox / "merchants" / "part-1.parquet"
    table = pq.read_table(part)
    tier = table.schema.get_field_index("city_tier")
    pq.write_table(table.set_column(tier, "city_tier", pa.array([5] * table.num_rows)), part)
    [violation] = check(directory, now=NOW, also=(inbox,)).violations
    assert (violation.table, violation.rule) == ("merchants", "version")
    assert "merchants.parquet row 3 and part-1.parquet row 1 say city_tier" in violation.examples[0]
    with pytest.raises(InputError, match=r"merchants\.parquet row 3 and part-1\.parquet row 1"):
        require_clean(directory, now=NOW, also=(inbox,))


def a_payment(directory, inbox, **changes):
    table = pq.read_table(directory / "payments.parquet").slice(0, 1)
    at = table["recorded_at"][0].as_py() + timedelta(days=100)
    row = table.to_pylist()[0] | {"payment_id": "strange", "recorded_at": at} | changes
    part = inbox / "payments" / "part-2.parquet"
    pq.write_table(pa.Table.from_pylist([row], table.schema), part)


def test_rows_over_http_may_come_before_what_they_refer_to(places):
    directory, inbox, _whole = places
    a_payment(directory, inbox, merchant_id="not known yet")
    report = check(directory, now=NOW, also=(inbox,))
    assert not report.violations
    assert [told for told in report.warnings if "merchant_id" in told] == [
        "1 rows of payments that came over HTTP name a merchant_id that merchants does not know yet"
    ]
    with open_history(directory, also=(inbox,)) as history:
        assert "not known yet" in history.read(history.table("payments"))["merchant_id"].to_pylist()


def test_in_the_directory_the_same_is_a_violation(places):
    directory, inbox, _whole = places
    a_payment(directory, inbox, merchant_id="not known")
    table = pq.read_table(inbox / "payments" / "part-2.parquet")
    whole = pa.concat_tables([pq.read_table(directory / "payments.parquet"), table])
    pq.write_table(whole, directory / "payments.parquet")
    (inbox / "payments" / "part-2.parquet").unlink()
    [violation] = check(directory, now=NOW, also=(inbox,)).violations
    assert (violation.rule, violation.count) == ("reference", 1)


def test_what_is_wrong_in_a_part_is_found_where_it_stands(places):
    directory, inbox, _whole = places
    a_payment(directory, inbox, amount_minor=0)
    [violation] = check(directory, now=NOW, also=(inbox,)).violations
    assert (violation.column, violation.count) == ("amount_minor", 1)
    assert "part-2.parquet row 1 (payment_id='strange')" in violation.examples[0]
