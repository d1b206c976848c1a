"""``petition report``, ``petition letter takedown``, ``petition organizer remove``."""

import json

from petition import create_app
from petition.config import settings
from tests.cli.conftest import SITE, Shell
from tests.visitors import Visitor


def told(shell: Shell, address: str, text: str) -> int:
    """A visitor reports a letter on the site's page; the answer's status."""
    app = create_app(settings(shell.environ))
    visitor = Visitor(app)
    page = visitor.press(visitor.open(f"{address}report"), "Send the report", text=text)
    app.extensions["petition"].databases.dispose()
    return page.status


def test_the_host_reads_reports_takes_a_letter_down_and_deletes_them(shell: Shell) -> None:
    address = shell.a_letter("harmful").removeprefix(SITE)
    shell("letter", "publish", "harmful")
    status = told(shell, address, "It names\na neighbor.")
    (found,) = json.loads(shell("report", "list", "--json").stdout)
    listed = shell("report", "list", "harmful").stdout
    down = shell("letter", "takedown", "harmful", "--reason", "It names a neighbor.")
    shell("report", "remove", found["report"])

    assert status == 200
    assert (found["letter"], found["text"], found["hour"][13:]) == ("harmful", "It names\na neighbor.", ":00Z")
    assert listed.endswith("    It names\n    a neighbor.\n")
    assert down.exit_code == 0
    assert shell("report", "list").stderr == "No reports.\n"


def test_a_takedown_needs_a_reason(shell: Shell) -> None:
    assert shell("letter", "takedown", "harmful").exit_code == 2


def test_a_report_that_is_not_there_cannot_be_removed(shell: Shell) -> None:
    result = shell("report", "remove", "0" * 16)

    assert result.exit_code == 1
    assert "petition report list" in result.stderr


def test_removing_forgets_an_organizer_who_works_on_nothing(shell: Shell) -> None:
    shell("organizer", "add", "Gone")
    first, second = shell("organizer", "remove", "Gone"), shell("organizer", "remove", "Gone")

    assert (first.exit_code, second.exit_code) == (0, 1)
    assert "Gone" not in shell("organizer", "list").stdout
