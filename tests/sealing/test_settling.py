"""What settled keeps no order once the letter is closed, however few came last."""

from pathlib import Path

import pytest

from petition.letters.fields import read_field
from petition.sealing import settling
from petition.signing.models import Answer, ArrivedAnswer
from tests.conftest import campaign
from tests.promises.sqlitefile import SQLiteFile
from tests.walks import Campaign

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


def test_closing_loses_nothing_however_the_parts_fall(campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "AT_ONCE", 4)
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
