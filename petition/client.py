#!/usr/bin/env python3
"""Sign an open letter without trusting its page: one file that you can read before you run it.

What it does, in this order, and nothing else:

1. ``sign`` fetches the letter's public record and its text. It checks both against your pin, before it sends
   anything of yours: a record made for you alone would mark your signature for good.
2. It sends your code, together with a number that hides your signature, and gets that number signed. The server
   learns that the code was used, but not which signature it became.
3. It uncovers the signature and checks it. You can stop here (``--token-only``) and go on later, from another
   network.
4. It sends the signature. Nothing in it says which code, person or computer it came from.

``check`` reads the letter's whole public log and looks for your signature on this computer. ``change`` changes what
is shown of you. ``withdraw`` removes your signature.

It talks only to the server that you name, through the proxy that you name. (Without a proxy your system looks up the
server's name.) It follows no redirect. It sends only to hosts that the pin covers, and to ``/s/`` with the first 16
characters of the letter's id: addresses, too, are a server's choice. It writes only the files that it names on the
screen, readable by you alone.

It needs Python 3.9 or newer, and nothing else.

Sources: RFC 9474 (blind signatures), RFC 8017 (RSA-PSS and RSA-OAEP), RFC 9162 (Merkle trees), RFC 8032 (Ed25519),
RFC 8785 (canonical JSON), RFC 1928 and 1929 (SOCKS5), RFC 9457 (problem details), C2SP signed-note, tlog-checkpoint
and tlog-tiles.

Chapters: 1 refusals and output; 2 encodings; 3 codes, receipts and pins; 4 the blind signature; 5 files;
6 the letter's address; 7 the network; 8 the letter's public record; 9 the public log; 10 checking the record;
11 what is shown of you; 12 sign; 13 change and withdraw; 14 check; 15 the command line.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import hashlib
import http.client
import io
import ipaddress
import json
import math
import os
import re
import secrets
import socket
import ssl
import sys
import tempfile
import textwrap
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

# --- 1. Refusals and output ------------------------------------------------------------------------------


class Stop(Exception):
    """The program ends here. The text says why and what to do; ``status`` is the exit status."""

    status = 1


class Usage(Stop):
    """The command line asks for something that cannot be done."""

    status = 2


class NotChecked(Stop):
    """``check`` could not check anything."""

    status = 3


class Trouble(Stop):
    """The network or the server failed. The caller adds what follows from that."""


def plain(text: object, longest: int = 500) -> str:
    """``text`` from a server, safe to print: without control and direction characters, and not too long."""
    return "".join(c if c.isprintable() else " " for c in str(text)[:longest]).strip()


def wrapped(text: str) -> str:
    """``text`` in lines of at most 78 characters, safe to print. Addresses and file names stay whole."""
    safe = "".join(c if c.isprintable() else " " for c in text)
    return textwrap.fill(safe, 78, break_long_words=False, break_on_hyphens=False)


def tell(text: str) -> None:
    """Print a paragraph."""
    print(wrapped(text))


def ask(question: str) -> str:
    """One line from the keyboard. The question goes to standard error, never into a program's output."""
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


# --- 2. Encodings ----------------------------------------------------------------------------------------


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_b64url(text: object, what: str, size: int | None = None) -> bytes:
    """The bytes behind canonical base64url without padding. Refuses anything else, and any other size."""
    try:
        data = base64.urlsafe_b64decode(str(text) + "=" * (-len(str(text)) % 4))
    except ValueError:
        data = b""
    if b64url(data) != text or size not in (None, len(data)):
        raise Stop(f"The {what} is missing or damaged.")
    return data


def canonical(value: Any) -> bytes:
    """RFC 8785 for records and logs: objects with ASCII names, lists, strings, integers, true, false, null."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def read_object(data: bytes, what: str) -> dict[str, Any]:
    """The JSON object in ``data``. Refuses anything else, and numbers that no record has."""
    try:
        value = json.loads(data.decode("utf-8"), parse_int=short_number, parse_constant=short_number)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Stop(f"{what} cannot be read: it is not a JSON object.")
    return value


def short_number(text: str) -> int:
    """An integer of at most 20 digits: reading a very long one takes minutes."""
    if len(text) > 20:
        raise ValueError("too long")
    return int(text)


def sha256(*parts: bytes) -> bytes:
    """SHA-256 of all parts, joined."""
    return hashlib.sha256(b"".join(parts)).digest()


# --- 3. Codes, receipts and pins -------------------------------------------------------------------------

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32
CHECKS = ALPHABET + "*~$=U"  # its check characters, one for each remainder of 37
DROPPED_KINDS = {"Cc", "Cf", "Pd", "Zl", "Zp", "Zs"}  # controls, format characters, dashes, spaces
DROPPED = "\u02d7\u2043\u2212\ufe0e\ufe0f"  # other dashes, and marks that choose between text and emoji
OUTER_KINDS = {"Pc", "Pe", "Pf", "Pi", "Po", "Ps", "Sk", "Mn"}  # quotes, brackets, punctuation, loose accents
LOOK_ALIKES = str.maketrans("abcdefghijklmnopqrstuvwxyzOIL", "ABCDEFGH1JK1MN0PQRSTUVWXYZ011")


def as_meant(text: str) -> str:
    """The characters of a code, receipt, pin or short address as they were meant.

    Applies NFKC (full-width forms become ASCII). Drops spaces, dashes, controls and format characters anywhere, and
    quotes and punctuation around the whole, but not ``*``, which may end a receipt. O is read as 0, I and L as 1.
    """
    normal = unicodedata.normalize("NFKC", text)
    kept = [c for c in normal if unicodedata.category(c) not in DROPPED_KINDS and c not in DROPPED]
    while kept and is_outer(kept[0]):
        kept.pop(0)
    while kept and is_outer(kept[-1]):
        kept.pop()
    return "".join(kept).translate(LOOK_ALIKES)


def is_outer(character: str) -> bool:
    """Whether this is a quote or a punctuation mark that may stand before or after a code."""
    return character != "*" and (unicodedata.category(character) in OUTER_KINDS or character in "<>")


def in_fours(text: str) -> str:
    """``text`` in groups of four, with hyphens."""
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def in_digits(number: int, length: int) -> str:
    """A number in that many Crockford digits."""
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def from_digits(digits: str) -> int:
    """The number that Crockford digits write."""
    number = 0
    for digit in digits:
        number = number * 32 + ALPHABET.index(digit)
    return number


def read_code(text: str) -> str:
    """A code as 16 characters. Refuses what cannot be one, and says why."""
    code = as_meant(text)
    wrong = [c for c in code if c not in ALPHABET]
    if wrong:
        raise Stop(f"Codes never contain {plain(wrong[0])}. Check that character.")
    if len(code) != 16:
        raise Stop(f"A code has 16 characters; this one has {len(code)}. Check it and try again.")
    return code


def receipt_words(receipt: bytes) -> str:
    """16 bytes as 26 Crockford digits and a check character, in groups of four."""
    number = int.from_bytes(receipt, "big")
    return in_fours(in_digits(number, 26) + CHECKS[number % 37])


def read_receipt(text: str) -> bytes:
    """The 16 bytes behind a receipt that was written down. Finds every single slip, and every two swapped neighbors."""
    typed = as_meant(text)
    if len(typed) == 26 and set(typed) <= set(ALPHABET) and CHECKS[from_digits(typed) % 37] == "=":
        typed += "="  # what copying most often loses; the check still has to fit
    if len(typed) != 27:
        raise Stop(f"A receipt has 27 characters (six groups of four, then three); this one has {len(typed)}.")
    if any(c not in ALPHABET for c in typed[:-1]) or typed[-1] not in CHECKS:
        raise Stop("A character in this receipt cannot be in a receipt. Compare it with what you wrote down.")
    number = from_digits(typed[:-1])
    if number >= 2**128 or CHECKS[number % 37] != typed[-1]:
        raise Stop("The receipt's check character does not fit: some character in it is wrong or two are swapped.")
    return number.to_bytes(16, "big")


def openings(receipt: bytes) -> tuple[bytes, bytes]:
    """W and A: the two values that show, later, that a signature is yours."""
    return sha256(b"petition-withdraw-v1", receipt), sha256(b"petition-appear-v1", receipt)


def commitment(receipt: bytes) -> str:
    """COMMIT, hex: what a signature says in public of its receipt. Nobody can compute the receipt from it."""
    w, a = openings(receipt)
    return sha256(b"petition-commit-v1", sha256(w), sha256(a)).hex()


PIN = re.compile("[A-Za-z0-9_-]{43}")


def read_pin(text: str, whose: str) -> bytes:
    """A pin's 32 bytes, or its first 20 where it was written for reading aloud (32 characters)."""
    if PIN.fullmatch(text.strip()):
        with contextlib.suppress(Stop):
            return from_b64url(text.strip(), "pin", 32)
    digits = as_meant(text)
    if len(digits) != 32 or not set(digits) <= set(ALPHABET):
        raise Usage(f"The pin in {whose} is not whole. A pin has 43 characters, or 32 when it is read aloud.")
    return from_digits(digits).to_bytes(20, "big")


def spoken_pin(pin: bytes) -> str:
    """A pin for reading aloud: its first 160 bits in 32 Crockford digits, in groups of four."""
    return in_fours(in_digits(int.from_bytes(pin[:20], "big"), 32))


STATEMENT = re.compile(
    rb"petition-signature-v1\n([0-9A-HJKMNP-TV-Z]{26})\n([1-9][0-9]{0,15})\n([0-9a-f]{64})\n([0-9a-f]{64})\n"
)


@dataclass(frozen=True)
class Statement:
    """What is signed: this letter, this round, this text, and the receipt's commitment."""

    letter_id: str
    round: int
    text_sha256: str
    commit: str

    def message(self) -> bytes:
        """The bytes to sign: 32 random ones in front (RFC 9474, section 4.1, PrepareRandomize)."""
        lines = ["petition-signature-v1", self.letter_id, str(self.round), self.text_sha256, self.commit, ""]
        return secrets.token_bytes(32) + "\n".join(lines).encode("ascii")

    @staticmethod
    def read(message: bytes) -> Statement:
        """The statement in a message. Refuses any byte out of place."""
        found = STATEMENT.fullmatch(message[32:])
        if not found:
            raise Stop("What was signed is not in the form that it must have.")
        letter_id, number, text, commit = (part.decode("ascii") for part in found.groups())
        return Statement(letter_id, int(number), text, commit)


# --- 4. The blind signature: RFC 9474, RSABSSA-SHA384-PSS-Randomized -------------------------------------

VARIANT = "RSABSSA-SHA384-PSS-Randomized"
SALT = 48  # bytes
SIZE = 384  # bytes of a number below the round's modulus: 3072 bits
# A public key (SPKI DER, rsaEncryption) of 3072 bits with e = 65537 has one form: this, n, and that.
SPKI_HEAD = bytes.fromhex("308201a2300d06092a864886f70d01010105000382018f003082018a0282018100")
SPKI_TAIL = bytes.fromhex("0203010001")


@dataclass(frozen=True)
class Key:
    """An RSA public key."""

    n: int
    e: int

    @property
    def size(self) -> int:
        """Bytes that a number below n takes."""
        return (self.n.bit_length() + 7) // 8

    @staticmethod
    def of_round(spki: bytes) -> Key:
        """A key of 3072 bits with e = 65537 in its one encoding. Refuses any other."""
        middle = spki[len(SPKI_HEAD) : -len(SPKI_TAIL)]
        n = int.from_bytes(middle, "big")
        if spki != SPKI_HEAD + middle + SPKI_TAIL or len(middle) != SIZE or n.bit_length() != 8 * SIZE or n % 2 == 0:
            raise Stop("A key of this letter is not an RSA key of 3072 bits with e = 65537, as it must be.")
        return Key(n, 65537)


def sha384(data: bytes) -> bytes:
    """SHA-384, the hash of this kind of signature."""
    return hashlib.sha384(data).digest()


def mgf1(seed: bytes, length: int, digest: Callable[[bytes], bytes] = sha384) -> bytes:
    """The mask of ``length`` bytes (RFC 8017, appendix B.2.1)."""
    blocks = (digest(seed + i.to_bytes(4, "big")) for i in range(length // 32 + 1))
    return b"".join(blocks)[:length]


def xor(one: bytes, other: bytes) -> bytes:
    """Two strings of the same length, bit by bit."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(len(one), "big")


def pss_encode(message: bytes, bits: int, salt: bytes) -> bytes:
    """EMSA-PSS-ENCODE (RFC 8017, section 9.1.1): ``message`` as a number of at most ``bits`` bits."""
    length = (bits + 7) // 8
    digest = sha384(bytes(8) + sha384(message) + salt)
    block = bytes(length - len(salt) - len(digest) - 2) + b"\x01" + salt
    masked = xor(block, mgf1(digest, len(block)))
    first = masked[0] & (0xFF >> (8 * length - bits))
    return bytes([first]) + masked[1:] + digest + b"\xbc"


def pss_verify(message: bytes, bits: int, encoded: int, salt_size: int = SALT) -> bool:
    """EMSA-PSS-VERIFY (RFC 8017, section 9.1.2): take the salt out, encode again, compare."""
    length = (bits + 7) // 8
    if encoded.bit_length() > bits:
        return False
    text = encoded.to_bytes(length, "big")
    masked, digest = text[: length - 49], text[length - 49 : -1]  # the last byte is 0xbc
    block = xor(masked, mgf1(digest, len(masked)))
    salt = block[len(block) - salt_size :]
    return pss_encode(message, bits, salt) == text


def blind(key: Key, message: bytes, salt: bytes, r: int) -> tuple[bytes, int]:
    """Cover ``message`` by the random factor ``r``: what the issuer sees, and how to uncover (section 4.2)."""
    encoded = int.from_bytes(pss_encode(message, key.n.bit_length() - 1, salt), "big")
    if math.gcd(encoded, key.n) != 1 or math.gcd(r, key.n) != 1:
        raise Stop("The round's key is not a sound RSA key.")
    covered = encoded * pow(r, key.e, key.n) % key.n
    return covered.to_bytes(key.size, "big"), pow(r, -1, key.n)


def finalize(key: Key, message: bytes, blind_signature: bytes, inverse: int, salt_size: int = SALT) -> bytes:
    """Uncover the issuer's answer and check the signature that comes out (section 4.4)."""
    if len(blind_signature) != key.size or int.from_bytes(blind_signature, "big") >= key.n:
        raise Stop("The server's answer is not a signature by the round's key.")
    number = int.from_bytes(blind_signature, "big") * inverse % key.n
    signature = number.to_bytes(key.size, "big")
    if not verify(key, message, signature, salt_size):
        raise Stop("The server's answer is not a signature by the round's key.")
    return signature


def verify(key: Key, message: bytes, signature: bytes, salt_size: int = SALT) -> bool:
    """RSASSA-PSS-VERIFY (RFC 8017, section 8.1.2) with SHA-384."""
    number = int.from_bytes(signature, "big")
    if len(signature) != key.size or number >= key.n:
        return False
    return pss_verify(message, key.n.bit_length() - 1, pow(number, key.e, key.n), salt_size)


# --- 5. Files: what you keep until you sign, and the receipt after it ------------------------------------


@dataclass(frozen=True)
class Token:
    """A token file, a receipt file (both with ``signature``), or a retry file (with the other two instead)."""

    letter: str
    letter_id: str
    round: int
    pin: bytes
    message: bytes
    receipt: bytes
    signature: bytes | None = None
    blinded_message: bytes | None = None
    inverse: int | None = None

    @property
    def statement(self) -> Statement:
        return Statement.read(self.message)

    def as_json(self) -> dict[str, Any]:
        """The file's members; binary values in base64url without padding."""
        members: dict[str, Any] = {
            "petition": 1,
            "letter": self.letter,
            "letter_id": self.letter_id,
            "round": self.round,
            "pin": b64url(self.pin),
            "message": b64url(self.message),
            "receipt": b64url(self.receipt),
        }
        if self.signature is not None:
            members["signature"] = b64url(self.signature)
        if self.blinded_message is not None and self.inverse is not None:
            members["blinded_message"] = b64url(self.blinded_message)
            members["inverse"] = b64url(self.inverse.to_bytes(SIZE, "big"))
        return members

    @staticmethod
    def read(data: bytes, name: str) -> Token:
        """The token in a file. Refuses one whose parts do not belong together."""
        members = read_object(data, f"The file {name}")
        if members.get("petition") != 1 or type(members.get("round")) is not int:
            raise Stop(f"The file {name} was not written by this program or by a letter's page.")
        signature, blinded, inverse = (members.get(m) for m in ("signature", "blinded_message", "inverse"))
        token = Token(
            letter=plain(members.get("letter", "")),
            letter_id=str(members.get("letter_id")),
            round=members["round"],
            pin=from_b64url(members.get("pin"), f"pin in {name}", 32),
            message=from_b64url(members.get("message"), f"message in {name}"),
            receipt=from_b64url(members.get("receipt"), f"receipt in {name}", 16),
            signature=None if signature is None else from_b64url(signature, f"signature in {name}", SIZE),
            blinded_message=None if blinded is None else from_b64url(blinded, f"number in {name}", SIZE),
            inverse=None if inverse is None else int.from_bytes(from_b64url(inverse, f"factor in {name}", SIZE), "big"),
        )
        said = token.statement
        own = (token.letter_id, token.round, commitment(token.receipt))
        if (said.letter_id, said.round, said.commit) != own:
            raise Stop(f"The parts of the file {name} do not belong together. It was changed or damaged.")
        return token


def load(name: str) -> Token:
    """The token, receipt or retry file of that name."""
    return Token.read(read_file(name, 65536), name)


def read_file(name: str, longest: int) -> bytes:
    """The first bytes of a file."""
    try:
        with Path(name).open("rb") as file:
            return file.read(longest)
    except OSError as problem:
        raise Stop(f"The file {name} cannot be read: {problem.strerror}.") from None


def save(path: Path, token: Token) -> None:
    """Write the file whole or not at all, readable by you alone, never over another file."""
    text = json.dumps(token.as_json(), indent=1) + "\n"
    try:
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".petition-")  # mode 0600
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            put_in_place(Path(draft), path)
        finally:
            Path(draft).unlink(missing_ok=True)
    except OSError as problem:
        raise Stop(f"The file {path} cannot be written: {problem.strerror}.") from None


def put_in_place(draft: Path, path: Path) -> None:
    """Give the finished draft its name, unless the name is taken."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a stick formatted for Windows has no hard links
        require_free(path)
        draft.rename(path)


def require_free(path: Path) -> None:
    """Refuse a name that is taken: this program never overwrites a file."""
    if path.exists() or path.is_symlink():
        raise Stop(f"There is already a file {path}. Move it away, or give another name.")
    if not path.parent.is_dir():
        raise Stop(f"There is no folder {path.parent} to write to.")


# --- 6. The letter's address -----------------------------------------------------------------------------

LETTER_PATH = re.compile(
    r"(?P<root>(?:/[\w.~%-]+)*?)(?:/[a-z]{2}(?:-[A-Za-z]{2,4})?)?"  # a folder, a language
    r"/(?:letters/(?P<slug>[\w.~%-]+)|s/(?P<short>[^/]+))(?:/.*)?",  # the letter, and any page of it
    re.ASCII,
)
NAMES = re.compile("[a-z0-9.:-]{1,253}")  # of hosts
SHORT = 16  # characters of a letter's id in its short address
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Address:
    """Where the letter is. Round, pin and code come from behind the # of a link; they are never part of a request."""

    scheme: str
    host: str
    port: int
    base: str
    slug: str | None = None
    round: int | None = None
    pin: bytes | None = None
    code: str | None = None
    is_own_host: bool = False  # named by --host: the pin does not have to cover it

    @property
    def netloc(self) -> str:
        """Host and port as in a Host header, and in a record's ``hosts``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == default_port(self.scheme) else f"{host}:{self.port}"

    @property
    def root(self) -> str:
        """The site's root."""
        return f"{self.scheme}://{self.netloc}/"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.base}"

    @property
    def is_short(self) -> bool:
        """Whether this is the one address that the letter's id gives, where things may be sent."""
        return self.base.startswith("/s/")

    @property
    def is_onion(self) -> bool:
        return self.host.endswith(".onion")

    def shortened(self, letter_id: str) -> Address:
        """The same letter at its short address."""
        return replace(self, base=f"/s/{letter_id[:SHORT]}/")

    def at(self, host: str) -> Address:
        """The same letter on another host, which the user names."""
        there = Address.read(f"{self.scheme}://{host}{self.base}", is_safe=False)
        is_plain = there.is_onion or (self.scheme == "http" and is_loopback(there.host))
        scheme = "http" if is_plain else "https"
        port = default_port(scheme) if there.port == default_port(there.scheme) else there.port
        return replace(self, scheme=scheme, host=there.host, port=port, is_own_host=True)

    @staticmethod
    def read(text: str, is_safe: bool = True) -> Address:
        """The parts of a letter's address. Any page of the letter will do, or a link from a printed code."""
        example = "It looks like https://example.org/s/7QK3-ZC9V-0M5D-14HT"
        if "://" not in text:
            text = ("http://" if ".onion/" in text else "https://") + text
        try:
            parts = urlsplit(text)
            host = (parts.hostname or "").encode("idna").decode("ascii").lower()
            port = parts.port or default_port(parts.scheme)
        except ValueError:
            raise Usage(f"This is not an address. {example}") from None
        path = LETTER_PATH.fullmatch(parts.path)
        if parts.scheme not in ("http", "https") or not NAMES.fullmatch(host) or "@" in parts.netloc or not path:
            raise Usage(f"This is not the address of a letter. {example}")
        if is_safe:
            require_safe(parts.scheme, host)
        behind = {name: values[0] for name, values in parse_qs(parts.fragment).items()}
        return Address(
            scheme=parts.scheme,
            host=host,
            port=port,
            base=f"/s/{read_short(path['short'])}/" if path["short"] else f"{path['root']}/letters/{path['slug']}/",
            slug=path["slug"],
            round=read_round(behind["r"]) if "r" in behind else None,
            pin=read_pin(behind["p"], "the link") if "p" in behind else None,
            code=behind.get("c"),
        )


def read_short(text: str) -> str:
    """The 16 characters of a short address, read like a code."""
    short = as_meant(unquote(text))
    if len(short) != SHORT or not set(short) <= set(ALPHABET):
        raise Usage("This is not the whole address of a letter: 16 letters and digits follow /s/. Check each one.")
    return short


def read_round(text: str) -> int:
    """The number of a round in a link."""
    if not re.fullmatch("[1-9][0-9]{0,8}", text):
        raise Usage("The link is damaged: what follows r= is not the number of a round.")
    return int(text)


def require_safe(scheme: str, host: str) -> None:
    """Refuse a connection that everybody in between can read and change."""
    if scheme == "http" and not is_loopback(host) and not host.endswith(".onion"):
        raise Usage(
            f"The address starts with http, so everybody between you and {host} could read your code and change the"
            " answers. Use the address that starts with https."
        )


def is_loopback(host: str) -> bool:
    """Whether a host is this computer."""
    return host in LOOPBACK or host.endswith(".localhost")


def default_port(scheme: str) -> int:
    """The port that an address does not name."""
    return 80 if scheme == "http" else 443


# --- 7. The network: one server, or one proxy, and nobody else -------------------------------------------

PATIENCE = 60  # seconds for one answer, and for connecting
LOG_PATIENCE = 5  # times as long for a part of the log, which can be large
SMALL = 512 * 1024  # the longest answer, in bytes
LONGEST_TEXT = 8 * 1024 * 1024  # of letter.md
HEADERS = {"User-Agent": "petition-client", "Accept": "*/*", "Accept-Encoding": "identity"}  # everyone's
SOCKS_SAYS = {
    1: "it failed",
    2: "its rules do not allow it",
    3: "the network cannot be reached",
    4: "the host cannot be reached",
    5: "the connection was refused",
    6: "it took too long",
}


@dataclass(frozen=True)
class Proxy:
    """A SOCKS5 proxy, such as Tor's. It looks up names; this computer never does."""

    host: str
    port: int
    user: str
    password: str

    @staticmethod
    def read(text: str | None) -> Proxy | None:
        """``socks5://[user:password@]host:port``; socks5h is the same."""
        if text is None:
            return None
        example = "It looks like socks5://127.0.0.1:9050 (Tor) or socks5://127.0.0.1:9150 (Tor Browser)"
        try:
            parts = urlsplit(text)
            host, port = parts.hostname, parts.port
        except ValueError:
            host = port = None
        if not host or not port or parts.scheme not in ("socks5", "socks5h") or parts.path not in ("", "/"):
            raise Usage(f"This is not a proxy that can be used. {example}")
        return Proxy(host, port, unquote(parts.username or ""), unquote(parts.password or ""))

    def with_own_path(self) -> Proxy:
        """Tor takes a path of its own for each name and password, so each step gets random ones."""
        return self if self.user else replace(self, user=secrets.token_hex(8), password=secrets.token_hex(8))

    def connect(self, way: socket.socket, host: str, port: int) -> None:
        """Have the proxy, to which ``way`` leads, connect to ``host`` (RFC 1928; the password as in RFC 1929)."""
        way.sendall(b"\x05\x02\x00\x02")
        version, method = receive(way, 2)
        if version != 5 or method not in (0, 2):
            raise Trouble("The proxy is not a SOCKS5 proxy, or wants another way to sign in.")
        if method == 2:
            self._sign_in(way)
        way.sendall(b"\x05\x01\x00" + socks_host(host) + port.to_bytes(2, "big"))
        _version, said, _, kind = receive(way, 4)
        if said != 0:
            raise Trouble(f"The proxy could not connect to {host}: {SOCKS_SAYS.get(said, 'it did not say why')}.")
        receive(way, {1: 4, 4: 16}.get(kind) or receive(way, 1)[0])
        receive(way, 2)

    def _sign_in(self, way: socket.socket) -> None:
        user, password = self.user.encode("utf-8"), self.password.encode("utf-8")
        if not (0 < len(user) < 256 and len(password) < 256):
            raise Usage("The proxy's user name or password is missing or too long.")
        way.sendall(b"\x01" + bytes([len(user)]) + user + bytes([len(password)]) + password)
        if receive(way, 2)[1] != 0:
            raise Trouble("The proxy does not accept this user name and password.")


def socks_host(host: str) -> bytes:
    """The host as SOCKS5 wants it: its name, so that the proxy looks it up, or the IP address that was given."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return b"\x03" + bytes([len(host)]) + host.encode("ascii")
    return (b"\x01" if address.version == 4 else b"\x04") + address.packed


def receive(way: socket.socket, count: int) -> bytes:
    """Exactly ``count`` bytes."""
    data = b""
    while len(data) < count:
        more = way.recv(count - len(data))
        if not more:
            raise Trouble("The proxy closed the connection.")
        data += more
    return data


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    status: int
    body: bytes

    def value(self) -> dict[str, Any]:
        """The JSON object in a good answer. Otherwise stops with the server's own words."""
        if self.status not in (200, 201):
            raise Refused(self)
        return read_object(self.body, "The server's answer")


class Refused(Stop):
    """The server said no; its ``detail`` (RFC 9457) says why. ``is_elsewhere``: a code may be of another round."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        try:
            problem = read_object(answer.body, "")
        except Stop:
            problem = {}
        said = plain(problem.get("detail") or problem.get("title") or "")
        self.is_elsewhere = answer.status == 403 and bool(said)  # says the server, not something before it
        reason = {404: "there is nothing for this at the address you gave", 429: "too many requests; wait a little"}
        super().__init__(
            f"The server says: {said}"
            if said
            else f"The server refused ({answer.status}): {reason.get(answer.status, 'it did not say why')}."
        )


@dataclass
class Site:
    """The server of one letter. Each step of signing makes its own, so that no connection joins two steps."""

    address: Address
    proxy: Proxy | None
    patience: float = PATIENCE

    def __post_init__(self) -> None:
        self.proxy = self.proxy.with_own_path() if self.proxy else None
        self.connection: http.client.HTTPConnection | None = None
        self.line: socket.socket | None = None  # a second handle of the connection, to cut it
        self.is_late = False

    def get(self, name: str, longest: int = SMALL, patience: float = 1) -> Answer:
        """The file ``name`` of the letter."""
        return self._ask("GET", self.address.base + name, None, longest, self.patience * patience)

    def post(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        """Send ``value``, once, and return the answer."""
        body = json.dumps(value).encode("ascii")
        return self._ask("POST", self.address.base + name, body, SMALL, self.patience).value()

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection, if there is one."""
        for one in (self.connection, self.line):
            if one:
                one.close()
        self.connection = self.line = None

    def _ask(self, method: str, path: str, body: bytes | None, longest: int, seconds: float) -> Answer:
        was_open = self.connection is not None
        try:
            answer = self._in_time(method, path, body, longest, seconds)
        except (OSError, http.client.HTTPException) as problem:
            self.close()
            if was_open and method == "GET" and not self.is_late:  # the server had closed it meanwhile
                return self._ask(method, path, body, longest, seconds)
            raise Trouble(self._why(problem)) from None
        if 300 <= answer.status < 400:
            raise Stop(
                f"{self.address.host} sends us to another address. This program does not follow: an address made for"
                " you alone would mark you. Ask the person who gave you the code for the letter's own address."
            )
        return answer

    def _in_time(self, method: str, path: str, body: bytes | None, longest: int, seconds: float) -> Answer:
        """One exchange, which ends after ``seconds`` whatever the other side still sends."""
        self.is_late = False
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            return self._exchange(method, path, body, longest)
        finally:
            timer.cancel()
            if self.is_late:  # whatever else seems to have gone wrong, or right
                raise TimeoutError

    def _cut(self) -> None:
        self.is_late = True
        with contextlib.suppress(OSError):
            if self.line:
                self.line.shutdown(socket.SHUT_RDWR)

    def _exchange(self, method: str, path: str, body: bytes | None, longest: int) -> Answer:
        headers = {"Host": self.address.netloc, **HEADERS}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self.connection is None:
            self.connection = self._connect()
        self.connection.request(method, path, body, headers)
        with self.connection.getresponse() as response:
            answer = Answer(response.status, read_all(response, longest))
            if response.will_close:
                self.close()
        return answer

    def _connect(self) -> http.client.HTTPConnection:
        address = self.address
        first = (self.proxy.host, self.proxy.port) if self.proxy else (address.host, address.port)
        way = socket.create_connection(first, self.patience)
        try:
            self.line = way.dup()
            if self.is_late:
                raise TimeoutError
            if self.proxy:
                self.proxy.connect(way, address.host, address.port)
            if address.scheme == "https":
                context = ssl.create_default_context()
                context.minimum_version = ssl.TLSVersion.TLSv1_2
                way = context.wrap_socket(way, server_hostname=address.host)
        except BaseException:
            way.close()
            raise
        connection = http.client.HTTPConnection(address.host, address.port)
        connection.sock = way
        connection.auto_open = 0  # it must never open a connection of its own, past the proxy
        return connection

    def _why(self, problem: Exception) -> str:
        """A failed connection in one sentence."""
        host = self.address.host
        if isinstance(problem, ssl.SSLCertVerificationError):
            return f"{host} could not prove that it is {host} ({problem.verify_message}); somebody may be in between."
        if self.is_late or isinstance(problem, (TimeoutError, socket.timeout)):
            return f"{host} did not answer in time."
        through = f" through the proxy {self.proxy.host}:{self.proxy.port}" if self.proxy else ""
        reason = plain(getattr(problem, "strerror", None) or str(problem) or "the connection broke", 200)
        return f"{host} could not be reached{through}: {reason}."


def read_all(response: http.client.HTTPResponse, longest: int) -> bytes:
    """The whole body. Refuses one that is too long or cut off."""
    body = bytearray()
    while len(body) <= longest:
        more = response.read1(65536)
        if not more:
            if response.length:
                raise Trouble("The server's answer was cut off.")
            return bytes(body)
        body += more
    raise Trouble("The server's answer is too long.")


def require_proxy_for_onion(address: Address, proxy: Proxy | None) -> None:
    """Never look up an onion name on this computer."""
    if address.is_onion and not proxy:
        raise Usage("An .onion address needs Tor: add --proxy socks5://127.0.0.1:9050 (Tor Browser: port 9150).")


# --- 8. The letter's public record (round.json) ----------------------------------------------------------

IDS = re.compile("[a-z0-9-]{1,32}")
STEPS = re.compile("named|named_at:[1-9][0-9]{0,8}")
LETTER_IDS = re.compile("[0-9A-HJKMNP-TV-Z]{26}")
HEX = re.compile("[0-9a-f]{64}")
HOSTS = re.compile(r"(?:[a-z0-9.-]{1,253}|\[[0-9a-f:]{2,45}\])(?::[1-9][0-9]{0,4})?")
PINNED = (
    "fields_sha256",
    "hosts",
    "k",
    "letter_id",
    "log_key",
    "names_keys",
    "public_key",
    "roll",
    "round",
    "text_sha256",
    "timing",
)  # what a pin covers


def pin_of(members: Mapping[str, Any]) -> bytes:
    """The pin over the eleven members that a server could choose for one visitor alone."""
    return sha256(b"petition-pin-v1", canonical({name: members[name] for name in PINNED}))


def fits(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    """A test for a text that matches the pattern as a whole."""
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def is_number(value: Any) -> bool:
    """Whether this is a whole number from 1 that every reader of JSON keeps exactly."""
    return type(value) is int and 0 < value < 2**53


def is_label(value: Any) -> bool:
    """Whether this is a text for people, of a sensible length and in sound Unicode."""
    return isinstance(value, str) and len(value) <= 500 and not any("\ud800" <= c <= "\udfff" for c in value)


def is_list_of(is_right: Callable[[Any], bool], longest: int) -> Callable[[Any], bool]:
    """A test for a list whose items are all right."""
    return lambda value: isinstance(value, list) and len(value) <= longest and all(map(is_right, value))


def is_object_of(**shapes: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A test for an object that has these members."""
    return lambda value: (
        isinstance(value, dict) and value.keys() >= shapes.keys() and all(shapes[name](value[name]) for name in shapes)
    )


def is_keys(value: Any) -> bool:
    """Whether this maps steps to keys."""
    return isinstance(value, dict) and len(value) <= 100 and all(map(fits(STEPS), value))


is_option = is_object_of(id=fits(IDS), label=is_label)
is_field = is_object_of(id=fits(IDS), label=is_label, options=is_list_of(is_option, 500))
SHAPES: dict[str, Callable[[Any], bool]] = {
    "letter_id": fits(LETTER_IDS),
    "round": is_number,
    "roll_id": fits(IDS),
    "text_sha256": fits(HEX),
    "k": lambda value: is_number(value) and (value == 1 or 3 <= value <= 50),
    "timing": lambda value: value in ("together", "apart"),
    "hosts": lambda value: is_list_of(fits(HOSTS), 20)(value) and value == sorted(set(value)),
    "log_key": lambda value: isinstance(value, str),
    "public_key": lambda value: isinstance(value, str),
    "names_keys": is_keys,
    "names_offered": is_list_of(fits(STEPS), 100),
    "fields": is_list_of(is_field, 100),
    "fields_sha256": fits(HEX),
    "issuing": lambda value: type(value) is bool,
    "signing": lambda value: type(value) is bool,
    "rounds": is_list_of(is_object_of(round=is_number, roll_id=fits(IDS), roll=is_label), 1000),
}


@dataclass(frozen=True)
class Field:
    """A question of the letter: its id and label, and the ids and labels of its answers."""

    id: str
    label: str
    options: tuple[tuple[str, str], ...]

    @staticmethod
    def of(members: dict[str, Any]) -> Field:
        """One of the record's fields, whose shape was checked."""
        options = tuple((option["id"], plain(option["label"])) for option in members["options"])
        return Field(members["id"], plain(members["label"]), options)

    def find(self, text: str) -> str | None:
        """The id of an answer, given its id or its label."""
        return next((name for name, label in self.options if text.casefold() in (name, label.casefold())), None)


@dataclass(frozen=True)
class Record:
    """What the server says in public of a round. ``members`` are as they came, each in its right shape."""

    members: dict[str, Any]
    key: Key
    names_keys: dict[str, Key]
    pin: bytes

    @staticmethod
    def read(members: dict[str, Any]) -> Record:
        """The record in round.json. Refuses members that are missing or damaged, and weak keys."""
        if members.get("variant") != VARIANT:
            raise Stop("This letter uses a kind of signature that this program does not know. Look for a newer one.")
        for name, is_right in SHAPES.items():
            if name not in members or not is_right(members[name]):
                raise Stop(f"The letter's public record is damaged: {name} is missing or not as it must be.")
        if sha256(canonical(members["fields"])).hex() != members["fields_sha256"]:
            raise Stop("The letter's public record is damaged: its fields and their hash do not belong together.")
        from_b64url(members["log_key"], "log's key", 32)
        keys = {step: from_b64url(spki, "names key") for step, spki in members["names_keys"].items()}
        hashes = {step: sha256(spki).hex() for step, spki in keys.items()}
        return Record(
            members=members,
            key=Key.of_round(from_b64url(members["public_key"], "round's key")),
            names_keys={step: Key.of_round(spki) for step, spki in keys.items()},
            pin=pin_of({**members, "names_keys": hashes, "roll": members["roll_id"]}),
        )

    @property
    def letter_id(self) -> str:
        return str(self.members["letter_id"])

    @property
    def round(self) -> int:
        return int(self.members["round"])

    @property
    def roll(self) -> str:
        return str(self.members["roll_id"])

    @property
    def is_issuing(self) -> bool:
        return self.members["issuing"] is True

    @property
    def is_signing(self) -> bool:
        return self.members["signing"] is True

    @property
    def signing_starts(self) -> str:
        return plain(self.members.get("signing_starts") or "a later time", 40)

    @property
    def fields(self) -> list[Field]:
        return [Field.of(field) for field in self.members["fields"]]

    @property
    def steps(self) -> list[str]:
        """What a signer of this letter can choose to show."""
        offered = [step for step in self.names_keys if step in self.members["names_offered"]]
        return ["counted", *(["grouped"] if self.members["fields"] else []), *offered]

    def statement(self, commit: str) -> Statement:
        """What is signed in this round by the holder of a receipt with this commitment."""
        return Statement(self.letter_id, self.round, self.members["text_sha256"], commit)

    def require_same_letter(self, other: Record) -> None:
        """Refuse two answers of one server that contradict each other."""
        of_round = ("public_key", "roll", "round")
        if any(self.members[name] != other.members[name] for name in PINNED if name not in of_round):
            raise Stop("STOP. The server gave two answers about this letter that contradict each other.")


# --- 9. The public log -----------------------------------------------------------------------------------

VERSION = 2
BUNDLE = 256  # entries in a full part of the log
LONGEST_BUNDLE = BUNDLE * (2 + 65535)
MOST_ENTRIES = 2_000_000


def leaf_hash(entry: bytes) -> bytes:
    """RFC 9162, section 2.1.1."""
    return sha256(b"\x00", entry)


def tree_root(level: Sequence[bytes]) -> bytes:
    """The root over leaf hashes (RFC 9162, section 2.1.1): hash pairs, and carry an odd last one along."""
    if not level:
        return sha256()
    while len(level) > 1:
        pairs = [sha256(b"\x01", level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + list(level[len(pairs) * 2 :])
    return level[0]


def tile_path(number: int) -> str:
    """A part's number in elements of three digits: 1234067 is x001/x234/067 (C2SP tlog-tiles)."""
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    elements = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    return "/".join(["x" + element for element in elements[:-1]] + elements[-1:])


def read_bundle(data: bytes, count: int) -> list[bytes]:
    """``count`` entries, each after its length in two bytes. Refuses ``data`` that they do not fill exactly."""
    entries, at = [], 0
    for _ in range(count):
        size = int.from_bytes(data[at : at + 2], "big")
        entries.append(data[at + 2 : at + 2 + size])
        at += 2 + size
    if at != len(data):
        raise Stop("A part of the log is damaged: its entries do not fill it.")
    return entries


# Ed25519 (RFC 8032, section 5.1), for checking only: there is nothing secret in these computations.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int, int, int]  # X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z


def add(p: Point, q: Point) -> Point:
    """The sum of two points (section 5.1.4)."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(s: int, p: Point) -> Point:
    """The point added to itself ``s`` times."""
    total = (0, 1, 1, 0)
    while s:
        if s & 1:
            total = add(total, p)
        p, s = add(p, p), s >> 1
    return total


def same(p: Point, q: Point) -> bool:
    """Whether two points are one."""
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def point(text: bytes) -> Point | None:
    """The point behind 32 bytes (section 5.1.3), or None."""
    y = int.from_bytes(text, "little") & ~(1 << 255)
    odd = text[31] >> 7
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - xx) % P or (x == 0 and odd):
        return None
    if x & 1 != odd:
        x = P - x
    return x, y, 1, x * y % P


BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """RFC 8032, section 5.1.7."""
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or BASE is None or s >= ORDER:
        return False
    if same(times(8, a), times(0, a)):  # a key of small order, for which anyone can sign
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    return same(times(s, BASE), add(r, times(h, a)))


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes by which a note names its key (C2SP signed-note)."""
    return sha256(name.encode("utf-8"), b"\n\x01", public)[:4]


def read_vkey(text: bytes) -> tuple[str, bytes]:
    """Name and Ed25519 key of a verifier key (C2SP signed-note): name+id+base64(0x01 || key)."""
    try:
        name, identity, encoded = text.decode("utf-8").strip().split("+", 2)
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise Stop("The log's vkey cannot be read.") from None
    if len(key) != 33 or key[0] != 1 or identity != key_id(name, key[1:]).hex():
        raise Stop("The log's vkey is damaged: its parts do not belong together.")
    return name, key[1:]


def read_checkpoint(note: bytes, name: str | None, public: bytes) -> tuple[int, bytes]:
    """Size and root that the log's key signed (C2SP tlog-checkpoint). Signatures of witnesses may follow.

    ``name`` is the log's name where it is known from elsewhere than the note itself.
    """
    try:
        text, _, lines = note.decode("utf-8").rpartition("\n\n")
        origin, size, root = text.split("\n")[:3]
        name = name or origin
        digest = base64.b64decode(root, validate=True)
        ours = [base64.b64decode(line[len(name) + 3 :]) for line in lines.split("\n") if line.startswith(f"— {name} ")]
    except ValueError:
        raise Stop("The log's checkpoint cannot be read.") from None
    signed = (text + "\n").encode("utf-8")
    if not any(s[:4] == key_id(name, public) and ed25519_verify(public, signed, s[4:]) for s in ours):
        raise Stop("The log's checkpoint is not signed by the log's key.")
    if origin != name or not re.fullmatch("0|[1-9][0-9]{0,15}", size) or len(digest) != 32:
        raise Stop("The log's checkpoint is not in the form that it must have.")
    if not 0 < int(size) <= MOST_ENTRIES:
        raise Stop(f"The log says that it has {size} entries, which cannot be.")
    return int(size), digest


def fetch_part(site: Site, kind: str, number: int, count: int) -> tuple[bytes, bool]:
    """One part of the log, and whether it is a full one: a part that was not full may have become so meanwhile."""
    path = f"log/tile/{kind}/{tile_path(number)}"
    if count < BUNDLE:
        answer = site.get(f"{path}.p/{count}", LONGEST_BUNDLE, LOG_PATIENCE)
        if answer.status == 200:
            return answer.body, False
    answer = site.get(path, LONGEST_BUNDLE, LOG_PATIENCE)
    if answer.status == 404:
        raise Stop("A part of the log is missing. If the log was growing just now, run the same command again.")
    if answer.status != 200:
        raise Refused(answer)
    return answer.body, True


def parts_of(size: int) -> Iterator[tuple[int, int]]:
    """Number and length of each part of a log, with progress on a terminal."""
    parts = -(-size // BUNDLE)
    for number in range(parts):
        yield number, min(BUNDLE, size - number * BUNDLE)
        if sys.stderr.isatty() and parts > 20:
            print(f"\rRead {number + 1} of {parts} parts", end="\n" if number + 1 == parts else "", file=sys.stderr)


def fetch_bundle(site: Site, number: int, count: int) -> list[bytes]:
    """The entries of one part."""
    data, is_full = fetch_part(site, "entries", number, count)
    return read_bundle(data, BUNDLE if is_full else count)[:count]


def fetch_part_roots(site: Site, size: int) -> list[bytes]:
    """The root of each part of the log, without the entries: the log's root is the root over these.

    Tiles of level 1 have the roots of the full parts; that of the last part follows from its leaf hashes.
    """
    full, rest = divmod(size, BUNDLE)
    roots = [root for number, count in parts_of(full) for root in fetch_hashes(site, "1", number, count)]
    return roots + [tree_root(fetch_hashes(site, "0", full, rest))] if rest else roots


def fetch_hashes(site: Site, level: str, number: int, count: int) -> list[bytes]:
    """The first ``count`` hashes of a tile."""
    data, _ = fetch_part(site, level, number, count)
    return [data[at : at + 32] for at in range(0, 32 * count, 32)]


def read_entry(entry: bytes) -> dict[str, Any]:
    """An entry's members. Refuses what is not an object in canonical form."""
    members = read_object(entry, "An entry of the log")
    with contextlib.suppress(RecursionError):
        if canonical(members) == entry:
            return members
    raise Stop("An entry of the log is not in its canonical form.")


def require_version(first: dict[str, Any]) -> None:
    """Stop at a log whose rules this program does not know."""
    version = first.get("version", 1)
    if version != VERSION or type(version) is not int:
        raise NotChecked(
            f"The log has version {plain(version, 20)}; this program knows version {VERSION}, so it checked nothing."
            " Look for the program that belongs to that version: the letter's site has it as client.py."
        )


def pin_in_log(first: Mapping[str, Any], opened: Mapping[str, Any]) -> bytes:
    """The pin of a round as the log tells it to everybody: from entry 0 and the ``round`` entry."""
    try:
        return pin_of({**first, **{name: opened[name] for name in ("public_key", "roll", "round")}})
    except KeyError as missing:
        raise Stop(f"An entry of the log has no {missing.args[0]}, which it must have.") from None


# --- 10. Checking the record -----------------------------------------------------------------------------

MOST_ROUNDS = 100
NOT_SENT = "Nothing of yours was sent."
HOW_TO_GET = (
    "The pin is on the sheet with your code, in small type and in the QR code. Or ask a colleague to read you theirs."
    " Then add --pin PIN."
)


def pins_of(args: argparse.Namespace, address: Address, kept: Token | None) -> dict[str, bytes]:
    """All pins that the record must have, by where they come from."""
    pins = {"your link": address.pin, "--pin": read_pin(args.pin, "--pin") if args.pin else None}
    pins["your file"] = kept.pin if kept else None
    return {whose: pin for whose, pin in pins.items() if pin}


def fetch_checked(
    args: argparse.Namespace, address: Address, proxy: Proxy | None, kept: Token | None
) -> tuple[Address, list[Record]]:
    """The letter's short address, and the records of one or more rounds: see ``find_records``.

    All are checked against pins, text, and log if there is one, before anything is sent.
    """
    given = pins_of(args, address, None)
    pins = pins_of(args, address, kept)
    if kept and address.is_short and address != address.shortened(kept.letter_id):
        raise Stop(f"Your file belongs to another letter than the one at this address. {NOT_SENT}")
    tell(f"Asking {address.host} for the letter's public record. It sees {what_is_seen(proxy)}.")
    try:
        if not address.is_short:
            address = address.shortened(kept.letter_id if kept else learn_letter_id(args, address, proxy))
        with Site(address, proxy, args.timeout) as site:
            records = find_records(site, args, given, kept, address.round)
            require_place(address, records[0])
            require_pinned(records[0], pins)
            require_text(site.get("letter.md", LONGEST_TEXT), records[0])
            is_public = all(compare_with_log(site, record) for record in records)
    except Trouble as trouble:
        raise Stop(f"{trouble} {NOT_SENT} Try again later.") from None
    except Usage:
        raise
    except Stop as stop:
        raise Stop(str(stop) if NOT_SENT in str(stop) else f"{stop} {NOT_SENT}") from None
    tell_checked(records, bool(pins), is_public)
    return address, records


def learn_letter_id(args: argparse.Namespace, address: Address, proxy: Proxy | None) -> str:
    """Ask the address given, once, which letter this is. Everything after that goes to the letter's short address."""
    with Site(address, proxy, args.timeout) as site:
        letter_id = site.get("round.json").value().get("letter_id")
    if not fits(LETTER_IDS)(letter_id):
        raise Stop(f"The server does not say which letter is at this address. {NOT_SENT}")
    return str(letter_id)


def find_records(
    site: Site, args: argparse.Namespace, pins: dict[str, bytes], kept: Token | None, number: int | None
) -> list[Record]:
    """The record of the round that a file, a link or a pin names; else of all that a code may be of, likeliest first.

    ``pins`` are those that the signer gave. Without them a retry file names only the round that is asked first.
    """
    named = kept.round if kept else number
    first = [fetch_round(site, named)] if named else []
    if kept and kept.signature is None and not number and not pins:
        newest = Record.read(site.get("round.json").value())
        return first + [one for one in fetch_roll(site, newest, first[0].roll, first) if one.is_issuing]
    if first:
        return first
    if pins:
        return [find_pinned(site, next(iter(pins.values())))]
    newest = Record.read(site.get("round.json").value())
    records = fetch_roll(site, newest, choose_roll(args, newest), [])
    return [one for one in records if one.is_issuing] or records[:1]


def fetch_roll(site: Site, newest: Record, roll: str, known: list[Record]) -> list[Record]:
    """The records of a roll's rounds from the newest down, without those that are known."""
    numbers = {one["round"] for one in newest.members["rounds"] if one["roll_id"] == roll}
    if roll == newest.roll:  # the newest of this roll that was not annulled
        numbers = {number for number in numbers if number < newest.round} | {newest.round}
    wanted = sorted(numbers - {one.round for one in known}, reverse=True)[:MOST_ROUNDS]
    records = [newest if number == newest.round else fetch_round(site, number) for number in wanted]
    for record in known + records:
        record.require_same_letter(newest)
    return records


def fetch_round(site: Site, number: int) -> Record:
    """The record of a certain round."""
    record = Record.read(site.get(f"round.json?round={number}").value())
    if record.round != number:
        raise Stop(f"STOP. The server shows round {record.round} instead of round {number}. {NOT_SENT}")
    return record


def find_pinned(site: Site, pin: bytes) -> Record:
    """The record, of rounds 1, 2, …, that has this pin."""
    for number in range(1, MOST_ROUNDS + 1):
        answer = site.get(f"round.json?round={number}")
        if answer.status == 404 and number > 1:
            break
        if answer.status == 409:  # a further round that does not take codes yet
            raise Stop(f"None of the sets of codes that work now has the pin that you gave. {Refused(answer)}")
        record = Record.read(answer.value())
        if has_pin(record, pin):
            return record
    raise Stop(wrong_pin("None of the rounds that the server shows has the pin that you gave."))


def choose_roll(args: argparse.Namespace, record: Record) -> str:
    """The roll that the signer belongs to. Asks where there are several."""
    labels = {one["roll_id"]: plain(one["roll"], 100) for one in record.members["rounds"]}
    roll = str(args.roll or (record.roll if len(labels) < 2 else ask_roll(labels)))
    if roll != record.roll and roll not in labels:
        raise Stop(f"This letter has no group {plain(roll, 40)}. It has: {', '.join(labels)}. {NOT_SENT}")
    return roll


def ask_roll(labels: dict[str, str]) -> str:
    """Which of several groups of signers this signer belongs to."""
    names = [f"{name} ({label})" for name, label in labels.items()]
    tell(f"Several groups of people sign this letter, counted apart: {', '.join(names)}.")
    answer = ask("Your group, the word before the parenthesis: ")
    if answer not in labels:
        raise Usage(f"Name your group with --roll: {' or '.join(labels)}. {NOT_SENT}")
    return answer


def has_pin(record: Record, pin: bytes) -> bool:
    """Whether a record has this pin, of 32 bytes, or of the 20 that are read aloud."""
    return record.pin[: len(pin)] == pin


def require_pinned(record: Record, pins: dict[str, bytes]) -> None:
    """Stop unless the record is the one that the link, the sheet or the file names."""
    for whose, pin in pins.items():
        if not has_pin(record, pin):
            raise Stop(wrong_pin(f"The server shows another record of round {record.round} than {whose} names."))


def wrong_pin(what: str) -> str:
    """What to say when the server shows this person something of their own."""
    return (
        f"STOP. {what} {NOT_SENT} A server that shows each person a record of their own can recognize their"
        " signatures. Tell the person who gave you the code, but not through this site."
    )


def require_place(address: Address, record: Record) -> None:
    """Stop unless the record belongs to this address, and the host to the record."""
    if record.letter_id[:SHORT] != address.base.split("/")[2]:
        raise Stop(f"STOP. The server shows another letter than the one at this address. {NOT_SENT}")
    if address.is_own_host:
        tell(
            f"You named {address.netloc} with --host. The letter's record does not name it, so make sure that the"
            " letter has moved there: ask the person who gave you the code."
        )
    elif address.netloc not in record.members["hosts"]:
        hosts = " and ".join(record.members["hosts"]) or "none"
        raise Stop(
            f"STOP. {address.netloc} is not a host of this letter. Its hosts: {hosts}. {NOT_SENT} If the site has"
            " moved, and you know it from somebody you trust, add --host HOST."
        )


def require_text(answer: Answer, record: Record) -> None:
    """Stop unless the letter's text is the one that the record names, and so everybody's."""
    if answer.status != 200:
        raise Refused(answer)
    if sha256(answer.body).hex() != record.members["text_sha256"]:
        raise Stop(f"STOP. The letter's text at this address is not the text that you would sign. {NOT_SENT}")


def compare_with_log(site: Site, record: Record) -> bool:
    """Whether the letter has a public log. Stops where the log tells everybody something else than the record."""
    checkpoint = site.get("log/checkpoint")
    if checkpoint.status in (404, 410):
        return False
    if checkpoint.status != 200:
        raise Refused(checkpoint)
    size, root = read_checkpoint(checkpoint.body, None, from_b64url(record.members["log_key"], "log's key", 32))
    roots = fetch_part_roots(site, size)
    if tree_root(roots) != root:
        raise Stop(f"STOP. The log's hashes are not those that its checkpoint was signed over. {NOT_SENT}")
    first, opened = logged_round(site, size, roots, record.round)
    if pin_in_log(first, opened) != record.pin:
        raise Stop(wrong_pin("The server shows you another record than its public log shows to everybody."))
    return True


def logged_round(site: Site, size: int, roots: Sequence[bytes], number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Entry 0 and the ``round`` entry, both under the log's root."""
    first: dict[str, Any] = {}
    for place, count in parts_of(size):
        entries = fetch_bundle(site, place, count)
        if tree_root([leaf_hash(entry) for entry in entries]) != roots[place]:
            raise Stop(f"STOP. The log's entries are not those that its checkpoint was signed over. {NOT_SENT}")
        if not first:
            first = read_entry(entries[0])
            require_version(first)
        for entry in entries:
            members = read_entry(entry) if b'"type":"round"' in entry else {}
            if members.get("type") == "round" and members.get("round") == number:
                return first, members
    raise Stop(f"STOP. The public log does not have round {number}, which the server shows you. {NOT_SENT}")


def tell_checked(records: list[Record], is_pinned: bool, is_public: bool) -> None:
    """Say what was checked, and exactly what was not."""
    if is_pinned:
        more = " and the public log says the same" if is_public else ""
        tell(f"The record, the text and the keys are those of your pin{more}.")
        return
    if is_public:
        tell(
            "You gave no pin. The record matches the public log that this server shows you. Nobody has checked"
            " whether it shows the same log to others."
        )
    else:
        tell(
            "You gave no pin, and the letter is not public yet, so nothing vouches for this record. Nobody can check"
            " for you whether others get the same one. One made for you alone would mark your signature for good."
        )
    if len(records) == 1:
        tell(f"{HOW_TO_GET} Or compare this one with a colleague's: {spoken_pin(records[0].pin)}")
    else:
        found = ", ".join(f"{spoken_pin(record.pin)} (round {record.round})" for record in records)
        tell(f"{HOW_TO_GET} Or look for a colleague's among these: {found}")
    if sys.stdin.isatty():
        ask("Press Enter to go on without a pin, Ctrl-C to stop: ")


def read_pasted(args: argparse.Namespace, address: Address, kept: Token | None) -> tuple[Address, Record]:
    """The same from the files that the page gave for saving. Without the network only a pin can vouch for them."""
    pins = pins_of(args, address, kept)
    if not pins:
        typed = ask("Pin (on the sheet with your code, in small type; a colleague has the same): ")
        pins = {"your pin": read_pin(typed, "your answer")}
    record = Record.read(read_object(read_file(args.record, SMALL), f"The file {args.record}"))
    require_saved_round(args.record, record, pins, kept.round if kept else address.round)
    require_pinned(record, pins)
    require_text(Answer(200, read_file(args.text, LONGEST_TEXT)), record)
    tell_checked([record], is_pinned=True, is_public=False)
    address = address.shortened(record.letter_id)
    if not args.token_only:
        require_place(address, record)
    return address, record


def require_saved_round(name: str, record: Record, pins: dict[str, bytes], number: int | None) -> None:
    """Stop at the record of another round than was meant: that is a mix-up, and no fraud.

    A pin alone does not say of which round it is, so the signer must compare the numbers.
    """
    if number and number != record.round:
        raise Stop(
            f"The file {name} is the record of set {record.round} of the codes, and yours is set {number}. Save"
            f" set-{number}.json from the page, and give it with --record. {NOT_SENT}"
        )
    if not number and not all(has_pin(record, pin) for pin in pins.values()):
        raise Stop(
            f"The file {name} is the record of set {record.round} of the codes, and does not have your pin. The number"
            f" of your set is on the sheet, in small type. If it is another one, save that set's file from the page,"
            f" and give it with --record. If it is set {record.round}: "
            + wrong_pin(f"The page gave you another record of round {record.round} than your pin names.")
        )


# --- 11. What is shown of you. It is compared with what the letter offers before anything is sent. --------


@dataclass(frozen=True)
class Appearance:
    """A step (``counted``, ``grouped``, ``named``, ``named_at:200``), groups by their ids, name and title."""

    step: str
    groups: tuple[tuple[str, str], ...] = ()
    words: str = ""

    def value(self, record: Record, receipt: bytes) -> dict[str, Any]:
        """The appearance to send. A name is locked here, so that the server cannot read it."""
        step, _, number = self.step.partition(":")
        found: dict[str, Any] = {"step": step}
        if step != "counted":
            found["groups"] = [{"field": field, "option": option} for field, option in self.groups]
        if number:
            found["at"] = int(number)
        if self.words:
            locked = lock_name(record.names_keys[self.step], record.letter_id, self.step, receipt, self.words)
            found["locked_name"] = b64url(locked)
        return found

    def told(self, record: Record) -> str:
        """What the public will see, in words."""
        labels = {(field.id, name): f"{field.label}: {text}" for field in record.fields for name, text in field.options}
        parts = ["one more in the count", *(labels[group] for group in self.groups)]
        number = self.step.partition(":")[2]
        if self.words:
            name = self.words.replace("\n", ", ")
            parts.append(f"your name ({name})" + (f" once {number} have signed" if number else ""))
        return "; ".join(parts)


def chosen(args: argparse.Namespace, record: Record) -> Appearance:
    """What the options ask for, if the letter offers it."""
    step = args.appear or ("grouped" if args.group else "counted")
    if step not in record.steps:
        raise Stop(f"This letter offers --appear {' or '.join(record.steps)}, not {plain(step, 40)}. {NOT_SENT}")
    if step == "counted":
        return Appearance(step)
    groups = tuple(sorted(read_group(text, record) for text in args.group or ()))
    if len(dict(groups)) != len(groups):
        raise Stop(f"Choose at most one answer to each question. {NOT_SENT}")
    if step == "grouped":
        return Appearance(step, groups)
    words = [unicodedata.normalize("NFC", " ".join(text.split())) for text in (args.name or "", args.title or "")]
    for field, text in (("name", words[0]), ("job title", words[1])):
        if text:
            require_showable(text, field)
    if len("\n".join(filter(None, words)).encode("utf-8", "replace")) > LONGEST_NAME:
        raise Stop(f"A name with its title has at most {LONGEST_NAME} bytes. {NOT_SENT}")
    return Appearance(step, groups, "\n".join(filter(None, words)))


def read_group(text: str, record: Record) -> tuple[str, str]:
    """A --group option, by ids or labels. A refusal says what there is to choose from."""
    wanted, _, option = (part.strip() for part in text.partition("="))
    for field in record.fields:
        if wanted.casefold() in (field.id, field.label.casefold()):
            found = field.find(option)
            if found is None:
                names = ", ".join(name for name, _ in field.options)
                raise Stop(f"--group {field.id}=… takes one of: {names}. {NOT_SENT}")
            return field.id, found
    fields = ", ".join(field.id for field in record.fields) or "nothing"
    raise Stop(f"This letter asks for {fields}, not for {plain(wanted, 40)}. {NOT_SENT}")


LONGEST_NAME = 300  # bytes, with the title
CONTACT = re.compile(r"@|://|\bwww\.|\.(?:com|org|net|info|io)\b", re.IGNORECASE)
MOST_MARKS = 4  # accents on one letter: more of them run over the lines of others
# The server takes these out of a name before it counts accents, so they part none.
UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u200c\u200d\u3164\uffa0\U000e0000-\U000e0fff]")


def require_showable(text: str, field: str = "name") -> None:
    """Refuse a name that no list would show. Once it is locked, nobody can tell."""
    kinds = [unicodedata.category(letter) for letter in text if letter not in "\u200c\u200d"]
    if {"Cc", "Cf", "Cs", "Co"} & set(kinds) or not any(kind[0] == "L" for kind in kinds) or CONTACT.search(text):
        raise Stop(
            "A name or title is shown to everybody as it is: it needs letters, and has no invisible characters, links"
            f" or addresses. {NOT_SENT}"
        )
    if has_many_marks(text):
        raise Stop(f"The {field} has too many accents on one letter. Remove some of them. {NOT_SENT}")


def has_many_marks(text: str) -> bool:
    """Whether more accents stand on one letter than a list shows."""
    bare = unicodedata.normalize("NFD", UNSEEN.sub("", text))
    marks = "".join("m" if unicodedata.combining(letter) else " " for letter in bare)
    return "m" * (MOST_MARKS + 1) in marks


def lock_name(key: Key, letter_id: str, step: str, receipt: bytes, words: str) -> bytes:
    """A name that only the holders of the step's key can read: RSA-OAEP (RFC 8017, section 7.1.1) with SHA-256.

    The seed follows from the receipt, so that sending it again sends the same bytes.
    """
    text, (_, a) = words.encode(), openings(receipt)
    label = f"petition-name-v1\n{letter_id}\n{step}\n{sha256(b'petition-name-v1', a).hex()}".encode("ascii")
    seed = sha256(b"petition-client-oaep-v1", receipt, label, text)
    block = sha256(label) + bytes(SIZE - len(text) - 66) + b"\x01" + text
    masked = xor(block, mgf1(seed, len(block), sha256))
    encoded = b"\0" + xor(seed, mgf1(masked, 32, sha256)) + masked
    return pow(int.from_bytes(encoded, "big"), key.e, key.n).to_bytes(SIZE, "big")


# --- 12. Sign --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Signing:
    """One run of ``sign``: what was asked for, where things go, and the round's record.

    ``others`` are the records of the other rounds that the code may be of. They were checked, too.
    """

    args: argparse.Namespace
    address: Address
    proxy: Proxy | None
    record: Record
    shown: Appearance
    others: tuple[Record, ...] = ()

    def later(self, rest: str) -> str:
        """The command with which to go on."""
        host = f" --host {self.address.netloc}" if self.address.is_own_host else ""
        proxy = f" --proxy {self.args.proxy}" if self.args.proxy else ""
        return f"{self.args.prog} sign {self.address} {rest}{host}{proxy}"

    def post(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        """Send ``value`` over a connection of its own."""
        with Site(self.address, self.proxy, self.args.timeout) as site:
            return site.post(name, value)


def sign(args: argparse.Namespace) -> dict[str, Any]:
    """Turn a code into a signature and give it: at once, or later from a file."""
    require_sensible(args)
    address, proxy = way_of(args)
    code = given_code(args, address)
    saved = load_with(args.token, "signature") if args.token else None
    begun = load_with(args.retry, "inverse") if args.retry and Path(args.retry).exists() else None
    kept = saved or begun
    if args.paste:
        address, record = read_pasted(args, address, kept)
        others: list[Record] = []
    else:
        address, (record, *others) = fetch_checked(args, address, proxy, kept)
    if kept:
        require_own_round(kept, record)
    signing = Signing(args, address, proxy, record, chosen(args, record), tuple(others))
    if saved:
        return give(signing, saved, Path(args.token))
    path = Path(args.token_only) if args.token_only else receipt_path(args)
    signing, token = obtain(signing, begun, code, path)
    return set_aside(signing, token, path) if args.token_only else give(signing, token, path)


def require_sensible(args: argparse.Namespace) -> None:
    """Refuse options that contradict each other, before anything is sent."""
    require_sensible_look(args)
    if args.token and (args.code or args.token_only or args.retry or args.paste):
        raise Usage("With --token the code has been used already: leave out --code, --token-only, --retry, --paste.")
    if args.token_only and args.receipt:
        raise Usage("With --token-only nothing is signed yet: leave out --receipt, and give it when you sign.")
    if args.paste and args.code:
        raise Usage("With --paste you type the code on the page: leave out --code.")
    for name in filter(None, (args.token_only, args.receipt)):
        require_free(Path(name))


def require_sensible_look(args: argparse.Namespace) -> None:
    """Refuse choices of what to show that contradict each other."""
    step = args.appear or ("grouped" if args.group else "counted")
    if step not in ("counted", "grouped") and not STEPS.fullmatch(step):
        raise Usage("--appear is one of: counted, grouped, named, named_at:N (N as the letter offers it).")
    if args.group and step == "counted":
        raise Usage("With --group you are shown in groups: leave out --appear counted.")
    if bool((args.name or "").strip()) != step.startswith("named"):
        raise Usage("--name goes with --appear named or --appear named_at:N, and these go with --name.")
    if args.title and not args.name:
        raise Usage("--title goes with --name.")


def way_of(args: argparse.Namespace) -> tuple[Address, Proxy | None]:
    """The letter's address and the proxy to it."""
    address, proxy = Address.read(args.url), Proxy.read(args.proxy)
    if args.host:
        address = address.at(args.host)
    require_proxy_for_onion(address, proxy)
    return address, proxy


def what_is_seen(proxy: Proxy | None) -> str:
    """What a server sees of the network in between."""
    return "the proxy's address, not yours" if proxy else "the address of the network that you are on"


def given_code(args: argparse.Namespace, address: Address) -> str | None:
    """The code, if it was given. Refuses where it is needed and nobody can be asked for it."""
    if args.token or args.paste or args.code == "-":
        return None
    given = args.code or address.code
    if given:
        return read_code(given)
    if not sys.stdin.isatty():
        raise Usage("Give the code with --code, or --code - to read it from the input.")
    return None


def load_with(name: str, member: str) -> Token:
    """A file of the right kind: one with a signature, or one of an attempt that broke off."""
    token = load(name)
    if getattr(token, member) is None:
        other = "--retry" if member == "signature" else "--token"
        raise Usage(f"The file {name} is of the other kind: give it with {other}.")
    return token


def require_own_round(kept: Token, record: Record) -> None:
    """Refuse a file of another letter or round, and one that was changed or damaged."""
    said = kept.statement
    if said != record.statement(said.commit):
        raise Stop(f"Your file belongs to another letter, text or round than the server shows. {NOT_SENT}")
    if kept.signature is not None:
        is_sound = verify(record.key, kept.message, kept.signature)
    else:  # uncovered as it is, it must be the message that was covered
        covered = int.from_bytes(kept.blinded_message or b"", "big")
        bare = covered * pow(kept.inverse or 0, record.key.e, record.key.n) % record.key.n
        is_sound = pss_verify(kept.message, record.key.n.bit_length() - 1, bare)
    if not is_sound:
        raise Stop(f"Your file was changed or damaged: its parts do not belong together. {NOT_SENT}")


def receipt_path(args: argparse.Namespace) -> Path:
    """Where the receipt goes: as asked, or a free name that does not say which letter it is of."""
    if args.receipt:
        return Path(args.receipt)
    names = ["receipt.json"] + [f"receipt-{i}.json" for i in range(2, 1000)]
    return next((Path(name) for name in names if not Path(name).exists()), Path(names[0]))


def obtain(signing: Signing, begun: Token | None, code: str | None, path: Path) -> tuple[Signing, Token]:
    """Get a hidden signature for the code, uncover it, and save it in ``path``. Says of which round the code was."""
    args = signing.args
    retry = Path(args.retry) if args.retry else path.with_name(path.stem + ".retry.json")
    require_free(path)
    if not begun:
        require_attempt(signing, retry)
    if not args.paste and code is None:
        code = read_code(ask("Code: "))
    attempt = begun or begin(signing, retry)
    while True:
        try:
            answer = by_paste(attempt) if code is None else by_post(signing, attempt, code, retry)
            break
        except Refused:  # not a code of this round: the next has a statement of its own
            (other, *rest), number = signing.others, signing.record.round
            tell(f"This is not a code for round {number}. Trying round {other.round}.")
            signing = replace(signing, record=other, others=tuple(rest))
            retry.unlink(missing_ok=True)
            attempt = begin(signing, retry)
    token = finish(attempt, signing.record, answer, retry)
    save(path, token)
    if not args.keep_retry:  # together with the server's memory it would join your code to your signature
        retry.unlink(missing_ok=True)
    return signing, token


def require_attempt(signing: Signing, retry: Path) -> None:
    """Refuse to spend a code when it can do nothing, or when an earlier attempt may have spent it."""
    if retry.exists():
        raise Stop(
            f"There is a file {retry} of an attempt that broke off. To go on with it, add --retry {retry}. For"
            " another code, move it away, or name another file with --retry."
        )
    if not signing.record.is_issuing:
        raise Stop("This letter takes no codes at the moment. Your code was not sent. Look at the letter's page.")
    if not signing.record.is_signing and not signing.args.token_only:
        raise Stop(
            f"This letter is signed in two steps, and the second starts at {signing.record.signing_starts}. Your"
            " code was not sent. Do the first step now by adding --token-only FILE, and sign later with --token FILE."
        )


def begin(signing: Signing, retry: Path) -> Token:
    """A new receipt, a statement that commits to it, and the statement hidden under a random factor; saved."""
    record = signing.record
    receipt = secrets.token_bytes(16)
    message = record.statement(commitment(receipt)).message()
    factor = 1 + secrets.randbelow(record.key.n - 1)
    blinded, inverse = blind(record.key, message, secrets.token_bytes(SALT), factor)
    attempt = Token(
        letter=signing.address.root,
        letter_id=record.letter_id,
        round=record.round,
        pin=record.pin,
        message=message,
        receipt=receipt,
        blinded_message=blinded,
        inverse=inverse,
    )
    save(retry, attempt)
    tell(f"Saved for another try, should the connection break: {retry}")
    return attempt


def by_post(signing: Signing, attempt: Token, code: str, retry: Path) -> bytes:
    """Send the code with the hidden statement; the blind signature comes back.

    ``Refused`` if the code may be of one of the other rounds.
    """
    tell(
        f"Now your code goes to {signing.address.host}. It learns that this code is used now, and sees"
        f" {what_is_seen(signing.proxy)}. It does not learn what your signature will look like."
    )
    if not signing.args.token_only:
        tell(
            "Your signature follows at once. Nothing that is sent joins the two, but whoever watches the server at"
            " this moment can guess it from the times. To sign later: --token-only FILE."
        )
    again = f"Run the same command again with --retry {retry} added: it gets the same answer and costs nothing."
    value = {"code": code, "round": attempt.round, "blinded_message": b64url(attempt.blinded_message or b"")}
    try:
        answer = signing.post("tokens", value)
        return from_b64url(answer.get("blind_signature"), "server's answer", SIZE)
    except Refused as refused:
        if refused.is_elsewhere and signing.others:
            raise
        # Kept, whatever was said: someone in between may say "no" for a server that took the code.
        raise Stop(
            f"{refused} If your code is right, keep the file {retry}: with --retry {retry} added, the same command asks"
            " the same again, later or over another network. If it is not, delete the file."
        ) from None
    except (Stop, KeyboardInterrupt) as trouble:
        raise Stop(f"{str(trouble) or 'Stopped.'} Your code may have been used. Nothing is lost: {again}") from None


def by_paste(attempt: Token) -> bytes:
    """Show the round and the hidden statement for the page's plain form, and read the answer from the keyboard."""
    tell("On the letter's page for codes, paste this into the form for this program:")
    print(f"\n{attempt.round}.{b64url(attempt.blinded_message or b'')}\n", flush=True)
    text = ""
    while len(text) < 512:  # 384 bytes in base64url
        line = ask("Paste the page's answer here: " if not text else "The rest of it: ")
        if not line:
            break
        text += line
    return from_b64url(text, "pasted answer", SIZE)


def finish(attempt: Token, record: Record, blind_signature: bytes, retry: Path) -> Token:
    """Uncover and check the signature, and forget the factor that hid it."""
    try:
        signature = finalize(record.key, attempt.message, blind_signature, attempt.inverse or 0)
    except Stop as problem:
        raise Stop(
            f"{problem} It was not used. Your code may be spent; keep {retry} and tell the organizers,"
            " without showing them that file."
        ) from None
    return replace(attempt, signature=signature, blinded_message=None, inverse=None)


def set_aside(signing: Signing, token: Token, path: Path) -> dict[str, Any]:
    """Nothing is signed yet: say what the file is and how to go on."""
    tell(
        f"Saved: {path}. You have NOT signed yet. The code is spent; this file is what you sign with now, from any"
        " network, best hours or days later. Anyone who has the file can sign in your place, so keep it safe."
    )
    if not signing.record.is_signing:
        tell(f"Signing starts at {signing.record.signing_starts}.")
    tell(f"To sign: {signing.later(f'--token {path}')}")
    return outcome(token, path, is_signed=False)


def give(signing: Signing, token: Token, path: Path) -> dict[str, Any]:
    """Send the signature, which is kept in ``path``, and print the receipt."""
    record, args = signing.record, signing.args
    again = f"Your signature is kept in {path}. To send it again, or later: {signing.later(f'--token {path}')}"
    if not record.is_signing:
        raise Stop(f"The letter takes no signatures now; signing starts at {record.signing_starts}. {again}")
    tell(
        f"Now your signature goes to {signing.address.host}. The public will see: {signing.shown.told(record)}. It"
        " does not say which code it came from. The server sees that a signature came now, and"
        f" {what_is_seen(signing.proxy)}."
    )
    opened = {} if signing.shown.step == "counted" else halves(token.receipt)
    value = {
        "message": b64url(token.message),
        "signature": b64url(token.signature or b""),
        "appearance": {**signing.shown.value(record, token.receipt), **opened},
    }
    try:
        answer = signing.post("signatures", value)
    except Refused as refused:
        raise Stop(f"{refused} {again}") from None
    except (Stop, KeyboardInterrupt) as trouble:
        raise Stop(f"{str(trouble) or 'Stopped.'} It may have arrived; sent twice, it counts once. {again}") from None
    if args.token and args.receipt:
        path = Path(args.receipt)
        save(path, token)
    tell("You have signed. Your signature joins the count in one of the next updates, together with others.")
    tell("This is your receipt. Only with it can you check, change or withdraw your signature:")
    print("\n    " + receipt_words(token.receipt) + "\n")
    tell(f"It is also in the file {path}. Anyone who finds either can tell that you signed. Nobody can replace it.")
    return {**outcome(token, path, is_signed=True), "sealed": answer.get("sealed") is True}


def outcome(token: Token, path: Path, is_signed: bool) -> dict[str, Any]:
    """What --json prints after signing."""
    return {
        "ok": True,
        "signed": is_signed,
        "letter": token.letter,
        "letter_id": token.letter_id,
        "round": token.round,
        "pin": b64url(token.pin),
        "commit": token.statement.commit,
        "receipt": receipt_words(token.receipt),
        "file": str(path),
    }


# --- 13. Change and withdraw -----------------------------------------------------------------------------


def halves(receipt: bytes) -> dict[str, str]:
    """What shows that a change comes from the receipt's holder. It is not enough to withdraw."""
    w, a = openings(receipt)
    return {"a": b64url(a), "w_hash": sha256(w).hex()}


def change(args: argparse.Namespace) -> dict[str, Any]:
    """Change what is shown of a signature's holder, to more or to less."""
    require_sensible_look(args)
    receipt, token = receipt_of(args.receipt)
    address, proxy = way_of(args)
    address, record = checked_for_receipt(args, address, proxy, token)
    shown = chosen(args, record)
    tell(
        f"Now two values made from your receipt go to {address.host}, and what the public will see:"
        f" {shown.told(record)}. It sees {what_is_seen(proxy)}, but not who you are."
    )
    value = {**halves(receipt), "appearance": shown.value(record, receipt)}
    send_for_receipt(args, address, proxy, "appearances", value, receipt, token)
    tell("It is changed, and shows with one of the next updates.")
    return {"ok": True, "changed": True, "appear": shown.step, "commit": commitment(receipt)}


def receipt_of(text: str) -> tuple[bytes, Token | None]:
    """The receipt in a file, in words, or (for -) typed; with the file's signature where it has one."""
    if text == "-":
        return read_receipt(ask("Receipt: ")), None
    if Path(text).exists():
        token = load(text)
        return token.receipt, token
    if re.search(r"[/\\]|\.json$", text):
        raise Stop(f"There is no file {text}.")
    return read_receipt(text), None


def checked_for_receipt(
    args: argparse.Namespace, address: Address, proxy: Proxy | None, token: Token | None
) -> tuple[Address, Record]:
    """The record that a receipt's file names. A receipt in words names none, and so goes to the address given."""
    if pins_of(args, address, token):
        address, records = fetch_checked(args, address, proxy, token)
        return address, records[0]
    with Site(address, proxy, args.timeout) as site:
        try:
            record = Record.read(site.get("round.json").value())
            is_public = compare_with_log(site, record)
        except (Trouble, Refused) as trouble:
            raise Stop(f"{trouble} {NOT_SENT}") from None
    tell_checked([record], is_pinned=False, is_public=is_public)
    return address, record


def send_for_receipt(
    args: argparse.Namespace,
    address: Address,
    proxy: Proxy | None,
    name: str,
    value: dict[str, Any],
    receipt: bytes,
    token: Token | None,
) -> dict[str, Any]:
    """Send what a receipt opens, over a connection of its own.

    A server that knows no signature of the receipt cannot tell in which set of codes it was. The public log can.
    """
    with Site(address, proxy, args.timeout) as site:
        try:
            return site.post(name, value)
        except Trouble as trouble:
            raise Stop(f"{trouble} It may or may not have arrived. The same command again does no harm.") from None
        except Refused as refused:
            canceled, is_sure = "", False
            if refused.answer.status == 404:
                with contextlib.suppress(Stop):
                    canceled, living = told_canceled(fetch_log(site, commitment(receipt)), token)
                    is_sure = bool(canceled) and not living
            raise (Stop(f"There is no signature with this receipt.{canceled}") if is_sure else refused) from None


def withdraw(args: argparse.Namespace) -> dict[str, Any]:
    """Remove a signature by its receipt."""
    receipt, token = receipt_of(args.receipt)
    address, proxy = way_of(args)
    if token or pins_of(args, address, None):
        address, _ = checked_for_receipt(args, address, proxy, token)
    tell(
        f"Now two values made from your receipt go to {address.host}. It learns which signature they belong to and"
        f" that you withdraw it, and sees {what_is_seen(proxy)}, but not who you are."
    )
    w, a = openings(receipt)
    value = {"w": b64url(w), "a": b64url(a)}
    answer = send_for_receipt(args, address, proxy, "withdrawals", value, receipt, token)
    if answer.get("withdrawn") is not True:
        raise Stop("The server did not say that the signature was withdrawn. Try again, and ask the organizers.")
    was_sealed = answer.get("was_sealed") is True
    if was_sealed:
        tell(
            "Your signature is withdrawn and no longer counts. It stays in the public log, where the next update adds"
            " that it was withdrawn. The log never said whose it was."
        )
    else:
        tell("Your signature is withdrawn. It was not public yet, and never will be.")
    return {"ok": True, "withdrawn": True, "was_sealed": was_sealed, "commit": commitment(receipt)}


# --- 14. Check -------------------------------------------------------------------------------------------

ALARM = "Keep your receipt file, and tell somebody you trust, but not through this site."


@dataclass(frozen=True)
class Log:
    """A whole log whose parts agree: its entries are those that the checkpoint was signed over."""

    size: int
    root: bytes
    entries: dict[int, dict[str, Any]]  # those that concern the receipt's holder, by their place
    signed_rounds: frozenset[int]

    def of_type(self, kind: str) -> dict[int, dict[str, Any]]:
        """The entries of one type, of those that were kept."""
        return {place: entry for place, entry in self.entries.items() if entry.get("type") == kind}


def check(args: argparse.Namespace) -> dict[str, Any]:
    """Look for one's own signature in the whole public log, on this computer."""
    receipt, token = receipt_of(args.receipt)
    address, proxy = way_of(args)
    tell(f"Fetching the whole log from {address.host}. It does not learn which signature you look for.")
    with Site(address, proxy, args.timeout) as site:
        try:
            log = fetch_log(site, commitment(receipt))
        except (Trouble, Refused) as trouble:
            raise NotChecked(f"{trouble} Nothing was checked. Try again later.") from None
    tell(f"The log has {log.size} entries, its root is {log.root.hex()}, and its checkpoint is signed.")
    is_whole = token is not None and token.signature is not None
    require_pins_in_log(pins_of(args, address, None), log)
    if token:
        require_own_record(token, log)
    place = own_signature(log, token)
    require_rightful(log, place)
    if token and is_whole:
        require_same_bytes(token, log.entries[place])
        tell(f"Found: entry {place} is your signature, byte for byte, by the key that everybody sees.")
    else:
        tell(
            f"Found: entry {place} has your receipt. Only the receipt could be looked for. The receipt file, if you"
            " have it, also shows that the record was not one made for you alone."
        )
    return {
        "ok": True,
        "entry": place,
        "commit": commitment(receipt),
        "byte_for_byte": is_whole,
        "annulled": tell_annulled(log, place),
        "withdrawn": tell_withdrawn(log, receipt),
        "size": log.size,
        "root": log.root.hex(),
    }


def fetch_log(site: Site, commit: str) -> Log:
    """Fetch every entry, compute the root again, and keep the entries that concern this commitment."""
    name, public, size, root = fetch_checkpoint(site)
    hashes: list[bytes] = []
    kept: dict[int, dict[str, Any]] = {}
    signed = set()
    for number, count in parts_of(size):
        for entry in fetch_bundle(site, number, count):
            members = read_entry(entry)
            if not hashes:
                require_version(members)
            if members.get("type") == "signature":
                signed.add(signed_in(members).round)
            if not hashes or concerns(members, commit):
                kept[len(hashes)] = members
            hashes.append(leaf_hash(entry))
    if tree_root(hashes) != root:
        raise Stop("The log's entries are not those that its checkpoint was signed over.")
    if kept[0].get("type") != "letter" or kept[0].get("log_key") != b64url(public):
        raise Stop("The log's first entry does not name the key that signs the log.")
    return Log(size, root, kept, frozenset(signed))


def fetch_checkpoint(site: Site) -> tuple[str, bytes, int, bytes]:
    """The log's name and key, its size and root."""
    checkpoint = site.get("log/checkpoint")
    if checkpoint.status == 404:
        raise NotChecked(
            "There is no public log at this address: the letter is not published yet, or the address is wrong."
            " Until publication nothing can be checked. Keep your receipt, and check again then."
        )
    vkey = site.get("log/vkey")
    for answer in (checkpoint, vkey):
        if answer.status != 200:
            raise Refused(answer)
    name, public = read_vkey(vkey.body)
    return (name, public, *read_checkpoint(checkpoint.body, name, public))


def concerns(members: dict[str, Any], commit: str) -> bool:
    """Whether an entry says something about this commitment, about rounds, or that the letter closed."""
    kind = members.get("type")
    if kind == "signature":
        return signed_in(members).commit == commit
    return kind in ("round", "annulled", "closed") or (kind == "withdrawal" and members.get("commit") == commit)


def signed_in(entry: dict[str, Any]) -> Statement:
    """The statement in a signature entry."""
    return Statement.read(from_b64url(entry.get("message"), "message of an entry"))


def logged(log: Log, number: int) -> dict[str, Any]:
    """The ``round`` entry that everybody sees. Refuses a log that has not exactly one."""
    rounds = [entry for entry in log.of_type("round").values() if entry.get("round") == number]
    if len(rounds) != 1:
        raise Stop(f"STOP. The log does not have exactly one record of round {number}, in which you signed. {ALARM}")
    return rounds[0]


def require_pins_in_log(pins: dict[str, bytes], log: Log) -> None:
    """Stop unless the log tells everybody of a round with each of these pins."""
    for whose, pin in pins.items():
        found = (pin_in_log(log.entries[0], opened)[: len(pin)] for opened in log.of_type("round").values())
        if pin not in found:
            raise Stop(f"STOP. The log has no round with the pin of {whose}. {ALARM}")


def require_own_record(token: Token, log: Log) -> None:
    """Stop when the record under which this person signed is not the one that everybody sees."""
    first = log.entries[0]
    if first.get("letter_id") != token.letter_id:
        raise Stop("This receipt belongs to another letter than the one at this address.")
    if first.get("text_sha256") != token.statement.text_sha256:
        raise Stop(f"STOP. You signed another text than the one that is published. {ALARM}")
    if pin_in_log(first, logged(log, token.round)) != token.pin:
        raise Stop(
            "STOP. The record under which you signed is not the one that the log shows to everybody. The server may"
            f" have used a key or a record of its own for you, to recognize your signature. {ALARM}"
        )


def own_signature(log: Log, token: Token | None) -> int:
    """The place of the signature with one's own commitment."""
    places = list(log.of_type("signature"))
    if len(places) > 1:
        raise Stop(f"STOP. The log has several signatures with your receipt. {ALARM}")
    if places:
        return places[0]
    told, living = told_canceled(log, token)
    if told and not living:
        raise Stop(f"Your signature is not in the log.{told}")
    told += " Your receipt file says whether that was your set." if told else ""
    empty = sorted(living - log.signed_rounds)
    if not log.of_type("closed"):
        raise Stop(
            f"Your signature is not in the log.{told} Signatures are added in groups: if you signed lately, check again"
            " tomorrow. One that was withdrawn before it was added never shows."
        )
    if not empty:
        raise Stop(
            f"Your signature is not in the log, and the letter is closed.{told} Unless"
            f"{' your set was canceled, or' if told else ''} you withdrew it before it was added, the server left it"
            f" out. {ALARM}"
        )
    raise Stop(
        f"Your signature is not in the log, and the letter is closed.{told} Round {' and '.join(map(str, empty))} has"
        " no signature at all: fewer people signed in it than the minimum, so that it was never published, or the"
        f" server hid it.{'' if token else ' Your receipt file says whether that was your round.'}"
    )


def told_canceled(log: Log, token: Token | None) -> tuple[str, set[int]]:
    """What the log says of the canceled sets that a receipt may be of; and the others that it may be of."""
    numbers = {token.round} if token else set(numbers_in(log, "round"))
    canceled = {number: entry for number, entry in numbers_in(log, "annulled").items() if number in numbers}
    told = "".join(
        f" The organizers canceled set {number} of the codes ({plain(entry.get('reason'))}). What waited in it was"
        " deleted."
        for number, entry in sorted(canceled.items())
    )
    return told, numbers - canceled.keys()


def numbers_in(log: Log, kind: str) -> dict[int, dict[str, Any]]:
    """The entries of one type that are about a round, by its number."""
    return {int(entry["round"]): entry for entry in log.of_type(kind).values() if is_number(entry.get("round"))}


def require_rightful(log: Log, place: int) -> None:
    """Stop unless the entry is a valid signature under this letter, by the round's key in the log."""
    first, entry = log.entries[0], log.entries[place]
    said = signed_in(entry)
    letter = (first.get("letter_id"), first.get("text_sha256"), entry.get("round"))
    key = Key.of_round(from_b64url(logged(log, said.round).get("public_key"), "round's key in the log"))
    message = from_b64url(entry.get("message"), "message of an entry")
    signature = from_b64url(entry.get("signature"), "signature of an entry", SIZE)
    if (said.letter_id, said.text_sha256, said.round) != letter or not verify(key, message, signature):
        raise Stop(f"STOP. Entry {place} of the log has your receipt, but is not a valid signature. {ALARM}")


def require_same_bytes(token: Token, entry: dict[str, Any]) -> None:
    """Stop unless the entry is exactly what the receipt file's signature makes."""
    members = {
        "type": "signature",
        "round": token.round,
        "message": b64url(token.message),
        "signature": b64url(token.signature or b""),
    }
    if canonical(members) != canonical(entry):
        raise Stop(f"STOP. The log has a signature with your receipt, but not the one in your file. {ALARM}")


def tell_annulled(log: Log, place: int) -> bool:
    """Whether the signature's round was annulled. Says so, with the public reason."""
    for entry in log.of_type("annulled").values():
        if entry.get("round") == log.entries[place]["round"]:
            tell(f"It does not count: the organizers annulled its round ({plain(entry.get('reason'))}).")
            return True
    return False


def tell_withdrawn(log: Log, receipt: bytes) -> bool:
    """Whether the signature was withdrawn. Says so, and stops where that was not done by this receipt."""
    w, a = openings(receipt)
    for place, entry in log.of_type("withdrawal").items():
        if (entry.get("w"), entry.get("a_hash")) != (b64url(w), sha256(a).hex()):
            raise Stop(f"STOP. Entry {place} withdraws your signature, but not by your receipt. {ALARM}")
        tell(f"It was withdrawn, as entry {place} says, and no longer counts.")
        return True
    return False


# --- 15. The command line --------------------------------------------------------------------------------

HELP = """\
Sign an open letter, check that your signature is there, change what is shown
of you, or withdraw your signature.

usage: {prog} COMMAND ADDRESS [options]

  sign ADDRESS --pin PIN           sign now; you are asked for your code
  sign ADDRESS --token-only FILE   use the code now, and sign later,
  sign ADDRESS --token FILE        from another network: the safest way
  check ADDRESS --receipt FILE     is my signature in the public log?
  change ADDRESS --receipt FILE --appear counted
                                   or grouped --group ROLE=OPTION, or
                                   named --name NAME: what is shown of me
  withdraw ADDRESS --receipt FILE  remove my signature

ADDRESS is the letter's (https://example.org/s/7QK3-ZC9V-0M5D-14HT), or the
whole link from the sheet with your code, in quotes ('...'). That link has the
pin in it: with a pin, a server that shows you a record made for you alone,
to recognize your signature, is found out before anything is sent.

Use your own computer and your own network, never your employer's. With Tor
running, add  --proxy socks5://127.0.0.1:9050  (Tor Browser: 9150).

The server learns that your code was used, and that somebody signed. Nothing
says which code became which signature, but whoever watches it while you do
both at once can guess from the times: sign later to escape that. The receipt
is the only way to check or withdraw your signature. Keep it where nobody
finds it: it shows that you signed.

More: {prog} sign --help
"""


def new_parser(prog: str) -> argparse.ArgumentParser:
    """The four commands and their options."""
    parser = argparse.ArgumentParser(prog=prog, add_help=False, allow_abbrev=False)
    parser.add_argument("-h", "--help", action="store_true")
    commands = parser.add_subparsers(dest="command")
    for name, verb, text in (
        ("sign", sign, "Sign a letter with a code, or with a file that you saved."),
        ("check", check, "Look for your signature in the letter's public log, on this computer."),
        ("change", change, "Change in which groups, or by which name, you are shown."),
        ("withdraw", withdraw, "Remove your signature. This cannot be undone."),
    ):
        usage = f"{prog} {name} ADDRESS [options]"
        command = commands.add_parser(name, usage=usage, description=text, allow_abbrev=False, formatter_class=Narrow)
        command.add_argument("url", metavar="ADDRESS", help="the letter's address, or the link from a sheet")
        if name == "sign":
            add_sign_options(command)
        else:
            command.add_argument(
                "--receipt", required=True, metavar="FILE|WORDS", help="your receipt: file, words, or - to type it"
            )
        if name in ("sign", "change"):
            add_appearance_options(command)
        command.add_argument("--pin", metavar="PIN", help="stop unless the letter's record has this pin")
        command.add_argument("--host", metavar="HOST", help="go to this host: the site has moved, and you are sure")
        command.add_argument("--proxy", metavar="URL", help="socks5://127.0.0.1:9050 for Tor; it looks up names")
        command.add_argument(
            "--timeout", metavar="SECONDS", type=seconds, default=PATIENCE, help="wait so long for an answer (60)"
        )
        command.add_argument("--json", action="store_true", help="print the result for a program to read")
        command.set_defaults(run=verb)
    return parser


def seconds(text: str) -> float:
    """A number of seconds from one to an hour."""
    found = float(text)
    if not 1 <= found <= 3600:
        raise ValueError
    return found


class Narrow(argparse.HelpFormatter):
    """Help that fits a small terminal."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=24, width=79)


def add_sign_options(command: argparse.ArgumentParser) -> None:
    """The options of ``sign``."""
    for flag, metavar, text in (
        ("--code", "CODE", "your code (left out: you are asked)"),
        ("--token-only", "FILE", "use the code, save the result, don't sign yet"),
        ("--token", "FILE", "sign with a file saved by --token-only"),
        ("--receipt", "FILE", "where to write the receipt (receipt.json)"),
        ("--retry", "FILE", "go on with an attempt that broke off, or keep this one there"),
        ("--roll", "ID", "without a pin: your group, where several sign"),
    ):
        command.add_argument(flag, metavar=metavar, help=text)
    command.add_argument("--paste", action="store_true", help="use the code on the page, by copy and paste, with:")
    command.add_argument("--record", metavar="FILE", default="round.json", help="the record saved from that page")
    command.add_argument("--text", metavar="FILE", default="letter.md", help="the text saved from that page")
    command.add_argument("--keep-retry", action="store_true", help="keep that file afterwards (it can betray you)")


def add_appearance_options(command: argparse.ArgumentParser) -> None:
    """What to show."""
    for flag, metavar, text in (
        ("--appear", "STEP", "counted (the default), grouped, named, or named_at:N: shown once N have signed"),
        ("--name", "NAME", "your name, for named and named_at; locked on this computer"),
        ("--title", "TITLE", "your job title beside it, if you like"),
    ):
        command.add_argument(flag, metavar=metavar, help=text)
    text = "your answer to a question of the letter; once for each"
    command.add_argument("--group", metavar="FIELD=OPTION", action="append", help=text)


def main(argv: Sequence[str] | None = None, prog: str = "petition-client") -> int:
    """Run one command. Returns 0 when done, 1 when refused, 2 when used wrongly, 3 when nothing was checked."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        args = new_parser(prog).parse_args(with_pin_attached(sys.argv[1:] if argv is None else argv))
    except SystemExit as ended:
        return int(ended.code or 0)
    if args.help or not args.command:
        print(HELP.format(prog=prog), end="", file=sys.stdout if args.help else sys.stderr)
        return 0 if args.help else 2
    args.prog = prog
    return run(args)


def with_pin_attached(words: Sequence[str]) -> list[str]:
    """``--pin PIN`` as one word: a pin may begin with a hyphen, and would then be taken for an option."""
    found: list[str] = []
    for word in words:
        if found and found[-1] == "--pin":
            found[-1] = f"--pin={word}"
        else:
            found.append(word)
    return found


def run(args: argparse.Namespace) -> int:
    """Carry the command out. With --json only the result goes to standard output, all else to standard error."""
    beside = contextlib.redirect_stdout(sys.stderr) if args.json else contextlib.nullcontext()
    status = 0
    result: dict[str, Any] = {}
    try:
        with beside:
            result = args.run(args)
    except Stop as stop:
        status, result = stop.status, {"ok": False, "detail": str(stop)}
    except OSError as problem:
        status, result = 1, {"ok": False, "detail": f"This computer says no: {problem}."}
    except KeyboardInterrupt:
        status, result = 1, {"ok": False, "detail": "Stopped."}
    if status:
        print(wrapped(result["detail"]), file=sys.stderr)
    if args.json:
        print(json.dumps(result))
    return status


if __name__ == "__main__":
    sys.exit(main(prog=f"python3 {sys.argv[0]}"))
