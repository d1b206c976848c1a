"""Everything that a site stores, how long, and who could see it: one list for every page that shows it.

Each row names the tables that hold it. A test compares them with the tables of both databases, so that nothing is
stored without a row here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from petition.publishing.figures.counts import Figures

_ = str
HELD_BY_HOST = _("This site's host")
EVERYBODY = _("Everyone")
FOR_GOOD = _("For good")


@dataclass(frozen=True)
class Stored:
    """A row of the table: what, how long, and who could see it."""

    what: str
    how_long: str
    who: str
    tables: tuple[str, ...] = ()
    """Tables of either database; none for what is only in memory, or nowhere."""
    applies: Callable[[Figures], bool] = lambda found: True
    """Whether it concerns the signers of a letter."""


SIGNERS = (
    Stored(
        _("Your name, unless you choose to show it; your address, device or network address; the time you came"),
        _("Never"),
        _("No one"),
    ),
    Stored(
        _("Each code, scrambled with a secret key, and whether it was used"),
        _("Until codes can't be used anymore; then the key is destroyed"),
        HELD_BY_HOST,
        ("code",),
    ),
    Stored(
        _("If you get a code by email: your work address, encrypted"),
        _("Until the email has been sent, an hour at most"),
        _("This site's host during that time, the services that carry the email, and your employer's email system"),
        ("outbox",),
        lambda found: "mail" in found.routes,
    ),
    Stored(_("How many codes were made"), FOR_GOOD, EVERYBODY, ("batch", "round", "issuing_round")),
    Stored(
        _("A waiting signature, with nothing about who signed"),
        _("Until the update that adds it"),
        HELD_BY_HOST,
        ("pending",),
    ),
    Stored(_("A counted signature"), FOR_GOOD, EVERYBODY, ("entry", "sealed", "tile", "log")),
    Stored(
        _("That a signature was removed: which one, not whose"),
        _("For good, if it was counted; otherwise until the letter closes"),
        EVERYBODY,
        ("tombstone", "withdrawal"),
    ),
    Stored(
        _("Answers you choose to give, kept apart from your signature and from one another"),
        _("Until you remove them, or the letter is taken down"),
        _("This site's host; everyone sees only rounded totals of at least the minimum group size"),
        ("arrived_answer", "answer", "group_release", "released_group"),
    ),
    Stored(
        _("A name you choose to show later, hidden"),
        _("Until it is shown or the letter closes"),
        _("No one without an organizer's password"),
        ("arrived_name", "locked_name"),
        lambda found: found.naming.offered,
    ),
    Stored(
        _("A name that is shown"),
        _("Until you remove it, or some months after the letter closes; copies that others made stay"),
        EVERYBODY,
        ("shown_name", "hidden_name"),
        lambda found: found.naming.offered,
    ),
    Stored(_("The hour of each update"), FOR_GOOD, EVERYBODY, ("sealing",)),
    Stored(
        _("How often someone tries, under a scrambled network address, in memory only"),
        _("A day at most"),
        HELD_BY_HOST,
    ),
)
"""What concerns people who sign."""
ALSO_STORED = (
    Stored(
        _("Organizers' chosen names, scrambled passwords, keys, and sign-ins by the hour"),
        _("Until they leave the site; a sign-in a month at most"),
        HELD_BY_HOST,
        ("organizer", "sign_in", "recovery_code", "invitation", "authorship", "names_key_copy"),
    ),
    Stored(
        _("Which organizers' forms were sent, scrambled, with the day"),
        _("Two days"),
        HELD_BY_HOST,
        ("spent_form",),
    ),
    Stored(
        _("Drafts: each version with its author and the hour, comments and approvals"),
        _("Until the draft is deleted; once it is open, as long as the letter"),
        _("The letter's organizers and this site's host"),
        ("version", "working_copy", "comment", "approval"),
    ),
    Stored(
        _("Letters: text and translations, rules, optional questions, news, demands, keys, monitors"),
        _("As long as the site exists"),
        _("Everyone once the letter is public, except private keys"),
        (
            "letter",
            "roll",
            "field",
            "option",
            "event",
            "demand_status",
            "unsigned_translation",
            "names_key",
            "milestone",
            "host_approval",
            "witness",
            "cosigned",
        ),
    ),
    Stored(
        _("Reports about letters, with nothing about who wrote them"),
        _("Until this site's host has dealt with it"),
        HELD_BY_HOST,
        ("report",),
    ),
)
"""What is not about signers."""


def of_signers(found: Figures) -> list[Stored]:
    """What concerns the signers of a letter."""
    return [row for row in SIGNERS if row.applies(found)]
