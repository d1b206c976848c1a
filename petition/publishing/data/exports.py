"""The figures as tables and as JSON: counts and history. An export is a list of chosen fields."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Any

from petition.crypto.encodings import hour
from petition.letters.fields import RESERVED
from petition.publishing.data import columns
from petition.publishing.data.cells import defused
from petition.publishing.data.columns import names_of
from petition.publishing.figures.counts import Figures, Row
from petition.publishing.figures.groups import GroupTable
from petition.sealing.group_suppression import ROUNDED_TO

HISTORY_COLUMNS, COUNTS_COLUMNS = names_of(columns.HISTORY), names_of(columns.COUNTS)
NAMES_COLUMNS = names_of(columns.NAMES)
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
TOTAL, ROLL = RESERVED


def counts(found: Figures) -> dict[str, Any]:
    """The members of ``counts.json``, in their order."""
    return {
        "letter": {
            "title": found.words.title,
            "url": found.url,
            "recipient": found.words.recipient,
            "employer": found.words.employer,
            "text_sha256": found.text_sha256,
            "published": found.published.date().isoformat() if found.published else None,
        },
        "count": found.count,
        "as_of": hour(found.as_of),
        "signatures": found.signatures,
        "withdrawals": found.withdrawals,
        "rolls": [{"id": roll.id, "roll": roll.name, "count": roll.count} for roll in found.rolls],
        "names_shown": found.names_shown,
        "threshold": found.threshold,
        "closes": hour(closes) if (closes := found.closes or found.ends) else None,
        "state": found.state,
        "groups": [_group(table, found.k) for table in found.groups],
        "verification": {
            "routes": list(found.routes),
            "codes_made": found.codes_made,
            "issued": found.issued,
            "log": {
                "size": found.log_size,
                "root": found.log_root.hex(),
                "checkpoint": f"{found.url}log/checkpoint",
            },
        },
    }


def _group(table: GroupTable, k: int) -> dict[str, Any]:
    """A field's table, in the order of its options; the last of them is everyone else."""
    options = [{"option": label, "count": count} for label, count in table.rows]
    return {"field": table.label, "rounded_down_to": ROUNDED_TO, "smallest_shown": k, "options": options}


def counts_json(found: Figures) -> bytes:
    """``counts.json``: UTF-8, indented for readers, a line feed at the end."""
    return (json.dumps(counts(found), ensure_ascii=False, indent=1) + "\n").encode()


def counts_rows(found: Figures) -> list[tuple[Any, ...]]:
    """The rows of ``counts.csv``: the total first, then the rolls, then the groups."""
    rows = [(found.as_of, TOTAL, "", found.count)]
    rows += [(found.as_of, ROLL, roll.name, roll.count) for roll in found.rolls]
    rows += [(field.as_of, field.label, *row) for field in found.groups for row in field.rows]
    return [(found.words.title, hour(as_of), *row) for as_of, *row in rows]


def counts_csv(found: Figures) -> bytes:
    """``counts.csv``."""
    return table(COUNTS_COLUMNS, counts_rows(found), found.words.language)


def history_csv(found: Figures) -> bytes:
    """``history.csv``: a row for each hour whose sealing changed a number."""
    return table(history_columns(found.log_version), map(history_row, found.history))


def history_columns(log_version: int) -> tuple[str, ...]:
    """The first line of ``history.csv``; logs that version 0.1.0 began have no sizes in it."""
    return HISTORY_COLUMNS[:-1] if log_version == 1 else HISTORY_COLUMNS


def history_row(row: Row) -> tuple[Any, ...]:
    """A line of ``history.csv``."""
    line = (hour(row.hour), row.signatures, row.withdrawals, row.count)
    return line if row.size is None else (*line, row.size)


def names_csv(found: Figures) -> bytes:
    """``names.csv``: the names that are shown, from A to Z in the letter's language, and no others.

    It begins with a byte order mark, without which Excel shows accents as other characters.
    """
    names = found.naming.in_order(found.words.language)
    return BYTE_ORDER_MARK + table(NAMES_COLUMNS, ((one.name, one.title) for one in names), found.words.language)


def table(columns: Iterable[str], rows: Iterable[Iterable[Any]], language: str = "en") -> bytes:
    """RFC 4180 in UTF-8, lines ending CRLF; cells that a spreadsheet would run or change are defused.

    ``language`` is that of the cells.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([defused(cell, language) for cell in row] for row in rows)
    return text.getvalue().encode()
