"""Loading a letter for a signer's request, and answering in its language."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import abort, request

from petition.errors import Refusal
from petition.letters.access import letter_to_sign
from petition.letters.drafting.versions import newest_version, words_of
from petition.letters.models import Letter
from petition.letters.text.letter_text import Words
from petition.web.shared.context import moved, session, site, speak


def addressed(address: str) -> tuple[Letter, Words]:
    """The letter that an address may sign, and its words; the answer speaks its binding language.

    Who asks by the unguessable address of a letter that is public by now is sent to the public one; what is posted
    there is served, because that address stands on paper and in files.
    """
    letter = letter_to_sign(session(), address)
    if letter.was_public and address != letter.slug and request.method in ("GET", "HEAD"):
        abort(moved(f"/letters/{letter.slug}{request.path.removeprefix(f'/letters/{address}')}"))
    words = words_of(newest_version(session(), letter))
    speak(words.language)
    return letter, words


@contextmanager
def refusals_spoken(address: str) -> Iterator[None]:
    """Requests of programs do without a letter's words; only what refuses them loads these, to speak its language."""
    try:
        yield
    except Refusal:
        addressed(address)
        raise


def public_url(letter: Letter) -> str:
    """The letter's address as files may carry it: public, or the site's root while it is unpublished."""
    root = site().settings.url or ""
    return f"{root}/letters/{letter.slug}/" if letter.was_public else f"{root}/"
