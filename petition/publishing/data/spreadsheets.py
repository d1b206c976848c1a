"""The figures as a workbook (Office Open XML): counts, groups, history, about. Formulas and links are off."""

import io
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from petition.crypto.encodings import hour
from petition.i18n import Translator
from petition.publishing.data.columns import COUNTS, GROUPS, HISTORY, Column, names_of
from petition.publishing.data.exports import counts_rows
from petition.publishing.figures.counts import Figures
from petition.publishing.figures.facts import evidence, facts, headline, how_to_check
from petition.publishing.pictures.svg import writable
from petition.sealing.group_suppression import ROUNDED_TO

TEXT_ALONE = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
WIDTH, MOST_WIDTH = 14, 60
HOUR = "yyyy-mm-dd hh:mm"
WITHOUT_SECONDS = {"default_date_format": HOUR, "remove_timezone": True}


def counts_xlsx(found: Figures) -> bytes:
    """``counts.xlsx``: the same figures for the same facts, byte for byte; its date is that of the figures."""
    import xlsxwriter  # a tenth of the time that the program takes to start

    body = io.BytesIO()
    book = xlsxwriter.Workbook(body, {**TEXT_ALONE, **WITHOUT_SECONDS})
    book.set_properties({"title": writable(found.words.title), "created": found.as_of.replace(tzinfo=None)})
    _sheet(book, "counts", names_of(COUNTS), counts_rows(found))
    _sheet(book, "groups", names_of(GROUPS), group_rows(found))
    history = ((row.hour, row.signatures, row.withdrawals, row.count, row.size) for row in found.history)
    _sheet(book, "history", names_of(HISTORY), history)
    _sheet(book, "about", ("what", "value"), about_rows(found))
    book.close()
    return body.getvalue()


def group_rows(found: Figures) -> Iterable[tuple[Any, ...]]:
    """The rows of the sheet of groups."""
    for group in found.groups:
        for label, count in group.rows:
            yield group.as_of, group.label, label, count, ROUNDED_TO, found.k


def about_rows(found: Figures) -> Iterable[tuple[str, str]]:
    """What the workbook is about, how to check it, and what its columns mean."""
    yield "", found.words.title
    yield "", headline(found)
    yield "as_of", hour(found.as_of)
    yield from ((fact.label, fact.value) for fact in [*facts(found), *evidence(found)])
    yield from (("", sentence) for sentence in how_to_check(found))
    for sheet, columns in (("counts", COUNTS), ("groups", GROUPS), ("history", HISTORY)):
        yield from ((f"{sheet}: {column.name}", _said(found, column)) for column in columns)


def _said(found: Figures, column: Column) -> str:
    return Translator(found.words.language).say(column.about)


def _sheet(book: Any, name: str, heads: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    sheet = book.add_worksheet(name)
    widths = [max(WIDTH, len(head) + 2) for head in heads]
    sheet.write_row(0, 0, heads, book.add_format({"bold": True}))
    sheet.freeze_panes(1, 0)
    for number, row in enumerate(rows, 1):
        for place, cell in enumerate(row):
            widths[place] = max(widths[place], min(MOST_WIDTH, len(str(cell)) + 2))
            _write(sheet, number, place, cell)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)


def _write(sheet: Any, row: int, column: int, cell: Any) -> None:
    """Each cell by its kind: what looks like a formula, a link or a number in a text stays a text; None stays empty."""
    if cell is None:
        return
    if isinstance(cell, datetime):
        sheet.write_datetime(row, column, cell)
    elif isinstance(cell, int):
        sheet.write_number(row, column, cell)
    else:
        sheet.write_string(row, column, writable(cell))
