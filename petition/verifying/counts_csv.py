"""``counts.csv``: whether its total and its rolls are the log's. Groups rest on the server's word."""

import csv
import io
import re
from collections import Counter

from petition.verifying.ledger import Ledger
from petition.verifying.verdict import Invalid, shown

COLUMNS = ["letter", "as_of", "field", "option", "count"]
APOSTROPHE = re.compile(r"'(?:'*[=+\-@\t\r＝＋－＠]|.*\d)", re.DOTALL)
"""What keeps spreadsheets from running a text, or from showing it as a date."""


def read_counts_csv(data: bytes) -> list[tuple[str, str, int]]:
    """Field, option and count of each row. Refuses with ``Invalid`` what is not such a table."""
    try:
        table = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise Invalid("counts.csv is not CSV in UTF-8.") from None
    if not table or table[0] != COLUMNS:
        raise Invalid(f"counts.csv must begin with the line “{','.join(COLUMNS)}”.")
    return [_row(number, cells) for number, cells in enumerate(table[1:], 1)]


def _row(number: int, cells: list[str]) -> tuple[str, str, int]:
    if len(cells) != len(COLUMNS) or not (cells[4].isascii() and cells[4].isdecimal() and len(cells[4]) < 17):
        raise Invalid(f"Row {number} of counts.csv is not four texts and a number.")
    return _as_typed(cells[2]), _as_typed(cells[3]), int(cells[4])


def _as_typed(cell: str) -> str:
    """A text without the apostrophe that is there for spreadsheets."""
    return cell[1:] if APOSTROPHE.match(cell) else cell


def wrong_rows(rows: list[tuple[str, str, int]], ledger: Ledger) -> list[str]:
    """A sentence for each row that is not the log's. The total comes first, then a row for each roll."""
    rolls = ledger.letter.rolls if ledger.letter else {}
    count = ledger.totals.count
    wrong = []
    if rows[:1] != [("total", "", count)]:
        wrong.append(f"The first row of counts.csv is not the total, {count}.")
    logged = Counter(("roll", name, ledger.count_of(roll)) for roll, name in rolls.items())
    missing = logged - Counter(rows[1 : 1 + len(rolls)])
    again = {(field, option) for field, option, _ in rows[1 + len(rolls) :]}
    if ("total", "") in again:
        wrong.append("counts.csv has another total behind that of the log.")
    if any(("roll", name) in again for name in rolls.values()):
        wrong.append("counts.csv has another number for a roll behind that of the log.")
    wrong += [f"counts.csv lacks {number} for the roll {shown(name)}." for _, name, number in missing]
    return wrong
