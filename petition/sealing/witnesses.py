"""Witnesses: outsiders who keep checkpoints, check that a log only grows, and say so under it (C2SP tlog-witness).

They are asked after a sealing is committed, each for a few seconds at most and all at once. Whatever they do, or
fail to do, changes nothing about a sealing. Before publication they get nothing.
"""

import contextlib
import re
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import Engine, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from petition.crypto.notes import WitnessKey, body_of, cosignature, read_witness_vkey
from petition.database import changed, insert_once
from petition.errors import BadShape, Conflict, NotFound, Refusal
from petition.letters.models import Letter
from petition.letters.states import PUBLIC
from petition.letters.text.letter_text import one_line
from petition.sealing.log import consistency, log_of
from petition.sealing.models import Cosigned, Log, Witness

SILENCE = 3.0
"""Seconds without a byte after which a witness is given up."""
PATIENCE = 6.0
"""Seconds that all of them together may take."""
LONGEST = 2**14
"""Bytes of the longest answer that is read."""
CLOCKS_APART = 24 * 3600
"""Seconds by which a cosignature's moment may differ from ours: what is further off was not made for this request."""
MOST = 16


@dataclass(frozen=True)
class Answer:
    """What became of asking a witness about a letter's log; ``line`` is its cosignature, ``wrong`` says why not."""

    slug: str
    witness: str
    size: int
    line: str | None = None
    wrong: str = ""
    newer: int | None = None
    """How many entries the witness saw, if they are more than the log has here."""

    def __str__(self) -> str:
        if self.line is not None:
            return f"{self.witness} has cosigned {self.slug} at {self.size} entries."
        return f"{self.witness} has not cosigned {self.slug}: {self.wrong}"


@dataclass(frozen=True)
class _Question:
    """Everything that asking needs, so that no session is open meanwhile."""

    letter_id: str
    slug: str
    witness: str
    key: WitnessKey
    address: SplitResult
    size: int
    old: int
    checkpoint: str


def add_witness(session: Session, name: str, vkey: str, url: str | None) -> Witness:
    """A witness from now on asked about every published log; refuses a name, key or address that cannot be one."""
    name, key = one_line(name, "note"), read_witness_vkey(vkey)
    if not 1 <= len(name) <= 100:
        raise BadShape("Give the witness a name of 1 to 100 characters.")
    if url is not None and _address(url) is None:
        raise BadShape("The witness's address must begin with https:// or http://, for example https://w.example.org")
    known = all_witnesses(session)
    if len(known) >= MOST:
        raise Conflict("There are %(most)s witnesses already; a note has room for no more.", most=MOST)
    if any(key.public == other.public_key for other in known):
        raise Conflict("A witness with this key is known already. See: petition witness list")
    values = {"name": name, "key_name": key.name, "public_key": key.public, "url": url}
    if not insert_once(session, Witness, values):
        raise Conflict("There is a witness %(name)s already. See: petition witness list", name=name)
    return session.get_one(Witness, name)


def remove_witness(session: Session, name: str) -> None:
    """Ask a witness no more; its cosignatures leave the notes."""
    cosigned = select(Cosigned.letter_id).where(Cosigned.witness == name)
    for letter in session.scalars(select(Letter).where(Letter.id.in_(cosigned))):
        letter.edition += 1
    session.flush()
    session.execute(delete(Cosigned).where(Cosigned.witness == name))
    if not changed(session, delete(Witness).where(Witness.name == name)):
        raise NotFound("There is no witness %(name)s. See: petition witness list", name=name)


def all_witnesses(session: Session) -> list[Witness]:
    """All witnesses, by name."""
    return list(session.scalars(select(Witness).order_by(Witness.name)))


def served_note(session: Session, log: Log) -> str:
    """The checkpoint as it is published: the log's signature, then the cosignatures of this very size, by witness."""
    lines = select(Cosigned.line).where(Cosigned.letter_id == log.letter_id, Cosigned.size == log.size)
    return log.checkpoint + "".join(f"{line}\n" for line in session.scalars(lines.order_by(Cosigned.witness)))


def collect(petition: Engine, letter_ids: Iterable[str], moment: datetime, *, again: bool = False) -> list[Answer]:
    """Ask every witness about these letters' logs, as far as they are public and it has not cosigned them yet.

    ``again`` asks also where a log is held, and where the witness has cosigned this size: it may have seen more since.
    A log of which a witness saw more entries than it has here is held. Never raises for what a witness does, and takes
    a few seconds at most.
    """
    with Session(petition.execution_options(petition_reads=True)) as session:
        questions = [question for letter_id in letter_ids for question in _questions(session, letter_id, again)]
    answers = _ask_all(petition, questions, int(moment.timestamp()))
    if any(answer.line is not None or answer.newer is not None for _, answer in answers):
        with Session(petition) as session:
            for question, answer in answers:
                _keep(session, question, answer)
            session.commit()
    return [answer for _, answer in answers]


def _questions(session: Session, letter_id: str, again: bool) -> Iterator[_Question]:
    letter = session.get_one(Letter, letter_id)
    if letter.state not in PUBLIC or not letter.was_public:
        return
    log = log_of(session, letter_id)
    if log.is_held and not again:
        return
    sizes = dict(session.execute(select(Cosigned.witness, Cosigned.size).where(Cosigned.letter_id == letter_id)).all())
    for witness in all_witnesses(session):
        address, old = _address(witness.url or ""), sizes.get(witness.name, 0)
        if address is not None and (again or old < log.size):
            key = WitnessKey(witness.key_name, witness.public_key)
            yield _Question(letter_id, letter.slug, witness.name, key, address, log.size, old, log.checkpoint)


def _ask_all(petition: Engine, questions: list[_Question], now: int) -> list[tuple[_Question, Answer]]:
    """One thread for each witness. One that hasn't answered when time is up is left behind with its thread."""
    found: dict[int, Answer] = {}
    until = time.monotonic() + PATIENCE

    def ask_in_turn(mine: list[int]) -> None:
        for place in mine:
            if time.monotonic() < until:
                found[place] = _ask(petition, questions[place], now)

    threads = []
    for witness in sorted({question.witness for question in questions}):
        mine = [place for place, question in enumerate(questions) if question.witness == witness]
        threads.append(threading.Thread(target=ask_in_turn, args=(mine,), daemon=True))
        threads[-1].start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    late = {
        place: Answer(question.slug, question.witness, question.size, wrong="it takes too long.")
        for place, question in enumerate(questions)
    }
    return [(question, found.get(place, late[place])) for place, question in enumerate(questions)]


def _ask(petition: Engine, question: _Question, now: int) -> Answer:
    """Ask one witness, and once more from the size that it says it knows."""
    answer = Answer(question.slug, question.witness, question.size)
    try:
        status, text = _post(question, _request(petition, question, question.old))
        if status == 409 and re.fullmatch(r"(0|[1-9][0-9]{0,17})\n?", text):
            known = int(text)
            if known > question.size:
                return replace(
                    answer,
                    newer=known,
                    wrong=f"it says that it saw this log at {known} entries, and here it has {question.size}. If that "
                    "is true, this site went back in time: restore the newest log before anything else is sealed.",
                )
            status, text = _post(question, _request(petition, question, known))
        if status != 200:
            return _wrong(answer, _MEANINGS.get(status, f"it answers {status}."))
        cosigned = cosignature(body_of(question.checkpoint), text, question.key)
    except (OSError, HTTPException, UnicodeDecodeError, SQLAlchemyError) as error:
        return _wrong(answer, f"it cannot be reached ({type(error).__name__}).")
    except Refusal as refusal:
        return _wrong(answer, str(refusal))
    if abs(cosigned.time - now) > CLOCKS_APART:
        return _wrong(answer, "the moment of its cosignature is more than a day away from our clock.")
    return replace(answer, line=cosigned.line)


_MEANINGS = {
    403: "it does not trust this log's key. Send the witness the letter's log/vkey.",
    404: "it does not know this log. Send the witness the letter's log/vkey.",
    409: "it keeps another checkpoint of this size: it was shown another log, or it is mistaken. Ask it which.",
    422: "it does not find that the log extends what it saw before: it was shown another log, or it is mistaken.",
}


def _wrong(answer: Answer, why: str) -> Answer:
    return replace(answer, wrong=why)


def _request(petition: Engine, question: _Question, old: int) -> bytes:
    """The body of add-checkpoint: the old size, the proof from there, an empty line, the checkpoint."""
    with Session(petition.execution_options(petition_reads=True)) as session:
        log = log_of(session, question.letter_id)
        if log.size != question.size:
            raise Conflict("meanwhile the log has grown.")
        hashes = consistency(session, log, old)
    lines = [f"old {old}", *(b64encode(one).decode() for one in hashes), "", question.checkpoint]
    return "\n".join(lines).encode()


def _post(question: _Question, body: bytes) -> tuple[int, str]:
    host, port = question.address.hostname or "", question.address.port
    secure = question.address.scheme == "https"
    connection = HTTPSConnection(host, port, timeout=SILENCE) if secure else HTTPConnection(host, port, timeout=SILENCE)
    connection.connect()
    deadline = threading.Timer(PATIENCE, _hang_up, [connection.sock])  # for one that drips bytes
    deadline.daemon = True
    deadline.start()
    try:
        path = question.address.path.rstrip("/") + "/add-checkpoint"
        connection.request("POST", path, body, {"User-Agent": "petition", "Content-Type": "text/plain; charset=utf-8"})
        answer = connection.getresponse()
        return answer.status, _bounded(answer).decode("utf-8")
    finally:
        deadline.cancel()
        connection.close()


def _hang_up(connected: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connected.shutdown(socket.SHUT_RDWR)


def _bounded(answer: HTTPResponse) -> bytes:
    data = answer.read(LONGEST + 1)
    if len(data) > LONGEST:
        raise HTTPException("its answer is too long")
    return data


def _address(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.query
    except ValueError:
        return None
    return parts if good and re.fullmatch("[!-~]*", url) else None


def _keep(session: Session, question: _Question, answer: Answer) -> None:
    """Keep a cosignature, unless the witness has been removed, or has given a newer one meanwhile.

    Hold the log if the witness saw more entries than it has by now.
    """
    if session.get(Witness, question.witness) is None:
        return
    log = log_of(session, question.letter_id, alone=True)
    if answer.newer is not None and answer.newer > log.size:
        log.is_held = True
    if answer.line is None:
        return
    row = session.get(Cosigned, (question.letter_id, question.witness))
    if row is None:
        row = Cosigned(letter_id=question.letter_id, witness=question.witness, size=0, line="")
        session.add(row)
    if row.size < question.size:
        row.size, row.line = question.size, answer.line
        if log.size == question.size:
            session.get_one(Letter, question.letter_id).edition += 1
    session.flush()
