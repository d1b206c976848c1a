"""What a signer lets be shown: chosen with the signature, kept apart from it, gone with it."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petition.coordination import closing, rounds
from petition.crypto.encodings import b64url
from petition.crypto.receipts import opening
from petition.crypto.tokens import Token
from petition.errors import BadShape, Conflict, Forbidden, Over
from petition.letters.fields import read_field
from petition.letters.models import Letter
from petition.signing.appearances import ANSWER_TABLES, NAME_TABLES, TABLES, Appearance, Shown, read_appearance
from petition.signing.models import Answer, ArrivedAnswer, ArrivedName, LockedName, Pending, Withdrawal
from petition.signing.signatures import sign
from tests.walks import Campaign, appearing

ENOUGH = 5
"""K + H for K = 3."""
FIELDS = (
    read_field("Role", [("Software", None), ("Hardware", None)]),
    read_field("Site", [("North", None), ("South", None)]),
)
LOCKED = bytes(range(256)) + bytes(128)
A, W_HASH = bytes(range(32)), bytes(32)
WITH_RECEIPT = {"a": b64url(A), "w_hash": W_HASH.hex()}
SOFTWARE = {"field": "role", "option": "software"}


@pytest.fixture
def letter(campaign: Campaign) -> str:
    return campaign.an_open_letter(fields=FIELDS)


def offering_names(campaign: Campaign, *steps: str) -> str:
    return campaign.an_open_letter(fields=FIELDS, names=steps)


def stored(campaign: Campaign, letter: str) -> list[Any]:
    """Every row of an answer or a name, but for blanks that the next sealing deletes."""
    return [row for row in rows(campaign, letter) if word(row).strip()]


def rows(campaign: Campaign, letter: str) -> list[Any]:
    return [row for table in TABLES for row in campaign.rows(table, letter)]


def word(row: Any) -> str:
    """What a row says: the option, or the step of a locked name."""
    return str(row.step if hasattr(row, "step") else row.option)


def shown(campaign: Campaign, letter: str, token: Token) -> Shown:
    return campaign.look_up(letter, token).shown


# Shape


def test_each_step_is_read() -> None:
    grouped = {"step": "grouped", "groups": [SOFTWARE], **WITH_RECEIPT}
    named = {"step": "named", "groups": [SOFTWARE], "locked_name": b64url(LOCKED), **WITH_RECEIPT}
    at = {"step": "named_at", "at": 200, "locked_name": b64url(LOCKED), **WITH_RECEIPT}
    groups = (("role", "software"),)

    assert read_appearance({"step": "counted"}) == Appearance()
    assert read_appearance(grouped) == Appearance("grouped", None, groups, None, A, W_HASH)
    assert read_appearance(named) == Appearance("named", None, groups, LOCKED, A, W_HASH)
    assert read_appearance(at) == Appearance("named_at", 200, (), LOCKED, A, W_HASH)
    assert [read_appearance(value).name_step for value in (grouped, named, at)] == [None, "named", "named_at:200"]


GROUPED = {"step": "grouped", "groups": [], **WITH_RECEIPT}
NAMED = {"step": "named", "locked_name": b64url(LOCKED), **WITH_RECEIPT}
WRONG: list[Any] = [
    None, [], "counted", {}, {"step": None}, {"step": "hidden"}, {"step": ["counted"]},
    {"step": "counted", "a": "x"}, {"step": "counted", **WITH_RECEIPT}, {"step": "grouped", **WITH_RECEIPT},
    {**GROUPED, "groups": {}}, {**GROUPED, "groups": [SOFTWARE, SOFTWARE]}, {**GROUPED, "groups": ["role"]},
    {**GROUPED, "groups": [{"field": "role"}]}, {**GROUPED, "groups": [{**SOFTWARE, "more": 1}]},
    {**GROUPED, "groups": [{"field": "role", "option": 1}]}, {**GROUPED, "groups": [{**SOFTWARE, "option": "\0é"}]},
    {**GROUPED, "groups": [{"field": str(number), "option": "x"} for number in range(4)]},
    {**GROUPED, "locked_name": b64url(LOCKED)}, {**GROUPED, "at": 5}, {**GROUPED, "a": b64url(A[1:])},
    {**GROUPED, "w_hash": "AA" * 32}, {**GROUPED, "w_hash": 5}, {**GROUPED, "w_hash": "é" * 64},
    {"step": "grouped", "groups": []}, {**NAMED, "locked_name": b64url(LOCKED[1:])}, {**NAMED, "at": 5},
    {**NAMED, "step": "named_at"}, {**NAMED, "step": "named_at", "at": True}, {**NAMED, "step": "named_at", "at": 0},
    {**NAMED, "step": "named_at", "at": "5"}, {**NAMED, "name": "Ana"},
]  # fmt: skip


@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_any_other_shape_is_refused(value: object) -> None:
    with pytest.raises(BadShape):
        read_appearance(value)


# Choosing


def test_answers_are_kept_under_keys_of_their_own_and_hold_nothing_of_the_signature(
    campaign: Campaign, letter: str
) -> None:
    token = campaign.tokens(letter, 1)[0]
    campaign.sign(letter, token, role="software", site="north")
    opened, rows = opening(token.receipt), campaign.rows(ArrivedAnswer, letter)

    assert {(row.key, row.round, row.field, row.option) for row in rows} == {
        (opened.group_key("role"), 1, "role", "software"),
        (opened.group_key("site"), 1, "site", "north"),
    }
    assert {column.key for column in Answer.__table__.columns} == {"letter_id", "key", "round", "field", "option"}
    assert {column.key for column in LockedName.__table__.columns} == {"letter_id", "key", "round", "step", "locked"}
    for arrived, settled in (ANSWER_TABLES, NAME_TABLES):
        assert arrived.__table__.c.keys() == settled.__table__.c.keys()
    assert {column.key for column in Pending.__table__.columns} == {
        "letter_id", "commit", "round", "message", "signature",
    }  # fmt: skip


def test_a_locked_name_is_kept_as_it_was_sent(campaign: Campaign) -> None:
    letter = offering_names(campaign, "named_at:50")
    token = campaign.tokens(letter, 1)[0]
    campaign.sign(letter, token, name=LOCKED, at=50)
    row = campaign.rows(ArrivedName, letter)[0]

    assert (row.key, row.round, row.step, row.locked) == (opening(token.receipt).name_key(), 1, "named_at:50", LOCKED)
    assert shown(campaign, letter, token) == Shown((), "named_at:50")


@pytest.mark.parametrize(
    ("how", "refusal"),
    [
        ({"role": "cook"}, BadShape),
        ({"level": "software"}, BadShape),
        ({"name": LOCKED}, Conflict),
        ({"name": LOCKED, "at": 60}, Conflict),
    ],
)
def test_what_the_letter_does_not_offer_is_refused_and_the_token_stays_good(
    campaign: Campaign, how: dict[str, Any], refusal: type[Exception]
) -> None:
    letter = offering_names(campaign, "named_at:50")
    token = campaign.tokens(letter, 1)[0]

    with pytest.raises(refusal):
        campaign.sign(letter, token, **how)
    assert stored(campaign, letter) == []
    assert campaign.sign(letter, token).sealed is False


def test_a_letter_without_fields_offers_no_groups(campaign: Campaign) -> None:
    letter = campaign.an_open_letter()
    token = campaign.tokens(letter, 1)[0]

    with pytest.raises(Conflict):
        campaign.sign(letter, token, role="software")


def test_another_receipt_cannot_choose_for_a_token(campaign: Campaign, letter: str, session: Session) -> None:
    token, other = campaign.tokens(letter, 2)
    found = session.get_one(Letter, letter)

    with pytest.raises(Forbidden):
        sign(session, found, token.message, token.signature, appearing(other, role="software"), moment=campaign.clock())


def test_a_repeated_request_inserts_nothing_and_gets_the_same_answer(campaign: Campaign, letter: str) -> None:
    tokens = campaign.sign_all(letter, ENOUGH, role="software", site="north")
    before = {table: len(campaign.rows(table, letter)) for table in TABLES}
    assert {campaign.sign(letter, token, role="software", site="north").sealed for token in tokens} == {False}
    assert {table: len(campaign.rows(table, letter)) for table in TABLES} == before
    campaign.seal(letter)
    again = [campaign.sign(letter, token, role="software", site="north").sealed for token in tokens]

    assert sorted(again) == [False, False, True, True, True]
    assert len(stored(campaign, letter)) == 2 * ENOUGH


def test_a_repeated_request_is_compared_only_with_what_it_brings(campaign: Campaign, letter: str) -> None:
    token = campaign.sign_all(letter, 1, role="software", site="north")[0]

    for how in ({}, {"role": "software"}, {"site": "north"}):
        assert campaign.sign(letter, token, **how).sealed is False
    with pytest.raises(Conflict, match="receipt"):
        campaign.sign(letter, token, role="hardware")
    assert shown(campaign, letter, token) == Shown((("role", "software"), ("site", "north")))


def test_a_signer_without_groups_is_asked_to_change_by_receipt(campaign: Campaign, letter: str) -> None:
    token = campaign.sign_all(letter, 1)[0]

    with pytest.raises(Conflict, match="receipt"):
        campaign.sign(letter, token, role="software")
    assert stored(campaign, letter) == []


# Settling


def test_answers_settle_when_k_of_their_field_arrived(campaign: Campaign, letter: str) -> None:
    campaign.sign_all(letter, 3, role="software", site="north")
    campaign.sign_all(letter, 2, site="south")
    campaign.seal(letter)
    campaign.sign_all(letter, 2, role="hardware")
    campaign.seal(letter)

    assert sorted((row.field, row.option) for row in campaign.rows(Answer, letter)) == [
        *[("role", "software")] * 3, *[("site", "north")] * 3, *[("site", "south")] * 2,
    ]  # fmt: skip
    assert [row.option for row in campaign.rows(ArrivedAnswer, letter)] == ["hardware"] * 2


def test_names_of_each_step_settle_by_themselves(campaign: Campaign) -> None:
    """Those of a step that shows at once leave for the list, and would leave the others alone."""
    letter = offering_names(campaign, "named", "named_at:50")
    campaign.sign_all(letter, 2, name=LOCKED)
    campaign.sign_all(letter, 1, name=LOCKED, at=50)
    campaign.seal(letter)
    assert campaign.rows(LockedName, letter) == []
    campaign.sign_all(letter, 1, name=LOCKED)
    campaign.seal(letter)

    assert [row.step for row in campaign.rows(LockedName, letter)] == ["named"] * 3


def test_a_closed_letter_keeps_all_answers(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(fields=FIELDS)
    campaign.sign_all(letter, 3, role="software")
    campaign.close_letter(letter)

    assert len(campaign.rows(Answer, letter)) == 3
    assert campaign.rows(ArrivedAnswer, letter) == []


# Taking back


@pytest.mark.parametrize("is_sealed", [False, True], ids=["waiting", "sealed"])
def test_everything_goes_with_a_withdrawal(campaign: Campaign, is_sealed: bool) -> None:
    letter = offering_names(campaign, "named")
    tokens = campaign.sign_all(letter, ENOUGH, role="software", site="south", name=LOCKED)
    if is_sealed:
        campaign.seal(letter)
    for token in tokens:
        campaign.withdraw(letter, token)

    assert stored(campaign, letter) == []
    assert len(campaign.rows(Withdrawal, letter)) == (3 if is_sealed else 0)
    campaign.seal(letter)
    assert rows(campaign, letter) == []


def test_what_settled_and_is_taken_back_is_blank_at_once_where_it_lies(campaign: Campaign) -> None:
    """A row that left its page by itself, or changed its length, would leave a trace of which left first."""
    letter = offering_names(campaign, "named")
    tokens = campaign.sign_all(letter, ENOUGH, role="software", site="south", name=LOCKED)
    campaign.seal(letter)
    settled = lengths(campaign, letter)
    for token in tokens:
        campaign.withdraw(letter, token)

    assert lengths(campaign, letter) == settled
    assert {word(row) for table in (Answer, LockedName) for row in campaign.rows(table, letter)} == {""}
    assert {row.locked for row in campaign.rows(LockedName, letter)} == {bytes(len(LOCKED))}


def test_a_blank_does_not_show_by_its_length_what_it_was(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(fields=FIELDS, names=("named", "named_at:50"))
    for token in campaign.tokens(letter, ENOUGH):
        campaign.sign(letter, token, role="software", site="south", name=LOCKED)
    for token in campaign.tokens(letter, ENOUGH):
        campaign.sign(letter, token, role="hardware", site="north", name=LOCKED, at=50)
    campaign.seal(letter)

    assert sorted(set(lengths(campaign, letter).values())) == [24, 40]
    assert {word(row) for table in (Answer, LockedName) for row in campaign.rows(table, letter)} >= {
        "south",
        "software",
    }


def lengths(campaign: Campaign, letter: str) -> dict[bytes, int]:
    """How many characters each word takes in the database, by the row's key."""
    with Session(campaign.databases.reading) as session:
        found = [
            session.execute(select(table.key, func.length(column)).where(table.letter_id == letter)).all()
            for table, column in ((Answer, Answer.option), (LockedName, LockedName.step))
        ]
    return {bytes(key): length for rows_ in found for key, length in rows_}


def test_what_only_arrived_and_is_taken_back_is_gone_at_once(campaign: Campaign) -> None:
    letter = offering_names(campaign, "named")
    tokens = campaign.sign_all(letter, 2, role="software", site="south", name=LOCKED)
    campaign.seal(letter)
    for token in tokens:
        campaign.withdraw(letter, token)

    assert rows(campaign, letter) == []


def test_other_peoples_answers_stay(campaign: Campaign, letter: str) -> None:
    tokens = campaign.sign_all(letter, 2, role="software")
    campaign.withdraw(letter, tokens[0])

    assert [row.key for row in stored(campaign, letter)] == [opening(tokens[1].receipt).group_key("role")]


def test_an_annulled_round_takes_its_rows_along(campaign: Campaign) -> None:
    letter = campaign.an_open_letter(fields=FIELDS, rolls=("Workers", "Contractors"))
    campaign.sign_all(letter, ENOUGH, number=1, role="software")
    campaign.seal(letter)
    campaign.sign_all(letter, 2, number=1, role="software")
    campaign.sign_all(letter, 2, number=2, role="hardware")
    rounds.annul_round(campaign.services, letter, 1, "Flooded.")

    assert {(row.round, row.option) for row in stored(campaign, letter)} == {(2, "hardware")}


def test_a_withdrawn_letter_keeps_no_row(campaign: Campaign) -> None:
    letter = offering_names(campaign, "named")
    campaign.sign_all(letter, ENOUGH, role="software", name=LOCKED)
    campaign.seal(letter)
    campaign.sign_all(letter, 1, role="software", name=LOCKED)
    closing.withdraw_letter(campaign.services, letter, "Never mind.")

    assert stored(campaign, letter) == []


def test_a_withdrawn_signature_cannot_be_given_again_with_groups(campaign: Campaign, letter: str) -> None:
    token = campaign.sign_all(letter, 1, role="software")[0]
    campaign.withdraw(letter, token)

    with pytest.raises(Over):
        campaign.sign(letter, token, role="software")
    assert stored(campaign, letter) == []


def test_a_receipt_is_shown_everything_that_it_leads_to(campaign: Campaign) -> None:
    letter = offering_names(campaign, "named")
    token = campaign.sign_all(letter, 1, role="software", name=LOCKED)[0]
    other = campaign.sign_all(letter, 1)[0]

    assert shown(campaign, letter, token) == Shown((("role", "software"),), "named")
    assert shown(campaign, letter, other) == Shown()
    assert [shown(campaign, letter, one).step for one in (token, other)] == ["named", "counted"]
