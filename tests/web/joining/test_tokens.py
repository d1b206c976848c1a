"""``POST …/tokens``: a code and a blinded message in, a blind signature out."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.coordination import rounds
from petition.issuing.codes import void_batch
from tests.shared import ONCE, Place, Shared
from tests.web.outside import bytes_of, envelope, text_of

Record = Callable[..., dict[str, Any]]


@pytest.fixture
def place(shared: Shared) -> Place:
    return shared.an_open_letter()


def test_an_outside_client_gets_a_signature_that_openssl_verifies(
    shared: Shared, place: Place, record: Record, tmp_path: Path
) -> None:
    held = envelope(record(place.hidden))
    answer = shared.send(f"{place.hidden}tokens", held.request(shared.code(place)))
    (tmp_path / "key.der").write_bytes(bytes_of(held.record["public_key"]))
    (tmp_path / "message").write_bytes(held.message)
    (tmp_path / "signature").write_bytes(held.opened(answer.get_json()["blind_signature"]))

    assert answer.status_code == 201
    options = ["rsa_padding_mode:pss", "rsa_pss_saltlen:48", "rsa_mgf1_md:sha384"]
    how = ["-sha384", *(word for option in options for word in ("-sigopt", option)), "-keyform", "DER"]
    command = ["openssl", "dgst", *how, "-verify", "key.der", "-signature", "signature", "message"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout == b"Verified OK\n"


@ONCE
def test_the_answer_has_one_member_of_384_bytes(shared: Shared, place: Place, record: Record) -> None:
    held = envelope(record(place.hidden))
    answer = shared.send(f"{place.hidden}tokens", held.request(shared.code(place))).get_json()

    assert set(answer) == {"blind_signature"}
    assert len(bytes_of(answer["blind_signature"])) == 384


def test_the_same_request_again_gets_the_same_answer(shared: Shared, place: Place, record: Record) -> None:
    request = envelope(record(place.hidden)).request(shared.code(place))
    first = shared.send(f"{place.hidden}tokens", request)

    assert shared.send(f"{place.hidden}tokens", request).data == first.data


def test_a_used_code_is_refused_for_another_message(shared: Shared, place: Place, record: Record) -> None:
    code = shared.code(place)
    shared.send(f"{place.hidden}tokens", envelope(record(place.hidden)).request(code))
    answer = shared.send(f"{place.hidden}tokens", envelope(record(place.hidden)).request(code))

    assert (answer.status_code, answer.get_json()["type"]) == (409, "/problems/code-used")


@ONCE
def test_a_code_is_read_without_regard_to_case_and_hyphens(shared: Shared, place: Place, record: Record) -> None:
    code = shared.code(place)
    typed = " ".join([code[:5].lower(), code[5:8].replace("0", "o").replace("1", "l"), code[8:]])

    request = envelope(record(place.hidden)).request(typed)
    assert shared.send(f"{place.hidden}tokens", request).status_code == 201


def test_no_code_of_another_letter_is_taken(shared: Shared, place: Place, record: Record) -> None:
    request = envelope(record(place.hidden)).request(shared.code(shared.an_open_letter()))

    assert shared.send(f"{place.hidden}tokens", request).status_code == 403


def test_a_recalled_code_is_over(shared: Shared, place: Place, record: Record) -> None:
    code = shared.code(place)
    with Session(shared.campaign.databases.issuer) as issuer:
        void_batch(issuer, place.id, 1)
        issuer.commit()

    request = envelope(record(place.hidden)).request(code)
    assert shared.send(f"{place.hidden}tokens", request).status_code == 410


def test_an_annulled_round_gives_nothing(shared: Shared, place: Place, record: Record) -> None:
    request = envelope(record(place.hidden)).request(shared.code(place))
    rounds.annul_round(shared.campaign.services, place.id, 1, "It was flooded.")

    assert shared.send(f"{place.hidden}tokens", request).status_code == 410


def test_a_closed_letter_gives_nothing(shared: Shared, record: Record) -> None:
    place = shared.a_published_letter()
    request = envelope(record(place.public)).request(shared.code(place))
    shared.campaign.close_letter(place.id)

    assert shared.send(f"{place.public}tokens", request).status_code == 410


@ONCE
def test_a_letter_that_never_was_is_not_found(shared: Shared, place: Place, record: Record) -> None:
    request = envelope(record(place.hidden)).request("0" * 16)

    assert shared.send("/letters/never-was/tokens", request).status_code == 404


@ONCE
@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"round": 2}, 404),
        ({"round": "1"}, 400),
        ({"round": True}, 400),
        ({"round": 0}, 400),
        ({"round": 1.0}, 400),
        ({"code": "short"}, 400),
        ({"code": "U" * 16}, 400),
        ({"code": 7}, 400),
        ({"code": "0" * 16}, 403),
        ({"blinded_message": text_of(bytes(383))}, 400),
        ({"blinded_message": text_of(bytes(384))}, 400),
        ({"blinded_message": text_of(bytes(383) + b"\x01")}, 400),
        ({"blinded_message": text_of(b"\xff" * 384)}, 400),
        ({"blinded_message": "==="}, 400),
        ({"blinded_message": None}, 400),
        ({"more": 1}, 400),
    ],
)
def test_a_request_of_a_wrong_shape_spends_no_code(
    shared: Shared, place: Place, record: Record, change: dict[str, Any], status: int
) -> None:
    right = envelope(record(place.hidden)).request(shared.code(place))
    refused = shared.send(f"{place.hidden}tokens", {**right, **change})

    assert refused.status_code == status
    assert shared.send(f"{place.hidden}tokens", right).status_code == 201


@ONCE
def test_a_blinded_message_outside_the_key_s_range_is_refused(shared: Shared, place: Place, record: Record) -> None:
    held = envelope(record(place.hidden))
    code = shared.code(place)
    for number in (held.modulus - 1, held.modulus, held.modulus + 1):
        held.blinded = number.to_bytes(384, "big")

        assert shared.send(f"{place.hidden}tokens", held.request(code)).status_code == 400


@ONCE
@pytest.mark.parametrize("body", [[], "text", 7, None, {}, {"code": "0" * 16}])
def test_what_is_no_object_with_all_members_is_refused(shared: Shared, place: Place, body: Any) -> None:
    assert shared.send(f"{place.hidden}tokens", body).status_code == 400
