"""``petition publish``: a letter's whole public face as static files."""

import sys
from pathlib import Path

import click

from petition.cli.context import ground, reading
from petition.letters.access import public_letter
from petition.publishing.figures.counts import figures
from petition.publishing.folder import how_many, write_folder


@click.command()
@click.argument("slug")
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="The folder.")
def publish(slug: str, folder: Path) -> None:
    """Write a published letter, its counts and its log as static files.

    Any web server, IPFS or a USB stick can carry the folder, and petition verify FOLDER checks it. Run it again, and
    only what changed is written; interrupted, it leaves the old folder whole.
    """
    here = ground()
    with reading(here) as session:
        letter = public_letter(session, slug)
        found = figures(session, letter, here.settings.url)
        with click.progressbar(length=how_many(found), label="Writing", file=sys.stderr) as bar:
            written = write_folder(session, letter, found, folder.absolute(), bar.update)
    click.echo(f"{folder}: {written} files written, the others were the same.", err=True)
