"""Answers from cached bytes, ahead of Flask: public pages cost no rendering, no statement and no framework."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from werkzeug.http import http_date, is_resource_modified, parse_accept_header, parse_etags

from petition.i18n import DEFAULT
from petition.publishing.cache import SITE_FILES, SITE_PAGES, TOLD, CachedFile, PublicCache
from petition.publishing.site_files import query_of
from petition.web.shared.context import LANGUAGE_KEY
from petition.web.shared.headers import headers_of, transport_security

UNLISTED = re.compile(r"/(?P<path>s/[^/]+)/(?P<name>letter\.md|log/.*)", re.DOTALL)
LETTER = re.compile(r"/letters/(?P<slug>[a-z0-9-]+)/(?P<name>.*)", re.DOTALL)
SITE = re.compile(
    rf"/(?:_site/)?(?P<name>(?:{'|'.join(map(re.escape, SITE_FILES))}|{'|'.join((*TOLD, *SITE_PAGES))})?)"
)
INDEX = "/index.html"
"""Pages link to each other by their files, so that the same bytes work from a disk."""
FINAL = "public, max-age=31536000, immutable"
SHORT = "public, max-age=60"
FindLetterFile = Callable[[str, str, str | None], CachedFile | None]
FindSiteFile = Callable[[str, str], CachedFile | None]


class CacheMiddleware:
    """Answers GET and HEAD for public files; everything else goes on to the application."""

    def __init__(self, wrapped: Callable[..., Iterable[bytes]], cache: PublicCache, url: str | None) -> None:
        self._wrapped = wrapped
        self.cache = cache
        self._transport = transport_security(url)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        asks = environ["REQUEST_METHOD"] in ("GET", "HEAD")
        kept = self._find(environ, self.cache.letter_file, self.cache.site_file) if asks else None
        if kept is None:
            return self._wrapped(environ, start_response)
        status, headers, body = self.answer(kept, environ)
        start_response(status, headers)
        return [body] if environ["REQUEST_METHOD"] == "GET" else []

    def ready(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes] | None:
        """The answer to a GET or HEAD if it is in memory: takes no thread and never asks the database."""
        found = self._find(environ, self.cache.letter_file_in_memory, self.cache.site_file_in_memory)
        return None if found is None else self.answer(found, environ)

    def _find(self, environ: dict[str, Any], letter_file: FindLetterFile, site_file: FindSiteFile) -> CachedFile | None:
        path, language = environ.get("PATH_INFO", ""), environ.get(LANGUAGE_KEY)
        if path.endswith(INDEX):
            path = path.removesuffix(INDEX) + "/"
        if (match := LETTER.fullmatch(path)) is not None:
            slug, name = match.groups()
            if not name.startswith("_site/"):
                return letter_file(slug, name, language)
            path = f"/{name}"
        elif (unlisted := UNLISTED.fullmatch(path)) is not None:
            return self.cache.file_for_clients(unlisted["path"], unlisted["name"])
        site = SITE.fullmatch(path)
        return site_file(site["name"], language or DEFAULT) if site and (not match or site["name"]) else None

    def answer(self, kept: CachedFile, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        """Status, headers and body, in the best coding that the visitor takes; 304 if they have it already, and 412 if
        they want only another one (RFC 9110, 13.1)."""
        coding = best_coding(kept, environ.get("HTTP_ACCEPT_ENCODING", ""))
        tag = f'"{kept.tag}{"-" + coding if coding else ""}"'
        is_final = kept.file.is_final or is_asked_by_version(kept, environ)
        headers = [("ETag", tag), *_headers(kept.file.media_type, is_final, kept.file.modified)]
        headers += self._transport
        if "HTTP_IF_MATCH" in environ:
            wanted = parse_etags(environ["HTTP_IF_MATCH"])
            if wanted and tag.strip('"') not in wanted:
                return "412 Precondition Failed", headers, b""
        if "HTTP_IF_NONE_MATCH" in environ:  # by its tag alone: two sealings may share an hour
            asked = {name: value for name, value in environ.items() if name != "HTTP_IF_MATCH"}
            if not is_resource_modified(asked, etag=tag):
                return "304 Not Modified", headers, b""
        body = kept.encodings[coding]
        headers += [("Content-Type", kept.file.media_type), ("Content-Length", str(len(body)))]
        if coding:
            headers.append(("Content-Encoding", coding))
        return "200 OK", headers, body


VERSIONED = ("text/css", "text/javascript", "image/svg+xml")


def is_asked_by_version(kept: CachedFile, environ: dict[str, Any]) -> bool:
    """Whether the address names these very bytes of a style, a script or a picture of the site.

    An address that names others, as a page from before an upgrade does, gives today's file for a minute.
    """
    query = environ.get("QUERY_STRING")
    return bool(query) and query == query_of(kept.tag) and kept.file.media_type.startswith(VERSIONED)


LONGEST_HEADER = 1000
"""Characters of Accept-Encoding that are read: parsing takes time on the event loop."""


def best_coding(kept: CachedFile, accepted: str) -> str:
    """The smallest coding of a cached file that the visitor accepts; "" for none."""
    for coding in _codings(accepted[:LONGEST_HEADER]):
        if coding in kept.encodings:
            return coding
    return ""


@lru_cache(maxsize=64)
def _codings(accepted: str) -> tuple[str, ...]:
    """Our codings that a header of Accept-Encoding takes, best first; browsers send a handful of different ones."""
    wanted = {name.strip().lower() for name, quality in parse_accept_header(accepted) if quality > 0}
    return tuple(coding for coding in ("br", "gzip") if coding in wanted)


@lru_cache(maxsize=1024)
def _headers(media_type: str, is_final: bool, modified: datetime | None) -> tuple[tuple[str, str], ...]:
    """The headers that all answers with one file have."""
    found = [("Cache-Control", FINAL if is_final else SHORT), ("Vary", "Accept-Encoding")]
    found += headers_of(media_type).items()
    return (*found, *([("Last-Modified", http_date(modified))] if modified is not None else []))
