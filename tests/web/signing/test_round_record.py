"""``round.json``: all that an outside client needs, and nothing more."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from petition.coordination import rounds
from petition.database import to_hour
from petition.letters.fields import read_field
from tests.shared import ONCE, Shared
from tests.web.outside import bytes_of, text_of

Record = Callable[..., dict[str, Any]]
MEMBERS = {
    "letter_id", "letter", "round", "text_sha256", "public_key", "variant", "timing", "issuing", "signing",
    "issuing_ends", "signing_starts", "routes", "fields", "names_keys", "roll", "roll_id", "k", "log_key",
    "fields_sha256", "hosts", "names_offered", "rounds",
}  # fmt: skip
PINNED = ("hosts", "k", "letter_id", "log_key", "public_key", "round", "text_sha256", "timing")
FIELDS = (read_field("Role", [("Software", None), ("Other", None)]),)


def canonical(value: Any) -> bytes:
    """The form of JSON that is hashed, for values without numbers beside integers."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digest_of(value: Any) -> str:
    return sha256(canonical(value))


@ONCE
def test_the_record_has_exactly_the_members_that_are_written_down(shared: Shared, record: Record) -> None:
    place = shared.an_open_letter()

    assert set(record(place.hidden)) == MEMBERS


@ONCE
def test_the_record_of_an_open_letter_says_that_both_halves_can_be_done_at_once(shared: Shared, record: Record) -> None:
    found = record(shared.an_open_letter().hidden)

    assert (found["timing"], found["issuing"], found["signing"]) == ("together", True, True)
    assert (found["issuing_ends"], found["signing_starts"]) == (None, None)
    assert (found["round"], found["roll"]) == (1, "Workers of Example Corp")
    assert (found["routes"], found["fields"], found["names_keys"]) == (["code"], [], {})
    assert found["variant"] == "RSABSSA-SHA384-PSS-Randomized"


@ONCE
def test_the_record_shows_all_that_the_log_s_first_entries_say_of_a_round(shared: Shared, record: Record) -> None:
    place = shared.a_published_letter(fields=FIELDS, names=("named", "named_at:50"))
    found = record(place.public)
    first, opened = shared.campaign.entries(place.id)[:2]

    assert (found["k"], found["timing"], found["text_sha256"]) == (first["k"], first["timing"], first["text_sha256"])
    assert found["fields_sha256"] == first["fields_sha256"] == digest_of(found["fields"])
    assert found["hosts"] == first["hosts"] == ["letters.example.org"]
    assert first["names_keys"] == {step: sha256(bytes_of(key)) for step, key in found["names_keys"].items()}
    assert (found["public_key"], found["roll_id"]) == (opened["public_key"], opened["roll"])
    assert found["names_offered"] == sorted(found["names_keys"])


@ONCE
def test_a_printed_link_s_pin_follows_from_the_record_alone(shared: Shared, record: Record) -> None:
    place = shared.an_open_letter(fields=FIELDS, names=("named",))
    found = record(place.hidden)
    covered = {name: found[name] for name in PINNED}
    covered |= {"roll": found["roll_id"], "fields_sha256": digest_of(found["fields"])}
    covered["names_keys"] = {step: sha256(bytes_of(key)) for step, key in found["names_keys"].items()}
    pin = text_of(hashlib.sha256(b"petition-pin-v1" + canonical(covered)).digest())

    made = shared.desk().send(f"{place.desk}codes", count="1", roll="").text
    assert f"{place.hidden}join#r=1&amp;p={pin}&amp;c=" in made


@ONCE
def test_the_record_names_the_site_alone_until_the_letter_is_public(shared: Shared, record: Record) -> None:
    hidden, public = shared.an_open_letter(), shared.a_published_letter()

    assert record(hidden.hidden)["letter"] == "https://letters.example.org/"
    assert record(public.public)["letter"] == f"https://letters.example.org{public.public}"


@ONCE
def test_the_text_that_is_signed_is_what_letter_md_serves(shared: Shared, record: Record) -> None:
    place = shared.a_published_letter()
    text = shared.get(f"{place.public}letter.md").data

    assert record(place.public)["text_sha256"] == hashlib.sha256(text).hexdigest()


@ONCE
def test_a_closed_letter_says_that_nothing_can_be_done(shared: Shared, record: Record) -> None:
    place = shared.a_published_letter()
    shared.campaign.close_letter(place.id)

    assert (record(place.public)["issuing"], record(place.public)["signing"]) == (False, False)


def test_each_roll_has_a_round_of_its_own(shared: Shared, record: Record) -> None:
    place = shared.an_open_letter(rolls=("Workers", "Former workers"))
    with_rolls = [record(place.hidden, f"?round={number}") for number in (1, 2)]

    assert [found["roll"] for found in with_rolls] == ["Workers", "Former workers"]
    assert with_rolls[0]["public_key"] != with_rolls[1]["public_key"]
    assert [[one["round"], one["roll"]] for one in with_rolls[0]["rounds"]] == [[1, "Workers"], [2, "Former workers"]]
    assert record(place.hidden) == with_rolls[0]


@ONCE
def test_a_round_that_the_letter_does_not_have_is_not_found(shared: Shared) -> None:
    place = shared.an_open_letter()

    for number in ("2", "0", "-1", "x", "", "9" * 30):
        assert shared.get(f"{place.hidden}round.json?round={number}").status_code == 404, number


@ONCE
def test_a_set_that_the_log_does_not_have_yet_says_from_when_its_codes_work(shared: Shared) -> None:
    place = shared.an_open_letter()
    shared.campaign.sign_all(place.id, 5)
    shared.campaign.seal(place.id)
    opens = to_hour(shared.campaign.clock()) + timedelta(hours=19)
    rounds.open_further_round(shared.campaign.services, place.id, None, 6, opens=opens)

    early, none = (shared.get(f"{place.hidden}round.json?round={number}") for number in (2, 3))
    assert (early.status_code, none.status_code) == (409, 404)
    assert f"{opens:%Y-%m-%d %H:%M} UTC" in early.get_json()["detail"]
    assert [one["round"] for one in shared.get(f"{place.hidden}round.json").get_json()["rounds"]] == [1]


@ONCE
def test_a_round_that_keeps_codes_and_signatures_apart_says_until_when(shared: Shared, record: Record) -> None:
    place = shared.an_open_letter(timing="apart", issuing_days=2, pause_hours=24)
    found = record(place.hidden)

    assert (found["timing"], found["issuing"], found["signing"]) == ("apart", True, False)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\dZ", found["issuing_ends"])
