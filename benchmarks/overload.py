"""What signers notice of more visitors than a site can answer, and who is turned away.

``python -m benchmarks.overload [SECONDS]`` runs a site with two workers. Some sign one after the other, alone at first
(10 seconds), then beside readers of a page that is made for each of them and people who try codes. Fails if a signer
was turned away, or waited much longer than alone.
"""

import http.client
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from statistics import median, quantiles
from typing import Any

from benchmarks.million import begin, signed, the_campaign
from benchmarks.sites import started
from benchmarks.together import Together
from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.codes import ALPHABET
from petition.crypto.encodings import b64url
from tests.ports import free_port

SECONDS = 10.0
WARM = 30.0
"""Seconds in which a worker compiles its templates."""
PAUSE = 0.05
READERS, NEWCOMERS = 96, 32
"""At a time."""
LONGER = 35.0
"""The limit of a signer's median wait, times that without others."""
MEMBERS = {"appearance": {"step": "counted"}}
Act = Callable[[], int]


def ask(port: int, method: str, path: str, body: Any = None) -> int:
    """The status of one request from an address of its own; 0 without an answer."""
    place = (f"127.{random.randrange(1, 255)}.{random.randrange(256)}.{random.randrange(1, 255)}", 0)  # noqa: S311
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=place)
    try:
        headers = {"Content-Type": "application/json", "Connection": "close"}
        line.request(method, path, None if body is None else json.dumps(body), headers)
        answer = line.getresponse()
        answer.read()
        return answer.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        line.close()


class Visitors(Together):
    """People of one kind who do the same again and again; how long it took, and what they were told."""

    def __init__(self, act: Act, at_once: int, pause: float = 0.0) -> None:
        self.times: list[float] = []
        self.told: Counter[int] = Counter()
        self._act, self._pause = act, pause
        super().__init__([self._run] * at_once)

    def _run(self) -> None:
        with suppress(StopIteration):
            while not self._end.is_set():
                begun = time.monotonic()
                self.told[self._act()] += 1
                self.times.append(time.monotonic() - begun)
                self._end.wait(self._pause)

    def tell(self, who: str) -> None:
        """A line."""
        late = quantiles(self.times, n=100)[98] if len(self.times) > 1 else 0.0
        times = f"median {median(self.times) * 1000:>6.0f} ms, 99 of 100 within {late * 1000:>6.0f} ms"
        print(f"    {who:<10} {len(self.times):>6}   {times}   {dict(self.told)}", flush=True)


def overload(port: int, path: str, tokens: list[dict[str, Any]], seconds: float) -> tuple[Visitors, Visitors]:
    """The signers alone, and beside others."""
    left, size = iter(tokens), b64url((5).to_bytes(384, "big"))

    def give() -> int:
        row = next(left)
        body = {"message": b64url(row["message"]), "signature": b64url(row["signature"]), **MEMBERS}
        return ask(port, "POST", f"{path}signatures", body)

    def read() -> int:
        return ask(port, "GET", f"{path}join")

    def try_code() -> int:
        code = "".join(random.choices(ALPHABET, k=16))  # noqa: S311
        return ask(port, "POST", f"{path}tokens", {"code": code, "round": 1, "blinded_message": size})

    with Visitors(give, 2, PAUSE) as alone:
        time.sleep(seconds)
    alone.tell("signers")
    others = Visitors(read, READERS), Visitors(try_code, NEWCOMERS)
    with others[0] as readers, others[1] as newcomers, Visitors(give, 2, PAUSE) as beside:
        time.sleep(seconds)
    for who, visitors in (("signers", beside), ("readers", readers), ("newcomers", newcomers)):
        visitors.tell(who)
    return alone, beside


def main() -> int:
    """Print what happened. Returns 1 if signers were turned away, or waited too long."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    key, port = PrivateKey.generate(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        letter, digest = begin(folder, key)
        campaign = the_campaign(folder)
        campaign.codes(letter, 2_000)
        path = campaign.address(letter)
        campaign.close()
        tokens = signed(key.der(), letter, digest, int(seconds * 80))
        site = started(folder, port)
        time.sleep(WARM)
        try:
            alone, beside = overload(port, path, tokens, seconds)
        finally:
            site.terminate()
            site.wait()
    ratio = median(beside.times) / median(alone.times)
    refused = sum((alone.told + beside.told).values()) - alone.told[201] - beside.told[201]
    print(f"a signer's median wait, times that without others: {ratio:.1f} (at most {LONGER:g}); refused: {refused}")
    return int(ratio > LONGER or refused > 0)


if __name__ == "__main__":
    sys.exit(main())
