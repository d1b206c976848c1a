"""What the database knows about letters and the people who write them. It knows nothing about signers."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from petition.database import UNORDERED, Hour, PetitionBase


class Organizer(PetitionBase):
    """A person who writes letters. Only the name that they chose is known, no address."""

    __tablename__ = "organizer"
    __table_args__ = (UniqueConstraint("name"), UNORDERED)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    passphrase: Mapped[str | None] = mapped_column(Text, default=None)
    invitation: Mapped[bytes | None] = mapped_column(LargeBinary(32), default=None)
    """SHA-256 of the one-time link's secret."""
    invited_until: Mapped[datetime | None] = mapped_column(Hour, default=None)
    public_key: Mapped[str | None] = mapped_column(String(70), default=None)
    """Of a key pair (age, X25519) for which names keys are boxed; there is one as long as there is a passphrase."""
    private_key: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """Locked under the passphrase (age, scrypt): no one else opens it, and no one can restore it."""
    app_secret: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """Of an app for one-time passwords (RFC 6238), locked under a key that derives from the master secret."""
    app_confirmed: Mapped[bool] = mapped_column(default=False)
    """Whether a first password of the app was typed; until then none is asked for."""
    spent_passwords: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    """Keyed hashes of one-time passwords used just now; the next sealing hour forgets them."""


class SignIn(PetitionBase):
    """An organizer's sign-in with a browser. Only the hour is known, no address and no kind of browser."""

    __tablename__ = "sign_in"
    __table_args__ = UNORDERED

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """SHA-256 of the random bytes that the browser's cookie holds."""
    organizer_id: Mapped[str] = mapped_column(ForeignKey("organizer.id", ondelete="CASCADE"))
    begun: Mapped[datetime] = mapped_column(Hour)


class RecoveryCode(PetitionBase):
    """Lets an organizer who lost their one-time passwords sign in once; using it deletes it."""

    __tablename__ = "recovery_code"
    __table_args__ = UNORDERED

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """SHA-256 of the code (80 random bits) and the organizer's id."""
    organizer_id: Mapped[str] = mapped_column(ForeignKey("organizer.id", ondelete="CASCADE"))


class SpentForm(PetitionBase):
    """A form of the organizers that was sent, so that it acts once. Nothing says who sent it, or what it made."""

    __tablename__ = "spent_form"
    __table_args__ = UNORDERED

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """SHA-256 of the random text that the form held."""
    day: Mapped[date] = mapped_column(Date)
    """On which it was shown; two days later the row goes."""


class Letter(PetitionBase):
    """An open letter and its state."""

    __tablename__ = "letter"
    __table_args__ = (UniqueConstraint("slug"), UNORDERED)

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    """LETTER_ID of the protocol. Its first 16 characters are the address of a letter that is not listed."""
    slug: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(10))
    k: Mapped[int]
    timing: Mapped[str] = mapped_column(String(8), default="together")
    issuing_days: Mapped[int] = mapped_column(default=7)
    """Timing ``apart``: how long a round exchanges codes."""
    pause_hours: Mapped[int] = mapped_column(default=24)
    """Timing ``apart``: from the end of issuing to the beginning of signing."""
    routes: Mapped[list[str]] = mapped_column(JSON, default_factory=lambda: ["code"])
    """How people show that they work there: code on paper, email to the work address, or both; frozen at opening."""
    updates: Mapped[str] = mapped_column(String(6), default="daily")
    """How often what waits is counted, ``daily`` or ``hourly``; frozen at opening."""
    log_version: Mapped[int] = mapped_column(default=2)
    """Of the log's format. Letters that version 0.1.0 opened have 1, and take no more signatures."""
    pinned: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    """What the pins of all its rounds cover alike (protocol 4), frozen at opening."""
    mail_domains: Mapped[dict[str, list[str]]] = mapped_column(JSON, default_factory=dict)
    """The mail route: of each roll's id, the domains whose addresses may ask for a code."""
    goal: Mapped[int | None] = mapped_column(default=None)
    threshold: Mapped[int | None] = mapped_column(default=None)
    contact: Mapped[str | None] = mapped_column(Text, default=None)
    """For journalists, as the organizers give it; shown on the press page alone."""
    title: Mapped[str] = mapped_column(Text, default="")
    """As in the newest version; frozen with it."""
    text: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """The canonical bytes, from opening on."""
    text_sha256: Mapped[str | None] = mapped_column(String(64), default=None)
    edition: Mapped[int] = mapped_column(default=0)
    """Rises in the transaction that changes anything public."""
    opened: Mapped[datetime | None] = mapped_column(Hour, default=None)
    published: Mapped[datetime | None] = mapped_column(Hour, default=None)
    closes: Mapped[datetime | None] = mapped_column(Hour, default=None)
    closed: Mapped[datetime | None] = mapped_column(Hour, default=None)
    publishes: Mapped[datetime | None] = mapped_column(Hour, default=None)
    """When it is published by itself: at this time, or as soon after it as nothing is missing."""
    ends: Mapped[datetime | None] = mapped_column(Hour, default=None)
    """The planned hour of closing, which the scheduler announces a day ahead; ``closes`` is the announced one."""
    was_public: Mapped[bool] = mapped_column(default=False)
    name_steps: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    """Appearance steps that show names: ``named``, and ``named_at:N`` by N; frozen at opening."""
    names_months: Mapped[int] = mapped_column(default=12)
    """So long after the letter closes, shown names leave its pages; frozen at opening, if there are name steps."""
    names_shown: Mapped[int] = mapped_column(default=0)
    """As of the last sealing."""
    approvals: Mapped[int] = mapped_column(default=0)
    """How many of its organizers must approve the newest version before it opens."""
    names_gone: Mapped[bool] = mapped_column(default=False)
    """The months are over, and no name is left."""
    withdrawn_reason: Mapped[str | None] = mapped_column(Text, default=None)
    taken_down: Mapped[bool] = mapped_column(default=False)
    """Whether the reason is the host's, not the organizers'."""


class HostApproval(PetitionBase):
    """The host has read exactly this text and approves the letter, on sites that ask for it."""

    __tablename__ = "host_approval"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True)
    text_sha256: Mapped[str] = mapped_column(String(64))


class Authorship(PetitionBase):
    """An organizer works on a letter."""

    __tablename__ = "authorship"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True)
    organizer_id: Mapped[str] = mapped_column(ForeignKey("organizer.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(String(9), default="editor")
    """``editor`` or ``commenter``."""
    shown_as: Mapped[str] = mapped_column(Text, default="")
    """The name under which the letter's page says that they are behind it; empty for none."""


class Invitation(PetitionBase):
    """A one-time link that gives its holder access to a letter, or the access of someone who lost theirs."""

    __tablename__ = "invitation"
    __table_args__ = UNORDERED

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """SHA-256 of the link's secret."""
    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(9))
    until: Mapped[datetime] = mapped_column(Hour)
    replaces: Mapped[str | None] = mapped_column(ForeignKey("organizer.id", ondelete="CASCADE"), default=None)
    """The organizer whose access and role it transfers."""


class Approval(PetitionBase):
    """An organizer's approval of exactly this version of a letter."""

    __tablename__ = "approval"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    organizer_id: Mapped[str] = mapped_column(ForeignKey("organizer.id", ondelete="CASCADE"), primary_key=True)


class Comment(PetitionBase):
    """A remark about a passage, or a reply. The passage is found by its words and by those around it."""

    __tablename__ = "comment"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    author: Mapped[str] = mapped_column(String(100))
    written: Mapped[datetime] = mapped_column(Hour)
    text: Mapped[str] = mapped_column(Text)
    answers: Mapped[int | None] = mapped_column(default=None)
    """The number of the comment that this one replies to."""
    field: Mapped[str] = mapped_column(String(10), default="")
    """``title``, ``body`` or ``demand``; empty in a reply."""
    quote: Mapped[str] = mapped_column(Text, default="")
    paragraph: Mapped[str] = mapped_column(Text, default="")
    """The whole paragraph that the quoted words stood in."""
    before: Mapped[int] = mapped_column(default=0)
    """Characters of that paragraph ahead of the quoted words."""
    suggestion: Mapped[str | None] = mapped_column(Text, default=None)
    """Words to replace the quoted ones with; empty to delete them."""
    state: Mapped[str] = mapped_column(String(8), default="open")
    """``open``, ``resolved``, or ``taken`` where the suggestion was taken over."""


class Report(PetitionBase):
    """A report to the site's host that a letter does harm. Who sent it is not known."""

    __tablename__ = "report"
    __table_args__ = UNORDERED

    key: Mapped[str] = mapped_column(String(16), primary_key=True)
    """Random, so that the order of rows says nothing."""
    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id", ondelete="CASCADE"))
    hour: Mapped[datetime] = mapped_column(Hour)
    text: Mapped[str] = mapped_column(Text)


class Version(PetitionBase):
    """The letter's text as it was saved."""

    __tablename__ = "version"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    employer: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    demands: Mapped[list[str]] = mapped_column(JSON)
    language: Mapped[str] = mapped_column(String(12))
    sources: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    translations: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    author: Mapped[str] = mapped_column(String(100))
    saved: Mapped[datetime] = mapped_column(Hour)
    note: Mapped[str] = mapped_column(Text, default="")
    merged_with: Mapped[int | None] = mapped_column(default=None)
    """The version that someone else had saved meanwhile, and whose changes were merged."""


class UnsignedTranslation(PetitionBase):
    """The letter in another language, outside the text that is signed: it can be added and replaced at any time."""

    __tablename__ = "unsigned_translation"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(12), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    recipient: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    demands: Mapped[list[str]] = mapped_column(JSON)


class WorkingCopy(PetitionBase):
    """What an organizer typed and has not saved yet. Only they see it, and no crash loses it."""

    __tablename__ = "working_copy"
    __table_args__ = UNORDERED

    organizer_id: Mapped[str] = mapped_column(ForeignKey("organizer.id", ondelete="CASCADE"), primary_key=True)
    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    """Empty for a letter that is not begun yet."""
    part: Mapped[str] = mapped_column(String(12), primary_key=True)
    """The language of a translation, with a capital first if it is not signed; empty for the letter itself."""
    fields: Mapped[dict[str, str]] = mapped_column(JSON)
    """The values of the form's fields, by name, as they were typed."""


class Roll(PetitionBase):
    """Who may sign, verified and counted apart from other rolls."""

    __tablename__ = "roll"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    position: Mapped[int]


class Field(PetitionBase):
    """Something that signers may say about themselves, such as their role; frozen at opening."""

    __tablename__ = "field"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    """FIELD_ID of the protocol."""
    label: Mapped[str] = mapped_column(Text)
    position: Mapped[int]


class Option(PetitionBase):
    """One of the groups that a field offers."""

    __tablename__ = "option"
    __table_args__ = (
        ForeignKeyConstraint(["letter_id", "field"], ["field.letter_id", "field.id"], ondelete="CASCADE"),
        UNORDERED,
    )

    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    label: Mapped[str] = mapped_column(Text)
    position: Mapped[int]
    headcount: Mapped[int | None] = mapped_column(default=None)
    """How many people work there, if the organizers know."""


class NamesKey(PetitionBase):
    """The key of one appearance step that shows names (protocol 9), from opening on."""

    __tablename__ = "names_key"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id"), primary_key=True)
    step: Mapped[str] = mapped_column(String(24), primary_key=True)
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    """SPKI DER; it stays, because pins cover it. None in letters that version 0.1.0 closed."""
    private_key: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    """Once an organizer has unlocked the step: PKCS #8, locked under a key that derives from the master secret."""
    opens: Mapped[datetime | None] = mapped_column(Hour, default=None)
    """When its names begin to be shown, as announced; for ``named`` there is no notice."""
    is_open: Mapped[bool] = mapped_column(default=False)
    """Its names are shown at each sealing from now on."""
    is_over: Mapped[bool] = mapped_column(default=False)
    """The letter has ended: the private half and every box of it are destroyed."""
    waiting: Mapped[int] = mapped_column(default=0)
    """Names that wait for this step, as of the last sealing that took signatures; at the end, those never shown."""


class NamesKeyCopy(PetitionBase):
    """The private half of a names key, boxed for one organizer's own public key (age, X25519)."""

    __tablename__ = "names_key_copy"
    __table_args__ = (
        ForeignKeyConstraint(["letter_id", "step"], ["names_key.letter_id", "names_key.step"]),
        UNORDERED,
    )

    letter_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    step: Mapped[str] = mapped_column(String(24), primary_key=True)
    organizer_id: Mapped[str] = mapped_column(ForeignKey("organizer.id", ondelete="CASCADE"), primary_key=True)
    box: Mapped[bytes] = mapped_column(LargeBinary)


def roll_key() -> ForeignKeyConstraint:
    """For tables of other packages whose rows belong to a roll of a letter."""
    return ForeignKeyConstraint(["letter_id", "roll"], ["roll.letter_id", "roll.id"])


class Event(PetitionBase):
    """Something that happened to a letter after it was out, added by its organizers."""

    __tablename__ = "event"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(12))
    day: Mapped[date] = mapped_column(Date)
    who: Mapped[str] = mapped_column(Text, default="")
    how: Mapped[str] = mapped_column(Text, default="")
    link: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text, default="")


class DemandStatus(PetitionBase):
    """The status of one of the letter's demands; a demand that was only made has no row."""

    __tablename__ = "demand_status"
    __table_args__ = UNORDERED

    letter_id: Mapped[str] = mapped_column(ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True)
    demand: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Its number in the letter, from 1."""
    status: Mapped[str] = mapped_column(String(10))
    day: Mapped[date] = mapped_column(Date)
    note: Mapped[str] = mapped_column(Text, default="")
