"""``petition witness``: who watches that the logs only grow."""

import click

from petition.cli.context import RefusalGroup, cli_context, reading, say_rows, working
from petition.crypto.notes import WitnessKey, witness_vkey
from petition.sealing.witnesses import add_witness, all_witnesses, remove_witness


@click.group(cls=RefusalGroup)
def witness() -> None:
    """Ask outsiders (a union, a newsroom) to watch that published logs only grow.

    After each sealing, a witness gets the new checkpoint and a proof that the log only grew. Its cosignature is
    published with the checkpoint (C2SP tlog-witness). Anyone who asks several witnesses can see whether this site
    shows different logs to different people. Unpublished letters are never sent.
    """


@witness.command()
@click.argument("name")
@click.argument("vkey")
@click.option("--url", help="Where it takes checkpoints (its submission prefix). Without it, it is not asked.")
def add(name: str, vkey: str, url: str | None) -> None:
    """Add a witness: a name of your choice, and its verifier key (cosignature/v1) as it publishes it."""
    with working(cli_context()) as session:
        added = add_witness(session, name, vkey, url)
        asked = "It will be asked after each sealing." if added.url else "It will not be asked: it has no --url."
        click.echo(f"{added.name} is a witness. {asked} Send it the log/vkey of each published letter.")


@witness.command("list")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def list_(as_json: bool) -> None:
    """List the witnesses."""
    with reading(cli_context()) as session:
        found = [
            {"name": one.name, "vkey": witness_vkey(WitnessKey(one.key_name, one.public_key)), "url": one.url}
            for one in all_witnesses(session)
        ]
    say_rows(found, lambda one: f"{one['name']}  {one['vkey']}  {one['url'] or '(not asked)'}", as_json=as_json)
    if not found and not as_json:
        click.echo("There are no witnesses yet. Add one with: petition witness add NAME VKEY --url URL", err=True)


@witness.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove a witness; its cosignatures leave the published checkpoints."""
    with working(cli_context()) as session:
        remove_witness(session, name)
    click.echo(f"{name} is a witness no more.")
