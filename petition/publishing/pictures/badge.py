"""``badge.svg``: the count in a small picture for other pages."""

from petition.i18n import Translator
from petition.publishing.figures.counts import Figures
from petition.publishing.figures.facts import headline, shown
from petition.publishing.pictures.svg import drawn, writable
from petition.publishing.pictures.text_width import breadth


def badge_svg(found: Figures) -> bytes:
    """Number and words side by side, as wide as they need."""
    number, words = shown(found, found.count), label(found)
    left, right = round(8 * len(number) + 22), round(7 * breadth(words) + 22)
    return drawn(
        found,
        "badge.svg",
        None,
        about=writable(headline(found)),
        number=number,
        label=words,
        left=left,
        right=right,
    )


def label(found: Figures) -> str:
    """What the number counts."""
    return Translator(found.words.language).ngettext("verified worker", "verified workers", found.count)
