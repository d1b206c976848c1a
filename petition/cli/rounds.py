"""``petition round``: rounds and their numbers; taking a flooded one out of the count."""

from typing import Any

import click

from petition.cli.context import YES, RefusalGroup, ask_first, cli_context, letter_id, now, reading, say_rows
from petition.coordination import rounds
from petition.crypto.encodings import hour
from petition.crypto.pins import write_pin
from petition.letters.access import hosted_letter
from petition.letters.pinned import pin_of_round
from petition.letters.update_times import next_update
from petition.signing.signatures import rounds_of


@click.group("round", cls=RefusalGroup)
def round_() -> None:
    """See a letter's rounds and their numbers; annul one that was flooded."""


@round_.command("list")
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def list_(slug: str, as_json: bool) -> None:
    """List the rounds as of the last update: never who, and no finer than the public sees.

    Another round opens together with its codes: petition codes make SLUG --count N --new-round
    """
    with reading(cli_context()) as session:
        one = hosted_letter(session, slug)
        found = [
            {
                "round": row.number,
                "roll": row.roll,
                "pin": write_pin(pin_of_round(one, row.number, row.roll, row.public_key)) if one.pinned else None,
                "opens": hour(row.opens) if row.opens else None,
                "made": row.made,
                "voided": row.voided,
                "used_about": row.spent,
                "has_ended": row.is_ended,
                "issued": row.issued,
                "signatures": row.signatures,
                "withdrawals": row.withdrawals,
                "annulled": row.annulled,
            }
            for row in rounds_of(session, one.id)
        ]
    say_rows(found, _round_in_words, as_json=as_json)


def _round_in_words(one: dict[str, Any]) -> str:
    return " · ".join(f"{name} {value if value is not None else '–'}" for name, value in one.items())


@round_.command()
@click.argument("slug")
@click.argument("number", type=click.IntRange(1, 999_999_999))
@YES
def end(slug: str, number: int, yes: bool) -> None:
    """End the exchange of codes of a round at the next count update, and destroy its secrets then.

    At least K + H codes must have been exchanged as of the last update (H is half of K, rounded up).
    """
    ask_first(f"The codes of round {number} stop working at the next count update.", yes=yes)
    here = cli_context()
    with reading(here) as session:
        ends = next_update(hosted_letter(session, slug), here.settings.seal_at, now())
    until = rounds.end_round(here.services, letter_id(here, slug), number, ends=ends)
    when = f"from {hour(until)} on" if until else "any more"
    click.echo(f"Round {number} exchanges no codes {when}. Then its secrets are destroyed, and the log says so.")


@round_.command()
@click.argument("slug")
@click.argument("number", type=click.IntRange(1, 999_999_999))
@click.option("--reason", required=True, help="Why; it is public and stands in the log for good.")
@YES
def annul(slug: str, number: int, reason: str, yes: bool) -> None:
    """Take a flooded round out of the count, publicly. Its codes and tokens are refused from now on."""
    ask_first(f"The signatures of round {number} stop counting, and the public log says so.", yes=yes)
    here = cli_context()
    rounds.annul_round(here.services, letter_id(here, slug), number, reason)
    click.echo(f"Round {number} is annulled; the log will say so at the next update.")
