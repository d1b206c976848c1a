"""Tells Tor Browser, on the pages of a site that has both, the same page's address over the onion service."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

QUERY_SAFE = "!$%&'()*+,-./:;=?@_~"


class OnionLocation:
    """Adds Onion-Location (community.torproject.org/onion-services/advanced/onion-location) to pages."""

    def __init__(self, wrapped: Callable[..., Iterable[bytes]], onion: str) -> None:
        """``onion`` is the onion service's address without a slash at its end, such as http://….onion"""
        self._wrapped = wrapped
        self._onion = onion

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        asked = dict(environ)  # what lies further in may change the path

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start_response(status, [*headers, *onion_location(self._onion, asked, headers)], *more)

        return self._wrapped(environ, start)


def onion_location(onion: str | None, environ: dict[str, Any], headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The header for an answer with these headers; none for a file or a visitor over the onion service."""
    if onion is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return []
    if is_onion(environ.get("HTTP_HOST", "")) or not _is_page(headers):
        return []
    return [("Onion-Location", onion + _address(environ))]


def is_onion(host: str) -> bool:
    """Whether a request was for an onion address; a port may follow the name."""
    return host.partition(":")[0].endswith(".onion")


def _address(environ: dict[str, Any]) -> str:
    """Path and query, quoted so that an address may contain them, whatever the visitor sent."""
    path = quote(environ.get("PATH_INFO", "").encode("latin-1", "replace"))
    query = quote(environ.get("QUERY_STRING", ""), safe=QUERY_SAFE)
    return f"{path}?{query}" if query else path


def _is_page(headers: list[tuple[str, str]]) -> bool:
    return any(name.lower() == "content-type" and value.startswith("text/html") for name, value in headers)
