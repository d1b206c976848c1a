"""``petition publish``: a letter's whole public face as static files."""

import sys
from pathlib import Path

import click
from sqlalchemy.orm import Session

from petition.cli.context import CliContext, cli_context, reading, refuse, say, say_json
from petition.cli.refusals import sentence_for
from petition.config import Settings
from petition.errors import NotFound
from petition.letters.access import hosted_letter, public_letter, published_letters
from petition.letters.models import Letter
from petition.logs import log_error, place_of
from petition.operations.doctor.files import database_files
from petition.publishing.figures.counts import figures
from petition.publishing.folder import plan, write_folder
from petition.publishing.mirror import prepare_mirror
from petition.publishing.published_log import require_publishable
from petition.publishing.templates import HostFacts


@click.command()
@click.argument("slug", required=False)
@click.option("--all", "every", is_flag=True, help="Every public letter, each in a folder of its own below the folder.")
@click.option("--to", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="The folder.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def publish(slug: str | None, every: bool, folder: Path, as_json: bool) -> None:
    """Write a published letter, its counts and its log as static files.

    Any web server, IPFS or a USB stick can carry the folder, and petition verify FOLDER checks it. Run it again, and
    only what changed is written; interrupted, it leaves the old folder whole. What you put into the folder yourself,
    such as .git or CNAME, stays. A folder whose log is newer than the one here is never replaced. With --all, letters
    that are public no more are deleted from the folder. A letter that can't be written holds up no other, and the exit
    code is 1.
    """
    if every == (slug is not None):
        raise click.UsageError("Give a letter's SLUG, or --all.")
    here, folder, over = cli_context(), folder.absolute(), list[str]()
    failed: dict[str, str] = {}
    _require_fit(here.settings, folder)
    with reading(here) as session:
        if slug is not None:
            written = {slug: _write(session, here, _public(session, slug), folder)}
        else:
            letters = published_letters(session)
            over = prepare_mirror(folder, [letter.slug for letter in letters])
            written = {}
            for name in [letter.slug for letter in letters]:
                try:
                    written[name] = _write(session, here, public_letter(session, name), folder / name)
                except Exception as error:
                    session.rollback()
                    failed[name] = sentence_for(error) or _logged(error)
    if as_json:
        say_json({"folder": str(folder), "written": written, "deleted": over, "failed": failed})
    else:
        for name in over:
            say(f"{name}: deleted, because the letter is public no more.")
        for name, count in written.items():
            say(f"{name}: {count} files written, the others were the same.")
    if failed:
        refuse("\n".join(f"{name}: not written. {why}" for name, why in failed.items()))


def _logged(error: Exception) -> str:
    log_error("a letter's files could not be written", error)
    return f"The program has a fault: {type(error).__name__} at {place_of(error)}."


def _public(session: Session, slug: str) -> Letter:
    """A letter that everyone may read. A host may know that there are others."""
    hosted_letter(session, slug)
    try:
        return public_letter(session, slug)
    except NotFound:
        refuse(f"{slug} isn't public, so it isn't written. Its state: petition letter show {slug}")


def _require_fit(settings: Settings, folder: Path) -> None:
    """Refuse a folder that has this site's secrets, in it or below it: what is written there is for everyone."""
    if folder.exists() and not folder.is_dir():
        refuse(f"{folder} is no folder.")
    kept = (settings.data, settings.secrets, settings.rounds_folder, settings.secret_file, *database_files(settings))
    if any(path.resolve().is_relative_to(folder.resolve()) for path in kept):
        refuse(
            f"{folder} has this site's secrets, in it or below it, and what you publish is for everyone. Give another "
            "folder, for example /var/lib/petition-public"
        )


def _write(session: Session, here: CliContext, letter: Letter, folder: Path) -> int:
    published = require_publishable(session, letter, folder)
    found = figures(session, letter, here.settings.url)
    with click.progressbar(length=len(plan(session, letter, found)), label="Writing", file=sys.stderr) as bar:
        host = HostFacts(is_replicated=here.settings.is_replicated)
        return write_folder(session, letter, found, folder, bar.update, host, published)
