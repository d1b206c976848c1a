"""``petition export``: a letter's figures, history, log and text as files."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from petition.cli.context import CliContext, cli_context, reading, refuse
from petition.letters.access import hosted_letter
from petition.publishing.data import streams
from petition.publishing.data.streams import Pieces
from petition.publishing.figures.counts import figures
from petition.publishing.public_files import DATA_FILES, FROM_FIGURES
from petition.sealing.log import log_of

STREAMS = {
    "history.csv": (streams.history_csv, streams.history_size),
    "log.jsonl": (streams.log_jsonl, streams.log_size),
}
"""What may be of any size, and is written as it is read."""
NO_TEXT = (".pdf", ".png", ".xlsx", ".zip")
FILE_NAMES = sorted({name for name in FROM_FIGURES if "/" not in name} | set(STREAMS))


@click.command()
@click.argument("slug")
@click.option(
    "--format",
    "form",
    type=click.Choice([*DATA_FILES, *FILE_NAMES]),
    metavar="FORMAT",
    default="json",
    show_default=True,
    help=f"The figures as {', '.join(DATA_FILES)}; or a file by its name: {', '.join(FILE_NAMES)}.",
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: the terminal.")
@click.option("--force", is_flag=True, help="Replace FILE if it is there already.")
def export(slug: str, form: str, output: Path | None, force: bool) -> None:
    """Export a letter's figures: csv, json and xlsx for programs, md and txt for an email, pdf, svg and png to show.

    The same figures in each, those that the public sees. history.csv and log.jsonl are written as they are read,
    however many signatures there are; a line of log.jsonl is an entry of the log, exactly as it is hashed.
    """
    if output is not None and output.is_file() and not force:
        refuse(f"{output} exists already. To replace it: --force")
    if output is not None and not output.parent.is_dir():
        refuse(f"There is no folder {output.parent}. Make it, or write somewhere else.")
    name = DATA_FILES.get(form, form)
    if output is None and name.endswith(NO_TEXT) and sys.stdout.isatty():
        refuse(f"{name} is not text that a terminal can show. Write it to a file: -o {name}")
    here = cli_context()
    with _file(output) as file:
        if name in STREAMS:
            _stream(here, slug, name, file)
        else:
            with reading(here) as session:
                file.write(FROM_FIGURES[name][0](figures(session, hosted_letter(session, slug), here.settings.url)))


def _stream(here: CliContext, slug: str, name: str, file: BinaryIO) -> None:
    """Write a stream, and show a progress bar."""
    make, size = STREAMS[name]
    engine = here.databases.reading
    with reading(here) as session:
        letter = log_of(session, hosted_letter(session, slug).id).letter_id
    pieces: Pieces = make(engine, letter)
    with click.progressbar(length=size(engine, letter), label=name, file=sys.stderr) as bar:
        for piece, rows in pieces:
            file.write(piece)
            bar.update(rows)


@contextmanager
def _file(output: Path | None) -> Iterator[BinaryIO]:
    """Where to write: the terminal, or a file that is there whole or not at all."""
    if output is None:
        yield sys.stdout.buffer
        return
    part = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
