"""The server where several hosts count limits together: Valkey or Redis, which speak the same protocol."""

from typing import TYPE_CHECKING, Any

from petition.config import WrongSetting

if TYPE_CHECKING:
    from redis import Redis

ANSWER_SECONDS = 0.25
"""So long a visitor waits for the counting at most."""


def connected(url: str, seconds: float = ANSWER_SECONDS) -> "Redis":
    """A client for Valkey or Redis, which speak the same protocol. It waits for an answer for some seconds."""
    try:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ModuleNotFoundError:
        raise WrongSetting(
            "PETITION_LIMITS_URL: needs the package redis, which is not installed; for example: pip install redis"
        ) from None
    scheme, _, rest = url.partition("://")
    patience: dict[str, Any] = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    url = f"{scheme.replace('valkey', 'redis')}://{rest}"
    return redis.Redis.from_url(url, retry=Retry(NoBackoff(), 1), **patience)


def what_it_stores(client: "Redis") -> list[str]:
    """Settings by which the server writes its memory to a disk; empty if it writes nothing there."""
    snapshots: Any = client.config_get("save")
    appending: Any = client.config_get("appendonly")
    found = [f"save {snapshots['save']}"] if snapshots.get("save") else []
    return found + (["appendonly yes"] if appending.get("appendonly") == "yes" else [])
