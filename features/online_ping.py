"""Whether the online store is there, told in well under a second: without Feast."""

from pathlib import Path

from features.publication import store_file
from features.repository import SQLITE

PATIENCE_SECONDS = 1.0


def trouble_of(home: Path, online_store: str) -> str:
    """What is wrong with the online store, in few words and without its password; empty if well."""
    if online_store == SQLITE:
        return "" if store_file(home).exists() else f"{store_file(home)} is not there yet"
    from redis import Redis
    from redis.exceptions import RedisError

    try:
        with Redis.from_url(
            online_store,
            socket_timeout=PATIENCE_SECONDS,
            socket_connect_timeout=PATIENCE_SECONDS,
        ) as redis:
            return evicting(redis.info("memory"))
    except RedisError as error:
        return f"Redis does not answer: {type(error).__name__}"


def evicting(memory: dict[str, str | int]) -> str:
    """Why a Redis of these settings must not be used; empty where it may.

    An entity that it forgot would read as one that was never known, and be decided on as such.
    """
    policy = str(memory.get("maxmemory_policy", "noeviction"))
    if memory.get("maxmemory") and policy.startswith("allkeys"):
        return f"Redis forgets rows when it is full (maxmemory-policy {policy})"
    return ""
