"""What the pins of a letter's rounds cover (protocol 4): frozen at opening, so that no one can be given another."""

from collections.abc import Iterable, Mapping
from typing import Any

from petition.crypto.encodings import b64url, canonical_json, sha256
from petition.crypto.pins import pin_of
from petition.errors import Over
from petition.letters.models import Letter
from petition.letters.states import OF_OLD_VERSION


def pinned_by(
    letter: Letter,
    *,
    fields: list[dict[str, Any]],
    hosts: Iterable[str],
    log_key: bytes,
    names_keys: Mapping[str, bytes],
) -> dict[str, Any]:
    """The members that all rounds have in common, as in entry 0 of the log.

    ``fields`` are those of round.json, ``names_keys`` the public halves (SPKI DER) by step, ``hosts`` those under
    which the site is reached.
    """
    return {
        "fields_sha256": sha256(canonical_json(fields)).hex(),
        "hosts": sorted(hosts),
        "k": letter.k,
        "letter_id": letter.id,
        "log_key": b64url(log_key),
        "names_keys": {step: sha256(key).hex() for step, key in names_keys.items()},
        "text_sha256": letter.text_sha256,
        "timing": letter.timing,
    }


def pinned_in(letter: Letter) -> dict[str, Any]:
    """The frozen members of an open letter; Over for one that version 0.1.0 opened, which has none."""
    if letter.pinned is None:
        raise Over(OF_OLD_VERSION)
    return letter.pinned


def pin_of_round(letter: Letter, number: int, roll: str, public_key: bytes) -> bytes:
    """The pin (32 bytes) of a round, from its number, its roll's id and its public key (SPKI DER)."""
    return pin_of({**pinned_in(letter), "public_key": b64url(public_key), "roll": roll, "round": number})
