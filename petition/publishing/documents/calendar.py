"""A calendar file that says when to come back, and nothing of the letter or the site (RFC 5545)."""

import hashlib
from datetime import UTC, datetime, timedelta

CALENDAR_TYPE = "text/calendar; charset=utf-8"
MOST_OCTETS = 75
"""Longest line of a calendar file, without its end."""


def reminder(hour: datetime, summary: str) -> bytes:
    """One event of an hour from a moment on, without an alarm; lines are folded and end CRLF.

    The identifier follows from the hour alone, so it doesn't show who saved which signature.
    """
    start = hour.astimezone(UTC)
    name = hashlib.sha256(b"reminder" + f"{start:%Y%m%dT%H}".encode()).hexdigest()[:32]
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//reminder//EN",
        "BEGIN:VEVENT",
        f"UID:{name}",
        f"DTSTAMP:{start:%Y%m%dT%H%M%SZ}",
        f"DTSTART:{start:%Y%m%dT%H%M%SZ}",
        f"DTEND:{start + timedelta(hours=1):%Y%m%dT%H%M%SZ}",
        f"SUMMARY:{_escaped(summary)}",
        "CLASS:PRIVATE",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def _escaped(text: str) -> str:
    for character in ("\\", ";", ","):
        text = text.replace(character, f"\\{character}")
    return text.replace("\n", "\\n")


def _folded(line: str) -> str:
    """Broken after 75 octets, never inside a character; a line goes on after a space."""
    parts, part = [], ""
    for character in line:
        if len((part + character).encode()) > MOST_OCTETS:
            parts.append(part)
            part = " "
        part += character
    return "\r\n".join([*parts, part])
