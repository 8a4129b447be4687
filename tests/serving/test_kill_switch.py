"""A thrown switch: nothing new is approved within a second, anywhere; what is open goes on."""

import time
from datetime import UTC, datetime

import pytest

from credit.policy.documents import read_document
from credit.policy.life import Event
from records import policy_moves, switches
from records.policy_versions import draft_of
from records.store import open_records
from tests.stand.branch import Branch
from tests.stand.client import Client, Request

LOANS, WAIVERS = "/v1/merchant-loans/decisions", "/v1/deposit-waivers"
WORD = {"reason": "fraud wave", "by": "platform/risk"}


@pytest.fixture
def throw(branch):
    """Throws the switch of what is named, taken up at once; `False` lets it go."""

    def put(*, thrown=True, **named):
        asked = {"product": "", "partner": "", "scene": ""} | named
        with branch.office.records.writing() as transaction:
            (switches.stop if thrown else switches.resume)(transaction, **asked, **WORD)
        branch.office.in_force.look()

    return put


@pytest.mark.parametrize(
    ("named", "stopped"),
    [
        ({"product": "merchant-loan"}, {"loan"}),
        ({"partner": "local"}, {"loan", "hotel", "clinic"}),
        ({"partner": "somebody_else"}, set()),
        ({"scene": "hotel"}, {"hotel"}),
        ({"partner": "local", "scene": "clinic"}, {"clinic"}),
        ({}, {"loan", "hotel", "clinic"}),
    ],
)
def test_a_switch_stops_what_it_names_and_nothing_else(ask, loan, waiver, throw, named, stopped):
    throw(**named)
    told = {"loan": ask(LOANS, loan()).json()} | {
        scene: ask(WAIVERS, waiver(out_order_no=scene, scene=scene)).json()
        for scene in ("hotel", "clinic")
    }
    assert {name for name, answer in told.items() if answer["outcome"] == "refer"} == stopped
    for name in stopped:
        assert [one["code"] for one in told[name]["reasons"]] == ["KILL_SWITCH"]
        assert told[name]["degraded"] == [f"stopped: {_words(named)}"]
    for name in stopped - {"loan"}:
        answer = told[name]
        assert (answer["credit_minor"], answer["deposit_due_minor"]) == (0, 30_000)
        assert answer["hold"] is None


def _words(named):
    return ", ".join(f"{kind} {name}" for kind, name in named.items()) or "everything"


def test_a_stopped_decision_is_recorded_as_such_and_takes_nothing(
    ask, waiver, throw, decisions, client, branch
):
    throw(scene="hotel")
    ask(WAIVERS, waiver(out_order_no="o1"))
    [entry] = decisions()
    assert (entry["stopped"], entry["scored"], entry["hold"]) == ("scene hotel", [], None)
    assert client.get("/v1/lines/user/u1").json()["exposure_minor"] == 0
    assert branch.scorer.rows == []


def test_what_is_open_can_still_be_captured_and_released(ask, waiver, throw):
    first, second = (
        ask(WAIVERS, waiver(out_order_no=name)).json()["hold"]["auth_no"] for name in ("o1", "o2")
    )
    throw()
    captured = ask(f"{WAIVERS}/{first}/capture", {"amount_minor": 1, "complete": True})
    released = ask(f"{WAIVERS}/{second}/release", {})
    assert (captured.json()["state"], released.json()["state"]) == ("FINISHED", "CLOSED")


def test_nobody_approves_by_review_while_decisions_are_stopped(ask, loan, throw, branch):
    branch.scorer.probability = 0.14
    path = f"/v1/decisions/{ask(LOANS, loan()).json()['decision_id']}/review"
    throw(product="merchant-loan")
    word = {"outcome": "approve", "reason": "known", "reviewer": "j.doe"}
    assert ask(path, word).status_code == 409
    throw(product="merchant-loan", thrown=False)
    assert ask(path, word).json()["outcome"] == "approve"


def test_readiness_and_metrics_tell_of_it_until_it_is_let_go(client, throw):
    line = 'vouch_stopped{partner="local",product="",scene="hotel"}'
    throw(partner="local", scene="hotel")
    ready = client.get("/readyz")
    told = "stopped: partner local, scene hotel (fraud wave, platform/risk)"
    assert (ready.status_code, ready.json()["checks"]["switches"]) == (200, told)
    assert f"{line} 1.0" in client.get("/metrics").text
    throw(partner="local", scene="hotel", thrown=False)
    assert client.get("/readyz").json()["checks"]["switches"] == "ok"
    assert f"{line} 0.0" in client.get("/metrics").text


def _order(number):
    body = {"user_id": f"u{number}", "scene": "bike", "deposit_minor": 100, "currency": "CNY"}
    body |= {"due_at": f"{datetime.now(UTC).year + 1}-01-02T00:00:00Z"}
    return Request(f"{WAIVERS}/decisions", body, f"k{number}")


def _until(fits, clients, numbers):
    """Seconds until every worker answers so."""
    started = time.monotonic()
    for client in clients:
        while not fits(client.ask(_order(next(numbers))).told):
            assert time.monotonic() - started < 10
    return time.monotonic() - started


def _is_stopped(answer):
    return answer["degraded"] == ["stopped: partner local"]


def _goes_on(answer):
    return answer["degraded"] == []


def _is_by(version):
    return lambda answer: answer["policy"]["version"] == version


def _publish(records, text):
    draft = draft_of(read_document(text))
    with records.writing() as transaction:
        version = policy_moves.propose(transaction, draft, by="test")
        for event in (Event.CHECKED, Event.PUBLISHED):
            version = policy_moves.moved(transaction, version, event, by="test")


@pytest.fixture
def workers(records_url, tmp_path):
    """Two workers over one database, and a client of each."""
    started = [Branch(url=records_url, folder=tmp_path) for _ in range(2)]
    try:
        for worker in started:
            worker.fork()
        yield started, [Client([worker.port]) for worker in started]
    finally:
        for worker in started:
            worker.end()


def test_two_workers_stop_within_a_second_stay_stopped_over_a_restart_and_go_on(
    records_url, workers
):
    records, numbers = open_records(records_url), iter(range(10**6))
    (first, _), clients = workers
    named = {"product": "", "partner": "local", "scene": ""}
    assert _until(_goes_on, clients, numbers) < 10
    with records.writing() as transaction:
        switches.stop(transaction, **named, **WORD)
    assert _until(_is_stopped, clients, numbers) < 1.0
    first.end()
    clients[0].hang_up()
    first.fork()
    assert _is_stopped(clients[0].ask(_order(next(numbers))).told)
    with records.writing() as transaction:
        switches.resume(transaction, **named, **WORD)
    assert _until(_goes_on, clients, numbers) < 1.0
    records.close()


def test_two_workers_take_up_what_is_published_and_rolled_back_within_a_second(
    records_url, workers, platform
):
    records, numbers, (_, clients) = open_records(records_url), iter(range(10**6)), workers
    for version in ("t0", "t1"):
        _publish(records, platform())
        assert _until(_is_by(version), clients, numbers) < 1.0
    with records.writing() as transaction:
        policy_moves.rollback(transaction, "platform", by="test")
    assert _until(_is_by("t0"), clients, numbers) < 1.0
    records.close()
