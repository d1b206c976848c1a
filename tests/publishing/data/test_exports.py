"""The figures as files: exactly these members, these columns, these bytes."""

import csv
import hashlib
import io
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petition.coordination import rounds
from petition.crypto.blind_rsa import PrivateKey
from petition.errors import NotFound
from petition.publishing.data.exports import counts_csv, defused, history_csv, table
from petition.sealing.round_entries import rounded
from tests.conftest import Clock
from tests.shared import Shared
from tests.walks import WORDS, Campaign

pytestmark = pytest.mark.thorough

URL = "https://letters.example.org"


def counts_of(campaign: Campaign, letter: str) -> dict[str, Any]:
    return dict(json.loads(campaign.public_files(letter)["counts.json"]))


def a_letter_with_a_history(campaign: Campaign) -> str:
    """Five signed, three are sealed, one of them took it back; two rolls."""
    made = campaign.a_published_letter(k=3, rolls=("Workers", "Contractors"), threshold=None)
    tokens = campaign.sign_all(made, 5)
    campaign.codes(made, 4, number=2)
    campaign.seal(made)
    campaign.clock.pass_time(hours=1, minutes=20)  # type: ignore[attr-defined]
    campaign.withdraw(made, next(token for token in tokens if campaign.look_up(made, token).state == "sealed"))
    campaign.seal(made)
    return made


@pytest.fixture(scope="module")
def letter(shared: Shared, keys: list[PrivateKey]) -> str:
    """One for all tests that only read."""
    left = iter(keys)
    campaign = Campaign(shared.campaign.settings, Clock(), lambda: next(left))
    made = a_letter_with_a_history(campaign)
    campaign.close()
    return made


def test_counts_json_has_exactly_the_members_of_the_interface(campaign: Campaign, letter: str) -> None:
    found = campaign.figures(letter)

    assert counts_of(campaign, letter) == {
        "letter": {
            "title": WORDS.title,
            "url": f"{URL}/letters/{found.slug}/",
            "recipient": WORDS.recipient,
            "employer": WORDS.employer,
            "text_sha256": found.text_sha256,
            "published": "2026-11-02",
        },
        "count": 2,
        "as_of": "2026-11-02T10:00Z",
        "signatures": 3,
        "withdrawals": 1,
        "rolls": [
            {"id": "workers", "roll": "Workers", "count": 2},
            {"id": "workers-2", "roll": "Contractors", "count": 0},
        ],
        "names_shown": 0,
        "threshold": None,
        "closes": None,
        "state": "published",
        "groups": [],
        "verification": {
            "routes": ["code"],
            "codes_made": 9,
            "issued": None,
            "log": {
                "size": len(campaign.entries(letter)),
                "root": found.log_root.hex(),
                "checkpoint": f"{URL}/letters/{found.slug}/log/checkpoint",
            },
        },
    }


def test_the_members_stand_in_the_interfaces_order(campaign: Campaign, letter: str) -> None:
    found = counts_of(campaign, letter)

    assert list(found) == (
        [
            "letter",
            "count",
            "as_of",
            "signatures",
            "withdrawals",
            "rolls",
            "names_shown",
            "threshold",
            "closes",
            "state",
            "groups",
            "verification",
        ]
    )
    assert list(found["verification"]) == ["routes", "codes_made", "issued", "log"]


def test_a_closed_letter_says_when_and_how_many_tokens_were_issued(campaign: Campaign) -> None:
    letter = a_letter_with_a_history(campaign)
    campaign.close_letter(letter)
    found = counts_of(campaign, letter)

    assert (found["state"], found["closes"]) == ("closed", "2026-11-03T11:00Z")
    assert found["verification"]["issued"] == 5
    assert (found["count"], found["signatures"], found["withdrawals"]) == (4, 5, 1)


def test_nothing_that_waits_is_in_any_figure(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(k=3)
    campaign.sign_all(letter, 5)
    found = counts_of(campaign, letter)

    assert (found["count"], found["verification"]["codes_made"], found["as_of"]) == (0, 0, "2026-11-02T09:00Z")


def test_history_csv_has_a_row_for_each_hour_that_changed_a_number(campaign: Campaign, letter: str) -> None:
    assert campaign.public_files(letter)["history.csv"] == (
        b"sealed_at,signatures,withdrawals,count,size\r\n2026-11-02T09:00Z,3,0,3,8\r\n2026-11-02T10:00Z,3,1,2,9\r\n"
    )


def test_counts_csv_begins_with_the_total(campaign: Campaign, letter: str) -> None:
    assert campaign.public_files(letter)["counts.csv"] == (
        b"letter,as_of,field,option,count\r\n"
        b"We refuse to build it,2026-11-02T10:00Z,total,,2\r\n"
        b"We refuse to build it,2026-11-02T10:00Z,roll,Workers,2\r\n"
        b"We refuse to build it,2026-11-02T10:00Z,roll,Contractors,0\r\n"
    )


def test_letter_md_is_the_text_that_is_signed(campaign: Campaign, letter: str) -> None:
    served = campaign.public_files(letter)["letter.md"]
    assert hashlib.sha256(served).hexdigest() == campaign.entries(letter)[0]["text_sha256"]


def test_a_title_or_a_roll_that_is_a_formula_is_defused_in_its_cell(campaign: Campaign) -> None:
    words = replace(WORDS, title='=HYPERLINK("https://x.example","a")')
    letter = campaign.a_published_letter(words=words, rolls=("@workers", "+contractors, all"))
    found = campaign.figures(letter)

    rows = list(csv.reader(io.StringIO(counts_csv(found).decode(), newline="")))
    assert {row[0] for row in rows[1:]} == {"'" + words.title}
    assert [row[3] for row in rows[1:]] == ["", "'@workers", "'+contractors, all"]
    assert counts_of(campaign, letter)["letter"]["title"] == words.title


CELLS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=8)


@given(st.lists(st.tuples(CELLS, CELLS, st.integers()), max_size=5))
def test_a_table_is_read_back_as_it_was_written_and_no_cell_of_text_begins_a_formula(
    rows: list[tuple[str, str, int]],
) -> None:
    written = table(("a", "b", "c"), rows)
    read = list(csv.reader(io.StringIO(written.decode(), newline="")))

    assert read[1:] == [[str(defused(a)), str(defused(b)), str(c)] for a, b, c in rows]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in read for cell in row[:2])
    assert written.endswith(b"\r\n")


def test_history_has_its_header_even_before_anything_happened(campaign: Campaign) -> None:
    assert (
        history_csv(campaign.figures(campaign.a_published_letter()))
        == b"sealed_at,signatures,withdrawals,count,size\r\n"
    )


@pytest.mark.parametrize(
    ("number", "shown"), [(0, 0), (9, 0), (10, 10), (14, 10), (15, 15), (19, 15), (20, 20), (1234, 1230)]
)
def test_what_only_organizers_see_is_rounded_down_to_fives_and_nothing_under_k(number: int, shown: int) -> None:
    assert rounded(number, k=10) == shown


def test_an_annulled_round_leaves_the_count_of_its_roll(campaign: Campaign) -> None:
    letter = a_letter_with_a_history(campaign)
    rounds.annul_round(campaign.services, letter, 1, "Flooded.")
    before = counts_of(campaign, letter)
    campaign.seal(letter)
    after = counts_of(campaign, letter)

    assert (before["count"], after["count"]) == (2, 0)
    assert (after["signatures"], after["withdrawals"], after["rolls"][0]["count"]) == (0, 0, 0)
    assert after["verification"]["codes_made"] == 9


def test_a_draft_has_no_figures(campaign: Campaign) -> None:
    with pytest.raises(NotFound):
        campaign.figures(campaign.a_draft())
