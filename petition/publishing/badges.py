"""``badge.svg``: the count in a small picture for other pages."""

from petition.languages import Voice
from petition.publishing.counts import Figures
from petition.publishing.facts import headline, shown
from petition.publishing.pictures import drawn, writable
from petition.publishing.wrapping import breadth


def badge_svg(found: Figures) -> bytes:
    """Number and words side by side, as wide as they need."""
    number, words = shown(found.count), label(found)
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
    return Voice(found.words.language).ngettext("verified worker", "verified workers", found.count)
