"""What translate-toolkit finds in the catalogs. It is installed apart: nothing else here needs it."""

import subprocess
import sys
from pathlib import Path

import pytest

from petition.i18n import CATALOGS

pytestmark = pytest.mark.long

CHECKS = (
    "printf", "pythonbraceformat", "xmltags", "newlines", "tabs", "escapes", "doublespacing", "startwhitespace",
    "endwhitespace", "long", "numbers", "blank",
)  # fmt: skip
"""Those that never find fault with a good translation. ``long`` is for one that says much more than the English."""


@pytest.fixture(scope="module")
def pofilter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, in an environment of its own."""
    folder = tmp_path_factory.mktemp("toolkit")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin/python", "-m", "pip", "install", "--quiet", "translate-toolkit"], check=True)
    return folder / "bin/pofilter"


def found_in(pofilter: Path, catalog: Path, out: Path) -> list[str]:
    """What the checks say of a catalog."""
    checks = [word for check in CHECKS for word in ("-t", check)]
    language = f"--language={catalog.stem.replace('-', '_')}"
    subprocess.run([pofilter, language, *checks, catalog, out], check=True, capture_output=True)
    return [line for line in out.read_text("utf-8").splitlines() if "(pofilter)" in line] if out.exists() else []


@pytest.mark.parametrize("language", sorted(path.stem for path in CATALOGS.glob("*.po")))
def test_the_checks_find_nothing_in_a_shipped_catalog(pofilter: Path, language: str, tmp_path: Path) -> None:
    assert found_in(pofilter, CATALOGS / f"{language}.po", tmp_path / "found.po") == []


def test_the_checks_find_what_is_wrong(pofilter: Path, tmp_path: Path) -> None:
    catalog = tmp_path / "es.po"
    lost = 'msgid "%(count)s people signed."\nmsgstr "Firmaron personas."'
    wordy = f'msgid "Sign this letter."\nmsgstr "{"Firma esta carta ahora mismo. " * 12}"'
    catalog.write_text(f'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n{lost}\n\n{wordy}\n', "utf-8")
    found = " ".join(found_in(pofilter, catalog, tmp_path / "found.po"))

    assert "printf" in found and "long" in found
