"""``round.json``: the public record of a round, all that an outside client needs (protocol 4).

Everything in it that a server could choose for one visitor alone is covered by the round's pin. It doesn't show
how many came: whether a round still issues is as of the last update.
"""

import json
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from petition.crypto.blind_rsa import VARIANT
from petition.crypto.encodings import b64url, hour
from petition.errors import NotFound, TooEarly
from petition.letters.access import LISTED_AT
from petition.letters.drafting.settings import rolls_of
from petition.letters.fields import as_record, fields_of
from petition.letters.models import Letter
from petition.letters.organizers.names_keys import public_names_keys, steps_taken
from petition.letters.pinned import pinned_in
from petition.letters.states import takes_signatures
from petition.signing.models import Round
from petition.signing.signatures import rounds_of, signing_starts
from petition.signing.signatures import takes_signatures as round_takes_signatures
from petition.signing.verification_methods import routes_of


def round_record(
    session: Session, letter: Letter, site: str | None, number: int | None, *, moment: datetime
) -> dict[str, Any]:
    """The record of a round by its number, or of the newest one of the first roll that counts.

    ``site`` is the site's root address. Refuses a round that the letter does not have, or not yet. That it will have
    one is no secret: the issuer tells as much to all who send any code there.
    """
    pinned = pinned_in(letter)
    rolls = {roll.id: roll.name for roll in rolls_of(session, letter)}
    known = rounds_of(session, letter.id)
    rows = [row for row in known if row.is_logged]
    row = _newest(rows, next(iter(rolls))) if number is None else _numbered(known, number)
    starts = signing_starts(letter, row)
    return {
        "letter_id": letter.id,
        "letter": f"{site or ''}/{LISTED_AT}{letter.slug}/" if letter.was_public else f"{site or ''}/",
        "round": row.number,
        "text_sha256": letter.text_sha256,
        "public_key": b64url(row.public_key),
        "variant": VARIANT,
        "timing": letter.timing,
        "issuing": takes_signatures(letter) and row.annulled is None and not row.is_ended,
        "signing": round_takes_signatures(letter, row, moment),
        "issuing_ends": hour(row.issuing_ends) if row.issuing_ends else None,
        "signing_starts": hour(starts) if starts else None,
        "routes": routes_of(letter, row, rows),
        "fields": as_record(fields_of(session, letter.id)),
        "names_keys": public_names_keys(session, letter.id),
        "roll": rolls[row.roll],
        "roll_id": row.roll,
        "k": letter.k,
        "log_key": pinned["log_key"],
        "fields_sha256": pinned["fields_sha256"],
        "hosts": pinned["hosts"],
        "names_offered": steps_taken(session, letter.id),
        "rounds": [{"round": one.number, "roll_id": one.roll, "roll": rolls[one.roll]} for one in rows],
    }


def _numbered(rows: list[Round], number: int) -> Round:
    """A round by its number, for a signer who holds a code or a token of it."""
    row = next((row for row in rows if row.number == number), None)
    if row is None:
        raise NotFound("This letter has no set of codes %(number)s.", number=number)
    if not row.is_logged and row.opens is not None:
        raise TooEarly(
            "You can use this code from %(hour)s UTC.",
            hour=f"{row.opens:%Y-%m-%d %H:%M}",
        )
    return row


def _newest(rows: list[Round], roll: str) -> Round:
    """The newest round of a roll that was not annulled."""
    mine = [row for row in rows if row.roll == roll]
    return ([row for row in mine if row.annulled is None] or mine)[-1]


def round_json(session: Session, letter: Letter, site: str | None, number: int | None, *, moment: datetime) -> bytes:
    """The record as it is served."""
    return (json.dumps(round_record(session, letter, site, number, moment=moment), ensure_ascii=False) + "\n").encode()


def rounds_json(session: Session, letter: Letter, site: str | None, *, moment: datetime) -> dict[int | None, bytes]:
    """The records of all rounds of a letter by their numbers, and under None the one that is served for no number."""
    wanted = [None, *(row.number for row in rounds_of(session, letter.id) if row.is_logged)]
    return {number: round_json(session, letter, site, number, moment=moment) for number in wanted}
