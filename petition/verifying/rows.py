"""``counts.csv``: whether its total and its rolls are the log's; groups rest on the server's word."""

import csv
import io
from collections import Counter

from petition.errors import BadShape
from petition.verifying.ledger import Ledger
from petition.verifying.verdict import said

COLUMNS = ["letter", "as_of", "field", "option", "count"]
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def read_rows(data: bytes) -> list[tuple[str, str, int]]:
    """Field, option and count of each row. Refuses with ``BadShape`` what is no such table."""
    try:
        table = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise BadShape("counts.csv is not CSV in UTF-8.") from None
    if not table or table[0] != COLUMNS:
        raise BadShape("counts.csv must begin with the line “%(header)s”.", header=",".join(COLUMNS))
    return [_row(number, cells) for number, cells in enumerate(table[1:], 1)]


def _row(number: int, cells: list[str]) -> tuple[str, str, int]:
    if len(cells) != len(COLUMNS) or not (cells[4].isascii() and cells[4].isdecimal() and len(cells[4]) < 17):
        raise BadShape("Row %(number)s of counts.csv is not four texts and a number.", number=number)
    return _armed(cells[2]), _armed(cells[3]), int(cells[4])


def _armed(cell: str) -> str:
    """A text without the apostrophe that keeps spreadsheets from running it."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS) else cell


def wrong_rows(rows: list[tuple[str, str, int]], ledger: Ledger) -> list[str]:
    """A sentence for each row that is not the log's: first the total, then a row for each roll."""
    rolls = ledger.letter.rolls if ledger.letter else {}
    count, told = ledger.signatures - ledger.withdrawals, rows[1 : 1 + len(rolls)]
    wrong = []
    if rows[:1] != [("total", "", count)]:
        wrong.append(f"The first row of counts.csv is not the total, {count}.")
    logged = Counter(("roll", name, ledger.per_roll[roll]) for roll, name in rolls.items())
    wrong += [f"counts.csv lacks {number} for the roll {said(name)}." for _, name, number in logged - Counter(told)]
    return wrong
