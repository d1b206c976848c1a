"""Campaigns lived several times over: the same codes and tokens, used in another order each time.

The order in which things happen is the secret that the attack is after, and known here as the truth that its
guesses are measured against. Tokens are bought for real, once; each life uses up a copy of the same databases.
"""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from petition.addresses import read_address
from petition.config import prepare_folders, settings
from petition.crypto.blind_rsa import PrivateKey, PublicKey, blind, finalize, prepare
from petition.crypto.encodings import b64url, canonical_json
from petition.crypto.merkle import leaf_hash
from petition.crypto.receipts import opening
from petition.crypto.tokens import Token, statement_bytes
from petition.database import IssuerBase, PetitionBase, engine_for
from petition.issuing.codes import hash_code
from petition.issuing.delivery import Mailer
from petition.issuing.email_codes import Asked, ask
from petition.issuing.message import Sender
from petition.issuing.tokens import exchange
from petition.letters.fields import read_field
from petition.letters.models import Letter
from petition.operations.migration import migrate_both
from petition.signing.models import Round
from tests.walks import DATABASES, Campaign

EXCHANGE, SIGN, CHANGE, WITHDRAW = "exchange", "sign", "change", "withdraw"
SEAL, COPY, CLOSE = "seal", "copy", "close"
BEGIN = datetime(2026, 11, 2, 9, tzinfo=UTC)
K = 10
WITHDRAWING, CHANGING, NAMED = 0.1, 0.1, 0.4
FIELDS = tuple(
    read_field(label, [(group, None) for group in groups])
    for label, groups in (("Role", ("Software", "Hardware", "Support")), ("Site", ("North", "South")))
)
Plant = Callable[[Campaign], None]
"""Spoils a site before anything happens on it."""


@dataclass(frozen=True)
class Person:
    """A signer with a code, what their client sends for it, and the token that it gets."""

    code: str
    mac: bytes
    blinded: bytes
    answer: bytes
    token: Token
    role: str
    site: str
    name: bytes | None
    """For a signer who shows a name: what their client locked."""
    address: str | None
    """For a signer whose code comes by email; its row is made when they ask for it."""

    @property
    def group_keys(self) -> dict[str, bytes]:
        """The keys of their answers, by field."""
        return {field.id: opening(self.token.receipt).group_key(field.id) for field in FIELDS}

    @property
    def name_key(self) -> bytes:
        return opening(self.token.receipt).name_key()

    @property
    def request(self) -> bytes:
        return sha256(self.blinded).digest()

    @property
    def commit(self) -> bytes:
        return bytes.fromhex(opening(self.token.receipt).commit)

    @property
    def leaf(self) -> bytes:
        message, signature = b64url(self.token.message), b64url(self.token.signature)
        return leaf_hash(canonical_json({"type": "signature", "round": 1, "message": message, "signature": signature}))


@dataclass(frozen=True)
class Event:
    """One thing that happens; a person's or everyone's."""

    what: str
    person: int = -1


@dataclass
class Story:
    """Everything in the order in which it happens, and who did what in which interval between two sealings."""

    events: list[Event]

    def __post_init__(self) -> None:
        self.moments: dict[str, dict[int, int]] = {EXCHANGE: {}, SIGN: {}, CHANGE: {}, WITHDRAW: {}}
        self.intervals: dict[str, dict[int, int]] = {EXCHANGE: {}, SIGN: {}, CHANGE: {}, WITHDRAW: {}}
        interval = 0
        for moment, event in enumerate(self.events):
            if event.what in self.moments:
                self.moments[event.what][event.person] = moment
                self.intervals[event.what][event.person] = interval
            interval += event.what in (SEAL, CLOSE)


def a_story(people: int, sealings: int, random: Random, *, at_once: float = 0.4) -> Story:
    """Everyone exchanges a code at some moment and signs at once, soon, or much later, with a role and a site, and
    some by name; some change their role and take back their name, some withdraw.

    Two copies are taken between two sealings, when people have just come and gone. At the end the letter closes.
    """
    acts: list[tuple[float, str, int]] = []
    for person in range(people):
        exchanged = random.uniform(0, sealings - 0.1)
        delay = random.uniform(0, 0.01 if random.random() < at_once else random.choice((0.3, 3)))
        signed = exchanged + delay
        if signed >= sealings - 0.01:
            signed = random.uniform(exchanged, sealings - 0.01)
        acts += [(exchanged, EXCHANGE, person), (signed, SIGN, person)]
        if random.random() < CHANGING:
            signed = random.uniform(signed, sealings - 0.008)
            acts.append((signed, CHANGE, person))
        if random.random() < WITHDRAWING:
            acts.append((random.uniform(signed, sealings - 0.005), WITHDRAW, person))
    acts += [(number + 1.0, SEAL, -1) for number in range(sealings)]
    acts += [(number + random.uniform(0.5, 0.95), COPY, -1) for number in random.sample(range(1, sealings), 2)]
    return Story([Event(what, person) for _, what, person in sorted(acts)] + [Event(CLOSE)])


def another_order(story: Story, random: Random) -> Story:
    """The same things between the same sealings, in another order; no one signs before they have a token."""
    events: list[Event] = []
    waiting: list[Event] = []
    for event in story.events:
        if event.person >= 0:
            waiting.append(event)
            continue
        people = [act.person for act in waiting]
        random.shuffle(people)
        own = {person: iter([act for act in waiting if act.person == person]) for person in people}
        events += [next(own[person]) for person in people] + [event]
        waiting = []
    return Story(events)


@dataclass
class Copy:
    """What a thief took at one moment: every file, and on PostgreSQL every row with its system columns."""

    event: str
    interval: int
    """How many sealings there had been before, not counting one that the copy follows."""
    files: dict[str, bytes] = field(default_factory=dict)
    mtimes: dict[str, int] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    relations: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Life:
    """A story as it was lived, and the copies that were taken meanwhile."""

    story: Story
    people: list[Person]
    copies: list[Copy]


class Remembering:
    """The issuer's keys, with the answers that they gave once, so that the same request need not be signed again."""

    def __init__(self, campaign: Campaign, people: list[Person]) -> None:
        self.secrets = campaign.services.secrets
        self._answers = {person.blinded: person.answer for person in people}

    def of(self, _row: Any) -> "Remembering":
        return self

    def blind_sign(self, blinded: bytes) -> bytes:
        return self._answers[blinded]


class World:
    """A site with an open letter, its codes made, and a token for each of them; lives begin from here."""

    def __init__(self, folder: Path, key: PrivateKey, people: int) -> None:
        self.folder = folder
        self.databases: Callable[[str], tuple[str, str]] | None = None
        self._key = key
        self._start = folder / "start"
        with self._opened(self._start) as campaign:
            migrate_both(campaign.databases, campaign.settings.data)
            self.letter = campaign.an_open_letter(k=K, fields=FIELDS, names=("named",))
            by_mail = [f"worker-{number}@example.com" for number in range(people // 2)]
            codes = campaign.codes(self.letter, people - len(by_mail))
            pepper = campaign.services.secrets.pepper(self.letter, 1)
            assert pepper is not None
        shutil.copytree(self._start, folder / "shop")
        with self._opened(folder / "shop") as campaign:
            bought = [(code, None) for code in codes]
            bought += zip(campaign.mailed_codes(self.letter, *by_mail), by_mail, strict=True)
            self.people = [self._buy(campaign, code, pepper, address) for code, address in bought]
        shutil.rmtree(folder / "shop")

    def _buy(self, campaign: Campaign, code: str, pepper: bytes, address: str | None) -> Person:
        with Session(campaign.databases.reading) as session:
            key = PublicKey.from_spki(session.get_one(Round, (self.letter, 1)).public_key)
            digest = session.get_one(Letter, self.letter).text_sha256 or ""
        receipt = os.urandom(16)
        message = prepare(statement_bytes(self.letter, 1, digest, opening(receipt).commit), os.urandom)
        blinded = blind(key, message, os.urandom)
        place = (self.letter, 1, code, blinded.message)
        answer = exchange(campaign.databases.issuer, campaign.keys, *place, moment=BEGIN)
        signature = finalize(key, message, answer, blinded.inverse)
        token = Token("https://letters.example.org/", self.letter, 1, "A" * 43, message, signature, receipt)
        role, site = (random.choice(field.options).id for field in FIELDS)
        name = campaign.locked(self.letter, token, f"Quinn {code}") if random.random() < NAMED else None
        return Person(code, hash_code(pepper, code), blinded.message, answer, token, role, site, name, address)

    def move_to(self, start: tuple[str, str], databases: Callable[[str], tuple[str, str]]) -> "World":
        """The same world on other databases: ``start`` (empty, migrated) gets its rows, ``databases`` copies them."""
        own = (f"sqlite:///{self._start / 'petition.db'}", f"sqlite:///{self._start / 'issuer.db'}")
        for source, target, base in zip(own, start, (PetitionBase, IssuerBase), strict=True):
            there, here = engine_for(source, waits=base is PetitionBase), create_engine(target, poolclass=NullPool)
            with there.connect() as reading, here.begin() as writing:
                for table in base.metadata.sorted_tables:
                    rows = [dict(row) for row in reading.execute(select(table)).mappings()]
                    if rows:
                        writing.execute(table.insert(), rows)
        moved = object.__new__(World)
        moved.__dict__.update(self.__dict__, databases=databases)
        return moved

    def with_names_shown(self, people: int) -> "World":
        """The same world later: a number of people have signed, the letter is public, and some of their names show."""
        later = object.__new__(World)
        later.__dict__.update(self.__dict__, folder=self.folder / "later", _start=self.folder / "shown")
        shutil.copytree(self._start, later._start)
        with self._opened(later._start) as campaign:
            for person in range(people):
                for what in (EXCHANGE, SIGN):
                    self._act(campaign, Remembering(campaign, self.people), what, self.people[person])
            campaign.seal(self.letter)
            campaign.publish(self.letter, unlocks="Ana")
            campaign.seal(self.letter)
            assert len(campaign.names(self.letter)) > K
        return later

    @contextmanager
    def _opened(self, folder: Path, urls: tuple[str, str] | None = None) -> Iterator[Campaign]:
        environ = {"PETITION_DATA": str(folder), "PETITION_URL": "https://letters.example.org"}
        if urls is not None:
            environ |= dict(zip(("PETITION_DATABASE_URL", "PETITION_ISSUER_DATABASE_URL"), urls, strict=True))
        found = settings(environ)
        prepare_folders(found)
        campaign = Campaign(found, lambda: BEGIN, lambda: self._key)
        try:
            yield campaign
        finally:
            campaign.close()

    def live(
        self,
        story: Story,
        *,
        plant: Plant | None = None,
        chance: Random | None = None,
        is_copied: Callable[[int, int], bool] = lambda *_: False,
    ) -> Life:
        """Let a story happen; ``plant`` may spoil the site first, ``chance`` fixes what it draws. ``is_copied`` says
        whether a copy is taken after a step of a sealing: how many sealings, and steps of it, were before."""
        folder = self.folder / "life"
        shutil.copytree(self._start, folder)
        if self.databases is not None:
            for name in DATABASES:
                (folder / name).unlink()
        with self._opened(folder, self.databases and self.databases("life")) as campaign:
            if chance is not None:
                campaign.services = replace(campaign.services, random=chance.randbytes)
            if plant is not None:
                plant(campaign)
            copies = list(self._happen(campaign, story, is_copied))
        shutil.rmtree(folder)
        return Life(story, self.people, copies)

    def _happen(self, campaign: Campaign, story: Story, is_copied: Callable[[int, int], bool]) -> Iterator[Copy]:
        interval, keys = 0, Remembering(campaign, self.people)
        for event in story.events:
            campaign.clock = lambda now=BEGIN + timedelta(hours=interval): now  # type: ignore[misc]
            if event.person >= 0:
                self._act(campaign, keys, event.what, self.people[event.person])
            elif event.what == SEAL:
                between: list[Copy] = []
                campaign.seal(self.letter, pause=copying(campaign, interval, is_copied, between))
                yield from between
            elif event.what == CLOSE:
                campaign.publish(self.letter, unlocks="Ana")
                campaign.close_letter(self.letter)
            if event.person < 0:
                yield take(campaign, event.what, interval)
            interval += event.what in (SEAL, CLOSE)

    def _act(self, campaign: Campaign, keys: Any, what: str, person: Person) -> None:
        if what == EXCHANGE:
            if person.address is not None:
                self._mail(campaign, person.address)
            place = (self.letter, 1, person.code, person.blinded)
            assert exchange(campaign.databases.issuer, keys, *place, moment=campaign.clock()) == person.answer
        elif what == SIGN:
            campaign.sign(self.letter, person.token, role=person.role, site=person.site, name=person.name)
        elif what == CHANGE:
            other = next(option.id for option in FIELDS[0].options if option.id != person.role)
            campaign.change(self.letter, person.token, role=other, site=person.site)
        elif what == WITHDRAW:
            campaign.withdraw(self.letter, person.token)

    def _mail(self, campaign: Campaign, address: str) -> None:
        """Someone asks for a code, and the mailer sends it."""
        asked, secrets = Asked(read_address(address), "en"), campaign.services.secrets
        with Session(campaign.databases.issuer) as issuer:
            ask(issuer, secrets, self.letter, "workers", asked, moment=campaign.clock(), random=os.urandom)
            issuer.commit()
        sender = Sender("post@letters.example.org", "A code", "https://letters.example.org/")
        mailer = Mailer(campaign.databases.issuer, secrets, Nowhere(), sender, os.urandom)
        assert mailer.look({self.letter: {"workers": ["example.com"]}}, campaign.clock).sent == 1


class Nowhere:
    """A mail server that takes everything, and is none of ours."""

    def line(self) -> Any:
        return nullcontext(lambda _message: None)


def copying(
    campaign: Campaign, interval: int, is_copied: Callable[[int, int], bool], copies: list[Copy]
) -> Callable[[float], object]:
    """What happens between two steps of a sealing: sometimes, a copy is taken."""
    steps = count()

    def pause(_seconds: float) -> None:
        if is_copied(interval, next(steps)):
            copies.append(take(campaign, COPY, interval))

    return pause


def take(campaign: Campaign, event: str, interval: int) -> Copy:
    """A copy of everything that is stored."""
    copy = Copy(event, interval)
    for path in sorted(campaign.settings.data.rglob("*")):
        if path.is_file():
            name = str(path.relative_to(campaign.settings.data))
            copy.files[name], copy.mtimes[name] = path.read_bytes(), path.stat().st_mtime_ns
    for name, engine in (("petition", campaign.databases.petition), ("issuer", campaign.databases.issuer)):
        if engine.dialect.name == "postgresql":
            _take_rows(copy, name, engine.url)
    return copy


RELATIONS = """SELECT relname, pg_relation_filepath(oid) FROM pg_class
    WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace"""


def _take_rows(copy: Copy, name: str, url: Any) -> None:
    """Every row of every table with its system columns, and the bytes of every table and index."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        for table in connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all():
            found = connection.execute(text(f'SELECT ctid::text, xmin::text, xmax::text, * FROM "{table}"'))
            copy.rows[f"{name}.{table}"] = [dict(row) for row in found.mappings()]
        connection.execute(text("CHECKPOINT"))
        folder = Path(str(connection.scalar(text("SHOW data_directory"))))
        for relation, path in connection.execute(text(RELATIONS)):
            copy.relations[f"{name}.{relation}"] = (folder / path).read_bytes()
