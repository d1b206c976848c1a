"""``petition doctor``: what is wrong with this site, and how to mend it."""

import sys

import click

from petition.cli.context import now, say_json
from petition.config import settings
from petition.operations.doctor import checks, closed

MARKS = {checks.OK: "ok", checks.NOTE: "note", checks.WRONG: "WRONG"}


@click.command()
@click.option("--deep", is_flag=True, help="Also read every entry of every log again.")
@click.option("--after-close", "slug", metavar="SLUG", help="Show that a closed letter has forgotten what it promised.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def doctor(deep: bool, slug: str | None, as_json: bool) -> None:
    """Check permissions, clock, databases, keys, logs, rounds, disk, address, mail; say how to mend each.

    Changes nothing, and may run while the site is serving. Exits with 1 if anything is wrong; notes are no wrongs.
    """
    if slug is not None:
        findings = list(closed.check_after_close(settings(), slug))
    else:
        findings = checks.check(settings(), now(), deep=deep)
    if as_json:
        say_json(checks.as_json(findings))
    else:
        for finding in findings:
            click.echo(f"{MARKS[finding.level]:5}  {finding.area:9}  {finding.what}")
            if finding.mend:
                click.echo(f"{'':18}→ {finding.mend}")
    sys.exit(0 if checks.is_well(findings) else 1)
