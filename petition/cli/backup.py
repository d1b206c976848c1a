"""``petition backup`` and ``petition restore``: one encrypted file, and what must happen after it was used."""

from contextlib import closing
from pathlib import Path

import click

from petition import __version__, config
from petition.cli.context import ground, now, reading
from petition.database import Databases
from petition.errors import BadShape
from petition.operations import backup as backups
from petition.operations import log_recovery
from petition.verifying import open_source

PASSPHRASE_FILE = click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file whose first line is the passphrase. Without it, the terminal asks.",
)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@PASSPHRASE_FILE
def backup(file: Path, passphrase_file: Path | None) -> None:
    """Write one encrypted file of both databases and the master secret, also while the site is serving.

    Not in it: round secrets, signatures that wait, mail that waits. A backup must not outlive a promise. Keep the
    passphrase apart from the file; without it nobody opens the file, you neither.
    """
    here = ground()
    passphrase = _passphrase(passphrase_file, confirm=True)
    plain = backups.back_up(here.databases, here.master, moment=now(), program=__version__)
    data = backups.encrypt(plain, passphrase)
    backups.put_file(file.absolute(), data)
    click.echo(f"{file}: {len(data)} bytes.", err=True)


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--since",
    "sources",
    multiple=True,
    metavar="FOLDER-or-URL",
    help="A copy of a letter's newest published log: the restored letter goes on from its end. May be repeated.",
)
@click.option("--nothing-newer", is_flag=True, help="Say that no newer log of the (other) letters was ever published.")
@click.option("--letter", "slugs", multiple=True, metavar="SLUG", help="--nothing-newer only for this letter.")
@PASSPHRASE_FILE
def restore(
    file: Path | None,
    sources: tuple[str, ...],
    nothing_newer: bool,
    slugs: tuple[str, ...],
    passphrase_file: Path | None,
) -> None:
    """Restore a backup into an empty site; then say what was published after it.

    A log that went back and grows again is a second log of the same letter, which anyone can prove. So after a
    restore nothing is sealed until --since has taken over the newest published log, or --nothing-newer says that
    there is none; both may be given with FILE or later without it. Codes need a new round (petition round open).
    Signatures that waited are not in a backup: whoever gave one sends the saved token again.
    """
    if file is None and not sources and not nothing_newer:
        raise click.UsageError("Give a backup's FILE, or --since FOLDER-or-URL, or --nothing-newer.")
    if slugs and not nothing_newer:
        raise click.UsageError("--letter goes with --nothing-newer.")
    if file is not None:
        _restore(file, _passphrase(passphrase_file, confirm=False))
    here = ground()
    for place in sources:
        with closing(open_source(place)) as source:
            taken = log_recovery.take_over(here.databases, here.master, source, moment=now())
        click.echo(f"{taken.slug}: the log had {taken.before} entries in the backup, and has {taken.after} now.")
    if nothing_newer:
        for slug in log_recovery.nothing_newer(here.databases, slugs):
            click.echo(f"{slug}: goes on from the backup.")
    with reading(here) as session:
        for _, slug in log_recovery.held_letters(session):
            click.echo(
                f"{slug}: held. Nothing is sealed before: petition restore --since FOLDER-or-URL, "
                "or petition restore --nothing-newer",
                err=True,
            )


def _restore(file: Path, passphrase: str) -> None:
    read = backups.read_backup(backups.decrypt(file.read_bytes(), passphrase))
    backups.require_known(read)
    settings = config.settings()
    config.prepare_folders(settings)
    databases = Databases(settings.database_url, settings.issuer_database_url)
    try:
        databases.migrate(settings.data)
        backups.restore(settings, databases, read)
    finally:
        databases.dispose()
    click.echo(f"Restored as of {read.made}. To hand out codes, open a new round: petition round open SLUG", err=True)


def _passphrase(file: Path | None, *, confirm: bool) -> str:
    if file is None:
        return str(click.prompt("Passphrase of the backup", hide_input=True, confirmation_prompt=confirm, err=True))
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise BadShape("%(file)s cannot be read as text.", file=str(file)) from None
    if not lines or not lines[0]:
        raise BadShape("The first line of %(file)s must be the passphrase.", file=str(file))
    return lines[0]
