"""The journeys in Firefox ESR, with scripts on and off, and slow: without its compilers, as in Tor Browser's safest
settings that still run scripts."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from petition.crypto.blind_rsa import PublicKey
from petition.crypto.codes import receipt_words
from petition.crypto.tokens import read_token
from tests.browser.firefox import WITHOUT_JIT, WITHOUT_SCRIPTS, Firefox, firefox
from tests.browser.script.phones import Site
from tests.browser.script.test_arithmetic import RFC_9474, VECTORS, rfc_9474
from tests.install_browser import find_firefox
from tests.shared import Place

pytestmark = [pytest.mark.browser, pytest.mark.long]
KINDS: dict[str, dict[str, Any]] = {"": {}, "without compilers": WITHOUT_JIT, "without scripts": WITHOUT_SCRIPTS}


@pytest.fixture(scope="module")
def scripted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """Firefox with scripts on."""
    yield from started(tmp_path_factory.mktemp("firefox"), request.param)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """Firefox with scripts off."""
    yield from started(tmp_path_factory.mktemp("firefox"), "without scripts")


def started(folder: Path, kind: str) -> Iterator[Firefox]:
    if find_firefox() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no Firefox: install the package “firefox-esr”")
    with firefox(folder, **KINDS[kind]) as made:
        yield made


both = pytest.mark.parametrize("scripted", ["", "without compilers"], indirect=True)


@both
def test_a_worker_signs_with_the_script_and_nothing_is_left_behind(scripted: Firefox, site: Site, place: Place) -> None:
    scripted.come(site.link(place))
    scripted.press("Sign anonymously")
    scripted.expect_heading("You signed.")
    token = read_token(scripted.call(site, "return await file(kept).text()"))
    kept = "return [localStorage.length, sessionStorage.length, document.cookie, (await indexedDB.databases()).length]"

    assert scripted.text("//*[@data-fill='words']") == receipt_words(token.receipt)
    assert PublicKey.from_spki(site.key(place)).verify(token.message, token.signature)
    assert site.campaign.look_up(place.id, token).state == "kept"
    assert scripted.call(site, kept) == [0, 0, "", 0]


@both
def test_a_token_made_elsewhere_is_signed_and_its_receipt_takes_it_back(
    scripted: Firefox, site: Site, place: Place, tmp_path: Path
) -> None:
    token = site.campaign.tokens(place.id, 1)[0]
    file = tmp_path / "saved-signature.json"
    file.write_text(token.as_text(), "utf-8")
    scripted.come(site.url(place, "sign"))
    scripted.fill("The file you saved", str(file))
    scripted.press("Sign anonymously")
    scripted.expect_heading("You signed.")
    state = site.campaign.look_up(place.id, token).state
    scripted.come(site.url(place, "remove"))
    scripted.fill("Your receipt", receipt_words(token.receipt).lower())
    scripted.press("Continue")
    scripted.press("Remove my signature")
    scripted.find("//*[@id='told'][contains(., 'Your signature is removed.')]")

    assert (state, site.campaign.look_up(place.id, token).state) == ("kept", "withdrawn")


@both
def test_a_reader_checks_the_count_in_a_worker(scripted: Firefox, site: Site, place: Place) -> None:
    site.campaign.sign_all(place.id, 6)
    site.campaign.seal(place.id)
    site.campaign.publish(place.id)
    scripted.come(f"{site.root}{place.public}")
    scripted.press("Check this count")

    scripted.find("//*[@id='check-count']//*[@role='status'][contains(., 'The count is right: 4.')]", patience=60)


@both
def test_the_whole_log_is_read_and_the_signature_found(
    scripted: Firefox, site: Site, place: Place, tmp_path: Path
) -> None:
    token = site.campaign.sign_all(place.id, 1)[0]
    site.campaign.publish(place.id)
    site.seal(place, token)
    file = tmp_path / "receipt.json"
    file.write_text(token.as_text(), "utf-8")
    scripted.come(site.url(place, "receipt"))
    scripted.fill("Or its file", str(file))
    scripted.press("Check")

    scripted.find("//*[@id='told'][contains(., 'exactly as in your file')]")


@both
@pytest.mark.parametrize("vector", VECTORS, ids=[vector["variant"] for vector in VECTORS])
def test_the_numbers_of_rfc_9474_come_out(scripted: Firefox, site: Site, vector: dict[str, Any]) -> None:
    scripted.come(site.url(site.shared.an_open_letter(), "join"))
    made = scripted.call(
        site,
        RFC_9474,
        *rfc_9474(vector),
    )

    assert made == [vector["blinded_msg"], vector["inv"], vector["sig"]]


def test_a_worker_signs_without_scripts(plain: Firefox, site: Site, place: Place) -> None:
    plain.come(site.url(place, "join"))
    plain.fill("Your signing code", site.code(place))
    plain.press("Continue")
    plain.expect_heading("Check and sign")
    plain.press("Sign anonymously")
    plain.expect_heading("You signed.")
    plain.press("Save")
    token = read_token(plain.saved("receipt.json").read_text("utf-8"))

    assert plain.text("//*[@class='receipt']") == receipt_words(token.receipt)
    assert site.campaign.look_up(place.id, token).state == "kept"


def test_going_back_and_sending_the_same_code_again_leads_to_the_same_token(
    plain: Firefox, site: Site, place: Place
) -> None:
    code = site.code(place)
    plain.come(site.url(place, "join"))
    plain.fill("Your signing code", code)
    plain.press("Continue")
    plain.expect_heading("Check and sign")
    plain.back()
    plain.expect_heading("We refuse to build it")
    plain.ask("ElementClear", id=plain.find("//*[@id='code']"))
    plain.fill("Your signing code", code)
    plain.press("Continue")

    plain.expect_heading("Check and sign")
    assert site.spent(place) == 1
