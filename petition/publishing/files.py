"""A letter's public files, each made from sealed facts alone: the same facts give the same bytes.

Names are as they stand below the letter's address; a name that ends with a slash is a page.
"""

import re
import textwrap
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from petition.crypto.merkle import tile_path
from petition.errors import NotFound
from petition.letters.models import Letter
from petition.publishing import exports
from petition.publishing.counts import Figures
from petition.publishing.feed import feed_atom
from petition.publishing.pages import SITE, render
from petition.publishing.story import chapters
from petition.sealing import log as logs
from petition.signing.signatures import rounds_of

TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"
TILE = re.compile(
    r"log/tile/(?P<level>entries|[0-9]{1,2})/(?P<number>(?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True)
class PublicFile:
    """Bytes that anybody may have, and their media type."""

    body: bytes
    media_type: str
    is_final: bool = False
    """Never changes again: a full tile."""


FROM_FIGURES: dict[str, tuple[Callable[[Figures], bytes], str]] = {
    "counts.json": (exports.counts_json, "application/json"),
    "counts.csv": (exports.counts_csv, "text/csv; charset=utf-8"),
    "history.csv": (exports.history_csv, "text/csv; charset=utf-8"),
    "feed.atom": (feed_atom, "application/atom+xml; charset=utf-8"),
    "letter.md": (lambda found: found.text, "text/markdown; charset=utf-8"),
    "log/checkpoint": (lambda found: found.checkpoint.encode(), TEXT),
    "log/vkey": (lambda found: found.log_key.encode(), TEXT),
}
ISSUER_PEM = "application/x-pem-file"
PAGES = {
    "": "public/letter.html",
    "how-we-verify/": "public/how-we-verify.html",
    "what-the-log-says/": "public/what-the-log-says.html",
    "press/": "public/press.html",
}

ON_DISK = {**dict.fromkeys(PAGES, HTML), **{name: kind for name, (_, kind) in FROM_FIGURES.items()}}
"""Files that workers share through the public folder, with their media types."""


def public_file(session: Session, letter: Letter, found: Figures, name: str, language: str | None = None) -> PublicFile:
    """One public file of a letter; NotFound for a name that no letter has."""
    if name in PAGES:
        more = {"chapters": chapters(session, letter)} if name == "what-the-log-says/" else {}
        return PublicFile(page(found, name, language, **more), HTML)
    if name in FROM_FIGURES:
        make, media_type = FROM_FIGURES[name]
        return PublicFile(make(found), media_type)
    if name == "log/issuer.pem":
        return PublicFile(issuer_pem(session, letter), ISSUER_PEM)
    return _tile(session, letter, name)


def page(found: Figures, name: str, language: str | None, **more: Any) -> bytes:
    """One of the letter's pages: at the bare address in its own language, else below a language's prefix.

    Data has no prefix, so pages below one link to it by its full address.
    """
    up = "../" * name.count("/")
    files = found.url if language else up
    spoken = language or found.words.language
    return render(spoken, PAGES[name], site=up + SITE, files=files, letter=found, words=found.words, **more).encode()


def issuer_pem(session: Session, letter: Letter) -> bytes:
    """The keys of all rounds that the log knows, in its order (PEM, RFC 7468)."""
    known = [row for row in rounds_of(session, letter.id) if row.is_logged]
    return b"".join(_pem(row.public_key) for row in known)


def _pem(public_key: bytes) -> bytes:
    lines = textwrap.wrap(b64encode(public_key).decode(), 64)
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""]).encode()


def _tile(session: Session, letter: Letter, name: str) -> PublicFile:
    match = TILE.fullmatch(name)
    if match is None:
        raise NotFound("There is no such file. The letter's page lists all of them.")
    number = int(match["number"].replace("x", "").replace("/", ""))
    width = int(match["width"] or 256)
    if tile_path(number) != match["number"] or width == 256 and match["width"]:
        raise NotFound("The log has no such tile.")
    log = logs.log_of(session, letter.id)
    if match["level"] == "entries":
        body = logs.bundle(session, log, number, width)
    else:
        body = logs.tile(session, log, int(match["level"]), number, width)
    return PublicFile(body, "application/octet-stream", is_final=True)


def names(found: Figures) -> list[str]:
    """The names of all public files of a letter, tiles included."""
    return [*PAGES, *FROM_FIGURES, "log/issuer.pem", *tile_names(found.log_size)]


def tile_names(size: int) -> list[str]:
    """The names of all tiles and entry bundles of a log of a size: full ones, and the last partial ones."""
    found = []
    for level, full, partial in logs.widths(size):
        folders = ["entries", "0"] if level == 0 else [str(level)]
        for folder in folders:
            found += [f"log/tile/{folder}/{tile_path(number)}" for number in range(full)]
            found += [f"log/tile/{folder}/{tile_path(full)}.p/{partial}"] if partial else []
    return found
