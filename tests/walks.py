"""Ways through a letter's life for tests: each walks the real path, so that no test holds an impossible letter."""

import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from html import unescape
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import load_der_private_key
from sqlalchemy import Engine, event, select, update
from sqlalchemy.orm import Session

from petition import config, create_app
from petition.addresses import read_address
from petition.config import Settings
from petition.coordination import closing, opening, rounds, updates
from petition.coordination.facts import facts_of
from petition.coordination.services import make_services
from petition.crypto.appearance_steps import GROUPED, NAMED, NAMED_AT, name_step, number_of
from petition.crypto.blind_rsa import SALT, PrivateKey, PublicKey, blind, finalize, prepare
from petition.crypto.locked_names import lock_name
from petition.crypto.pins import write_pin
from petition.crypto.receipts import Opening
from petition.crypto.receipts import opening as opening_of
from petition.crypto.tokens import Token, statement_bytes
from petition.database import READ_FIRST, TAKE_LOCK, Databases, IssuerBase
from petition.issuing.codes import hash_code, make_codes
from petition.issuing.email_codes import admit
from petition.issuing.models import Code, IssuingRound
from petition.issuing.rounds import numbers
from petition.issuing.tokens import Keys, exchange
from petition.jobs.scheduler import tick
from petition.letters.access import path_of
from petition.letters.drafting.drafts import draft
from petition.letters.drafting.settings import Rules, set_rules
from petition.letters.drafting.versions import newest_version
from petition.letters.events import add_event, read_event, set_status
from petition.letters.fields import FieldOfLetter, set_fields
from petition.letters.lifecycle import announce_close, move
from petition.letters.models import Letter, NamesKey, Organizer
from petition.letters.organizers.accounts import add_organizer, choose_passphrase
from petition.letters.organizers.names_keys import announce_unlocking, choose_name_steps, unlock_named
from petition.letters.pinned import pin_of_round
from petition.letters.states import PUBLISHED
from petition.letters.text.letter_text import LetterText
from petition.letters.verification_methods import set_routes
from petition.publishing.figures.counts import Figures, figures
from petition.publishing.public_files import names, public_file
from petition.sealing import naming
from petition.sealing.models import Entry
from petition.sealing.sealer import Result, seal
from petition.signing.appearances import Appearance, Shown
from petition.signing.change_appearance import change
from petition.signing.models import Round
from petition.signing.names import hide, shown_names
from petition.signing.signatures import ReceiptState, Signed, look_up, sign, withdraw
from petition.signing.typed_names import read_name

PASSPHRASE = "correct horse battery staple"
DATABASES = ("petition.db", "petition-waiting.db", "issuer.db")
"""The files of a site on SQLite."""
WORDS = LetterText(
    title="We refuse to build it",
    recipient="Jo Muster, CEO",
    employer="Example Corp",
    body="Dear Jo,\n\nwe, who **work here**, ask you to stop.",
    demands=("Stop.", "Say so in public."),
)
RARE = replace(WORDS, body="Dear Jo,\n\nit is \U00030001.")
"""With a Chinese character so rare that usual fonts lack it."""


@dataclass
class Campaign:
    """A site, its desk and its clock, with verbs for tests."""

    settings: Settings
    clock: Callable[[], datetime]
    make_key: Callable[[], PrivateKey]

    def __post_init__(self) -> None:
        self.master = config.master_secret(self.settings)
        self.databases = Databases(self.settings.database_url, self.settings.issuer_database_url)
        self.services = make_services(self.settings, self.databases, self.master, make_key=self.make_key)
        self.keys = Keys(self.services.secrets)
        self._apps: list[Any] = []

    def close(self) -> None:
        self.close_apps()
        self.databases.dispose()

    def close_apps(self) -> None:
        for app in self._apps:
            app.extensions["petition"].databases.dispose()

    def app(self, seconds: Callable[[], float] = time.monotonic) -> Any:
        """The web application of this site. By ``seconds`` its cached pages grow old."""
        made = create_app(self.settings, self.clock, seconds=seconds)
        self._apps.append(made)
        return made

    # organizers and letters

    def organizer(self, name: str = "Ana") -> str:
        """An organizer with a passphrase, made unless there is one of that name; their id."""
        with Session(self.databases.petition) as session:
            known = session.scalar(select(Organizer.id).where(Organizer.name == name))
            if known is not None:
                return known
            secret = add_organizer(session, name, moment=self.clock(), random=os.urandom)
            made = choose_passphrase(session, secret, PASSPHRASE, moment=self.clock())
            session.commit()
            return made.id

    def a_draft(
        self,
        words: LetterText = WORDS,
        k: int = 3,
        organizer: str | None = None,
        slug: str = "",
        names: tuple[str, ...] = (),
        fields: tuple[FieldOfLetter, ...] = (),
        mail: dict[str, list[str]] | None = None,
        routes: tuple[str, ...] = ("mail",),
        **rules: Any,
    ) -> str:
        """A draft; its letter id. ``rules`` are more of letters.drafting.Rules: timing, rolls, goal, threshold …

        ``names`` are the steps that show names: ``named``, ``named_at:50``; ``mail`` are domains by roll, for a
        letter whose codes go by ``routes``.
        """
        organizer = organizer or self.organizer()
        with Session(self.databases.petition) as session:
            author = session.get_one(Organizer, organizer)
            letter = draft(session, author, words, moment=self.clock(), random=os.urandom, slug=slug)
            set_rules(session, letter, Rules(k=k, **rules))
            numbers = [number for step in names if (number := number_of(step)) is not None]
            choose_name_steps(session, letter, named=NAMED in names, numbers=numbers, months=12)
            set_fields(session, letter, fields)
            if mail is not None:
                set_routes(session, letter, routes, mail)
            session.commit()
            return letter.id

    def an_open_letter(self, **how: Any) -> str:
        """An open letter; its letter id."""
        letter_id = self.a_draft(**how)
        self.open(letter_id)
        return letter_id

    def open(self, letter_id: str) -> None:
        opening.open_letter(self.services, letter_id, moment=self.clock())

    def a_published_letter(self, **how: Any) -> str:
        """A published letter; its letter id."""
        letter_id = self.an_open_letter(**how)
        self.publish(letter_id)
        return letter_id

    def publish(self, letter_id: str, unlocks: str | None = None) -> None:
        """Publish; ``unlocks`` is the name of an organizer who unlocks names in the same step."""
        who = None if unlocks is None else self.organizer(unlocks)
        if not any(row.signatures for row in self.rows(Round, letter_id)):
            self.publish_empty(letter_id, who)
            return
        opening.publish_letter(self.services, letter_id, moment=self.clock(), unlocks=who, passphrase=PASSPHRASE)

    def publish_empty(self, letter_id: str, who: str | None) -> None:
        """A public letter that no one signed. The rules let none be published before K are counted, but what most
        tests look at begins with the first signature, and theirs shall be the only ones."""
        with Session(self.databases.petition) as session:
            letter = session.get_one(Letter, letter_id)
            if who is not None:
                unlock_named(session, letter, session.get_one(Organizer, who), PASSPHRASE, master=self.master)
            letter.published, letter.was_public = self.clock(), True
            move(session, letter, PUBLISHED)
            session.commit()

    def tell(self, letter_id: str, kind: str, **words: str) -> None:
        """Organizers tell of an event of today."""
        with Session(self.databases.petition) as session:
            told = read_event(kind, self.clock().date(), **words)
            add_event(session, session.get_one(Letter, letter_id), told, moment=self.clock())
            session.commit()

    def answer(self, letter_id: str, demand: int, status: str) -> None:
        """Organizers say where a demand stands today."""
        with Session(self.databases.petition) as session:
            letter, today = session.get_one(Letter, letter_id), self.clock().date()
            count = len(newest_version(session, letter).demands)
            set_status(session, letter, demand, status, today, "", demands=count, moment=self.clock())
            session.commit()

    def seal(self, letter_id: str, **how: Any) -> Result:
        return updates.seal_letter(self.services, letter_id, moment=self.clock(), **how)

    def tick(self) -> Mapping[str, str]:
        """The clock does what is due; what it says of each letter, by slug."""
        return tick(self.services, self.settings.seal_at, self.clock()).done

    def announce_close(self, letter_id: str, *, now: bool = False) -> None:
        with Session(self.databases.petition) as session:
            letter = session.get_one(Letter, letter_id)
            facts = facts_of(session, letter, self.services)
            announce_close(session, letter, moment=self.clock(), now=now, facts=facts)
            session.commit()

    def close_letter(self, letter_id: str) -> Result:
        """Close at the announced hour, announcing it first where that is not done; the clock stands still."""
        if self.letter_row(letter_id).closes is None:
            self.announce_close(letter_id)
        with Session(self.databases.reading) as session:
            closes = session.get_one(Letter, letter_id).closes
        assert closes is not None
        return closing.close_letter(self.services, letter_id, moment=closes)

    def letter_row(self, letter_id: str) -> Letter:
        """A letter as it is stored."""
        with Session(self.databases.reading) as session:
            return session.get_one(Letter, letter_id)

    def letter(self, session: Session, letter_id: str) -> Letter:
        return session.get_one(Letter, letter_id)

    # codes, tokens, signatures

    def codes(self, letter_id: str, count: int, number: int = 1, **how: bool) -> list[str]:
        with Session(self.databases.issuer) as issuer:
            _, made = make_codes(issuer, self.services.secrets, letter_id, number, count, os.urandom, **how)
            issuer.commit()
        return made

    def further_round(self, letter_id: str, count: int | None = None, roll: str | None = None) -> list[str]:
        """The codes of another round, 2K unless another number is asked for; it is open and in the log at once."""
        count = 2 * self.letter_row(letter_id).k if count is None else count
        new = rounds.open_further_round(self.services, letter_id, roll, count, opens=self.clock())
        self.seal(letter_id)
        return list(new.codes)

    def end_round(self, letter_id: str, number: int = 1) -> None:
        """Organizers end a round, and the next set time comes: now."""
        rounds.end_round(self.services, letter_id, number, ends=self.clock())
        rounds.end_due_rounds(self.services, letter_id, moment=self.clock())

    def mailed_codes(self, letter_id: str, *addresses: str, number: int = 1) -> list[str]:
        """The codes that these addresses get by email."""
        with Session(self.databases.issuer) as issuer:
            places = [(self.services.secrets, letter_id, number, read_address(address)) for address in addresses]
            made = [admit(issuer, *place) or "" for place in places]
            issuer.commit()
        return made

    def token(self, letter_id: str, code: str, number: int = 1, receipt: bytes | None = None) -> Token:
        """Exchange a code for a token, as a client does."""
        key, [unsigned] = self._unsigned(letter_id, number, [receipt or os.urandom(16)])
        message = unsigned.message
        blinded = blind(key, message, os.urandom)
        place = (letter_id, number, code, blinded.message)
        answer = exchange(self.databases.issuer, self.keys, *place, moment=self.clock())
        return replace(unsigned, signature=finalize(key, message, answer, blinded.inverse))

    def _unsigned(self, letter_id: str, number: int, receipts: Sequence[bytes]) -> tuple[PublicKey, list[Token]]:
        """A round's key, and tokens of receipts that still lack their signatures."""
        with Session(self.databases.reading) as session:
            letter, round_ = session.get_one(Letter, letter_id), session.get_one(Round, (letter_id, number))
            key, text_sha256 = PublicKey.from_spki(round_.public_key), letter.text_sha256 or ""
            pin = write_pin(pin_of_round(letter, number, round_.roll, round_.public_key))
        made = []
        for receipt in receipts:
            statement = statement_bytes(letter_id, number, text_sha256, opening_of(receipt).commit)
            message = prepare(statement, os.urandom)
            made.append(Token("https://letters.example.org/", letter_id, number, pin, message, b"", receipt))
        return key, made

    def tokens(self, letter_id: str, count: int, number: int = 1) -> list[Token]:
        """Tokens of new codes. The first one is exchanged, the others in a hurry."""
        codes = self.codes(letter_id, count, number) if count else []
        return [self.token(letter_id, code, number) for code in codes[:1]] + self._hurried(letter_id, codes[1:], number)

    def _hurried(self, letter_id: str, codes: Sequence[str], number: int) -> list[Token]:
        """The same tokens and the same rows in a third of the time: all codes are spent in one transaction, and the
        round's key signs what clients would have unblinded."""
        if not codes:
            return []
        pepper = self.services.secrets.pepper(letter_id, number)
        assert pepper is not None
        with Session(self.databases.issuer) as issuer:
            place = {"letter_id": letter_id, "round": number}
            key = self.keys.of(issuer.get_one(IssuingRound, (letter_id, number)))
            spent = [place | {"mac": hash_code(pepper, code), "request": os.urandom(32)} for code in codes]
            issuer.execute(update(Code), spent)
            issuer.commit()
        signed = signs_openly(key)
        _, unsigned = self._unsigned(letter_id, number, [os.urandom(16) for _ in codes])
        return [replace(token, signature=signed(token.message)) for token in unsigned]

    def sign(self, letter_id: str, token: Token, **how: Any) -> Signed:
        """Sign; ``how`` is ``role="software"`` and so on for groups, and ``name`` with ``at`` for a locked name."""
        with Session(self.databases.petition) as session:
            letter = session.get_one(Letter, letter_id)
            appearance = appearing(token, **how)
            signed = sign(session, letter, token.message, token.signature, appearance, moment=self.clock())
            session.commit()
            return signed

    def sign_all(self, letter_id: str, count: int, number: int = 1, **how: Any) -> list[Token]:
        """A number of people get a code and sign; their tokens."""
        made = self.tokens(letter_id, count, number)
        for token in made:
            self.sign(letter_id, token, **how)
        return made

    def locked(self, letter_id: str, token: Token, name: str, title: str = "", at: int | None = None) -> bytes:
        """A name as a client locks it, with the key that the letter shows to everyone."""
        step = NAMED if at is None else name_step(NAMED_AT, at)
        with Session(self.databases.reading) as session:
            row = session.get_one(NamesKey, (letter_id, step))
            assert row.public_key is not None
            text = read_name(name, title).as_bytes()
            return lock_name(row.public_key, letter_id, step, opening_of(token.receipt).name_key(), text)

    def sign_by_name(
        self, letter_id: str, names: Iterable[str], at: int | None = None, number: int = 1, title: str = ""
    ) -> dict[str, Token]:
        """People who get a code and sign by name; their tokens by their names."""
        signers = list(names)
        made = dict(zip(signers, self.tokens(letter_id, len(signers), number), strict=True))
        for name, token in made.items():
            self.sign(letter_id, token, name=self.locked(letter_id, token, name, title, at), at=at)
        return made

    @staticmethod
    def lock_bytes(key: bytes, letter_id: str, step: str, token: Token, text: bytes) -> bytes:
        """Lock anything at all, as a client may that was changed."""
        return lock_name(key, letter_id, step, opening_of(token.receipt).name_key(), text)

    def seal_without_names(self, letter_id: str) -> None:
        """A sealing that stops before it shows names."""
        with Session(self.databases.issuer) as issuer:
            found = numbers(issuer, letter_id)
        with Session(self.databases.petition) as session:
            letter = session.get_one(Letter, letter_id)
            seal(session, letter, found, moment=self.clock(), random=self.services.random, master=self.master)
            session.commit()

    def finish_names(self, letter_id: str, work: naming.Work) -> int:
        """What a sealing does after it has begun with names."""
        opened = naming.read(work, letter_id, naming.say_nothing)
        with Session(self.databases.petition) as session:
            shown = naming.finish(session, session.get_one(Letter, letter_id), opened, moment=self.clock())
            session.commit()
            return shown

    def unlock_named(self, letter_id: str, passphrase: str = PASSPHRASE, organizer: str = "Ana") -> None:
        with Session(self.databases.petition) as session:
            who = session.get_one(Organizer, self.organizer(organizer))
            unlock_named(session, session.get_one(Letter, letter_id), who, passphrase, master=self.master)
            session.commit()

    def announce_names(self, letter_id: str, number: int, organizer: str = "Ana") -> datetime:
        """Announce that the names of an N will be shown; the hour at which they are."""
        who = self.organizer(organizer)
        with Session(self.databases.petition) as session:
            letter = session.get_one(Letter, letter_id)
            row = announce_unlocking(
                session,
                letter,
                session.get_one(Organizer, who),
                PASSPHRASE,
                number,
                count=facts_of(session, letter, self.services).sealed,
                moment=self.clock(),
                master=self.master,
            )
            session.commit()
            assert row.opens is not None
            return row.opens

    def hide_name(self, letter_id: str, token: Token, reason: str) -> None:
        with Session(self.databases.petition) as session:
            hide(session, session.get_one(Letter, letter_id), opening_of(token.receipt).name_key(), reason)
            session.commit()

    def names(self, letter_id: str) -> list[str]:
        """The names that the public sees, sorted."""
        with Session(self.databases.reading) as session:
            return sorted(name for name, _ in shown_names(session, letter_id))

    def change(self, letter_id: str, token: Token, **how: Any) -> Shown:
        """Change what is shown of a signature; nothing given means counted alone."""
        with Session(self.databases.petition) as session:
            opened = opening_of(token.receipt)
            wanted = replace(appearing(token, **how), a=opened.a, w_hash=bytes.fromhex(opened.w_hash))
            shown = change(session, session.get_one(Letter, letter_id), wanted)
            session.commit()
            return shown

    def withdraw(self, letter_id: str, token: Token) -> bool:
        """Take a signature back; whether it was sealed."""
        with Session(self.databases.petition) as session:
            withdrawn = withdraw(session, session.get_one(Letter, letter_id), self.opening(token))
            session.commit()
            return withdrawn.was_sealed

    @staticmethod
    def opening(token: Token) -> Opening:
        return opening_of(token.receipt)

    def look_up(self, letter_id: str, token: Token) -> ReceiptState:
        """What is stored under a token's receipt."""
        with Session(self.databases.reading) as session:
            return look_up(session, session.get_one(Letter, letter_id), self.opening(token))

    # what can be seen

    def entries(self, letter_id: str) -> list[dict[str, Any]]:
        """The log's entries, read."""
        with Session(self.databases.reading) as session:
            query = select(Entry.data).where(Entry.letter_id == letter_id).order_by(Entry.number)
            return [json.loads(data) for data in session.scalars(query)]

    def types(self, letter_id: str) -> list[str]:
        """The types of the log's entries."""
        return [entry["type"] for entry in self.entries(letter_id)]

    def rows(self, table: Any, letter_id: str) -> list[Any]:
        """All rows of a letter in a table of either database."""
        engine = self.databases.issuer if issubclass(table, IssuerBase) else self.databases.reading
        with Session(engine) as session:
            return list(session.scalars(select(table).where(table.letter_id == letter_id)))

    def figures(self, letter_id: str) -> Figures:
        """What may be said about a letter."""
        with Session(self.databases.reading) as session:
            return figures(session, session.get_one(Letter, letter_id), self.settings.url)

    def public_files(self, letter_id: str) -> dict[str, bytes]:
        """Every public file of a letter, by name; pages as ``index.html``."""
        with Session(self.databases.reading) as session:
            letter = session.get_one(Letter, letter_id)
            found = figures(session, letter, self.settings.url)
            return {
                name + "index.html" if name == "" or name.endswith("/") else name: public_file(
                    session, letter, found, name, "en"
                ).body
                for name in names(found)
            }

    # pages

    def address(self, letter_id: str) -> str:
        """The path of a letter as it may be told now."""
        return f"/{path_of(self.letter_row(letter_id))}/"

    def signed_in(self, app: Any, name: str = "Ana") -> "Desk":
        """A browser in which an organizer has signed in."""
        desk = Desk(app.test_client())
        answer = desk.send("/organize/sign-in", name=name, passphrase=PASSPHRASE, language="en")
        assert answer.status_code == 303, answer.text
        return desk


def appearing(token: Token, *, name: bytes | None = None, at: int | None = None, **groups: str) -> Appearance:
    """An appearance for a token: groups by their fields, a locked name."""
    opened, groups = opening_of(token.receipt), {field: option for field, option in groups.items() if option}
    if name is None and not groups:
        return Appearance()
    step = GROUPED if name is None else NAMED if at is None else NAMED_AT
    return Appearance(step, at, tuple(sorted(groups.items())), name, opened.a, bytes.fromhex(opened.w_hash))


def signs_openly(key: PrivateKey) -> Callable[[bytes], bytes]:
    """Gives a message the signature that blinding and unblinding would give, with the private key at hand."""
    loaded = load_der_private_key(key.der(), None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(loaded, RSAPrivateKey)
    return lambda message: loaded.sign(message, PSS(MGF1(SHA384()), SALT), SHA384())


def is_beginning(statement: str) -> bool:
    """Whether a statement only begins a transaction, or takes the locks that it needs."""
    return statement.startswith("BEGIN") or statement in (TAKE_LOCK, READ_FIRST)


@contextmanager
def asked(*engines: Engine) -> Iterator[list[str]]:
    """The statements that are sent to databases meanwhile."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)


class Desk:
    """An organizer's browser: keeps the cookie, and sends the token of the form that it was shown."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def get(self, path: str) -> Any:
        return self.client.get(path, base_url="https://letters.example.org")

    def csrf(self, path: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(path).text)
        assert found is not None, f"{path} has no form"
        return unescape(found[1])

    def send(self, path: str, page: str | None = None, **typed: Any) -> Any:
        """Send a form of a page (by default the one at the same path) with what was typed."""
        token = self.csrf(page or path)
        return self.post(path, csrf_token=token, **typed)

    def post(self, path: str, **typed: Any) -> Any:
        headers = {"Sec-Fetch-Site": "same-origin", "Referer": "https://letters.example.org" + path}
        return self.client.post(path, base_url="https://letters.example.org", data=typed, headers=headers)


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, f"no field {name}"
    return unescape(found[1])
