"""The calendar file, by the rules of RFC 5545."""

from datetime import timedelta

import pytest

from petition.publishing.documents.calendar import MOST_OCTETS, reminder
from tests.conftest import START


@pytest.mark.parametrize("summary", ["Come back", "Vuelve; por favor, sí" * 20, "回来" * 60, "a\nb\\c"])
def test_lines_are_short_and_unfold_to_what_was_meant(summary):
    made = reminder(START, summary)
    lines = made.split(b"\r\n")
    unfolded = made.decode().replace("\r\n ", "")
    escaped = summary.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")

    assert max(map(len, lines)) <= MOST_OCTETS
    assert f"SUMMARY:{escaped}\r\n" in unfolded
    assert [line.decode() for line in lines]  # no character is broken


def test_the_same_hour_gives_the_same_file_and_another_hour_another_name():
    assert reminder(START, "x") == reminder(START, "x")
    assert (
        reminder(START, "x").split(b"UID:")[1][:32] != reminder(START + timedelta(hours=1), "x").split(b"UID:")[1][:32]
    )
