"""``petition publish``: letters' whole public faces as static files."""

import sys
from pathlib import Path

import click
from sqlalchemy.orm import Session

from petition.cli.context import CliContext, ground, reading
from petition.letters.access import public_letter, published_letters
from petition.letters.models import Letter
from petition.publishing.figures.counts import figures
from petition.publishing.folder import how_many, write_folder
from petition.publishing.mirror import prepare_mirror


@click.command()
@click.argument("slug", required=False)
@click.option("--all", "every", is_flag=True, help="Every public letter, each in a folder of its own below the folder.")
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="The folder.")
def publish(slug: str | None, every: bool, folder: Path) -> None:
    """Write a published letter, its counts and its log as static files.

    Any web server, IPFS or a USB stick can carry the folder, and petition verify FOLDER checks it. Run it again, and
    only what changed is written; interrupted, it leaves the old folder whole. With --all, letters that are public no
    more are deleted from the folder.
    """
    if every == (slug is not None):
        raise click.UsageError("Give a letter's SLUG, or --all.")
    here = ground()
    with reading(here) as session:
        if slug is not None:
            _write(here, session, public_letter(session, slug), folder)
            return
        letters = published_letters(session)
        for over in prepare_mirror(folder, [letter.slug for letter in letters]):
            click.echo(f"{folder / over}: deleted, because the letter is public no more.", err=True)
        for letter in letters:
            _write(here, session, letter, folder / letter.slug)


def _write(here: CliContext, session: Session, letter: Letter, folder: Path) -> None:
    found = figures(session, letter, here.settings.url)
    with click.progressbar(length=how_many(found), label="Writing", file=sys.stderr) as bar:
        written = write_folder(session, letter, found, folder.absolute(), bar.update)
    click.echo(f"{folder}: {written} files written, the others were the same.", err=True)
