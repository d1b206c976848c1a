"""``petition verify``: recompute a published letter."""

import json
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from petition.crypto.codes import read_receipt
from petition.crypto.notes import read_witness_vkey, require_checkpoint_form
from petition.errors import BadShape
from petition.verifying import NothingChecked, Saving, Verdict, open_source
from petition.verifying import verify as recompute

LONGEST = 2**20
"""Bytes that a checkpoint or receipt file may have."""

NOT_VERIFIED, NOTHING_CHECKED = 1, 3
"""Exit codes."""

BESIDE_THE_LOG = {"counts", "history", "pages"}
"""Checks of what repeats the log's numbers. If only these fail, the log holds."""

NUMBER_KEYS = ("k", "count", "signatures", "withdrawals", "size", "root")


@click.command()
@click.argument("source", metavar="FOLDER-or-URL")
@click.option(
    "--since",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="CHECKPOINT-FILE",
    help="An older checkpoint of this log, kept by you or a witness. The log must extend it. Repeatable.",
)
@click.option(
    "--receipt",
    metavar="FILE-or-words",
    help="A receipt file, or a receipt as you wrote it down: looks for its signature in the whole log.",
)
@click.option(
    "--witness",
    "witnesses",
    multiple=True,
    metavar="VKEY",
    help="A witness's verifier key, which you got from the witness. It must have cosigned the checkpoint. Repeatable.",
)
@click.option(
    "--save",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Also save the files that were checked, byte for byte, in a new folder. “petition verify FOLDER” checks them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one line of JSON.")
@click.option("--processes", type=click.IntRange(min=1), metavar="N", help="By default one for each core.")
def verify(
    source: str,
    since: tuple[Path, ...],
    receipt: str | None,
    witnesses: tuple[str, ...],
    save: Path | None,
    as_json: bool,
    processes: int | None,
) -> None:
    """Recompute everything about a published letter from its public files alone.

    Takes a folder that "petition publish" wrote, or the letter's address. Exits with 1 if anything is wrong, and
    with 3 if nothing was checked: no file could be fetched, or this program does not know the log's version.
    """
    older = {str(path): _checkpoint(path) for path in since}
    for vkey in witnesses:
        _require_witness(vkey)
    try:
        opened = open_source(source)
        opened = opened if save is None else Saving(opened, save)
    except BadShape as refusal:
        raise click.UsageError(str(refusal)) from None
    try:
        with closing(opened), _Bar() as bar:
            verdict = recompute(
                opened,
                since=older,
                receipt=_receipt(receipt) if receipt else None,
                processes=processes,
                witnesses=witnesses,
                progress=bar.show,
            )
    except NothingChecked as reason:
        click.echo(json.dumps(_unchecked(reason)) if as_json else reason)
        sys.exit(NOTHING_CHECKED)
    click.echo(json.dumps(verdict.as_json()) if as_json else _in_words(verdict))
    sys.exit(0 if verdict.ok else NOT_VERIFIED)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LONGEST)
    except OSError as error:
        raise click.UsageError(f"{path} cannot be read: {error.strerror}.") from None


def _checkpoint(path: Path) -> bytes:
    """The bytes of a file that has the form of a checkpoint."""
    data = _read(path)
    try:
        require_checkpoint_form(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise click.BadParameter(f"In {path}, which you gave: it is not UTF-8.", param_hint="--since") from None
    except BadShape as refusal:
        raise click.BadParameter(f"In {path}, which you gave: {refusal}", param_hint="--since") from None
    return data


def _require_witness(vkey: str) -> None:
    try:
        read_witness_vkey(vkey)
    except BadShape as refusal:
        raise click.BadParameter(str(refusal), param_hint="--witness") from None


def _receipt(given: str) -> str:
    """The text of a receipt file, or the words themselves."""
    try:
        if Path(given).is_file():
            return _read(Path(given)).decode("utf-8", "replace")
        read_receipt(given)
    except (BadShape, OSError, ValueError) as refusal:
        raise click.BadParameter(f"There is no such file, and as words: {refusal}", param_hint="--receipt") from None
    return given


def _unchecked(reason: NothingChecked) -> dict[str, Any]:
    """What is printed as JSON when nothing was checked: the same members, without a number."""
    checks = [{"check": reason.check, "ok": False, "detail": str(reason)}]
    return {"ok": False, **dict.fromkeys(NUMBER_KEYS), "checks": checks}


def _in_words(verdict: Verdict) -> str:
    lines = [f"{'ok' if check.ok else 'WRONG':5}  {check.check:12} {check.detail}" for check in verdict.checks]
    wrong = {check.check for check in verdict.checks if not check.ok}
    numbers = f"{verdict.count} (signatures {verdict.signatures}, withdrawals {verdict.withdrawals})"
    end = f"Verified: {numbers}, from all {verdict.size} entries of the log."
    if wrong:
        of_log = f"The log itself holds {numbers}; the files beside it don't agree."
        rely = of_log if wrong <= BESIDE_THE_LOG else "Do not rely on any number here."
        end = f"NOT VERIFIED: {len(wrong)} of {len(verdict.checks)} checks failed. {rely}"
    return "\n".join([*lines, end])


class _Bar:
    """A progress bar on standard error, if that is a terminal, for anything longer than a second."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._bar: Any = None

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.render_finish()

    def show(self, done: int, size: int) -> None:
        if self._bar is None and sys.stderr.isatty() and time.monotonic() - self._begun > 1:
            self._bar = click.progressbar(length=size, label="Verifying", file=sys.stderr)
        if self._bar is not None:
            self._bar.update(done - self._bar.pos)
