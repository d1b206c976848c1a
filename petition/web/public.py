"""What everybody may read: the same bytes for everybody, with an ETag and without a cookie."""

import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound as NoSuchPage

from petition.letters.life import PUBLIC, public_letter, published_letters
from petition.publishing.counts import figures
from petition.publishing.files import HTML, PublicFile, public_file
from petition.web.context import language, page, session, site, speak
from petition.web.letters import addressed

bp = Blueprint("public", __name__)
PACKAGE = Path(__file__).parent.parent
STATIC_TYPES = {"style.css": "text/css; charset=utf-8", "sign.js": "text/javascript; charset=utf-8"}


@bp.get("/")
def home() -> Response:
    """The published letters."""
    return _answer(PublicFile(page("public/home.html", letters=published_letters(session())).encode(), HTML))


@bp.get("/promises/")
def promises() -> Response:
    """What is stored, for how long, who could get at it, and what this does not protect against."""
    return _answer(PublicFile(page("public/promises.html").encode(), HTML))


@bp.get("/client.py")
def client() -> Response:
    """The stand-alone client, byte for byte as `petition sign` runs it."""
    return _answer(PublicFile(_packaged("client.py"), "text/x-python; charset=utf-8"))


@bp.get("/_site/<path:name>")
@bp.get("/letters/<address>/_site/<path:name>")
def site_file(name: str, address: str = "") -> Response:
    """Files of the site itself, also from below a letter, so that a letter's folder needs nothing outside it."""
    if name in STATIC_TYPES:
        return _answer(PublicFile(_packaged(f"static/{name}"), STATIC_TYPES[name]))
    if name == "client.py":
        return client()
    if name == "promises/":
        return promises()
    raise NoSuchPage


@lru_cache(maxsize=16)
def _packaged(name: str) -> bytes:
    return (PACKAGE / name).read_bytes()


@bp.get("/letters/<address>/")
def letter_page(address: str) -> Response:
    """The letter. One that is open but unpublished shows its text alone, to whoever has the address."""
    letter, words = addressed(address)
    if letter.state in PUBLIC:
        return letter_file(address, "")
    shown = page("public/unpublished.html", letter=letter, words=words)
    return Response(shown, mimetype="text/html", headers={"Cache-Control": "no-store"})


@bp.get("/letters/<slug>/<path:name>")
def letter_file(slug: str, name: str) -> Response:
    """Any other public file of a published letter."""
    letter = public_letter(session(), slug)
    found = figures(session(), letter, site().settings.url)
    speak(found.words.language)
    return _answer(public_file(session(), letter, found, name, language()))


def _answer(file: PublicFile) -> Response:
    """The file with an ETag; 304 where the visitor has it already."""
    answer = Response(file.body, content_type=file.media_type)
    answer.set_etag(hashlib.sha256(file.body).hexdigest()[:32])
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if file.is_final else "public, max-age=60"
    answer.make_conditional(request)
    return answer
