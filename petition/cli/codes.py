"""``petition codes``: make signing codes, and recall what is unspent of a batch."""

import csv
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy.orm import Session

from petition.cli.context import YES, CliContext, RefusalGroup, ask_first, cli_context, now, reading, refuse, say_rows
from petition.coordination import rounds
from petition.crypto.codes import show
from petition.issuing import codes as issuing
from petition.letters.access import hosted_letter
from petition.letters.drafting.versions import newest_version, text_of
from petition.letters.models import Letter
from petition.letters.states import ALONE
from petition.letters.text.letter_text import LetterText
from petition.letters.update_times import next_update
from petition.publishing.documents.code_sheets import (
    PAPERS,
    RoundToPrint,
    Sheet,
    join_link,
    require_printable,
    sheet_of,
    sheet_pdf,
)
from petition.signing.verification_methods import round_for_paper


@click.group(cls=RefusalGroup)
def codes() -> None:
    """Make signing codes for a letter, and recall them.

    Give each code to one person whom you know to work there, by hand if you can. Keep no list of who got which.
    """


@codes.command()
@click.argument("slug")
@click.option("--count", type=click.IntRange(0, issuing.MOST_AT_ONCE), required=True, help="How many.")
@click.option("--roll", help="For which roll, by its id. Default: the letter's first.")
@click.option("--new-round", is_flag=True, help="Open another round of the roll with these codes: 2K at least.")
@click.option("--format", "form", type=click.Choice(["txt", "csv", "pdf"]), default="txt", show_default=True)
@click.option("--paper", type=click.Choice(list(PAPERS)), default="a4", show_default=True, help="Of the PDF.")
@click.option("--neutral", is_flag=True, help="Strips of the PDF name neither the letter nor its address.")
@click.option("--no-code-in-link", "types_code", is_flag=True, help="Leave codes out of links; they are typed then.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: the terminal.")
def make(
    slug: str, count: int, roll: str | None, new_round: bool, form: str, paper: str, neutral: bool, types_code: bool,
    output: Path | None,
) -> None:  # fmt: skip
    """Make codes. They are shown this once: only their keyed hashes are kept.

    As text one code a line; as CSV with the link of each; as PDF a sheet to cut up, with QR codes. A link holds the
    round, its pin, and the code: a browser keeps all of it in its history.

    Another round (for people who come later, or after one was annulled) opens at the next update together with its
    codes. It needs at least 2K of them: signatures of a round that stays smaller than K are never published.
    """
    here = cli_context()
    if form == "pdf" and count:
        require_printable(count)
        if output is None and sys.stdout.isatty():
            raise click.UsageError("A PDF is not for the terminal. Say where it goes: -o codes.pdf")
    if not count and not new_round:
        raise click.UsageError("Make at least one code.")
    sheets = _Sheets(here, slug, form, paper, neutral, has_codes=not types_code)
    with _sheet(output) as write:
        made = sheets.with_new_round(roll, count) if new_round else sheets.of_round(roll, count)
        write(made.body)
    if made.opens is not None:
        click.echo(
            f"Round {made.round} opens on {made.opens:%Y-%m-%d at %H:%M} UTC; its codes work from then on.", err=True
        )
    if made.batch is not None:
        recall = f"petition codes void {slug} {made.batch}"
        click.echo(f"Batch {made.batch}: {count} codes. To recall what is unspent: {recall}", err=True)


@dataclass(frozen=True)
class _Made:
    """What was made: the codes as they are handed out, and where they belong."""

    body: bytes
    round: int
    batch: int | None
    opens: datetime | None = None


@dataclass(frozen=True)
class _Sheets:
    """Makes codes of a letter, and their sheet; codes that can't be printed are not made."""

    here: CliContext
    slug: str
    form: str
    paper: str
    neutral: bool
    has_codes: bool

    def of_round(self, roll: str | None, count: int) -> _Made:
        """Codes of the newest living round of a roll."""
        with reading(self.here) as session:
            letter = hosted_letter(session, self.slug)
            row = round_for_paper(session, letter, roll)
            sheet = self._sheet(letter, self._words(session, letter), row)
            round_, is_single = (self.here.services.secrets, letter.id, row.number), letter.k == ALONE
        with Session(self.here.databases.issuer) as issuer:
            batch, made = issuing.make_codes(issuer, *round_, count, os.urandom, is_single=is_single)
            body = _as(self.form, sheet, made, self.paper)
            issuer.commit()
        return _Made(body, round_[2], batch)

    def with_new_round(self, roll: str | None, count: int) -> _Made:
        """A further round with its codes."""
        with reading(self.here) as session:
            letter = hosted_letter(session, self.slug)
            words, opens = self._words(session, letter), next_update(letter, self.here.settings.seal_at, now())
            session.expunge(letter)
        bodies = list[bytes]()

        def prepare(new: rounds.NewRound, _: Session) -> None:
            bodies.append(_as(self.form, self._sheet(letter, words, new), list(new.codes), self.paper))

        new = rounds.open_further_round(self.here.services, letter.id, roll, count, opens=opens, check=prepare)
        return _Made(bodies[0], new.number, new.batch, opens)

    def _words(self, session: Session, letter: Letter) -> LetterText:
        return text_of(newest_version(session, letter))

    def _sheet(self, letter: Letter, words: LetterText, row: RoundToPrint) -> Sheet:
        how = {"neutral": self.neutral, "has_codes": self.has_codes}
        return sheet_of(letter, words, self.here.settings.url or "", row, **how)


def _as(form: str, sheet: Sheet, made: list[str], paper: str) -> bytes:
    if form == "pdf" and made:
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
@YES
def void(slug: str, batch: int, yes: bool) -> None:
    """Recall a batch: none of its unused codes works any more. It looks the same whatever was used."""
    ask_first(f"Unused codes of batch {batch} stop working.", yes=yes)
    here = cli_context()
    with reading(here) as session:
        letter_id = hosted_letter(session, slug).id
    with Session(here.databases.issuer) as issuer:
        issuing.void_batch(issuer, letter_id, batch)
        issuer.commit()
    click.echo(f"Batch {batch} is recalled: none of its unused codes works any more.")


@codes.command("list")
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def list_(slug: str, as_json: bool) -> None:
    """List the batches: how many codes each has, and whether it was recalled. Never which are used, nor how many."""
    here = cli_context()
    with reading(here) as session:
        letter_id = hosted_letter(session, slug).id
    with Session(here.databases.issuer) as issuer:
        found = [
            {"batch": one.number, "round": one.round, "made": one.made, "recalled": bool(one.voided)}
            for one in issuing.batches(issuer, letter_id)
        ]
    say_rows(found, _batch_in_words, as_json=as_json)


def _batch_in_words(one: dict[str, Any]) -> str:
    recalled = ", recalled" if one["recalled"] else ""
    return f"batch {one['batch']}: round {one['round']}, {one['made']} made{recalled}"
