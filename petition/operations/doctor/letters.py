"""What waits for people to act: names that can be unlocked, reports."""

from collections.abc import Iterator

from petition.letters.models import Letter
from petition.letters.organizers.names_keys import who_can_unlock
from petition.letters.reports import reports
from petition.letters.states import SIGNABLE
from petition.operations.doctor.findings import NOTE, OK, WRONG, Finding
from petition.operations.doctor.view import View


def check_names(view: View, letter: Letter) -> Iterator[Finding]:
    """Whether someone can still unlock what is locked."""
    if not letter.name_steps or letter.state not in SIGNABLE:
        return
    holders = len(who_can_unlock(view.session, letter.id))
    if holders > 1:
        yield Finding("names", OK, f"{letter.slug}: {holders} organizers can unlock names.")
    elif holders == 1:
        what = f"{letter.slug}: one organizer alone can unlock names; a forgotten passphrase would lose them for good."
        yield Finding("names", NOTE, what, "They can grant the key to another editor, on the letter's page of names.")
    else:
        what = f"{letter.slug}: nobody can unlock names any more; those that are locked stay locked for good."
        yield Finding("names", WRONG, what, "Tell its signers: only a new letter can show their names.")


def check_reports(view: View) -> Iterator[Finding]:
    """Reports about letters that no one has dealt with yet."""
    known = len(reports(view.session))
    if known:
        yield Finding("reports", NOTE, f"{known} reports about letters wait to be read.", "See: petition report list")
