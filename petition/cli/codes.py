"""``petition codes``: make signing codes, and recall what is unspent of a batch."""

import csv
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.orm import Session

from petition.cli.context import Family, Ground, ground, reading, refuse
from petition.crypto.codes import show
from petition.errors import Conflict, NotFound
from petition.issuing import codes as issuing
from petition.letters.drafting import rolls_of
from petition.letters.life import ALONE, SIGNABLE, address_of, hosted_letter
from petition.signing.routes import demand_paper
from petition.signing.signatures import rounds_of


@click.group(cls=Family)
def codes() -> None:
    """Make signing codes for a letter, and recall them.

    Give each code to one person whom you know to work there, by hand if you can. Keep no list of who got which.
    """


@codes.command()
@click.argument("slug")
@click.option("--count", type=click.IntRange(1, issuing.MOST_AT_ONCE), required=True, help="How many.")
@click.option("--roll", help="For which roll, by its id. Default: the letter's first.")
@click.option("--format", "form", type=click.Choice(["txt", "csv"]), default="txt", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: the terminal.")
def make(slug: str, count: int, roll: str | None, form: str, output: Path | None) -> None:
    """Make codes. They are shown this once: only their keyed hashes are kept."""
    here = ground()
    letter_id, number, address, is_single = _round_of(here, slug, roll)
    with _sheet(output) as write, Session(here.databases.issuer) as issuer:
        made_for = (here.desk.secrets, letter_id, number, count)
        batch, made = issuing.make_codes(issuer, *made_for, os.urandom, is_single=is_single)
        issuer.commit()
        write(_as_csv(made, address) if form == "csv" else "".join(f"{show(code)}\n" for code in made))
    click.echo(f"Batch {batch}: {count} codes. To recall what is unspent: petition codes void {slug} {batch}", err=True)


def _round_of(here: Ground, slug: str, roll: str | None) -> tuple[str, int, str, bool]:
    """The letter's id, the newest living round of a roll, where to join, and whether one person alone signs."""
    with reading(here) as session:
        letter = hosted_letter(session, slug)
        if letter.state not in SIGNABLE:
            raise Conflict("Codes can be made while the letter is open; it is %(state)s.", state=letter.state)
        wanted = roll or rolls_of(session, letter)[0].id
        living = [row for row in rounds_of(session, letter.id) if row.roll == wanted and row.annulled is None]
        if not living:
            raise NotFound("This letter has no roll %(roll)s with an open round.", roll=wanted)
        demand_paper(letter, living[-1], living)
        address = f"{here.settings.url}/letters/{address_of(letter)}/join"
        return letter.id, living[-1].number, address, letter.k == ALONE


def _as_csv(made: list[str], address: str) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("code", "join"))
    writer.writerows((show(code), address) for code in made)
    return text.getvalue()


@contextmanager
def _sheet(path: Path | None) -> Iterator[Callable[[str], object]]:
    """Where the codes go: the terminal, or a new file that only its owner reads.

    The file is begun before any code is made: codes that cannot be written down would be lost.
    """
    if path is None:
        yield lambda text: click.echo(text, nl=False)
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        refuse(f"{path} exists already. Choose another name, so that no codes are lost.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file.write
    finally:
        if path.stat().st_size == 0:
            path.unlink()


@codes.command()
@click.argument("slug")
@click.argument("batch", type=click.IntRange(1, 999_999_999))
def void(slug: str, batch: int) -> None:
    """Recall what is unspent of a batch. The log will say how many codes were voided."""
    here = ground()
    with reading(here) as session:
        letter_id = hosted_letter(session, slug).id
    with Session(here.databases.issuer) as issuer:
        issuing.void_batch(issuer, letter_id, batch)
        issuer.commit()
    click.echo(f"Batch {batch} is recalled: none of its unused codes works any more.")


@codes.command("list")
@click.argument("slug")
def list_(slug: str) -> None:
    """List the batches: how many codes each has, and whether it was recalled. Never which are used, nor how many."""
    here = ground()
    with reading(here) as session:
        letter_id = hosted_letter(session, slug).id
    with Session(here.databases.issuer) as issuer:
        for batch in issuing.batches(issuer, letter_id):
            click.echo(
                f"batch {batch.number}: round {batch.round}, {batch.made} made{', recalled' if batch.voided else ''}"
            )
