"""``petition organizer``: who may write letters here."""

import os
from typing import Any

import click

from petition.cli.context import (
    YES,
    CliContext,
    RefusalGroup,
    ask_first,
    cli_context,
    now,
    reading,
    say_json,
    say_rows,
    working,
)
from petition.letters.access import own_letters
from petition.letters.organizers.accounts import (
    add_organizer,
    all_organizers,
    hosted_organizer,
    remove_organizer,
    reset_organizer,
    short_id,
)
from petition.letters.organizers.names_keys import lost_names


@click.group(cls=RefusalGroup)
def organizer() -> None:
    """Let people write letters on this site.

    Each gets a one-time link to choose their own password. No email address is needed.
    """


@organizer.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def add(name: str, as_json: bool) -> None:
    """Add an organizer and print their one-time link."""
    here = cli_context()
    with working(here) as session:
        secret = add_organizer(session, name, moment=now(), random=os.urandom)
    _print_link(here, name, secret, as_json)


@organizer.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def reset(name: str, as_json: bool) -> None:
    """Help an organizer who forgot their password: print a new one-time link and end their sign-ins."""
    here = cli_context()
    with working(here) as session:
        secret = reset_organizer(session, name, moment=now(), random=os.urandom)
        theirs = own_letters(session, hosted_organizer(session, name))
        lost = [letter.slug for letter in theirs if lost_names(session, letter)]
    _print_link(here, name, secret, as_json)
    for slug in lost:
        what = "nobody can unlock its names any more. Its page says so, and it takes no more names."
        click.echo(f"{slug}: {what}", err=True)


@organizer.command()
@click.argument("name")
@YES
def remove(name: str, yes: bool) -> None:
    """Forget an organizer who works on no letter any more."""
    ask_first(f"{name} is deleted.", yes=yes)
    with working(cli_context()) as session:
        remove_organizer(session, hosted_organizer(session, name))
    click.echo("Forgotten. The name stays with the versions that they wrote.")


def _print_link(here: CliContext, name: str, secret: str, as_json: bool) -> None:
    link = f"{here.settings.url or 'http://127.0.0.1:8000'}/organize/welcome/{secret}"
    if as_json:
        say_json({"name": name, "sign_in": link})
        return
    click.echo(link)
    click.echo(f"Give this link to {name}, and to nobody else. It works once, within a week.", err=True)
    if here.settings.url is None:
        click.echo("PETITION_URL isn't set: this link works on this machine only, at port 8000.", err=True)


@organizer.command("list")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def list_(as_json: bool) -> None:
    """List the organizers."""
    with reading(cli_context()) as session:
        found = [
            {"name": one.name, "short_id": short_id(one), "has_passphrase": one.passphrase is not None}
            for one in all_organizers(session)
        ]
    say_rows(found, _organizer_in_words, as_json=as_json)
    if not found and not as_json:
        click.echo("There are no organizers yet. Add one with: petition organizer add NAME", err=True)


def _organizer_in_words(one: dict[str, Any]) -> str:
    return f"{one['name']}  {one['short_id']}{'' if one['has_passphrase'] else '  (has not set a password yet)'}"
