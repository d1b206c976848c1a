"""Cells of CSV files: no spreadsheet runs one or shows it as a date or another number, and each can be read back."""

import csv
import io
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition.publishing.data.cells import as_typed, defused
from petition.publishing.data.exports import table
from petition.verifying.counts_csv import read_counts_csv

RUN = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "＝1+1", "＋a", "－a", "＠SUM(A1)", "'＝1")
DATES = (
    "1-2", "3/4", "6-10", "10-49", "24/7", "2024-05", "1-2-2026", "1 - 2", "MAR1", "Sept 2", "1 may",
    "May 5, 2026", "DEC-1",
)  # fmt: skip
NUMBERS = (
    "12.0", "12.", "1,000", "1 000", "1.2.2026", "12'000", "007", "123456789012", "1e5", "2E3", "12.5%", "(5)", "10-",
    "$50.000", "2 3/4", "9:30", "8 am", "10:30 PM", "１／２",
)  # fmt: skip
SAME_IN_EXCEL = ("50%", "$100", "10+")
"""LibreOffice shows them as other numbers if it looks for dates, which it does only if told to."""
SAME = (
    "", "a=1", "1", "0", "2024", *SAME_IN_EXCEL, " =1", "18-24", "2020-2024", "1–2", "5-10%", "3-5 years",
    "Site 12", "Building 7", "A1", "E5", "Q1 2024", "May", "April May", "May Marchand", "Marcus 2", "2nd", "Septin2",
    "'t Hooft", "'Ali", "'", "3 marketing", "7-Eleven", "No. 7", "½", "²",
)  # fmt: skip
OTHER_LANGUAGES = (("3. Mai", "de"), ("DEZ1", "de"), ("2 enero", "es"), ("août 2", "fr"), ("2 мая", "ru"))


@pytest.mark.parametrize("cell", [*RUN, *DATES, *NUMBERS])
def test_a_cell_that_a_spreadsheet_would_run_or_change_is_defused(cell: str) -> None:
    assert defused(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", [*SAME, *(cell for cell, _ in OTHER_LANGUAGES), 0, -1, 3.5, None])
def test_other_cells_and_numbers_stay_as_they_are(cell: Any) -> None:
    assert defused(cell) is cell


@pytest.mark.parametrize(("cell", "language"), OTHER_LANGUAGES)
def test_months_of_the_letters_language_make_dates_too(cell: str, language: str) -> None:
    assert defused(cell, language) == f"'{cell}"


@pytest.mark.parametrize("language", ["", "xx", "de-", "zh-Hant", "no such language"])
def test_a_language_that_is_not_known_has_no_months(language: str) -> None:
    assert defused("mai 3", language) == "mai 3"


CELLS = st.text("'=＝1-/\t\n２½a,\"", max_size=6) | st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8
)


@given(st.lists(CELLS, max_size=4, unique=True))
def test_every_cell_is_read_back_as_it_was_typed(typed: list[str]) -> None:
    rows = [("L", "2026-11-01T02:00Z", cell, cell, 1) for cell in typed]
    written = table(("letter", "as_of", "field", "option", "count"), rows)

    assert read_counts_csv(written) == [(cell, cell, 1) for cell in typed]
    assert [as_typed(defused(cell)) for cell in typed] == typed


@pytest.mark.long
def test_libreoffice_shows_what_was_typed_though_it_looks_for_dates(office: str, tmp_path: Path) -> None:
    typed = [cell for cell in (*RUN, *DATES, *NUMBERS, *SAME) if cell.strip() == cell and cell not in SAME_IN_EXCEL]
    (tmp_path / "cells.csv").write_bytes(table(("cell",), [(cell,) for cell in typed]))
    (tmp_path / "bare.csv").write_text("cell\n" + "".join(f'"{cell}"\n' for cell in DATES))
    looking_for_dates = "--infilter=CSV:44,34,76,1,,1033,false,true"
    as_shown = "csv:Text - txt - csv (StarCalc):44,34,76,1,,1033,false,true"
    start = [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", looking_for_dates]
    command = [*start, "--convert-to", as_shown, "--outdir", "out", "cells.csv", "bare.csv"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=240)
    cells, bare = (_cells(tmp_path / "out" / name) for name in ("cells.csv", "bare.csv"))

    assert cells == [defused(cell) for cell in typed]
    assert "3/4" not in bare


def _cells(path: Path) -> list[str]:
    rows = csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
    return [row[0] if row else "" for row in rows][1:]
