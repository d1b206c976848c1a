"""A letter's text: what it may contain, its canonical bytes, its digest."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from petition.errors import TOO_MANY, BadShape, TooLong
from petition.letters.text import sources as footnotes
from petition.letters.text.characters import readable, require_visible
from petition.letters.text.markdown import MOST_NESTED, is_nested_too_deep
from petition.letters.text.sources import MOST_SOURCES, Source
from petition.letters.text.typed_sources import as_address, as_date
from petition.normalization import normalize

_ = str
LIMITS = {
    _("title"): 200, _("recipient"): 200, _("employer"): 200, _("body"): 60_000, _("demand"): 1_000, _("note"): 300,
    _("event"): 10_000, _("link"): 1_000, _("group"): 80, _("source"): 300, _("date"): 60, _("name"): 300,
    _("job title"): 300, _("contact"): 300, _("comment"): 4_000, _("passage"): 4_000, _("report"): 2_000,
}  # fmt: skip
"""The most characters of what is typed, by its name in sentences."""
TOO_DEEP = _("Nest quotes, lists, bold and italics at most %(most)s levels deep.")
ONE_IN_EACH = _("Delete the translation into this language first.")
MOST_DEMANDS = 30
MOST_TRANSLATIONS = 20
LANGUAGE_TAG = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?")


@dataclass(frozen=True)
class Translation:
    """The letter in another language than the binding one; employer and sources are the letter's."""

    language: str
    title: str = ""
    recipient: str = ""
    body: str = ""
    demands: tuple[str, ...] = ()


@dataclass(frozen=True)
class LetterText:
    """A letter's text: title, recipient, employer, body in Markdown, demands, the binding language's code, sources,
    translations in the order of their languages' codes."""

    title: str = ""
    recipient: str = ""
    employer: str = ""
    body: str = ""
    demands: tuple[str, ...] = ()
    language: str = "en"
    sources: tuple[Source, ...] = ()
    translations: tuple[Translation, ...] = ()

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages in which the letter can be read, the binding one first."""
        return (self.language, *(one.language for one in self.translations))

    def in_language(self, code: str) -> "LetterText":
        """The letter as it reads in a language; in the binding one if there is no such translation."""
        for one in self.translations:
            if one.language == code:
                recipient = one.recipient or self.recipient
                text = replace(self, title=one.title, recipient=recipient, body=one.body, demands=one.demands)
                return replace(text, language=code, translations=())
        return self

    def with_translation(self, translation: Translation) -> "LetterText":
        """The letter with a translation added, or replaced if there is one in its language."""
        return replace(self, translations=_in_order([*self.without(translation.language).translations, translation]))

    def without(self, language: str) -> "LetterText":
        """The letter without its translation into a language."""
        return replace(self, translations=tuple(one for one in self.translations if one.language != language))


def _in_order(translations: Iterable[Translation]) -> tuple[Translation, ...]:
    return tuple(sorted(translations, key=lambda one: one.language))


def read_letter_text(
    title: str,
    recipient: str,
    employer: str,
    body: str,
    demands: Iterable[str],
    language: str,
    sources: Iterable[Source] = (),
    translations: Iterable[Translation] = (),
) -> LetterText:
    """A text as typed, in normal form (NFC, line feeds, no trailing space); refuses what a letter can't have."""
    return LetterText(
        title=one_line(title, "title"),
        recipient=one_line(recipient, "recipient"),
        employer=one_line(employer, "employer"),
        body=read_body(body),
        demands=_demands(demands),
        language=language_code(language or "en"),
        sources=_sources(sources),
        translations=_translations(translations, language or "en"),
    )


def checked(words: LetterText) -> LetterText:
    """A text made from others, held to the same rules as a typed one."""
    return read_letter_text(
        words.title,
        words.recipient,
        words.employer,
        words.body,
        words.demands,
        words.language,
        (read_source(source.title, source.url, source.date) for source in words.sources),
        (read_translation(one.language, one.title, one.recipient, one.body, one.demands) for one in words.translations),
    )


def read_translation(language: str, title: str, recipient: str, body: str, demands: Iterable[str]) -> Translation:
    """A translation as typed, in normal form; refuses what a letter can't have."""
    return Translation(
        language=language_code(language),
        title=one_line(title, "title"),
        recipient=one_line(recipient, "recipient"),
        body=read_body(body),
        demands=_demands(demands),
    )


def read_source(title: str, url: str, date: str) -> Source:
    """A source as typed; the title may be missing if there is a link."""
    url, date = as_address(one_line(url, "link")), as_date(one_line(date, "date"))
    title = one_line(title, "source") or url
    return Source(title, footnotes.require_address(url), footnotes.require_date(date))


def read_body(text: str) -> str:
    """A body as typed, in Markdown; refuses one that is nested too deep."""
    body = several_lines(text, "body")
    if is_nested_too_deep(body):
        raise BadShape(TOO_DEEP, most=MOST_NESTED).about("body")
    return body


def _demands(typed: Iterable[str]) -> tuple[str, ...]:
    demands = filled_lines(typed, "demand")
    if len(demands) > MOST_DEMANDS:
        raise TooLong(TOO_MANY, most=MOST_DEMANDS)
    return tuple(demands)


def _sources(given: Iterable[Source]) -> tuple[Source, ...]:
    found = tuple(source for source in given if source != Source(""))
    if len(found) > MOST_SOURCES:
        raise TooLong(TOO_MANY, most=MOST_SOURCES)
    return found


def _translations(given: Iterable[Translation], binding: str) -> tuple[Translation, ...]:
    found = _in_order(given)
    if len(found) > MOST_TRANSLATIONS:
        raise TooLong(TOO_MANY, most=MOST_TRANSLATIONS)
    codes = [code.casefold() for code in (binding, *(one.language for one in found))]  # case means nothing in BCP 47
    if len(set(codes)) != len(codes):
        raise BadShape(ONE_IN_EACH)
    return found


def language_code(code: str) -> str:
    """A language's code as BCP 47 writes it: en, es, pt-BR."""
    if not LANGUAGE_TAG.fullmatch(code):
        raise BadShape("The language must be a code such as en, es or pt-BR.")
    return code


def one_line(text: str, field: str) -> str:
    """A field of one line; line breaks become spaces."""
    _require_bounded(text, field)
    return _normal(" ".join(_visible(text, field).split()), field)


def filled_lines(typed: Iterable[str], field: str) -> list[str]:
    """Fields of one line each, without those in which there is nothing that can be seen."""
    return [line for text in typed if (line := one_line(text, field))]


def several_lines(text: str, field: str) -> str:
    """A field of several lines; only line feeds break them."""
    _require_bounded(text, field)
    lines = _visible(text.replace("\r\n", "\n").replace("\r", "\n"), field).split("\n")
    return _normal("\n".join(line.rstrip() for line in lines).strip("\n"), field)


def _visible(text: str, field: str) -> str:
    text = readable(text)
    require_visible(text, field)
    return text


def _normal(text: str, field: str) -> str:
    text = normalize("NFC", text)
    _require_length(text, field, LIMITS[field])
    return text


def _require_bounded(text: str, field: str) -> None:
    """Refuse what is far too long before looking closer: spaces and accents may still shrink, but not that much."""
    _require_length(text, field, 4 * LIMITS[field] + 1_000)


def _require_length(text: str, field: str, most: int) -> None:
    if len(text) > most:
        raise TooLong(
            "Shorten the %(field)s: it has %(length)s characters, and the limit is %(most)s.",
            field=field, length=len(text), most=LIMITS[field],
        )  # fmt: skip


def canonical(words: LetterText) -> bytes:
    """The exact bytes that are signed and that ``letter.md`` serves: UTF-8, line feeds, one at the end.

    Title as a heading; a line each for recipient, employer and language; the body; the demands as a numbered list;
    the sources as footnotes. Then, behind a line of three hyphens each, the translations, which say so in a line.
    """
    texts = [_canonical(words, [])]
    for one in words.translations:
        told = [f"Translation of: {words.language}"]
        texts.append(_canonical(replace(words.in_language(one.language), sources=()), told))
    return ("\n\n---\n\n".join(texts) + "\n").encode()


def _canonical(words: LetterText, told: list[str]) -> str:
    head = [f"To: {words.recipient}", f"Employer: {words.employer}", f"Language: {words.language}", *told]
    parts = [
        f"# {words.title}",
        "  \n".join(head),
        words.body,
        "\n".join(f"{number}. {demand}" for number, demand in enumerate(words.demands, 1)),
        footnotes.lines(words.sources),
    ]
    return "\n\n".join(part for part in parts if part)


def digest(text: bytes) -> str:
    """TEXT_SHA256 of the protocol: hex SHA-256 of the canonical bytes."""
    return hashlib.sha256(text).hexdigest()
