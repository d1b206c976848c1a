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
        """Answer one request. A visitor who came over the onion service needs no telling."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or is_onion(environ.get("HTTP_HOST", "")):
            return self._wrapped(environ, start_response)
        there = self._onion + _address(environ)

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            more_headers = [("Onion-Location", there)] if _is_page(headers) else []
            return start_response(status, [*headers, *more_headers], *more)

        return self._wrapped(environ, start)


def is_onion(host: str) -> bool:
    """Whether a request was for an onion address; a port may follow the name."""
    return host.partition(":")[0].endswith(".onion")


def _address(environ: dict[str, Any]) -> str:
    """Path and query as they may stand in an address, whatever the visitor sent."""
    path = quote(environ.get("PATH_INFO", "").encode("latin-1", "replace"))
    query = quote(environ.get("QUERY_STRING", ""), safe=QUERY_SAFE)
    return f"{path}?{query}" if query else path


def _is_page(headers: list[tuple[str, str]]) -> bool:
    return any(name.lower() == "content-type" and value.startswith("text/html") for name, value in headers)
