"""``petition sign``, ``check``, ``change``, ``withdraw``: the stand-alone client, exactly as it can be downloaded."""

import sys

import click

from petition import client

AS_IT_IS = {"ignore_unknown_options": True, "help_option_names": [], "allow_interspersed_args": False}


def _hand_over(name: str, arguments: tuple[str, ...]) -> None:
    sys.exit(client.main([name, *arguments], prog="petition"))


@click.command(context_settings=AS_IT_IS, short_help="Sign a letter (the stand-alone client).")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sign(arguments: tuple[str, ...]) -> None:
    """Sign a letter."""
    _hand_over("sign", arguments)


@click.command(context_settings=AS_IT_IS, short_help="Check by your receipt that your signature is in the log.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def check(arguments: tuple[str, ...]) -> None:
    """Check a signature."""
    _hand_over("check", arguments)


@click.command(context_settings=AS_IT_IS, short_help="Change with your receipt how your signature is seen.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def change(arguments: tuple[str, ...]) -> None:
    """Change how a signature is seen."""
    _hand_over("change", arguments)


@click.command(context_settings=AS_IT_IS, short_help="Take your signature back with your receipt.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def withdraw(arguments: tuple[str, ...]) -> None:
    """Take a signature back."""
    _hand_over("withdraw", arguments)
