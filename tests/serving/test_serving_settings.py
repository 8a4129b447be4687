"""Settings survive the way into a child process; a service opens loopback alone."""

import socket
from pathlib import Path

import pytest

from credit.errors import InputError
from credit.policy.life import Event
from records import policies, policy_moves
from records.policy_versions import Draft
from serving import run
from serving.assembly import open_seeded_records
from serving.run import serve
from serving.settings import read_settings

SHIPPED = Path(__file__).resolve().parents[2] / "partners" / "platform.toml"


@pytest.mark.parametrize(
    "extra", [{}, {"VOUCH_NOW": "2005-10-01", "VOUCH_PARTNER": "hotel", "VOUCH_POLICIES": "/p"}]
)
def test_a_child_reads_the_settings_that_its_parent_has(tmp_path, extra):
    settings = read_settings({"VOUCH_HOME": str(tmp_path), **extra})
    assert read_settings(settings.environment()) == settings


@pytest.mark.parametrize(
    "url", ["sqlite", "redis://127.0.0.1:6379/0", "redis://u:p%40ss@cache:1/3", "rediss://:p@cache"]
)
def test_an_online_store_is_sqlite_or_a_redis(url):
    settings = read_settings({"VOUCH_ONLINE_STORE": url})
    assert settings.online_store == url
    assert url not in repr(settings)


@pytest.mark.parametrize(
    "url",
    [
        *("", "postgres", "mysql://u:secret@h/0", "redis:///0", "redis://h:x/0", "redis://h/db"),
        *("redis://u:sec@ret@h:99999/0", "redis://u:secret@h/0?x=1"),
    ],
)
def test_what_is_no_online_store_is_refused_without_its_password(url):
    with pytest.raises(InputError, match="VOUCH_ONLINE_STORE is") as told:
        read_settings({"VOUCH_ONLINE_STORE": url})
    assert "sec" not in str(told.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "localhost.example"])  # noqa: S104
def test_nothing_but_loopback_is_served_before_partners_have_keys(tmp_path, host):
    settings = read_settings({"VOUCH_HOME": str(tmp_path)})
    with pytest.raises(InputError, match="is not loopback, and partners have no keys yet"):
        serve(settings, host=host)
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_named(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        settings = read_settings({"VOUCH_HOME": str(tmp_path)})
        with pytest.raises(InputError, match=f"port {port} on 127.0.0.1 is in use"):
            serve(settings, port=port)


def test_bentoml_keeps_its_state_in_the_home_and_to_itself(tmp_path):
    named = run._quiet_bentoml(tmp_path)
    assert named["BENTOML_HOME"].startswith(str(tmp_path))
    assert named["BENTOML_DO_NOT_TRACK"] == "True"


def test_empty_records_start_from_the_shipped_policy(tmp_path):
    settings = read_settings({"VOUCH_HOME": str(tmp_path)})
    records = open_seeded_records(settings)
    with records.reading() as connection:
        assert policies.live(connection)[0] == SHIPPED.read_text()
    records.close()


def test_ones_own_policies_seed_empty_records_and_only_those(tmp_path):
    own = tmp_path / "policies"
    own.mkdir()
    text = SHIPPED.read_text().replace("2026.11.1", "own-1")
    (own / "platform.toml").write_text(text)
    for setting in (own, SHIPPED.parent):
        environment = {"VOUCH_HOME": str(tmp_path), "VOUCH_POLICIES": str(setting)}
        records = open_seeded_records(read_settings(environment))
        with records.reading() as connection:
            assert policies.live(connection)[0] == text
        records.close()


@pytest.mark.parametrize("text", [None, "name = 1"])
def test_a_policy_that_cannot_be_used_leaves_the_records_empty(tmp_path, text):
    path = tmp_path / "mine.toml"
    if text:
        path.write_text(text)
    environment = {"VOUCH_HOME": str(tmp_path), "VOUCH_POLICIES": str(path)}
    with pytest.raises(InputError):
        open_seeded_records(read_settings(environment))
    del environment["VOUCH_POLICIES"]
    open_seeded_records(read_settings(environment)).close()


def test_a_policy_that_an_earlier_vouch_made_live_is_named_before_anything_is_served(tmp_path):
    settings = read_settings({"VOUCH_HOME": str(tmp_path)})
    records = open_seeded_records(settings)
    old = Draft(
        name="platform", version="old", layer="platform", parent=None, text="shorter_terms_max = 1"
    )
    with records.writing() as transaction:
        version = policy_moves.propose(transaction, old, by="test")
        for event in (Event.CHECKED, Event.PUBLISHED):
            version = policy_moves.moved(transaction, version, event, by="test")
    records.close()
    with pytest.raises(InputError, match="vouch policy publish FILE"):
        serve(settings, port=0)
