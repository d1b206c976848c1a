"""Public bytes, made once for each edition and cached: nothing public is computed for a visitor.

A server asks for the letters' editions twice a second, and makes the files of an edition and the records of its rounds
before anyone asks. They are compressed once and kept in memory; those that take time to make also lie in the public
folder, for other workers. So how long an answer takes doesn't tell whether anyone came before: records are kept only
if they were made ahead. Files are made on demand where memory has no room for all, and by programs without a server.
"""

import gzip
import hashlib
import os
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path

import brotli
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from petition.database import read_unnoticed, to_hour
from petition.errors import Refusal
from petition.i18n import DEFAULT, languages
from petition.letters.access import LISTED_AT, SHORT_LENGTH, UNLISTED_AT, letter_at, meant_by, public_letter
from petition.letters.models import Letter
from petition.letters.states import APART, PUBLIC, SIGNABLE
from petition.logs import log_error
from petition.publishing import openapi
from petition.publishing.data import columns
from petition.publishing.data.round_record import round_json, rounds_json
from petition.publishing.figures.counts import Figures, figures
from petition.publishing.figures.listing import listing
from petition.publishing.figures.names import require_page
from petition.publishing.pages.data_inventory import ALSO_STORED, SIGNERS
from petition.publishing.pages.rights import RIGHTS
from petition.publishing.public_files import (
    HTML_TYPE,
    SVG_FILES,
    PublicFile,
    is_file_name,
    kind_on_disk,
    log_file,
    names,
    pages,
    public_file,
    tile_of,
)
from petition.publishing.scripts import SCRIPTS
from petition.publishing.templates import NO_FACTS, HostFacts, render

ASK_EVERY_SECONDS = 1.0
MOST_BYTES = 64 * 1024 * 1024
ROOM = 8 * 1024 * 1024
"""Bytes of memory that what is made ahead leaves for what is asked for."""
PACKAGE = Path(__file__).parent.parent
SITE_FILES: dict[str, tuple[str | Callable[[], bytes], str]] = {
    "style.css": ("static/style.css", "text/css; charset=utf-8"),
    "icon.svg": ("static/icon.svg", "image/svg+xml"),
    "favicon.ico": ("static/favicon.ico", "image/x-icon"),
    **{name: (f"static/{name}", "text/javascript; charset=utf-8") for name in SCRIPTS},
    "client.py": ("client.py", "text/x-python; charset=utf-8"),
    "openapi.json": (openapi.document, openapi.JSON),
    "counts.schema.json": (openapi.counts_schema, openapi.SCHEMA),
}
SITE_PAGES = {"start/": "public/start.html", "code/": "public/code.html"}
"""Pages about the site's host; ``TOLD`` are those that a letter's folder carries too."""
EDITIONS = select(Letter.id, Letter.slug, Letter.edition, Letter.state, Letter.timing).where(
    Letter.state.in_(PUBLIC | SIGNABLE)
)
"""Made once: each worker asks twice a second."""
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


@dataclass(frozen=True)
class _Known:
    """A letter that is open or later, as of its newest edition."""

    id: str
    slug: str
    edition: int
    is_apart: bool

    def key_of_records(self, moment: datetime) -> tuple[object, ...]:
        """What the records of its rounds depend on: if signing starts later than codes, the hour as well."""
        return (self.id, self.edition, to_hour(moment) if self.is_apart else None)


@dataclass(frozen=True)
class ReadableLetter:
    """A letter that people may read, as far as its answers depend on it, and its paths."""

    unlisted: str
    listed: str | None
    """None until it is public."""
    edition: int
    rounds: tuple[int | None, ...]
    """What its records may be asked for by; None for the newest round."""


Make = Callable[[_Known, str, str | None], PublicFile | None]


class PublicCache:
    """The cached files of a site, in one process."""

    def __init__(
        self,
        reading: Engine,
        url: str | None,
        folder: Path,
        seconds: Callable[[], float] = time.monotonic,
        host: HostFacts = NO_FACTS,
    ):
        self._reading = reading
        self._url = url
        self._folder = folder
        self._host = host
        self._seconds = seconds
        self._asked = float("-inf")
        self._listed: dict[str, _Known] = {}
        self._unlisted: dict[str, _Known] = {}
        """By the path that only the letter's holders know; letters that are not public yet too."""
        self._records: dict[tuple[object, ...], dict[int | None, bytes]] = {}
        self._prepared: set[_Known] = set()
        self._kept: OrderedDict[tuple[object, ...], CachedFile] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def letter_file(self, slug: str, name: str, language: str | None, *, fresh: bool = False) -> CachedFile | None:
        """A published letter's file in a language (None: the letter's own); None if there is no such thing.

        ``fresh`` asks for the editions again, for visitors who come within a second of a publication.
        """
        self._refresh(fresh=fresh)
        if (ready := self.letter_file_in_memory(slug, name, language)) is not None:
            return ready
        found = self._listed.get(slug)
        if found is None or not is_file_name(name) or (language is not None and language not in languages()):
            return None
        key = (found.id, found.edition, name, language)
        return self._keep(key, partial(self._on_disk_or, self._make, found, name, language))

    def file_for_clients(self, path: str, name: str) -> CachedFile | None:
        """A public letter's text or log, asked for by its unlisted address; None if there is no such thing."""
        self._refresh(fresh=False)
        found = self._unlisted.get(meant_by(path) or "")
        return self.letter_file(found.slug, name, None) if found is not None and found.slug in self._listed else None

    def round_json(self, path: str, number: int | None, *, moment: datetime) -> bytes:
        """The public record of a round of the letter at a path; refuses what that letter does not have.

        It was made ahead, or is made for this visitor alone: what one visitor asks for never makes another's answer
        quicker.
        """
        self._refresh(fresh=False)
        meant = meant_by(path) or ""
        found = self._listed.get(meant.removeprefix(LISTED_AT)) or self._unlisted.get(meant)
        ready = self._records.get(found.key_of_records(moment), {}) if found is not None else {}
        if number in ready:
            return ready[number]
        with Session(self._reading) as session:
            return round_json(session, letter_at(session, path), self._url, number, moment=moment)

    def readable_letters(self, moment: datetime) -> list[ReadableLetter]:
        """The letters that people may read, public ones first, as of when the editions were last asked for."""
        found = []
        for path, known in self._unlisted.items():
            listed = f"{LISTED_AT}{known.slug}" if known.slug in self._listed else None
            rounds = tuple(self._records.get(known.key_of_records(moment), {}))
            found.append(ReadableLetter(path, listed, known.edition, rounds))
        return sorted(found, key=lambda letter: letter.listed is None)

    def prepare_records(self, moment: datetime) -> None:
        """Ask for the editions, and make the records of rounds that are not made yet.

        A timer in each worker calls this and then ``prepare_files``, before visitors ask; never a visitor.
        """
        self._refresh(fresh=True)
        known = {one.key_of_records(moment): path for path, one in self._unlisted.items()}
        ready = {key: records for key, records in self._records.items() if key in known}
        for key in known.keys() - ready.keys():
            with Session(self._reading) as session, suppress(Refusal):  # taken down meanwhile, or of version 0.1.0
                ready[key] = rounds_json(session, letter_at(session, known[key]), self._url, moment=moment)
        self._records = ready

    def prepare_files(self) -> None:
        """Make the site's files, and those of letters' newest editions.

        A letter one of whose files can't be made holds up no other; it is tried again with its next edition.
        """
        for name in SITE_FILES:
            self.site_file(name, DEFAULT)
        for language in languages():
            for name in ("", *TOLD, *SITE_PAGES):
                self.site_file(name, language)
        listed = set(self._listed.values())
        for known in listed - self._prepared:
            try:
                self._prepare_files(known)
            except (SQLAlchemyError, OSError):  # the database is away, or the disk full: no letter's fault
                raise
            except Exception as error:
                log_error("a letter's files could not be made ahead", error)
        self._prepared = listed

    def _prepare_files(self, known: _Known) -> None:
        """All files of an edition, while memory has room for them."""
        with Session(self._reading) as session, suppress(Refusal):
            letter = public_letter(session, known.slug)
            found = figures(session, letter, self._url)
            wanted: list[tuple[str, str | None]] = [(name, None) for name in names(found)]
            wanted += [(name, language) for language in languages() for name in (*pages(found), *SVG_FILES)]
            for name, language in wanted:
                if self._weight < MOST_BYTES - ROOM:
                    key = (known.id, known.edition, name, language)
                    made = partial(self._made, session, letter, found)
                    self._keep(key, partial(self._on_disk_or, made, known, name, language))

    def site_file(self, name: str, language: str) -> CachedFile | None:
        """A file of the site itself: style, script, client, promises; or, for the name "", the list of letters."""
        make: Callable[[], PublicFile]
        if name == "":
            self._refresh(fresh=False)
            make = partial(self._make_home, language)
        elif name in TOLD:
            make = partial(TOLD[name], language, self._host)
        elif name in SITE_PAGES:
            make = partial(self._of_site, SITE_PAGES[name], language, "../_site/")
        elif name in SITE_FILES:
            make = partial(packaged, name)
        else:
            return None
        return self._keep(self._site_key(name, language), make)

    def letter_file_in_memory(self, slug: str, name: str, language: str | None) -> CachedFile | None:
        """The same as ``letter_file``, without asking the database and without making anything."""
        found = self._listed.get(slug)
        return None if found is None else self._in_memory((found.id, found.edition, name, language))

    def site_file_in_memory(self, name: str, language: str) -> CachedFile | None:
        """The same as ``site_file``, without asking the database and without making anything."""
        return self._in_memory(self._site_key(name, language))

    def _site_key(self, name: str, language: str) -> tuple[object, ...]:
        if name == "":
            return ("home", language, tuple(sorted((one.slug, one.edition) for one in self._listed.values())))
        return (name,) if name in SITE_FILES else (name, language)

    def _in_memory(self, key: tuple[object, ...]) -> CachedFile | None:
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key]

    def _refresh(self, *, fresh: bool) -> None:
        """Ask for the editions if the last answer is a second old; if the database is away, what is known stays."""
        now = self._seconds()
        if not fresh and now - self._asked < ASK_EVERY_SECONDS:
            return
        self._asked = now
        try:
            with Session(self._reading) as session:
                rows = session.execute(EDITIONS).all()
        except SQLAlchemyError:
            return
        known = [(_Known(row.id, row.slug, row.edition, row.timing == APART), row.state in PUBLIC) for row in rows]
        self._unlisted = {f"{UNLISTED_AT}{one.id[:SHORT_LENGTH]}": one for one, _ in known}
        self._listed = {one.slug: one for one, is_public in known if is_public}

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

    def _make(self, known: _Known, name: str, language: str | None) -> PublicFile | None:
        try:
            with Session(self._reading) as session:
                if tile_of(name) is not None:  # only the log is asked, so names of tiles can't keep the site busy
                    return log_file(session, known.id, name)
                letter = public_letter(session, known.slug)
                require_page(letter.names_shown, name)
                return self._made(session, letter, figures(session, letter, self._url), known, name, language)
        except Refusal:
            return None

    def _made(
        self, session: Session, letter: Letter, found: Figures, known: _Known, name: str, language: str | None
    ) -> PublicFile:
        """A file of an edition, for other workers too."""
        file, path = public_file(session, letter, found, name, language), self._path(known, name, language)
        if path is not None and letter.edition == known.edition:
            self._put(path, file)
        return file

    def _on_disk_or(self, make: Make, known: _Known, name: str, language: str | None) -> PublicFile | None:
        """A file that a worker has made before, or a fresh one."""
        return self._on_disk(known, name, language) or make(known, name, language)

    def _on_disk(self, known: _Known, name: str, language: str | None) -> PublicFile | None:
        media_type, path = kind_on_disk(name), self._path(known, name, language)
        if media_type is None or path is None or not path.is_file():
            return None
        return PublicFile(read_unnoticed(path), media_type, modified=datetime.fromtimestamp(path.stat().st_mtime, UTC))

    def _of_site(self, template: str, language: str, site: str, **values: object) -> PublicFile:
        return _page(template, language, site, host=self._host, **values)

    def _make_home(self, language: str) -> PublicFile:
        with Session(self._reading) as session:
            return self._of_site("public/home.html", language, "_site/", employers=listing(session))

    def _path(self, known: _Known, name: str, language: str | None) -> Path | None:
        """Where a file lies for all workers; None for one that is quicker made than read."""
        if kind_on_disk(name) is None:
            return None
        file = f"{name}index.html" if name == "" or name.endswith("/") else name
        return self._folder / known.id / str(known.edition) / (language or "own") / file

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
    """Delete a letter's cached files of editions before one."""
    for edition in folder.iterdir() if folder.is_dir() else ():
        if edition.name.isdecimal() and int(edition.name) < before:
            shutil.rmtree(edition, ignore_errors=True)


def _page(template: str, language: str, site: str, **values: object) -> PublicFile:
    return PublicFile(render(language, template, site=site, **values).encode(), HTML_TYPE)


def promises_page(language: str, host: HostFacts) -> PublicFile:
    """What is stored, for how long, who could get at it, and what this does not protect against."""
    told = {"columns": columns, "signers": SIGNERS, "others": ALSO_STORED, "is_replicated": host.is_replicated}
    return _page("public/promises.html", language, "../", **told)


def asked_page(language: str, _host: HostFacts) -> PublicFile:
    """What signers can expect and say when their employer asks who signed."""
    return _page("public/asked.html", language, "../", countries=RIGHTS)


TOLD: dict[str, Callable[[str, HostFacts], PublicFile]] = {"promises/": promises_page, "asked/": asked_page}
"""Pages with the same words on every site, but for what one says of replicas."""


def packaged(name: str) -> PublicFile:
    """A file of the site: as it is installed, or as the program makes it."""
    source, media_type = SITE_FILES[name]
    return PublicFile(read_unnoticed(PACKAGE / source) if isinstance(source, str) else source(), media_type)
