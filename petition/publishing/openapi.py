"""The public and the signing interface for programs, as OpenAPI 3.1; and what ``counts.json`` is made of.

Organizers' pages are for people, and not in it. Every status that a request can get is named.
"""

import json
from functools import cache
from typing import Any

from petition.crypto.appearance_steps import COUNTED, GROUPED, NAMED, NAMED_AT, STEPS
from petition.letters.states import OPEN, PUBLIC, TIMINGS, WITHDRAWN
from petition.letters.text.letter_text import LANGUAGE_TAG
from petition.publishing.data import columns
from petition.publishing.documents.calendar import CALENDAR_TYPE as CALENDAR
from petition.publishing.public_files import FROM_FIGURES, HTML_TYPE, ISSUER_PEM, LETTER_PAGES
from petition.publishing.scripts import SCRIPTS

Json = dict[str, Any]
VERSION = "2"
"""Rises when a member goes away or changes its meaning; new members may come without."""
STATES = {*PUBLIC, OPEN, WITHDRAWN}
"""Organizers and operators can export the figures of letters that are not public."""
PROBLEM = "application/problem+json"
JSON = "application/json"
SCHEMA = "application/schema+json"
BYTES = "application/octet-stream"
PLAIN = "text/plain; charset=utf-8"
FORM = ("application/x-www-form-urlencoded", "multipart/form-data")
AT_SITE = (
    {"style.css": "text/css", "icon.svg": "image/svg+xml", "favicon.ico": "image/x-icon"}
    | dict.fromkeys(SCRIPTS, "text/javascript")
    | {
        "client.py": "text/x-python",
        "openapi.json": JSON,
        "counts.schema.json": SCHEMA,
    }
)
WHY = {
    308: "The letter is published by now, or the address has a slash too many or too few: ask there.",
    400: "What was sent has not the form that is asked for.",
    403: "Not allowed: an unknown code, a token of another letter or round, a form of another site.",
    404: "No such letter, file or round exists, or the caller may not know of it.",
    409: "Something that happened before stands against it: the code or token is used, it is too early.",
    410: "Over: the letter is closed or withdrawn, the round has ended, the code was recalled.",
    413: "More than 64 kB.",
    429: "Too many requests within a minute.",
}
POSTED = (400, 403, 404, 409, 410, 413, 429)


@cache
def document() -> bytes:
    """``openapi.json``."""
    paths = {f"/{name}": {"get": _file(kind, f"The site's {name}.")} for name, kind in AT_SITE.items()}
    paths["/"] = {"get": _file(HTML_TYPE, "All published letters.")}
    paths["/promises/"] = {
        "get": _file(HTML_TYPE, "What is stored, for how long, and what this does not protect from.")
    }
    paths["/asked/"] = {"get": _file(HTML_TYPE, "What to expect and to say when the employer asks who signed.")}
    paths["/healthz"] = {"get": _operation("The process answers.", {200: PLAIN})}
    paths["/readyz"] = {
        "get": _operation("Whether databases and keys are ready; 503 if not.", {200: PLAIN, 503: PLAIN})
    }
    for name, operations in {**_public(), **_signing()}.items():
        for place, parameter in (("letters/{slug}", _SLUG), ("s/{code}", _SHORT)):
            here: Json = {"parameters": [parameter]}
            paths[f"/{place}/{name}"] = {**operations, **here}
    whole = {
        "openapi": "3.1.0",
        "info": {"title": "Petition", "version": VERSION, "description": _INTRODUCTION},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": _schemas(), "responses": {str(status): _refusal(status) for status in WHY}},
    }
    return _written(whole)


@cache
def counts_schema() -> bytes:
    """``counts.schema.json``: the members of ``counts.json`` (JSON Schema 2020-12), each with what it means."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "counts.json", "version": VERSION}
    return _written({**head, **_explained(_COUNTS)})


def _written(value: Json) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


_INTRODUCTION = (
    "Open letters signed by verified colleagues whom nobody can trace. Binary values are base64url without padding, "
    "hashes lower-case hex. Errors are problem details (RFC 9457) to programs, a page to browsers; another method "
    "than those named here is answered 405. Pages have a language in front of their path (/es/letters/…) or speak "
    "the letter's own. HEAD is answered wherever GET is."
)
_SLUG = {
    "name": "slug",
    "in": "path",
    "required": True,
    "description": "The letter's slug, once it is public.",
    "schema": {"type": "string", "pattern": "^[a-z0-9-]{1,80}$"},
}
_SHORT = {
    "name": "code",
    "in": "path",
    "required": True,
    "description": (
        "The first 16 characters of the letter's id, read like a code. This address works from opening on, for good; "
        "pages of a public letter are answered 308 here."
    ),
    "schema": {"type": "string", "pattern": "^[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z-]{16,19}$"},
}


def _operation(summary: str, answers: dict[int, str | Json], refusals: tuple[int, ...] = (), **more: Any) -> Json:
    """An operation: a media type or a schema for each good answer, and the refusals that can come."""
    found: Json = {}
    for status, kind in answers.items():
        content = {kind: {}} if isinstance(kind, str) else {JSON: {"schema": kind}}
        found[str(status)] = {"description": summary, "content": content}
    found |= {str(status): {"$ref": f"#/components/responses/{status}"} for status in refusals}
    return {"summary": summary, "responses": found, **more}


def _refusal(status: int) -> Json:
    content = {HTML_TYPE: {}, PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": WHY[status]} | ({"content": content} if status >= 400 else {})


def _file(media_type: str, summary: str, refusals: tuple[int, ...] = (), schema: Json | None = None) -> Json:
    """A public file: kept, with ETag, so that a conditional request can get a 304."""
    asked = _operation(summary, {200: schema or media_type}, refusals)
    asked["responses"]["304"] = {"description": "It is what you have (If-None-Match)."}
    return asked


def _public() -> Json:
    """The files of a published letter, and the address of one that is open."""
    may = (308, 404, 410)
    found = {
        name: {"get": _file(HTML_TYPE, "The letter." if name == "" else f"The letter's page “{name}”.", may)}
        for name in LETTER_PAGES
    }
    found["signatures/"] = {"get": _file(HTML_TYPE, "Who signed by name, from A to Z: the first page.", may)}
    further = _file(HTML_TYPE, "Who signed by name: a further page of 100 names.", may)
    further["parameters"] = [_in("path", "page", _text("[2-9]|[1-9][0-9]{1,6}"))]
    found["signatures/{page}/"] = {"get": further}
    translation = _file(HTML_TYPE, "The letter in another language. It is not what was signed.", may)
    translation["parameters"] = [_in("path", "language", _text(LANGUAGE_TAG.pattern))]
    found["translations/{language}/"] = {"get": translation}
    for name, (_, media_type) in FROM_FIGURES.items():
        schema = {"$ref": "#/components/schemas/Counts"} if name == "counts.json" else None
        found[name] = {"get": _file(media_type, f"The letter's {name}.", may, schema)}
    found["log/issuer.pem"] = {"get": _file(ISSUER_PEM, "The keys of all rounds, in the log's order.", may)}
    tile = _file(BYTES, "A tile of the log, or a bundle of its entries (C2SP tlog-tiles).", may)
    tile["parameters"] = [
        _in("path", "level", _text("entries|[0-9]{1,2}")),
        _in("path", "index", _text("[0-9x./p]{3,40}")),
    ]
    return found | {"log/tile/{level}/{index}": {"get": tile}}


def _in(where: str, name: str, schema: Json) -> Json:
    return {"name": name, "in": where, "required": where == "path", "schema": schema}


def _text(pattern: str) -> Json:
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


def _object(optional: tuple[str, ...] = (), **members: Json) -> Json:
    """A JSON object with exactly these members."""
    required = [name for name in members if name not in optional]
    return {"type": "object", "properties": members, "required": required, "additionalProperties": False}


def _signing() -> Json:
    """What signers' clients use: JSON, and the plain forms that need no script."""
    record = _operation(
        "The public record of a round: all that an outside client needs.",
        {200: {"$ref": "#/components/schemas/Round"}},
        (308, 404, 409, 410),
        parameters=[_in("query", "round", _text("[1-9][0-9]{0,8}"))],
    )
    found: Json = {"round.json": {"get": record}}
    for name, (summary, kind, asked) in _PAGES.items():
        parameters = [_in("query", key, schema) for key, schema in asked.items()]
        found[name] = {"get": _operation(summary, {200: kind}, (308, 404, 410), parameters=parameters)}
    for name, (summary, status, sent, answer) in _POSTS.items():
        body = {"required": True, "content": {JSON: {"schema": sent}}}
        found[name] = {"post": _operation(summary, {status: answer}, (308, *POSTED), requestBody=body)}
    for name, (summary, fields) in _FORMS.items():
        schema = {"type": "object", "properties": {field: {"type": "string"} for field in fields}}
        body = {"content": {kind: {"schema": schema} for kind in FORM}}
        kind = JSON if name.endswith("/file") else HTML_TYPE
        found[name] = {"post": _operation(summary, {200: kind}, (308, *POSTED), requestBody=body)}
        if kind == HTML_TYPE:
            found[name]["get"] = _operation("The form. " + summary, {200: HTML_TYPE}, (308, 404, 410))
    return found


def _base64url(size: int) -> Json:
    """A fixed number of bytes, in their one canonical text."""
    whole, last = divmod(size, 3)
    end = {0: "", 1: "[A-Za-z0-9_-][AQgw]", 2: "[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048]"}[last]
    return _text(f"[A-Za-z0-9_-]{{{4 * whole}}}{end}")


_HASH, _SIZE, _HALF = _text("[0-9a-f]{64}"), _base64url(384), _base64url(32)
_HOUR = _text("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}Z")
_MAYBE_HOUR = {**_HOUR, "type": ["string", "null"]}
_NUMBER = {"type": "integer", "minimum": 0}
_WORDS = {"type": "string"}
_GROUPS = {
    "type": "array",
    "maxItems": 3,
    "items": _object(field={**_WORDS, "maxLength": 40}, option={**_WORDS, "maxLength": 40}),
    "description": "At most one option of each field, by the ids in round.json.",
}
_LOCKED = {**_base64url(384), "description": "RSA-OAEP with the step's key in round.json."}
_AT = {"type": "integer", "minimum": 1, "maximum": 10**9 - 1}


def _appearance(optional: tuple[str, ...] = (), **more: Json) -> Json:
    """The four steps, each with its members; ``more`` are those of steps above the first."""
    steps = [
        _object(step={"const": COUNTED}),
        _object(optional, step={"const": GROUPED}, groups=_GROUPS, **more),
        _object(("groups", *optional), step={"const": NAMED_AT}, at=_AT, groups=_GROUPS, locked_name=_LOCKED, **more),
        _object(("groups", *optional), step={"const": NAMED}, groups=_GROUPS, locked_name=_LOCKED, **more),
    ]
    return {"oneOf": steps, "description": "How to be seen. A step that the letter does not offer is refused (409)."}


_SHOWN = _object(
    ("at", "groups"),
    step={"enum": list(STEPS)},
    at=_AT,
    groups=_GROUPS,
)
_POSTS: dict[str, tuple[str, int, Json, Json]] = {
    "tokens": (
        "A code and a blinded message in, a blind signature out (RFC 9474).",
        201,
        _object(
            code={"type": "string", "description": "16 characters, as printed.", "examples": ["7H3K-9QWX-2M4P-TR5V"]},
            round={"type": "integer", "minimum": 1, "maximum": 10**9 - 1},
            blinded_message=_SIZE,
        ),
        _object(blind_signature=_SIZE),
    ),
    "signatures": (
        "A token's message and signature in; it is counted with one of the next sealings.",
        201,
        _object(
            message={**_text("[A-Za-z0-9_-]+"), "minLength": 284, "maxLength": 295},
            signature=_SIZE,
            appearance=_appearance(a=_HALF, w_hash=_HASH),
        ),
        _object(sealed={"type": "boolean"}),
    ),
    "withdrawals": (
        "Both halves of a receipt's opening in, the signature withdrawn; the same answer when repeated.",
        200,
        _object(w=_HALF, a=_HALF),
        _object(withdrawn={"const": True}, was_sealed={"type": "boolean"}),
    ),
    "appearances": (
        "Another appearance for a signature.",
        200,
        _object(w_hash=_HASH, a=_HALF, appearance=_appearance(("a", "w_hash"), a=_HALF, w_hash=_HASH)),
        _object(appearance=_SHOWN),
    ),
}
_PAGES: dict[str, tuple[str, str, Json]] = {
    "remove": ("The form that removes a signature.", HTML_TYPE, {}),
    "when": ("When to come back with a saved signature.", HTML_TYPE, {}),
    "when.ics": ("The same for a calendar, naming nothing (RFC 5545).", CALENDAR, {"round": _text("[0-9]{1,9}")}),
}
_FORMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "join": ("A code becomes a token, without a script.", ("code", "seed", "blinded_message")),
    "join/mail": ("Ask for a code by mail; the answer is the same for every address.", ("address", "roll")),
    "join/file": ("The token sent back as a file; nothing is stored.", ("token",)),
    "sign": (
        "How to be listed, and with “confirm” the signature. Groups are in fields named after their ids, group-ROLE "
        "for example.",
        ("token", "token_file", "appear", "name", "title", "do", "confirm"),
    ),
    "receipt": (
        "Check, change what is shown, or remove by receipt; removing is done with “confirm”.",
        ("receipt", "receipt_file", "appear", "name", "title", "do", "confirm"),
    ),
    "report": ("Tell the site's host that a letter does harm; only the words and the hour are stored.", ("text",)),
    "receipt/file": ("The receipt sent back as a file; nothing is stored.", ("token",)),
}
_COUNTS = _object(
    letter=_object(
        title=_WORDS,
        url={"type": "string", "format": "uri"},
        recipient=_WORDS,
        employer=_WORDS,
        text_sha256=_HASH,
        published={"type": ["string", "null"], "format": "date"},
    ),
    count=_NUMBER,
    as_of=_HOUR,
    signatures=_NUMBER,
    withdrawals=_NUMBER,
    rolls={"type": "array", "items": _object(id=_text("[a-z0-9-]{1,32}"), roll=_WORDS, count=_NUMBER)},
    names_shown=_NUMBER,
    threshold={**_NUMBER, "type": ["integer", "null"]},
    closes={**_MAYBE_HOUR, "description": "The hour of closing, announced or planned."},
    state={"enum": sorted(STATES)},
    groups={
        "type": "array",
        "items": _object(
            field=_WORDS,
            rounded_down_to=_NUMBER,
            smallest_shown=_NUMBER,
            options={"type": "array", "items": _object(option=_WORDS, count=_NUMBER)},
        ),
    },
    verification=_object(
        routes={"type": "array", "items": {"enum": ["code", "mail"]}},
        codes_made=_NUMBER,
        issued={**_NUMBER, "type": ["integer", "null"]},
        log=_object(size=_NUMBER, root=_HASH, checkpoint={"type": "string", "format": "uri"}),
    ),
)
_ROUND = _object(
    letter_id=_text("[0-9A-HJKMNP-TV-Z]{26}"),
    letter={**_WORDS, "description": "The letter's public address; until it has one, the site's root."},
    round={"type": "integer", "minimum": 1},
    text_sha256=_HASH,
    public_key={**_text("[A-Za-z0-9_-]+"), "description": "SPKI DER: RSA, 3072 bits, e = 65537."},
    variant={"const": "RSABSSA-SHA384-PSS-Randomized"},
    timing={"enum": list(TIMINGS)},
    issuing={"type": "boolean", "description": "Whether codes are exchanged now."},
    signing={"type": "boolean", "description": "Whether signatures are taken now."},
    issuing_ends=_MAYBE_HOUR,
    signing_starts=_MAYBE_HOUR,
    routes={"type": "array", "items": {"enum": ["code", "mail"]}},
    fields={
        "type": "array",
        "items": _object(id=_WORDS, label=_WORDS, options={"type": "array", "items": _object(id=_WORDS, label=_WORDS)}),
    },
    names_keys={"type": "object", "additionalProperties": _text("[A-Za-z0-9_-]+")},
    roll=_WORDS,
    roll_id=_text("[a-z0-9-]{1,32}"),
    k={"type": "integer", "minimum": 1, "maximum": 50},
    log_key={**_HALF, "description": "The log's Ed25519 key."},
    fields_sha256={**_HASH, "description": "SHA-256 of the canonical JSON (RFC 8785) of “fields”."},
    hosts={"type": "array", "items": _WORDS, "description": "Where the letter is served; send to no other host."},
    names_offered={"type": "array", "items": _WORDS, "description": "Steps of names_keys that are still taken."},
    rounds={
        "type": "array",
        "items": _object(round={"type": "integer", "minimum": 1}, roll_id=_text("[a-z0-9-]{1,32}"), roll=_WORDS),
        "description": "All rounds of the letter.",
    },
)


def _explained(schema: Json) -> Json:
    """Give each member that the data page explains the same words."""
    for column in columns.COUNTS_JSON:
        *path, name = column.name.split(".")
        within = schema
        for step in path:
            within = within["properties"][step]
        within["properties"][name] = {**within["properties"][name], "description": column.about}
    return schema


def _schemas() -> Json:
    status = {"enum": [405, *(status for status in WHY if status >= 400)]}
    problem = _object(type=_text("/problems/[a-z-]+"), title=_WORDS, status=status, detail=_WORDS)
    return {"Problem": problem, "Counts": _explained(_COUNTS), "Round": _ROUND}
