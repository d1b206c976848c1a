"""What happens by itself: at the set minutes it seals, and closes what was announced; one process at a time does it.

No timer lives in a web worker. Several clocks do no harm: every step holds the letter's log while it works.
"""

import contextlib
import logging
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from petition.coordination import closing, opening, rounds, updates
from petition.coordination.facts import facts_of
from petition.coordination.services import Services
from petition.database import retried
from petition.errors import Refusal
from petition.letters.access import hosted_letters
from petition.letters.dates import is_due_to_announce, is_due_to_publish
from petition.letters.dates import next_update as next_time
from petition.letters.lifecycle import announce_close
from petition.letters.models import Letter
from petition.letters.organizers.one_time_passwords import forget_spent_passwords
from petition.letters.organizers.spent_forms import forget_spent_forms
from petition.letters.states import CLOSED, PUBLISHED, SIGNABLE
from petition.sealing.witnesses import collect

log = logging.getLogger("petition.clock")


def tick(services: Services, moment: datetime) -> dict[str, str]:
    """Do for every letter what is due at a moment; says for each what was done, or what went wrong.

    A letter whose sealing fails does not keep the others from theirs.
    """
    keep_dates(services, moment)
    with Session(services.databases.reading) as session:
        letters = [letter for letter in hosted_letters(session) if letter.state in {*SIGNABLE, CLOSED}]
        due = {letter.id: (letter.slug, _is_due(letter, moment)) for letter in letters}
    done = {}
    for letter_id, (slug, closes) in due.items():
        try:
            rounds.end_due_rounds(services, letter_id, moment=moment)
            act = closing.close_letter if closes else updates.seal_letter
            if updates.is_held(services, letter_id):
                done[slug] = "held: restored from a backup; see petition doctor"
                continue
            result = retried(partial(act, services, letter_id, moment=moment, tidies=False))
            done[slug] = f"{'closed, ' if closes else ''}{result.signatures} signatures, {result.entries} entries"
        except Exception as error:  # whatever went wrong with one letter, the next one gets its turn
            log.exception("sealing failed")
            done[slug] = f"failed: {type(error).__name__}"
    try:
        updates.tidy(services)
    except Exception:  # what was sealed is sealed; the next sealing tidies again
        log.exception("tidying failed")
    with Session(services.databases.petition) as session:
        forget_spent_passwords(session, moment=moment, master=services.master)
        forget_spent_forms(session, moment=moment)
        session.commit()
    collect(services.databases.petition, due, moment)
    return done


def keep_dates(services: Services, moment: datetime) -> None:
    """Publish and announce the closing of what is due; what something stands in the way of is tried again later."""
    with Session(services.databases.reading) as session:
        letters = hosted_letters(session)
        to_publish = [letter.id for letter in letters if is_due_to_publish(letter, moment)]
        to_announce = [letter.id for letter in letters if is_due_to_announce(letter, moment)]
    for letter_id in to_publish:
        with contextlib.suppress(Refusal):
            opening.publish_letter(services, letter_id, moment=moment)
    for letter_id in to_announce:
        with Session(services.databases.petition) as session, contextlib.suppress(Refusal):
            letter = session.get_one(Letter, letter_id, with_for_update=True)
            if is_due_to_announce(letter, moment):
                facts = facts_of(session, letter, services)
                announce_close(session, letter, moment=moment, now=False, facts=facts)
                session.commit()


def _is_due(letter: Letter, moment: datetime) -> bool:
    return letter.state == PUBLISHED and letter.closes is not None and letter.closes <= moment


def watch(services: Services, minutes: tuple[int, ...], now: Callable[[], datetime], stop: threading.Event) -> None:
    """Tick at once, to finish what a crash left, and then at every set time until ``stop`` is set."""
    tick(services, now())
    while not stop.is_set():
        due = next_time(minutes, now())
        while now() < due and not stop.is_set():
            stop.wait(min(30.0, max(0.05, (due - now()).total_seconds())))
        if not stop.is_set():
            tick(services, due)
