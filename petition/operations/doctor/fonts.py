"""Fonts: what PDFs and pictures can't show."""

from collections.abc import Iterator

from petition.letters.models import Letter
from petition.letters.states import WITHDRAWN
from petition.operations.doctor.findings import NOTE, OK, Finding
from petition.operations.doctor.view import View
from petition.publishing.documents.fonts import fonts_missing_for, packages_missing


def check_fonts(*, of_machine: bool = True) -> Iterator[Finding]:
    """Whether PDFs and pictures can show the scripts of the world, and emoji."""
    missing = packages_missing(of_machine=of_machine)
    if missing:
        what = "PDFs and pictures of letters in some scripts, or with emoji, would show boxes: fonts are missing."
        yield Finding("fonts", NOTE, what, installing(missing))
    else:
        yield Finding("fonts", OK, "PDFs and pictures can show emoji and the scripts that people write letters in.")


def check_fonts_of(view: View, letter: Letter) -> Iterator[Finding]:
    """Whether there is a font for each character of a letter."""
    missing = [] if letter.state == WITHDRAWN else fonts_missing_for(view.session, letter)
    if missing:
        examples = " ".join(one.example for one in missing)
        what = f"{letter.slug}: no font here has {examples}. Its PDFs and pictures show boxes instead."
        yield Finding("fonts", NOTE, what, installing([one.package for one in missing]))


def installing(packages: list[str]) -> str:
    """How to install them."""
    return f"On Debian: apt install {' '.join(packages)}"
