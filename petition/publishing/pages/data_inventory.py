"""Everything that a site keeps, how long, and who could see it: one list for every page that says so.

Each row names the tables that hold it, and a test compares them with those of both databases, so that nothing is kept
of which no page tells.
"""

from collections.abc import Callable
from dataclasses import dataclass

from petition.publishing.figures.counts import Figures

_ = str
SERVER = _("Whoever holds this server")
EVERYBODY = _("Everybody")
FOR_GOOD = _("For good, in the public log")


@dataclass(frozen=True)
class Stored:
    """A row of the table: what, how long, and who could see it."""

    what: str
    how_long: str
    who: str
    tables: tuple[str, ...] = ()
    """Of either database; none for what stands in memory only, or nowhere."""
    applies: Callable[[Figures], bool] = lambda found: True
    """Whether it concerns the signers of a letter."""


SIGNERS = (
    Stored(
        _(
            "Your name, unless you choose to show it; your address, device, network address, or the time at which "
            "you came"
        ),
        _("Never"),
        _("Nobody"),
    ),
    Stored(
        _("Each code, hashed under a secret key, and whether it was used"),
        _("Until no more codes are exchanged; then the key to it is destroyed"),
        SERVER,
        ("code",),
    ),
    Stored(
        _("If you have a code mailed: your work address, encrypted"),
        _("Until the mail has been sent, an hour at most"),
        _("Whoever holds this server in that time; whoever carries the mail, and your employer's mail system"),
        ("outbox",),
        lambda found: "mail" in found.routes,
    ),
    Stored(_("How many codes were made"), FOR_GOOD, EVERYBODY, ("batch", "round", "issuing_round")),
    Stored(
        _("A signature that waits, with nothing about its signer"),
        _("Until the next update that takes it"),
        SERVER,
        ("pending",),
    ),
    Stored(_("A counted signature"), FOR_GOOD, EVERYBODY, ("entry", "sealed", "tile", "log")),
    Stored(
        _("That a signature was withdrawn: which one, not whose"),
        _("For good, if it was counted; else until the letter closes"),
        EVERYBODY,
        ("tombstone", "withdrawal"),
    ),
    Stored(
        _("Groups that you choose to be counted in, apart from your signature and from one another"),
        _("Until you take them back, or the letter is taken down"),
        _("Whoever holds this server; everybody sees only rounded numbers of at least the smallest group"),
        ("arrived_answer", "answer", "group_release", "released_group"),
    ),
    Stored(
        _("A name that you choose to show, locked"),
        _("Until it is shown; if it never is, until the letter closes"),
        _("Nobody without an organizer's passphrase"),
        ("arrived_name", "locked_name"),
        lambda found: found.naming.offered,
    ),
    Stored(
        _("A name that is shown"),
        _("Until you take it back, or some months after the letter closes; copies that others made stay"),
        EVERYBODY,
        ("shown_name", "hidden_name"),
        lambda found: found.naming.offered,
    ),
    Stored(_("The hour of each update"), _("For good"), EVERYBODY, ("sealing",)),
    Stored(
        _("How often somebody knocks, under a keyed hash of the network address, in memory only"),
        _("A day at most"),
        SERVER,
    ),
)
"""What concerns people who sign."""
OTHERS = (
    Stored(
        _("Of organizers: the name they chose, a hash of their passphrase, keys, sign-ins by the hour"),
        _("Until they leave the site; a sign-in a month at most"),
        SERVER,
        ("organizer", "sign_in", "recovery_code", "invitation", "authorship", "names_key_copy"),
    ),
    Stored(
        _("Which organizers' forms were sent, as hashes with their day, so that pressing twice does nothing twice"),
        _("Two days"),
        SERVER,
        ("spent_form",),
    ),
    Stored(
        _("Drafts: each version with its author and the hour, comments and approvals"),
        _("Until the draft is deleted; from opening on, with the letter"),
        _("The letter's organizers, and whoever holds this server"),
        ("version", "working_copy", "comment", "approval"),
    ),
    Stored(
        _("Letters: text, rules, groups to choose from, events, demands, keys, witnesses"),
        _("As long as the site exists"),
        _("Everybody once the letter is public, but for private keys"),
        (
            "letter",
            "roll",
            "field",
            "option",
            "event",
            "demand_status",
            "names_key",
            "milestone",
            "host_approval",
            "witness",
            "cosigned",
        ),
    ),
    Stored(
        _("A report that a letter does harm: what was written, with nothing about who wrote it"),
        _("Until whoever runs this site has dealt with it"),
        SERVER,
        ("report",),
    ),
)
"""What concerns nobody who signs."""


def of_signers(found: Figures) -> list[Stored]:
    """What concerns the signers of a letter."""
    return [row for row in SIGNERS if row.applies(found)]
