"""A letter's possible next steps, and their obstacles."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session

from petition.database import changed, to_hour
from petition.errors import Conflict, Obstructed, Refusal
from petition.letters.drafting.versions import text_of
from petition.letters.drafting.working_copies import forget_working_copies
from petition.letters.models import Letter, Version
from petition.letters.states import (
    ALONE,
    BY_EMAIL,
    CLOSED,
    CLOSING_NOTICE,
    LEAST_K,
    MOST_K,
    OF_OLD_VERSION,
    OPEN,
    PUBLISHED,
    STATE_CHANGES,
    WITHDRAWN,
    is_current,
    is_possible,
)
from petition.letters.text.completeness import gaps

_ = str
NOT_NOW = _("You can't do this now. The letter's page says what comes next.")
CHANGED = _("Someone else just changed this letter. Look at it again.")


@dataclass(frozen=True)
class Facts:
    """What the rules need to know from outside the letter, as values; of signatures as of the last update."""

    site_url: str | None = None
    sealed: int = 0
    """Signatures that are counted."""
    has_k_counted: bool = False
    """At least K signatures of one round are in the log."""
    has_k_together: bool = False
    """At least K signatures of one round are in the log or wait."""
    key_holders: int = 0
    """Organizers who have a key pair, so that names keys can be boxed for them."""
    sends_mail: bool = False
    approvals: int = 0
    """Organizers who approve of the newest version."""
    is_demo: bool = False
    """The site is the demo, whose clock is its own."""
    awaited: str = ""
    """The step that the host must approve first; empty for none."""
    contact: str = ""
    """How to reach the host."""


def obstacles(letter: Letter, version: Version | None, step: str, facts: Facts) -> list[Refusal]:
    """All obstacles to a step, each with its remedy. The page shows them, the step enforces them."""
    if (letter.state, step) not in STATE_CHANGES:
        return [Conflict(NOT_NOW)]
    found = list(_obstacles_of_host(letter, step, facts))
    if step == OPEN:
        return [*_obstacles_to_opening(letter, version, facts), *found]
    if step == PUBLISHED:
        return [*_obstacles_to_publishing(letter, facts), *found]
    if step == CLOSED and letter.state == OPEN:
        return [*_obstacles_to_closing_unpublished(letter, facts), *found]
    return found


def _obstacles_of_host(letter: Letter, step: str, facts: Facts) -> Iterable[Refusal]:
    is_published_by_it = step == CLOSED and letter.state == OPEN
    if facts.awaited != (PUBLISHED if is_published_by_it else step):
        return
    if facts.contact:
        yield Conflict("This site's host must approve the letter first. Write to: %(contact)s", contact=facts.contact)
    else:
        yield Conflict("This site's host must approve the letter first. Ask them.")


def _obstacles_to_publishing(letter: Letter, facts: Facts) -> Iterable[Refusal]:
    if not is_current(letter):
        yield Conflict(OF_OLD_VERSION)
    elif letter.k != ALONE and not facts.has_k_counted:
        yield Conflict(
            "To publish, one set of codes needs at least %(k)s counted signatures.",
            k=letter.k,
        ).about("codes")
    yield from _obstacles_of_minimum(letter, facts)


def _obstacles_of_minimum(letter: Letter, facts: Facts) -> Iterable[Refusal]:
    if letter.threshold and facts.sealed < letter.threshold:
        yield Conflict(
            "You set a minimum of %(threshold)s signatures. So far: %(sealed)s.",
            threshold=letter.threshold, sealed=facts.sealed,
        ).about("threshold")  # fmt: skip


def _obstacles_to_closing_unpublished(letter: Letter, facts: Facts) -> Iterable[Refusal]:
    """A letter that closes before it was published is published in the same hour."""
    if not is_current(letter):
        yield Conflict(OF_OLD_VERSION)
    elif not facts.has_k_together:
        yield Conflict(
            "At the last update, no set of codes had %(k)s signatures. You can't close this letter, only take it down.",
            k=letter.k,
        ).about("codes")
    yield from _obstacles_of_minimum(letter, facts)


def _obstacles_to_opening(letter: Letter, version: Version | None, facts: Facts) -> list[Refusal]:
    found: list[Refusal] = []
    missing = [
        field for field in ("title", "recipient", "employer", "body") if version is None or not getattr(version, field)
    ]
    sentences = {
        "title": _("Give the letter a title."),
        "recipient": _("Add who the letter is addressed to."),
        "employer": _("Add the employer."),
        "body": _("Write the text of the letter."),
    }
    found.extend(Conflict(sentences[field]).about(field) for field in missing)
    found.extend(gaps(text_of(version)) if version is not None else ())
    if not is_possible(letter.k):
        found.append(
            Conflict("The minimum group size must be from %(least)s to %(most)s.", least=LEAST_K, most=MOST_K).about(
                "k"
            )
        )
    if letter.name_steps and not facts.key_holders:
        found.append(
            Conflict("Set a password with your one-time link. Otherwise no one could ever reveal names.").about("names")
        )
    if facts.approvals < letter.approvals:
        found.append(
            Conflict(
                "This version has %(given)s of %(needed)s approvals. Approve it under “People.”",
                needed=letter.approvals, given=facts.approvals,
            ).about("approvals")
        )  # fmt: skip
    if facts.site_url is None:
        found.append(
            Conflict("This site has no public address yet. Ask this site's host to set PETITION_URL.").about("site")
        )
    return [*found, *_obstacles_of_mail(letter, facts)]


def _obstacles_of_mail(letter: Letter, facts: Facts) -> Iterable[Refusal]:
    if BY_EMAIL not in letter.routes:
        return
    if not facts.sends_mail:
        yield Conflict(
            "This site can't send email yet. Hand out codes yourselves, or ask this site's host to set PETITION_MAIL."
        ).about("routes")
    if letter.k == ALONE:
        yield Conflict("A letter from one person has one code. Hand it over yourself, not by email.").about("routes")
    if not letter.mail_domains:
        yield Conflict("Add the work email domains.").about("routes")


def require_step(letter: Letter, version: Version | None, step: str, facts: Facts) -> None:
    """Refuse a step that has obstacles, and name all of them."""
    found = obstacles(letter, version, step, facts)
    if found:
        raise Obstructed(found)


def move(session: Session, letter: Letter, to: str) -> None:
    """The one writer of a letter's state: of two who try the same step, one wins."""
    if (letter.state, to) not in STATE_CHANGES:
        raise Conflict(NOT_NOW)
    session.flush()
    moved = changed(
        session,
        update(Letter)
        .where(Letter.id == letter.id, Letter.state == letter.state)
        .values(state=to, edition=Letter.edition + 1),
    )
    if moved != 1:
        raise Conflict(CHANGED)
    if to in (CLOSED, WITHDRAWN):
        forget_working_copies(session, letter.id)
    session.refresh(letter)


def announce_close(session: Session, letter: Letter, *, moment: datetime, facts: Facts, now: bool = False) -> None:
    """Say a day ahead when the letter closes. ``now`` closes at once, in the demo alone.

    Elsewhere, a person who holds all other codes could close at the moment when a colleague signs. An announced hour
    can't be moved.
    """
    require_step(letter, None, CLOSED, facts)
    if now and not facts.is_demo:
        raise Conflict("We announce closing a day ahead, so no one can tell whose signature came last.")
    if not now:
        require_not_announced(letter)
    letter.closes = moment if now else full_hour_after(moment + CLOSING_NOTICE)
    letter.edition += 1
    session.flush()


def require_not_announced(letter: Letter) -> None:
    """Refuse to move a closing that was announced: people rely on its hour."""
    if letter.closes is not None:
        raise Conflict("Closing was announced, so its date can't change.")


def full_hour_after(moment: datetime) -> datetime:
    """The moment itself if it is a full hour, else the next one: a day's notice is never cut short."""
    return moment if moment == to_hour(moment) else to_hour(moment) + timedelta(hours=1)
