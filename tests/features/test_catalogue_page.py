"""The catalogue's page shows every definition beside the values of the latest snapshot, safely."""

import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from console.main import run
from credit.contract import DEPOSIT_WAIVER, ENTITY_OF, MERCHANT_LOAN, PRODUCTS
from credit.errors import InputError
from features.catalogue import ENTITY_FEATURES, FRESH_FEATURES, definitions_sha256, features_of
from features.catalogue_page.entry import formula
from features.catalogue_page.words import number
from features.catalogue_page.write import write_catalogue
from features.definition import CATEGORY
from features.publication import Snapshot, day_folder, publish

HOSTILE = '</text></svg><script>alert(1)</script>"&\u202egnp.exe'
NOW = datetime(2026, 7, 1, tzinfo=UTC)


class Page(HTMLParser):
    """What a browser would make of the page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def publish_day(home, product, columns, day=date(2026, 6, 30), definitions=None):
    entity = ENTITY_OF[product]
    rows = len(next(iter(columns.values()), []))
    file = day_folder(home, entity, day) / "values.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table(columns), file)
    publish(
        Snapshot(
            entity=entity,
            as_of=day,
            rows=rows,
            features=len(columns),
            data_sha256="d" * 64,
            definitions_sha256=definitions or definitions_sha256(product),
            utc_offset_minutes=480,
            created=NOW,
            file=file,
        )
    )


def values_of(product, rows=50):
    rng = np.random.default_rng(1)
    return {
        it.name: pa.array(["bike", None] * (rows // 2))
        if it.dtype == CATEGORY
        else pa.array(rng.lognormal(3, 2, rows))
        for it in ENTITY_FEATURES[ENTITY_OF[product]]
    }


def written(home, language="en"):
    out = home / "page.html"
    summary = write_catalogue(home, out=out, language=language)
    return out.read_text(encoding="utf-8"), summary


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_feature_is_on_the_page_in_both_languages(tmp_path, language):
    for product in PRODUCTS:
        publish_day(tmp_path, product, values_of(product))
    page, summary = written(tmp_path, language)
    read = Page(page)
    anchors = {value for tag, name, value in read.attributes if (tag, name) == ("article", "id")}
    for product in PRODUCTS:
        entity = ENTITY_OF[product]
        everything = (*features_of(product), *FRESH_FEATURES[entity])
        assert {f"{entity}.{it.name}" for it in everything} <= anchors
        assert all(it.description_zh.replace("&", "&amp;") in page for it in everything)
    assert read.tags.count("svg") == sum(map(len, ENTITY_FEATURES.values()))
    assert [one.current for one in summary.shown] == [True, True]
    assert not read.open


def test_nothing_on_the_page_is_fetched_or_run(tmp_path):
    publish_day(tmp_path, MERCHANT_LOAN, values_of(MERCHANT_LOAN))
    read = Page(written(tmp_path)[0])
    assert not {"script", "link", "img", "iframe", "object", "form", "base"} & set(read.tags)
    linked = [value for _, name, value in read.attributes if name in {"href", "src", "style"}]
    assert linked
    assert all(value.startswith("#") for value in linked)
    assert not [name for _, name, _ in read.attributes if name.startswith("on")]
    policy = next(value for _, name, value in read.attributes if name == "content")
    assert policy.startswith("default-src 'none'")


def test_a_hostile_industry_is_shown_as_text(tmp_path):
    columns = values_of(MERCHANT_LOAN) | {"industry": pa.array([HOSTILE] * 40 + ["food"] * 10)}
    publish_day(tmp_path, MERCHANT_LOAN, columns)
    page, _ = written(tmp_path)
    read = Page(page)
    assert "script" not in read.tags
    assert "\u202e" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert not read.open


def test_a_feature_that_the_snapshot_lacks_is_said_to_be_missing_there(tmp_path):
    columns = values_of(MERCHANT_LOAN)
    del columns["turnover_30d"]
    publish_day(tmp_path, MERCHANT_LOAN, columns, definitions="0" * 64)
    page, summary = written(tmp_path)
    assert page.count("Not in this snapshot.") == 1
    assert "other definitions" in page
    assert "of other definitions" in "\n".join(summary.lines())
    assert [(one.as_of is None, one.current) for one in summary.shown] == [
        (False, False),
        (True, False),
    ]


def test_the_latest_snapshot_is_the_one_that_is_shown(tmp_path):
    old = values_of(DEPOSIT_WAIVER, rows=20)
    publish_day(tmp_path, DEPOSIT_WAIVER, old, day=date(2026, 6, 1))
    publish_day(tmp_path, DEPOSIT_WAIVER, values_of(DEPOSIT_WAIVER), day=date(2026, 6, 2))
    page, summary = written(tmp_path)
    assert "2026-06-02" in page
    assert "2026-06-01" not in page
    assert summary.shown[1].rows == 50


def test_a_column_of_nothing_and_an_empty_snapshot_are_shown(tmp_path):
    nothing = values_of(MERCHANT_LOAN) | {"turnover_7d": pa.nulls(50, pa.float64())}
    publish_day(tmp_path, MERCHANT_LOAN, nothing)
    publish_day(tmp_path, DEPOSIT_WAIVER, {n: v[:0] for n, v in values_of(DEPOSIT_WAIVER).items()})
    page, _ = written(tmp_path)
    assert "missing 100.0%" in page
    assert "nan" not in re.sub(r"<code>.*?</code>", "", page).lower()


def test_what_cannot_be_done_is_said_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("VOUCH_HOME", str(tmp_path))
    assert run(["features", "catalogue"]) == 2
    assert "vouch features build" in capsys.readouterr().err
    publish_day(tmp_path, MERCHANT_LOAN, values_of(MERCHANT_LOAN))
    assert run(["features", "catalogue", "--lang", "fr"]) == 2
    assert run(["features", "catalogue", "--out", str(tmp_path)]) == 2
    assert run(["features", "catalogue", "--lang", "zh", "--json"]) == 0
    assert (tmp_path / "features" / "catalogue.zh.html").exists()
    assert not list(tmp_path.rglob("*.part"))


def test_a_snapshot_that_is_no_parquet_is_named(tmp_path):
    publish_day(tmp_path, MERCHANT_LOAN, values_of(MERCHANT_LOAN))
    file = day_folder(tmp_path, "merchant", date(2026, 6, 30)) / "values.parquet"
    file.write_bytes(b"not parquet at all")
    with pytest.raises(InputError, match="cannot be read"):
        written(tmp_path)


def test_every_formula_names_the_measures_that_it_reads():
    said = {it.name: formula(it.expression) for it in features_of(MERCHANT_LOAN)}
    assert said["turnover_30d"] == "payment_minor_30d"
    assert said["refund_rate_30d"] == "(refund_minor_30d / payment_minor_30d.nullif(0))"
    assert said["turnover_cv_12w"].startswith("f(payment_minor_week_0, payment_minor_week_1,")
    assert all(len(formula) < 500 and "_." not in formula for formula in said.values())


def test_numbers_are_short():
    values = (0, -7, 0.5, 1 / 3, 999.96, 123_456, 999_960, -1_234_567, 5e13)
    assert all(len(number(value)) <= 7 for value in values)
    assert number(999_960) == "1000 k"
