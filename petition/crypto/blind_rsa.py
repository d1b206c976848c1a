"""RSA blind signatures: RSABSSA-SHA384-PSS-Randomized (RFC 9474), and the keys of rounds.

Everything here works for RSA keys of any size; only ``require_round_key`` asks for 3072 bits. Numbers
are big-endian in bytes, as long as the key's modulus.
"""

import hashlib
import math
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from typing import Any

from Crypto.Math.Numbers import Integer
from Crypto.PublicKey import RSA
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA384

from petition.errors import BadShape, Refusal
from petition.randomness import Random

VARIANT = "RSABSSA-SHA384-PSS-Randomized"
SALT = 48
KEY_BITS = 3072
MODULUS_SIZE = KEY_BITS // 8
EXPONENT = 65537
NO_KEY = "This is not an RSA public key (SubjectPublicKeyInfo in DER, rsaEncryption)."
MESSAGE_PREFIX = 32
"""Random bytes in front of a prepared message."""

_HASH = 48


@dataclass(frozen=True)
class PublicKey:
    """An RSA public key; it loads its verifier once and keeps it."""

    n: int
    e: int

    @classmethod
    def from_spki(cls, der: bytes) -> "PublicKey":
        """Read a SubjectPublicKeyInfo in DER (RFC 5280) with the algorithm rsaEncryption, of any size.

        Refuses with ``BadShape`` other algorithms (id-RSASSA-PSS too) and any but the one canonical DER.
        """
        with suppress(ValueError, UnsupportedAlgorithm):
            loaded = serialization.load_der_public_key(der)
            if isinstance(loaded, rsa.RSAPublicKey):
                numbers = loaded.public_numbers()
                key = cls(numbers.n, numbers.e)
                key.__dict__["loaded"] = loaded  # in the place of the cached property: it is loaded already
                if key.spki() == der:
                    return key
        raise BadShape(NO_KEY)

    @cached_property
    def size(self) -> int:
        """The length of the modulus, of messages and signatures, in bytes."""
        return (self.n.bit_length() + 7) // 8

    def spki(self) -> bytes:
        """The key as SubjectPublicKeyInfo in DER."""
        return self.loaded.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    def verify(self, message: bytes, signature: bytes, salt: int = SALT) -> bool:
        """Whether this is an RSA-PSS signature (SHA-384, MGF1-SHA-384, ``salt`` bytes) of the message."""
        if len(signature) != self.size:
            return False
        try:
            self.loaded.verify(signature, message, _pss(salt), _SHA384)
        except InvalidSignature:
            return False
        return True

    @cached_property
    def loaded(self) -> rsa.RSAPublicKey:
        """The key as the library uses it; loading it takes a while, so it is done once."""
        return rsa.RSAPublicNumbers(self.e, self.n).public_key()


_SHA384 = SHA384()


@lru_cache(maxsize=8)
def _pss(salt: int) -> padding.PSS:
    return padding.PSS(mgf=padding.MGF1(_SHA384), salt_length=salt)


def require_round_key(der: bytes) -> PublicKey:
    """Read a round's key: as ``from_spki``, and with 3072 bits and e = 65537, else ``BadShape``."""
    key = PublicKey.from_spki(der)
    if key.n % 2 == 0:
        raise BadShape(NO_KEY)
    if key.n.bit_length() != KEY_BITS or key.e != EXPONENT:
        raise BadShape(
            "A round's key must have %(bits)s bits and the exponent %(exponent)s.",
            bits=KEY_BITS,
            exponent=EXPONENT,
        )
    return key


@dataclass(frozen=True)
class Blinded:
    """A blinded message, for the issuer, and the inverse, which no one else may see."""

    message: bytes
    inverse: int = field(repr=False)


def prepare(message: bytes, random: Random) -> bytes:
    """32 random bytes in front of the message: PrepareRandomize (RFC 9474 4.1)."""
    return random(MESSAGE_PREFIX) + message


def blind(key: PublicKey, prepared: bytes, random: Random, *, salt: int = SALT) -> Blinded:
    """Blind a prepared message for the issuer's key (RFC 9474 4.2)."""
    # The factor's inverse is drawn instead of the factor: it is just as uniform, and one inversion less.
    return blind_with(key, prepared, random(salt), _below(key.n, random))


def blind_with(key: PublicKey, prepared: bytes, salt: bytes, inverse: int) -> Blinded:
    """Blind with a given salt and the given inverse of the blinding factor; for test vectors.

    Refuses with ``ValueError`` an inverse or an encoded message that is not prime to n, and a key
    too small for the salt.
    """
    encoded = int.from_bytes(_encode(prepared, salt, key.n.bit_length() - 1), "big")
    if math.gcd(encoded, key.n) != 1:
        raise ValueError("This message is not prime to the key's modulus.")
    blinded = encoded * pow(pow(inverse, -1, key.n), key.e, key.n) % key.n
    return Blinded(blinded.to_bytes(key.size, "big"), inverse)


def finalize(key: PublicKey, prepared: bytes, blind_signature: bytes, inverse: int, *, salt: int = SALT) -> bytes:
    """Unblind the issuer's answer and return the signature, as long as n (RFC 9474 4.4).

    Refuses an answer of another length with ``BadShape``, and with ``Refusal`` one that gives no
    valid signature of the prepared message.
    """
    if len(blind_signature) != key.size:
        raise BadShape("The blind signature must have %(size)s bytes.", size=key.size)
    number = int.from_bytes(blind_signature, "big") * inverse % key.n
    signature = number.to_bytes(key.size, "big")
    if not key.verify(prepared, signature, salt):
        raise Refusal("The issuer's answer gives no valid signature. Send the same request again.")
    return signature


class PrivateKey:
    """A round's private key. It signs blinded messages and nothing else."""

    def __init__(self, loaded: rsa.RSAPrivateKey) -> None:
        numbers = loaded.private_numbers()
        self._loaded = loaded
        public, p, q = numbers.public_numbers, numbers.p, numbers.q
        self._raw = RSA.construct(
            # Smaller prime first, with its inverse: then the other library has nothing to invert.
            (public.n, public.e, numbers.d, *((q, p, numbers.iqmp) if q < p else (p, q))),
            consistency_check=False,  # cryptography made the key or checked it
        )
        self.public = PublicKey(public.n, public.e)

    @classmethod
    def generate(cls) -> "PrivateKey":
        """A new key of 3072 bits, e = 65537."""
        return cls(rsa.generate_private_key(EXPONENT, KEY_BITS))

    @classmethod
    def from_der(cls, der: bytes) -> "PrivateKey":
        """Read a key as ``der`` wrote it; ``ValueError`` for anything else.

        Whether its numbers fit together is not checked again: that takes forty times as long as
        signing, which checks its own result.
        """
        loaded = serialization.load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(loaded, rsa.RSAPrivateKey):
            raise ValueError("This is not an RSA key.")
        return cls(loaded)

    @classmethod
    def from_numbers(cls, n: int, e: int, d: int, p: int, q: int) -> "PrivateKey":
        """Put a key together, unchecked as in ``from_der``: a key that doesn't fit signs nothing."""
        numbers = rsa.RSAPrivateNumbers(
            p,
            q,
            d,
            rsa.rsa_crt_dmp1(d, p),
            rsa.rsa_crt_dmq1(d, q),
            rsa.rsa_crt_iqmp(p, q),
            rsa.RSAPublicNumbers(e, n),
        )
        return cls(numbers.private_key(unsafe_skip_rsa_key_validation=True))

    def der(self) -> bytes:
        """The key as unencrypted PKCS #8 in DER (RFC 5208); lock it before it is stored."""
        return self._loaded.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def blind_sign(self, blinded: bytes) -> bytes:
        """Sign a blinded message; both are as long as n (RFC 9474 4.3).

        Refuses with ``BadShape``, before the private operation, another length and any number but
        1 < m < n - 1. Raises ``RuntimeError`` rather than give out a wrong signature, which could
        betray the key.
        """
        key = self.public
        if len(blinded) != key.size:
            raise BadShape("The blinded message must have %(size)s bytes.", size=key.size)
        number = int.from_bytes(blinded, "big")
        if not 1 < number < key.n - 1:
            raise BadShape("The blinded message is out of range. Blind the message again.")
        signed = _private_operation(self._raw, number)
        if pow(Integer(signed), key.e, key.n) != number:  # a third of what Python's own numbers take
            raise RuntimeError("The private operation gave a wrong result.")
        return signed.to_bytes(key.size, "big")


def _private_operation(key: Any, number: int) -> int:
    # pycryptodome blinds this operation against timing; its name is private, so it is called only
    # here, and self_test() finds out when a release changes it. Python's pow() takes a time that
    # depends on the key.
    return int.from_bytes(key._decrypt_to_bytes(number), "big")


def _below(n: int, random: Random) -> int:
    # 128 bits more than n has: what the remainder prefers is too little to matter (FIPS 186-5, A.2.1).
    return int.from_bytes(random((n.bit_length() + 7) // 8 + 16), "big") % (n - 1) + 1


def _encode(message: bytes, salt: bytes, bits: int) -> bytes:
    """EMSA-PSS-ENCODE with SHA-384 and MGF1-SHA-384 (RFC 8017 9.1.1)."""
    length = (bits + 7) // 8
    if length < _HASH + len(salt) + 2:
        raise ValueError("The key is too small for this salt.")
    digest = hashlib.sha384(bytes(8) + hashlib.sha384(message).digest() + salt).digest()
    block = bytes(length - len(salt) - _HASH - 2) + b"\x01" + salt
    mask = b"".join(hashlib.sha384(digest + i.to_bytes(4, "big")).digest() for i in range(-(-len(block) // _HASH)))
    masked = int.from_bytes(block, "big") ^ int.from_bytes(mask[: len(block)], "big")
    masked &= (1 << bits - 8 * (_HASH + 1)) - 1
    return masked.to_bytes(len(block), "big") + digest + b"\xbc"


# A key of no other use: the primes of the start-up test.
_TEST_P = int(
    "e1813558bbe55a231ce2a71979dd7f8405cf0c5dd104069c640d0f5c6371f6f4fc8ff00238f7a5f0f1ddaefb23c49c25"
    "41d44dd413c6be0d95fb7585fc222202f0167924341812540122cc131ba961d2ac199e8938bfe21caf35bf46cf3b082a"
    "128c7bd757689b23c47f50ea46e307a3f843eba56b57bfd755e2dc54dd6f22ded3dc01b1ba1f1efb3e111d10b6f62703"
    "ff230b51aa2abc1f40620574a9bce0de48a8a336e4c4c644650d43d93ab06dcc6ea27edc48e24d8c276a07088982d399",
    16,
)
_TEST_Q = int(
    "b99aa18a7a5ced063ae93e9435276ef444bc9265779811f00e3c2494ee07ae3400ca369315f3f6a4ee27a021cdbdfd21"
    "fdd8d04aab2297954ac4a5cb041137cd8bf962242048e58a99f4153968cfed4bf597ca4336def1fd38140c8f2918fa3f"
    "8cf5629a45fd8804c368632e59f648dc8bc6e7bc0fde67d169e229d52f6523d235744717e799604aa6e5b9748bfe94a4"
    "730bf2e4487044d8d935a3df7ccb13cfc39a1a337cbfdb229664048d9eb533b6bb52f8b909d92797d4202ea071647577",
    16,
)
_TEST_MESSAGE = b"start-up test"
_TEST_INVERSE = 2**3071 - 1


def self_test() -> None:
    """Blind, sign, unblind and verify with a fixed key, at start, in a tenth of a second.

    Raises ``RuntimeError`` when the libraries of this machine do not do together what they must.
    """
    failure = "The RSA libraries of this machine do not work as they must; nothing may be signed here."
    try:
        passed = _round_trip()
    except Exception as error:
        raise RuntimeError(failure) from error
    if not passed:
        raise RuntimeError(failure)


@cache
def _test_key() -> PrivateKey:
    """Made once in a process."""
    exponent = pow(EXPONENT, -1, (_TEST_P - 1) * (_TEST_Q - 1))
    return PrivateKey.from_numbers(_TEST_P * _TEST_Q, EXPONENT, exponent, _TEST_P, _TEST_Q)


def _round_trip() -> bool:
    key = _test_key()
    blinded = blind_with(key.public, _TEST_MESSAGE, bytes(SALT), _TEST_INVERSE)
    signature = finalize(key.public, _TEST_MESSAGE, key.blind_sign(blinded.message), blinded.inverse)
    return not key.public.verify(_TEST_MESSAGE + b".", signature)
