"""When to come back, for signers with a saved signature of a letter that exchanges codes first and signs later."""

import re

from flask import Response, request

from petition.errors import NotFound
from petition.letters.models import Letter
from petition.letters.states import APART
from petition.publishing.documents.calendar import CALENDAR_TYPE, reminder
from petition.signing.models import Round
from petition.signing.signatures import rounds_of, signing_starts, takes_signatures
from petition.web.shared.context import now, page, say, session
from petition.web.shared.letters import addressed
from petition.web.signing.signatures import bp


@bp.get("/when")
def when(address: str) -> str:
    """Each round's hour of signing, and a file for the calendar."""
    letter, words = addressed(address)
    rounds = [
        (row.number, signing_starts(letter, row), row.signing_starts is not None, takes_signatures(letter, row, now()))
        for row in _rounds(letter)
    ]
    return page("sign/when.html", letter=letter, words=words, rounds=rounds)


@bp.get("/when.ics")
def calendar(address: str) -> Response:
    """The hour as a calendar file that names nothing."""
    letter, _ = addressed(address)
    wanted = request.args.get("round", "")
    number = int(wanted) if re.fullmatch("[0-9]{1,9}", wanted) else None
    rows = [row for row in _rounds(letter) if number in (None, row.number)]
    starts = signing_starts(letter, rows[-1]) if rows else None
    if starts is None:
        raise NotFound("The time isn't set yet. Check back here.")
    headers = {"Content-Disposition": 'attachment; filename="reminder.ics"'}
    return Response(reminder(starts, say("Come back")), content_type=CALENDAR_TYPE, headers=headers)


def _rounds(letter: Letter) -> list[Round]:
    """Rounds that a saved signature may be of, in a letter that has them apart."""
    rows = rounds_of(session(), letter.id) if letter.timing == APART else []
    return [row for row in rows if row.annulled is None]
