"""``petition backup`` and ``petition restore``: one encrypted file, and what to do after a restore."""

import os
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from petition import __version__, config
from petition.cli.context import YES, ask_first, cli_context, now, reading, refuse, say, say_json
from petition.database import Databases
from petition.errors import BadShape
from petition.operations import backup as backups
from petition.operations import log_recovery, restoring
from petition.operations.locks import no_one_else
from petition.operations.migration import migrate_both
from petition.operations.recipients import (
    Recipient,
    decrypt_with,
    encrypt_to,
    is_to_recipients,
    new_identity,
    read_identities,
    read_recipients,
)
from petition.operations.restore_check import Checked, check_restore
from petition.sealing.log import held_letters
from petition.verifying import open_source
from petition.verifying.verdict import plural

LONG = 20
"""Characters of a passphrase that takes long to guess."""
BACKUP_PASSPHRASE = click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file whose first line is the passphrase. Without it, the terminal asks.",
)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@BACKUP_PASSPHRASE
@click.option("--recipient", "keys", multiple=True, metavar="KEY", help="A public key of age, age1…; may be repeated.")
@click.option(
    "--recipients-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of public keys, one a line.",
)
@click.option(
    "--check-in",
    "scratch",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Then restore the file below this folder, verify every public letter from it, and delete it there again.",
)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def backup(
    file: Path,
    passphrase_file: Path | None,
    keys: tuple[str, ...],
    recipients_file: Path | None,
    scratch: Path | None,
    as_json: bool,
) -> None:
    """Write one encrypted file of both databases and the master secret, also while the site is serving.

    Not in it: round secrets, waiting signatures, waiting email. A backup must not outlive a promise.

    Best is a backup to public keys (age-keygen makes a pair on another machine): no one on this machine can open it.
    With a passphrase, keep the passphrase apart from the file; without it no one opens the file, not even you.
    """
    recipients = _recipients(keys, recipients_file)
    if recipients and passphrase_file:
        raise click.UsageError("Give public keys or a passphrase, not both.")
    if scratch and not recipients:
        raise click.UsageError("--check-in goes with --recipient or --recipients-file.")
    here = cli_context()
    passphrase = None if recipients else _new_passphrase(passphrase_file)
    plain = backups.back_up(here.databases, here.master, moment=now(), program=__version__)
    checker = new_identity()
    if passphrase is None:
        data = encrypt_to(plain, [*recipients, *([checker.to_public()] if scratch else [])])
    else:
        data = backups.encrypt(plain, passphrase)
    backups.put_file(file.absolute(), data)
    say(f"{file}: {len(data)} bytes.")
    checked = check_restore(here.settings, file.read_bytes(), checker, scratch.absolute()) if scratch else None
    if as_json:
        say_json({"file": str(file), "bytes": len(data), "checked": checked and _for_programs(checked)})
    if checked:
        _check(checked)


def _for_programs(checked: Checked) -> dict[str, Any]:
    """What a restored backup holds: ``public`` has a verdict for each public letter, the others are only counted."""
    public = {slug: {"ok": verdict.ok, "count": verdict.count} for slug, verdict in checked.verdicts.items()}
    return {"ok": checked.ok, "letters": checked.logs, "public": public}


def _recipients(keys: tuple[str, ...], file: Path | None) -> list[Recipient]:
    """The public keys of both options; none if neither is given."""
    found = read_recipients("\n".join(keys)) if keys else []
    return [*found, *read_recipients(_text(file))] if file else found


def _check(checked: Checked) -> None:
    """Say what a restored backup holds. Letters that are not public are counted and not named."""
    for slug, verdict in checked.verdicts.items():
        if verdict.ok:
            click.echo(f"{slug}: restored and verified, {verdict.count} signatures count.", err=True)
        else:
            click.echo(f"{slug}: restored, but it does not verify.", err=True)
    letters = plural(checked.logs, "letter", "letters")
    public = plural(len(checked.verdicts), "of them is", "of them are")
    click.echo(f"Restored {letters} with a log; {public} public.", err=True)
    if not checked.ok:
        refuse("A letter in this backup does not verify. Keep the older backups, and run: petition doctor --deep")


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
@YES
@click.option("--letter", "slugs", multiple=True, metavar="SLUG", help="--nothing-newer only for this letter.")
@BACKUP_PASSPHRASE
@click.option(
    "--identity-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The private key, as age-keygen wrote it, for a backup to public keys.",
)
def restore(
    file: Path | None,
    sources: tuple[str, ...],
    nothing_newer: bool,
    yes: bool,
    slugs: tuple[str, ...],
    passphrase_file: Path | None,
    identity_file: Path | None,
) -> None:
    """Restore a backup into an empty site; then say what was published after it.

    If a log goes back and then grows again, the letter has two logs, and anyone can prove it. So after a restore
    nothing is sealed until you give the newest published log with --since, or say with --nothing-newer that none
    exists. Witnesses are asked first, and --nothing-newer is refused if one saw more. Give either one together with
    FILE, or later without it. Codes need a new round: petition codes make --new-round. A backup holds no waiting
    signatures: those signers send their saved token again.
    """
    if file is None and not sources and not nothing_newer:
        raise click.UsageError("Give a backup's FILE, or --since FOLDER-or-URL, or --nothing-newer.")
    if slugs and not nothing_newer:
        raise click.UsageError("--letter goes with --nothing-newer.")
    if nothing_newer:
        ask_first("If a newer log was published after all, there will be two logs of one letter.", yes=yes)
    if file is not None:
        _restore(_decrypt(file, passphrase_file, identity_file))
    here = cli_context()
    for place in sources:
        with closing(open_source(place)) as source:
            taken = log_recovery.recover_log(here.databases, here.master, source, moment=now())
        click.echo(f"{taken.slug}: the log had {taken.before} entries in the backup, and has {taken.after} now.")
    if nothing_newer:
        for slug in log_recovery.nothing_newer(here.databases, slugs, moment=now(), tell=say):
            click.echo(f"{slug}: goes on from the backup.")
    with reading(here) as session:
        for _, slug in held_letters(session):
            click.echo(
                f"{slug}: held. Nothing is sealed before: petition restore --since FOLDER-or-URL, "
                "or petition restore --nothing-newer",
                err=True,
            )


def _decrypt(file: Path, passphrase_file: Path | None, identity_file: Path | None) -> bytes:
    """What is in a backup, opened with a private key or a passphrase, whichever it needs."""
    data = file.read_bytes()
    if identity_file is not None:
        return decrypt_with(data, read_identities(_text(identity_file)))
    if is_to_recipients(data):
        raise BadShape("This backup is for public keys. Give the file with a private key: --identity-file key.txt")
    return backups.decrypt(data, _passphrase(passphrase_file, confirm=False))


def _restore(plain: bytes) -> None:
    read = backups.read_backup(plain)
    restoring.require_known(read)
    settings = config.settings()
    config.prepare_folders(settings)
    databases = Databases(settings.database_url, settings.issuer_database_url)
    try:
        with no_one_else(settings.data):  # who serves this site has another master secret in memory
            migrate_both(databases, settings.data)
            restoring.restore(settings, databases, read)
    finally:
        databases.dispose()
    again = "petition codes make SLUG --count N --new-round"
    click.echo(f"Restored as of {read.made}. To hand out codes, open a new round: {again}", err=True)


def _new_passphrase(file: Path | None) -> str:
    """A passphrase for a backup. A short one is warned of, and taken."""
    passphrase = _passphrase(file, confirm=True)
    if len(passphrase) < LONG:
        say("This passphrase is short. If someone gets the file, they can try many. Better: six random words or more.")
    return passphrase


def _passphrase(file: Path | None, *, confirm: bool) -> str:
    if file is None:
        return _asked(confirm=confirm)
    lines = _text(file).splitlines()
    if not lines or not lines[0]:
        raise BadShape("The first line of %(file)s must be the passphrase.", file=str(file))
    return lines[0]


def _asked(*, confirm: bool) -> str:
    """What a person types at the terminal; where there is none, a line of standard input."""
    if _has_terminal():
        return str(click.prompt("Passphrase of the backup", hide_input=True, confirmation_prompt=confirm, err=True))
    typed = sys.stdin.readline().rstrip("\r\n")
    if not typed:
        refuse("Give --recipients-file or --passphrase-file." if confirm else "Give --passphrase-file.")
    return typed


def _has_terminal() -> bool:
    """Whether a person can be asked, also while a program's output is standard input."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return sys.stdin.isatty()
    return True


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadShape("%(file)s cannot be read as text.", file=str(file)) from None
