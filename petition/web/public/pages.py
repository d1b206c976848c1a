"""What is public but not cached yet, or never: fresh editions, unpublished letters, refusals.

All other public requests are answered from cached bytes before they get here.
"""

from flask import Blueprint, Response, current_app, request

from petition.errors import NOTHING_HERE, NotFound
from petition.letters.access import NO_SUCH_LETTER, is_unlisted, letter_at
from petition.letters.states import OF_OLD_VERSION, PUBLIC, takes_signatures
from petition.publishing.cache import CachedFile
from petition.publishing.figures.counts import figures
from petition.publishing.public_files import (
    MARKDOWN,
    TEXT_FILE,
    before,
    is_file_name,
    is_for_clients,
    translation,
    translation_name,
)
from petition.web.public.cache_middleware import CacheMiddleware
from petition.web.shared.context import LANGUAGE_KEY, language, page, say, session, site, speak
from petition.web.shared.letters import addressed
from petition.web.shared.public_cache import cached

_ = str
NO_SUCH_FILE = NOTHING_HERE
bp = Blueprint("public", __name__)


@bp.get("/<place:address>/")
def letter_page(address: str) -> Response:
    """The letter. One that is open but unpublished shows its text alone, to people who have the address."""
    letter, words = addressed(address)
    if letter.state in PUBLIC:
        return letter_file(address, "")
    found = figures(session(), letter, site().settings.url)
    spoken = words.in_language(language())
    told = {"letter": letter, "words": spoken, "binding": words, "here": f"/{address}/"}
    why = "" if takes_signatures(letter) else say(OF_OLD_VERSION)
    shown = page("public/unpublished.html", **told, figures=found, ended=why)
    return Response(shown, mimetype="text/html", headers={"Cache-Control": "no-store"})


@bp.get("/<place:address>/before/")
def before_signing(address: str) -> Response:
    """What to know before signing; of an unpublished letter it is made here, since nothing of it is kept."""
    letter, words = addressed(address)
    if letter.state in PUBLIC:
        return letter_file(address, "before/")
    found = figures(session(), letter, site().settings.url)
    shown = page("public/before.html", letter=found, words=words, up="../", copied_from="", **before(found))
    return Response(shown, mimetype="text/html", headers={"Cache-Control": "no-store"})


@bp.get("/<place:address>/translations/<language>/")
def translation_page(address: str, language: str) -> Response:
    """The letter in another language, which is not what was signed; made here while the letter is unpublished."""
    letter, _words = addressed(address)
    if letter.state in PUBLIC:
        return letter_file(address, translation_name(language))
    spoken, told = translation(figures(session(), letter, site().settings.url), language)
    speak(spoken)
    shown = page("public/translation.html", original="../../", **told)
    return Response(shown, mimetype="text/html", headers={"Cache-Control": "no-store"})


@bp.get("/<place:address>/<path:name>")
def letter_file(address: str, name: str) -> Response:
    """Any other public file of a letter that was published within the last second; a refusal for the rest.

    By its unlisted address a letter's text can be had from opening on, and its log once it is public.
    """
    if not is_file_name(name):
        raise NotFound(NO_SUCH_FILE)
    if is_unlisted(address) and is_for_clients(name):
        return _file_for_clients(address, name)
    letter = addressed(address)[0]
    if letter.state not in PUBLIC:
        raise NotFound(NO_SUCH_LETTER)
    kept = cached().letter_file(letter.slug, name, request.environ.get(LANGUAGE_KEY), fresh=True)
    if kept is None:
        raise NotFound(NO_SUCH_FILE)
    return _answer(kept)


def _file_for_clients(address: str, name: str) -> Response:
    letter = letter_at(session(), address)
    kept = cached().letter_file(letter.slug, name, None, fresh=True) if letter.state in PUBLIC else None
    if kept is not None:
        return _answer(kept)
    if name != TEXT_FILE:
        raise NotFound(NO_SUCH_FILE)
    return Response(letter.text, content_type=MARKDOWN)


def _answer(kept: CachedFile) -> Response:
    wrapper: CacheMiddleware = current_app.extensions["petition.cache_middleware"]
    status, headers, body = wrapper.answer(kept, request.environ)
    return Response(body, status=status, headers=headers)
