"""Apps for one-time passwords (RFC 6238) and recovery codes: a second factor beside the passphrase.

Each password and each code works once. A spent password is kept as a keyed hash, and only until the next sealing
hour. From it, a person with the database and the master secret could learn the half minute of a sign-in.
"""

import hashlib
import hmac
from datetime import datetime

import pyotp
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from petition.crypto.boxes import derive, lock, unlock
from petition.crypto.codes import new_code, read_code, show
from petition.database import changed
from petition.errors import BadShape, Conflict, Forbidden
from petition.letters.models import Organizer, RecoveryCode
from petition.randomness import Random

ONE_TIME_KEY_LABEL = "petition-one-time-app-v1"
STEP = 30
DIGITS = 6
RECOVERY_CODES = 10
ISSUER = "Petition"
NOBODY_S = "A" * 32
"""The secret to compare with if no one has the name."""


def begin_app(organizer: Organizer, *, master: bytes) -> None:
    """Make the secret of a new app, unless one is being set up or is in use; asked for once it is confirmed."""
    if organizer.app_secret is None:
        _keep(organizer, pyotp.random_base32(), master)


def app_secret(organizer: Organizer, *, master: bytes) -> str:
    """The secret for the app (base32). It is shown while the app is set up, and never again."""
    if organizer.app_secret is None or organizer.app_confirmed:
        raise Conflict("Two-step sign-in is already on. Turn it off first.")
    return _secret(organizer, master)


def app_address(organizer: Organizer, *, master: bytes) -> str:
    """The same as an ``otpauth://`` address for a QR code; it names the person as they sign in, never a letter."""
    totp = pyotp.TOTP(app_secret(organizer, master=master), digits=DIGITS, interval=STEP)
    return str(totp.provisioning_uri(name=organizer.name, issuer_name=ISSUER))


def confirm_app(
    session: Session, organizer: Organizer, password: str, *, moment: datetime, master: bytes, random: Random
) -> list[str]:
    """Ask for the app from now on, once it has given a right password; returns new recovery codes."""
    app_secret(organizer, master=master)
    if not _spend_password(session, organizer, password, moment, master):
        raise BadShape("That isn't the current code. Check your phone's clock, and type the next one.")
    organizer.app_confirmed = True
    return new_recovery_codes(session, organizer, random=random)


def new_recovery_codes(session: Session, organizer: Organizer, *, random: Random) -> list[str]:
    """New codes, shown once, in place of all older ones."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.organizer_id == organizer.id))
    codes = [new_code(random) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(key=_digest(organizer.id, code), organizer_id=organizer.id) for code in sorted(codes))
    session.flush()
    return [show(code) for code in codes]


def recovery_codes_left(session: Session, organizer: Organizer) -> int:
    """How many recovery codes still work."""
    mine = RecoveryCode.organizer_id == organizer.id
    return session.scalars(select(func.count()).select_from(RecoveryCode).where(mine)).one()


def forget_app(session: Session, organizer: Organizer) -> None:
    """Stop asking for one-time passwords; recovery codes are deleted, too."""
    organizer.app_secret, organizer.app_confirmed, organizer.spent_passwords = None, False, []
    session.execute(delete(RecoveryCode).where(RecoveryCode.organizer_id == organizer.id))


def require_second(session: Session, organizer: Organizer, typed: str, *, moment: datetime, master: bytes) -> None:
    """Refuse unless the present one-time password or an unused recovery code was typed, where an app is asked for."""
    if not organizer.app_confirmed:
        return
    if not (_spend_password(session, organizer, typed, moment, master) or _spend_code(session, organizer, typed)):
        raise Forbidden("Enter a current code from your app, or a recovery code. Each works once.").about("password")


def is_second(session: Session, organizer: Organizer | None, typed: str, *, moment: datetime, master: bytes) -> bool:
    """Whether ``require_second`` would accept this now. Takes as long if no one has the name; uses nothing up."""
    has_app = organizer is not None and organizer.app_confirmed
    secret = _secret(organizer, master) if has_app and organizer is not None else NOBODY_S
    spent = organizer.spent_passwords if organizer is not None else []
    if _matching(secret, "".join(typed.split()), spent, moment) is not None:
        return has_app
    try:
        key = _digest(organizer.id if organizer is not None else "", read_code(typed))
    except BadShape:
        return False
    return session.get(RecoveryCode, key) is not None


def _spend_password(session: Session, organizer: Organizer, typed: str, moment: datetime, master: bytes) -> bool:
    """Whether it is a password of this half minute, the one before or the one after, and was not used yet."""
    typed = "".join(typed.split())
    if len(typed) != DIGITS or not (typed.isascii() and typed.isdigit()):
        return False
    session.flush()
    session.refresh(organizer, with_for_update=True)  # of two who send the same one, one wins
    secret = _secret(organizer, master)
    mark = _matching(secret, typed, organizer.spent_passwords, moment)
    if mark is None:
        return False
    good = _marks(secret, moment)
    organizer.spent_passwords = [*(one for one in organizer.spent_passwords if one in good), mark]
    session.flush()
    return True


def _matching(secret: str, typed: str, spent: list[str], moment: datetime) -> str | None:
    """The mark of the unspent password of these minutes that was typed."""
    found = None
    for mark, step in _marks(secret, moment).items():
        right = pyotp.TOTP(secret, digits=DIGITS, interval=STEP).generate_otp(step)
        if hmac.compare_digest(right.encode(), typed.encode()) and mark not in spent:
            found = mark
    return found


def _spend_code(session: Session, organizer: Organizer, typed: str) -> bool:
    try:
        key = _digest(organizer.id, read_code(typed))
    except BadShape:
        return False
    return changed(session, delete(RecoveryCode).where(RecoveryCode.key == key)) == 1


def forget_spent_passwords(session: Session, *, moment: datetime, master: bytes) -> None:
    """Delete all that are too old to be used again."""
    for organizer in session.scalars(select(Organizer).where(Organizer.app_secret.is_not(None))):
        good = _marks(_secret(organizer, master), moment)
        left = [mark for mark in organizer.spent_passwords if mark in good]
        if left != organizer.spent_passwords:
            organizer.spent_passwords = left
    session.flush()


def _digest(organizer_id: str, code: str) -> bytes:
    return hashlib.sha256(b"petition-recovery-v1" + organizer_id.encode() + code.encode()).digest()


def _marks(secret: str, moment: datetime) -> dict[str, int]:
    """Keyed hashes of the steps whose passwords are good at a moment, with the steps."""
    now = int(moment.timestamp()) // STEP
    return {
        hmac.new(secret.encode(), b"%d" % step, hashlib.sha256).hexdigest(): step for step in range(now - 1, now + 2)
    }


def _keep(organizer: Organizer, secret: str, master: bytes) -> None:
    organizer.app_secret = lock(derive(master, ONE_TIME_KEY_LABEL), secret.encode(), ONE_TIME_KEY_LABEL + organizer.id)


def _secret(organizer: Organizer, master: bytes) -> str:
    assert organizer.app_secret is not None
    return unlock(derive(master, ONE_TIME_KEY_LABEL), organizer.app_secret, ONE_TIME_KEY_LABEL + organizer.id).decode()
