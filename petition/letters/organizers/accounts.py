"""People who write letters: one-time links, passphrases, signing in. No email address anywhere."""

import hashlib
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from petition.crypto.codes import new_letter_id, show
from petition.crypto.encodings import b64url
from petition.crypto.keyrings import lock_with_passphrase, new_pair, unlock_with_passphrase
from petition.database import changed
from petition.errors import BadShape, Conflict, Forbidden, NotFound, Over, Refusal, TooLong
from petition.letters.models import Authorship, Invitation, Letter, NamesKeyCopy, Organizer
from petition.letters.organizers import passphrases
from petition.letters.organizers.lookalikes import are_twins, require_seen
from petition.letters.organizers.one_time_passwords import forget_app, is_second, require_second
from petition.letters.organizers.sessions import end_sign_ins
from petition.letters.text.letter_text import one_line
from petition.normalization import normalize
from petition.randomness import Random

_ = str
A_NAME = _("Choose a name. It can have up to 100 characters.")
TAKEN = _("The name %(name)s is taken. Choose another one.")
INVITATION_LASTS = timedelta(days=7)
SHORTEST_PASSPHRASE = 12
LONGEST_PASSPHRASE = 1_000


def add_organizer(session: Session, name: str, *, moment: datetime, random: Random) -> str:
    """A new organizer; returns the secret of the one-time link with which they set their passphrase."""
    return _invite(_new(session, name, random), moment, random)


def join(session: Session, name: str, passphrase: str, *, random: Random) -> Organizer:
    """A new organizer who comes by a link to a letter, and chooses name and passphrase right away."""
    chosen = _choose(passphrase)
    organizer = _new(session, name, random)
    _keep(organizer, chosen)
    session.flush()
    return organizer


def _new(session: Session, name: str, random: Random) -> Organizer:
    try:
        name = _free_name(session, name)
        organizer = Organizer(id=new_letter_id(random), name=name)
        session.add(organizer)
        session.flush()
    except IntegrityError:
        raise Conflict(TAKEN, name=name).about("name") from None
    except TooLong:
        raise BadShape(A_NAME).about("name") from None
    except Refusal as refusal:
        raise refusal.about("name") from None
    return organizer


def _free_name(session: Session, name: str) -> str:
    """A name as it is stored. Refuses one that is taken, or looks like another one."""
    require_seen(name)
    name = one_line(name, "title")
    if not name or len(name) > 100:
        raise BadShape(A_NAME)
    if _named(session, name) is not None:
        raise Conflict(TAKEN, name=name)
    for known in session.scalars(select(Organizer.name)):
        if are_twins(known, name):
            raise Conflict(
                "%(name)s looks too much like %(known)s. Choose another name.",
                known=known,
                name=name,
            )
    return name


def short_id(organizer: Organizer) -> str:
    """The first characters of an organizer's id. No one can choose it, so it tells people with similar names apart."""
    return show(organizer.id[:8])


def reset_organizer(session: Session, name: str, *, moment: datetime, random: Random) -> str:
    """Give an organizer who forgot everything a new link, and return its secret.

    Their sign-ins end, and their app for one-time passwords is removed.
    """
    organizer = hosted_organizer(session, name)
    organizer.passphrase = None
    forget_keys(session, organizer)
    forget_app(session, organizer)
    end_sign_ins(session, organizer)
    return _invite(organizer, moment, random)


def hosted_organizer(session: Session, name: str) -> Organizer:
    """Any organizer, for the host who types a command on this machine."""
    organizer = session.scalar(select(Organizer).where(Organizer.name == name))
    if organizer is None:
        raise NotFound("There is no organizer named %(name)s. See: petition organizer list", name=name)
    return organizer


def _invite(organizer: Organizer, moment: datetime, random: Random) -> str:
    secret = b64url(random(24))
    organizer.invitation = _digest(secret)
    organizer.invited_until = moment + INVITATION_LASTS
    return secret


def _digest(secret: str) -> bytes:
    return hashlib.sha256(b"petition-invitation-v1" + secret.encode()).digest()


def invited(session: Session, secret: str, *, moment: datetime) -> Organizer:
    """The organizer whom a one-time link lets in; refuses a link that was used, is too old or never existed."""
    organizer = session.scalar(select(Organizer).where(Organizer.invitation == _digest(secret)))
    if organizer is None or organizer.invited_until is None or organizer.invited_until < moment:
        raise Over("This link was used or is too old. Ask this site's host for a new one.")
    return organizer


def choose_passphrase(session: Session, secret: str, passphrase: str, *, moment: datetime) -> Organizer:
    """Set the passphrase and a new key pair with a one-time link, which this uses up."""
    chosen = _choose(passphrase)  # which takes a while, so ahead of the first question to the database
    organizer = invited(session, secret, moment=moment)
    used = changed(
        session,
        update(Organizer)
        .where(Organizer.id == organizer.id, Organizer.invitation == _digest(secret))
        .values(invitation=None, invited_until=None),
    )
    if used != 1:
        raise Over("This link was used or is too old. Ask this site's host for a new one.")
    session.refresh(organizer)
    end_sign_ins(session, organizer)
    _keep(organizer, chosen)
    session.flush()
    return organizer


@dataclass(frozen=True)
class _Chosen:
    """What is stored of a passphrase, and the key pair that is locked under it."""

    hashed: str
    public_key: str
    private_key: bytes


def _choose(passphrase: str) -> _Chosen:
    """The first passphrase, or the first one after a reset: with it comes a new key pair."""
    _require_good(passphrase)
    return _Chosen(passphrases.checker.hash(passphrase), *_new_keys(passphrase))


def _keep(organizer: Organizer, chosen: _Chosen) -> None:
    organizer.passphrase = chosen.hashed
    organizer.public_key, organizer.private_key = chosen.public_key, chosen.private_key


def change_passphrase(session: Session, organizer: Organizer, old: str, new: str, *, but: bytes | None = None) -> None:
    """Choose another passphrase, with the present one; every sign-in ends, except that of the key ``but``.

    Lets go of the database meanwhile, as ``sign_in`` does.
    """
    require_passphrase(session, organizer, old)
    _require_good(new)
    known = organizer.passphrase
    session.expunge(organizer)
    session.rollback()
    keep_keys(organizer, old, new)
    hashed = passphrases.checker.hash(new)
    kept = changed(
        session,
        update(Organizer)
        .where(Organizer.id == organizer.id, Organizer.passphrase == known)
        .values(passphrase=hashed, private_key=organizer.private_key),
    )
    if kept != 1:
        raise Conflict("Your password was just changed or reset. Sign in again.")
    end_sign_ins(session, organizer, but=but)
    session.flush()


def require_passphrase(session: Session, organizer: Organizer, passphrase: str) -> None:
    """Refuse unless it is the passphrase of the organizer who is signed in: for what a borrowed browser must not do.

    Lets go of the database meanwhile, as ``sign_in`` does.
    """
    known = organizer.passphrase
    session.rollback()
    if not passphrases.checker.matches(known, passphrase[:LONGEST_PASSPHRASE]):
        raise Forbidden("That isn't your password. Nothing was changed. Try again.")


def remove_organizer(session: Session, organizer: Organizer) -> None:
    """Delete an organizer who no longer works on any letter; their name stays with the versions that they wrote."""
    if session.scalar(select(Authorship.letter_id).where(Authorship.organizer_id == organizer.id).limit(1)):
        raise Conflict("%(name)s still works on a letter. End their access first.", name=organizer.name)
    forget_keys(session, organizer)
    forget_app(session, organizer)
    end_sign_ins(session, organizer)
    session.execute(update(Invitation).where(Invitation.replaces == organizer.id).values(replaces=None))
    session.delete(organizer)
    session.flush()


# The key pair: no one reads what it opens without the passphrase.


def _new_keys(passphrase: str) -> tuple[str, bytes]:
    private, public = new_pair()
    with passphrases.checker.place():
        return public, lock_with_passphrase(private.encode(), passphrase)


def private_key(organizer: Organizer, passphrase: str) -> str:
    """The private half of an organizer's key pair (``AGE-SECRET-KEY-1…``); refuses another passphrase than theirs."""
    if organizer.private_key is None:
        raise Conflict("Set a password first. %(name)s has none right now.", name=organizer.name)
    try:
        with passphrases.checker.place():
            return unlock_with_passphrase(organizer.private_key, passphrase[:LONGEST_PASSPHRASE]).decode()
    except ValueError:
        raise Forbidden("That isn't your password. Nothing was changed. Try again.") from None


def keep_keys(organizer: Organizer, old: str, new: str) -> None:
    """Lock the same key pair under a new passphrase. Call it wherever an organizer changes theirs."""
    private = private_key(organizer, old)
    with passphrases.checker.place():
        organizer.private_key = lock_with_passphrase(private.encode(), new)


def forget_keys(session: Session, organizer: Organizer) -> None:
    """Delete what only a lost passphrase opened. Call it wherever one is reset, or an organizer is deleted."""
    organizer.public_key = organizer.private_key = None
    theirs = NamesKeyCopy.organizer_id == organizer.id
    letters = session.scalars(select(NamesKeyCopy.letter_id).where(theirs).distinct()).all()
    session.execute(delete(NamesKeyCopy).where(theirs))
    # Perhaps no one can unlock these letters' names now; their pages say so.
    session.execute(update(Letter).where(Letter.id.in_(letters)).values(edition=Letter.edition + 1))


def _require_good(passphrase: str) -> None:
    if not SHORTEST_PASSPHRASE <= len(passphrase) <= LONGEST_PASSPHRASE:
        raise BadShape(
            "Choose a password of %(least)s to %(most)s characters.",
            least=SHORTEST_PASSPHRASE,
            most=LONGEST_PASSPHRASE,
        ).about("passphrase")


def sign_in(
    session: Session,
    name: str,
    passphrase: str,
    password: str = "",
    *,
    moment: datetime,
    master: bytes,
    is_stranger: bool = False,
) -> Organizer:
    """The organizer with this name, this passphrase and, if they use an app, this one-time password.

    It takes as long for a name that no one has. The session must be able to write. Strangers may have to try again
    later. It lets go of the database before it checks the passphrase, which takes a while: no signature waits for it.
    """
    found = _named(session, name)
    known, organizer_id = (found.passphrase, found.id) if found is not None else (None, "")
    session.rollback()
    with passphrases.checker.strangers_turn() if is_stranger else nullcontext():
        right = passphrases.checker.matches(known, passphrase[:LONGEST_PASSPHRASE])
    organizer = session.get(Organizer, organizer_id) if right else None
    if organizer is None or organizer.passphrase is None or organizer.passphrase != known:
        raise Forbidden("That name and password don't match. Try again.")
    require_second(session, organizer, password, moment=moment, master=master)
    return organizer


def has_second(session: Session, name: str, password: str, *, moment: datetime, master: bytes) -> bool:
    """Whether a one-time password or recovery code is right for the organizer with a name. This doesn't use it up.

    The check is quick, and no one can guess one. So people who have one needn't wait behind those who guess
    passphrases.
    """
    return is_second(session, _named(session, name), password, moment=moment, master=master)


def known_as(session: Session, name: str) -> tuple[str, str]:
    """Id and hashed passphrase of the organizer with a name; both empty if no one has it."""
    organizer = _named(session, name)
    return (organizer.id, organizer.passphrase or "") if organizer is not None else ("", "")


def _named(session: Session, name: str) -> Organizer | None:
    """The organizer with a name, typed in any normal form and with any capitals; None for an impossible name.

    Version 0.1.0 let two names differ only in their capitals: there, the name as typed decides.
    """
    if not (wanted := as_compared(name)):
        return None
    known = session.execute(select(Organizer.id, Organizer.name)).all()
    alike = [row for row in known if as_compared(row.name) == wanted]
    same = [row for row in alike if row.name == one_line(name, "title")] or (alike if len(alike) == 1 else [])
    return session.get(Organizer, same[0].id) if same else None


def as_compared(name: str) -> str:
    """What all ways to type a name have in common; empty for what can't be a name."""
    try:
        return normalize("NFKC", one_line(name, "title")).casefold()
    except (BadShape, TooLong):
        return ""


def all_organizers(session: Session) -> list[Organizer]:
    """All organizers, by name."""
    return list(session.scalars(select(Organizer).order_by(Organizer.name)))
