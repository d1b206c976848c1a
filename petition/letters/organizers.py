"""People who write letters: one-time links, passphrases, signing in. No e-mail address anywhere."""

import hashlib
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from petition.crypto.codes import new_letter_id
from petition.crypto.encodings import b64url
from petition.crypto.keyrings import lock_with_passphrase, new_pair, unlock_with_passphrase
from petition.database import changed
from petition.errors import BadShape, Conflict, Forbidden, NotFound, Over, SlowDown, TooLong
from petition.letters.models import NamesKeyCopy, Organizer
from petition.letters.text import one_line

Random = Callable[[int], bytes]
INVITATION_LASTS = timedelta(days=7)
SHORTEST_PASSPHRASE = 12
LONGEST_PASSPHRASE = 1_000
_hasher = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1)
_at_once = threading.BoundedSemaphore(2)
"""Each check takes 64 MiB: more at a time would be a way to exhaust the machine."""
_nobody = _hasher.hash("nobody has this passphrase")


def add_organizer(session: Session, name: str, *, moment: datetime, random: Random) -> str:
    """A new organizer; returns the secret of the one-time link with which they set their passphrase."""
    name = one_line(name, "title")
    if not name or len(name) > 100:
        raise BadShape("Give the organizer a name of 1 to 100 characters.")
    organizer = Organizer(id=new_letter_id(random), name=name)
    session.add(organizer)
    try:
        session.flush()
    except IntegrityError:
        raise Conflict("There is an organizer named %(name)s already.", name=name) from None
    return _invite(organizer, moment, random)


def reset_organizer(session: Session, name: str, *, moment: datetime, random: Random) -> str:
    """Let somebody in again who forgot the passphrase; every sign-in of theirs ends. Returns the link's secret."""
    organizer = session.scalar(select(Organizer).where(Organizer.name == name))
    if organizer is None:
        raise NotFound("There is no organizer named %(name)s. See: petition organizer list", name=name)
    organizer.passphrase = None
    organizer.epoch += 1
    forget_keys(session, organizer)
    return _invite(organizer, moment, random)


def _invite(organizer: Organizer, moment: datetime, random: Random) -> str:
    secret = b64url(random(24))
    organizer.invitation = _digest(secret)
    organizer.invited_until = moment + INVITATION_LASTS
    return secret


def _digest(secret: str) -> bytes:
    return hashlib.sha256(b"petition-invitation-v1" + secret.encode()).digest()


def invited(session: Session, secret: str, *, moment: datetime) -> Organizer:
    """Whom a one-time link lets in; refuses one that was used, is too old or never was."""
    organizer = session.scalar(select(Organizer).where(Organizer.invitation == _digest(secret)))
    if organizer is None or organizer.invited_until is None or organizer.invited_until < moment:
        raise Over("This link has been used or is too old. Ask whoever runs this site for a new one.")
    return organizer


def choose_passphrase(session: Session, secret: str, passphrase: str, *, moment: datetime) -> Organizer:
    """Set the passphrase with a one-time link, which is spent by it; with it comes a new key pair."""
    organizer = invited(session, secret, moment=moment)
    _demand_good(passphrase)
    public_key, private_key = _new_keys(passphrase)
    used = changed(
        session,
        update(Organizer)
        .where(Organizer.id == organizer.id, Organizer.invitation == _digest(secret))
        .values(
            passphrase=_hash(passphrase),
            public_key=public_key,
            private_key=private_key,
            invitation=None,
            invited_until=None,
            epoch=Organizer.epoch + 1,
        ),
    )
    if used != 1:
        raise Over("This link has been used or is too old. Ask whoever runs this site for a new one.")
    session.refresh(organizer)
    return organizer


# The key pair: what it opens, nobody reads without the passphrase.


def _new_keys(passphrase: str) -> tuple[str, bytes]:
    private, public = new_pair()
    with _memory():
        return public, lock_with_passphrase(private.encode(), passphrase)


def private_key(organizer: Organizer, passphrase: str) -> str:
    """The private half of an organizer's key pair (``AGE-SECRET-KEY-1…``); refuses another passphrase than theirs."""
    if organizer.private_key is None:
        raise Conflict("Choose a passphrase first: %(name)s has none at the moment.", name=organizer.name)
    try:
        with _memory():
            return unlock_with_passphrase(organizer.private_key, passphrase[:LONGEST_PASSPHRASE]).decode()
    except ValueError:
        raise Forbidden("This is not your passphrase. Nothing was changed; please try again.") from None


def keep_keys(organizer: Organizer, old: str, new: str) -> None:
    """Lock the same key pair under a new passphrase: call it wherever somebody changes theirs."""
    private = private_key(organizer, old)
    with _memory():
        organizer.private_key = lock_with_passphrase(private.encode(), new)


def forget_keys(session: Session, organizer: Organizer) -> None:
    """What a lost passphrase opened, nobody opens: call it wherever one is reset, or somebody is removed for good."""
    organizer.public_key = organizer.private_key = None
    session.execute(delete(NamesKeyCopy).where(NamesKeyCopy.organizer_id == organizer.id))


def _demand_good(passphrase: str) -> None:
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise BadShape(
            "Choose a passphrase of at least %(least)s characters, for example five words.",
            least=SHORTEST_PASSPHRASE,
        )
    if len(passphrase) > LONGEST_PASSPHRASE:
        raise BadShape("Choose a passphrase of at most %(most)s characters.", most=LONGEST_PASSPHRASE)


def sign_in(session: Session, name: str, passphrase: str) -> Organizer:
    """Who has this name and passphrase; takes as long for a name that nobody has.

    Lets go of the database before the passphrase is checked, which takes a while: nobody's signature waits for it.
    """
    organizer = _named(session, name)
    known = organizer.passphrase if organizer is not None else None
    if organizer is not None:
        session.expunge(organizer)
    session.rollback()
    if not _matches(known or _nobody, passphrase[:LONGEST_PASSPHRASE]) or organizer is None or known is None:
        raise Forbidden("Name and passphrase don't belong together. Please try again.")
    return organizer


def _named(session: Session, name: str) -> Organizer | None:
    """Who has a name, typed in any normal form; nobody has one that could not be given."""
    try:
        return session.scalar(select(Organizer).where(Organizer.name == one_line(name, "title")))
    except (BadShape, TooLong):
        return None


def _hash(passphrase: str) -> str:
    with _memory():
        return _hasher.hash(passphrase)


def _matches(known: str, passphrase: str) -> bool:
    with _memory():
        try:
            return _hasher.verify(known, passphrase)
        except (VerificationError, InvalidHashError):
            return False


class _memory:  # noqa: N801
    """A place among the few that may hash at once, or a refusal after a while."""

    def __enter__(self) -> None:
        if not _at_once.acquire(timeout=10):
            raise SlowDown("Many people are signing in. Please try again in a minute.")

    def __exit__(self, *_: object) -> None:
        _at_once.release()


def signed_in(session: Session, organizer_id: str, epoch: int) -> Organizer | None:
    """The organizer of a cookie, if the cookie is of the present epoch."""
    organizer = session.get(Organizer, organizer_id)
    return organizer if organizer is not None and organizer.epoch == epoch else None


def all_organizers(session: Session) -> list[Organizer]:
    """Everybody, by name."""
    return list(session.scalars(select(Organizer).order_by(Organizer.name)))
