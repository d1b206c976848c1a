"""The operator's door: ``petition …``. Exit 0 done, 1 refused, 2 wrong usage."""

import click

from petition import __version__
from petition.cli import (
    backup,
    codes,
    config,
    demo,
    doctor,
    export,
    letters,
    names,
    organizers,
    publish,
    reports,
    rounds,
    run,
    seal,
    sign,
    upgrade,
    witness,
)
from petition.cli.context import RefusalGroup
from petition.cli.verify import verify


@click.group(cls=RefusalGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="petition")
def main() -> None:
    """Open letters to employers, signed by verified colleagues whom nobody can trace.

    To try it: petition demo. To host it: petition run, then petition organizer add NAME.
    To sign a letter: petition sign ADDRESS --code CODE. To check a count: petition verify ADDRESS.
    """


for command in (
    run.run,
    run.serve,
    run.clock,
    demo.demo,
    config.config,
    organizers.organizer,
    letters.letter,
    codes.codes,
    rounds.round_,
    seal.seal,
    export.export,
    doctor.doctor,
    witness.witness,
    backup.backup,
    backup.restore,
    upgrade.upgrade,
    upgrade.rollback,
    publish.publish,
    reports.report,
    sign.sign,
    sign.check,
    sign.change,
    sign.withdraw,
    verify,
):
    main.add_command(command)

__all__ = ["main", "names"]
