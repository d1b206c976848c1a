"""Count updates: sealing what waits, showing names, and leaving no order behind."""

import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from petition.coordination.services import Services
from petition.database import WAITING_FILE, compact, forget_order
from petition.errors import Conflict
from petition.issuing import rounds as issuer_rounds
from petition.issuing.codes import rewrite_spent
from petition.issuing.email_codes import rewrite_waiting
from petition.issuing.models import Code, Outbox
from petition.letters.models import Letter, NamesKey, NamesKeyCopy
from petition.letters.states import CLOSED
from petition.publishing.cache import drop_editions
from petition.sealing import naming, sealer
from petition.sealing.batching import is_settled, settle_rest
from petition.sealing.log import log_of
from petition.sealing.sealer import Result, seal
from petition.signing.appearances import TABLES
from petition.signing.models import Pending, Sealed, ShownName, Tombstone, Withdrawal

Pause = Callable[[float], object]
"""Waits a number of seconds."""


def is_held(services: Services, letter_id: str) -> bool:
    """Whether the letter's log came out of a backup and waits for the newest published one."""
    with Session(services.databases.reading) as session:
        return log_of(session, letter_id).is_held


def seal_letter(
    services: Services,
    letter_id: str,
    *,
    moment: datetime,
    due: datetime | None = None,
    tidies: bool = True,
    tell: naming.Tell = naming.say_nothing,
    pause: Pause = time.sleep,
) -> Result:
    """Seal what may be sealed of a letter now, with the issuer's numbers as they are; then show the names that may be.

    ``due`` is the set time that this is for: nothing happens if it has been done. After several letters, tidy once.
    ``tell`` gets how many names are read, and of how many; ``pause`` waits between two steps.
    """
    with Session(services.databases.issuer) as issuer:
        numbers = issuer_rounds.numbers(issuer, letter_id)
        issuer.rollback()
    with Session(services.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        if letter.text is None:
            raise Conflict("This letter is not open yet. It takes no signatures.")
        chance, master = services.random, services.master
        result = seal(session, letter, numbers, moment=moment, random=chance, master=master, due=due, pause=pause)
        is_left_over = letter.state == CLOSED and not is_settled(session, letter_id)
        session.commit()
    if is_left_over:
        settle_rest(services.databases.petition, letter_id)
    show_names(services, letter_id, moment=moment, tell=tell)
    if tidies:
        tidy(services)
    return result


def finish_update(services: Services, letter_id: str, *, pause: Pause = time.sleep) -> None:
    """Clean up after an update that was cut off, at once; what it had not made public waits for the next set time."""
    with Session(services.databases.petition) as session:
        sealer.finish_update(session, session.get_one(Letter, letter_id), pause=pause)
        session.commit()


def show_names(services: Services, letter_id: str, *, moment: datetime, tell: naming.Tell = naming.say_nothing) -> int:
    """Change the list of names as it may change now; how many names are new. What a crash left is done next time.

    Reading many names takes minutes, so the database is released meanwhile.
    """
    with Session(services.databases.reading) as session:
        letter = session.get_one(Letter, letter_id)
        if not letter.name_steps or letter.names_gone:
            return 0
    with Session(services.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        before = letter.edition
        work = naming.begin(session, letter, moment=moment, random=services.random, master=services.master)
        is_over, edition = letter.state == CLOSED, letter.edition
        session.commit()
    shown = 0
    if work is not None and (work.names or is_over):
        opened = naming.read(work, letter_id, tell)
        with Session(services.databases.petition) as session:
            letter = session.get_one(Letter, letter_id)
            shown = naming.finish(session, letter, opened, moment=moment)
            edition = letter.edition
            session.commit()
    if edition != before and services.public_folder is not None:
        drop_editions(services.public_folder / letter_id, edition)
    return shown


def drop_old_pages(services: Services) -> None:
    """Delete the cached pages of this host that are older than their letters: another host may have changed them, and
    a page must not outlive a name."""
    if services.public_folder is None or not services.public_folder.is_dir():
        return
    with Session(services.databases.reading) as session:
        editions = session.execute(select(Letter.id, Letter.edition)).all()
    for letter_id, edition in editions:
        drop_editions(services.public_folder / letter_id, edition)


def tidy(services: Services) -> bool:
    """Let no page of either database show in which order rows were written since the last sealing.

    Returns whether all removed rows are gone. On PostgreSQL a long query can hold some back; then try again.
    """
    tables = (Pending, Tombstone, Withdrawal, Sealed, *TABLES, ShownName, NamesKey, NamesKeyCopy)
    compact(services.databases.petition, WAITING_FILE)
    left = forget_order(services.databases.petition, *(table.__tablename__ for table in tables))
    with Session(services.databases.issuer) as issuer:
        rewrite_spent(issuer)
        rewrite_waiting(issuer)
        issuer.commit()
    left += forget_order(services.databases.issuer, Code.__tablename__, Outbox.__tablename__)
    compact(services.databases.issuer)
    return not left
