"""What “Check this count” takes in a browser, as a ratio: its seconds to those of the bare verifications in that page.

``python -m benchmarks.counting [SIGNATURES]`` prints it. The files come from this machine: no network is in it.
"""

import sys
import tempfile
from pathlib import Path
from statistics import median

from cryptography.hazmat.primitives.asymmetric import rsa
from playwright.sync_api import Page, sync_playwright

from tests.browser.check.conftest import mirrored
from tests.browser.conftest import OPTIONS
from tests.install_browser import find_browser
from tests.verifying.log_builder import pss, spki
from tests.verifying.test_scale import a_long_log

TURNS = 3
CHECKED = """address => new Promise((found, broken) => {
    const start = performance.now();
    const worker = new Worker("/_site/verify-worker.js", { type: "module" });
    worker.onerror = broken;
    worker.onmessage = ({ data }) => {
        if (data.kind === "progress") return;
        worker.terminate();
        found({ seconds: (performance.now() - start) / 1000, count: data.count, failed: data.failed });
    };
    worker.postMessage(new URL(address, location.origin).href);
})"""
BARE = """async ([spki, signature, message, times]) => {
    const pss = { name: "RSA-PSS", hash: "SHA-384", saltLength: 48 };
    const [der, signed, said] = [spki, signature, message].map((bytes) => Uint8Array.from(bytes));
    const key = await crypto.subtle.importKey("spki", der, pss, false, ["verify"]);
    const start = performance.now();
    for (let done = 0; done < times; done += 250) {
        const some = Array.from({ length: 250 }, () => crypto.subtle.verify(pss, key, signed, said));
        if ((await Promise.all(some)).includes(false)) throw new Error("not valid");
    }
    return (performance.now() - start) / 1000;
}"""
"""As many verifications of one signature, 250 at once."""


def seconds(page: Page, address: str, key: rsa.RSAPrivateKey, size: int) -> tuple[float, float]:
    """Of the whole check, and of the bare verifications: the medians of some turns."""
    message = bytes(214)
    bare = [list(spki(key)), list(pss(key, message)), list(message), size]
    turns = [(_checked(page, address, size), float(page.evaluate(BARE, bare))) for _ in range(TURNS)]
    whole, floor = zip(*turns, strict=True)
    return median(whole), median(floor)


def _checked(page: Page, address: str, size: int) -> float:
    found = page.evaluate(CHECKED, address)
    if found["failed"] or found["count"] != size:
        raise RuntimeError(f"the check found {found}")
    return float(found["seconds"])


def main() -> None:
    """Measure, and print."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    keys = [rsa.generate_private_key(65537, 3072)]
    with tempfile.TemporaryDirectory() as folder, mirrored() as mirror, sync_playwright() as playwright:
        there = a_long_log(keys, Path(folder) / "letter", size)
        files = {path.relative_to(there).as_posix(): path.read_bytes() for path in there.rglob("*") if path.is_file()}
        browser = playwright.chromium.launch(executable_path=find_browser(), args=OPTIONS)
        page = browser.new_page()
        page.goto(f"{mirror.address}/empty.html")
        whole, floor = seconds(page, mirror.publish("letter", files), keys[0], size)
        weight = sum(map(len, files.values())) / 1e6
        browser.close()
    print(f"checking {size:,} signatures ({weight:.1f} MB)  {whole:.2f} s   {whole / floor:.2f} × bare {floor:.2f} s")


if __name__ == "__main__":
    main()
