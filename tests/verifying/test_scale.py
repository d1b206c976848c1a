"""A long log takes time in proportion, and hardly more memory."""

import json
import os
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from tests.verifying.log_builder import LogBuilder, canonical

MEASURED = """
import json, re, resource, sys, time
from pathlib import Path
from petition.verifying import open_source, verify

if __name__ == "__main__":
    begun = time.monotonic()
    verdict = verify(open_source(sys.argv[1]))
    # ru_maxrss of this process would still tell of the one that started it.
    own = int(re.search("VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024
    kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    print(json.dumps({
        "ok": verdict.ok,
        "count": verdict.count,
        "seconds": time.monotonic() - begun,
        "cpu": sum(sum(resource.getrusage(kind)[:2]) for kind in kinds),
        "memory": [own, resource.getrusage(kinds[1]).ru_maxrss // 1024],
    }))
"""


def signed(der: bytes, receipts: range) -> list[bytes]:
    log = LogBuilder([load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)])
    return [canonical(log.signature(receipt)) for receipt in receipts]


def a_long_log(rsa_keys, folder, size):
    """A folder with as many signatures, signed on all cores."""
    der = rsa_keys[0].private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    ranges = [range(start, min(start + 500, size)) for start in range(0, size, 500)]
    log = LogBuilder(rsa_keys).begin(made=size)
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        log.batch(*pool.map(signed, [der] * len(ranges), ranges))
    log.rounds[1]["signed"] = size
    return log.seal().write(folder)


def measured(folder):
    ran = subprocess.run([sys.executable, "-c", MEASURED, folder], capture_output=True, check=True, text=True)
    return json.loads(ran.stdout)


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_memory_hardly_grows_with_the_log(rsa_keys, tmp_path):
    short = measured(a_long_log(rsa_keys, tmp_path / "short", 4_000))
    long = measured(a_long_log(rsa_keys, tmp_path / "long", 40_000))

    assert (short["ok"], short["count"]) == (True, 4_000)
    assert (long["ok"], long["count"]) == (True, 40_000)
    assert long["memory"][0] < 1.25 * short["memory"][0]
    assert long["memory"][1] < 1.25 * short["memory"][1]
    assert long["cpu"] < 15 * short["cpu"]
