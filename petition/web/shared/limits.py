"""How often one visitor, one code and one name may try. Counted in memory; no address is ever stored.

A visitor is the HMAC of their address (of its /64, for IPv6) under a random key that lives a day, only in this
process's memory. Over an onion service, or behind a proxy that isn't configured, all visitors come from this machine.
There the limit is wide and counts by letter. Codes, names, and browsers in which an organizer signed in have limits of
their own, so no one can use up an organizer's. Each worker counts by itself.

People of one network share a count. So that no one can fill it up to the last request and see from a refusal that
someone else came, the limit of each minute is random. For emails the limit of each hour is, too.
"""

import hashlib
import hmac
import ipaddress
import os
import time
from collections.abc import Mapping
from typing import Any

from flask import request
from flask import session as cookie
from flask_limiter import Limiter

DAY = 24 * 3600
BY_ADDRESS, BY_LETTER = 300, 20_000
"""Requests a minute, at least."""
SPREAD = 100
"""How many more there may be, at random: a visitor's handful does not show."""
BY_BROWSER = "60 per minute"
MAIL_A_MINUTE, MORE_A_MINUTE = 5, 10
MAIL_AN_HOUR, MORE_AN_HOUR = 20, 20
MAIL_BY_LETTER = 200
"""Emails that a visitor may ask for at least, and how many more there may be, at random."""
MINUTE, HOUR = 60, 3600


class _DayKey:
    """A random key that is forgotten after a day."""

    def __init__(self) -> None:
        self._key, self._made = os.urandom(32), time.monotonic()

    def digest(self, what: str) -> str:
        """A visitor, code or name, as a digest that no one can reverse."""
        if time.monotonic() - self._made > DAY:
            self._key, self._made = os.urandom(32), time.monotonic()
        return hmac.new(self._key, what.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


_today = _DayKey()


def is_from_here() -> bool:
    """Whether the address says nothing about the visitor, because it is this machine's own."""
    try:
        return ipaddress.ip_address(request.remote_addr or "127.0.0.1").is_loopback
    except ValueError:
        return True


def signing() -> str:
    """How often a visitor may request a signing page."""
    return _a_minute(BY_LETTER if is_from_here() else BY_ADDRESS)


def _a_minute(least: int, spread: int = SPREAD) -> str:
    return f"{least + _drawn(spread, MINUTE)} per minute"


def _drawn(spread: int, seconds: int) -> int:
    """A number that is another in each minute or hour, for each visitor; no one can work it out."""
    return int(_today.digest(f"limit {visitor()} {seconds} {time.monotonic() // seconds}"), 16) % spread


def asking_for_mail() -> str:
    """How often a visitor may ask for a code by email."""
    if is_from_here():
        return _a_minute(MAIL_BY_LETTER)
    return f"{_a_minute(MAIL_A_MINUTE, MORE_A_MINUTE)}; {MAIL_AN_HOUR + _drawn(MORE_AN_HOUR, HOUR)} per hour"


def reporting() -> str:
    """How often a visitor may report a letter, or all together where all come from this machine."""
    return "100 per hour" if is_from_here() else "5 per hour"


def signing_in() -> str:
    """How often a visitor may come with a passphrase or a link, and how often a browser that did so before."""
    return _a_minute(BY_LETTER) if is_from_here() and known_browser() is None else BY_BROWSER


def starting() -> str:
    """How often a visitor may make an account on a site that is open to anyone."""
    return "100 per day" if is_from_here() else "5 per day"


def visitor() -> str:
    """The visitor, recognized for a day at most; for visitors from this machine, the letter."""
    if is_from_here():
        return _today.digest(f"letter {(request.view_args or {}).get('address', '')}")
    address = ipaddress.ip_address(request.remote_addr or "")
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return _today.digest(f"network {int(address) >> 64}")
        address = address.ipv4_mapped
    return _today.digest(f"address {address}")


def known_browser() -> str | None:
    """A browser in which an organizer is signed in, or was and is remembered. This site sealed its cookie."""
    return _today.digest(f"browser {_kept(cookie)}") if is_known(cookie) else None


def is_known(found: Mapping[str, Any]) -> bool:
    """Whether a cookie is one of a known browser."""
    return bool(_kept(found))


def _kept(found: Mapping[str, Any]) -> Any:
    return found.get("remembered") or found.get("proof")


def organizer_key() -> str:
    """The client at the organizers' pages: a known browser, else a visitor."""
    return known_browser() or visitor()


def posted_member(name: str) -> object:
    """A member of the JSON object that was posted; None where there is no such thing, or nonsense."""
    try:
        members = request.get_json(silent=True)
    except RecursionError:
        return None
    return members.get(name) if isinstance(members, dict) else None


def posted_name() -> str:
    """The name with which a visitor signs in."""
    return _today.digest(f"name {request.form.get('name', '').strip().casefold()}")


limiter = Limiter(key_func=visitor, storage_uri="memory://", strategy="fixed-window", headers_enabled=False)
