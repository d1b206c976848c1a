"""``history.csv``: its form, and whether each row has the totals of the log at its size (protocol 8)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from petition.verifying.shapes import is_time
from petition.verifying.verdict import Findings, Invalid, plural, shown

HEADER = b"sealed_at,signatures,withdrawals,count,size"
_NUMBER = "(0|[1-9][0-9]{0,15})"
_ROW = re.compile(rf"([^,]*),{_NUMBER},{_NUMBER},{_NUMBER},([1-9][0-9]{{0,15}})")


class Row(NamedTuple):
    """The totals after the sealings of one hour, and the size of the log then."""

    sealed_at: str
    signatures: int
    withdrawals: int
    size: int


@dataclass
class Totals:
    """The numbers of a log without annulled rounds, and how often they have changed so far."""

    signatures: int = 0
    withdrawals: int = 0
    changes: int = 0

    @property
    def count(self) -> int:
        """The signatures that were not withdrawn."""
        return self.signatures - self.withdrawals

    def change(self, signatures: int, withdrawals: int) -> None:
        """Add these, which may be negative."""
        self.signatures += signatures
        self.withdrawals += withdrawals
        self.changes += 1


def read_history(data: bytes) -> list[Row]:
    """Read ``history.csv``: a header, then rows; every line ends with CRLF.

    Refuses with ``Invalid`` another header, a row that is not a full hour and four plain numbers of which the third
    is the difference of the first two, and hours or sizes that do not rise from row to row.
    """
    lines = data.split(b"\r\n")
    if lines.pop() != b"" or any(b"\n" in line or b"\r" in line for line in lines):
        raise Invalid("history.csv must end every line, the last one too, with CRLF.")
    if not lines or lines[0] != HEADER:
        raise Invalid(f"history.csv must begin with the line “{HEADER.decode()}”.")
    rows: list[Row] = []
    for number, line in enumerate(lines[1:], 1):
        rows.append(_row(number, line.decode("utf-8", "replace")))
        if number > 1 and rows[-1].sealed_at <= rows[-2].sealed_at:
            raise Invalid(f"Row {number} of history.csv is not of a later hour than the row before.")
        if number > 1 and rows[-1].size <= rows[-2].size:
            raise Invalid(f"Row {number} of history.csv does not have a larger size than the row before.")
    return rows


def _row(number: int, line: str) -> Row:
    matched = _ROW.fullmatch(line)
    if matched is None:
        raise Invalid(
            f"Row {number} of history.csv is not a time and four numbers, the last one above 0: {shown(line)}."
        )
    if not is_time(matched[1]) or not matched[1].endswith(":00Z"):
        raise Invalid(f"Row {number} of history.csv does not begin with a full hour like 2026-11-22T14:00Z.")
    signatures, withdrawals, count, size = map(int, matched.groups()[1:])
    if count != signatures - withdrawals:
        raise Invalid(
            f"Row {number} of history.csv has the count {count}; {signatures} less {withdrawals} is "
            f"{signatures - withdrawals}."
        )
    return Row(matched[1], signatures, withdrawals, size)


class HistoryChecker:
    """Compares rows with the log's totals while the log is read. What is wrong goes into the findings."""

    def __init__(self, findings: Findings, rows: Sequence[Row]) -> None:
        self._findings = findings
        self._rows = rows
        self._numbers = {row.size: number for number, row in enumerate(rows, 1)}
        self._changes = 0

    def reach(self, size: int, totals: Totals) -> None:
        """The log has these totals after as many entries as ``size``."""
        number = self._numbers.get(size)
        if number is None:
            return
        row = self._rows[number - 1]
        if (row.signatures, row.withdrawals) != (totals.signatures, totals.withdrawals):
            self._wrong(
                f"Row {number} of history.csv has {_in_words(row)} at {size} entries; the log has "
                f"{_in_words(totals)} there."
            )
        elif totals.changes == self._changes:
            self._wrong(f"Row {number} of history.csv is of an hour in which no number changed.")
        self._changes = totals.changes

    def finish(self, size: int, totals: Totals) -> None:
        """The whole log, of this size, has these totals."""
        if not self._rows:
            if (totals.signatures, totals.withdrawals) != (0, 0):
                self._wrong(f"history.csv has no row, but the log has {_in_words(totals)}.")
            return
        last = self._rows[-1]
        if last.size > size:
            self._wrong(f"The last row of history.csv is at {last.size} entries, but the log has only {size}.")
        elif (last.signatures, last.withdrawals) != (totals.signatures, totals.withdrawals):
            self._wrong(f"The last row of history.csv has {_in_words(last)}; the whole log has {_in_words(totals)}.")

    def _wrong(self, sentence: str) -> None:
        self._findings.wrong("history", sentence)


def _in_words(totals: Totals | Row) -> str:
    signed = plural(totals.signatures, "signature", "signatures")
    return f"{signed} and {plural(totals.withdrawals, 'withdrawal', 'withdrawals')}"
