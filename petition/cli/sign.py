"""``petition sign``, ``check``, ``change``, ``withdraw``: the stand-alone client, exactly as people download it."""

import sys

import click

from petition import client

AS_IT_IS = {"ignore_unknown_options": True, "help_option_names": [], "allow_interspersed_args": False}


def _run_client(name: str, arguments: tuple[str, ...]) -> None:
    sys.exit(client.main([name, *arguments], prog="petition"))


@click.command(context_settings=AS_IT_IS, short_help="Sign a letter (the stand-alone client).")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sign(arguments: tuple[str, ...]) -> None:
    """Sign a letter."""
    _run_client("sign", arguments)


@click.command(context_settings=AS_IT_IS, short_help="Check with your receipt that your signature is in the log.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def check(arguments: tuple[str, ...]) -> None:
    """Check a signature."""
    _run_client("check", arguments)


@click.command(context_settings=AS_IT_IS, short_help="Change with your receipt what is shown of you.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def change(arguments: tuple[str, ...]) -> None:
    """Change what is shown of a signer."""
    _run_client("change", arguments)


@click.command(context_settings=AS_IT_IS, short_help="Remove your signature with your receipt.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def withdraw(arguments: tuple[str, ...]) -> None:
    """Remove a signature."""
    _run_client("withdraw", arguments)
