"""`vouch policy` as its users meet it: one line, the right exit code, nothing done by mistake."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.main import run
from records import policies, policy_versions
from records.store import open_records

PLATFORM = (Path(__file__).resolve().parents[2] / "partners" / "platform.toml").read_text()
TRAVEL = """
layer = "industry"
name = "travel"
parent = "platform"
version = "1"
lead = "big_hotels"
[loan]
amount_max_minor = 40_000_000
"""
HOTELS = """
layer = "partner"
name = "big_hotels"
parent = "travel"
version = "1"
"""
INN = """
layer = "partner"
name = "small_inn"
parent = "travel"
version = "1"
[loan]
amount_max_minor = 30_000_000
"""
ROOMS = """
layer = "scene"
name = "small_inn.hotel"
parent = "small_inn"
scene = "hotel"
version = "1"
[waiver.scenes.hotel]
credit_max_minor = 100_000
"""
TIGHTER = INN.replace('"1"', '"2"').replace("30_000_000", "20_000_000")
NOW_AT = datetime(2026, 6, 30, 12, tzinfo=UTC)
NOW, LATER = "2026-06-30T12:00:00", "2026-07-01T00:00:00"
ANN, BEN, MEI, LI = ("--as=ann", "--as=ben", "--as=small_inn/mei", "--as=big_hotels/li")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home whose records have yet to be made, and the policies that they begin with."""
    shipped = tmp_path / "partners"
    shipped.mkdir()
    documents = {"platform": PLATFORM, "travel": TRAVEL, "hotels": HOTELS, "inn": INN}
    for name, text in {**documents, "rooms": ROOMS}.items():
        (shipped / f"{name}.toml").write_text(text)
    monkeypatch.setenv("VOUCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("VOUCH_POLICIES", str(shipped))
    monkeypatch.setenv("VOUCH_NOW", NOW)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def vouch(home, capsys):
    """`vouch("check", ...)`: exit code, standard output, and what was complained of."""

    def call(*arguments):
        capsys.readouterr()
        code = run(["policy", *arguments])
        told = capsys.readouterr()
        assert len(told.err.splitlines()) <= 1
        return code, told.out, told.err

    return call


@pytest.fixture
def document(home):
    """`document(text)`: the path of a file that holds it."""

    def write(text, name="candidate.toml"):
        (home / name).write_text(text)
        return name

    return write


@pytest.fixture
def url(home):
    return f"sqlite:///{home}/home/records.db"


@pytest.fixture
def kept(url):
    """`kept()`: versions with their states, events, and what is live by name."""

    def read():
        records = open_records(url)
        with records.reading() as connection:
            found = (
                {one.ref: one.state.value for one in policy_versions.versions(connection)},
                [(one.name, one.event, one.by) for one in policy_versions.history(connection)],
                {name: one[1] for name, one in policies.live(connection, NOW_AT).items()},
            )
        records.close()
        return found

    return read


BROKEN = {
    "no TOML": ("layer = ", "is no TOML"),
    "unknown field": (INN + "generosity = 3\n", "loan.generosity is no policy field"),
    "wrong unit": (INN.replace("30_000_000", '"much"'), "loan.amount_max_minor is 'much'"),
    "no bounds": ('layer = "partner"\nname = "small_inn"\nversion = "2"\n', "parent is missing"),
    "a platform without bounds": ('name = "platform"\nversion = "2"\n', "currency is missing"),
    "a missing parent": (TIGHTER.replace('"travel"', '"space"'), "parent is 'space'"),
    "a parent of its own layer": (TIGHTER.replace('"travel"', '"big_hotels"'), "parent is 'big_"),
    "its own parent": (TIGHTER.replace('"travel"', '"small_inn"'), "parent is 'small_inn'"),
    "a loosening": (
        TIGHTER.replace("20_000_000", "41_000_000"),
        "loan.amount_max_minor is 41000000, travel allows at most 40000000",
    ),
    "overlapping bands": (
        INN.replace('"1"', '"2"')
        + "".join(
            f'[[loan.bands]]\nname = "{name}"\nprobability_from = {start}\nprobability_to = {end}\n'
            "amount_max_minor = 0\nturnover_multiple = 0\n"
            for name, start, end in (("A", 0, 0.5), ("B", 0.4, 1))
        ),
        "loan.bands",
    ),
    "another text under a known version": (INN + "offers_max = 1\n", "with another text"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_one_line_and_nothing_is_published(name, vouch, document, kept):
    text, said = BROKEN[name]
    vouch("stop", "--scene=none", "--why=opens the records", ANN)
    before = kept()
    code, _, complaint = vouch("publish", document(text), ANN)
    assert (code, kept()) == (2, before), complaint
    assert said in complaint
    if name != "another text under a known version":
        code, _, complaint = vouch("check", document(text))
        assert code == 2
        assert f"candidate.toml: {said}" in complaint or said in complaint


@pytest.mark.parametrize(
    ("who", "text"),
    [
        (LI, TIGHTER),
        (LI, ROOMS.replace('"1"', '"2"')),
        ("--as=stranger/x", TIGHTER),
        ("--as=stranger/x", TRAVEL.replace('"1"', '"2"')),
        ("--as=stranger/x", PLATFORM.replace('"2026.11.1"', '"2"')),
        (MEI, TRAVEL.replace('"travel"', '"sports"').replace("big_hotels", "other")),
    ],
)
def test_a_partner_that_edits_anothers_is_bad_input(who, text, vouch, document, kept):
    vouch("stop", "--scene=none", "--why=opens the records", ANN)
    before = kept()
    code, _, complaint = vouch("publish", document(text), who)
    assert (code, kept()) == (2, before)
    assert "may not propose" in complaint


def test_a_partner_publishes_its_own_tightening_by_itself(vouch, document, kept):
    code, told, _ = vouch("publish", document(TIGHTER), MEI)
    assert (code, told) == (0, "small_inn@2 is live\n")
    states, events, _ = kept()
    assert (states["small_inn@1"], states["small_inn@2"]) == ("superseded", "live")
    assert events[-1] == ("small_inn", "published", "small_inn/mei")
    assert vouch("publish", document(TIGHTER), MEI)[:2] == (0, "small_inn@2 is live\n")
    assert kept()[1] == events


def test_the_platforms_policy_waits_for_another_pair_of_eyes(vouch, document, kept):
    path = document(PLATFORM.replace('"2026.11.1"', '"2"'))
    code, told, _ = vouch("publish", path, ANN)
    assert code == 1
    assert "platform@2 is checked and waits: the platform must approve" in told
    assert "vouch policy approve platform@2" in told
    for arguments, said in (
        (("publish", "platform@2", ANN), "awaits approval"),
        (("approve", "platform@2", ANN), "wrote this version"),
        (("approve", "platform@2", "--as=small_inn/ANN"), "wrote this version"),
        (("approve", "platform@2", BEN), "was not simulated"),
    ):
        before = kept()
        code, told, _ = vouch(*arguments)
        assert (code, kept()) == (1, before)
        assert said in told
    code, _, complaint = vouch("approve", "platform@2", MEI, "--unsimulated=why")
    assert (code, "may not approve" in complaint) == (2, True)
    assert vouch("approve", "platform@2", BEN, "--unsimulated=only the name of it")[0] == 0
    assert vouch("publish", "platform@2", BEN)[0] == 0
    assert kept()[0]["platform@2"] == "live"
    assert ("platform", "approved", "platform/ben") in kept()[1]


def test_a_member_proposes_to_its_industry_and_the_lead_decides(vouch, document, kept):
    code, told, _ = vouch("publish", document(TRAVEL.replace('"1"', '"2"')), MEI)
    assert code == 1
    assert "big_hotels (its lead) or the platform must approve" in told
    assert vouch("approve", "travel@2", MEI, "--unsimulated=x")[0] == 1
    assert vouch("approve", "travel@2", LI, "--unsimulated=small")[0] == 0
    assert vouch("publish", "travel@2", MEI)[0] == 2
    assert vouch("publish", "travel@2", LI)[0] == 0
    assert kept()[0]["travel@2"] == "live"


def test_a_guarantee_is_the_platforms_to_approve(vouch, document):
    text = TIGHTER.replace("version", "first_loss_minor = 1_000_000\nversion")
    code, told, _ = vouch("publish", document(text), MEI)
    assert (code, "the platform must approve first_loss_minor" in told) == (1, True)
    code, told, _ = vouch("check", document(text))
    assert (code, "to publish it the platform must approve first_loss_minor" in told) == (0, True)


def test_an_industry_that_tightens_tells_what_it_bounds_below(vouch, document):
    text = TRAVEL.replace('"1"', '"2"').replace("40_000_000", "25_000_000")
    bounded = "small_inn: loan.amount_max_minor is 30000000, travel allows at most 25000000"
    assert bounded in vouch("check", document(text))[1]
    code, told, _ = vouch("publish", document(text), LI)
    assert code == 0
    assert f"held to its bound: {bounded}" in told
    field = next(
        one
        for one in json.loads(vouch("show", "small_inn", "--json")[1])["fields"]
        if one["path"] == "loan.amount_max_minor"
    )
    assert (field["value"], field["layer"]) == ("25000000", "travel")


def test_an_industry_that_would_break_a_partner_is_refused_by_the_partners_name(
    vouch, document, kept
):
    inn = INN.replace('"1"', '"2"') + "amount_min_minor = 5_000_000\n"
    assert vouch("publish", document(inn), MEI)[0] == 0
    before = kept()
    text = TRAVEL.replace('"1"', '"2"').replace("40_000_000", "1_000_000")
    code, _, complaint = vouch("publish", document(text), LI)
    assert (code, kept()) == (2, before)
    assert "travel 2 would break small_inn" in complaint


def test_a_whole_life_by_command(vouch, document, kept, monkeypatch):
    path = document(TIGHTER)
    assert vouch("publish", path, "--shadow", MEI)[1] == "small_inn@2 is shadow\n"
    code, told, _ = vouch("publish", "small_inn@2", f"--from={LATER}", MEI)
    assert (code, told) == (0, "small_inn@2 is scheduled\n")
    assert "loan.amount_max_minor" in vouch("diff", "small_inn", "small_inn@2")[1]
    monkeypatch.setenv("VOUCH_NOW", "2026-07-01T00:00:01")
    assert vouch("diff", "small_inn", "small_inn@2")[1] == "they do not differ\n"
    code, told, _ = vouch("rollback", "small_inn", MEI, "--note=too tight")
    assert (code, told) == (0, "small_inn@1 is live\n")
    told = vouch("history", "small_inn")[1].splitlines()
    assert [line.split()[1:4] for line in told[1:]] == [
        ["small_inn@2", "proposed", "small_inn/mei"],
        ["small_inn@2", "checked", "small_inn/mei"],
        ["small_inn@2", "shadowed", "small_inn/mei"],
        ["small_inn@2", "scheduled", "small_inn/mei"],
        ["small_inn@1", "superseded", "small_inn/mei"],
        ["small_inn@2", "took_place", "small_inn/mei"],
        ["small_inn@2", "rolled_back", "small_inn/mei"],
        ["small_inn@1", "restored", "small_inn/mei"],
    ]
    assert "note: too tight" in told[-1]
    assert vouch("rollback", "small_inn", MEI)[0] == 1


def test_a_partner_does_not_roll_back_out_of_its_industry(vouch, document, kept):
    free = INN.replace('"1"', '"2"').replace('"travel"', '"platform"')
    assert vouch("publish", document(free), MEI)[0] == 1
    assert vouch("approve", "small_inn@2", BEN, "--unsimulated=agreed")[0] == 0
    assert vouch("publish", "small_inn@2", MEI)[0] == 0
    assert vouch("publish", document(INN.replace('"1"', '"3"')), ANN)[0] == 0
    assert vouch("rollback", "small_inn", ANN)[0] == 0
    code, told, _ = vouch("rollback", "small_inn", MEI)
    assert (code, "awaits approval of parent" in told) == (1, True)
    assert vouch("rollback", "small_inn", ANN)[0] == 0


def test_what_is_withdrawn_stays_withdrawn(vouch, document):
    vouch("publish", document(PLATFORM.replace('"2026.11.1"', '"2"')), ANN)
    assert vouch("withdraw", "platform@2", MEI)[0] == 2
    assert vouch("withdraw", "platform@2", ANN)[:2] == (0, "platform@2 is withdrawn\n")
    assert vouch("approve", "platform@2", BEN, "--unsimulated=x")[0] == 1
    assert vouch("publish", document(PLATFORM.replace('"2026.11.1"', '"2"')), ANN)[0] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["publish", "small_inn@9"], "small_inn@9 is not on record"),
        (["publish", "small_inn"], "'small_inn' names no version"),
        (["publish", "absent.toml"], "absent.toml cannot be read"),
        (["publish", "small_inn@1", "--from=soon"], "--from is 'soon'"),
        (["publish", "rooms.toml", "--from=2026-06-30"], "is past"),
        (["publish", "small_inn@1", "--from=2026-06-30", "--shadow"], "--shadow and --from"),
        (["approve", "small_inn@9"], "small_inn@9 is not on record"),
        (["withdraw", "small_inn@9"], "small_inn@9 is not on record"),
        (["publish", "small_inn@1", "--as=a/b/c"], "--as is 'a/b/c'"),
        (["show", "nobody"], "no policy nobody is in force"),
        (["show", "small_inn.moon"], "has no scene 'moon'"),
        (["diff", "small_inn", "small_inn@9"], "small_inn@9 is not on record"),
        (["stop", "--why=x"], "nothing is named"),
        (["stop", "--why= ", "--scene=bike"], "--why is blank"),
        (["stop", "--why=x", "--product=loans"], "--product is 'loans'"),
        (["stop", "--why=x", "--scene=bike", "--as=small_inn/mei"], "may not switch"),
        (["check", "empty"], "empty holds no policy"),
        (["check", "partners", "rooms.toml"], "small_inn.hotel stands in"),
    ],
)
def test_bad_use_is_one_line_and_code_2(arguments, said, vouch, document, home):
    document(ROOMS.replace('"1"', '"2"'), "rooms.toml")
    (home / "empty").mkdir()
    code, _, complaint = vouch(*arguments)
    assert (code, said in complaint) == (2, True), complaint


def test_a_folder_is_checked_whole_and_makes_no_records(vouch, home):
    code, told, _ = vouch("check", "partners", "--json")
    assert code == 0
    assert [one["name"] for one in json.loads(told)["documents"]] == [
        "platform",
        "travel",
        "big_hotels",
        "small_inn",
        "small_inn.hotel",
    ]
    assert not (home / "home").exists()


def test_a_scene_shows_for_each_value_which_layer_it_came_from(vouch, document):
    vouch("stop", "--scene=none", "--why=opens the records", ANN)
    _, told, _ = vouch("show", "small_inn.hotel", "--json")
    found = json.loads(told)
    layers = {one["path"]: one["layer"] for one in found["fields"]}
    assert [one["name"] for one in found["layers"]] == [
        "platform",
        "travel",
        "small_inn",
        "small_inn.hotel",
    ]
    assert layers["waiver.scenes.hotel.credit_max_minor"] == "small_inn.hotel"
    assert layers["waiver.scenes.hotel.deposit_max_minor"] == "platform"
    assert not [path for path in layers if path.startswith(("loan.", "waiver.scenes.bike"))]
    assert "small_inn.hotel  100000 minor units" in vouch("show", "small_inn.hotel")[1]


def test_a_difference_says_which_is_looser(vouch, document):
    vouch("stop", "--scene=none", "--why=opens the records", ANN)
    path = document(TIGHTER)
    line = "loan.amount_max_minor: 30000000 -> 20000000 (tighter)"
    assert line in vouch("diff", "small_inn", path)[1]
    assert "20000000 -> 30000000 (looser)" in vouch("diff", path, "small_inn@1")[1]
    assert vouch("diff", "--stated", "small_inn", path)[1] == f"{line}\n"


def test_a_switch_is_thrown_listed_and_let_go(vouch):
    assert vouch("stop", "--partner=small_inn", "--why=fraud", ANN)[0] == 0
    assert "partner small_inn: stopped since 2026-06-30" in vouch("stops")[1]
    code, _, complaint = vouch("resume", "--partner=small_inn", "--why=x", MEI)
    assert (code, "platform/ann threw this switch" in complaint) == (2, True)
    assert vouch("resume", "--partner=small_inn", "--why=over", BEN)[0] == 0
    assert vouch("resume", "--partner=small_inn", "--why=over", BEN)[0] == 1
    assert vouch("stops")[1] == "nothing\n"


def test_machines_read_what_became_of_an_order(vouch, document):
    told = json.loads(vouch("publish", document(TIGHTER), MEI, "--json")[1])
    assert (told["ref"], told["state"], told["bounded"]) == ("small_inn@2", "live", [])
    path = document(PLATFORM.replace('"2026.11.1"', '"2"'))
    assert "approve" in json.loads(vouch("publish", path, ANN, "--json")[1])["waits"]
    refused = json.loads(vouch("publish", "platform@2", ANN, "--json")[1])["refused"]
    assert refused["code"] == "APPROVAL_AWAITED"
