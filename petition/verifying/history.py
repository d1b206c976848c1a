"""``history.csv``: its form, and whether its rows are the log's totals at growing prefixes."""

import re
from typing import NamedTuple

from petition.errors import BadShape
from petition.verifying.entries import is_time
from petition.verifying.verdict import number_of, said

HEADER = b"sealed_at,signatures,withdrawals,count"
_ROW = re.compile(r"([^,]*),(0|[1-9][0-9]{0,15}),(0|[1-9][0-9]{0,15}),(0|[1-9][0-9]{0,15})")
_HOUR = len("2026-11-22T14")


class Row(NamedTuple):
    """The totals after the sealings of one hour."""

    sealed_at: str
    signatures: int
    withdrawals: int


def read_history(data: bytes) -> list[Row]:
    """Read ``history.csv``: a header, then rows, every line ended by CRLF.

    Refuses with ``BadShape`` any other header, a row that is not a time and three plain numbers of which the
    third is the difference of the first two, and hours that do not rise from row to row.
    """
    lines = data.split(b"\r\n")
    if lines.pop() != b"" or any(b"\n" in line or b"\r" in line for line in lines):
        raise BadShape("history.csv must end every line, the last too, with CRLF.")
    if not lines or lines[0] != HEADER:
        raise BadShape("history.csv must begin with the line “%(header)s”.", header=HEADER.decode())
    rows: list[Row] = []
    for number, line in enumerate(lines[1:], 1):
        rows.append(_row(number, line.decode("utf-8", "replace")))
        if number > 1 and rows[-1].sealed_at[:_HOUR] <= rows[-2].sealed_at[:_HOUR]:
            raise BadShape("Row %(number)s of history.csv is not of a later hour than the row before.", number=number)
    return rows


def _row(number: int, line: str) -> Row:
    matched = _ROW.fullmatch(line)
    if matched is None or not is_time(matched[1]):
        raise BadShape(
            "Row %(number)s of history.csv is not a time and three numbers: %(line)s.", number=number, line=said(line)
        )
    signatures, withdrawals, count = map(int, matched.groups()[1:])
    if count != signatures - withdrawals:
        raise BadShape(
            "Row %(number)s of history.csv has the count %(count)s; %(signatures)s less %(withdrawals)s is "
            "%(expected)s.",
            number=number,
            count=count,
            signatures=signatures,
            withdrawals=withdrawals,
            expected=signatures - withdrawals,
        )
    return Row(matched[1], signatures, withdrawals)


class Matching:
    """Follows the log's totals and finds for every row but the last the earliest prefix that has them.

    Earliest is enough: if there is any way to find all rows in order, then there is this one. The last row
    must be the whole log's.
    """

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows
        self._now = (0, 0)
        self._found = 0
        self._since_found = False
        """Whether the totals have changed since the prefix of the last row that was found."""

    def changed(self, signatures: int, withdrawals: int) -> None:
        """The totals have changed to these."""
        self._now = (signatures, withdrawals)
        self._since_found = True
        if self._found < len(self._rows) - 1 and self._rows[self._found][1:] == self._now:
            self._found += 1
            self._since_found = False

    def problem(self) -> str | None:
        """What is wrong with the rows, once the whole log has been read; None if nothing is."""
        rows = self._rows
        if not rows:
            if self._now == (0, 0):
                return None
            return f"history.csv has no row, but the log has {_totals(*self._now)}."
        if self._found < len(rows) - 1:
            row, after = rows[self._found], f" after those of row {self._found}" if self._found else ""
            return f"Row {self._found + 1} of history.csv, {_totals(*row[1:])}, was never the log's total{after}."
        if rows[-1][1:] != self._now:
            return f"The last row of history.csv has {_totals(*rows[-1][1:])}; the whole log has {_totals(*self._now)}."
        if not self._since_found:
            return f"Row {len(rows)} of history.csv is of an hour in which no number changed."
        return None


def _totals(signatures: int, withdrawals: int) -> str:
    signed = number_of(signatures, "signature", "signatures")
    return f"{signed} and {number_of(withdrawals, 'withdrawal', 'withdrawals')}"
