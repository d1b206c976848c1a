"""Upgrades a site's databases: finds their version, copies them, and runs the missing revisions."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select, text

from petition.config import Settings
from petition.database import Databases
from petition.errors import Conflict
from petition.issuing.models import IssuingRound
from petition.letters.models import Letter
from petition.operations.copies import is_begun, make_copies
from petition.operations.migration import CHAIN_NAMES, alone, head_of, known_revisions, revision_of, upgrade_chain

NEW, CURRENT, OLD = "new", "current", "old"


def state_of(databases: Databases, scripts: Path | None = None) -> str:
    """``new`` for empty databases, ``current`` or ``old``; refuses what this version cannot deal with."""
    revisions = {chain: revision_of(databases.engine(chain)) for chain in CHAIN_NAMES}
    for chain, revision in revisions.items():
        if revision is not None and revision not in known_revisions(chain, scripts):
            raise Conflict(
                "The database of %(chain)s was written by a newer version of the program (its revision is "
                "%(revision)s). Install that version again. Nothing was changed.",
                chain=chain,
                revision=revision,
            )
    _require_both(databases, revisions)
    if None in revisions.values():
        return NEW
    return CURRENT if revisions == {chain: head_of(chain, scripts) for chain in CHAIN_NAMES} else OLD


def upgrade(
    settings: Settings,
    databases: Databases,
    *,
    copies: bool = True,
    tell: Callable[[str], object] = lambda _: None,
    scripts: Path | None = None,
) -> bool:
    """Bring both databases to this version's revisions; says whether there was anything to do.

    Copies both before (``operations.copies``), unless ``copies`` is false. Killed at any moment, it is finished by
    doing it again. ``tell`` gets a sentence before and after.
    """
    heads = {chain: head_of(chain, scripts) for chain in CHAIN_NAMES}
    with contextlib.ExitStack() as held:
        for chain in CHAIN_NAMES:
            held.enter_context(alone(databases.engine(chain), chain, settings.data))
        state = state_of(databases, scripts)
        if state == CURRENT:
            return False
        if state == OLD:
            tell("The databases are those of an older version. They are upgraded now.")
        revisions = {chain: revision_of(databases.engine(chain)) for chain in CHAIN_NAMES}
        if state == OLD and copies and not is_begun(settings, revisions, heads):
            make_copies(settings, databases, revisions, heads)
        for chain in CHAIN_NAMES:
            upgrade_chain(databases.engine(chain), chain, scripts)
    if state == OLD and copies:
        tell("Upgraded. Until the next count update, petition rollback goes back to the older version.")
    return True


def _require_both(databases: Databases, revisions: dict[str, str | None]) -> None:
    """Refuse a database that is empty while the other one is in use: its address is wrong, or it was lost."""
    for chain, other, table in (("petition", "issuer", IssuingRound), ("issuer", "petition", Letter)):
        if revisions[chain] is None and revisions[other] is not None:
            with databases.engine(other).connect() as connection:
                is_used = connection.execute(select(text("1")).select_from(table.__table__).limit(1)).first()
            if is_used:
                raise Conflict(
                    "The database of %(chain)s is empty, but that of %(other)s is not. Check their addresses: petition "
                    "config. If one was lost, restore both from one backup: petition restore --help",
                    chain=chain,
                    other=other,
                )
