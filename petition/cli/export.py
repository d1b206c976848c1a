"""``petition export``: counts and the letter as files."""

import sys
from pathlib import Path

import click

from petition.cli.context import ground, reading
from petition.letters.life import hosted_letter
from petition.publishing.counts import figures
from petition.publishing.exports import FORMATS


@click.command()
@click.argument("slug")
@click.option("--format", "form", type=click.Choice(sorted(FORMATS)), default="json", show_default=True)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Default: the terminal.")
def export(slug: str, form: str, output: Path | None) -> None:
    """Export a letter's count: csv and json for programs, md and txt for a mail. The same figures in each."""
    here = ground()
    make = FORMATS[form]
    with reading(here) as session:
        body = make(figures(session, hosted_letter(session, slug), here.settings.url))
    if output is None:
        sys.stdout.buffer.write(body)
    else:
        output.write_bytes(body)
