"""``petition letter``: drafting and a letter's life without a browser."""

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from petition.cli.context import (
    YES,
    CliContext,
    RefusalGroup,
    ask_first,
    cli_context,
    letter_id,
    now,
    reading,
    refuse,
    say,
    say_json,
    say_rows,
    working,
)
from petition.cli.letter_settings import apply_settings
from petition.cli.unlocking import UNLOCKING_ORGANIZER, UNLOCKING_PASSPHRASE, ask_to_publish
from petition.coordination import closing, opening, rounds
from petition.coordination.facts import facts_of
from petition.errors import NotFound
from petition.letters.access import hosted_letter, hosted_letters, path_of
from petition.letters.drafting.drafts import draft
from petition.letters.drafting.importing.process import LARGEST_DOCUMENT, import_file
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.host_approval import approve_letter, awaited_step
from petition.letters.lifecycle import announce_close, obstacles
from petition.letters.models import Organizer
from petition.letters.states import DRAFT, steps_from
from petition.letters.text.letter_text import canonical, checked
from petition.publishing.documents.fonts import fonts_missing_for

KINDS = (".txt", ".docx", ".odt")
"""Files that are not Markdown."""


@click.group(cls=RefusalGroup)
def letter() -> None:
    """List, import, open, publish, close and withdraw letters."""


@letter.command("list")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def list_(as_json: bool) -> None:
    """List all letters of this site with their state."""
    here = cli_context()
    with reading(here) as session:
        found = [
            {
                "slug": one.slug,
                "state": one.state,
                "title": one.title,
                "awaits_approval": bool(awaited_step(session, one, here.settings.approve)),
            }
            for one in hosted_letters(session)
        ]
    say_rows(found, _letter_in_words, as_json=as_json)


def _letter_in_words(one: dict[str, Any]) -> str:
    waits = "  (waits for your approval)" if one["awaits_approval"] else ""
    return f"{one['slug']}  {one['state']}  {one['title']}{waits}"


@letter.command()
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def show(slug: str, as_json: bool) -> None:
    """Show a letter's state, its address, and what each next step still needs."""
    here = cli_context()
    with reading(here) as session:
        one = hosted_letter(session, slug)
        facts = facts_of(session, one, here.services)
        version = newest_version(session, one)
        steps = {step: [str(o) for o in obstacles(one, version, step, facts)] for step in steps_from(one.state)}
        shown: dict[str, Any] = {
            "slug": one.slug,
            "title": one.title,
            "state": one.state,
            "address": f"{here.settings.url or ''}/{path_of(one)}/" if one.state != DRAFT else None,
            "text_sha256": one.text_sha256,
            "count": facts.sealed,
            "obstacles": steps,
        }
    if as_json:
        say_json(shown)
        return
    for name in ("title", "state", "address", "text_sha256", "count"):
        click.echo(f"{name}: {shown[name] if shown[name] is not None else '–'}")
    for step, found in steps.items():
        click.echo(f"next: {step}" + "".join(f"\n  in the way: {sentence}" for sentence in found))


@letter.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--organizer", "name", required=True, help="Whose letter it becomes.")
@click.option("--slug", default="", help="Its address: small letters, digits, hyphens. Default: made from the title.")
@click.option("--recipient", default="", help="To whom, if the file doesn't say: name and title.")
@click.option("--employer", default="", help="Which employer, if the file doesn't say.")
def import_(file: Path, name: str, slug: str, recipient: str, employer: str) -> None:
    """Import a letter from Markdown (.md), plain text (.txt), .docx or .odt, as a draft.

    Prints the letter's slug on standard output, and on standard error what of the file is not in it as it was.

    A Markdown file begins with "# TITLE", then lines "To: …", "Employer: …" and "Language: …", an empty line, and the
    text. A numbered list at its end becomes the demands; footnotes numbered from [^1] on become the sources. What
    follows behind lines of three hyphens in the same form, with a line "Translation of: …", are translations. The
    letter.md of a published letter has this form.

    A front matter between two lines of three hyphens may say the same, with a line for each "demand: …" and each
    "source: TITLE <LINK> (DATE)". It also takes settings: "k: 10", "timing: together", "updates: daily", "roll: …"
    (one line for each), "codes: printed, mail", "mail: ROLL | DOMAIN, …", "names: at once, 50, 200", "names months:
    12", "field: Role | Software = 300 | Hardware" (with headcounts, if known), "goal: …", "threshold: …",
    "contact: …", "publish: 2026-12-01 10:00", "close: …" (UTC), "issuing days: …" and "pause hours: …".
    """
    if file.stat().st_size > LARGEST_DOCUMENT:
        refuse("The file is larger than 1 MB.")
    imported = import_file(file.name if file.suffix.lower() in KINDS else f"{file.name}.md", file.read_bytes())
    words = imported.words
    words = checked(replace(words, recipient=words.recipient or recipient, employer=words.employer or employer))
    with working(cli_context()) as session:
        organizer = session.scalar(select(Organizer).where(Organizer.name == name))
        if organizer is None:
            refuse(f"There is no organizer named {name}. Add them with: petition organizer add NAME")
        made = draft(session, organizer, words, moment=now(), random=os.urandom, slug=slug)
        apply_settings(session, made, imported.settings, moment=now())
        slug = made.slug
    for omission in imported.omissions:
        click.echo(f"Not as in the file: {omission}", err=True)
    click.echo(slug)


@letter.command()
@click.argument("slug")
def text(slug: str) -> None:
    """Print the canonical text of a letter, drafts too: the exact bytes that are signed once it is open."""
    with reading(cli_context()) as session:
        written = canonical(text_of(newest_version(session, hosted_letter(session, slug))))
    click.echo(written, nl=False)


@letter.command("open")
@click.argument("slug")
@YES
def open_(slug: str, yes: bool) -> None:
    """Freeze a draft's text and take signatures; prints the address that only its holders can open."""
    here = cli_context()
    _say_which_fonts_are_missing(here, slug)
    ask_first(f"The text of {slug} is frozen.", yes=yes)
    opening.open_letter(here.services, letter_id(here, slug), moment=now())
    with reading(here) as session:
        click.echo(f"{here.settings.url}/{path_of(hosted_letter(session, slug))}/")


def _say_which_fonts_are_missing(here: CliContext, slug: str) -> None:
    with reading(here) as session, suppress(NotFound):  # what there is not is refused after the question
        for one in fonts_missing_for(session, hosted_letter(session, slug)):
            say(f"No font here has {one.example}: PDFs and pictures would show a box. Install {one.package}.")


@letter.command()
@click.argument("slug")
@UNLOCKING_ORGANIZER
@UNLOCKING_PASSPHRASE
@YES
def publish(slug: str, name: str, passphrase_file: Path | None, yes: bool) -> None:
    """Show a letter, its count and its log to everybody; prints the public address.

    A letter that shows names asks for an organizer's password: with it, names appear with the next sealing.
    """
    ask_first(f"Everyone will see {slug}.", yes=yes)
    here = cli_context()
    mine = letter_id(here, slug)
    who, passphrase, note = ask_to_publish(here, slug, name, passphrase_file)
    opening.publish_letter(here.services, mine, moment=now(), unlocks=who, passphrase=passphrase)
    if note:
        say(note)
    click.echo(f"{here.settings.url}/letters/{slug}/")


@letter.command()
@click.argument("slug")
@click.option("--now", "at_once", is_flag=True, help="Close at once; in a demo alone.")
@click.option("--destroy", is_flag=True, help="In danger: destroy the rounds' secrets at once, close a day later.")
@YES
def close(slug: str, at_once: bool, destroy: bool, yes: bool) -> None:
    """Announce a day ahead that a letter closes. The scheduler then counts all that waits and destroys the keys.

    Signatures of a round that has fewer than K by then are deleted, and never published. A letter that is not public
    yet can close if at least K signatures of one round had come by the last update: it is published in the same hour.
    """
    if destroy:
        ask_first(f"The secrets of all codes of {slug} are destroyed now: they stop working.", yes=yes)
    here = cli_context()
    moment = now()
    with working(here) as session:
        one = hosted_letter(session, slug)
        if not (destroy and one.closes is not None):  # who is in danger need not care what was announced
            announce_close(session, one, moment=moment, now=at_once, facts=facts_of(session, one, here.services))
        closes, wanted = one.closes, one.id
    if destroy:
        rounds.destroy_now(here.services, wanted)
    if at_once:
        closing.close_letter(here.services, wanted, moment=moment)
        click.echo("Closed.")
    else:
        click.echo(f"Closes at {closes:%Y-%m-%d %H:%M} UTC.")


@letter.command()
@click.argument("slug")
@click.option("--reason", default="", help="Why; the letter's address will say it if the letter was public.")
@YES
def withdraw(slug: str, reason: str, yes: bool) -> None:
    """Take a whole letter back, for good."""
    ask_first(f"{slug} is withdrawn with all its signatures.", yes=yes)
    here = cli_context()
    closing.withdraw_letter(here.services, letter_id(here, slug), reason)
    click.echo("Withdrawn.")


@letter.command()
@click.argument("slug")
def approve(slug: str) -> None:
    """Approve a letter's text as this site's host, where PETITION_APPROVE asks for it.

    Read it first: petition letter text SLUG. A draft that changes afterwards needs another look.
    """
    here = cli_context()
    with working(here) as session:
        approve_letter(session, hosted_letter(session, slug))
    click.echo("Approved.")


@letter.command()
@click.argument("slug")
@click.option("--reason", required=True, help="Public: the letter's address will say it, and that the host did it.")
@YES
def takedown(slug: str, reason: str, yes: bool) -> None:
    """Take a letter down for good, as the host of this site."""
    ask_first(f"{slug} is taken down with all its signatures.", yes=yes)
    here = cli_context()
    closing.withdraw_letter(here.services, letter_id(here, slug), reason, taken_down=True)
    click.echo("Taken down. See what was reported about it with: petition report list " + slug)
