"""Nobody is told that something is done before it is on disk: seen from the kernel's side."""

import os
import re
import signal
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.stand.branch import Branch
from tests.stand.client import Client
from tests.stand.orders import capture, order, release
from tests.stand.presence import missing

WATCHED = "fsync,fdatasync,recvfrom,read,sendto,sendmsg,write,writev"
# PID NAME(FD</PATH ... or PID <... NAME resumed>...
CALL = re.compile(r"(?P<pid>\d+) +(?P<name>\w+)\((?P<fd>\d+)<(?P<path>[^>]*)>(?P<rest>.*)")
RESUMED = re.compile(r"(?P<pid>\d+) +<\.\.\. (?P<name>\w+) resumed>.*= (?P<result>-?\d+)")
YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")
LOG_OF_WRITES = re.compile(r"-wal$|/pg_wal/")


@pytest.fixture
def traced(strace, records_url, tmp_path, request):
    """A branch and, behind it, the database's processes, every sync and answer written down."""
    attached: list[str] = []
    if records_url.startswith("postgresql"):
        if os.geteuid() and YAMA.exists() and YAMA.read_text().strip() != "0":
            missing("leave to trace PostgreSQL (kernel.yama.ptrace_scope=0)")
        for pid in request.getfixturevalue("postgres").pids():
            attached += ["-p", str(pid)]
    trace = tmp_path / "trace"
    under = [
        strace,
        "-I",
        "2",
        "-f",
        "-qq",
        "-y",
        "-s",
        "20",
        "-e",
        f"trace={WATCHED}",
        "-o",
        str(trace),
    ]
    branch = Branch(url=records_url, folder=tmp_path)
    branch.launch(under=[*under, *attached])
    yield branch, trace
    branch.end(signal.SIGTERM)


def test_every_change_is_on_disk_before_it_is_answered(traced, runs):
    branch, trace = traced
    many = runs(full=500, short=100)
    with Client([branch.port]) as client:
        asked = [client.ask(request) for request in changes(client, many)]
    branch.end(signal.SIGTERM)
    assert [answer.status for answer in asked] == [200] * many
    told = list(synced_before_answered(trace.read_text().splitlines()))
    assert len(told) == many
    assert all(told), f"{told.count(False)} of {many} were answered before they were on disk"


def changes(client, many):
    """Orders, each captured in part and then released, as many requests in all."""
    for number in range(0, many, 3):
        opened = order(f"o{number}", user=f"u{number // 60}")
        yield opened
        auth_no = client.ledger.told(opened.key)["hold"]["auth_no"]
        yield from [
            capture(auth_no, f"c{number}", amount_minor=1_000),
            release(auth_no, f"r{number}"),
        ][: many - number - 1]


def synced_before_answered(trace: Iterable[str]) -> Iterable[bool]:
    """For each change that was asked for: whether its log of writes was synced, then answered.

    A sync counts that began after the request was read and ended before the answer was sent. The
    trace's order is that of what caused what: a call's end is written before its caller goes on.
    """
    asked, synced, waiting = 0, False, False
    begun: dict[str, int] = {}
    for line in trace:
        if '"POST /v1/' in line:
            asked, synced, waiting = asked + 1, False, True
        elif waiting and '"HTTP/1.1 ' in line:
            yield synced
            waiting = False
        elif call := sync_of_the_log(line):
            if "unfinished" in call["rest"]:
                begun[call["pid"]] = asked
            elif call["rest"].rstrip().endswith("= 0"):
                synced = True
        elif (ended := RESUMED.match(line)) and "sync" in ended["name"]:
            synced |= begun.pop(ended["pid"], None) == asked and ended["result"] == "0"


def sync_of_the_log(line: str) -> re.Match[str] | None:
    """A call that waits until the database's log of writes is on disk, if the line is one."""
    call = CALL.match(line)
    if call and "sync" in call["name"] and LOG_OF_WRITES.search(call["path"]):
        return call
    return None


def test_a_trace_tells_early_answers_from_durable_ones():
    asked, told = (
        '7 recvfrom(9<socket:[1]>, "POST /v1/d"...',
        '7 sendto(9<socket:[1]>, "HTTP/1.1 2"',
    )
    wal, other = "8 fdatasync(5</d/pg_wal/0001>", "8 fsync(6</d/anchors.jsonl>) = 0"
    begun, ended = f"{wal} <unfinished ...>", "8 <... fdatasync resumed>) = 0"
    lives = {
        (asked, f"{wal}) = 0", told): True,
        (asked, begun, ended, told): True,
        (asked, told, f"{wal}) = 0"): False,
        (asked, begun, told, ended): False,
        (begun, asked, ended, told): False,
        (asked, other, told): False,
        (asked, f"{wal}) = -1 EIO", told): False,
    }
    for trace, durable in lives.items():
        assert list(synced_before_answered(trace)) == [durable], trace
