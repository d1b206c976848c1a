"""What the issuer stores: rounds' private keys, hashed codes, waiting email. Never a signature or a name."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from petition.database import UNORDERED, Hour, IssuerBase

UNSPENT = bytes(32)
VOIDED = b"\xff" * 32


class IssuingRound(IssuerBase):
    """A round from the issuer's side. Its private key is locked under the round's secret, a file of its own."""

    __tablename__ = "issuing_round"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    roll: Mapped[str] = mapped_column(String(40))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    private_key: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """None once it is destroyed."""
    issued: Mapped[int | None] = mapped_column(default=None)
    """How many codes were exchanged; set when issuing ends."""
    annulled: Mapped[str | None] = mapped_column(Text, default=None)
    """The public reason, so that a crash between the two databases loses nothing."""
    mailed: Mapped[int] = mapped_column(default=0)
    """How many mailed codes were exchanged; set when issuing ends, counted from the codes until then."""
    undelivered: Mapped[int] = mapped_column(default=0)
    """How many emails the mail server did not accept."""
    opens: Mapped[datetime | None] = mapped_column(Hour, default=None)
    """Its codes are exchanged from this hour on, at which the log names the round; None for at once."""
    is_lost: Mapped[bool] = mapped_column(default=False)
    """It ended because its secret was lost, as after a restore."""


class Batch(IssuerBase):
    """Codes that were made together, so that they can be recalled together."""

    __tablename__ = "batch"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    round: Mapped[int]
    made: Mapped[int]
    voided: Mapped[int] = mapped_column(default=0)
    """After a recall, the number of codes in the batch, used or not: anything else would show which were used."""


class Code(IssuerBase):
    """A code, as HMAC under the round's pepper.

    ``request`` always has 32 bytes (zeros: unspent; ones: recalled; else SHA-256 of the blinded message), so
    that spending overwrites a row in place and leaves no order of spending on a page. A mailed code is of no batch.
    """

    __tablename__ = "code"
    __table_args__ = (
        ForeignKeyConstraint(["letter_id", "batch"], ["batch.letter_id", "batch.number"]),
        UNORDERED,
    )

    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    mac: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    batch: Mapped[int | None] = mapped_column(default=None)
    request: Mapped[bytes] = mapped_column(LargeBinary(32), default=UNSPENT)


class Outbox(IssuerBase):
    """A request for a code by email. Deleted as soon as the email is handed over, or within the hour.

    The key is random, and every box has the same size: an address, encrypted under the round's secret.
    """

    __tablename__ = "outbox"
    __table_args__ = UNORDERED

    key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    letter_id: Mapped[str] = mapped_column(String(26))
    round: Mapped[int]
    box: Mapped[bytes] = mapped_column(LargeBinary)
    hour: Mapped[datetime] = mapped_column(Hour)
