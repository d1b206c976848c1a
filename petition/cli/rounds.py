"""``petition round``: rounds and their numbers; taking a flooded one out of the count."""

import click

from petition.cli.context import RefusalGroup, ground, letter_id, now, reading, say_json
from petition.coordination import rounds
from petition.crypto.blind_rsa import PublicKey
from petition.letters.access import hosted_letter
from petition.publishing.figures.counts import rounded
from petition.signing.signatures import rounds_of


@click.group("round", cls=RefusalGroup)
def round_() -> None:
    """See a letter's rounds and their numbers; annul one that was flooded."""


@round_.command("list")
@click.argument("slug")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def list_(slug: str, as_json: bool) -> None:
    """List the rounds as of the last sealing: never who, and no finer than the public sees."""
    with reading(ground()) as session:
        one = hosted_letter(session, slug)
        found = [
            {
                "round": row.number,
                "roll": row.roll,
                "fingerprint": PublicKey.from_spki(row.public_key).fingerprint,
                "made": row.made,
                "voided": row.voided,
                "used_about": rounded(row.spent, one.k),
                "issued": row.issued,
                "signatures": row.signatures,
                "withdrawals": row.withdrawals,
                "annulled": row.annulled,
            }
            for row in rounds_of(session, one.id)
        ]
    if as_json:
        say_json(found)
        return
    for row in found:
        click.echo(" · ".join(f"{name} {value if value is not None else '–'}" for name, value in row.items()))


@round_.command("open")
@click.argument("slug")
@click.option("--roll", help="For which roll, by its id. Default: the letter's first.")
def open_(slug: str, roll: str | None) -> None:
    """Open another round, for late joiners or after one was annulled: a new key, the same log."""
    here = ground()
    number = rounds.open_next_round(here.services, letter_id(here, slug), roll, moment=now())
    click.echo(f"Round {number} is open. Make codes for it with: petition codes make {slug} --count N")


@round_.command()
@click.argument("slug")
@click.argument("number", type=click.IntRange(1, 999_999_999))
def end(slug: str, number: int) -> None:
    """End the exchange of codes of a round now, if at least K were exchanged, and destroy its secrets."""
    here = ground()
    rounds.end_round(here.services, letter_id(here, slug), number)
    click.echo(f"Round {number} exchanges no more codes; its secrets are destroyed. The next sealing logs it.")


@round_.command()
@click.argument("slug")
@click.argument("number", type=click.IntRange(1, 999_999_999))
@click.option("--reason", required=True, help="Why; it is public and stands in the log for good.")
def annul(slug: str, number: int, reason: str) -> None:
    """Take a flooded round out of the count, publicly. Its codes and tokens are refused from now on."""
    here = ground()
    rounds.annul_round(here.services, letter_id(here, slug), number, reason)
    click.echo(f"Round {number} is annulled; the log will say so at the next sealing.")
