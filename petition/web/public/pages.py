"""What is public but not kept yet, or never: fresh editions, unpublished letters, refusals.

Everything else public is answered from kept bytes before it gets here.
"""

from flask import Blueprint, Response, current_app, request

from petition.errors import NotFound
from petition.letters.access import NO_SUCH_LETTER
from petition.letters.states import PUBLIC
from petition.publishing.cache import CachedFile
from petition.publishing.figures.counts import figures
from petition.publishing.public_files import before
from petition.web.public.cache_middleware import CacheMiddleware
from petition.web.shared.context import LANGUAGE, language, page, session, site
from petition.web.shared.letters import addressed

bp = Blueprint("public", __name__)


@bp.get("/letters/<address>/")
def letter_page(address: str) -> Response:
    """The letter. One that is open but unpublished shows its text alone, to whoever has the address."""
    letter, words = addressed(address)
    if letter.state in PUBLIC:
        return letter_file(address, "")
    found = figures(session(), letter, site().settings.url)
    spoken = words.in_language(language())
    told = {"letter": letter, "words": spoken, "binding": words, "here": f"/letters/{address}/"}
    shown = page("public/unpublished.html", **told, figures=found)
    return Response(shown, mimetype="text/html", headers={"Cache-Control": "no-store"})


@bp.get("/letters/<address>/before/")
def before_signing(address: str) -> Response:
    """What to know before signing; of an unpublished letter it is made here, since nothing of it is kept."""
    letter, words = addressed(address)
    if letter.state in PUBLIC:
        return letter_file(address, "before/")
    found = figures(session(), letter, site().settings.url)
    shown = page("public/before.html", letter=found, words=words, up="../", copied_from="", **before(found))
    return Response(shown, mimetype="text/html", headers={"Cache-Control": "no-store"})


@bp.get("/letters/<slug>/<path:name>")
def letter_file(slug: str, name: str) -> Response:
    """Any other public file of a letter that was published within the last second; a refusal for the rest."""
    letter, _ = addressed(slug)
    if letter.state not in PUBLIC:
        raise NotFound(NO_SUCH_LETTER)
    wrapper: CacheMiddleware = current_app.extensions["petition.kept"]
    kept = wrapper.shelf.letter_file(slug, name, request.environ.get(LANGUAGE), fresh=True)
    if kept is None:
        raise NotFound("There is no such file. The letter's page lists all of them.")
    return _answer(wrapper, kept)


def _answer(wrapper: CacheMiddleware, kept: CachedFile) -> Response:
    status, headers, body = wrapper.answer(kept, request.environ)
    return Response(body, status=status, headers=headers)
