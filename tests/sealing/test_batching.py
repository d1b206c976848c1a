"""What settled keeps no order once the letter is closed, however few came last."""

from pathlib import Path

import pytest

from petition.coordination import closing
from petition.letters.fields import read_field
from petition.sealing import batching
from petition.signing.models import Answer, ArrivedAnswer
from tests.conftest import campaign
from tests.promises.sqlitefile import SQLiteFile
from tests.walks import Campaign

pytestmark = pytest.mark.thorough

__all__ = ["campaign"]
"""A site of its own: a letter's rows share their pages with no other's."""
FIELDS = (read_field("Role", [("Software", None), ("Hardware", None)]),)


def places(campaign: Campaign, letter: str) -> list[list[int]]:
    """Where a letter's answers lie on each page, in the order of their keys."""
    raw = Path(campaign.settings.data, "petition.db").read_bytes()
    pages: dict[int, list[tuple[int, int]]] = {}
    for cell in SQLiteFile(raw).cells:
        if cell.table == "answer" and letter in cell.values:
            pages.setdefault(cell.page, []).append((cell.index, cell.offset))
    return [[offset for _, offset in sorted(cells)] for cells in pages.values()]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_late_lot_can_be_told_on_its_pages_until_the_letter_closes(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(fields=FIELDS)
    for _ in range(4):
        campaign.sign_all(letter, 5, role="software")
        campaign.seal(letter)
    assert any(offsets != sorted(offsets, reverse=True) for offsets in places(campaign, letter))
    campaign.sign_all(letter, 1, role="hardware")
    campaign.close_letter(letter)

    assert [offsets for offsets in places(campaign, letter) if offsets != sorted(offsets, reverse=True)] == []


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "AT_ONCE", 4)
    monkeypatch.setattr(batching, "PAUSE", 0)


@pytest.mark.usefixtures("small_parts")
def test_closing_loses_nothing_however_the_parts_fall(campaign: Campaign) -> None:
    letter, other = (campaign.a_published_letter(fields=FIELDS) for _ in range(2))
    campaign.sign_all(other, 5, role="software")
    campaign.sign_all(letter, 12, role="software")
    for one in (letter, other):
        campaign.seal(one)
    campaign.sign_all(letter, 2, role="hardware")
    before = {row.key: row.option for table in (Answer, ArrivedAnswer) for row in campaign.rows(table, letter)}
    campaign.close_letter(letter)

    assert {row.key: row.option for row in campaign.rows(Answer, letter)} == before
    assert (len(before), len(campaign.rows(Answer, other))) == (14, 5)
    assert campaign.rows(ArrivedAnswer, letter) == []


@pytest.mark.usefixtures("small_parts")
def test_others_sign_and_take_back_while_a_closed_letter_settles(campaign: Campaign) -> None:
    letter, other = (campaign.a_published_letter(fields=FIELDS) for _ in range(2))
    signed = campaign.sign_all(letter, 12, role="software")
    campaign.seal(letter)
    campaign.close_letter(letter)
    leaving, coming = list(signed[:2]), campaign.tokens(other, 2)

    def meanwhile(_seconds: float) -> None:
        if coming:
            campaign.change(letter, leaving.pop())
            campaign.sign(other, coming.pop(), role="hardware")

    batching.settle_rest(campaign.databases.petition, letter, meanwhile)
    campaign.seal(letter)

    assert (leaving, coming) == ([], [])
    assert [row.option for row in campaign.rows(Answer, letter)] == ["software"] * 10
    assert [row.option for row in campaign.rows(ArrivedAnswer, other)] == ["hardware"] * 2


@pytest.mark.usefixtures("small_parts")
def test_what_a_crash_left_unsettled_settles_with_the_next_sealing(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = campaign.a_published_letter(fields=FIELDS)
    campaign.sign_all(letter, 12, role="software")
    campaign.seal(letter)
    campaign.sign_all(letter, 2, role="hardware")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(closing, "settle_rest", crash)
        with pytest.raises(KeyboardInterrupt):
            campaign.close_letter(letter)
    assert len(campaign.rows(ArrivedAnswer, letter)) == 2
    campaign.seal(letter)

    assert campaign.rows(ArrivedAnswer, letter) == []
    assert len(campaign.rows(Answer, letter)) == 14
