"""Pictures as SVG: no scripts, nothing fetched, a title and a description for those who don't see them.

Light colors are attributes; a style sheet inside changes them where dark is preferred. Where no style sheet applies (a
strict policy, a program that knows no style), the light picture stays whole.
"""

import re
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from markupsafe import Markup

from petition.i18n import Translator, is_right_to_left
from petition.publishing.figures.counts import Figures
from petition.publishing.pictures.text_width import wrapped
from petition.publishing.templates import environment

SVG = "image/svg+xml"
PICTURE_WIDTH = 520
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML 1.0 cannot hold (section 2.2)."""
RIGHT_TO_LEFT, ITS_OWN_WAY, END = "\u2067", "\u2068", "\u2069"
"""Around a text that begins with a number, so that the number is on its right; around words of a letter, which run as
their first letter does (UAX 9)."""
STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its place and its text."""

    at: float
    label: str


@dataclass(frozen=True)
class Heading:
    """A letter's title above a picture: its lines, the size of its letters, and how far apart its lines are."""

    lines: tuple[str, ...]
    size: int
    step: int

    @property
    def below(self) -> int:
        """The baseline of the line below the title."""
        return FIRST_LINE + self.step * (len(self.lines) - 1) + NEXT_LINE


FIRST_LINE, NEXT_LINE = 30, 24
"""The baseline of the title's first line; how far below its last line the next one is."""
HEADINGS = ((20, 24, 2), (16, 20, 4))
"""Size, distance of the lines, and how many lines may have that size."""
SMALLEST = (13, 16)
WIDTH_OF_LETTERS = 720
"""How many letters of size 1 fit on a line, in a wide font."""


def heading(title: str) -> Heading:
    """All of a title, in smaller letters if it is long."""
    for size, step, most in HEADINGS:
        lines = wrapped(title, WIDTH_OF_LETTERS // size)
        if len(lines) <= most:
            return Heading(lines, size, step)
    size, step = SMALLEST
    return Heading(wrapped(title, WIDTH_OF_LETTERS // size), size, step)


def heading_of(found: Figures) -> Heading:
    """The heading of a letter's pictures."""
    return heading(writable(found.words.title))


def writable(text: str) -> str:
    """A text without the few characters that XML has no way to write."""
    return UNWRITABLE.sub("\ufffd", text)


def drawn(found: Figures, template: str, language: str | None, *, is_for_paper: bool = False, **values: Any) -> bytes:
    """A picture from its template, in a language; None for the letter's own. On paper it lacks its title."""
    spoken = Translator(language or found.words.language).language
    picture = environment(spoken).get_template(f"pictures/{template}")
    if is_right_to_left(found.words.language):  # anchored, not turned: some programs ignore "direction"
        place: dict[str, Any] = {"anchor": "end", "edge": PICTURE_WIDTH - 20}
    else:
        place = {"anchor": "start", "edge": 20}
    title, above = writable(found.words.title), heading_of(found)
    sides = _sides(is_mirrored=is_right_to_left(spoken))
    return picture.render(
        lang=spoken, **place, **sides, title=title, heading=above, is_for_paper=is_for_paper, **values
    ).encode()


def _sides(*, is_mirrored: bool) -> dict[str, Any]:
    """What a template needs for pictures that read from right to left: places, anchors, shapes, and texts set apart."""
    if not is_mirrored:
        return {"x": lambda at: at, "start": "start", "end": "end", "turned": "", "open": "", "own": "", "close": ""}
    turned = Markup(' transform="matrix(-1 0 0 1 {} 0)"').format(PICTURE_WIDTH)
    mirrored = {"x": lambda at: PICTURE_WIDTH - at, "start": "end", "end": "start", "turned": turned}
    return {**mirrored, "open": RIGHT_TO_LEFT, "own": ITS_OWN_WAY, "close": END}


@cache
def style_digest() -> str:
    """What a policy must name for the style sheet inside to be applied (CSP 3, section 2.3.1): all have the same."""
    sheet = environment("en").get_template("pictures/_style.svg").render()
    inside = STYLE.search(sheet)
    assert inside is not None
    return f"sha256-{b64encode(sha256(inside[1].encode()).digest()).decode()}"
