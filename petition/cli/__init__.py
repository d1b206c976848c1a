"""The commands of ``petition …``. Exit 0 done, 1 refused, 2 wrong usage, 130 interrupted.

A command's module is imported when it is needed: ``petition --version`` needs none.
"""

import gc
from collections.abc import Iterator, MutableMapping
from importlib import import_module

import click

from petition import __version__
from petition.cli.refusals import RefusalGroup

COMMANDS = {
    "adopt": "adopt:adopt",
    "backup": "backup:backup",
    "change": "sign:change",
    "check": "sign:check",
    "codes": "codes:codes",
    "config": "config:config",
    "demo": "demo:demo",
    "doctor": "doctor:doctor",
    "export": "export:export",
    "letter": "names:letter",
    "metrics": "run:metrics",
    "organizer": "organizers:organizer",
    "publish": "publish:publish",
    "report": "reports:report",
    "restore": "backup:restore",
    "rollback": "upgrade:rollback",
    "round": "rounds:round_",
    "run": "run:run",
    "scheduler": "run:scheduler",
    "seal": "seal:seal",
    "serve": "run:serve",
    "sign": "sign:sign",
    "translation": "translations:translation",
    "upgrade": "upgrade:upgrade",
    "verify": "verify:verify",
    "withdraw": "sign:withdraw",
    "witness": "witness:witness",
}
"""Each command's module in this package, and its name there."""


class Commands(MutableMapping[str, click.Command]):
    """Commands by name, each imported when it is asked for."""

    def __init__(self, places: dict[str, str]) -> None:
        self._places = places
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self._loaded:
            module, attribute = self._places[name].split(":")
            gc.disable()  # what modules make stays: looking for what is left of it takes a fifth of the time
            self._loaded[name] = getattr(import_module(f"petition.cli.{module}"), attribute)
            gc.freeze()
            gc.enable()
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._places[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


@click.group(cls=RefusalGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="petition")
def main() -> None:
    """Open letters to employers, signed by verified colleagues whom no one can trace.

    To try it: petition demo. To host it: petition run, then petition organizer add NAME.
    To sign a letter: petition sign ADDRESS --code CODE. To check a count: petition verify ADDRESS.
    """


main.commands = Commands(COMMANDS)

__all__ = ["main"]
