"""Protected columns of a table: no features, told of in full, and read by the gate."""

import json

import numpy as np


def test_protected_columns_are_judged_and_a_copy_of_one_is_warned_of(book, train):
    columns = book()
    random = np.random.default_rng(1)
    columns["age"] = random.integers(18, 80, len(columns["bad"]))
    columns["sector"] = columns["trade"]  # the same under another name
    result = train(columns, time="observed", protected=["trade", "age"])
    manifest = json.loads((result.out / "manifest.json").read_text())
    names = {feature["name"] for feature in manifest["features"]}
    assert "sector" in names
    assert names.isdisjoint({"trade", "age"})
    told = result.metrics["fairness"]
    assert [one["group"] for one in told["trade"]["groups"]] == ["food", "retail", "travel"]
    assert told["trade"]["reference"] != "travel"
    assert "62 and over" in {one["group"] for one in told["age"]["groups"]}
    assert manifest["assurance"]["fairness"]["trade"] == told["trade"]["impact"]
    proxies = result.metrics["less_discriminatory"]["proxies"]
    assert proxies["trade"]["stands_in"] == ["sector"]
    assert proxies["age"]["stands_in"] == []
    assert any("'sector' tells the protected 'trade'" in line for line in result.warnings)
