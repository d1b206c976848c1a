"""How a command ends when the rules say no, when the machine does, and when the person at the terminal does.

Nothing of the program is imported here before a command has failed, so that every command starts quickly.
"""

import signal
import sys
from typing import Any

import click

INTERRUPTED = 128 + signal.SIGINT


class Refused(click.ClickException):
    """The rules say no: one sentence on standard error, exit 1."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        """The sentence, without a prefix of click's."""
        click.echo(self.message, err=True, file=file)


class RefusalGroup(click.Group):
    """A group whose commands turn refusals into a sentence and exit 1, and end quietly on Ctrl-C."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:
                signal.signal(signal.SIGINT, signal.default_int_handler)
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort):
            click.echo(err=True)
            sys.exit(INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:
            sentence = sentence_for(error)
            if sentence is None:
                raise
            raise Refused(sentence) from None


def sentence_for(error: Exception) -> str | None:
    """What a person can do about an error; None for one that only the program's authors can fix."""
    import sqlite3

    from sqlalchemy.exc import OperationalError

    from petition.config import WrongSetting
    from petition.errors import Refusal

    if isinstance(error, Refusal | WrongSetting):
        return str(error)
    if isinstance(error, OperationalError | sqlite3.OperationalError):
        why = str(getattr(error, "orig", error)).partition("\n")[0]
        return (
            f"The database did not do what was asked: {why}. Is it there, and is there room on its disk? "
            "Nothing was written by halves; run the command again."
        )
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}."
    return None
