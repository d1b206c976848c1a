"""What the collector keeps: rounds' public side and signatures. Never a code, an address, a time of arrival."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, MappedAsDataclass, mapped_column

from petition.database import IN_WAITING_FILE, UNORDERED, Hour, Padded, PetitionBase
from petition.letters.models import roll_key


class Round(PetitionBase):
    """A round from the collector's side: its public key, and how many of its signatures are in the log."""

    __tablename__ = "round"
    __table_args__ = (roll_key(), UNORDERED)

    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    roll: Mapped[str] = mapped_column(String(40))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    opens: Mapped[datetime | None] = mapped_column(Hour, default=None)
    closes: Mapped[datetime | None] = mapped_column(Hour, default=None)
    issuing_ends: Mapped[datetime | None] = mapped_column(Hour, default=None)
    """Timing ``apart``: when issuing ends, if at least K tokens are issued by then."""
    signing_starts: Mapped[datetime | None] = mapped_column(Hour, default=None)
    """Timing ``apart``: known once issuing has ended."""
    annulled: Mapped[str | None] = mapped_column(Text, default=None)
    """The public reason."""
    signatures: Mapped[int] = mapped_column(default=0)
    """In the log, as of the last sealing; likewise the numbers below."""
    withdrawals: Mapped[int] = mapped_column(default=0)
    made: Mapped[int] = mapped_column(default=0)
    voided: Mapped[int] = mapped_column(default=0)
    spent: Mapped[int] = mapped_column(default=0)
    """For the organizers' "about 30 codes are used", rounded as they see it; not in the log."""
    mailed: Mapped[int] = mapped_column(default=0)
    """Of ``made``, those that went out by email."""
    undelivered: Mapped[int] = mapped_column(default=0)
    """Emails that the mail server did not accept, rounded as organizers see it ("about 10"); not in the log."""
    is_ended: Mapped[bool] = mapped_column(default=False)
    """The log says that no more codes are exchanged."""
    issued: Mapped[int | None] = mapped_column(default=None)
    """How many were, once that has ended; None for fewer than K."""
    has_enough: Mapped[bool] = mapped_column(default=False)
    """At least K signatures are in the log or wait."""
    has_issued_enough: Mapped[bool] = mapped_column(default=False)
    """At least K + H codes are exchanged, so that exchanging them may end."""
    is_logged: Mapped[bool] = mapped_column(default=False)
    is_annulment_logged: Mapped[bool] = mapped_column(default=False)


class Pending(PetitionBase):
    """A signature that waits for a sealing. The key is a hash, so the order of rows says nothing."""

    __tablename__ = "pending"
    __table_args__ = IN_WAITING_FILE

    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    commit: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    round: Mapped[int]
    message: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)


class Sealed(PetitionBase):
    """The place of a commit's signature in the log. Holds no step, digest or reference to anything unpublished."""

    __tablename__ = "sealed"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    commit: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    round: Mapped[int]
    entry: Mapped[int]
    is_withdrawn: Mapped[bool] = mapped_column(default=False)


class Tombstone(PetitionBase):
    """A commit that was withdrawn before sealing: spent until the letter closes."""

    __tablename__ = "tombstone"
    __table_args__ = IN_WAITING_FILE

    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    commit: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)


class Withdrawal(PetitionBase):
    """A withdrawal of a sealed signature, waiting for the next set time."""

    __tablename__ = "withdrawal"
    __table_args__ = IN_WAITING_FILE

    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    commit: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    round: Mapped[int]
    w: Mapped[bytes] = mapped_column(LargeBinary(32))
    a_hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class _Answer(MappedAsDataclass, kw_only=True, repr=False, eq=False):
    """A signer's group in one field, under a key that only the receipt leads to, and nothing else of the signature."""

    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """The group key: another one for each field, so that no two answers can be joined."""
    round: Mapped[int]
    """An annulled round takes its answers along."""
    field: Mapped[str] = mapped_column(String(40))
    option: Mapped[str] = mapped_column(Padded(40))


class ArrivedAnswer(_Answer, PetitionBase):
    """A settled answer: enough came to its field. Each sealing lifts these and puts them back sorted."""

    __tablename__ = "arrived_answer"
    __table_args__ = IN_WAITING_FILE


class Answer(_Answer, PetitionBase):
    """An answer that settled together with at least K others of its field, written sorted."""

    __tablename__ = "answer"
    __table_args__ = UNORDERED


class _LockedName(MappedAsDataclass, kw_only=True, repr=False, eq=False):
    """A name that only the holders of its step's key can read, under a key that only the receipt leads to."""

    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """The name key."""
    round: Mapped[int]
    step: Mapped[str] = mapped_column(Padded(24))
    """``named``, or ``named_at:200``."""
    locked: Mapped[bytes] = mapped_column(LargeBinary)


class ArrivedName(_LockedName, PetitionBase):
    """A locked name that has not settled yet: lifted and put back sorted by each sealing."""

    __tablename__ = "arrived_name"
    __table_args__ = IN_WAITING_FILE


class LockedName(_LockedName, PetitionBase):
    """A locked name that settled together with at least K others, written sorted."""

    __tablename__ = "locked_name"
    __table_args__ = UNORDERED


class ShownName(PetitionBase):
    """A name that everyone may read, under the key that only its signer's receipt leads to.

    Public pages are made from these rows, so what is taken back or hidden stays until the next set time.
    """

    __tablename__ = "shown_name"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """The name key."""
    round: Mapped[int]
    step: Mapped[str] = mapped_column(String(20))
    locked_sha256: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Of the locked form that was sent, so that a repeated request is known; it says nothing of the name."""
    state: Mapped[str] = mapped_column(String(10))
    """One of the characters in signing/names.py: a row that changed its length would move on its page."""
    name: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text, default="")


class HiddenName(PetitionBase):
    """The organizers took a name off the list: a public number and reason, never the name."""

    __tablename__ = "hidden_name"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(Text)
    key: Mapped[bytes | None] = mapped_column(LargeBinary(32), default=None)
    """The name key of the signer whose name it was, so that they can learn why; None once they have withdrawn."""
    is_public: Mapped[bool] = mapped_column(default=False)
    """From the next set time on."""
