"""Forms for signing keep what is sent off the browser's disk; what real browsers make of it: browser/test_profiles."""

from pathlib import Path

import pytest

from petition.database import place_of
from tests.shared import ONCE, Shared

TEMPLATES = [path for folder in ("join", "sign") for path in sorted((place_of("templates") / folder).glob("*.html"))]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_form_has_the_field_that_keeps_it_off_the_disk(template: Path) -> None:
    source = template.read_text("utf-8")

    assert source.count("<form ") == source.count(' autocomplete="off">\n{{ parts.unstored() }}\n')


@ONCE
def test_the_seed_leaves_the_browser_s_cache_with_the_signature_and_not_before(shared: Shared) -> None:
    place, visitor = shared.an_open_letter(), shared.visitor()
    asked = visitor.open(f"{place.hidden}join")
    confirming = visitor.press(asked, "Continue", code=shared.code(place))
    signed = visitor.press(confirming, "Sign anonymously")

    cleared = [page.answer.headers.get("Clear-Site-Data") for page in (asked, confirming, signed)]
    assert cleared == [None, None, '"cache"']
