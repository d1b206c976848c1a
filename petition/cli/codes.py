"""``petition codes``: make signing codes, and recall what is unspent of a batch."""

import csv
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from sqlalchemy.orm import Session

from petition.cli.context import CliContext, RefusalGroup, ground, reading, refuse
from petition.crypto.codes import show
from petition.issuing import codes as issuing
from petition.letters.access import hosted_letter
from petition.letters.states import ALONE
from petition.publishing.documents.code_sheets import PAPERS, Sheet, join_link, require_printable, sheet_of, sheet_pdf
from petition.signing.verification_methods import round_for_paper


@click.group(cls=RefusalGroup)
def codes() -> None:
    """Make signing codes for a letter, and recall them.

    Give each code to one person whom you know to work there, by hand if you can. Keep no list of who got which.
    """


@codes.command()
@click.argument("slug")
@click.option("--count", type=click.IntRange(1, issuing.MOST_AT_ONCE), required=True, help="How many.")
@click.option("--roll", help="For which roll, by its id. Default: the letter's first.")
@click.option("--format", "form", type=click.Choice(["txt", "csv", "pdf"]), default="txt", show_default=True)
@click.option("--paper", type=click.Choice(list(PAPERS)), default="a4", show_default=True, help="Of the PDF.")
@click.option("--neutral", is_flag=True, help="Strips of the PDF name neither the letter nor its address.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: the terminal.")
def make(slug: str, count: int, roll: str | None, form: str, paper: str, neutral: bool, output: Path | None) -> None:
    """Make codes. They are shown this once: only their keyed hashes are kept.

    As text one code a line; as CSV with the link of each; as PDF a sheet to cut up, with QR codes.
    """
    here = ground()
    if form == "pdf":
        require_printable(count)
        if output is None and sys.stdout.isatty():
            raise click.UsageError("A PDF is not for the terminal. Say where it goes: -o codes.pdf")
    round_ = _round_of(here, slug, roll, neutral)
    with _sheet(output) as write, Session(here.databases.issuer) as issuer:
        made_for = (here.services.secrets, round_.letter_id, round_.number, count)
        batch, made = issuing.make_codes(issuer, *made_for, os.urandom, is_single=round_.is_single)
        body = _as(form, round_.sheet, made, paper)  # before they count, lest they can't be printed
        issuer.commit()
        write(body)
    click.echo(f"Batch {batch}: {count} codes. To recall what is unspent: petition codes void {slug} {batch}", err=True)


@dataclass(frozen=True)
class _Round:
    """The round that codes are made for, and what their strips say."""

    letter_id: str
    number: int
    is_single: bool
    sheet: Sheet


def _round_of(here: CliContext, slug: str, roll: str | None, neutral: bool) -> _Round:
    """The newest living round of a roll."""
    with reading(here) as session:
        letter = hosted_letter(session, slug)
        row = round_for_paper(session, letter, roll)
        sheet = sheet_of(session, letter, row, here.settings.url or "", neutral=neutral)
        return _Round(letter.id, row.number, letter.k == ALONE, sheet)


def _as(form: str, sheet: Sheet, made: list[str], paper: str) -> bytes:
    if form == "pdf":
        return sheet_pdf(sheet, made, paper)
    return _as_csv(made, sheet).encode() if form == "csv" else "".join(f"{show(code)}\n" for code in made).encode()


def _as_csv(made: list[str], sheet: Sheet) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("code", "join"))
    writer.writerows((show(code), join_link(sheet, code)) for code in made)
    return text.getvalue()


@contextmanager
def _sheet(path: Path | None) -> Iterator[Callable[[bytes], object]]:
    """Where the codes go: the terminal, or a new file that only its owner reads.

    The file is begun before any code is made: codes that cannot be written down would be lost.
    """
    if path is None:
        yield lambda body: click.echo(body, nl=False)
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        refuse(f"{path} exists already. Choose another name, so that no codes are lost.")
    try:
        with os.fdopen(descriptor, "wb") as file:
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
