"""Asking an organizer for the passphrase that unlocks names."""

import sys
from pathlib import Path

import click

from petition.cli.context import CliContext, reading, refuse
from petition.crypto.appearance_steps import NAMED
from petition.letters.access import hosted_letter
from petition.letters.models import Letter
from petition.letters.organizers.names_keys import key_holders, who_can_unlock
from petition.letters.states import PUBLISHED

UNLOCKING_ORGANIZER = click.option(
    "--organizer", "name", default="", help="Who unlocks names: an organizer who holds the key."
)
UNLOCKING_PASSPHRASE = click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file whose first line is their password. Without it, the terminal asks.",
)


def holders(here: CliContext, slug: str) -> dict[str, str]:
    """The ids of the organizers who can unlock the letter's names, by name."""
    with reading(here) as session:
        one = hosted_letter(session, slug)
        held = who_can_unlock(session, one.id)
        return {organizer.name: organizer.id for organizer in key_holders(session, one.id) if organizer.id in held}


def ask(here: CliContext, slug: str, name: str, file: Path | None) -> tuple[str, str]:
    """The id of the organizer who unlocks, and their passphrase from a file or the terminal."""
    known = holders(here, slug)
    if name not in known:
        refuse(f"{name or 'No one'} can't unlock names of {slug}. Who can: {', '.join(known) or 'no one'}")
    return known[name], passphrase(file, f"Password of {name}")


def passphrase(file: Path | None, prompt: str) -> str:
    """The first line of a file, or what the terminal is asked."""
    if file is None:
        return str(click.prompt(prompt, hide_input=True, err=True))
    lines = file.read_text("utf-8", "replace").splitlines()
    if not lines or not lines[0]:
        refuse(f"The first line of {file} must be the password.")
    return lines[0]


def ask_to_publish(here: CliContext, slug: str, name: str, file: Path | None) -> tuple[str | None, str, str]:
    """Who unlocks names when a letter is published, if it offers any; None to publish without names.

    Their passphrase, and what to say once the letter is published.
    """
    with reading(here) as session:
        one: Letter = hosted_letter(session, slug)
        if NAMED not in one.name_steps or one.state == PUBLISHED:
            return None, "", ""
    if not name and sys.stdin.isatty():
        known = ", ".join(holders(here, slug)) or "nobody"
        name = click.prompt(f"Who unlocks names ({known}; empty for nobody)", default="", show_default=False, err=True)
    if not name:
        note = "Published without names: nobody unlocked them. Later: petition letter unlock"
        return None, "", f"{note} {slug} --organizer NAME"
    return *ask(here, slug, name, file), ""
