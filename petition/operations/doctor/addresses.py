"""The public address, and the web servers in front."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from petition.config import Settings
from petition.operations.doctor.findings import NOTE, OK, WRONG, Finding
from petition.verifying.verdict import plural


def check_address(settings: Settings) -> Iterator[Finding]:
    """Whether people reach the site safely at its public address."""
    if settings.url is None:
        what = "PETITION_URL is not set: letters can be drafted, not opened."
        yield Finding("address", NOTE, what, "Set it to the public address, for example https://letters.example.org")
        return
    parts = urlsplit(settings.url)
    if parts.scheme == "http" and settings.secure:
        yield Finding(
            "address",
            WRONG,
            f"{settings.url} is not encrypted: codes and signatures can be read on the way, and nobody can sign in.",
            "Put a web server with a certificate in front and set PETITION_URL to https://…",
        )
    if parts.scheme == "https" and not settings.proxies:
        yield Finding(
            "proxies",
            NOTE,
            "PETITION_PROXIES is 0, but an https address needs a web server in front: all visitors look like one.",
            "Set PETITION_PROXIES to the number of web servers that a request passes, mostly 1.",
        )
    else:
        in_front = plural(settings.proxies, "trusted proxy", "trusted proxies")
        yield Finding("proxies", OK, f"The site is behind {in_front}.")
