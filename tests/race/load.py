"""People who sign over HTTP while servers come and go: each sends the same request until it is answered."""

import http.client
import json
import os
import threading
import time
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from random import Random
from typing import Any

from petition.crypto.blind_rsa import PublicKey, blind, finalize, prepare
from petition.crypto.encodings import b64url, from_b64url
from petition.crypto.receipts import opening
from petition.crypto.tokens import Token, statement_bytes
from tests.patience import SECONDS

PIN = "A" * 43
"""Of no use to signers; it is for people who check the record."""


def ask(port: int, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """One request; its status and, if it is JSON, what it says. OSError or HTTPException if there is no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        headers = {"Content-Type": "application/json", "Connection": "close"}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        data = answer.read()
        return answer.status, json.loads(data) if "json" in answer.headers.get("Content-Type", "") else data
    finally:
        connection.close()


def until_answered(port: int, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Send the same request until something answers that it is well or that it is refused."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        try:
            status, said = ask(port, method, path, body)
            if status < 500:
                return status, said
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.05)
    raise TimeoutError(f"{method} {path} was not answered within {SECONDS} s")


def until_not_busy(port: int, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Send the same request again while the site says that it is busy (503). Any other answer stands."""
    until = time.monotonic() + SECONDS
    while (answer := ask(port, method, path, body))[0] == 503 and time.monotonic() < until:
        time.sleep(0.05)
    return answer


@dataclass
class Crowd:
    """People with codes, some at a time; and what they were told."""

    port: int
    letter: str
    """The letter's path, with a slash at its end."""
    codes: list[str]
    at_once: int = 4
    signed: list[Token] = field(default_factory=list)
    withdrawn: list[Token] = field(default_factory=list)
    refused: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._waiting: SimpleQueue[str] = SimpleQueue()
        for code in self.codes:
            self._waiting.put(code)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._come, args=(Random(number),)) for number in range(self.at_once)]

    def __enter__(self) -> "Crowd":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_home()

    def go_home(self) -> None:
        """No one new comes; those under way go on to the end."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _come(self, random: Random) -> None:
        _, record = until_answered(self.port, "GET", f"{self.letter}round.json")
        key = PublicKey.from_spki(from_b64url(record["public_key"]))
        while not self._stop.is_set():
            try:
                code = self._waiting.get_nowait()
            except Empty:
                return
            try:
                self._sign(code, record, key, random)
            except Exception as error:  # what a thread meets must reach the test
                self.refused.append(repr(error))

    def _sign(self, code: str, record: dict[str, Any], key: PublicKey, random: Random) -> None:
        receipt, number = os.urandom(16), record["round"]
        both = opening(receipt)
        statement = statement_bytes(record["letter_id"], number, record["text_sha256"], both.commit)
        message = prepare(statement, os.urandom)
        blinded = blind(key, message, os.urandom)
        request = {"code": code, "round": number, "blinded_message": b64url(blinded.message)}
        said = self._send("tokens", request, 201)
        signature = finalize(key, message, from_b64url(said["blind_signature"]), blinded.inverse)
        token = Token("", record["letter_id"], number, PIN, message, signature, receipt)
        appearance = {"step": "counted"}
        members = {"message": b64url(message), "signature": b64url(signature), "appearance": appearance}
        self._send("signatures", members, 201)
        self.signed.append(token)
        if random.random() < 0.1:
            self._send("withdrawals", {"w": b64url(both.w), "a": b64url(both.a)}, 200)
            self.withdrawn.append(token)

    def _send(self, name: str, body: Any, expected: int) -> Any:
        status, said = until_answered(self.port, "POST", f"{self.letter}{name}", body)
        if status != expected:
            raise AssertionError(f"{name}: {status} {said}")
        return said
