"""Letters of the shapes that people write, on the narrowest screen."""

import pytest
from playwright.sync_api import Browser

from tests.browser.script.phones import Site
from tests.browser.walks import Window
from tests.test_real_letters import letters

pytestmark = pytest.mark.browser
PAGES = ("", "press/", "sign", "join", "report")


@pytest.mark.parametrize("every", [3, pytest.param(1, marks=pytest.mark.long)])
def test_no_page_of_theirs_scrolls_sideways(chromium: Browser, site: Site, every: int) -> None:
    chosen = list(letters())[::every]
    places = [site.shared.a_published_letter(words=words, slug=f"shape-{every}-{n}") for n, words in enumerate(chosen)]
    window = Window(chromium, site, viewport={"width": 320, "height": 640})
    wide = []
    for place in places:
        for page in PAGES:
            window.page.goto(f"{place.public}{page}")
            if window.page.evaluate("document.documentElement.scrollWidth") > 320:
                wide.append(f"{place.slug}: {page}")
    window.context.close()

    assert wide == []
