"""LibreOffice opens the real files: the same figures, no formula run, no question asked."""

import csv
import io
import subprocess
from pathlib import Path

import pytest

from petition.publishing.public_files import FROM_FIGURES
from tests.publishing.sample_figures import GROUPS, LONG, some_figures
from tests.walks import WORDS, LetterText

pytestmark = pytest.mark.long
HARD = LetterText("=1+1", "@SUM(A1)", "Example, \"Corp\"; 'x'", "Dear all,\n\nstop.", ("Stop.",))


def as_read(office: str, folder: Path, name: str, words: LetterText, sheet: int = 1) -> list[list[str]]:
    """A file's cells as LibreOffice shows them."""
    (folder / name).write_bytes(FROM_FIGURES[name][0](some_figures(612, words=words, groups=GROUPS)))
    profile = f"-env:UserInstallation=file://{folder}/profile"
    reads = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false," + str(sheet)
    options = ["--infilter=CSV:44,34,76,1"] if name.endswith(".csv") else []
    command = [office, profile, "--headless", *options, "--convert-to", reads, "--outdir", str(folder / "out"), name]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=240)
    [made] = (folder / "out").glob("*.csv")
    return list(csv.reader(io.StringIO(made.read_bytes().decode(), newline="")))


@pytest.mark.parametrize("words", [WORDS, HARD], ids=["plain", "formulas"])
@pytest.mark.parametrize("name", ["counts.csv", "counts.xlsx"])
def test_the_counts_are_read_as_they_were_written(office: str, tmp_path: Path, name: str, words: LetterText) -> None:
    header, *rows = as_read(office, tmp_path, name, words)
    cells = {column: [row[place] for row in rows] for place, column in enumerate(header)}

    assert cells["letter"][0].removeprefix("'") == words.title
    assert (cells["field"][0], cells["option"][0]) == ("total", "")
    assert cells["count"] == ["612", "612", "310", "300", "40", "20", "15", "10", "600"]
    assert LONG * 2 in cells["option"]
    assert not [cell for row in rows for cell in row if cell.startswith("#") or "Err:" in cell]


def test_the_workbook_s_hours_are_moments(office: str, tmp_path: Path) -> None:
    rows = as_read(office, tmp_path, "counts.xlsx", WORDS, sheet=3)

    assert rows[0] == ["sealed_at", "signatures", "withdrawals", "count", "size"]
    assert rows[1][0] == "2026-11-02 09:00:00"
    assert rows[-1][1:] == ["612", "0", "612", "615"]
    assert len(rows) == 21
