"""What every test may ask for."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console import priority
from tests.stand.cluster import Cluster, need_postgresql
from tests.stand.presence import missing
from tests.stand.redis_server import RedisServer, need_redis

ROOT = Path(__file__).resolve().parent.parent
priority.NICENESS = 0  # of a command inside this process: all later tests would give way, too


@pytest.fixture(scope="session")
def shared_datasets() -> Path:
    """The folder of real public data; a loud skip where absent, a failure under CI."""
    folder = Path(os.environ.get("VOUCH_SHARED_DATASETS", ROOT.parent / "shared" / "datasets"))
    if not folder.is_dir():
        missing(f"the folder of public data ({folder})")
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """One PostgreSQL for the whole run. Who stops it starts it again."""
    need_postgresql()
    # Not pytest's own folder, which PostgreSQL's user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="vouch-postgres-"))
    cluster = Cluster(folder)
    try:
        cluster.make()
        cluster.start()
        yield cluster
    finally:
        cluster.stop("immediate")
        shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def records_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of records that nobody has opened yet, on each database in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/records.db"
        return
    cluster: Cluster = request.getfixturevalue("postgres")
    cluster.start()  # a test before us may have died while it was stopped
    url = cluster.new_database()
    yield url
    cluster.start()
    cluster.drop(url)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One Redis for the whole run. Who stops it starts it again."""
    need_redis()
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(params=["sqlite", "redis"])
def online_store(request: pytest.FixtureRequest) -> str:
    """VOUCH_ONLINE_STORE: each online store in turn, with nothing in it."""
    if request.param == "sqlite":
        return "sqlite"
    server: RedisServer = request.getfixturevalue("redis_server")
    server.start()  # a test before us may have died while it was stopped
    server.client().flushall()
    return server.url


@pytest.fixture(scope="session")
def runs() -> Callable[..., int]:
    """`runs(full=2000, short=50)`: how often, in `make acceptance` and in any other run."""
    acceptance = os.environ.get("VOUCH_ACCEPTANCE") == "1"
    return lambda *, full, short: full if acceptance else short
