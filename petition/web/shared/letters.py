"""Loading a letter for a signer's request, and answering in its language."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import abort, request
from werkzeug.routing import BaseConverter

from petition.errors import Refusal
from petition.letters.access import LISTED_AT, is_unlisted, letter_at
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.models import Letter
from petition.letters.states import PUBLIC
from petition.letters.text.letter_text import LetterText
from petition.web.shared.context import moved, session, speak


class LetterPath(BaseConverter):
    """The beginning of an address that names a letter: ``letters/SLUG`` or ``s/…``."""

    part_isolating = False
    regex = r"(?:letters|s)/[^/]+"

    def to_url(self, value: object) -> str:
        """As it is: nothing in it needs quoting."""
        return str(value)


def addressed(path: str) -> tuple[Letter, LetterText]:
    """The letter at a path, and its words; the answer speaks its binding language.

    A request for a page by the unlisted address of a letter that is public by now is sent to the public one; what is
    posted there is served, because that address stands on paper and in files.
    """
    letter = letter_at(session(), path)
    if is_unlisted(path) and letter.state in PUBLIC and request.method in ("GET", "HEAD"):
        abort(moved(f"/{LISTED_AT}{letter.slug}{request.path.removeprefix(f'/{path}')}"))
    words = text_of(newest_version(session(), letter))
    speak(words.language)
    return letter, words


@contextmanager
def refusals_spoken(path: str) -> Iterator[None]:
    """Requests of programs do without a letter's words; only what refuses them loads these, to speak its language."""
    try:
        yield
    except Refusal:
        addressed(path)
        raise
