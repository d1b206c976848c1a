#!/usr/bin/env python3
"""Sign an open letter without the page's script: one file, readable before it is run.

What this program does, in this order, and nothing else:

1. ``sign`` fetches the letter's public record and checks the key in it, before anything of yours is sent.
2. It sends your signing code together with a number that hides your signature, and gets that number signed.
   The server learns that the code was used; not which signature it became.
3. It uncovers the signature and checks it. You may stop here (``--token-only``) and go on later, from
   another network.
4. It sends the signature. Nothing in it tells which code, which person or which computer it came from.

``check`` reads the letter's whole public log and looks for your signature on this computer.
``change`` changes how you are seen: in which groups, by which name. ``withdraw`` takes a signature back.

It talks to the address you give (through the proxy you give; without one your system looks up the address's
name) and to nobody else. It writes the files that it names on the screen, readable by you only, and nothing else.
It needs Python 3.9 or newer and nothing beyond it.

Sources: RFC 9474 (blind signatures), RFC 8017 (RSA-PSS and RSA-OAEP), RFC 9162 (Merkle trees), RFC 8032 (Ed25519),
RFC 8785 (canonical JSON), RFC 1928 and 1929 (SOCKS5), RFC 9457 (problem details), C2SP signed-note,
tlog-checkpoint and tlog-tiles.

The chapters: 1 saying no; 2 encodings; 3 codes and receipts; 4 the blind signature; 5 files; 6 the address;
7 the network; 8 the letter's record, and how to be seen; 9 sign; 10 change and withdraw; 11 the log; 12 check;
13 the command line.
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
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urljoin, urlsplit

# --- 1. Saying no, and saying what happens ---------------------------------------------------------------


class Stop(Exception):
    """The program ends here; the text says why and what to do. ``status`` is the exit status."""

    status = 1


class Usage(Stop):
    """What was typed after the program's name cannot be carried out."""

    status = 2


class Trouble(Stop):
    """The network or the server failed; whoever catches this adds what is true now."""


def tell(text: str) -> None:
    """Print a paragraph, wrapped for a terminal; addresses and file names stay whole."""
    print(wrapped(text))


def wrapped(text: str) -> str:
    """``text`` in lines of at most 78 characters."""
    return textwrap.fill(text, 78, break_long_words=False, break_on_hyphens=False)


def ask(question: str) -> str:
    """One line from the keyboard; the question never gets into a program's output."""
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def plain(text: object, longest: int = 500) -> str:
    """``text`` from a server, safe to print: no control or direction characters, not too long."""
    return "".join(c if c.isprintable() else " " for c in str(text)[:longest]).strip()


# --- 2. Encodings ----------------------------------------------------------------------------------------


def b64url(data: bytes) -> str:
    """Base64url without padding (RFC 4648, section 5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_b64url(text: object, what: str, size: int | None = None) -> bytes:
    """The bytes behind canonical base64url without padding; anything else, or another size, is refused."""
    try:
        data = base64.urlsafe_b64decode(str(text) + "=" * (-len(str(text)) % 4))
    except ValueError:
        data = b""
    if b64url(data) != text or size not in (None, len(data)):
        raise Stop(f"The {what} is missing or damaged.")
    return data


def canonical(value: Any) -> bytes:
    """RFC 8785 for what occurs in a log: objects with ASCII names, strings, integers, true, false, null."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def read_object(data: bytes, what: str) -> dict[str, Any]:
    """The JSON object in ``data``; anything else is refused."""
    try:
        value = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Stop(f"{what} cannot be understood: it is not a JSON object.")
    return value


def sha256(*parts: bytes) -> bytes:
    """SHA-256 of all parts, joined."""
    return hashlib.sha256(b"".join(parts)).digest()


# --- 3. Codes and receipts -------------------------------------------------------------------------------

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32
CHECKS = ALPHABET + "*~$=U"  # its check characters, one for each remainder of 37


def tidy(text: str) -> str:
    """What was typed, without spaces and hyphens, with O read as 0 and I and L as 1."""
    return re.sub(r"[\s-]", "", text).upper().translate(str.maketrans("OIL", "011"))


def in_fours(text: str) -> str:
    """``text`` in groups of four, with hyphens."""
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))


def read_code(text: str) -> str:
    """A signing code as 16 characters; refused with a hint when it cannot be one."""
    code = tidy(text)
    wrong = [c for c in code if c not in ALPHABET]
    if wrong:
        raise Stop(f"A signing code has only digits and letters, and never U. Look again at: {plain(wrong[0])}")
    if len(code) != 16:
        raise Stop(f"A signing code has 16 characters; this one has {len(code)}. Look at it again.")
    return code


def receipt_words(receipt: bytes) -> str:
    """16 bytes as 26 Crockford digits and a check character, in groups of four."""
    number = int.from_bytes(receipt, "big")
    digits = "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
    return in_fours(digits + CHECKS[number % 37])


def read_receipt(text: str) -> bytes:
    """The 16 bytes behind a receipt that was written down; a slip of the pen is found and refused."""
    typed = tidy(text)
    if len(typed) != 27:
        raise Stop(f"A receipt has 27 characters (six groups of four, then three); this one has {len(typed)}.")
    if any(c not in ALPHABET for c in typed[:-1]) or typed[-1] not in CHECKS:
        raise Stop("A character in this receipt cannot be in a receipt. Compare it with what you wrote down.")
    number = 0
    for digit in typed[:-1]:
        number = number * 32 + ALPHABET.index(digit)
    if number >= 2**128 or CHECKS[number % 37] != typed[-1]:
        raise Stop("The receipt's check character does not fit: some character in it is wrong or two are swapped.")
    return number.to_bytes(16, "big")


def openings(receipt: bytes) -> tuple[bytes, bytes]:
    """W and A: the two values that show, later, that a signature is yours."""
    return sha256(b"petition-withdraw-v1", receipt), sha256(b"petition-appear-v1", receipt)


def commitment(receipt: bytes) -> str:
    """COMMIT, hex: what a signature says in public of its receipt; nobody can get back from it."""
    w, a = openings(receipt)
    return sha256(b"petition-commit-v1", sha256(w), sha256(a)).hex()


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
        """The statement in a message; any byte out of place is refused."""
        found = STATEMENT.fullmatch(message[32:])
        if not found:
            raise Stop("What is signed, or was signed, has not the form that it must have.")
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
        """A round's key; anything but 3072 bits and e = 65537 in its one encoding is refused."""
        middle = spki[len(SPKI_HEAD) : -len(SPKI_TAIL)]
        n = int.from_bytes(middle, "big")
        if spki != SPKI_HEAD + middle + SPKI_TAIL or len(middle) != SIZE or n.bit_length() != 8 * SIZE or n % 2 == 0:
            raise Stop("The round's key is not an RSA key of 3072 bits with e = 65537, as it must be.")
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


# --- 5. Files: what is kept until you sign, and the receipt after it -------------------------------------


@dataclass(frozen=True)
class Token:
    """A token file, a receipt file (both with ``signature``), or a retry file (the other two instead)."""

    letter: str
    letter_id: str
    round: int
    fingerprint: str
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
            "fingerprint": self.fingerprint,
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
        """The token in a file; refused unless its parts fit one another."""
        members = read_object(data, f"The file {name}")
        if members.get("petition") != 1 or type(members.get("round")) is not int:
            raise Stop(f"The file {name} is not one that this program or the letter's page wrote.")
        signature, blinded, inverse = (members.get(m) for m in ("signature", "blinded_message", "inverse"))
        token = Token(
            letter=plain(members.get("letter", "")),
            letter_id=str(members.get("letter_id")),
            round=members["round"],
            fingerprint=str(members.get("fingerprint")),
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
    try:
        with Path(name).open("rb") as file:
            return Token.read(file.read(65536), name)
    except OSError as problem:
        raise Stop(f"The file {name} cannot be read: {problem.strerror}.") from None


def save(path: Path, token: Token) -> None:
    """Write the file whole or not at all, readable by you only, never over another file."""
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
        demand_free(path)
        draft.rename(path)


def demand_free(path: Path) -> None:
    """Refuse a name that is taken: nothing of yours is ever overwritten."""
    if path.exists() or path.is_symlink():
        raise Stop(f"There is already a file {path}. Move it away, or give another name.")
    if not path.parent.is_dir():
        raise Stop(f"There is no folder {path.parent} to write to.")


# --- 6. The letter's address -----------------------------------------------------------------------------

LETTER_PATH = re.compile(
    r"(?P<root>(?:/[\w.~%-]+)*?)(?:/[a-z]{2}(?:-[A-Za-z]{2,4})?)?"  # the site's root, a language
    r"(?P<letter>/letters/[\w.~%-]+)(?:/.*)?",  # the letter, and any page of it
    re.ASCII,
)
FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def read_fingerprint(text: str, whose: str) -> str:
    """A key's fingerprint, 64 hex digits, perhaps typed with spaces, colons or hyphens."""
    digits = re.sub(r"[\s:-]", "", text).lower()
    if not FINGERPRINT.fullmatch(digits):
        raise Usage(f"The fingerprint in {whose} is not whole: it must have 64 characters, 0-9 and a-f.")
    return digits


@dataclass(frozen=True)
class Address:
    """Where the letter is. Pin and code come from behind the # of a link and are never part of a request."""

    scheme: str
    host: str
    port: int
    base: str
    roll: str | None = None
    pin: str | None = None
    code: str | None = None

    @property
    def netloc(self) -> str:
        """Host and port as in a Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == default_port(self.scheme) else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.base}"

    @property
    def is_local(self) -> bool:
        return self.host in ("localhost", "127.0.0.1", "::1") or self.host.endswith(".localhost")

    @property
    def is_onion(self) -> bool:
        return self.host.endswith(".onion")

    @staticmethod
    def read(text: str) -> Address:
        """The parts of a letter's address; a page of the letter or a link from a printed code will do."""
        example = "It looks like https://example.org/letters/our-letter/"
        if "://" not in text:
            text = ("http://" if ".onion/" in text else "https://") + text
        try:
            parts = urlsplit(text)
            host = (parts.hostname or "").encode("idna").decode("ascii").lower()
            port = parts.port or default_port(parts.scheme)
        except ValueError:
            raise Usage(f"This is not an address. {example}") from None
        path = LETTER_PATH.fullmatch(parts.path)
        if parts.scheme not in ("http", "https") or not host or len(host) > 253 or "@" in parts.netloc or not path:
            raise Usage(f"This is not the address of a letter. {example}")
        behind, query = parse_qs(parts.fragment), parse_qs(parts.query)
        return Address(
            scheme=parts.scheme,
            host=host,
            port=port,
            base=path["root"] + path["letter"] + "/",
            roll=query.get("roll", [None])[0],
            pin=read_fingerprint(behind["k"][0], "the link") if "k" in behind else None,
            code=behind["c"][0] if "c" in behind else None,
        )


def default_port(scheme: str) -> int:
    """The port that an address does not name."""
    return 80 if scheme == "http" else 443


# --- 7. The network: one server, or one proxy, and nobody else -------------------------------------------

PATIENCE = 60  # seconds without a byte
DEADLINE = 600  # seconds for one answer
SMALL = 512 * 1024  # the longest answer, in bytes, but for parts of the log
HEADERS = {"User-Agent": "petition-client", "Accept": "*/*", "Accept-Encoding": "identity"}  # everyone's
MOVED = (301, 302, 303, 307, 308)
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
    """A SOCKS5 proxy, such as Tor's. Names are looked up by it, never on this computer."""

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

    def connect(self, host: str, port: int) -> socket.socket:
        """A connection to ``host`` through the proxy (RFC 1928; the password as in RFC 1929)."""
        way = socket.create_connection((self.host, self.port), PATIENCE)
        try:
            way.sendall(b"\x05\x02\x00\x02")
            version, method = receive(way, 2)
            if version != 5 or method not in (0, 2):
                raise Trouble("The proxy is not a SOCKS5 proxy, or wants another way to sign in.")
            if method == 2:
                self._sign_in(way)
            way.sendall(b"\x05\x01\x00" + socks_host(host) + port.to_bytes(2, "big"))
            self._read_reply(way, host)
        except BaseException:
            way.close()
            raise
        return way

    def _sign_in(self, way: socket.socket) -> None:
        user, password = self.user.encode("utf-8"), self.password.encode("utf-8")
        if not (0 < len(user) < 256 and len(password) < 256):
            raise Usage("The proxy's user name or password is missing or too long.")
        way.sendall(b"\x01" + bytes([len(user)]) + user + bytes([len(password)]) + password)
        if receive(way, 2)[1] != 0:
            raise Trouble("The proxy does not accept this user name and password.")

    @staticmethod
    def _read_reply(way: socket.socket, host: str) -> None:
        _version, said, _, kind = receive(way, 4)
        if said != 0:
            raise Trouble(f"The proxy could not connect to {host}: {SOCKS_SAYS.get(said, 'it did not say why')}.")
        receive(way, {1: 4, 4: 16}.get(kind) or receive(way, 1)[0])
        receive(way, 2)


def socks_host(host: str) -> bytes:
    """The host as SOCKS5 wants it: its name, so that the proxy looks it up, or the address that was given."""
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
    location: str

    def value(self) -> dict[str, Any]:
        """The JSON object in a good answer; else stops with the server's own words."""
        if self.status not in (200, 201):
            raise Refused(self)
        return read_object(self.body, "The server's answer")


class Refused(Stop):
    """The server said no; its ``detail`` (RFC 9457) says why."""

    def __init__(self, answer: Answer) -> None:
        self.is_final = answer.status < 500 and answer.status != 429  # asking again will not help
        try:
            problem = read_object(answer.body, "")
        except Stop:
            problem = {}
        said = plain(problem.get("detail") or problem.get("title") or "")
        reason = {404: "there is nothing for this at the address you gave", 429: "too many requests; wait a little"}
        super().__init__(
            f"The server says: {said}"
            if said
            else f"The server refused ({answer.status}): {reason.get(answer.status, 'it did not say why')}."
        )


class Site:
    """The server of one letter. Each step of signing makes its own, so that no connection joins two steps."""

    def __init__(self, address: Address, proxy: Proxy | None) -> None:
        self.address = address
        self.base = address.base
        self.proxy = proxy.with_own_path() if proxy else None
        self.connection: http.client.HTTPConnection | None = None

    def get(self, name: str, longest: int = SMALL) -> Answer:
        """The file ``name`` of the letter. A move within the same server is followed, no other."""
        path = self.base + name
        for _ in range(4):
            answer = self._ask("GET", path, None, longest)
            if answer.status not in MOVED:
                return answer
            path = self._moved(path, answer.location)
            if path.endswith("/" + name):
                self.base = path[: len(path) - len(name)]
        raise Trouble(f"{self.address.host} sends us around in a circle.")

    def post(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        """Send ``value``, once, and return the answer; a move is never followed."""
        self.close()
        answer = self._ask("POST", self.address.base + name, json.dumps(value).encode("ascii"), SMALL)
        return answer.value()

    def __enter__(self) -> Site:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection, if there is one."""
        if self.connection:
            self.connection.close()
        self.connection = None

    def _moved(self, path: str, location: str) -> str:
        here = f"{self.address.scheme}://{self.address.netloc}/"
        try:
            there = urljoin(here + path[1:], location)
        except ValueError:
            there = ""
        if not there.startswith(here) or not location.isascii() or " " in plain(location):
            raise Stop(
                f"{self.address.host} sends us to another address, {plain(location, 200)}; this program does not"
                " follow. If you trust that address, give it yourself."
            )
        return "/" + there[len(here) :].partition("#")[0]

    def _ask(self, method: str, path: str, body: bytes | None, longest: int) -> Answer:
        kept_open = self.connection is not None
        try:
            return self._exchange(method, path, body, longest)
        except (OSError, http.client.HTTPException) as problem:
            self.close()
            if kept_open and method == "GET":  # the server had closed it meanwhile
                return self._ask(method, path, body, longest)
            raise Trouble(why(problem, self.address.host, self.proxy)) from None

    def _exchange(self, method: str, path: str, body: bytes | None, longest: int) -> Answer:
        headers = {"Host": self.address.netloc, **HEADERS}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self.connection is None:
            self.connection = self._connect()
        self.connection.request(method, path, body, headers)
        with self.connection.getresponse() as response:
            answer = Answer(response.status, read_all(response, longest), response.getheader("Location", ""))
            if response.will_close:
                self.close()
        return answer

    def _connect(self) -> http.client.HTTPConnection:
        address = self.address
        if self.proxy:
            way = self.proxy.connect(address.host, address.port)
        else:
            way = socket.create_connection((address.host, address.port), PATIENCE)
        if address.scheme == "https":
            context = ssl.create_default_context()
            context.minimum_version = ssl.TLSVersion.TLSv1_2
            way = context.wrap_socket(way, server_hostname=address.host)
        way.settimeout(PATIENCE)
        connection = http.client.HTTPConnection(address.host, address.port)
        connection.sock = way
        connection.auto_open = 0  # it must never open a connection of its own, past the proxy
        return connection


def read_all(response: http.client.HTTPResponse, longest: int) -> bytes:
    """The whole body; refused when it is too long, too slow or cut off."""
    body, end = bytearray(), time.monotonic() + DEADLINE
    while len(body) <= longest and time.monotonic() < end:
        more = response.read1(65536)
        if not more:
            if response.length:
                raise Trouble("The server's answer was cut off.")
            return bytes(body)
        body += more
    raise Trouble("The server's answer is longer than it can rightly be, or never ends.")


def why(problem: Exception, host: str, proxy: Proxy | None) -> str:
    """A failed connection in one sentence."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"{host} could not prove that it is {host} ({problem.verify_message}); somebody may be in between."
    if isinstance(problem, (TimeoutError, socket.timeout)):
        return f"{host} did not answer in time."
    through = f" through the proxy {proxy.host}:{proxy.port}" if proxy else ""
    reason = plain(getattr(problem, "strerror", None) or str(problem) or "the connection broke", 200)
    return f"{host} could not be reached{through}: {reason}."


def demand_safe_way(address: Address, proxy: Proxy | None) -> None:
    """Refuse to look up an onion name here; warn of a connection that anyone can read."""
    if address.is_onion and not proxy:
        raise Usage("An .onion address needs Tor: add --proxy socks5://127.0.0.1:9050 (Tor Browser: port 9150).")
    if address.scheme == "http" and not address.is_local and not address.is_onion:
        warning = (
            f"WARNING: {address} starts with http, not https. Everyone between you and that server (your"
            " network, your employer's network) can read and change what is sent, your code included."
        )
        print(wrapped(warning), file=sys.stderr)
        if sys.stdin.isatty():
            ask("Press Enter to go on all the same, Ctrl-C to stop: ")


# --- 8. The letter's public record (round.json) ----------------------------------------------------------


@dataclass(frozen=True)
class Field:
    """Something that signers may say of themselves: its id and label, and the ids and labels of its groups."""

    id: str
    label: str
    options: tuple[tuple[str, str], ...]

    @staticmethod
    def read(members: Any) -> Field:
        """One of the record's fields; what has another form is refused."""
        if not isinstance(members, dict):
            raise Stop("The letter's public record has not the form that it must have.")
        options = [option for option in listed(members.get("options")) if isinstance(option, dict)]
        names = tuple((str(option.get("id")), plain(option.get("label", ""))) for option in options)
        return Field(str(members.get("id")), plain(members.get("label", "")), names)

    def find(self, text: str) -> str | None:
        """The id of the group that somebody means, by its id or its label."""
        return next((name for name, label in self.options if text.casefold() in (name, label.casefold())), None)


def listed(value: Any) -> list[Any]:
    """A list, empty where there is none."""
    return value if isinstance(value, list) else []


def read_names_keys(value: Any) -> tuple[tuple[str, Key], ...]:
    """The keys with which names are locked, by step; anything but a sound key of the right kind is refused."""
    found = value.items() if isinstance(value, dict) else ()
    return tuple((str(step), Key.of_round(from_b64url(spki, "names key"))) for step, spki in found)


@dataclass(frozen=True)
class Record:
    """What the server says in public of the round in which signatures are given now."""

    letter: str
    letter_id: str
    round: int
    text_sha256: str
    key: Key
    fingerprint: str
    issuing: bool
    signing: bool
    signing_starts: str
    fields: tuple[Field, ...] = ()
    names_keys: tuple[tuple[str, Key], ...] = ()

    @staticmethod
    def read(members: dict[str, Any]) -> Record:
        """The record, checked; anything but a sound key of the right kind is refused."""
        if members.get("variant") != VARIANT:
            raise Stop("This letter uses a kind of signature that this program does not know. Look for a newer one.")
        spki = from_b64url(members.get("public_key"), "round's key")
        record = Record(
            letter=plain(members.get("letter", "")),
            letter_id=str(members.get("letter_id")),
            round=members["round"] if type(members.get("round")) is int else 0,
            text_sha256=str(members.get("text_sha256")),
            key=Key.of_round(spki),
            fingerprint=sha256(spki).hex(),
            issuing=members.get("issuing") is not False,
            signing=members.get("signing") is not False,
            signing_starts=plain(members.get("signing_starts") or "a later time", 40),
            fields=tuple(Field.read(field) for field in listed(members.get("fields"))),
            names_keys=read_names_keys(members.get("names_keys")),
        )
        if members.get("fingerprint") != record.fingerprint:
            raise Stop("The server shows a key and a fingerprint that do not belong together.")
        Statement.read(record.statement("0" * 64).message())  # refuses a damaged id, round or digest
        return record

    def statement(self, commit: str) -> Statement:
        """What is signed in this round by the holder of a receipt with this commitment."""
        return Statement(self.letter_id, self.round, self.text_sha256, commit)


def fetch_record(site: Site, roll: str | None, number: int | None) -> Record:
    """The record of the roll's present round; or of round ``number``, where a saved file names an earlier one."""
    query = f"?roll={quote(roll, safe='')}" if roll else ""
    try:
        record = Record.read(site.get("round.json" + query).value())
        if number is not None and record.round != number:
            record = Record.read(site.get(f"round.json?round={number}").value())
        return record
    except Trouble as trouble:
        raise Stop(f"{trouble} Nothing of yours was sent. Try again later.") from None


# How to be seen. What is chosen is compared with what the letter offers before anything is sent.


@dataclass(frozen=True)
class Seen:
    """A step of the ladder: ``counted``, ``grouped``, ``named``, ``named_at:200``; groups by ids; name and title."""

    step: str
    groups: tuple[tuple[str, str], ...] = ()
    words: str = ""

    def value(self, record: Record, receipt: bytes) -> dict[str, Any]:
        """The appearance to send; a name only locked, so that the server cannot read it."""
        step, _, number = self.step.partition(":")
        found: dict[str, Any] = {"step": step}
        if step != "counted":
            found["groups"] = [{"field": field, "option": option} for field, option in self.groups]
        if number:
            found["at"] = int(number)
        if self.words:
            locked = lock_name(dict(record.names_keys)[self.step], record.letter_id, self.step, receipt, self.words)
            found["locked_name"] = b64url(locked)
        return found

    def told(self, record: Record) -> str:
        """What the public will see, for the person to read."""
        labels = {(field.id, name): f"{field.label}: {text}" for field in record.fields for name, text in field.options}
        parts = ["one more in the count", *(labels[group] for group in self.groups)]
        number = self.step.partition(":")[2]
        if self.words:
            name = self.words.replace("\n", ", ")
            parts.append(f"your name ({name})" + (f" once {number} have signed" if number else ""))
        return "; ".join(parts)


def chosen(args: argparse.Namespace, record: Record) -> Seen:
    """What the options ask for, if the letter offers it."""
    step = args.appear or ("grouped" if args.group else "counted")
    offered = ["counted", *(["grouped"] if record.fields else []), *dict(record.names_keys)]
    if step not in offered:
        raise Stop(f"This letter offers --appear {' or '.join(offered)}, not {plain(step, 40)}. Nothing was sent.")
    if step == "counted":
        return Seen(step)
    groups = tuple(sorted(read_group(text, record) for text in args.group or ()))
    if len(dict(groups)) != len(groups):
        raise Stop("Choose one group of a field at most. Nothing was sent.")
    if step == "grouped":
        return Seen(step, groups)
    words = [unicodedata.normalize("NFC", " ".join(text.split())) for text in (args.name or "", args.title or "")]
    for text in filter(None, words):
        demand_showable(text)
    if len("\n".join(filter(None, words)).encode("utf-8", "replace")) > LONGEST_NAME:
        raise Stop(f"A name with its title may have {LONGEST_NAME} bytes. Nothing was sent.")
    return Seen(step, groups, "\n".join(filter(None, words)))


def read_group(text: str, record: Record) -> tuple[str, str]:
    """A --group option, by ids or labels; refused with what there is to choose from."""
    wanted, _, option = (part.strip() for part in text.partition("="))
    for field in record.fields:
        if wanted.casefold() in (field.id, field.label.casefold()):
            found = field.find(option)
            if found is None:
                raise Stop(
                    f"--group {field.id}=… takes one of: {', '.join(name for name, _ in field.options)}."
                    " Nothing was sent."
                )
            return field.id, found
    fields = ", ".join(field.id for field in record.fields) or "nothing"
    raise Stop(f"This letter asks for {fields}, not for {plain(wanted, 40)}. Nothing was sent.")


LONGEST_NAME = 300  # bytes, with the title
CONTACT = re.compile(r"@|://|\bwww\.|\.(?:com|org|net|info|io)\b", re.IGNORECASE)


def demand_showable(text: str) -> None:
    """Refuse what no list would show once it is unlocked; until then nobody could tell."""
    kinds = [unicodedata.category(letter) for letter in text if letter not in "\u200c\u200d"]
    if {"Cc", "Cf", "Cs", "Co"} & set(kinds) or not any(kind[0] == "L" for kind in kinds) or CONTACT.search(text):
        raise Stop(
            "A name or title is shown to everybody as it is: it needs letters, and has no invisible characters, links"
            " or addresses. Nothing was sent."
        )


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


# --- 9. Sign ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Signing:
    """One run of ``sign``: what was asked for, where, and what the server said of the round in public."""

    args: argparse.Namespace
    address: Address
    proxy: Proxy | None
    record: Record
    seen: Seen
    is_pinned: bool  # whether anything but the server itself named the round's key

    def later(self, rest: str) -> str:
        """The command with which to go on."""
        proxy = f" --proxy {self.args.proxy}" if self.args.proxy else ""
        return f"{self.args.prog} sign {self.address} {rest}{proxy}"

    def post(self, name: str, value: dict[str, Any]) -> dict[str, Any]:
        """Send ``value`` over a connection of its own."""
        with Site(self.address, self.proxy) as site:
            return site.post(name, value)


def sign(args: argparse.Namespace) -> dict[str, Any]:
    """Exchange a code for a hidden signature, uncover it, and give it: at once, or later from a file."""
    demand_sensible(args)
    address, proxy = way_of(args)
    code = given_code(args, address)
    saved = load_with(args.token, "signature") if args.token else None
    begun = load_with(args.retry, "inverse") if args.retry and Path(args.retry).exists() else None
    kept = saved or begun
    pins = pins_of(args, address, kept)
    tell(f"Asking {address.host} for the letter's public record. It sees {what_is_seen(proxy)}.")
    with Site(address, proxy) as site:
        record = fetch_record(site, args.roll or address.roll, kept.round if kept else None)
    if kept:
        demand_same_round(kept, record)
    demand_pinned(record, pins)
    if kept:
        demand_sound(kept, record.key)
    signing = Signing(args, address, proxy, record, chosen(args, record), bool(pins))
    if saved:
        return give(signing, saved, Path(args.token))
    path = Path(args.token_only) if args.token_only else receipt_path(args, record)
    token = obtain(signing, begun, code, path)
    return set_aside(signing, token, path) if args.token_only else give(signing, token, path)


def demand_sensible(args: argparse.Namespace) -> None:
    """Refuse what does not go together, before anything is sent."""
    demand_sensible_look(args)
    if args.token and (args.code or args.token_only or args.retry or args.paste):
        raise Usage("With --token the code has been used already: leave out --code, --token-only, --retry, --paste.")
    if args.token_only and args.receipt:
        raise Usage("With --token-only nothing is signed yet: leave out --receipt, and give it when you sign.")
    if args.paste and args.code:
        raise Usage("With --paste the code is typed on the page: leave out --code.")
    for name in filter(None, (args.token_only, args.receipt)):
        demand_free(Path(name))


def demand_sensible_look(args: argparse.Namespace) -> None:
    """Refuse ways to be seen that contradict themselves."""
    step = args.appear or ("grouped" if args.group else "counted")
    if not re.fullmatch("counted|grouped|named|named_at:[1-9][0-9]{0,8}", step):
        raise Usage("--appear is one of: counted, grouped, named, named_at:N (N as the letter offers it).")
    if args.group and step == "counted":
        raise Usage("With --group you are seen in groups: leave out --appear counted.")
    if bool((args.name or "").strip()) != step.startswith("named"):
        raise Usage("--name goes with --appear named or --appear named_at:N, and these go with --name.")
    if args.title and not args.name:
        raise Usage("--title goes with --name.")


def way_of(args: argparse.Namespace) -> tuple[Address, Proxy | None]:
    """The letter's address and the proxy to it."""
    address, proxy = Address.read(args.url), Proxy.read(args.proxy)
    demand_safe_way(address, proxy)
    return address, proxy


def what_is_seen(proxy: Proxy | None) -> str:
    """What a server sees of the network in between."""
    return "the proxy's address, not yours" if proxy else "the address of the network you are on"


def given_code(args: argparse.Namespace, address: Address) -> str | None:
    """The code, if it was given; refused where it is needed and nobody can be asked for it."""
    if args.token or args.paste or args.code == "-":
        return None
    given = args.code or address.code
    if given:
        return read_code(given)
    if not sys.stdin.isatty():
        raise Usage("Give the signing code with --code, or --code - to read it from the input.")
    return None


def load_with(name: str, member: str) -> Token:
    """A file of the right kind: one with a signature, or one of an attempt that was cut off."""
    token = load(name)
    if getattr(token, member) is None:
        other = "--retry" if member == "signature" else "--token"
        raise Usage(f"The file {name} is of the other kind: give it with {other}.")
    return token


def pins_of(args: argparse.Namespace, address: Address, kept: Token | None) -> dict[str, str]:
    """All fingerprints that the server's key must have, by where they come from."""
    pins = {}
    if address.pin:
        pins["your link"] = address.pin
    if args.key:
        pins["--key"] = read_fingerprint(args.key, "--key")
    if kept:
        pins["your file"] = kept.fingerprint
    return pins


def demand_pinned(record: Record, pins: dict[str, str]) -> None:
    """Stop unless the server's key is the one named by the link, the paper or the file."""
    for whose, pin in pins.items():
        if pin != record.fingerprint:
            raise Stop(
                f"STOP. The server shows another key than {whose} names. Nothing of yours was sent. A server that"
                " shows everyone a key of their own could tell signatures apart. Ask the person who gave you the"
                " code, on another way than this site. (Where several groups of people sign, counted apart, you"
                " may have to name yours with --roll.)"
            )


def demand_same_round(kept: Token, record: Record) -> None:
    """Refuse a file of another letter, of another text, or of a round that the server does not show."""
    said = kept.statement
    if (said.letter_id, said.text_sha256) != (record.letter_id, record.text_sha256):
        raise Stop("Your file belongs to another letter than the one at this address. Nothing of yours was sent.")
    if said.round != record.round:
        raise Stop(
            f"Your file is of round {said.round} of this letter; the server shows the key of round {record.round}."
            " Nothing of yours was sent. Ask the organizers. (Where several groups of people sign, counted apart,"
            " you may have to name yours with --roll.)"
        )


def demand_sound(kept: Token, key: Key) -> None:
    """Refuse a file that was changed or damaged."""
    if kept.signature is not None:
        is_sound = verify(key, kept.message, kept.signature)
    else:  # uncovered as it is, it must be the message that was covered
        covered = int.from_bytes(kept.blinded_message or b"", "big")
        bare = covered * pow(kept.inverse or 0, key.e, key.n) % key.n
        is_sound = pss_verify(kept.message, key.n.bit_length() - 1, bare)
    if not is_sound:
        raise Stop("Your file was changed or damaged: its parts do not belong together. Nothing of yours was sent.")


def receipt_path(args: argparse.Namespace, record: Record) -> Path:
    """Where the receipt goes: as asked, or a free name that does not give away a secret address.

    An unpublished letter's address ends in a secret, so a name is made of the public one alone."""
    if args.receipt:
        return Path(args.receipt)
    public = re.search(r"/letters/([A-Za-z0-9_-]{1,80})/?$", record.letter)
    stem = f"receipt-{public[1]}" if public else "receipt"
    names = [f"{stem}.json"] + [f"{stem}-{i}.json" for i in range(2, 1000)]
    return next((Path(name) for name in names if not Path(name).exists()), Path(names[0]))


def obtain(signing: Signing, begun: Token | None, code: str | None, path: Path) -> Token:
    """Get a hidden signature for the code, uncover it, save it in ``path``."""
    args, record = signing.args, signing.record
    retry = Path(args.retry) if args.retry else path.with_name(path.stem + ".retry.json")
    demand_free(path)
    if not begun:
        demand_attempt(signing, retry)
    if not args.paste and code is None:
        code = read_code(ask("Signing code: "))
    if not signing.is_pinned:
        tell(
            f"The key has the fingerprint {record.fingerprint}. No link, paper or file named it, so this program"
            " must take the server's word. Compare it with what your colleagues see, if you can."
        )
    attempt = begun or begin(record)
    if not begun:
        save(retry, attempt)
        tell(f"Kept for another try, should the connection break: {retry}")
    answer = by_paste(attempt) if code is None else by_post(signing, attempt, code, retry, is_new=not begun)
    token = finish(attempt, record, answer, retry)
    save(path, token)
    if not args.keep_retry:  # together with the server's memory it would join your code to your signature
        retry.unlink(missing_ok=True)
    return token


def demand_attempt(signing: Signing, retry: Path) -> None:
    """Refuse to spend a code when it can do nothing, or when an earlier attempt may have spent it."""
    if retry.exists():
        raise Stop(
            f"There is a file {retry} of an attempt that was cut off. To go on with it, add --retry {retry}. For"
            " another code, move it away, or name another file with --retry."
        )
    if not signing.record.issuing:
        raise Stop("Codes are not exchanged at this moment. Your code was not sent. Look at the letter's page.")
    if not signing.record.signing and not signing.args.token_only:
        raise Stop(
            f"This letter is signed in two steps, and the second starts at {signing.record.signing_starts}. Your"
            " code was not sent. Do the first step now by adding --token-only FILE, and sign later with --token FILE."
        )


def begin(record: Record) -> Token:
    """A new receipt, a statement that commits to it, and the statement hidden under a random factor."""
    receipt = secrets.token_bytes(16)
    message = record.statement(commitment(receipt)).message()
    factor = 1 + secrets.randbelow(record.key.n - 1)
    blinded, inverse = blind(record.key, message, secrets.token_bytes(SALT), factor)
    return Token(
        letter=record.letter,
        letter_id=record.letter_id,
        round=record.round,
        fingerprint=record.fingerprint,
        message=message,
        receipt=receipt,
        blinded_message=blinded,
        inverse=inverse,
    )


def by_post(signing: Signing, attempt: Token, code: str, retry: Path, is_new: bool) -> bytes:
    """Send the code with the hidden statement; the blind signature comes back."""
    tell(
        f"Now your code goes to {signing.address.host}. It learns that this code is used now, and sees"
        f" {what_is_seen(signing.proxy)}. It does not learn what your signature will look like."
    )
    if not signing.args.token_only:
        tell(
            "Your signature follows at once. What is sent does not say that the two belong together, but whoever"
            " watches the server at this moment can guess it from the times. To sign later: --token-only FILE."
        )
    again = f"Run the same command again with --retry {retry} added: it gets the same answer and costs nothing."
    value = {"code": code, "round": attempt.round, "blinded_message": b64url(attempt.blinded_message or b"")}
    try:
        answer = signing.post("tokens", value)
        return from_b64url(answer.get("blind_signature"), "server's answer", SIZE)
    except Refused as refused:
        if is_new and refused.is_final:
            retry.unlink(missing_ok=True)  # nothing was exchanged, so there is nothing to go on with
            raise
        raise Stop(f"{refused} The file {retry} was kept. {again}") from None
    except (Stop, KeyboardInterrupt) as trouble:
        raise Stop(f"{str(trouble) or 'Stopped.'} Your code may have been used. Nothing is lost: {again}") from None


def by_paste(attempt: Token) -> bytes:
    """Show the hidden statement for the page's plain form, and read the answer from the keyboard."""
    tell("On the letter's page for signing codes, paste this into the form for this program:")
    print("\n" + b64url(attempt.blinded_message or b"") + "\n", flush=True)
    text = ""
    while len(text) < 512:  # 384 bytes in base64url
        line = ask("Paste the page's answer here: " if not text else "The rest of it: ")
        if not line:
            break
        text += line
    return from_b64url(text, "pasted answer", SIZE)


def finish(attempt: Token, record: Record, blind_signature: bytes, retry: Path) -> Token:
    """Uncover and check the signature; the factor that hid it is left behind."""
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
        " network, best hours or days later. Whoever has the file can sign in your place, so keep it safe."
    )
    if not signing.record.signing:
        tell(f"Signing starts at {signing.record.signing_starts}.")
    tell(f"To sign: {signing.later(f'--token {path}')}")
    return outcome(signing.record, token, path, is_signed=False)


def give(signing: Signing, token: Token, path: Path) -> dict[str, Any]:
    """Send the signature, which is kept in ``path``, and print the receipt."""
    record, args = signing.record, signing.args
    again = f"Your signature is kept in {path}. To send it again, or later: {signing.later(f'--token {path}')}"
    if not record.signing:
        raise Stop(f"Signatures are not taken now; signing starts at {record.signing_starts}. {again}")
    tell(
        f"Now your signature goes to {signing.address.host}. The public will see: {signing.seen.told(record)}. It"
        " does not say which code it came from. The server sees that a signature came now, and"
        f" {what_is_seen(signing.proxy)}."
    )
    opened = {} if signing.seen.step == "counted" else halves(token.receipt)
    value = {
        "message": b64url(token.message),
        "signature": b64url(token.signature or b""),
        "appearance": {**signing.seen.value(record, token.receipt), **opened},
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
    tell("You have signed. It will show in one of the next updates, together with others.")
    tell("This is your receipt. With it, and only with it, you can check, change and take back your signature:")
    print("\n    " + receipt_words(token.receipt) + "\n")
    tell(f"It is also in the file {path}. Whoever finds either can see that you signed. Nobody can replace it.")
    return {**outcome(record, token, path, is_signed=True), "sealed": answer.get("sealed") is True}


def outcome(record: Record, token: Token, path: Path, is_signed: bool) -> dict[str, Any]:
    """What --json prints after signing."""
    return {
        "ok": True,
        "signed": is_signed,
        "letter": record.letter,
        "letter_id": token.letter_id,
        "round": token.round,
        "fingerprint": token.fingerprint,
        "commit": token.statement.commit,
        "receipt": receipt_words(token.receipt),
        "file": str(path),
    }


# --- 10. Change and withdraw -----------------------------------------------------------------------------


def halves(receipt: bytes) -> dict[str, str]:
    """What shows that a change comes from the receipt's holder; not enough to take the signature back."""
    w, a = openings(receipt)
    return {"a": b64url(a), "w_hash": sha256(w).hex()}


def change(args: argparse.Namespace) -> dict[str, Any]:
    """Change how a signature is seen, up or down, by its receipt."""
    demand_sensible_look(args)
    receipt, token = receipt_of(args.receipt)
    address, proxy = way_of(args)
    with Site(address, proxy) as site:
        record = fetch_record(site, address.roll, token.round if token else None)
        if token and token.letter_id != record.letter_id:
            raise Stop("This receipt belongs to another letter than the one at this address. Nothing was sent.")
        seen = chosen(args, record)
        tell(
            f"Now two values made from your receipt go to {address.host}, and what the public will see:"
            f" {seen.told(record)}. It sees {what_is_seen(proxy)}; not who you are."
        )
        try:
            site.post("appearances", {**halves(receipt), "appearance": seen.value(record, receipt)})
        except Trouble as trouble:
            raise Stop(f"{trouble} It may or may not have arrived. The same command again does no harm.") from None
    tell("It is changed, and shows with one of the next updates.")
    return {"ok": True, "changed": True, "appear": seen.step, "commit": commitment(receipt)}


def receipt_of(text: str) -> tuple[bytes, Token | None]:
    """The receipt in a file, in words, or (for -) typed; with the file's signature where it has one."""
    if text == "-":
        return read_receipt(ask("Receipt: ")), None
    if Path(text).exists():
        token = load(text)
        return token.receipt, token
    if re.search(r"[/\\.]", text):
        raise Stop(f"There is no file {text}.")
    return read_receipt(text), None


def withdraw(args: argparse.Namespace) -> dict[str, Any]:
    """Take a signature back by its receipt."""
    receipt, token = receipt_of(args.receipt)
    address, proxy = way_of(args)
    with Site(address, proxy) as site:
        if token:
            demand_letter_of(site, token)
        tell(
            f"Now two values made from your receipt go to {address.host}. It learns which signature they belong to"
            f" and that it is taken back, and sees {what_is_seen(proxy)}; not who you are."
        )
        w, a = openings(receipt)
        try:
            answer = site.post("withdrawals", {"w": b64url(w), "a": b64url(a)})
        except Trouble as trouble:
            raise Stop(f"{trouble} It may or may not have arrived. The same command again does no harm.") from None
    if answer.get("withdrawn") is not True:
        raise Stop("The server did not say that the signature was taken back. Try again, and ask the organizers.")
    was_sealed = answer.get("was_sealed") is True
    if was_sealed:
        tell(
            "Your signature is taken back and no longer counts. It stays in the public log, where the next update"
            " adds that it was withdrawn; the log never said whose it was."
        )
    else:
        tell("Your signature is taken back. It had not become public, and never will.")
    return {"ok": True, "withdrawn": True, "was_sealed": was_sealed, "commit": commitment(receipt)}


def demand_letter_of(site: Site, token: Token) -> None:
    """Refuse to show a receipt to the server of another letter, where the server says which letter it has."""
    answer = site.get("round.json")
    if answer.status == 200 and answer.value().get("letter_id") != token.letter_id:
        raise Stop("This receipt belongs to another letter than the one at this address. Nothing of yours was sent.")


# --- 11. The log: fetch all of it, compute it again ------------------------------------------------------

BUNDLE = 256  # entries in a full part of the log
LONGEST_BUNDLE = BUNDLE * (2 + 65535)
MOST_ENTRIES = 20_000_000


def leaf_hash(entry: bytes) -> bytes:
    """RFC 9162, section 2.1.1."""
    return sha256(b"\x00", entry)


def tree_root(level: Sequence[bytes]) -> bytes:
    """The root over leaf hashes (RFC 9162, section 2.1.1): pair up, and carry an odd last one along."""
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
    """``count`` entries, each after its length in two bytes; refused unless they fill ``data`` exactly."""
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


def read_checkpoint(note: bytes, name: str, public: bytes) -> tuple[int, bytes]:
    """Size and root that the log's key signed (C2SP tlog-checkpoint); other signatures may stand beside."""
    try:
        text, _, lines = note.decode("utf-8").rpartition("\n\n")
        origin, size, root = text.split("\n")[:3]
        digest = base64.b64decode(root, validate=True)
        ours = [base64.b64decode(line[len(name) + 3 :]) for line in lines.split("\n") if line.startswith(f"— {name} ")]
    except ValueError:
        raise Stop("The log's checkpoint cannot be read.") from None
    signed = (text + "\n").encode("utf-8")
    if not any(s[:4] == key_id(name, public) and ed25519_verify(public, signed, s[4:]) for s in ours):
        raise Stop("The log's checkpoint is not signed by the log's key.")
    if origin != name or not re.fullmatch("0|[1-9][0-9]{0,15}", size) or len(digest) != 32:
        raise Stop("The log's checkpoint has not the form that is asked for.")
    return int(size), digest


@dataclass(frozen=True)
class Log:
    """A whole log whose parts agree: its entries are what the checkpoint was signed over."""

    size: int
    root: bytes
    matching: dict[int, bytes]  # entries that were asked for, by their place


def fetch_log(site: Site, wanted: Callable[[bytes], bool]) -> Log:
    """Fetch every entry, compute the root again, keep the entries that are ``wanted`` (and entry 0)."""
    checkpoint = site.get("log/checkpoint")
    if checkpoint.status == 404:
        raise Stop(
            "There is no public log at this address: the letter is not published yet, or the address is wrong."
            " Until publication nothing can be checked by the log; keep your receipt, and check again then."
        )
    vkey = site.get("log/vkey")
    for answer in (checkpoint, vkey):
        if answer.status != 200:
            raise Refused(answer)
    name, public = read_vkey(vkey.body)
    size, root = read_checkpoint(checkpoint.body, name, public)
    if not 0 < size <= MOST_ENTRIES:
        raise Stop(f"The log says that it has {size} entries, which cannot be.")
    hashes: list[bytes] = []
    matching = {}
    for entry in fetch_entries(site, size):
        if not hashes or wanted(entry):
            matching[len(hashes)] = entry
        hashes.append(leaf_hash(entry))
    if tree_root(hashes) != root:
        raise Stop("The log's entries are not those that its checkpoint was signed over.")
    first = read_entry(matching[0])
    if first.get("type") != "letter" or first.get("log_key") != b64url(public):
        raise Stop("The log's first entry does not name the key that signs the log.")
    return Log(size, root, matching)


def fetch_entries(site: Site, size: int) -> Iterator[bytes]:
    """All entries in order, part by part."""
    parts = -(-size // BUNDLE)
    for number in range(parts):
        count = min(BUNDLE, size - number * BUNDLE)
        yield from fetch_bundle(site, number, count)
        if sys.stderr.isatty() and parts > 20:
            print(f"\rRead {number + 1} of {parts} parts", end="\n" if number + 1 == parts else "", file=sys.stderr)


def fetch_bundle(site: Site, number: int, count: int) -> list[bytes]:
    """One part. The last one may have filled up since the checkpoint; then its beginning is taken."""
    path = "log/tile/entries/" + tile_path(number)
    if count < BUNDLE:
        answer = site.get(f"{path}.p/{count}", LONGEST_BUNDLE)
        if answer.status == 200:
            return read_bundle(answer.body, count)
    answer = site.get(path, LONGEST_BUNDLE)
    if answer.status == 404:
        raise Stop("A part of the log is missing. If it was growing just now, the same command again will do.")
    if answer.status != 200:
        raise Refused(answer)
    return read_bundle(answer.body, BUNDLE)[:count]


def read_entry(entry: bytes) -> dict[str, Any]:
    """An entry's members; refused unless it is an object in canonical form."""
    members = read_object(entry, "An entry of the log")
    with contextlib.suppress(RecursionError):
        if canonical(members) == entry:
            return members
    raise Stop("An entry of the log is not in its canonical form.")


# --- 12. Check -------------------------------------------------------------------------------------------

ALARM = "Keep your receipt file, and tell somebody you trust, on another way than this site."


def check(args: argparse.Namespace) -> dict[str, Any]:
    """Look for one's own signature in the whole public log, on this computer."""
    receipt, token = receipt_of(args.receipt)
    address, proxy = way_of(args)
    tell(f"Fetching the whole log from {address.host}; it does not learn which signature you look for.")
    with Site(address, proxy) as site:
        log = read_log(site, commitment(receipt))
    entries = {place: read_entry(entry) for place, entry in log.matching.items()}
    tell(f"The log has {log.size} entries, its root is {log.root.hex()}, and its checkpoint is signed.")
    is_whole = token is not None and token.signature is not None
    if token:
        demand_own_key(token, entries)
    place = own_signature(entries)
    demand_rightful(entries, place)
    if token and is_whole:
        demand_same_bytes(token, log.matching[place])
        tell(f"Found: entry {place} is your signature, byte for byte, by the key that everybody sees.")
    else:
        tell(
            f"Found: entry {place} is the signature with your receipt. Only the receipt could be looked for; the"
            " receipt file, where you have it, also shows that the key was not one made for you alone."
        )
    return {
        "ok": True,
        "entry": place,
        "commit": commitment(receipt),
        "byte_for_byte": is_whole,
        "annulled": tell_annulled(entries, place),
        "withdrawn": tell_withdrawn(entries, receipt),
        "size": log.size,
        "root": log.root.hex(),
    }


def read_log(site: Site, commit: str) -> Log:
    """The log, with the entries that concern rounds or this commitment."""

    def concerns(entry: bytes) -> bool:
        members = read_entry(entry)
        kind = members.get("type")
        if kind == "signature":
            return signed_in(members).commit == commit
        return kind in ("round", "annulled") or (kind == "withdrawal" and members.get("commit") == commit)

    try:
        return fetch_log(site, concerns)
    except Trouble as trouble:
        raise Stop(f"{trouble} Nothing was found out. Try again later.") from None


def signed_in(entry: dict[str, Any]) -> Statement:
    """The statement in a signature entry."""
    return Statement.read(from_b64url(entry.get("message"), "message of an entry"))


def of_type(kind: str, entries: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """The entries of one type."""
    return {place: entry for place, entry in entries.items() if entry.get("type") == kind}


def round_key(entries: dict[int, dict[str, Any]], number: int) -> bytes:
    """The key (SPKI) that the log shows to everybody for a round; refused unless there is exactly one."""
    rounds = [entry for entry in of_type("round", entries).values() if entry.get("round") == number]
    if len(rounds) != 1:
        raise Stop(f"STOP. The log has not exactly one key for round {number}, in which you signed. {ALARM}")
    return from_b64url(rounds[0].get("public_key"), "round's key in the log")


def demand_own_key(token: Token, entries: dict[int, dict[str, Any]]) -> None:
    """Stop when what this person signed, or the key that signed for them, is not what everybody sees."""
    if entries[0].get("letter_id") != token.letter_id:
        raise Stop("This receipt belongs to another letter than the one at this address.")
    if entries[0].get("text_sha256") != token.statement.text_sha256:
        raise Stop(f"STOP. You signed another text than the one that is published. {ALARM}")
    if sha256(round_key(entries, token.round)).hex() != token.fingerprint:
        raise Stop(
            "STOP. The key that signed for you is not the one that the log shows to everybody: the server may have"
            f" used a key of its own for you, to recognize your signature. {ALARM}"
        )


def own_signature(entries: dict[int, dict[str, Any]]) -> int:
    """The place of the signature with one's own commitment."""
    places = list(of_type("signature", entries))
    if not places:
        raise Stop(
            "Your signature is not in the log. Signatures show in batches: if you signed lately, check again"
            " tomorrow. One that was taken back before it showed never will."
        )
    if len(places) > 1:
        raise Stop(f"STOP. The log has several signatures with your receipt. {ALARM}")
    return places[0]


def demand_rightful(entries: dict[int, dict[str, Any]], place: int) -> None:
    """Stop unless the entry is a valid signature under this letter, by the round's key in the log."""
    entry, said = entries[place], signed_in(entries[place])
    letter = (entries[0].get("letter_id"), entries[0].get("text_sha256"), entry.get("round"))
    key = Key.of_round(round_key(entries, said.round))
    message = from_b64url(entry.get("message"), "message of an entry")
    signature = from_b64url(entry.get("signature"), "signature of an entry", SIZE)
    if (said.letter_id, said.text_sha256, said.round) != letter or not verify(key, message, signature):
        raise Stop(f"STOP. Entry {place} of the log has your receipt, but is not a valid signature. {ALARM}")


def demand_same_bytes(token: Token, entry: bytes) -> None:
    """Stop unless the entry is exactly what the receipt file's signature makes."""
    members = {
        "type": "signature",
        "round": token.round,
        "message": b64url(token.message),
        "signature": b64url(token.signature or b""),
    }
    if canonical(members) != entry:
        raise Stop(f"STOP. The log has a signature with your receipt, but not the one in your file. {ALARM}")


def tell_annulled(entries: dict[int, dict[str, Any]], place: int) -> bool:
    """Whether the signature's round was taken out of the count; says so, with the public reason."""
    for entry in of_type("annulled", entries).values():
        if entry.get("round") == entries[place]["round"]:
            tell(f"It does not count: the organizers annulled its round ({plain(entry.get('reason'))}).")
            return True
    return False


def tell_withdrawn(entries: dict[int, dict[str, Any]], receipt: bytes) -> bool:
    """Whether the signature was taken back; says so. Stops when that was not done by this receipt."""
    w, a = openings(receipt)
    for place, entry in of_type("withdrawal", entries).items():
        if (entry.get("w"), entry.get("a_hash")) != (b64url(w), sha256(a).hex()):
            raise Stop(f"STOP. Entry {place} takes your signature back, but not by your receipt. {ALARM}")
        tell(f"It was taken back, as entry {place} says, and no longer counts.")
        return True
    return False


# --- 13. The command line --------------------------------------------------------------------------------

HELP = """\
Sign an open letter, check that your signature is there, change how it is seen,
or take it back.

usage: {prog} COMMAND ADDRESS [options]

  sign ADDRESS                     sign now; you are asked for your code
  sign ADDRESS --token-only FILE   use the code now, and sign later,
  sign ADDRESS --token FILE        from another network: the safest way
  check ADDRESS --receipt FILE     is my signature in the public log?
  change ADDRESS --receipt FILE --appear counted
                                   or grouped --group ROLE=OPTION, or
                                   named --name NAME: how I am seen
  withdraw ADDRESS --receipt FILE  take my signature back

ADDRESS is the letter's address (https://example.org/letters/our-letter/), or
the whole link printed with your code, in quotes ('...').

Use your own computer and your own network, never your employer's. With Tor
running, add  --proxy socks5://127.0.0.1:9050  (Tor Browser: 9150).

The server learns that your code was used, and that somebody signed; nothing
it gets says which code became which signature. But whoever watches it while
you do both at once can guess from the times: sign later to escape that.
Signing gives you a receipt, the only way to check or take back your
signature. Keep it where nobody finds it: it shows that you signed.

More: {prog} sign --help
"""


def new_parser(prog: str) -> argparse.ArgumentParser:
    """The four commands and their options."""
    parser = argparse.ArgumentParser(prog=prog, add_help=False, allow_abbrev=False)
    parser.add_argument("-h", "--help", action="store_true")
    commands = parser.add_subparsers(dest="command")
    for name, verb, text in (
        ("sign", sign, "Sign a letter with a code, or with a file saved earlier."),
        ("check", check, "Look for your signature in the letter's public log, on this computer."),
        ("change", change, "Change in which groups, or by which name, your signature is seen."),
        ("withdraw", withdraw, "Take your signature back. This cannot be undone."),
    ):
        command = commands.add_parser(name, description=text, allow_abbrev=False, formatter_class=Narrow)
        command.add_argument("url", metavar="ADDRESS", help="the letter's address, or a link printed with a code")
        if name == "sign":
            add_sign_options(command)
        else:
            command.add_argument(
                "--receipt", required=True, metavar="FILE|WORDS", help="your receipt: file, words, or - to type it"
            )
        if name in ("sign", "change"):
            add_ladder_options(command)
        command.add_argument("--proxy", metavar="URL", help="socks5://127.0.0.1:9050 for Tor; it looks up names")
        command.add_argument("--json", action="store_true", help="print the result for a program to read")
        command.set_defaults(run=verb)
    return parser


class Narrow(argparse.HelpFormatter):
    """Help that fits a small terminal."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=24, width=79)


def add_sign_options(command: argparse.ArgumentParser) -> None:
    """The options of ``sign``."""
    for flag, metavar, text in (
        ("--code", "CODE", "your signing code (left out: you are asked)"),
        ("--token-only", "FILE", "use the code, save the result, don't sign yet"),
        ("--token", "FILE", "sign with a file saved by --token-only"),
        ("--receipt", "FILE", "where to write the receipt (receipt-....json)"),
        ("--retry", "FILE", "go on with an attempt that was cut off, or keep this one there"),
        ("--key", "FINGERPRINT", "stop unless the letter's key is this one"),
        ("--roll", "ID", "which group of signers, where there are several"),
    ):
        command.add_argument(flag, metavar=metavar, help=text)
    command.add_argument("--paste", action="store_true", help="exchange the code on the page, by copy and paste")
    command.add_argument("--keep-retry", action="store_true", help="keep that file afterwards (it can betray you)")


def add_ladder_options(command: argparse.ArgumentParser) -> None:
    """How to be seen."""
    for flag, metavar, text in (
        ("--appear", "STEP", "counted (the default), grouped, named, or named_at:N: shown once N have signed"),
        ("--name", "NAME", "your name, for named and named_at; locked on this computer"),
        ("--title", "TITLE", "your job title beside it, if you like"),
    ):
        command.add_argument(flag, metavar=metavar, help=text)
    text = "one of the groups that the letter asks for; may be given for each field"
    command.add_argument("--group", metavar="FIELD=OPTION", action="append", help=text)


def main(argv: Sequence[str] | None = None, prog: str = "petition-client") -> int:
    """Run one command. Returns 0 when done, 1 when refused, 2 when used wrongly."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        args = new_parser(prog).parse_args(argv)
    except SystemExit as ended:
        return int(ended.code or 0)
    if args.help or not args.command:
        print(HELP.format(prog=prog), end="", file=sys.stdout if args.help else sys.stderr)
        return 0 if args.help else 2
    args.prog = prog
    return run(args)


def run(args: argparse.Namespace) -> int:
    """Carry the command out. With --json only the result goes to the output, all else beside it."""
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
