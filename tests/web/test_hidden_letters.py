"""What may not be seen answers exactly like what never was; what was taken back says so."""

from typing import Any

import pytest
from sqlalchemy import event

from petition.coordination import closing
from petition.letters.models import Letter
from tests.shared import ONCE, Place, Shared

NAMES = (
    "",
    "join",
    "sign",
    "receipt",
    "round.json",
    "counts.json",
    "letter.md",
    "how-we-verify/",
    "log/checkpoint",
    "x",
)


def seen(answer: Any) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All that a visitor can tell answers apart by, but the moment."""
    return answer.status_code, answer.data, sorted((k, v) for k, v in answer.headers.items() if k != "Date")


@pytest.mark.thorough
@ONCE
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_absent_draft_and_open_letters_answer_alike(shared: Shared, name: str, accept: str) -> None:
    slugs = ["letter-never", shared.a_draft().slug, shared.an_open_letter().slug]
    answers = [seen(shared.get(f"/letters/{slug}/{name}", Accept=accept)) for slug in slugs]

    assert answers[0][0] == 404
    assert answers == [answers[0]] * 3


@ONCE
@pytest.mark.parametrize("name", ["tokens", "signatures", "withdrawals", "appearances"])
def test_programs_cannot_tell_them_apart_either(shared: Shared, name: str) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "tokens": {"code": "0" * 16, "round": 1, "blinded_message": "A" * 512},
        "signatures": {"message": "AA", "signature": "A" * 512, "appearance": {"step": "counted"}},
        "withdrawals": {"w": "A" * 43, "a": "A" * 43},
        "appearances": {"w_hash": "0" * 64, "a": "A" * 43, "appearance": {"step": "counted"}},
    }
    slugs = ["letter-never", shared.a_draft().slug, shared.an_open_letter().slug]
    answers = [seen(shared.send(f"/letters/{slug}/{name}", bodies[name])) for slug in slugs]

    assert answers[0][0] == 404
    assert answers == [answers[0]] * 3


@ONCE
@pytest.mark.parametrize("name", ["join", "join/file", "sign", "receipt", "receipt/file"])
def test_forms_cannot_tell_them_apart_either(shared: Shared, name: str) -> None:
    slugs = ["letter-never", shared.a_draft().slug, shared.an_open_letter().slug]
    answers = [seen(shared.visitor().post(f"/letters/{slug}/{name}", token="x", code="x").answer) for slug in slugs]

    assert answers[0][0] == 404
    assert answers == [answers[0]] * 3


@pytest.mark.parametrize("name", NAMES)
def test_a_guess_at_the_unlisted_address_answers_like_a_letter_that_never_was(shared: Shared, name: str) -> None:
    place = shared.an_open_letter()
    wrong = f"/s/{place.code[:-1]}{'0' if place.code[-1] != '0' else '1'}/"
    drafted = shared.a_draft().hidden
    never = "/s/0123456789ABCDEF/"

    answers = [seen(shared.get(address + name)) for address in (never, wrong, drafted)]
    assert answers == [answers[0]] * 3


@ONCE
@pytest.mark.parametrize("name", ["counts.json", "how-we-verify/", "log/checkpoint", "log/tile/0/000", "history.csv"])
def test_before_publication_even_the_unlisted_address_serves_neither_log_nor_counts(shared: Shared, name: str) -> None:
    place = shared.an_open_letter()

    assert shared.get(place.hidden).status_code == 200
    assert shared.get(place.hidden + name).status_code == 404


@ONCE
def test_before_publication_the_page_shows_no_count(shared: Shared) -> None:
    place = shared.an_open_letter()
    shared.campaign.sign_all(place.id, 6)
    shared.campaign.seal(place.id)

    assert "verified worker" not in shared.get(place.hidden).text


@pytest.fixture
def withdrawn(shared: Shared) -> Place:
    place = shared.a_published_letter()
    closing.withdraw_letter(shared.campaign.services, place.id, "They have stopped & said so.")
    return place


@ONCE
@pytest.mark.parametrize("name", ["", "join", "counts.json", "letter.md", "log/checkpoint", "round.json"])
def test_a_letter_that_was_public_is_gone_with_its_reason(shared: Shared, withdrawn: Place, name: str) -> None:
    page = shared.get(withdrawn.public + name, Accept="text/html")

    assert page.status_code == 410
    assert "They have stopped &amp; said so." in page.text or page.get_json()["detail"].endswith("said so.")


@ONCE
def test_the_unlisted_address_of_a_withdrawn_letter_says_the_same(shared: Shared, withdrawn: Place) -> None:
    assert shared.get(withdrawn.hidden).status_code == 410


@ONCE
@pytest.mark.parametrize("taken_down", [True, False])
def test_a_letter_that_was_never_public_is_gone_for_its_holders_and_never_was_for_others(
    shared: Shared, taken_down: bool
) -> None:
    place = shared.an_open_letter()
    closing.withdraw_letter(shared.campaign.services, place.id, "Not needed.", taken_down=taken_down)
    never = seen(shared.get("/letters/letter-never/"))
    page = shared.get(place.hidden)

    assert seen(shared.get(place.public)) == never
    assert page.status_code == 410
    assert ("This site's host took" if taken_down else "The organizers took") in page.text
    assert "Not needed." in page.text


@ONCE
@pytest.mark.parametrize("typed", ["lower", "hyphens", "alike"])
def test_an_unlisted_address_is_read_like_a_code(shared: Shared, typed: str) -> None:
    place = shared.an_open_letter()
    code = place.code
    spellings = {
        "lower": code.lower(),
        "hyphens": f"{code[:4]}-{code[4:8]}-{code[8:]}",
        "alike": code.replace("0", "O").replace("1", "l"),
    }
    answers = [shared.get(f"/s/{spellings[typed]}/{name}") for name in ("", "round.json", "letter.md", "join")]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert answers[1].data == shared.get(f"{place.hidden}round.json").data


def test_what_may_not_be_seen_never_leaves_the_database(shared: Shared) -> None:
    """Else it would take longer to say that there is nothing."""
    places = [shared.an_open_letter().public, shared.a_draft().public, shared.a_draft().hidden, "/letters/never/"]
    loaded: list[str] = []

    def note(letter: Letter, _: object) -> None:
        loaded.append(letter.id)

    event.listen(Letter, "load", note)
    answers = [shared.get(f"{path}{name}").status_code for path in places for name in ("", "join", "counts.json", "x")]
    event.remove(Letter, "load", note)

    assert set(answers) == {404}
    assert loaded == []
