"""What anybody may ask of the scripts before reading them: short, and nothing in them that a strict policy forbids."""

import re
from pathlib import Path

import pytest

from petition.publishing.cache import SITE_FILES
from tests.shared import Shared

STATIC = Path(__file__).parents[2] / "petition" / "static"
SPEAKING = ("sign.js", "check.js", "ladder.js")
SCRIPTS = (*SPEAKING, "rolls.js")
SIGNING_PAGES = {"join": ["sign.js"], "sign": ["sign.js"], "receipt": ["sign.js", "check.js"]}
MOST_BYTES = 8192
REMEMBERS = re.compile(r"localStorage|sessionStorage|indexedDB|\.cookie|caches|serviceWorker")
RUNS_TEXT = re.compile(r"\beval\b|\bFunction\(|innerHTML|insertAdjacentHTML|document\.write|https?://")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_can_be_read_in_one_sitting(name: str) -> None:
    text = (STATIC / name).read_text("utf-8")

    assert len(text.encode()) <= MOST_BYTES
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_remembers_nothing_and_runs_no_text(name: str) -> None:
    text = (STATIC / name).read_text("utf-8")

    assert (REMEMBERS.findall(text), RUNS_TEXT.findall(text)) == ([], [])


@pytest.mark.parametrize("name", SPEAKING)
def test_every_sentence_that_a_script_says_stands_in_the_page(shared: Shared, name: str) -> None:
    page = shared.get(f"{shared.an_open_letter().hidden}receipt").text
    said = set(re.findall(r'\b(?:say|stop|fill)\("(\w+)"', (STATIC / name).read_text("utf-8")))

    assert said
    assert [sentence for sentence in said if f' data-{sentence}="' not in page] == []


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_site_serves_a_script_as_it_is(shared: Shared, name: str) -> None:
    answer = shared.get(f"/_site/{name}")

    assert answer.data == (STATIC / name).read_bytes()
    assert answer.content_type == SITE_FILES[name][1]


@pytest.mark.parametrize(("page", "scripts"), SIGNING_PAGES.items())
def test_a_signing_page_loads_the_scripts_that_it_needs(shared: Shared, page: str, scripts: list[str]) -> None:
    text = shared.get(f"{shared.an_open_letter().hidden}{page}").text

    assert re.findall(r'<script src="/_site/(\S+)" defer></script>', text) == scripts
    assert text.count("<script") == len(scripts)
    assert not re.search(r"\son\w+=|\sstyle=|javascript:", text)


def test_a_letter_with_several_rolls_loads_the_script_that_leads_from_one_to_another(shared: Shared) -> None:
    text = shared.get(f"{shared.an_open_letter(rolls=('Current', 'Former')).hidden}join").text

    assert re.findall(r'<script src="/_site/(\S+)" defer></script>', text) == ["sign.js", "rolls.js"]


def test_no_other_page_has_a_script(shared: Shared) -> None:
    place = shared.a_published_letter()
    for path in ("/", "/promises/", place.public, f"{place.public}how-we-verify/"):
        assert "<script" not in shared.get(path).text
