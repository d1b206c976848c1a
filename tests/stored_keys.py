"""RSA keys that were made once, for tests alone: a fresh one takes half a second."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import cast

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from petition.crypto import locked_names
from petition.crypto.blind_rsa import KEY_BITS as BITS

FILE = Path(__file__).parent / "data" / "keys.json"
STORED = [base64.b64decode(each) for each in json.loads(FILE.read_text("utf-8"))]
really_generate = rsa.generate_private_key


def stored_key(number: int) -> RSAPrivateKey:
    """One of sixteen keys of 3072 bits."""
    loaded = load_der_private_key(STORED[number % len(STORED)], None, unsafe_skip_rsa_key_validation=True)
    return cast(RSAPrivateKey, loaded)


def use_stored_keys(patched: pytest.MonkeyPatch) -> None:
    """From now on this process makes no key of that size: it takes the stored ones, in turn."""
    numbers = cycle(range(len(STORED)))

    def generate(exponent: int, bits: int) -> RSAPrivateKey:
        return stored_key(next(numbers)) if bits == BITS else really_generate(exponent, bits)

    _make_by(patched, generate)


@contextmanager
def fresh_keys() -> Iterator[None]:
    """Here keys are made all the same."""
    with pytest.MonkeyPatch.context() as patched:
        _make_by(patched, really_generate)
        yield


def _make_by(patched: pytest.MonkeyPatch, generate: Callable[[int, int], RSAPrivateKey]) -> None:
    for module in (rsa, locked_names):
        patched.setattr(module, "generate_private_key", generate)
