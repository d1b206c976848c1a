"""``petition upgrade`` and ``petition rollback``: from one version of the program to the next, and back."""

import click

from petition.cli.context import confirm, open_settings, refuse, say
from petition.database import Databases
from petition.operations.copies import put_back, require_copies
from petition.operations.locks import no_one_else
from petition.operations.lost_files import require_files
from petition.operations.upgrade import NEW, state_of
from petition.operations.upgrade import upgrade as upgrade_databases


@click.command()
@click.option("--no-copy", is_flag=True, help="Don't copy the databases first: you made a copy yourself.")
def upgrade(no_copy: bool) -> None:
    """Bring the databases to this version of the program; petition run does it too.

    Both databases are copied first, into the folder before-upgrade of the data folder. PostgreSQL is copied by its own
    pg_dump. Stop every other petition program of this site before.
    """
    settings = open_settings()
    require_files(settings)
    databases = Databases(settings.database_url, settings.issuer_database_url)
    click.get_current_context().call_on_close(databases.dispose)
    if state_of(databases) == NEW:
        refuse("There is no site here yet. petition run makes one; if there was one, check PETITION_DATA.")
    with no_one_else(settings.data):
        if not upgrade_databases(settings, databases, copies=not no_copy, tell=say):
            say("The databases are of this version already.")


@click.command()
@click.option("--yes", is_flag=True, help="Don't ask.")
def rollback(yes: bool) -> None:
    """Undo the last upgrade: put back the databases as they were, for the older version of the program.

    Possible until the first count update after the upgrade. Stop every petition program of this site first. Then
    install the older version and start it.
    """
    settings = open_settings()
    databases = Databases(settings.database_url, settings.issuer_database_url)
    click.get_current_context().call_on_close(databases.dispose)
    require_copies(settings, databases)
    confirm(
        "Signatures, withdrawals, codes and texts that came in since the upgrade are lost. Go on?",
        yes=yes,
    )
    with no_one_else(settings.data):
        revisions = put_back(settings, databases)
    say(f"The databases are as before the upgrade (revisions {', '.join(f'{k} {v}' for k, v in revisions.items())}).")
    say("Now install the older version of the program, and start it.")
