"""Names: what no one can read at any moment of a campaign without a passphrase, and what is left of it at the end.

Every file (on PostgreSQL every table and index) is copied after every step, and searched for names, for what links a
name to a signature, and for keys that open names, with the master secret and all else that lies on the machine.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.coordination import updates
from petition.crypto.boxes import derive, lock, unlock
from petition.crypto.encodings import b64url
from petition.crypto.keyrings import open_box, unlock_with_passphrase
from petition.crypto.locked_names import NamesPrivateKey
from petition.crypto.tokens import Token
from petition.issuing.models import Code, IssuingRound
from petition.letters.models import Letter, NamesKey, NamesKeyCopy, Organizer
from petition.letters.organizers.names_keys import NAMES_KEY_LABEL
from petition.operations.backup import back_up, read_backup
from petition.operations.doctor.checks import OK, WRONG
from petition.operations.doctor.closed import check_after_close
from petition.signing.models import ArrivedName, LockedName
from tests.promises.lives import take
from tests.walks import PASSPHRASE, Campaign

pytestmark = pytest.mark.thorough
AT_ONCE = [f"Zebulon Quark {number}" for number in range(8)]
AT_EIGHT = [f"Yolanda Flux {number}" for number in range(6)]
NEVER = [f"Xaver Prisma {number}" for number in range(6)]


@dataclass
class Watched:
    """A campaign whose every byte is copied after every step."""

    campaign: Campaign
    letter: str
    tokens: dict[str, Token]

    def everything(self) -> bytes:
        """All that lies on the machine: both databases with their journals, secrets, kept pages."""
        copy = take(self.campaign, "", 0)
        return b"\n".join([*copy.files.values(), *copy.relations.values()])

    def readable(self) -> set[str]:
        """The names that come out of the locks with everything on the machine but the passphrases."""
        found = set()
        keys = self._keys()
        for table in (ArrivedName, LockedName):
            for row in self.campaign.rows(table, self.letter):
                for key in keys:
                    try:
                        found.add(key.unlock(row.locked, self.letter, row.step, row.key).decode())
                    except ValueError:
                        continue
        return found

    def _keys(self) -> list[NamesPrivateKey]:
        """Every private half that the master secret opens, in any place where one may lie."""
        found, master = [], derive(self.campaign.master, NAMES_KEY_LABEL)
        boxes = [row.private_key for row in self.campaign.rows(NamesKey, self.letter) if row.private_key]
        boxes += [row.box for row in self.campaign.rows(NamesKeyCopy, self.letter)]
        for box in boxes:
            for step in ("named", "named_at:8", "named_at:500"):
                try:
                    found.append(
                        NamesPrivateKey.from_pkcs8(unlock(master, box, f"{NAMES_KEY_LABEL}{self.letter}{step}"))
                    )
                except ValueError:
                    continue
        return found

    def links(self) -> list[bytes]:
        """What would lead from a name to a signature, or from either to a receipt."""
        openings = [self.campaign.opening(token) for token in self.tokens.values()]
        found = [token.receipt for token in self.tokens.values()]
        for opened in openings:
            found += [opened.w, opened.a, bytes.fromhex(opened.w_hash), bytes.fromhex(opened.a_hash)]
        return found


def is_in(data: bytes, values: list[bytes]) -> list[bytes]:
    """Which of some values are in the bytes: raw, in hex or in base64url."""
    return [
        value for value in values if any(form in data for form in (value, value.hex().encode(), b64url(value).encode()))
    ]


def texts(names: list[str]) -> list[bytes]:
    return [name.encode() for name in names]


@pytest.fixture
def watched(campaign: Campaign) -> Iterator[Watched]:
    letter_id = campaign.an_open_letter(names=("named", "named_at:8", "named_at:500"))
    yield Watched(campaign, letter_id, {})


def steps(watched: Watched) -> Iterator[tuple[str, list[str]]]:
    """A whole campaign, step by step: what has happened, and which names may be readable by now."""
    campaign, letter_id = watched.campaign, watched.letter
    yield "open", []
    watched.tokens |= campaign.sign_by_name(letter_id, AT_ONCE)
    watched.tokens |= campaign.sign_by_name(letter_id, AT_EIGHT, at=8)
    yield "signed", []
    watched.tokens |= campaign.sign_by_name(letter_id, NEVER, at=500)
    yield "signed again", []
    campaign.seal(letter_id)
    yield "sealed", []
    campaign.publish(letter_id, unlocks="Ana")
    yield "published", AT_ONCE
    campaign.seal(letter_id)
    yield "names shown", AT_ONCE
    campaign.withdraw(letter_id, watched.tokens.pop(NEVER[0]))
    yield "one withdrawn", AT_ONCE
    campaign.announce_names(letter_id, 8)
    yield "announced", [*AT_ONCE, *AT_EIGHT]
    campaign.clock.pass_time(days=1)  # type: ignore[attr-defined]
    campaign.seal(letter_id)
    yield "eight shown", [*AT_ONCE, *AT_EIGHT]


def test_no_name_and_no_link_can_be_had_at_any_moment_without_a_passphrase(watched: Watched) -> None:
    for step, allowed in steps(watched):
        data = watched.everything()
        secret = [name for name in (*AT_ONCE, *AT_EIGHT, *NEVER) if name not in allowed]

        assert is_in(data, texts(secret)) == [], step
        assert watched.readable() <= set(allowed), step
        assert is_in(data, watched.links()) == [], step
        assert PASSPHRASE.encode() not in data, step


def test_the_attack_finds_names_where_a_key_lies_open(watched: Watched) -> None:
    """What the test above does must be able to find something."""
    campaign, letter_id = watched.campaign, watched.letter
    watched.tokens |= campaign.sign_by_name(letter_id, AT_EIGHT, at=8)
    campaign.seal(letter_id)
    with Session(campaign.databases.petition) as session:
        ana = session.get_one(Organizer, campaign.organizer())
        assert ana.private_key is not None
        private = unlock_with_passphrase(ana.private_key, PASSPHRASE).decode()
        copy = next(row for row in campaign.rows(NamesKeyCopy, letter_id) if row.step == "named_at:8")
        key = open_box(private, copy.box)
        row = session.get_one(NamesKey, (letter_id, "named_at:8"))
        row.private_key = lock(derive(campaign.master, NAMES_KEY_LABEL), key, f"{NAMES_KEY_LABEL}{letter_id}named_at:8")
        session.commit()

    assert watched.readable() == set(AT_EIGHT)


def at_the_end(watched: Watched) -> list[bytes]:
    """Live a campaign to its end; everything that must be gone then."""
    campaign, letter_id = watched.campaign, watched.letter
    for _ in steps(watched):
        pass
    late = campaign.sign_by_name(letter_id, ["Wanda Later"])
    codes = campaign.codes(letter_id, 3)
    copies = campaign.rows(NamesKeyCopy, letter_id)
    locked = [row.locked for table in (ArrivedName, LockedName) for row in campaign.rows(table, letter_id)]
    halves = [row.private_key for row in campaign.rows(NamesKey, letter_id) if row.private_key]
    secrets = [path.read_bytes() for path in campaign.settings.rounds_folder.iterdir()]
    assert len(copies) == 3 and len(locked) >= 6 and len(halves) == 2 and secrets
    macs = [row.mac for row in campaign.rows(Code, letter_id)]
    keys = [row.private_key for row in campaign.rows(IssuingRound, letter_id) if row.private_key]
    campaign.close_letter(letter_id)
    assert sorted(campaign.names(letter_id)) == sorted([*AT_ONCE, *AT_EIGHT, *late])
    gone = [*(copy.box for copy in copies), *locked, *halves, *secrets, *macs, *keys, *texts(NEVER)]
    return [*gone, *(code.replace("-", "").encode() for code in codes)]


def test_after_the_end_nothing_is_left_in_any_byte(watched: Watched) -> None:
    gone = at_the_end(watched)

    assert is_in(watched.everything(), gone) == []


def test_a_backup_that_is_made_afterwards_holds_nothing_of_it(watched: Watched) -> None:
    gone = at_the_end(watched)
    campaign = watched.campaign
    plain = back_up(campaign.databases, campaign.master, moment=campaign.clock())

    assert is_in(plain, gone) == []
    rows = read_backup(plain).rows["petition"]
    assert [rows[table.__tablename__] for table in (NamesKeyCopy, LockedName, ArrivedName)] == [[], [], []]


def test_the_doctor_shows_it(watched: Watched) -> None:
    slug = slug_of(watched)
    before = list(check_after_close(watched.campaign.settings, slug))
    assert [finding.level for finding in before if finding.level == WRONG] == [WRONG]
    at_the_end(watched)

    found = list(check_after_close(watched.campaign.settings, slug))
    assert [finding.what for finding in found if finding.level == WRONG] == []
    assert len([finding for finding in found if finding.level == OK]) >= 11


def slug_of(watched: Watched) -> str:
    with Session(watched.campaign.databases.reading) as session:
        return session.get_one(Letter, watched.letter).slug


PLANTS: dict[str, Callable[[Campaign, str], Any]] = {
    "locked name": lambda campaign, letter: LockedName(
        letter_id=letter, key=bytes(32), round=1, step="named", locked=b"locked"
    ),
    "waiting name": lambda campaign, letter: ArrivedName(
        letter_id=letter, key=bytes(32), round=1, step="named", locked=b"locked"
    ),
    "box": lambda campaign, letter: NamesKeyCopy(
        letter_id=letter, step="named", organizer_id=campaign.organizer(), box=b"box"
    ),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_the_doctor_finds_what_was_left(watched: Watched, plant: str) -> None:
    campaign = watched.campaign
    slug = slug_of(watched)
    campaign.publish(watched.letter)
    campaign.close_letter(watched.letter)
    left = PLANTS[plant](campaign, watched.letter)
    with Session(campaign.databases.petition) as session:
        session.add(left)
        session.commit()

    wrong = [finding.what for finding in check_after_close(campaign.settings, slug) if finding.level == WRONG]
    assert len(wrong) == 1 and wrong[0].endswith("are still there.")


def test_a_withdrawn_name_is_in_no_byte_after_the_next_set_time(watched: Watched) -> None:
    campaign, letter_id = watched.campaign, watched.letter
    tokens = campaign.sign_by_name(letter_id, AT_ONCE)
    campaign.publish(letter_id, unlocks="Ana")
    campaign.seal(letter_id)
    app = campaign.app()
    address = campaign.address(letter_id)
    name = campaign.names(letter_id)[0]
    assert name in app.test_client().get(address, base_url="https://letters.example.org").text
    assert is_in(watched.everything(), texts([name])) != []
    campaign.withdraw(letter_id, tokens[name])
    campaign.seal(letter_id)

    assert is_in(watched.everything(), texts([name])) == []


def test_months_after_the_end_no_name_is_in_any_byte(watched: Watched) -> None:
    at_the_end(watched)
    campaign = watched.campaign
    late = datetime(2029, 1, 1, tzinfo=campaign.clock().tzinfo)
    updates.seal_letter(campaign.services, watched.letter, moment=late)

    assert is_in(watched.everything(), texts([*AT_ONCE, *AT_EIGHT])) == []
