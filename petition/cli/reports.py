"""``petition report``: reports about letters that do harm."""

import click

from petition.cli.context import YES, RefusalGroup, ask_first, cli_context, reading, say_json, working
from petition.letters.reports import remove_report, reports


@click.group(cls=RefusalGroup)
def report() -> None:
    """Read what people report about letters, and forget what was dealt with.

    To take a letter down, with a public reason: petition letter takedown SLUG --reason TEXT.
    """


@report.command("list")
@click.argument("slug", required=False)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def list_(slug: str | None, as_json: bool) -> None:
    """List all reports, or those about one letter."""
    with reading(cli_context()) as session:
        found = reports(session, slug)
    if as_json:
        say_json([{"report": one.key, "letter": one.slug, "hour": f"{one.hour:%Y-%m-%dT%H:00Z}", "text": one.text}
                  for one in found])  # fmt: skip
        return
    for one in found:
        click.echo(f"{one.key}  {one.slug}  {one.hour:%Y-%m-%d %H:00} UTC")
        for line in one.text.splitlines():
            click.echo(f"    {line}")
    if not found:
        click.echo("No reports.", err=True)


@report.command()
@click.argument("key")
@YES
def remove(key: str, yes: bool) -> None:
    """Forget a report, by its number in the list."""
    ask_first(f"Report {key} is deleted.", yes=yes)
    with working(cli_context()) as session:
        remove_report(session, key)
    click.echo("Forgotten.")
