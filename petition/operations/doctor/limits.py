"""The server where several hosts count limits: whether it answers, and keeps nothing on a disk."""

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from petition.config import Settings, WrongSetting
from petition.counting_server import connected, what_it_stores
from petition.operations.doctor.findings import NOTE, OK, WRONG, Finding
from petition.operations.doctor.reasons import why_away

if TYPE_CHECKING:
    from redis import Redis

AREA = "limits"
MEMORY = 'In its configuration: save "" and appendonly no. Then delete its files, such as dump.rdb.'


def check_limits(settings: Settings) -> Iterator[Finding]:
    """Nothing is said where each process counts by itself."""
    if settings.limits_url is None:
        return
    try:
        client = connected(settings.limits_url)
    except WrongSetting as missing:
        yield Finding(AREA, WRONG, str(missing), "Install it, or remove PETITION_LIMITS_URL.")
        return
    with closing(client):
        yield from _asked(client, urlsplit(settings.limits_url).hostname or "")


def _asked(client: "Redis", host: str) -> Iterator[Finding]:
    from redis import RedisError, ResponseError

    try:
        stored = what_it_stores(client)
    except ResponseError:
        what = "The server that counts limits doesn't say whether it writes its memory to a disk."
        yield Finding(AREA, NOTE, what, f"Look yourself. {MEMORY}")
        return
    except RedisError as error:
        why = why_away(error.__cause__ or error.__context__ or error, host)
        what = f"The server that counts limits doesn't answer: {why}. Each process counts by itself."
        yield Finding(AREA, WRONG, what, "Start it, or correct PETITION_LIMITS_URL.")
        return
    if stored:
        what = f"The server that counts limits writes digests of visitors to a disk ({', '.join(stored)})."
        yield Finding(AREA, WRONG, what, MEMORY)
    else:
        yield Finding(AREA, OK, "Hosts count limits together, in memory only.")
