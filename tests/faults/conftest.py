"""Broken disks, wires and clocks, and servers that a test may break for itself."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from tests.stand.books import Books, open_books
from tests.stand.branch import Branch
from tests.stand.clock import FalseClock, false_clock
from tests.stand.cluster import Cluster, need_postgresql
from tests.stand.disk import tmpfs
from tests.stand.presence import missing
from tests.stand.wire import Wire


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder that other users may read: pytest's own is closed to them."""
    with tempfile.TemporaryDirectory(prefix="vouch-faults-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def new_cluster(open_folder: Path) -> Iterator[Callable[..., Cluster]]:
    """`new_cluster(folder, settings=, environ=, wal_segment_mb=)`: started, for one test."""
    need_postgresql()
    made: list[Cluster] = []

    def start(
        folder: Path | None = None, *, wal_segment_mb: int = 16, **parts: dict[str, str]
    ) -> Cluster:
        cluster = Cluster(folder or open_folder / f"cluster-{len(made)}", **parts)
        cluster.folder.mkdir(exist_ok=True)
        made.append(cluster)
        cluster.make(wal_segment_mb=wal_segment_mb)
        cluster.start()
        return cluster

    yield start
    for cluster in made:
        cluster.stop("immediate")


@pytest.fixture
def wire(postgres: Cluster) -> Iterator[Wire]:
    """A wire to the run's PostgreSQL: `wire.url(database_url)` goes through it."""
    with Wire(postgres.port) as between:
        yield between


@pytest.fixture
def small_disk() -> Iterator[Callable[[int], Path]]:
    """`small_disk(megabytes)`: a folder with no more room than that."""
    with ExitStack() as mounted:
        yield lambda megabytes: mounted.enter_context(tmpfs(megabytes))


@pytest.fixture
def faketime(open_folder: Path) -> FalseClock:
    """A wall clock to move under children started with `env=os.environ | faketime.environ`."""
    return false_clock(open_folder)


@pytest.fixture
def new_branch(records_url: str, tmp_path: Path) -> Iterator[Callable[..., Branch]]:
    """`new_branch(grace_hours=)`: a process that serves the test's records, not started yet."""
    made: list[Branch] = []

    def make(*, grace_hours: int | None = None) -> Branch:
        made.append(Branch(url=records_url, folder=tmp_path, grace_hours=grace_hours))
        return made[-1]

    yield make
    for branch in made:
        branch.end(signal.SIGKILL)


@pytest.fixture
def two_branches(new_branch: Callable[..., Branch]) -> list[Branch]:
    """Two processes on one database, where no scene has a grace."""
    branches = [new_branch(grace_hours=0) for _ in range(2)]
    for branch in branches:
        branch.fork()
    return branches


@pytest.fixture
def figures(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Says a figure to whoever looks on: it is what one runs such a test for."""

    def say(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}")  # noqa: T201 - as said

    return say


@pytest.fixture
def books(records_url: str, tmp_path: Path) -> Callable[[], AbstractContextManager[Books]]:
    """`with books() as kept`: the test's records, opened by the test itself."""
    return lambda: open_books(records_url, tmp_path / "anchors.jsonl")


@pytest.fixture(scope="session")
def strace() -> str:
    """Where strace is, tried once: a container may forbid tracing."""
    program = shutil.which("strace")
    if program is None:
        missing("strace")
    tried = subprocess.run([program, "-qq", "-e", "trace=none", "true"], check=False)
    if tried.returncode:
        missing("leave to trace a process (ptrace)")
    return program
