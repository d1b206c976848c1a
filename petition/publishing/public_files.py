"""A letter's public files, each made from sealed facts alone: the same facts give the same bytes.

Names are relative to the letter's address; a name that ends with a slash is a page.
"""

import re
import textwrap
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from petition.crypto.merkle import tile_path
from petition.errors import NOTHING_HERE, NotFound
from petition.i18n import DEFAULT, languages
from petition.letters.drafting.unsigned_translations import in_unsigned
from petition.letters.models import Letter
from petition.letters.states import ALONE
from petition.letters.text.letter_text import LANGUAGE_TAG
from petition.publishing.data import columns, exports
from petition.publishing.data.feed import feed_atom
from petition.publishing.data.spreadsheets import counts_xlsx
from petition.publishing.documents.letter_txt import letter_txt
from petition.publishing.documents.pdf import card_png, chart_png, facts_pdf, letter_pdf
from petition.publishing.documents.press_kit import CONTENTS, PICTURE_OF_GROUPS, zipped
from petition.publishing.documents.press_kit import ZIP_TYPE as ZIP
from petition.publishing.documents.typesetting import PDF, PNG
from petition.publishing.figures.counts import Figures
from petition.publishing.figures.facts import headline, how_codes_came, who_vouches
from petition.publishing.figures.log_timeline import chapters
from petition.publishing.figures.names import page_names, page_number, require_page
from petition.publishing.figures.summaries import summary_md, summary_txt
from petition.publishing.pages.data_inventory import of_signers
from petition.publishing.pages.quotes import quotes
from petition.publishing.pictures.badge import badge_svg
from petition.publishing.pictures.chart import chart_svg
from petition.publishing.pictures.group_bars import groups_svg
from petition.publishing.pictures.svg import SVG
from petition.publishing.templates import SITE_FOLDER, render
from petition.sealing import log as logs
from petition.signing.signatures import rounds_of

TEXT = "text/plain; charset=utf-8"
MARKDOWN = "text/markdown; charset=utf-8"
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HTML_TYPE = "text/html; charset=utf-8"
TILE = re.compile(
    r"log/tile/(?P<level>entries|[0-9]{1,2})/(?P<number>(?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)
TRANSLATION = re.compile(rf"translations/(?P<language>{LANGUAGE_TAG.pattern})/")


@dataclass(frozen=True)
class PublicFile:
    """Bytes that anyone may have, and their media type."""

    body: bytes
    media_type: str
    is_final: bool = False
    """Never changes again: a full tile."""
    modified: datetime | None = None
    """The hour of the sealing whose facts it has."""


def press_kit(found: Figures) -> bytes:
    """The files of a press kit in one."""
    shown = (name for name in CONTENTS if found.groups or name != PICTURE_OF_GROUPS)
    return zipped({name: from_figures(found, name) for name in shown}, found.as_of)


def from_figures(found: Figures, name: str) -> bytes:
    """A file that is made of figures alone. What the press kit has too is made once."""
    make, _ = FROM_FIGURES[name]
    if name not in CONTENTS:
        return make(found)
    if name not in found.made:
        found.made[name] = make(found)
    return found.made[name]


FROM_FIGURES: dict[str, tuple[Callable[[Figures], bytes], str]] = {
    "counts.json": (exports.counts_json, "application/json"),
    "counts.csv": (exports.counts_csv, CSV),
    "counts.xlsx": (counts_xlsx, XLSX),
    "history.csv": (exports.history_csv, CSV),
    "names.csv": (exports.names_csv, CSV),
    "summary.md": (summary_md, MARKDOWN),
    "summary.txt": (summary_txt, TEXT),
    "facts.pdf": (facts_pdf, PDF),
    "chart.svg": (chart_svg, SVG),
    "chart.png": (chart_png, PNG),
    "groups.svg": (groups_svg, SVG),
    "badge.svg": (badge_svg, SVG),
    "card.png": (card_png, PNG),
    "letter.md": (lambda found: found.text, MARKDOWN),
    "letter.txt": (letter_txt, TEXT),
    "letter.pdf": (letter_pdf, PDF),
    "press-kit.zip": (press_kit, ZIP),
    "feed.atom": (feed_atom, "application/atom+xml; charset=utf-8"),
    "log/checkpoint": (lambda found: found.checkpoint.encode(), TEXT),
    "log/vkey": (lambda found: found.log_key.encode(), TEXT),
}
SVG_FILES = {"chart.svg": chart_svg, "groups.svg": groups_svg}
"""What the letter's pages show: in every language, beside its pages."""
DATA_FILES = {
    "csv": "counts.csv",
    "json": "counts.json",
    "xlsx": "counts.xlsx",
    "md": "summary.md",
    "txt": "summary.txt",
    "pdf": "facts.pdf",
    "svg": "chart.svg",
    "png": "chart.png",
}
"""The file that has the figures, for each format."""
ISSUER_PEM = "application/x-pem-file"
LETTER_PAGES = {
    "": "public/letter.html",
    "before/": "public/before.html",
    "how-we-verify/": "public/how-we-verify.html",
    "what-the-log-says/": "public/what-the-log-says.html",
    "press/": "public/press.html",
}

TEXT_FILE = "letter.md"
MORE_FILES = ("log/issuer.pem",)

ON_DISK = {**dict.fromkeys(LETTER_PAGES, HTML_TYPE), **{name: kind for name, (_, kind) in FROM_FIGURES.items()}}
"""Files that workers share through the public folder, with their media types; pages of names besides."""


def kind_on_disk(name: str) -> str | None:
    """The media type of a file that workers share through the public folder; None for all others."""
    return HTML_TYPE if page_number(name) or translated_into(name) else ON_DISK.get(name)


def translated_into(name: str) -> str | None:
    """The language of the unsigned translation whose page has this name; None for all other names."""
    match = TRANSLATION.fullmatch(name)
    return match["language"] if match else None


def translation_name(language: str) -> str:
    """The name of the page of an unsigned translation."""
    return f"translations/{language}/"


def is_file_name(name: str) -> bool:
    """Whether a letter can have a file of this name at all, without asking a database."""
    is_page = page_number(name) is not None or translated_into(name) is not None
    return name in ON_DISK or name in MORE_FILES or is_page or tile_of(name) is not None


def is_for_clients(name: str) -> bool:
    """Whether a file is served at a letter's unlisted address for good: its text and its log."""
    return name == TEXT_FILE or name.startswith("log/")


def pages(found: Figures) -> list[str]:
    """The names of a letter's pages."""
    return [*LETTER_PAGES, *page_names(found.naming)]


def public_file(session: Session, letter: Letter, found: Figures, name: str, language: str | None = None) -> PublicFile:
    """One public file of a letter; NotFound for a name that no letter has."""
    if name in LETTER_PAGES:
        more: dict[str, Any] = {}
        if name == "":
            more = {"page": found.naming.page(1, language or found.words.language)}
        elif name == "what-the-log-says/":
            more = {"chapters": chapters(session, letter)}
        elif name == "before/":
            more = {**before(found), "up": "../index.html", "copied_from": found.url}
        return PublicFile(page(found, name, language, **more), HTML_TYPE, modified=found.as_of)
    number = page_number(name)
    if number is not None:
        return PublicFile(_page_of_names(found, name, number, language), HTML_TYPE, modified=found.as_of)
    translated = translated_into(name)
    if translated is not None:
        return PublicFile(_translation_page(found, name, translated), HTML_TYPE, modified=found.as_of)
    if name in SVG_FILES:
        return PublicFile(SVG_FILES[name](found, language), SVG, modified=found.as_of)
    if name in FROM_FIGURES:
        _, media_type = FROM_FIGURES[name]
        return PublicFile(from_figures(found, name), media_type, modified=found.as_of)
    if name == "log/issuer.pem":
        return PublicFile(issuer_pem(session, letter), ISSUER_PEM)
    return log_file(session, letter.id, name)


def _page_of_names(found: Figures, name: str, number: int, language: str | None) -> bytes:
    require_page(found.naming.count, name)
    spoken = language or found.words.language
    return page(found, name, language, page=found.naming.page(number, spoken), up="../" * name.count("/"))


def _translation_page(found: Figures, name: str, language: str) -> bytes:
    """An unsigned translation, in its own language wherever it is asked for: it has one page, like a file of data."""
    spoken, told = translation(found, language)
    up = "../" * name.count("/")
    ways = {"site": up + SITE_FOLDER, "site_pages": _site_pages(up, spoken)}
    return render(spoken, "public/translation.html", original=f"{up}index.html", **ways, **told).encode()


def translation(found: Figures, language: str) -> tuple[str, dict[str, Any]]:
    """The language that the page around an unsigned translation speaks, and what the page says; NotFound for none.

    Around a language that the interface does not speak, the page speaks the letter's.
    """
    one = next((one for one in found.unsigned if one.language == language), None)
    if one is None:
        raise NotFound(NOTHING_HERE)
    spoken = language if language in languages() else found.words.language
    return spoken, {"letter": found, "words": in_unsigned(found.words, one), "headline": headline(found, spoken)}


def page(found: Figures, name: str, language: str | None, **more: Any) -> bytes:
    """One of the letter's pages: at the bare address in its own language, else below a language's prefix.

    Data has no prefix, so pages below one link to it by its full address.
    """
    up = "../" * name.count("/")
    files = found.url if language else up
    spoken = language or found.words.language
    template = LETTER_PAGES.get(name, "public/signatures.html")
    told = {
        "quotes": quotes(found.words),
        "headline": headline(found, spoken),
        "how_codes_came": how_codes_came(found, spoken),
        "who_vouches": who_vouches(found, spoken),
        "columns": columns,
    }
    words = found.words.in_language(spoken)
    shown = {
        "site_pages": up + SITE_FOLDER if language else _site_pages(up, spoken),
        "letter": found,
        "words": words,
        "is_prefixed": language is not None,
        "naming": found.naming,
        **told,
        **more,
    }
    return render(spoken, template, site=up + SITE_FOLDER, files=files, **shown).encode()


def _site_pages(up: str, spoken: str) -> str:
    """The way to the site's pages in a language, from a page whose address names none."""
    named = f"{spoken}/" if spoken in languages() and spoken != DEFAULT else ""
    return up + named + SITE_FOLDER


def before(found: Figures) -> dict[str, Any]:
    """What the page before signing says, of a public letter as of one that is only open."""
    may_sign = found.takes_signatures and not (found.k == ALONE and found.count)
    return {"stored": of_signers(found), "may_sign": may_sign}


def issuer_pem(session: Session, letter: Letter) -> bytes:
    """The keys of all rounds that the log knows, in its order (PEM, RFC 7468)."""
    known = [row for row in rounds_of(session, letter.id) if row.is_logged]
    return b"".join(_pem(row.public_key) for row in known)


def _pem(public_key: bytes) -> bytes:
    lines = textwrap.wrap(b64encode(public_key).decode(), 64)
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""]).encode()


@dataclass(frozen=True)
class TileName:
    """A tile of the log, or a bundle of its entries (level ``entries``), as its name says."""

    level: str
    number: int
    width: int


def tile_of(name: str) -> TileName | None:
    """What a file's name means as a tile; None if it is none, or written in another way than the one."""
    match = TILE.fullmatch(name)
    if match is None:
        return None
    number, width = int(match["number"].replace("x", "").replace("/", "")), int(match["width"] or 256)
    is_canonical = tile_path(number) == match["number"] and width <= 256 and not (width == 256 and match["width"])
    return TileName(match["level"], number, width) if is_canonical else None


def log_file(session: Session, letter_id: str, name: str) -> PublicFile:
    """A tile of a letter's log, made from the log alone; NotFound beyond its end."""
    wanted = tile_of(name)
    if wanted is None:
        raise NotFound(NOTHING_HERE)
    log = logs.log_of(session, letter_id)
    if wanted.level == "entries":
        body = logs.bundle(session, log, wanted.number, wanted.width)
    else:
        body = logs.tile(session, log, int(wanted.level), wanted.number, wanted.width)
    return PublicFile(body, "application/octet-stream", is_final=True)


def names(found: Figures) -> list[str]:
    """The names of all public files of a letter, tiles included."""
    translations = [translation_name(one.language) for one in found.unsigned]
    return [*pages(found), *translations, *FROM_FIGURES, "log/issuer.pem", *tile_names(found.log_size)]


def tile_names(size: int) -> list[str]:
    """The names of all tiles and entry bundles of a log of a size: full ones, and the last partial ones."""
    found = []
    for level, full, partial in logs.widths(size):
        folders = ["entries", "0"] if level == 0 else [str(level)]
        for folder in folders:
            found += [f"log/tile/{folder}/{tile_path(number)}" for number in range(full)]
            found += [f"log/tile/{folder}/{tile_path(full)}.p/{partial}"] if partial else []
    return found
