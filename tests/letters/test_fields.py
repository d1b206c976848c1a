"""Fields and groups: what organizers may ask, until the letter is open."""

import pytest
from sqlalchemy.orm import Session

from petition.coordination import opening
from petition.errors import BadShape, Conflict, TooLong
from petition.letters.drafting.drafts import delete_draft
from petition.letters.fields import FieldOfLetter, Group, fields_of, read_field, set_fields
from petition.letters.models import Field, Letter, Option
from tests.walks import Campaign

ROLE = read_field("Role", [("Software", 300), ("Hardware", None)])


def test_ids_are_made_from_labels_each_its_own() -> None:
    read = read_field("Área de trabajo", [("Ops & Dev", None), ("ops, dev!", None), ("设计", None), ("支持", 7)])

    assert read.id == "area-de-trabajo"
    assert [(group.id, group.headcount) for group in read.options] == [
        ("ops-dev", None), ("ops-dev-2", None), ("group", None), ("group-2", 7),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "options"),
    [
        ("", [("A", None), ("B", None)]),
        ("Role", []),
        ("Role", [("A", None)]),
        ("Role", [("A", None), ("  ", None)]),
        ("Role", [("A", None), ("\u2060", None)]),
        ("Role", [("A", None), ("a", None)]),
        ("Role", [(str(number), None) for number in range(41)]),
        ("Role", [("A", 0), ("B", None)]),
        ("Role", [("A", 10**8), ("B", None)]),
        ("Ro\u202ele", [("A", None), ("B", None)]),
    ],
)
def test_a_field_that_makes_no_sense_is_refused(label: str, options: list[tuple[str, int | None]]) -> None:
    with pytest.raises(BadShape):
        read_field(label, options)


@pytest.mark.parametrize("label", ["roll", " Roll ", "ROLL", "total", "Total"])
def test_a_label_that_the_published_tables_use_is_refused(label: str) -> None:
    with pytest.raises(BadShape, match="Choose another label"):
        read_field(label, [("Workers", None), ("Contractors", None)])


def test_labels_have_a_length() -> None:
    with pytest.raises(TooLong):
        read_field("R" * 81, [("A", None), ("B", None)])


def test_fields_are_kept_in_their_order_and_replaced_whole(campaign: Campaign, session: Session) -> None:
    letter = session.get_one(Letter, campaign.a_draft())
    site = read_field("Site", [("North", None), ("South", 12)])
    set_fields(session, letter, [site, ROLE])
    assert fields_of(session, letter.id) == (site, ROLE)
    set_fields(session, letter, [ROLE])

    assert fields_of(session, letter.id) == (ROLE,)


def test_two_labels_that_read_alike_get_ids_of_their_own(campaign: Campaign, session: Session) -> None:
    letter = session.get_one(Letter, campaign.a_draft())
    set_fields(session, letter, [read_field(label, [("A", None), ("B", None)]) for label in ("Role", "Role!")])

    assert [field.id for field in fields_of(session, letter.id)] == ["role", "role-2"]


@pytest.mark.parametrize("labels", [["Role", "role"], ["A", "B", "C", "D"]])
def test_at_most_three_fields_each_with_a_label_of_its_own(
    campaign: Campaign, session: Session, labels: list[str]
) -> None:
    letter = session.get_one(Letter, campaign.a_draft())

    with pytest.raises(BadShape):
        set_fields(session, letter, [FieldOfLetter("x", label, (Group("a", "A"), Group("b", "B"))) for label in labels])


def test_fields_are_frozen_when_the_letter_opens(campaign: Campaign, session: Session) -> None:
    letter = session.get_one(Letter, campaign.an_open_letter(fields=(ROLE,)))
    set_fields(session, letter, [ROLE])

    with pytest.raises(Conflict):
        set_fields(session, letter, [])


def test_fields_go_with_their_draft(campaign: Campaign, session: Session) -> None:
    letter = campaign.a_draft(fields=(ROLE,))
    delete_draft(session, session.get_one(Letter, letter))
    session.commit()

    assert campaign.rows(Field, letter) == campaign.rows(Option, letter) == []


def test_a_letter_with_fields_opens_as_any_other(campaign: Campaign) -> None:
    letter = campaign.a_draft(fields=(ROLE,))
    opening.open_letter(campaign.services, letter, moment=campaign.clock())

    assert campaign.types(letter) == ["letter", "round"]
