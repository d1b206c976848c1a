"""What every command has at hand, and how refusals reach the terminal."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

import click
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from petition import config
from petition.cli.refusals import RefusalGroup, Refused
from petition.config import Settings
from petition.coordination.services import Services, make_services
from petition.database import Databases
from petition.letters.access import hosted_letter
from petition.letters.models import Letter
from petition.operations.startup import open_databases, open_secret


@dataclass(frozen=True)
class CliContext:
    """Settings, databases at head, and the desk."""

    settings: Settings
    databases: Databases
    master: bytes
    services: Services


def cli_context() -> CliContext:
    """Open everything. Databases of an older version are refused."""
    settings = config.settings()
    try:
        databases = open_databases(settings, tell=say)
    except OperationalError as error:
        said = str(error.orig).partition("\n")[0]
        refuse(f"PETITION_DATABASE_URL, PETITION_ISSUER_DATABASE_URL: a database cannot be opened ({said}).")
    command = click.get_current_context(silent=True)
    if command is not None:
        command.call_on_close(databases.dispose)
    master = open_secret(settings, databases)
    return CliContext(settings, databases, master, make_services(settings, databases, master))


def now() -> datetime:
    """The time of the machine, in UTC."""
    return datetime.now(UTC)


@contextmanager
def working(here: CliContext) -> Iterator[Session]:
    """A session on petition.db that is committed at the end."""
    with Session(here.databases.petition) as session:
        yield session
        session.commit()


def letter_id(here: CliContext, slug: str) -> str:
    """The id of a letter that this machine hosts."""
    with Session(here.databases.reading) as session:
        return hosted_letter(session, slug).id


def reading(here: CliContext) -> Session:
    """A session on petition.db that only reads."""
    return Session(here.databases.reading)


def say_json(value: Any) -> None:
    """One line for a program."""
    click.echo(json.dumps(value, ensure_ascii=False))


def say_rows(rows: Sequence[dict[str, Any]], line: Callable[[dict[str, Any]], str], *, as_json: bool) -> None:
    """What a list holds: one line of JSON for programs, or a line for each row."""
    if as_json:
        say_json(rows)
        return
    for row in rows:
        click.echo(line(row))


def say(sentence: str) -> None:
    """A sentence for the person at the terminal, beside what a program may read."""
    click.echo(sentence, err=True)


def open_settings() -> Settings:
    """The settings, with their folders made."""
    settings = config.settings()
    config.prepare_folders(settings)
    return settings


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something that can't be undone; ``yes`` is the option --yes. Who can't be asked is refused."""
    if yes:
        return
    if not sys.stdin.isatty():
        refuse(f"{question} This can't be undone. Nothing was changed. To go on without a question: --yes")
    if not click.confirm(question, err=True):
        refuse("Nothing was changed.")


YES = click.option("--yes", is_flag=True, help="Don't ask.")


def ask_first(question: str, *, yes: bool) -> None:
    """Ask a person at a terminal before something that can't be undone. A program can't answer, so it isn't asked."""
    if sys.stdin.isatty():
        confirm(f"{question} This can't be undone. Go on?", yes=yes)


def refuse(sentence: str) -> NoReturn:
    """Stop with a sentence, exit 1."""
    raise Refused(sentence)


__all__ = [
    "YES",
    "CliContext",
    "RefusalGroup",
    "Letter",
    "ask_first",
    "confirm",
    "cli_context",
    "open_settings",
    "letter_id",
    "now",
    "reading",
    "refuse",
    "say",
    "say_json",
    "say_rows",
    "working",
]
