"""Pages from templates, without Flask: the same call makes a published file and an answer of the server."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.bccache import Bucket
from jinja2.runtime import Context
from markupsafe import Markup

from petition.database import place_of
from petition.i18n import (
    DEFAULT,
    date_in,
    desk_languages,
    hour_in,
    is_right_to_left,
    is_unreviewed,
    languages,
    name_of,
    number_in,
    translations,
)
from petition.letters.text.blocks import plain_text
from petition.letters.text.folding import folded
from petition.letters.text.markdown import html, site_to_tell
from petition.publishing.site_files import versioned

SITE_FOLDER = "_site/"
"""Folder of what belongs to the site (style, promises, client), seen from a letter's own folder."""


@dataclass(frozen=True)
class HostFacts:
    """What pages say about the host, and who may start a letter: ``invited`` people, or with ``open`` anyone."""

    name: str = ""
    contact: str = ""
    start: str = "invited"
    is_replicated: bool = False
    """Whether other machines have copies of the databases, so that a thief of one learns more."""


NO_FACTS = HostFacts()


class CompiledOnce(BytecodeCache):
    """Each template's code, compiled once in a process for all languages: it asks for its words only when it runs."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key, bucket.checksum] = bucket.code


COMPILED = CompiledOnce()


@cache
def environment(language: str) -> Environment:
    """Templates that speak a language; a name that a template does not get is an error, not an empty text."""
    made = Environment(
        loader=FileSystemLoader(place_of("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        bytecode_cache=COMPILED,
    )
    made.policies["ext.i18n.trimmed"] = True  # a translated text may have one sentence a line
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals["in_both"] = (
        in_both_of(made.globals["gettext"]) if is_unreviewed(language) else made.globals["gettext"]
    )
    made.filters["translated"] = translations(language).gettext  # for what may quote what was typed: it is no HTML
    made.filters["markdown"] = html
    made.filters["plain"] = plain_text
    made.filters["folded"] = folded
    made.filters["site_to_tell"] = site_to_tell
    made.filters["grouped"] = grouped_in_fours
    made.filters["versioned"] = versioned
    made.filters["language_name"] = name_of
    made.filters["number"] = partial(number_in, language)
    made.filters["date"] = partial(date_in, language)
    made.filters["hour"] = partial(hour_in, language)
    made.filters["moment"] = partial(moment_in, language)
    return made


def render(language: str, template: str, *, site: str, **values: Any) -> str:
    """A page. ``site`` is the way from the page to the site's own files; ``language`` one that is shipped.

    A relative way keeps the language of the page's address. An absolute one has to name it for the site's pages.
    """
    spoken = language if language in languages() else DEFAULT
    prefix = "" if spoken == DEFAULT else f"/{spoken}"
    common: Mapping[str, Any] = {
        "lang": spoken,
        "direction": "rtl" if is_right_to_left(spoken) else "ltr",
        "direction_of": lambda code: "rtl" if is_right_to_left(code) else "ltr",
        "language_name": name_of,
        "site": site,
        "site_pages": f"{prefix}{site}" if site.startswith("/") else site,
        "site_home": f"{prefix}/",
        "languages": languages(),
        "desk_languages": desk_languages(),
        "is_unreviewed": is_unreviewed(spoken),
    }
    return environment(spoken).get_template(template).render({**common, **values})


def in_both_of(translated: Any) -> Any:
    """For sentences on which someone's safety rests: the English too, below a translation that no one has reviewed."""

    @pass_context
    def in_both(context: Context, sentence: str, **values: Any) -> Markup:
        english: Any = environment(DEFAULT).globals["gettext"]
        both = [context.call(spoken, sentence, **values) for spoken in (translated, english)]
        return Markup('{} <span class="english" lang="en" dir="ltr">{}</span>').format(*both)

    return in_both


def moment_in(language: str, moment: datetime) -> Markup:
    """An hour as readers of a language write it, in UTC; where scripts run, they put it in the reader's own zone."""
    shown = hour_in(language, moment)
    return Markup('<time datetime="{}">{} UTC</time>').format(moment.strftime("%Y-%m-%dT%H:%MZ"), shown)


def grouped_in_fours(text: str) -> str:
    """Hexadecimal digits in groups of four, for reading aloud."""
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))
