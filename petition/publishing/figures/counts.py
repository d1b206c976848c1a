"""The figures that may be shown: all of them from the sealed log, none from what waits."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from petition.addresses import ending
from petition.letters.drafting.settings import rolls_of
from petition.letters.drafting.unsigned_translations import shown_translations
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.events import ASKED, EVENT_NAMES, STANDINGS, events_of, statuses_of
from petition.letters.models import Event, Letter
from petition.letters.organizers.members import displayed_names
from petition.letters.states import enough, takes_signatures
from petition.letters.text.letter_text import LetterText, Translation
from petition.letters.verification_methods import allowed_domains
from petition.publishing.figures.groups import GroupTable, group_tables
from petition.publishing.figures.names import Naming, naming
from petition.sealing.history import history, totals
from petition.sealing.log import log_of, root_of, verifier_key
from petition.sealing.witnesses import served_note
from petition.signing.models import Round
from petition.signing.signatures import rounds_of, signing_starts


@dataclass(frozen=True)
class Row:
    """The totals after the sealings of one hour."""

    hour: datetime
    signatures: int
    withdrawals: int
    size: int | None = None
    """The log's after the last of them; None in logs that version 0.1.0 began."""

    @property
    def count(self) -> int:
        """Signatures that were not withdrawn."""
        return self.signatures - self.withdrawals


@dataclass(frozen=True)
class RollCount:
    """A roll and how many of its signatures are counted."""

    id: str
    name: str
    count: int


@dataclass(frozen=True)
class RoundFacts:
    """What may be said about a round, as of the last sealing."""

    number: int
    roll: str
    made: int
    voided: int
    is_ended: bool
    """Its codes are no longer exchanged."""
    issued: int | None
    """How many were, once that has ended; None for fewer than K."""
    issuing_ends: datetime | None
    signing_starts: datetime | None
    annulled: str | None


@dataclass(frozen=True)
class PublicEvent:
    """An event that organizers added, as ``letters.events`` stores it."""

    number: int
    kind: str
    day: date
    who: str
    how: str
    link: str
    text: str

    @property
    def title(self) -> str:
        """What happened, as people read it."""
        return EVENT_NAMES[self.kind]


@dataclass(frozen=True)
class Demand:
    """A demand of the letter and its status; ``day`` is None if nothing was said about it."""

    number: int
    text: str
    status: str
    day: date | None
    note: str

    @property
    def standing(self) -> str:
        """Where it stands, as people read it."""
        return STANDINGS[self.status]


@dataclass(frozen=True)
class Figures:
    """Everything public about a letter but its log's entries; the same letter at the same edition gives the same."""

    letter_id: str
    slug: str
    url: str
    words: LetterText
    state: str
    text: bytes
    text_sha256: str
    published: datetime | None
    closes: datetime | None
    as_of: datetime
    signatures: int
    withdrawals: int
    rolls: tuple[RollCount, ...]
    names_shown: int
    groups: tuple[GroupTable, ...]
    contact: str | None
    threshold: int | None
    goal: int | None
    codes_made: int
    issued: int | None
    log_size: int
    log_root: bytes
    log_key: str
    checkpoint: str
    history: tuple[Row, ...]
    rounds: tuple[RoundFacts, ...]
    closed: datetime | None
    ends: datetime | None
    """The planned hour of closing, before it is announced."""
    events: tuple[PublicEvent, ...]
    """Newest first."""
    demands: tuple[Demand, ...]
    edition: int
    k: int
    takes_signatures: bool
    """Whether signatures are taken at all; a letter that version 0.1.0 opened takes none, though it is public."""
    log_version: int
    timing: str
    updates: str
    routes: tuple[str, ...]
    naming: Naming
    mail_domains: tuple[str, ...]
    """What an address must end in to get a code by email; none without the email route."""
    organizers: tuple[str, ...] = ()
    """The names that organizers chose to show."""
    unsigned: tuple[Translation, ...] = ()
    """Translations that are not part of what is signed."""
    made: dict[str, bytes] = field(init=False, default_factory=dict, compare=False, repr=False)
    """Files that were made of these figures and are needed again."""

    @property
    def count(self) -> int:
        """Signatures that were not withdrawn."""
        return self.signatures - self.withdrawals

    @property
    def least_used(self) -> int:
        """How many codes of a set must be used before the time to use them ends."""
        return enough(self.k)

    @property
    def unnamed(self) -> int:
        """Signatures in the count that show no name."""
        return self.count - self.names_shown

    @property
    def log_fingerprint(self) -> str:
        """The log's key shortened for reading aloud: the first 80 bits of the verifier key's SHA-256, in hex."""
        return hashlib.sha256(self.log_key.strip().encode()).hexdigest()[:20]


def figures(session: Session, letter: Letter, url: str | None) -> Figures:
    """What may be said about a letter that is open at least; its address is under the site's ``url``."""
    log = log_of(session, letter.id)
    rounds = [row for row in rounds_of(session, letter.id) if row.is_logged]
    signatures, withdrawals = totals(rounds)
    rows = tuple(Row(row.hour, row.signatures, row.withdrawals, row.size) for row in history(session, letter))
    words, rolls = text_of(newest_version(session, letter)), []
    for roll in rolls_of(session, letter):
        signed, withdrawn = totals(row for row in rounds if row.roll == roll.id)
        rolls.append(RollCount(roll.id, roll.name, signed - withdrawn))
    all_ended = all(row.is_ended for row in rounds)
    opened = letter.published or letter.opened
    assert letter.text is not None and letter.text_sha256 is not None and opened is not None
    return Figures(
        letter_id=letter.id,
        slug=letter.slug,
        url=f"{url or ''}/letters/{letter.slug}/",
        words=words,
        state=letter.state,
        text=letter.text,
        text_sha256=letter.text_sha256,
        published=letter.published,
        closes=letter.closes,
        as_of=rows[-1].hour if rows else opened,
        signatures=signatures,
        withdrawals=withdrawals,
        rolls=tuple(rolls),
        names_shown=letter.names_shown,
        groups=group_tables(session, letter),
        contact=letter.contact,
        threshold=letter.threshold,
        goal=letter.goal,
        codes_made=sum(row.made for row in rounds),
        issued=sum(row.issued or 0 for row in rounds) if all_ended else None,
        log_size=log.size,
        log_root=root_of(log),
        log_key=verifier_key(log),
        checkpoint=served_note(session, log),
        history=rows,
        rounds=tuple(_round_facts(letter, row) for row in rounds),
        closed=letter.closed,
        ends=letter.ends,
        events=tuple(_happened(row) for row in events_of(session, letter)),
        demands=_demands(session, letter),
        edition=letter.edition,
        k=letter.k,
        takes_signatures=takes_signatures(letter),
        log_version=letter.log_version,
        timing=letter.timing,
        updates=letter.updates,
        routes=tuple(letter.routes),
        naming=naming(session, letter),
        organizers=tuple(displayed_names(session, letter.id)),
        unsigned=shown_translations(session, letter, words),
        mail_domains=tuple(ending(one) for some in allowed_domains(letter).values() for one in some),
    )


def _round_facts(letter: Letter, row: Round) -> RoundFacts:
    return RoundFacts(
        number=row.number,
        roll=row.roll,
        made=row.made,
        voided=row.voided,
        is_ended=row.is_ended,
        issued=row.issued,
        issuing_ends=row.issuing_ends,
        signing_starts=signing_starts(letter, row),
        annulled=row.annulled if row.is_annulment_logged else None,
    )


def _happened(row: Event) -> PublicEvent:
    return PublicEvent(row.number, row.kind, row.day, row.who, row.how, row.link, row.text)


def _demands(session: Session, letter: Letter) -> tuple[Demand, ...]:
    statuses = statuses_of(session, letter)
    found = []
    for number, text in enumerate(newest_version(session, letter).demands, 1):
        row = statuses.get(number)
        told = (row.status, row.day, row.note) if row is not None else (ASKED, None, "")
        found.append(Demand(number, text, *told))
    return tuple(found)
