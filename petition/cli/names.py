"""``petition letter names`` and ``unlock``: names without a browser."""

from pathlib import Path

import click

from petition.cli.context import cli_context, now, reading, refuse, say_json, working
from petition.cli.letters import letter
from petition.cli.unlocking import UNLOCKING_ORGANIZER, UNLOCKING_PASSPHRASE, ask, holders
from petition.coordination.facts import facts_of
from petition.crypto.appearance_steps import NAMED, NAMED_AT, in_order, name_step, number_of
from petition.letters.access import hosted_letter
from petition.letters.models import Organizer
from petition.letters.organizers.names_keys import (
    announce_unlocking,
    choose_name_steps,
    unlock_named,
    void_announcement,
)
from petition.publishing.figures.names import naming


@letter.command()
@click.argument("slug")
@click.option("--offer", help="In a draft: the steps, for example named,50,200; an empty text for none.")
@click.option("--months", type=int, help="In a draft: months after which names leave, once the letter is closed.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def names(slug: str, offer: str | None, months: int | None, as_json: bool) -> None:
    """Show how a letter deals with names, or choose it while the letter is a draft."""
    here = cli_context()
    if offer is not None or months is not None:
        with working(here) as session:
            one = hosted_letter(session, slug)
            steps = one.name_steps if offer is None else in_order(_step(part) for part in offer.split(",") if part)
            numbers = [number for step in steps if (number := number_of(step)) is not None]
            kept = one.names_months if months is None else months
            choose_name_steps(session, one, named=NAMED in steps, numbers=numbers, months=kept)
    with reading(here) as session:
        one = hosted_letter(session, slug)
        found = naming(session, one)
        shown = {
            "steps": one.name_steps,
            "shown": found.count,
            "about_waiting": {
                name_step(NAMED_AT, row.number) if row.number else NAMED: row.about for row in found.steps
            },
            "open": [name_step(NAMED_AT, row.number) if row.number else NAMED for row in found.steps if row.is_open],
            "months": found.months,
            "who_can_unlock": list(holders(here, slug)),
        }
    if as_json:
        say_json(shown)
        return
    for label, value in shown.items():
        text = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        click.echo(f"{label}: {', '.join(text) if isinstance(text, list) else text}".rstrip())


def _step(part: str) -> str:
    part = part.strip()
    return name_step(NAMED_AT, int(part)) if part.isascii() and part.isdecimal() else part


@letter.command()
@click.argument("slug")
@click.option("--at", "number", type=int, help="Announce that the names of this N are shown a day from now.")
@click.option("--void", is_flag=True, help="With --at: take the announcement back; needs no password.")
@UNLOCKING_ORGANIZER
@UNLOCKING_PASSPHRASE
def unlock(slug: str, number: int | None, void: bool, name: str, passphrase_file: Path | None) -> None:
    """Unlock names with an organizer's password.

    Those that are to be shown at once appear with the next sealing; those of an N a day after the announcement.
    """
    here = cli_context()
    if void:
        if number is None:
            refuse("Say which announcement to take back: --void --at N.")
        with working(here) as session:
            void_announcement(session, hosted_letter(session, slug), name_step(NAMED_AT, number))
        click.echo("Canceled.")
        return
    who, passphrase = ask(here, slug, name, passphrase_file)
    with working(here) as session:
        one, organizer = hosted_letter(session, slug), session.get_one(Organizer, who)
        if number is None:
            if one.published is None:
                refuse("Names are unlocked when the letter is published, or after that.")
            unlock_named(session, one, organizer, passphrase, master=here.master)
            click.echo("Unlocked. The names appear with the next sealing.")
            return
        count = facts_of(session, one, here.services).sealed
        chosen = announce_unlocking(
            session, one, organizer, passphrase, number, count=count, moment=now(), master=here.master
        )
        click.echo(f"Announced. The names are shown after {chosen.opens:%Y-%m-%d %H:%M} UTC.")
