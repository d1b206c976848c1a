"""What anyone may expect of the scripts before reading them, and that the pages bring what the scripts need."""

import re
from pathlib import Path

import pytest

from petition.publishing.cache import SITE_FILES
from petition.publishing.scripts import VERIFYING
from tests.browser.every_page import EVERYTHING
from tests.shared import ONCE, Place, Shared

STATIC = Path(__file__).parents[2] / "petition" / "static"
SCRIPTS = ("sign.js", "check.js", "appearance.js", "share.js", *VERIFYING)
SIGNING_PAGES = {
    "join": ["sign.js", "appearance.js"],
    "sign": ["sign.js", "appearance.js"],
    "receipt": ["sign.js", "check.js"],
    "remove": ["sign.js", "check.js"],
}
FIELDS = {
    "join": ["code", "pin", "backup_file", "appear", "group-role", "group-site", "name", "title"],
    "sign": ["token_file", "token", "appear", "group-role", "group-site", "name", "title"],
    "receipt": ["receipt", "receipt_file"],
    "remove": ["receipt", "receipt_file"],
}
ACTS = {
    "join": ["sign", "later", "backup", "copy", "picture", "clear"],
    "sign": ["sign", "copy", "picture", "clear"],
    "receipt": ["check"],
    "remove": ["remove", "confirm"],
}
MOST_BYTES = 40_000
IMPORTED = re.compile(r'(?:from|new URL\()\s*"(?:\./)?([\w-]+\.js)"')
REMEMBERS = re.compile(r"localStorage|sessionStorage|indexedDB|\.cookie|caches|serviceWorker")
RUNS_TEXT = re.compile(r"\beval\b|\bFunction\(|innerHTML|insertAdjacentHTML|document\.write|https?://")
SAID = re.compile(r'\b(?:tell|stop|fill|sentence)\("(\w+)"|\b(?:was_sealed|signature|isPublic)\s\? "(\w+)" : "(\w+)"')


@pytest.fixture
def place(shared: Shared) -> Place:
    return shared.an_open_letter(fields=EVERYTHING["fields"], names=EVERYTHING["names"])


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_short_enough_to_be_read(name: str) -> None:
    text = (STATIC / name).read_text("utf-8")

    assert len(text.encode()) <= MOST_BYTES
    assert max(map(len, text.splitlines())) <= 120


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_remembers_nothing_and_runs_no_text(name: str) -> None:
    text = (STATIC / name).read_text("utf-8")

    assert (REMEMBERS.findall(text), RUNS_TEXT.findall(text)) == ([], [])


@ONCE
@pytest.mark.parametrize(("page", "script"), [("join", "sign.js"), ("receipt", "sign.js"), ("receipt", "check.js")])
def test_every_sentence_that_a_script_says_is_in_the_page(shared: Shared, place: Place, page: str, script: str) -> None:
    said = {name for names in SAID.findall((STATIC / script).read_text("utf-8")) for name in names if name}
    sentences = dict(re.findall(r' data-(\w+)="([^"]*)"', said_on(shared, place, page)))

    assert len(said) > 10
    assert [name for name in said if not sentences.get(name)] == []


def said_on(shared: Shared, place: Place, page: str) -> str:
    """The element that holds the sentences."""
    found = re.search(r'<div id="say"[^>]*>', shared.get(place.hidden + page).text)
    assert found is not None
    return found[0]


@ONCE
@pytest.mark.parametrize("page", SIGNING_PAGES)
def test_a_page_brings_the_fields_and_buttons_that_its_scripts_know(shared: Shared, place: Place, page: str) -> None:
    text = shared.get(place.hidden + page).text

    assert [name for name in FIELDS[page] if not re.search(rf'\sname="{name}"', text)] == []
    assert [act for act in ACTS[page] if not re.search(rf'\sdata-act="{act}"', text)] == []
    assert text.count(' id="told"') == 1 + text.count("<template")


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_site_serves_a_script_as_it_is(shared: Shared, name: str) -> None:
    answer = shared.get(f"/_site/{name}")

    assert answer.data == (STATIC / name).read_bytes()
    assert answer.content_type == SITE_FILES[name][1]


@ONCE
@pytest.mark.parametrize(("page", "scripts"), SIGNING_PAGES.items())
def test_a_signing_page_loads_the_scripts_that_it_needs(
    shared: Shared, place: Place, page: str, scripts: list[str]
) -> None:
    text = shared.get(place.hidden + page).text

    assert re.findall(r'<script src="/_site/(\S+)\?v=\w+" defer></script>', text) == scripts
    assert text.count("<script") == len(scripts)
    assert not re.search(r"\son\w+=|\sstyle=|javascript:", text)


@ONCE
def test_where_several_groups_sign_the_page_asks_for_one(shared: Shared) -> None:
    place = shared.an_open_letter(rolls=("Current", "Former"))
    text = shared.get(f"{place.hidden}join?roll=workers-2").text

    assert '<select id="roll" name="roll"><option value="workers">Current</option>' in text
    assert '<option value="workers-2" selected>Former</option>' in text


def test_the_scripts_of_a_verification_are_all_there_and_all_used() -> None:
    used = {name for script in VERIFYING for name in IMPORTED.findall((STATIC / script).read_text("utf-8"))}

    assert used | {"check-count.js"} == set(VERIFYING)


@ONCE
@pytest.mark.parametrize("path", ["", "press/"])
def test_a_public_page_has_the_script_of_the_check_and_its_sentences(shared: Shared, path: str) -> None:
    text = shared.get(shared.a_published_letter().public + path).text
    script = (STATIC / "check-count.js").read_text("utf-8")
    kinds = re.findall(r"^  (\w+): \[", script, re.MULTILINE)
    said = {*re.findall(r'\bsentence\("(\w+)"\)', script), *kinds, "files", "version", "unable"}
    sentences = dict(re.findall(r' data-(\w+)="([^"]*)"', text))

    scripts = re.findall(r'<script src="(?:\.\./)?_site/(\S+)\?v=\w+" defer></script>', text)
    assert scripts == ["check-count.js", *(["share.js"] if path == "" else [])]
    assert len(said) > 14
    assert [name for name in said - {"address"} if not sentences.get(name)] == []


def test_the_scripts_of_one_page_do_not_share_names() -> None:
    """Names at the top of a plain script belong to the page: the same one in two scripts stops the second."""
    tops = [
        re.findall(r"^(?:const|let|function|async function) (\w+)", (STATIC / name).read_text("utf-8"), re.MULTILINE)
        for name in ("names.js", "check-count.js", "share.js")
    ]
    names = [name for top in tops for name in top]

    assert len(set(names)) == len(names) > 20


def test_no_other_page_has_a_script(shared: Shared) -> None:
    place = shared.a_published_letter()
    for path in ("/", "/promises/", f"{place.public}how-we-verify/", f"{place.public}what-the-log-says/"):
        assert "<script" not in shared.get(path).text
