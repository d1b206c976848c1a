"""Sign-ins: rows that a browser's cookie points to. Organizers see a list of theirs and can end each one."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from petition.letters.models import Organizer, SignIn
from petition.randomness import Random

SIGN_IN_LASTS = timedelta(days=30)


def begin_sign_in(session: Session, organizer: Organizer, *, moment: datetime, random: Random) -> bytes:
    """Begin a sign-in; returns what the browser must show from now on (32 random bytes)."""
    session.execute(delete(SignIn).where(SignIn.begun <= moment - SIGN_IN_LASTS))
    proof = random(32)
    session.add(SignIn(key=key_of(proof), organizer_id=organizer.id, begun=moment))
    session.flush()
    return proof


def key_of(proof: bytes) -> bytes:
    """The key of a sign-in, which lets no one in."""
    return hashlib.sha256(b"petition-sign-in-v1" + proof).digest()


def signed_in(session: Session, proof: bytes, *, moment: datetime) -> Organizer | None:
    """The organizer whose browser it is; None once the sign-in was ended or is a month old."""
    row = session.get(SignIn, key_of(proof))
    if row is None or row.begun <= moment - SIGN_IN_LASTS:
        return None
    return session.get(Organizer, row.organizer_id)


def sign_ins_of(session: Session, organizer: Organizer) -> list[SignIn]:
    """All sign-ins of an organizer, newest first."""
    mine = select(SignIn).where(SignIn.organizer_id == organizer.id)
    return list(session.scalars(mine.order_by(SignIn.begun.desc(), SignIn.key)))


def end_sign_in(session: Session, organizer: Organizer, key: bytes) -> None:
    """End one of an organizer's sign-ins; does nothing if it is over already."""
    session.execute(delete(SignIn).where(SignIn.key == key, SignIn.organizer_id == organizer.id))


def end_sign_ins(session: Session, organizer: Organizer, *, but: bytes | None = None) -> None:
    """End all of an organizer's sign-ins, except the one with a key."""
    others = delete(SignIn).where(SignIn.organizer_id == organizer.id)
    session.execute(others if but is None else others.where(SignIn.key != but))
