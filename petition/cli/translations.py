"""``petition translation``: translations of a letter that are not part of what is signed."""

from pathlib import Path
from typing import Any

import click

from petition.cli.context import YES, RefusalGroup, ask_first, cli_context, reading, refuse, say_rows, working
from petition.i18n import name_of
from petition.letters.access import hosted_letter
from petition.letters.drafting.importing.process import LARGEST_DOCUMENT, import_file
from petition.letters.drafting.unsigned_translations import (
    delete_unsigned,
    fingerprint,
    save_unsigned,
    shown_translations,
    unsigned_translation,
    unsigned_translations,
)
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.text.letter_text import read_translation


@click.group(cls=RefusalGroup)
def translation() -> None:
    """Add, replace and delete translations that are not part of what is signed, at any time.

    Translations that are signed are in the letter's own file: see petition letter import.
    """


@translation.command("list")
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def list_(slug: str, as_json: bool) -> None:
    """List a letter's unsigned translations."""
    with reading(cli_context()) as session:
        letter = hosted_letter(session, slug)
        shown = shown_translations(session, letter, text_of(newest_version(session, letter)))
        found = [
            {"language": one.language, "title": one.title, "is_shown": one in shown}
            for one in unsigned_translations(session, letter)
        ]
    say_rows(found, _in_words, as_json=as_json)


def _in_words(one: dict[str, Any]) -> str:
    hidden = "" if one["is_shown"] else "  (not shown: it does not fit the letter)"
    return f"{one['language']}  {name_of(one['language'])}  {one['title']}{hidden}"


@translation.command()
@click.argument("slug")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--language", default="", help="The language's code, such as de. Default: as the file says.")
def add(slug: str, file: Path, language: str) -> None:
    """Add a translation from a file, or replace the one in its language.

    The file has the form that petition letter import reads. Employer and sources stay the letter's.
    """
    if file.stat().st_size > LARGEST_DOCUMENT:
        refuse("The file is larger than 1 MB.")
    imported = import_file(file.name, file.read_bytes())
    words = imported.words
    code = language or imported.language
    if not code:
        refuse("The file doesn't say its language. Add a line such as “Language: de”, or --language de.")
    with working(cli_context()) as session:
        letter = hosted_letter(session, slug)
        made = read_translation(code, words.title, words.recipient, words.body, words.demands)
        stored = unsigned_translation(session, letter, made.language)
        save_unsigned(session, letter, made, based_on=fingerprint(stored))
    for omission in imported.omissions:
        click.echo(f"Not as in the file: {omission}", err=True)
    click.echo(f"Added: {made.language}")


@translation.command()
@click.argument("slug")
@click.argument("language")
@YES
def remove(slug: str, language: str, yes: bool) -> None:
    """Delete a translation and its page."""
    ask_first(f"The translation of {slug} into {name_of(language)} is deleted.", yes=yes)
    with working(cli_context()) as session:
        delete_unsigned(session, hosted_letter(session, slug), language)
    click.echo("Deleted.")
