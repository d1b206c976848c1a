"""Everything that a site keeps, how long, and who could see it: one list for every page that says so."""

from dataclasses import dataclass

_ = str
SERVER = _("Whoever holds this server")
EVERYBODY = _("Everybody")


@dataclass(frozen=True)
class Stored:
    """A row of the table: what, how long, and who could see it."""

    what: str
    how_long: str
    who: str


STORED = (
    Stored(
        _("Your name, address, device, network address, or the time at which you came"),
        _("Never"),
        _("Nobody"),
    ),
    Stored(
        _("Each code, hashed under a secret key, and whether it was used"),
        _("Until no more codes are exchanged; then the key to it is destroyed"),
        SERVER,
    ),
    Stored(
        _("If you have a code mailed: your work address, encrypted"),
        _("Until the mail has been sent, an hour at most"),
        _("Whoever holds this server in that time; whoever carries the mail, and your employer's mail system"),
    ),
    Stored(
        _("How many codes were made"),
        _("For good, in the public log"),
        EVERYBODY,
    ),
    Stored(
        _("A signature that waits, with nothing about its signer"),
        _("Until the next update that takes it"),
        SERVER,
    ),
    Stored(_("A counted signature"), _("For good, in the public log"), EVERYBODY),
    Stored(
        _("That a signature was withdrawn: which one, not whose"),
        _("For good, if it was counted; else until the letter closes"),
        EVERYBODY,
    ),
    Stored(
        _("Groups that you choose to be counted in, apart from your signature and from one another"),
        _("Until you take them back, or the letter is taken down"),
        _("Whoever holds this server; everybody sees only rounded numbers of at least the smallest group"),
    ),
    Stored(
        _("A name that you choose to show, locked"),
        _("Until it is shown; if it never is, until the letter closes"),
        _("Nobody without an organizer's passphrase"),
    ),
    Stored(
        _("A name that is shown"),
        _("Until you take it back, or some months after the letter closes; copies that others made stay"),
        EVERYBODY,
    ),
    Stored(_("The hour of each update"), _("For good"), EVERYBODY),
    Stored(
        _("How often somebody knocks, under a keyed hash of the network address, in memory only"),
        _("A day at most"),
        SERVER,
    ),
)
