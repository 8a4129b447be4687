"""The online store in Redis. Feast loads this class by name.

`vouch:VIEW/ID` is a row, `vouch:VIEW+ID` the one that is staged beside it, `vouch:VIEW` the marker.
Several homes may share a Redis: what stands behind a `#` of the URL is said instead of `vouch`.
One MGET reads all of them, and one command is one instant of Redis. Whatever writes under a
condition is a script there: older never replaces newer, and an attempt that was overtaken writes
nothing. Staged ids are listed at `vouch:VIEW:staged`, so that nothing ever walks all keys to tidy.
"""

import json
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from feast import Entity, FeatureView
from feast.repo_config import FeastConfigBaseModel, RepoConfig
from pydantic import SecretStr
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from features.online_ping import evicting
from features.online_rows import (
    Attempt,
    Fetched,
    Marker,
    OvertakenError,
    RowOnlineStore,
    StoreAwayError,
    Stored,
    instant_of,
    microseconds,
)
from features.packing import DIGEST_BYTES, GONE, Layout

NAMESPACE = "vouch"
ROWS_A_STEP = 50  # Redis answers nobody else meanwhile: about a tenth of a millisecond
PUSHED_LIVE_SECONDS = 7 * 86_400  # what is pushed stands beside a day; a week later nobody reads it
_STAMP = struct.Struct("<qq")  # event time and generation, before a row's bytes
_DIGEST_END = _STAMP.size + DIGEST_BYTES - 1
_OVERTAKEN = "OVERTAKEN"

_CLAIM = """
local there = redis.call('GET', KEYS[1])
local done = there and cjson.decode(there)['generation'] or 0
redis.call('HSETNX', KEYS[2], 'generation', done)
redis.call('HSETNX', KEYS[2], 'snapshot', '')
redis.call('HSET', KEYS[2], 'token', ARGV[1])
return {redis.call('HGET', KEYS[2], 'generation'), redis.call('HGET', KEYS[2], 'snapshot'), done}
"""
_HOLD = """
if redis.call('HGET', KEYS[2], 'token') ~= ARGV[1] then
  return redis.error_reply('OVERTAKEN another publication was begun')
end
"""
_HEADS = """
local heads = {}
for place = 4, #ARGV do
  heads[#heads + 1] = redis.call('GETRANGE', ARGV[1] .. ARGV[place], 0, ARGV[3])
  heads[#heads + 1] = redis.call('GETRANGE', ARGV[2] .. ARGV[place], 0, ARGV[3])
end
return heads
"""
_STAGE = """
for place = 3, #ARGV, 2 do
  redis.call('SET', ARGV[2] .. ARGV[place], ARGV[place + 1])
  redis.call('RPUSH', KEYS[3], ARGV[place])
end
"""
_SWITCH = """
local said = redis.call('GET', KEYS[1])
if said then
  local there, new = cjson.decode(said), cjson.decode(ARGV[2])
  local same = there['definitions_sha256'] == new['definitions_sha256']
  if same and there['event_us'] > new['event_us'] then
    return redis.error_reply('OVERTAKEN a newer day is published')
  end
end
redis.call('SET', KEYS[1], ARGV[2])
"""
# What was staged by the published generation takes its row's place; what died goes.
_SWEEP = """
local done = ARGV[2]
local ids = redis.call('LRANGE', KEYS[3], 0, ARGV[5] - 1)
for _, id in ipairs(ids) do
  local staged = ARGV[4] .. id
  local stamp = redis.call('GETRANGE', staged, 8, 15)
  if stamp == done then
    if redis.call('STRLEN', staged) > 16 then
      redis.call('RENAME', staged, ARGV[3] .. id)
    else
      redis.call('DEL', staged, ARGV[3] .. id)
    end
  else
    redis.call('DEL', staged)
  end
end
redis.call('LTRIM', KEYS[3], #ids, -1)
return #ids
"""
_OPEN = "redis.call('HSET', KEYS[2], 'generation', ARGV[2], 'snapshot', ARGV[3])"
# Not refused: said twice, since the first answer was lost, it would be gone the second time.
_CLOSE = """
if redis.call('HGET', KEYS[2], 'token') == ARGV[1] then redis.call('DEL', KEYS[2]) end
"""
_PUT = """
for place = 2, #ARGV, 2 do
  local there = redis.call('GETRANGE', ARGV[place], 0, 7)
  if there == '' or struct.unpack('<i8', there) <= struct.unpack('<i8', ARGV[place + 1]) then
    redis.call('SET', ARGV[place], ARGV[place + 1], 'EX', ARGV[1])
  end
end
"""


class RowRedisOnlineStoreConfig(FeastConfigBaseModel):
    """Which Redis; Feast finds this class by its name. The URL may hold a password."""

    type: Literal["features.online_redis.RowRedisOnlineStore"] = (
        "features.online_redis.RowRedisOnlineStore"
    )
    url: SecretStr
    patience_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class _Keys:
    """What a home's rows are called."""

    namespace: str

    @property
    def layouts(self) -> str:
        """How rows are read."""
        return f"{self.namespace}:layouts"

    def view(self, view: str) -> str:
        return f"{self.namespace}:{view}"

    def row(self, view: str, one: str) -> str:
        return f"{self.namespace}:{view}/{one}"

    def staged(self, view: str, one: str) -> str:
        return f"{self.namespace}:{view}+{one}"


class RowRedisOnlineStore(RowOnlineStore):
    """A string an entity and view, of a stamp and the packed row."""

    def __init__(self) -> None:
        super().__init__()
        self._client: Redis | None = None
        self._named: _Keys | None = None
        self._seen: tuple[bytes | None, Marker | None] = (None, None)

    def update(  # noqa: D102, PLR0917
        self,
        config: RepoConfig,
        tables_to_delete: Sequence[FeatureView],
        tables_to_keep: Sequence[FeatureView],  # noqa: ARG002
        entities_to_delete: Sequence[Entity],  # noqa: ARG002
        entities_to_keep: Sequence[Entity],  # noqa: ARG002
        partial: bool,  # noqa: ARG002, FBT001
    ) -> None:
        with self._redis(config) as redis:
            forgetful = evicting(redis.info("memory"))
        if forgetful:
            raise StoreAwayError(f"online store: {forgetful}; set it to noeviction")
        self._forget(config, tables_to_delete)

    def teardown(  # noqa: D102
        self,
        config: RepoConfig,
        tables: Sequence[FeatureView],
        entities: Sequence[Entity],  # noqa: ARG002
    ) -> None:
        self._forget(config, tables)
        with self._redis(config) as redis:
            redis.unlink(self._keys(config).layouts)

    def marker(self, config: RepoConfig, view: str) -> Marker | None:  # noqa: D102
        with self._redis(config) as redis:
            return self._marker(redis.get(self._keys(config).view(view)))

    def fetch(  # noqa: D102
        self, config: RepoConfig, view: str, ids: Sequence[str], *, pushed: str | None = None
    ) -> Fetched:
        named = self._keys(config)
        keys = [named.view(view)]
        keys += [named.row(view, it) for it in ids] + [named.staged(view, it) for it in ids]
        if pushed:
            keys += [named.row(pushed, it) for it in ids]
        with self._redis(config) as redis:
            said, *found = redis.mget(keys)
        marker, count = self._marker(said), len(ids)
        rows, staged, beside = found[:count], found[count : 2 * count], found[2 * count :]
        now = marker.generation if marker else None
        newest = (
            one if other is None or _STAMP.unpack_from(other)[1] != now else other
            for one, other in zip(rows, staged, strict=True)
        )
        return Fetched(
            marker, [_stored(it) for it in newest], [_stored(it) for it in beside or [None] * count]
        )

    def claim(self, config: RepoConfig, view: str, token: str) -> tuple[Attempt, int]:  # noqa: D102
        generation, snapshot, done = self._run(config, view, _CLAIM, token)
        return Attempt(view, token, int(generation), snapshot.decode()), done

    def open_attempt(self, config: RepoConfig, attempt: Attempt) -> None:  # noqa: D102
        self._hold(config, attempt, _OPEN, attempt.generation, attempt.snapshot)

    def digests(  # noqa: D102
        self, config: RepoConfig, attempt: Attempt, ids: Sequence[str]
    ) -> list[tuple[bytes | None, bytes | None]]:
        named, view = self._keys(config), attempt.view
        heads: list[bytes] = []
        keys = (named.row(view, ""), named.staged(view, ""))
        for start in range(0, len(ids), ROWS_A_STEP):
            some = ids[start : start + ROWS_A_STEP]
            heads += self._run(config, view, _HEADS, *keys, _DIGEST_END, *some)
        published = (head[_STAMP.size :] or None for head in heads[::2])
        staged = (_digest_of(head, attempt.generation) for head in heads[1::2])
        return list(zip(published, staged, strict=True))

    def stage(  # noqa: D102
        self,
        config: RepoConfig,
        attempt: Attempt,
        rows: Sequence[tuple[str, bytes]],
        at: datetime,
    ) -> None:
        stamp = _STAMP.pack(microseconds(at), attempt.generation)
        for start in range(0, len(rows), ROWS_A_STEP):
            words: list[str | bytes] = []
            for one, row in rows[start : start + ROWS_A_STEP]:
                words += (one, stamp + row)
            self._hold(config, attempt, _STAGE, self._keys(config).staged(attempt.view, ""), *words)

    def published_ids(self, config: RepoConfig, view: str) -> Iterator[list[str]]:  # noqa: D102
        prefix = self._keys(config).row(view, "")
        with self._redis(config) as redis:
            cursor = 0
            while True:
                cursor, keys = redis.scan(cursor, match=f"{prefix}*", count=1_000)
                yield list({key.decode().removeprefix(prefix) for key in keys})
                if cursor == 0:
                    return

    def switch(self, config: RepoConfig, attempt: Attempt, marker: Marker) -> None:  # noqa: D102
        said = asdict(marker) | {"event_us": microseconds(marker.event_time)}
        del said["event_time"]
        self._hold(config, attempt, _SWITCH, json.dumps(said))

    def has_attempt(self, config: RepoConfig, view: str) -> bool:  # noqa: D102
        with self._redis(config) as redis:
            return bool(redis.exists(f"{self._keys(config).view(view)}:attempt"))

    def sweep(self, config: RepoConfig, attempt: Attempt) -> None:  # noqa: D102
        marker, view = self.marker(config, attempt.view), attempt.view
        done = struct.pack("<q", marker.generation if marker else 0)
        named = self._keys(config)
        words = (done, named.row(view, ""), named.staged(view, ""), ROWS_A_STEP)
        while self._hold(config, attempt, _SWEEP, *words):
            pass

    def close_attempt(self, config: RepoConfig, attempt: Attempt) -> None:  # noqa: D102
        self._run(config, attempt.view, _CLOSE, attempt.token)

    def put(  # noqa: D102
        self, config: RepoConfig, view: str, rows: Sequence[tuple[str, Stored]]
    ) -> None:
        for start in range(0, len(rows), ROWS_A_STEP):
            words: list[str | bytes] = []
            for one, stored in rows[start : start + ROWS_A_STEP]:
                stamp = _STAMP.pack(microseconds(stored.event_time), 0)
                words += (self._keys(config).row(view, one), stamp + stored.row)
            self._run(config, view, _PUT, PUSHED_LIVE_SECONDS, *words)

    def keep_layout(self, config: RepoConfig, layout: Layout) -> None:  # noqa: D102
        with self._redis(config) as redis:
            redis.hset(self._keys(config).layouts, layout.name, layout.to_json())

    def layout(self, config: RepoConfig, name: bytes) -> Layout:  # noqa: D102
        with self._redis(config) as redis:
            found = redis.hget(self._keys(config).layouts, name)
        if found is None:
            raise StoreAwayError("the online store does not know how its rows are read")
        return Layout.from_json(found)

    def _marker(self, said: bytes | None) -> Marker | None:
        """What a marker says; it is read anew with every row, and hardly ever another."""
        if said != self._seen[0]:
            self._seen = (said, None if said is None else _marker_of(json.loads(said)))
        return self._seen[1]

    def _forget(self, config: RepoConfig, views: Sequence[FeatureView]) -> None:
        with self._redis(config) as redis:
            for published in (self._keys(config).view(view.name) for view in views):
                for mark in "/+:":
                    for key in redis.scan_iter(match=f"{published}{mark}*", count=1_000):
                        redis.unlink(key)
                redis.unlink(published)

    def _hold(self, config: RepoConfig, attempt: Attempt, script: str, *words: Any) -> Any:
        """Run a script that does nothing where the attempt was overtaken."""
        return self._run(config, attempt.view, _HOLD + script, attempt.token, *words)

    def _run(self, config: RepoConfig, view: str, script: str, *words: Any) -> Any:
        published = self._keys(config).view(view)
        keys = (published, f"{published}:attempt", f"{published}:staged")
        with self._redis(config) as redis:
            return redis.register_script(script)(keys=keys, args=words)

    def _keys(self, config: RepoConfig) -> "_Keys":
        if self._named is None:
            url = config.online_store.url.get_secret_value()
            self._named = _Keys(urlsplit(url).fragment or NAMESPACE)
        return self._named

    @contextmanager
    def _redis(self, config: RepoConfig) -> Iterator[Redis]:
        if self._client is None:
            patience = config.online_store.patience_seconds
            self._client = Redis.from_url(
                config.online_store.url.get_secret_value(),
                socket_timeout=patience,
                socket_connect_timeout=patience,
                # What was closed while idle is opened again; who is slow is not asked twice.
                retry=Retry(NoBackoff(), 1, supported_errors=(Disconnected,)),
            )
        try:
            yield self._client
        except ResponseError as error:
            if str(error).startswith(_OVERTAKEN):
                raise OvertakenError(str(error).removeprefix(_OVERTAKEN).strip()) from None
            raise StoreAwayError(f"online store: {error}") from None
        except RedisError as error:
            raise StoreAwayError(f"online store: {type(error).__name__}") from None


def _marker_of(said: dict[str, Any]) -> Marker:
    return Marker(event_time=instant_of(said.pop("event_us")), **said)


def _stored(found: bytes | None) -> Stored | None:
    if found is None or found[_STAMP.size :] == GONE:
        return None
    return Stored(instant_of(_STAMP.unpack_from(found)[0]), found[_STAMP.size :])


def _digest_of(head: bytes, generation: int) -> bytes | None:
    """The digest of a staged row, where that generation staged it."""
    if len(head) < _STAMP.size or _STAMP.unpack_from(head)[1] != generation:
        return None
    return head[_STAMP.size :]
