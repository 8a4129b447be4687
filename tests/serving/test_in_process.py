"""`vouch decide FILE.json`: the same desk and journal without a server."""

import json

import pytest

from credit.errors import InputError
from records.journal import scan
from records.store import open_records
from serving.in_process import decide_file, explain_file, read_case
from serving.settings import read_settings


def test_a_file_is_decided_and_recorded_in_an_empty_home(tmp_path, loan, waiver):
    settings = read_settings({"VOUCH_HOME": str(tmp_path / "home"), "VOUCH_NOW": "2026-07-01"})
    answers = []
    for name, body in (("loan", loan()), ("waiver", waiver())):
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(body))
        answers.append(decide_file(settings, file))
    assert [answer["outcome"] for answer in answers] == ["refer", "refer"]
    assert all(answer["degraded"] and answer["trace"] for answer in answers)
    records = open_records(settings.database_url)
    assert [entry["decision"] for entry in scan(records)] == answers
    assert [entry["clock"] for entry in scan(records)] == ["fixed", "fixed"]
    records.close()


def test_the_same_application_again_is_the_same_decision(tmp_path, loan):
    settings = read_settings({"VOUCH_HOME": str(tmp_path / "home"), "VOUCH_NOW": "2026-07-01"})
    file = tmp_path / "loan.json"
    file.write_text(json.dumps(loan()))
    assert decide_file(settings, file) == decide_file(settings, file)
    file.write_text(json.dumps(loan(amount_minor=1)))
    with pytest.raises(InputError, match="was decided with other content"):
        decide_file(settings, file)


@pytest.mark.parametrize("text", [None, "{", "[]", '{"user_id": "u1"}', '{"merchant_id": "m"}'])
def test_a_file_that_holds_no_request_is_bad_input_in_one_line(tmp_path, text):
    file = tmp_path / "request.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError) as refused:
        read_case(file)
    assert "\n" not in str(refused.value)


def test_an_order_at_a_till_is_decided_from_a_file_too(tmp_path):
    settings = read_settings({"VOUCH_HOME": str(tmp_path / "home"), "VOUCH_NOW": "2026-07-01"})
    file = tmp_path / "order.json"
    sent = {"merchant_id": "m1", "order_amount_minor": 600_000, "currency": "CNY"}
    file.write_text(json.dumps({**sent, "out_order_no": "o1"}))
    answer = decide_file(settings, file)
    assert (answer["product"], answer["outcome"]) == ("instalment-offer", "approve")
    assert answer["trace"]
    assert decide_file(settings, file) == answer


def test_what_would_change_comes_beside_the_answer_and_is_not_recorded(tmp_path, waiver):
    settings = read_settings({"VOUCH_HOME": str(tmp_path / "home"), "VOUCH_NOW": "2026-07-01"})
    file = tmp_path / "waiver.json"
    file.write_text(json.dumps(waiver()))
    answer, change = explain_file(settings, file)
    assert answer["outcome"] == change.outcome == "refer"
    assert "FEATURES_UNAVAILABLE" in change.why_none
    records = open_records(settings.database_url)
    assert [entry["decision"] for entry in scan(records)] == [answer]
    records.close()


def test_an_order_at_a_till_has_no_model_to_ask(tmp_path):
    settings = read_settings({"VOUCH_HOME": str(tmp_path / "home"), "VOUCH_NOW": "2026-07-01"})
    file = tmp_path / "order.json"
    sent = {"merchant_id": "m1", "order_amount_minor": 600_000, "currency": "CNY"}
    file.write_text(json.dumps(sent))
    with pytest.raises(InputError, match="no model decides an order at a till"):
        explain_file(settings, file)
