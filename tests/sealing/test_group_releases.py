"""Groups are shown as of a sealing, seldom, and to everyone the same."""

import csv
import io
import json
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.coordination import rounds
from petition.letters.fields import read_field
from petition.letters.models import Letter
from petition.sealing.group_releases import forget_tables
from petition.sealing.models import GroupRelease, ReleasedGroup
from tests.walks import Campaign

pytestmark = pytest.mark.thorough

FIELDS = (
    read_field("Role", [("Software", None), ("Hardware", None), ("Support", None)]),
    read_field("Site", [("North", 12), ("South", None)]),
)


@pytest.fixture
def letter(campaign: Campaign) -> str:
    """With K = 3, so that 5 or more in a group show."""
    return campaign.a_published_letter(fields=FIELDS)


def groups(campaign: Campaign, letter: str) -> Any:
    return json.loads(campaign.public_files(letter)["counts.json"])["groups"]


def options(campaign: Campaign, letter: str) -> dict[str, dict[str, int]]:
    """Field, option, count, as counts.json has them."""
    return {
        field["field"]: {option["option"]: option["count"] for option in field["options"]}
        for field in groups(campaign, letter)
    }


def test_groups_show_with_a_sealing_rounded_down_and_the_others_together(campaign: Campaign, letter: str) -> None:
    campaign.sign_all(letter, 7, role="software")
    campaign.sign_all(letter, 3, role="hardware")
    campaign.sign_all(letter, 12)
    assert groups(campaign, letter) == []
    campaign.seal(letter)

    assert groups(campaign, letter) == [
        {
            "field": "Role",
            "rounded_down_to": 5,
            "smallest_shown": 3,
            "options": [{"option": "Software", "count": 5}, {"option": "other or not stated", "count": 15}],
        }
    ]


def test_every_place_shows_the_same_numbers(campaign: Campaign, letter: str) -> None:
    campaign.sign_all(letter, 11, role="software")
    campaign.sign_all(letter, 12)
    campaign.seal(letter)
    files = campaign.public_files(letter)
    table = csv.DictReader(io.StringIO(files["counts.csv"].decode()))
    rows = [(row["as_of"], row["field"], row["option"], row["count"]) for row in table]

    assert options(campaign, letter) == {"Role": {"Software": 10, "other or not stated": 10}}
    assert ("2026-11-02T09:00Z", "Role", "Software", "10") in rows
    assert ("2026-11-02T09:00Z", "Role", "other or not stated", "10") in rows
    assert rows[0][1:] == ("total", "", "21")
    assert '<th scope="row"><bdi>Software</bdi></th><td class="number">10</td>' in files["index.html"].decode()


def test_nothing_changes_before_twice_as_many_have_signed(campaign: Campaign, letter: str) -> None:
    tokens = campaign.sign_all(letter, 12, role="software")
    campaign.sign_all(letter, 10)
    campaign.seal(letter)
    before = campaign.rows(ReleasedGroup, letter), options(campaign, letter)
    campaign.sign_all(letter, 3, role="software")  # 3 more are sealed: at least K
    campaign.withdraw(letter, tokens[0])
    campaign.seal(letter)

    assert options(campaign, letter) == before[1]
    assert len(campaign.rows(ReleasedGroup, letter)) == len(before[0])
    campaign.sign_all(letter, 6, role="software")
    campaign.seal(letter)
    assert options(campaign, letter) == before[1]
    campaign.sign_all(letter, 13)
    campaign.seal(letter)
    assert options(campaign, letter)["Role"]["Software"] == 20


def test_a_change_of_appearance_shows_with_the_next_release(campaign: Campaign, letter: str) -> None:
    tokens = campaign.sign_all(letter, 10, role="software")
    campaign.sign_all(letter, 12)
    campaign.seal(letter)
    for token in tokens[:5]:
        campaign.change(letter, token)
    campaign.seal(letter)
    assert options(campaign, letter)["Role"]["Software"] == 10
    campaign.sign_all(letter, 20)
    campaign.seal(letter)

    assert options(campaign, letter)["Role"]["Software"] == 5


def test_an_answer_that_came_alone_waits_for_others_as_its_signature_does(campaign: Campaign, letter: str) -> None:
    """Someone who knows all other answers would read it from the five that it completes."""
    campaign.sign_all(letter, 4, role="hardware")
    campaign.sign_all(letter, 12, role="software")
    campaign.seal(letter)
    campaign.sign_all(letter, 20)
    campaign.sign_all(letter, 1, role="hardware")
    campaign.seal(letter)
    with_one = options(campaign, letter)["Role"]
    campaign.sign_all(letter, 40)
    campaign.sign_all(letter, 2, role="hardware")
    campaign.seal(letter)

    assert with_one == {"Software": 10, "other or not stated": 25}
    assert options(campaign, letter)["Role"] == {"Software": 10, "Hardware": 5, "other or not stated": 60}


def test_no_table_is_renewed_by_signers_who_wait(campaign: Campaign) -> None:
    """With those who wait, more than twice as many as at the last table have signed."""
    letter = campaign.a_published_letter(k=10, fields=FIELDS)
    campaign.sign_all(letter, 15, role="software")
    campaign.seal(letter)
    [before] = campaign.rows(GroupRelease, letter)
    shown = options(campaign, letter)
    campaign.sign_all(letter, 9, role="software")
    campaign.clock.pass_time(days=1)  # type: ignore[attr-defined]
    sealed = campaign.seal(letter)

    assert (sealed.signatures, sealed.entries, sealed.waiting) == (0, 1, 14)
    assert [row.hour for row in campaign.rows(GroupRelease, letter)] == [before.hour]
    assert options(campaign, letter) == shown


def test_a_group_in_which_nearly_all_signed_is_hidden(campaign: Campaign, letter: str) -> None:
    campaign.sign_all(letter, 10, site="north")
    campaign.sign_all(letter, 10, site="south")
    campaign.sign_all(letter, 12)
    campaign.seal(letter)

    assert options(campaign, letter) == {"Site": {"South": 10, "other or not stated": 20}}


def test_signers_whose_names_are_shown_do_not_hide_others(campaign: Campaign, letter: str) -> None:
    campaign.sign_all(letter, 13, role="software")
    campaign.sign_all(letter, 20, role="hardware")
    campaign.sign_all(letter, 20)
    with Session(campaign.databases.petition) as session:
        session.get_one(Letter, letter).names_shown = 9
        session.commit()
    campaign.seal(letter)

    assert options(campaign, letter) == {"Role": {"Hardware": 20, "other or not stated": 30}}


def test_an_annulled_round_takes_the_tables_down(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(fields=FIELDS, rolls=("Workers", "Contractors"))
    campaign.sign_all(letter, 22, number=1, role="software")
    campaign.sign_all(letter, 6, number=2, role="hardware")
    campaign.seal(letter)
    campaign.sign_all(letter, 20, number=2, role="hardware")
    rounds.annul_round(campaign.services, letter, 1, "Flooded.")
    campaign.seal(letter)

    assert "Software" not in str(groups(campaign, letter))


def test_groups_outlive_withdrawals_though_another_round_was_annulled(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(fields=FIELDS)
    campaign.sign_all(letter, 32, role="software")
    campaign.seal(letter)
    campaign.further_round(letter)
    hardware = campaign.sign_all(letter, 42, 2, role="hardware")
    others = campaign.sign_all(letter, 20, 2)
    campaign.seal(letter)
    rounds.annul_round(campaign.services, letter, 1, "Flooded.")
    campaign.seal(letter)
    before = options(campaign, letter)
    for token in (*hardware[:4], *others[:10]):
        campaign.withdraw(letter, token)
    campaign.seal(letter)

    assert (before["Role"]["Hardware"], options(campaign, letter)["Role"]["Hardware"]) == (40, 35)


def test_annulling_a_round_that_no_one_signed_makes_no_new_table(campaign: Campaign, letter: str) -> None:
    """Otherwise organizers could have one each time that K more have signed."""
    campaign.sign_all(letter, 12, role="software")
    campaign.sign_all(letter, 10, role="hardware")
    campaign.seal(letter)
    before = options(campaign, letter)
    campaign.further_round(letter)
    rounds.annul_round(campaign.services, letter, 2, "Lost.")
    campaign.sign_all(letter, 10, role="software")
    campaign.seal(letter)

    assert (options(campaign, letter), len(before)) == (before, 1)


def test_tables_that_were_taken_down_come_back_with_k_more(campaign: Campaign, letter: str) -> None:
    campaign.sign_all(letter, 12, role="software")
    campaign.sign_all(letter, 10)
    campaign.seal(letter)
    with Session(campaign.databases.petition) as session:
        forget_tables(session, letter)
        session.commit()
    campaign.sign_all(letter, 5)
    campaign.seal(letter)

    assert options(campaign, letter)["Role"]["Software"] == 10


def test_what_a_release_left_is_numbers_of_groups_and_one_hour(campaign: Campaign, letter: str) -> None:
    assert {column.key for column in ReleasedGroup.__table__.columns} == {
        "letter_id", "field", "option", "number", "is_shown",
    }  # fmt: skip
    assert {column.key for column in GroupRelease.__table__.columns} == {"letter_id", "hour", "unnamed"}


def test_a_letter_without_fields_has_no_groups(campaign: Campaign) -> None:
    letter = campaign.a_published_letter()
    campaign.sign_all(letter, 8)
    campaign.seal(letter)

    assert (groups(campaign, letter), campaign.rows(GroupRelease, letter)) == ([], [])
