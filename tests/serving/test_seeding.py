"""Empty records start from every shipped document, or from one's own; broken ones start nothing."""

from pathlib import Path

import pytest

from credit.errors import InputError
from credit.policy.life import State
from records import policies
from records.policy_versions import versions
from records.store import open_records
from serving.assembly import open_seeded_records
from serving.settings import read_settings

PARTNERS = Path(__file__).resolve().parents[2] / "partners"
PLATFORM = (PARTNERS / "platform.toml").read_text()
SHOP = 'layer = "partner"\nname = "shop"\nparent = "platform"\nversion = "1"\n'


def settings(home, place=None):
    named = {"VOUCH_HOME": str(home)} | ({"VOUCH_POLICIES": str(place)} if place else {})
    return read_settings(named)


def test_every_shipped_document_is_live_and_on_record(tmp_path):
    records = open_seeded_records(settings(tmp_path))
    with records.reading() as connection:
        live = policies.live(connection, records.now(connection))
        on_record = versions(connection)
    texts = {path.read_text() for path in PARTNERS.rglob("*.toml")}
    assert {one.text for one in live.values()} == texts
    assert len(texts) > 10
    assert {one.state for one in on_record} == {State.LIVE}
    records.close()


@pytest.fixture
def folder(tmp_path):
    """A folder of one's own with the platform's document, and others as they are given."""

    def fill(**files):
        own = tmp_path / "own"
        (own / "deeper").mkdir(parents=True)
        (own / "platform.toml").write_text(PLATFORM)
        (own / "notes.md").write_text("not a policy")
        for name, text in files.items():
            (own / "deeper" / f"{name}.toml").write_text(text)
        return own

    return fill


def test_ones_own_folder_counts_with_all_below_it(tmp_path, folder):
    records = open_seeded_records(settings(tmp_path, folder(shop=SHOP)))
    with records.reading() as connection:
        assert set(policies.live(connection, records.now(connection))) == {"platform", "shop"}
    records.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = ", "no TOML"),
        (SHOP + "[loan]\nlimit = 1\n", "loan.limit"),
        (SHOP.replace("platform", "nowhere"), "nowhere"),
        (SHOP + "[loan]\namount_max_minor = 90_000_000\n", "amount_max_minor"),
        (SHOP.replace('"shop"', '"other"'), "other"),
    ],
)
def test_one_bad_document_starts_nothing_and_is_named_in_one_line(tmp_path, folder, text, told):
    place = folder(shop=text, other=SHOP.replace('"shop"', '"other"'))
    with pytest.raises(InputError) as refused:
        open_seeded_records(settings(tmp_path, place))
    assert told in str(refused.value)
    assert "deeper" in str(refused.value)
    assert "\n" not in str(refused.value)
    records = open_records(settings(tmp_path).database_url)
    with records.reading() as connection:
        assert not policies.any_live(connection)
        assert versions(connection) == []
    records.close()


def test_a_folder_without_a_platform_starts_nothing(tmp_path):
    (tmp_path / "shop.toml").write_text(SHOP)
    for place in (tmp_path / "shop.toml", tmp_path, tmp_path / "absent"):
        with pytest.raises(InputError, match=r"platform\.toml"):
            open_seeded_records(settings(tmp_path / "home", place))
