"""``petition doctor``: what is wrong with this site, and how to fix it."""

import sys
from urllib.parse import urlsplit

import click

from petition.cli.context import now, say_json
from petition.config import settings
from petition.operations.doctor import checks, closed
from petition.operations.doctor.outside import check_from_outside
from petition.operations.doctor.visitor import Place

MARKS = {checks.OK: "ok", checks.NOTE: "note", checks.WRONG: "WRONG"}


@click.command()
@click.option("--deep", is_flag=True, help="Also read every entry of every log again.")
@click.option("--after-close", "slug", metavar="SLUG", help="Show that a closed letter has forgotten what it promised.")
@click.option("--from-outside", "url", metavar="URL", help="Look at a site on another machine, as its visitors do.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def doctor(deep: bool, slug: str | None, url: str | None, as_json: bool) -> None:
    """Check permissions, clock, databases, keys, logs, rounds, disk, address, email; say how to fix each.

    Changes nothing, and may run while the site is serving. Exits with 1 if anything is wrong; notes are no wrongs.
    """
    if url is not None:
        findings = check_from_outside(_place(url), now())
    elif slug is not None:
        findings = list(closed.check_after_close(settings(), slug))
    else:
        findings = checks.check(settings(), now(), deep=deep)
    if as_json:
        say_json(checks.as_json(findings))
    else:
        for finding in findings:
            click.echo(f"{MARKS[finding.level]:5}  {finding.area:11}  {finding.what}")
            if finding.mend:
                click.echo(f"{'':20}→ {finding.mend}")
    sys.exit(0 if checks.is_well(findings) else 1)


def _place(url: str) -> Place:
    """The site of an address; an onion address can be seen through Tor only."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.path not in ("", "/"):
        raise click.UsageError("--from-outside takes an https address without a path: https://letters.example.org")
    try:
        return Place(parts.hostname, parts.port or 443)
    except ValueError:
        raise click.UsageError("--from-outside: the port is no number from 1 to 65535.") from None
