"""Public bytes, made once an edition and kept: nothing public is computed for a visitor.

A worker asks for the letters' editions at most once a second. The files of an edition are made on first demand,
compressed once, and kept in memory; those that take time to make also lie in the public folder, for other workers.
"""

import gzip
import hashlib
import os
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path

import brotli
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from petition.errors import Refusal
from petition.i18n import languages
from petition.letters.access import public_letter
from petition.letters.employers import by_employer
from petition.letters.models import Letter
from petition.letters.states import PUBLIC
from petition.publishing import openapi
from petition.publishing.data import columns
from petition.publishing.figures.counts import figures
from petition.publishing.pages.data_inventory import OTHERS, SIGNERS
from petition.publishing.public_files import HTML, PublicFile, kind_on_disk, public_file
from petition.publishing.templates import render

ASK_EVERY_SECONDS = 1.0
MOST_BYTES = 64 * 1024 * 1024
PACKAGE = Path(__file__).parent.parent
SITE_FILES: dict[str, tuple[str | Callable[[], bytes], str]] = {
    "style.css": ("static/style.css", "text/css; charset=utf-8"),
    "icon.svg": ("static/icon.svg", "image/svg+xml"),
    "sign.js": ("static/sign.js", "text/javascript; charset=utf-8"),
    "ladder.js": ("static/ladder.js", "text/javascript; charset=utf-8"),
    "check.js": ("static/check.js", "text/javascript; charset=utf-8"),
    "rolls.js": ("static/rolls.js", "text/javascript; charset=utf-8"),
    "names.js": ("static/names.js", "text/javascript; charset=utf-8"),
    "client.py": ("client.py", "text/x-python; charset=utf-8"),
    "openapi.json": (openapi.document, openapi.JSON),
    "counts.schema.json": (openapi.counts_schema, openapi.SCHEMA),
}
COMPRESSED = ("text/", "application/json", "application/schema", "image/svg", "application/atom")


@dataclass(frozen=True)
class CachedFile:
    """A file with everything that an answer needs, worked out once."""

    file: PublicFile

    @cached_property
    def tag(self) -> str:
        """The ETag's core: SHA-256 of the bytes, shortened."""
        return hashlib.sha256(self.file.body).hexdigest()[:32]

    @cached_property
    def encodings(self) -> dict[str, bytes]:
        """The body by content coding, where that is worth it."""
        found = {"": self.file.body}
        if self.file.media_type.startswith(COMPRESSED) and len(self.file.body) > 500:
            found["br"] = brotli.compress(self.file.body, quality=9)
            found["gzip"] = gzip.compress(self.file.body, 9, mtime=0)
        return found

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""
        return 2 * len(self.file.body) + 500


class PublicCache:
    """The kept files of a site, in one process."""

    def __init__(self, reading: Engine, url: str | None, folder: Path, seconds: Callable[[], float] = time.monotonic):
        self._reading = reading
        self._url = url
        self._folder = folder
        self._seconds = seconds
        self._asked = float("-inf")
        self._editions: dict[str, tuple[str, int]] = {}
        self._kept: OrderedDict[tuple[object, ...], CachedFile] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def letter_file(self, slug: str, name: str, language: str | None, *, fresh: bool = False) -> CachedFile | None:
        """A published letter's file in a language (None: the letter's own); None if there is no such thing.

        ``fresh`` asks for the editions again, for whoever comes within the second of a publication.
        """
        found = self._edition_of(slug, fresh)
        if found is None or (language is not None and language not in languages()):
            return None
        letter_id, edition = found
        return self._keep(
            (letter_id, edition, name, language), lambda: self._make(slug, letter_id, edition, name, language)
        )

    def site_file(self, name: str, language: str) -> CachedFile | None:
        """A file of the site itself: style, script, client, promises; or, for the name "", the list of letters."""
        make: Callable[[], PublicFile]
        if name == "":
            self.refresh()
            make = partial(self._make_home, language)
        elif name == "promises/":
            make = partial(promises_page, language)
        elif name in SITE_FILES:
            make = partial(packaged, name)
        else:
            return None
        return self._keep(self._site_key(name, language), make)

    def letter_file_in_memory(self, slug: str, name: str, language: str | None) -> CachedFile | None:
        """The same as ``letter_file``, without asking the database and without making anything."""
        found = self._editions.get(slug)
        return None if found is None else self._in_memory((*found, name, language))

    def site_file_in_memory(self, name: str, language: str) -> CachedFile | None:
        """The same as ``site_file``, without asking the database and without making anything."""
        return self._in_memory(self._site_key(name, language))

    def is_due(self) -> bool:
        """Whether the last answer about editions is a second old."""
        return self._is_old(self._seconds())

    def _is_old(self, now: float) -> bool:
        return now - self._asked >= ASK_EVERY_SECONDS

    def refresh(self) -> None:
        """Ask the database for the editions, if the last answer is a second old."""
        self._refresh(fresh=False)

    def _site_key(self, name: str, language: str) -> tuple[object, ...]:
        if name == "":
            return ("home", language, tuple(sorted(self._editions.items())))
        return (name,) if name in SITE_FILES else (name, language)

    def _in_memory(self, key: tuple[object, ...]) -> CachedFile | None:
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key]

    def _edition_of(self, slug: str, fresh: bool) -> tuple[str, int] | None:
        self._refresh(fresh=fresh)
        return self._editions.get(slug)

    def _refresh(self, *, fresh: bool) -> None:
        """Ask for the editions if the last answer is a second old; if the database is away, what is known stays."""
        now = self._seconds()
        if not fresh and not self._is_old(now):
            return
        self._asked = now
        try:
            with Session(self._reading) as session:
                rows = session.execute(select(Letter.slug, Letter.id, Letter.edition).where(Letter.state.in_(PUBLIC)))
                self._editions = {row.slug: (row.id, row.edition) for row in rows}
        except SQLAlchemyError:
            return

    def _keep(self, key: tuple[object, ...], make: Callable[[], PublicFile | None]) -> CachedFile | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        file = make()
        if file is None:
            return None
        kept = CachedFile(file)
        kept.encodings  # noqa: B018  compressed here, so that no later answer waits for it
        with self._lock:
            if key not in self._kept:
                self._kept[key] = kept
                self._weight += kept.weight
            while self._weight > MOST_BYTES and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                self._weight -= oldest.weight
        return kept

    def _make(self, slug: str, letter_id: str, edition: int, name: str, language: str | None) -> PublicFile | None:
        path = self._path(letter_id, edition, name, language)
        media_type = kind_on_disk(name)
        if media_type is not None and path is not None and path.is_file():
            modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            return PublicFile(path.read_bytes(), media_type, modified=modified)
        try:
            with Session(self._reading) as session:
                letter = public_letter(session, slug)
                found = figures(session, letter, self._url)
                file = public_file(session, letter, found, name, language)
        except Refusal:
            return None
        if path is not None and letter.edition == edition:
            self._put(path, file)
        return file

    def _make_home(self, language: str) -> PublicFile:
        with Session(self._reading) as session:
            return _page("public/home.html", language, "_site/", employers=by_employer(session))

    def _path(self, letter_id: str, edition: int, name: str, language: str | None) -> Path | None:
        """Where a file lies for all workers; None for one that is quicker made than read."""
        if kind_on_disk(name) is None:
            return None
        file = f"{name}index.html" if name == "" or name.endswith("/") else name
        return self._folder / letter_id / str(edition) / (language or "own") / file

    def _put(self, path: Path, file: PublicFile) -> None:
        """Write a file whole or not at all, and drop the editions before the last one.

        The file's time is the sealing's, not that of the visitor who was the first to ask.
        """
        edition = path.parents[len(path.relative_to(self._folder).parts) - 3]
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
        part.write_bytes(file.body)
        if file.modified is not None:
            os.utime(part, (file.modified.timestamp(), file.modified.timestamp()))
        part.replace(path)
        drop_editions(edition.parent, int(edition.name) - 1)


def drop_editions(folder: Path, before: int) -> None:
    """Delete a letter's kept files of editions before one."""
    for edition in folder.iterdir() if folder.is_dir() else ():
        if edition.name.isdecimal() and int(edition.name) < before:
            shutil.rmtree(edition, ignore_errors=True)


def _page(template: str, language: str, site: str, **values: object) -> PublicFile:
    return PublicFile(render(language, template, site=site, **values).encode(), HTML)


def promises_page(language: str) -> PublicFile:
    """What is stored, for how long, who could get at it, and what this does not protect against."""
    return _page("public/promises.html", language, "../", columns=columns, signers=SIGNERS, others=OTHERS)


def packaged(name: str) -> PublicFile:
    """A file of the site: as it is installed, or as the program makes it."""
    source, media_type = SITE_FILES[name]
    return PublicFile((PACKAGE / source).read_bytes() if isinstance(source, str) else source(), media_type)
