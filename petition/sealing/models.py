"""The public log and its history, as rows."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from petition.database import UNORDERED, Hour, PetitionBase


class Log(PetitionBase):
    """A letter's log: its name, its key, its size, and its newest signed checkpoint."""

    __tablename__ = "log"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    origin: Mapped[str] = mapped_column(Text)
    public_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    private_key: Mapped[bytes] = mapped_column(LargeBinary)
    """The Ed25519 seed, locked under a key that derives from the master secret."""
    size: Mapped[int] = mapped_column(default=0)
    checkpoint: Mapped[str] = mapped_column(Text, default="")
    updated: Mapped[datetime | None] = mapped_column(Hour, default=None)
    """The hour of the last update, whether or not it appended anything: organizers' figures are as of then."""
    preparing: Mapped[str | None] = mapped_column(String(32), default=None)
    """The update that is at work, a random name; None between updates. Entries from ``size`` on are not public yet."""
    is_held: Mapped[bool] = mapped_column(default=False)
    """Came out of a backup, or a witness saw more of it: nothing is appended before the newest published log has been
    taken over."""


class Entry(PetitionBase):
    """One entry of the log: canonical JSON, never changed, never removed."""

    __tablename__ = "entry"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class Tile(PetitionBase):
    """Hashes of the tree: up to 256 of a level, 32 bytes each (C2SP tlog-tiles)."""

    __tablename__ = "tile"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class Sealing(PetitionBase):
    """A row of the history: the log's totals after the sealings of one hour."""

    __tablename__ = "sealing"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    hour: Mapped[datetime] = mapped_column(Hour, primary_key=True)
    signatures: Mapped[int]
    withdrawals: Mapped[int]
    size: Mapped[int | None] = mapped_column(default=None)
    """The log's after the last of them; None in logs that version 0.1.0 began."""


class Milestone(PetitionBase):
    """The hour of an entry about rounds, codes, keys or the end; never of a signature."""

    __tablename__ = "milestone"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    entry: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hour: Mapped[datetime] = mapped_column(Hour)


class Witness(PetitionBase):
    """An outsider who keeps checkpoints and checks that logs only grow (C2SP tlog-witness)."""

    __tablename__ = "witness"
    __table_args__ = UNORDERED

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    key_name: Mapped[str] = mapped_column(Text)
    public_key: Mapped[bytes] = mapped_column(LargeBinary(32))
    url: Mapped[str | None] = mapped_column(Text, default=None)
    """Where it is asked to cosign; None for one that is not asked."""


class Cosigned(PetitionBase):
    """The newest cosignature that a witness gave for a log: a line of the note, and the size that it is for."""

    __tablename__ = "cosigned"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(ForeignKey("log.letter_id"), primary_key=True)
    witness: Mapped[str] = mapped_column(ForeignKey("witness.name", ondelete="CASCADE"), primary_key=True)
    size: Mapped[int]
    line: Mapped[str] = mapped_column(Text)


class GroupRelease(PetitionBase):
    """When a letter's groups were shown last, and how many had signed by then whose names were not."""

    __tablename__ = "group_release"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    hour: Mapped[datetime] = mapped_column(Hour)
    unnamed: Mapped[int]


class ReleasedGroup(PetitionBase):
    """A number of the last release, rounded; the option is empty for people who are in no shown group."""

    __tablename__ = "released_group"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    option: Mapped[str] = mapped_column(String(40), primary_key=True)
    number: Mapped[int]
    is_shown: Mapped[bool]
    """A hidden number is kept only for the next release, which no number may leap ahead of."""
