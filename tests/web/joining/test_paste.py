"""The way by hand: a program of one's own makes the blinded message, and a plain form carries it."""

import html
import os
import re
from typing import Any

import pytest

from petition.crypto.blind_rsa import PublicKey, blind, finalize, prepare
from petition.crypto.codes import show
from petition.crypto.encodings import b64url, from_b64url
from petition.crypto.receipts import opening
from petition.crypto.tokens import statement_bytes
from tests.visitors import Visitor
from tests.walks import Campaign


def what_a_program_prints(client: Any, address: str, number: int = 1) -> tuple[PublicKey, bytes, Any]:
    """A blinded message made from the round's public record alone, with what is needed to take it out again."""
    record = client.get(f"{address}round.json?round={number}").json
    key = PublicKey.from_spki(from_b64url(record["public_key"]))
    commit = opening(os.urandom(16)).commit
    statement = statement_bytes(record["letter_id"], record["round"], record["text_sha256"], commit)
    message = prepare(statement, os.urandom)
    return key, message, blind(key, message, os.urandom)


def test_the_pasted_message_comes_back_signed_and_again_the_same(campaign: Campaign, app: Any) -> None:
    letter = campaign.an_open_letter()
    address, client = campaign.address(letter), app.test_client()
    key, message, blinded = what_a_program_prints(client, address)
    sent = {"code": show(campaign.codes(letter, 1)[0]), "blinded_message": b64url(blinded.message)}

    first, again = (client.post(address + "join", data=sent).text for _ in range(2))

    answer = re.search(r"<pre><code>([^<]+)<", first)
    assert answer is not None and first == again
    signature = finalize(key, message, from_b64url(html.unescape(answer[1])), blinded.inverse)
    assert key.verify(message, signature)


def test_what_was_pasted_is_kept_when_the_code_is_wrong(campaign: Campaign, app: Any) -> None:
    letter = campaign.an_open_letter()
    address, client = campaign.address(letter), app.test_client()
    _, _, blinded = what_a_program_prints(client, address)
    pasted = b64url(blinded.message)

    answer = client.post(address + "join", data={"code": "0000-0000-0000-0000", "blinded_message": pasted})

    assert answer.status_code == 403
    assert pasted in answer.text


@pytest.mark.parametrize("form", ["1.{}", "{}"])
def test_a_code_for_the_set_of_the_pasted_message_is_taken(campaign: Campaign, app: Any, form: str) -> None:
    letter = campaign.an_open_letter()
    address, client = campaign.address(letter), app.test_client()
    _, _, blinded = what_a_program_prints(client, address)
    pasted = form.format(b64url(blinded.message))

    answer = client.post(address + "join", data={"code": campaign.codes(letter, 1)[0], "blinded_message": pasted})

    assert (answer.status_code, "<pre><code>" in answer.text) == (200, True)


def test_a_code_for_another_set_is_not_spent_on_what_was_pasted(campaign: Campaign, app: Any) -> None:
    letter = campaign.an_open_letter()
    campaign.sign_all(letter, 5)
    campaign.seal(letter)
    code = campaign.further_round(letter)[0]
    address, client = campaign.address(letter), app.test_client()
    _, _, blinded = what_a_program_prints(client, address)
    pasted = f"1.{b64url(blinded.message)}"

    answer = client.post(address + "join", data={"code": code, "blinded_message": pasted})

    assert answer.status_code == 409
    assert pasted in answer.text
    assert campaign.token(letter, code, 2)


@pytest.mark.parametrize("form", ["0.{}", "x.{}", "1.1.{}", "9999999999.{}"])
def test_what_is_not_the_number_of_a_set_is_refused(campaign: Campaign, app: Any, form: str) -> None:
    letter = campaign.an_open_letter()
    address, client = campaign.address(letter), app.test_client()
    code = campaign.codes(letter, 1)[0]
    _, _, blinded = what_a_program_prints(client, address)

    answer = client.post(address + "join", data={"code": code, "blinded_message": form.format(b64url(blinded.message))})

    assert answer.status_code == 400
    assert campaign.token(letter, code)


def test_half_of_a_message_is_refused_before_the_code_is_looked_up(campaign: Campaign, app: Any) -> None:
    letter = campaign.an_open_letter()
    address, client = campaign.address(letter), app.test_client()
    code = campaign.codes(letter, 1)[0]

    answer = client.post(address + "join", data={"code": code, "blinded_message": "AAAA"})

    assert answer.status_code == 400
    assert campaign.token(letter, code)


def test_the_page_has_the_files_that_a_program_asks_for(campaign: Campaign, app: Any) -> None:
    letter = campaign.an_open_letter(k=3)
    campaign.sign_all(letter, 5)
    campaign.seal(letter)
    campaign.further_round(letter)
    visitor, address = Visitor(app), campaign.address(letter)
    page = visitor.open(f"{address}join")

    for number in (1, 2):
        record = visitor.follow(page, f"set-{number}.json")
        assert record.answer.get_json()["round"] == number
    assert visitor.follow(page, "letter.md").text.startswith("# ")
