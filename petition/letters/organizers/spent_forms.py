"""Forms that act once each time they are shown: pressed twice on a slow line, they still make one thing.

Stored for two days: a hash of the form's token, without who sent it, when, or what it made.
"""

import hashlib
import re
from datetime import date, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from petition.crypto.encodings import b64url
from petition.database import insert_once
from petition.errors import BadShape
from petition.letters.models import SpentForm
from petition.randomness import Random

LASTS = timedelta(days=2)
_TOKEN = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})[A-Za-z0-9_-]{22}")


def new_token(*, moment: datetime, random: Random) -> str:
    """What a form holds from when it is shown: the day, and 128 random bits."""
    return moment.date().isoformat() + b64url(random(16))


def spend(session: Session, token: str, *, moment: datetime) -> bool:
    """Whether a form is sent for the first time. It counts as sent once the caller commits, together with its act.

    Of two at the same moment, the second waits until the first has committed or given up. Refuses a form that was
    shown days ago: it may have been sent then.
    """
    day = _day_of(token)
    oldest = (moment - LASTS).date()
    if day is None or not oldest <= day <= (moment + LASTS).date():
        raise BadShape("This page is days old. If you haven't sent it already, press again.")
    session.execute(delete(SpentForm).where(SpentForm.day < oldest))
    return insert_once(session, SpentForm, {"key": _key(token), "day": day})


def forget_spent_forms(session: Session, *, moment: datetime) -> None:
    """Forget what is too old to be sent again."""
    session.execute(delete(SpentForm).where(SpentForm.day < (moment - LASTS).date()))


def _day_of(token: str) -> date | None:
    match = _TOKEN.fullmatch(token)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def _key(token: str) -> bytes:
    return hashlib.sha256(b"petition-form-v1" + token.encode()).digest()
