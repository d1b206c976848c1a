"""``petition adopt``: begin anew with another folder of secrets, after the one before was lost."""

import click

from petition.cli.context import YES, confirm, open_settings, refuse, say
from petition.config import master_secret
from petition.operations.secrets_folder import adopt_folder
from petition.operations.startup import misfits, open_databases


@click.command()
@YES
def adopt(yes: bool) -> None:
    """Make this host's folder of secrets the site's, because the one before is lost. PostgreSQL only.

    As after a power cut, if the folder was in memory. Never do this because a host refuses to start: look first whether
    its folder is mounted. Rounds whose secrets are lost must be ended: petition round end SLUG NUMBER
    """
    settings = open_settings()
    databases = open_databases(settings)
    click.get_current_context().call_on_close(databases.dispose)
    if databases.petition.dialect.name == "sqlite":
        refuse("This site is on SQLite, whose folder of secrets is its own. Nothing was changed.")
    if not settings.secret_file.exists():
        refuse(f"There is no master secret at {settings.secret_file}. Put it back first; every backup has it.")
    master = master_secret(settings)
    slugs = misfits(databases, master)
    if slugs:
        refuse(f"The master secret at {settings.secret_file} doesn't open the logs of {', '.join(slugs)}.")
    confirm(f"Every other host stops at its next start unless it uses {settings.secrets} too. Go on?", yes=yes)
    adopt_folder(settings, databases, master)
    say(f"From now on this site keeps its secrets in {settings.secrets}.")
