"""``petition publish``: a letter's whole public face as static files."""

import sys
from pathlib import Path

import click
from sqlalchemy.orm import Session

from petition.cli.context import CliContext, ground, reading, say, say_json
from petition.letters.access import public_letter, published_letters
from petition.letters.models import Letter
from petition.publishing.figures.counts import figures
from petition.publishing.folder import plan, write_folder
from petition.publishing.placing import take_away
from petition.publishing.published_log import require_publishable

LETTERS = "letters"


@click.command()
@click.argument("slug", required=False)
@click.option("--all", "every", is_flag=True, help="Every public letter, each in FOLDER/letters/SLUG.")
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="The folder.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def publish(slug: str | None, every: bool, folder: Path, as_json: bool) -> None:
    """Write a published letter, its counts and its log as static files.

    Any web server, IPFS or a USB stick can carry the folder, and petition verify FOLDER checks it. Run it again, and
    only what changed is written; interrupted, it leaves the old folder whole. What you put into the folder yourself,
    such as .git or CNAME, stays. A folder whose log is newer than the one here is never replaced.
    """
    if every == (slug is not None):
        raise click.UsageError("Give a letter's SLUG, or --all.")
    here, folder = ground(), folder.absolute()
    with reading(here) as session:
        if slug is not None:
            written = {slug: _write(session, here, public_letter(session, slug), folder)}
        else:
            letters = published_letters(session)
            places = {letter.slug: folder / LETTERS / letter.slug for letter in letters}
            written = {letter.slug: _write(session, here, letter, places[letter.slug]) for letter in letters}
            _remove_others(folder / LETTERS, set(places))
    if as_json:
        say_json({"folder": str(folder), "written": written})
        return
    for name, count in written.items():
        say(f"{name}: {count} files written, the others were the same.")


def _write(session: Session, here: CliContext, letter: Letter, folder: Path) -> int:
    require_publishable(session, letter, folder)
    found = figures(session, letter, here.settings.url)
    with click.progressbar(length=len(plan(session, letter, found)), label="Writing", file=sys.stderr) as bar:
        return write_folder(session, letter, found, folder, bar.update)


def _remove_others(folder: Path, public: set[str]) -> None:
    """Delete the copies of letters that are public no more."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name not in public and not path.name.startswith(".") and path.is_dir() and take_away(path):
            say(f"{path.name} is not public any more; its files were deleted.")
