"""Links and dates of sources as people write them."""

import pytest

from petition.letters.text.letter_text import read_source
from petition.letters.text.typed_sources import as_address, as_date


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("July 2026", "2026-07"),
        ("jul 2026", "2026-07"),
        ("June 21, 2018", "2018-06-21"),
        ("21 June 2018", "2018-06-21"),
        ("the 3rd of May 2020", "2020-05-03"),
        ("21 de junio de 2018", "2018-06-21"),
        ("Sept. 2020", "2020-09"),
        ("2018-06-21", "2018-06-21"),
        ("2018", "2018"),
        ("", ""),
        ("6/7/2018", "6/7/2018"),
        ("June or July 2018", "June or July 2018"),
        ("June 40, 2018", "June 40, 2018"),
        ("June 21", "June 21"),
    ],
)
def test_dates_are_read_as_people_write_them_and_never_guessed(typed: str, kept: str) -> None:
    assert as_date(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("example.org", "https://example.org"),
        ("www.example.org/a?b=c", "https://www.example.org/a?b=c"),
        ("bücher.example/x", "https://bücher.example/x"),
        ("http://example.org", "http://example.org"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("a report of 2018", "a report of 2018"),
        ("localhost", "localhost"),
        ("", ""),
    ],
)
def test_a_site_needs_no_https_in_front(typed: str, kept: str) -> None:
    assert as_address(typed) == kept


def test_a_source_keeps_what_was_read() -> None:
    source = read_source("Heat at work", "example.org/heat", "July 2026")

    assert (source.url, source.date) == ("https://example.org/heat", "2026-07")
    assert read_source(source.title, source.url, source.date) == source
