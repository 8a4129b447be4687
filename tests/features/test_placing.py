"""A file is on disk before it has its name, and so is the name."""

import os

import pytest

from features import placing
from features.placing import fresh_name, into_place, put


@pytest.fixture
def seen(monkeypatch):
    """What was synced and renamed, in order, by the name it had then."""
    steps, descriptors = [], {}
    opened, synced, replaced = os.open, os.fsync, placing.Path.replace

    def note_open(path, flags):
        descriptor = opened(path, flags)
        descriptors[descriptor] = path
        return descriptor

    def note_sync(descriptor):
        steps.append(("sync", descriptors[descriptor].name))
        synced(descriptor)

    def note_replace(fresh, target):
        steps.append(("name", target.name))
        return replaced(fresh, target)

    monkeypatch.setattr(placing.os, "open", note_open)
    monkeypatch.setattr(placing.os, "fsync", note_sync)
    monkeypatch.setattr(placing.Path, "replace", note_replace)
    return steps


def test_a_file_is_synced_then_named_then_the_name_is_synced(tmp_path, seen):
    put(tmp_path / "a", lambda stream: stream.write(b"all"))
    fresh = fresh_name(tmp_path / "a").name
    assert seen == [("sync", fresh), ("name", "a"), ("sync", tmp_path.name)]
    assert (tmp_path / "a").read_bytes() == b"all"


def test_of_a_folder_every_file_is_synced_first(tmp_path, seen):
    fresh = fresh_name(tmp_path / "folder")
    fresh.mkdir()
    (fresh / "0001").write_bytes(b"1")
    into_place(fresh, tmp_path / "folder")
    assert [what for what, _ in seen] == ["sync", "sync", "name", "sync"]
    assert seen[0] == ("sync", "0001")


def test_what_fails_half_way_leaves_what_was_there(tmp_path):
    put(tmp_path / "a", lambda stream: stream.write(b"old"))

    def fails(stream):
        stream.write(b"ne")
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        put(tmp_path / "a", fails)
    assert (tmp_path / "a").read_bytes() == b"old"
