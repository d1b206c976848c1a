"""What signing costs the person who signs, on a phone: taps, fields, seconds, bytes; and what the browser computes.

``python -m benchmarks.phone`` prints it. The seconds are the machine's alone: no one reads or types.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from petition.crypto.blind_rsa import PrivateKey
from petition.database import Databases
from petition.operations.migration import migrate_both
from tests.browser.conftest import OPTIONS
from tests.browser.firefox import WITHOUT_JIT, firefox
from tests.browser.script.phones import Phone, Site, a_phone, served
from tests.conftest import Clock
from tests.install_browser import find_browser, find_firefox
from tests.shared import Place

KEY = PrivateKey.generate()
TIMED = """const n = BigInt(given[0]);
const key = await crypto.subtle.importKey("spki", Uint8Array.from(given[1]), PSS, true, ["verify"]);
const start = performance.now();
const { inverse } = await blind(n, random(200), random(48), toNumber(random(383)));
await finalize({ key, n }, random(200), inverse, random(384)).catch(() => {});
return performance.now() - start;"""
"""All that the script computes between the code and the token, but for fetching."""
STEPS = {
    "with scripts": ("Go on", "Send my code", "Sign the letter"),
    "without": ("Go on", "Go on to sign", "Sign the letter"),
}


@contextmanager
def a_site() -> Iterator[Site]:
    """A site of this run's own."""
    with tempfile.TemporaryDirectory() as folder:
        empty, data = Path(folder, "empty"), Path(folder, "data")
        for made in (empty, data):
            made.mkdir()
        databases = Databases(f"sqlite:///{empty}/petition.db", f"sqlite:///{empty}/issuer.db")
        migrate_both(databases, empty)
        databases.dispose()
        with served(data, empty, [KEY], Clock()) as site:
            site.shared.campaign.organizer()
            yield site


def journey(browser: Browser, site: Site, kind: str) -> str:
    """From the letter to the receipt, by the shortest way."""
    place = site.shared.a_published_letter()
    phone = a_phone(browser, site.root, java_script_enabled=kind == "with scripts")
    sizes, taps, fields, start = bytes_of(phone), count(), count(), time.monotonic()
    phone.come(f"{site.root}{place.public}")
    phone.page.get_by_role("link", name="Sign, unseen").click()
    next(taps)
    if phone.page.get_by_role("link", name="Continue").count():
        phone.page.get_by_role("link", name="Continue").first.click()
        next(taps)
    phone.page.get_by_label("Your signing code").first.fill(site.code(place))
    next(fields)
    for name in STEPS[kind]:
        phone.press(name)
        next(taps)
    phone.expect_heading("You have signed. This is your receipt.")
    took = time.monotonic() - start
    phone.context.close()
    return f"{next(taps)} taps, {next(fields)} field, {took:.1f} s, {sum(sizes) / 1000:.0f} kB"


def bytes_of(phone: Phone) -> list[int]:
    """Fills up with the sizes of all answers, heads and bodies, as they came over the wire."""
    sizes: list[int] = []

    def note(request: Any) -> None:
        found = request.sizes()
        sizes.append(found["responseHeadersSize"] + found["responseBodySize"])

    phone.context.on("requestfinished", note)
    return sizes


def computing(call: Callable[[str, list[Any]], float]) -> str:
    """The first time, as a signer has it, and the median of five."""
    given = [str(KEY.public.n), list(KEY.public.spki())]
    times = [call(TIMED, given) for _ in range(6)]
    return f"{times[0]:.0f} ms at first, then {sorted(times[1:])[2]:.0f} ms"


def in_chromium(site: Site, place: Place, *options: str) -> str:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=[*OPTIONS, *options])
        page = browser.new_page()
        page.goto(site.url(place, "join"))
        try:
            return computing(lambda body, given: float(page.evaluate(f"async (given) => {{ {body} }}", given)))
        finally:
            browser.close()


def in_firefox(site: Site, place: Place, **prefs: Any) -> str:
    with tempfile.TemporaryDirectory() as folder, firefox(Path(folder) / "it", **prefs) as browser:
        browser.come(site.url(place, "join"))
        return computing(lambda body, given: float(browser.call(site, body, *given)))


def main() -> None:
    """Measure, and print."""
    with a_site() as site:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_browser(), args=OPTIONS)
            for kind in STEPS:
                print(f"letter to receipt, {kind:<14}{journey(browser, site, kind)}", flush=True)
            browser.close()
        place = site.open_letter()
        print(f"computing, Chromium            {in_chromium(site, place)}", flush=True)
        print(f"computing, Chromium --jitless  {in_chromium(site, place, '--js-flags=--jitless')}", flush=True)
        if find_firefox():
            print(f"computing, Firefox             {in_firefox(site, place)}", flush=True)
            print(f"computing, Firefox, no JITs    {in_firefox(site, place, **WITHOUT_JIT)}", flush=True)


if __name__ == "__main__":
    main()
