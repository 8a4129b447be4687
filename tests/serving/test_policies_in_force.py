"""What is published decides: whose, where and from when; what cannot be used decides nothing."""

from datetime import timedelta

import pytest

from credit.errors import InputError
from credit.policy.layers import layers_of
from credit.policy.life import Event
from records import policies, policy_moves
from records.policy_versions import Draft
from records.store import open_records
from serving.in_force import InForce

LOANS, WAIVERS = "/v1/merchant-loans/decisions", "/v1/deposit-waivers/decisions"
TERMS = ("terms_days = [30, 60, 90, 180, 360]", "terms_days = [60, 90, 180]")


@pytest.fixture
def partners(put):
    """Street rental, its partner `local`, and that partner's hotels."""

    def publish(
        loan="", scene="deposit_max_minor = 20_000\ncredit_max_minor = 20_000", version="1"
    ):
        put(
            f'layer = "industry"\nname = "rental"\nparent = "platform"\nversion = "{version}"\n'
            'lead = "local"\n[loan]\nrefer_probability_max = 0.15\n'
        )
        put(f'layer = "partner"\nname = "local"\nparent = "rental"\nversion = "{version}"\n{loan}')
        put(
            f'layer = "scene"\nname = "local.hotel"\nparent = "local"\nscene = "hotel"\n'
            f'version = "{version}"\n[waiver.scenes.hotel]\n{scene}\n'
        )

    return publish


def layers(answer):
    return {step["layer"] for step in answer["trace"]}


def test_a_partners_requests_are_decided_under_its_own_layers(ask, loan, waiver, partners, branch):
    before = ask(LOANS, loan()).json()
    partners("[loan]\noffers_max = 1\namount_max_minor = 800_000\n")
    after = ask(LOANS, loan(application_id="a2")).json()
    assert (before["policy"]["name"], before["outcome"]) == ("platform", "approve")
    assert after["policy"]["name"] == "local"
    assert [one["code"] for one in after["reasons"]] == ["AMOUNT_ABOVE_MAXIMUM"]
    assert "local" in layers(after)
    with branch.office.records.reading() as connection:
        text = policies.read(connection, after["policy"]["sha256"])
        told = [policies.read(connection, one) for one in layers_of(text)]
    assert len(told) == 3
    assert all(told)


def test_a_scenes_own_document_rules_its_scene_alone(ask, waiver, partners):
    partners()
    hotel, clinic = (ask(WAIVERS, waiver(scene=scene)).json() for scene in ("hotel", "clinic"))
    assert (hotel["policy"]["name"], clinic["policy"]["name"]) == ("local.hotel", "local")
    assert hotel["outcome"] == "decline"
    assert clinic["outcome"] == "approve"
    assert "local.hotel" in layers(hotel)
    assert "local.hotel" not in layers(clinic)


def test_one_sitting_hears_each_case_by_its_own_scene(branch, waiver, partners):
    import asyncio
    import json

    from serving.cases import waiver_case

    partners()
    cases = [
        waiver_case(json.dumps(waiver(user_id=f"u{n}", scene=scene)).encode())
        for n, scene in enumerate(["hotel", "clinic"] * 4)
    ]

    async def together():
        return await asyncio.gather(*map(branch.office.sitting.hear, cases))

    told = [one.entry["policy"]["name"] for one in asyncio.run(together())]
    assert told == ["local.hotel", "local"] * 4


def test_a_scheduled_version_decides_from_its_time_on_and_takes_its_place(
    ask, loan, put, platform, branch
):
    later = branch.clock[0] + timedelta(hours=2)
    put(platform(TERMS), Event.SCHEDULED, later)
    assert ask(LOANS, loan()).json()["policy"]["version"] == "2026.11.1"
    branch.clock[0] = later
    branch.office.in_force.look()
    assert ask(LOANS, loan(application_id="a2")).json()["policy"]["version"] == "t0"
    branch.office.upkeep.look()
    with branch.office.records.reading() as connection:
        assert policies.scheduled(connection) == {}
        assert policies.live(connection)[1] == branch.office.in_force.policy_for("x").sha256


def test_a_rollback_is_taken_up(ask, loan, put, platform, branch):
    put(platform(TERMS))
    with branch.office.records.writing() as transaction:
        policy_moves.rollback(transaction, "platform", by="test")
    branch.office.in_force.look()
    assert ask(LOANS, loan()).json()["policy"]["version"] == "2026.11.1"


def test_a_stack_that_an_upper_layer_broke_refers_and_is_told_until_it_is_mended(
    ask, loan, waiver, put, platform, partners, client, decisions
):
    partners("[loan]\nterms_days = [30]\n")
    put(platform(TERMS))  # nothing is left of both
    asked = ask(LOANS, loan()).json()
    deposit = ask(WAIVERS, waiver()).json()
    for answer in (asked, deposit):
        assert answer["outcome"] == "refer"
        assert answer["degraded"][0].startswith("stopped: policy local")
        assert "terms_days" in answer["degraded"][0]
        assert answer["policy"]["name"] == "platform"
    assert deposit["deposit_due_minor"] == 30_000
    assert all("terms_days" in entry["stopped"] for entry in decisions())
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert "terms_days" in ready.json()["checks"]["policy"]
    put(platform())
    assert client.get("/readyz").status_code == 200
    assert ask(LOANS, loan(application_id="a2")).json()["policy"]["name"] == "local"


def _put_unreadable(records, name, layer, parent):
    draft = Draft(name=name, version="old", layer=layer, parent=parent, text="amounts = 'old'")
    with records.writing() as transaction:
        version = policy_moves.propose(transaction, draft, by="test")
        version = policy_moves.moved(transaction, version, Event.CHECKED, by="test")
        policy_moves.moved(transaction, version, Event.PUBLISHED, by="test")


def test_who_has_a_document_that_cannot_be_read_is_not_decided_as_if_it_had_none(
    ask, loan, branch, client
):
    _put_unreadable(branch.office.records, "local", "partner", "platform")
    branch.office.in_force.look()
    answer = ask(LOANS, loan()).json()
    assert (answer["outcome"], answer["reasons"][0]["code"]) == ("refer", "KILL_SWITCH")
    assert client.get("/readyz").status_code == 503


def test_an_unreadable_platform_refers_everybody_under_the_one_before(ask, loan, branch):
    _put_unreadable(branch.office.records, "platform", "platform", None)
    branch.office.in_force.look()
    answer = ask(LOANS, loan()).json()
    assert (answer["outcome"], answer["policy"]["version"]) == ("refer", "2026.11.1")


def test_a_text_that_was_changed_under_its_hash_decides_nothing(ask, loan, branch, partners):
    partners()
    with branch.office.records.writing() as transaction:
        transaction.connection.exec_driver_sql("DROP TRIGGER policies_refuse_update")
        transaction.connection.exec_driver_sql(
            "UPDATE policies SET text = replace(text, '0.15', '0.16') WHERE name = 'rental'"
        )
    restarted = InForce(branch.office.records, branch.register, lambda _: None, ())
    rules = restarted.rules_for(product="merchant-loan", partner="local", scene=None)
    assert "rental" in rules.stopped
    assert any("not what its hash says" in one for one in restarted.troubles)


def test_a_service_cannot_start_on_a_platform_that_it_cannot_read(tmp_path, branch):
    records = open_records(f"sqlite:///{tmp_path}/old.db")
    with records.writing() as transaction:
        policies.seed(transaction.connection, "amounts = 'old'", by="t", at=transaction.now)
    with pytest.raises(InputError, match="vouch policy publish FILE") as refused:
        InForce(records, branch.register, lambda _: None, ())
    assert "\n" not in str(refused.value)
    records.close()


def test_rules_not_looked_at_for_too_long_are_looked_at_before_anybody_is_decided(
    branch, loan, put, platform, monkeypatch
):
    import json

    from serving.cases import loan_case
    from serving.underwrite import underwrite

    case = loan_case(json.dumps(loan()).encode())
    monkeypatch.setattr(branch.office.in_force, "refresh", lambda: None)
    put(platform())
    assert underwrite(case, branch.office.desk).entry["policy"]["version"] == "2026.11.1"
    branch.office.in_force._looked_at -= 1
    assert underwrite(case, branch.office.desk).entry["policy"]["version"] == "t0"
