"""What verifying costs over the RSA verifications alone: CPU of one process, as a ratio.

``python -m benchmarks.verifying [SIZE]`` signs SIZE statements on all cores (a while: each is an RSA private
operation), publishes them as one log, and then measures in turns, so that what else the machine does hits both alike.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA384
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from benchmarks.limits import at_least
from petition.crypto.encodings import from_b64url
from petition.verifying import open_source, verify
from tests.verifying.log_builder import LogBuilder, canonical

TURNS = 7
LEAST = 0.72
"""Of the bare rate. Beside RSA, a third of what a signature costs is base64, and a quarter hashing; the rest is
splitting, reading and the ledger."""
CHUNK = 500
PSS, HASH = padding.PSS(padding.MGF1(SHA384()), 48), SHA384()


def signed(der: bytes, receipts: range) -> list[dict[str, str]]:
    """The entries of these receipts' signatures."""
    key = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    log = LogBuilder([key])  # type: ignore[list-item]
    return [log.signature(receipt) for receipt in receipts]


def all_signed(key: rsa.RSAPrivateKey, size: int) -> list[dict[str, str]]:
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    ranges = [range(start, min(start + CHUNK, size)) for start in range(0, size, CHUNK)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        return [entry for entries in pool.map(signed, [der] * len(ranges), ranges) for entry in entries]


def cpu_of(act: Callable[[], object]) -> float:
    begun = time.process_time()
    act()
    return time.process_time() - begun


def main() -> int:
    """Print the ratio. Returns 1 if it is below its limit."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    key = rsa.generate_private_key(65537, 3072)
    entries = all_signed(key, size)
    pairs = [(from_b64url(entry["signature"]), from_b64url(entry["message"])) for entry in entries]
    log, public = LogBuilder([key]).begin(made=size), key.public_key()
    log.batch([canonical(entry) for entry in entries])
    log.rounds[1]["signed"] = size
    with tempfile.TemporaryDirectory() as folder:
        source = open_source(str(log.seal().write(Path(folder))))
        assert verify(source, processes=1).ok
        turns = [
            (
                cpu_of(lambda: [public.verify(signature, message, PSS, HASH) for signature, message in pairs]),
                cpu_of(lambda: verify(source, processes=1)),
            )
            for _ in range(TURNS)
        ]
    bare, whole = (statistics.median(column) / size * 1e6 for column in zip(*turns, strict=True))
    ratio = statistics.median(bare / whole for bare, whole in turns)
    costs = f"RSA verify alone {bare:.1f} µs, verifying {whole:.1f} µs a signature"
    print(f"{costs}; of the bare rate: {ratio:.2f}; {at_least(ratio, LEAST)}")
    return int(ratio < LEAST)


if __name__ == "__main__":
    sys.exit(main())
