"""``letter.pdf`` for the letter's recipient, ``facts.pdf`` with the figures, and the pictures as PNG.

Their date is that of the facts: the sealing from which their figures are.
"""

import re
from typing import Any

from petition.i18n import Translator, date_in, hour_in, is_right_to_left, name_of
from petition.letters.text.blocks import blocks, renumbered
from petition.letters.text.letter_text import LetterText
from petition.publishing.documents import typesetting
from petition.publishing.figures.counts import Figures
from petition.publishing.figures.facts import (
    Fact,
    addressee,
    evidence,
    facts,
    group_lines,
    headline,
    how_to_check,
    rounding,
    shown,
    shown_hour,
)
from petition.publishing.pictures.badge import label
from petition.publishing.pictures.chart import chart_svg
from petition.publishing.pictures.svg import END, ITS_OWN_WAY, PICTURE_WIDTH, heading_of

NEWEST_ROWS = 12
"""How many hours of the history the fact sheet shows; history.csv has all."""
SHARPNESS = 144
"""The chart as PNG has two pixels to a point."""

ARABIC_MARKS = re.compile("[\u064b-\u0652\u0670]")
"""Optional vowel signs. Fonts join them into glyphs that the typesetter can't name in a PDF when they are in a picture;
readers do without them."""


def letter_pdf(found: Figures) -> bytes:
    """The letter with its demands, its count, and how to check it."""
    body = blocks(found.words)
    renumbered(body, above=1)
    proof = [_fact(fact) for fact in evidence(found) if fact.is_for_letter]
    more = {"blocks": body, "demands": list(found.words.demands), "others": spoken(found.words), "evidence": proof}
    return typesetting.pdf("letter.typ", {**_common(found), **more})


def spoken(words: LetterText) -> list[dict[str, Any]]:
    """The letter's other languages, each with its title, text and demands."""
    return [_spoken(words.in_language(code)) for code in words.languages[1:]]


def _spoken(words: LetterText) -> dict[str, Any]:
    body = blocks(words)
    renumbered(body, above=2)
    own = [node for node in body if node["kind"] != "note" or node["number"] > len(words.sources)]
    return {
        "language": words.language.partition("-")[0],
        "name": name_of(words.language),
        "title": words.title,
        "to": f"{words.recipient}, {words.employer}",
        "blocks": own,
        "demands": list(words.demands),
        "asked": Translator(words.language).say("What we ask for"),
    }


def facts_pdf(found: Figures) -> bytes:
    """All figures, the chart, groups, the newest history."""
    groups = [
        {
            "field": _its_own_way(found, group.label),
            "rounding": rounding(found, group),
            "options": [(_its_own_way(found, label), count) for label, count in group_lines(found, group)],
        }
        for group in found.groups
    ]
    history = [
        (shown_hour(row.hour), shown(found, row.signatures), shown(found, row.withdrawals), shown(found, row.count))
        for row in found.history[-NEWEST_ROWS:]
    ]
    more = {"groups": groups, "history": history, "chart": on_chart(found)}
    return typesetting.pdf("facts.typ", {**_common(found), **more})


def _common(found: Figures) -> dict[str, Any]:
    """What both documents say."""
    words, say = found.words, Translator(found.words.language).say
    since = found.published or found.as_of
    return {
        "title": words.title,
        "to": addressee(found),
        **_languages(found),
        "date": [found.as_of.year, found.as_of.month, found.as_of.day],
        "dateline": say("Published %(date)s", date=date_in(words.language, since.date())) if found.published else "",
        "foot": say("%(url)s · as of %(hour)s UTC", url=_address(found), hour=hour_in(words.language, found.as_of)),
        "headline": headline(found),
        "facts": [_fact(fact) for fact in facts(found)],
        "evidence": [_fact(fact) for fact in evidence(found)],
        "check": how_to_check(found),
        "labels": {
            "demands": say("What we ask for"),
            "notes": say("Notes"),
            "figures": say("The numbers"),
            "check": say("Check it yourself"),
            "chart": say("How the count grew"),
            "groups": say("Who signed"),
            "history": say("The latest count updates"),
            "columns": [say("Hour (UTC)"), say("Signatures"), say("Removed"), say("Count")],
        },
    }


def _address(found: Figures) -> str:
    """The letter's address, set apart (UAX 9) in sentences that read from right to left: its slashes stay in place."""
    return f"\u2066{found.url}{END}" if _runs_to_the_left(found) else found.url


def _its_own_way(found: Figures, words: str) -> str:
    """A question or an answer, which runs as its first letter does: “C++” stays so among Arabic words."""
    return f"{ITS_OWN_WAY}{words}{END}" if _runs_to_the_left(found) else words


def _runs_to_the_left(found: Figures) -> bool:
    return is_right_to_left(Translator(found.words.language).language)


def _languages(found: Figures) -> dict[str, str]:
    """The letter's own, and that of the words around it, where the letter's is not shipped."""
    language = found.words.language
    return {"language": language.partition("-")[0], "spoken": Translator(language).language.partition("-")[0]}


def _fact(fact: Fact) -> dict[str, Any]:
    return {"label": fact.label, "value": fact.value, "code": fact.is_code}


def chart_png(found: Figures) -> bytes:
    """``chart.png``: chart.svg, for programs that take no SVG."""
    return typesetting.png("picture.typ", on_chart(found), ppi=SHARPNESS)


def on_chart(found: Figures) -> dict[str, Any]:
    """The chart, and its title apart: in a title of several scripts, the typesetter finds a font for each."""
    title = heading_of(found)
    return {
        "title": found.words.title,
        **_languages(found),
        "right_to_left": is_right_to_left(found.words.language),
        "lines": title.lines,
        "size": title.size,
        "step": title.step,
        "svg": ARABIC_MARKS.sub("", chart_svg(found, is_for_paper=True).decode()),
        "width": PICTURE_WIDTH,
    }


def card_png(found: Figures) -> bytes:
    """``card.png``: what is shown where the letter's address is shared, 1200 by 630 pixels."""
    return typesetting.png("card.typ", on_card(found))


def on_card(found: Figures) -> dict[str, Any]:
    """What the card says."""
    words, say = found.words, Translator(found.words.language).say
    return {
        "title": words.title,
        "to": addressee(found),
        **_languages(found),
        "right_to_left": is_right_to_left(words.language),
        "count_from_right": is_right_to_left(Translator(words.language).language),
        "count": shown(found, found.count),
        "label": label(found),
        "asof": say("as of %(hour)s UTC", hour=hour_in(words.language, found.as_of)),
    }
