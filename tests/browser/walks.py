"""The ways of organizers, workers and readers through the pages, found as people find things; each is looked at."""

import os
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy.orm import Session

from petition.letters.organizers.accounts import add_organizer
from tests.browser.script.phones import Site
from tests.patience import MILLISECONDS
from tests.shared import Place
from tests.visitors import SITE
from tests.walks import PASSPHRASE, WORDS, LetterText

Look = Callable[[Page, str], None]
LONG = "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle" * 2
HARD = LetterText(
    title=f"We refuse to build it, {LONG}",
    recipient="Jo Muster, CEO",
    employer="Example Corp",
    body=f"Dear Jo,\n\n## Why\n\n{LONG}\n\n> we **quote**[^1]\n\n```\n{'code ' * 60}\n```\n\n[^1]: A note.\n\n1. one",
    demands=("Stop.", LONG),
)
"""Words that are hard to show on a small screen."""


class Window:
    """A browser that never met the site, and everything that it asked for."""

    def __init__(self, chromium: Browser, site: Site, **options: Any) -> None:
        self.context: BrowserContext = chromium.new_context(base_url=site.root, **options)
        self.context.set_default_timeout(MILLISECONDS)
        self.asked: list[str] = []
        self.context.on("request", lambda request: self.asked.append(request.url))
        self.page = self.context.new_page()
        self._site, self._root = site, site.root

    def sign_in(self, name: str = "Ana") -> None:
        """An organizer is signed in here, without the pages that lead there."""
        client = self._site.campaign.signed_in(self._site.shared.app, name).client
        cookie = client.get_cookie("organizer", urlsplit(SITE).hostname, "/organize")
        here = urlsplit(self._root).hostname or ""
        self.context.add_cookies([{"name": "organizer", "value": cookie.value, "domain": here, "path": "/organize"}])

    def elsewhere(self) -> list[str]:
        """What was asked of other sites."""
        return [url for url in self.asked if not url.startswith((f"{self._root}/", "blob:", "data:"))]


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def follow(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()


def at(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def invitation(site: Site, name: str) -> str:
    """A one-time link's path."""
    with Session(site.campaign.databases.petition) as session:
        secret = add_organizer(session, name, moment=site.campaign.clock(), random=os.urandom)
        session.commit()
    return f"/organize/welcome/{secret}"


def an_organizer_writes_and_opens(page: Page, site: Site, name: str, look: Look) -> tuple[str, str, list[str]]:
    """From a one-time link to the codes: the letter's desk, its address, the codes."""
    page.goto(invitation(site, name))
    look(page, "welcome")
    page.get_by_label("Password", exact=True).fill(PASSPHRASE)
    page.get_by_label("Password again").fill(PASSPHRASE)
    press(page, "Save and sign in")
    at(page, "My letters")
    look(page, "empty desk")
    follow(page, "Write a letter")
    look(page, "new letter")
    _type_the_letter(page, look)
    desk = page.url
    for path in ("preview", "rules", "open"):
        page.goto(desk + path)
        look(page, path)
    press(page, "Lock the text and start collecting")
    address = page.get_by_role("link", name=f"{site.root}/s/").inner_text()
    look(page, "open letter's desk")
    follow(page, "Make codes")
    look(page, "codes")
    page.get_by_label("How many").fill("3")
    press(page, "Make codes")
    at(page, "3 new codes")
    look(page, "new codes")
    return desk, address, page.locator(".strip-code").all_inner_texts()


def _type_the_letter(page: Page, look: Look) -> None:
    press(page, "Save")
    expect(page.get_by_role("alert")).to_contain_text("Give the letter a title")
    look(page, "refused letter")
    page.get_by_label("Title", exact=True).first.fill(WORDS.title)
    page.get_by_label("Addressed to").fill(WORDS.recipient)
    page.get_by_label("Employer").fill(WORDS.employer)
    page.get_by_label("The letter", exact=True).fill(WORDS.body)
    page.get_by_label("Demand 1", exact=True).fill("\n".join(WORDS.demands))
    press(page, "Preview")
    expect(page.get_by_role("heading", name="Preview (not saved yet)")).to_be_visible()
    look(page, "preview while writing")
    press(page, "Save")
    at(page, WORDS.title)
    look(page, "draft's desk")


def a_worker_signs_and_withdraws(page: Page, address: str, code: str, look: Look) -> str:
    """From the letter to the withdrawal, without scripts; the receipt."""
    page.goto(address)
    look(page, "unpublished letter")
    follow(page, "Sign this letter")
    page.get_by_label("Your signing code").first.fill(code[:-1])
    press(page, "Continue")
    expect(page.get_by_role("alert")).to_contain_text("A code has 16 characters")
    expect(page).to_have_title(re.compile("^Error: "))
    look(page, "refused code")
    page.get_by_label("Your signing code").first.fill(code.lower())
    press(page, "Continue")
    at(page, "Check and sign")
    look(page, "check and sign")
    page.get_by_role("button", name=re.compile("^Sign (anonymously|this letter)$")).click()
    at(page, "You signed.")
    look(page, "receipt")
    receipt = page.locator(".receipt").inner_text()
    follow(page, "Check my signature")
    _use_the_receipt(page, receipt, look)
    return receipt


def _use_the_receipt(page: Page, receipt: str, look: Look) -> None:
    page.get_by_label("Your receipt").fill("not a receipt")
    press(page, "Check")
    expect(page.get_by_role("alert")).to_contain_text("A receipt has 27 characters")
    look(page, "refused receipt")
    page.get_by_label("Your receipt").fill(receipt)
    press(page, "Check")
    expect(page.get_by_role("heading", name="What we have for this receipt")).to_be_visible()
    look(page, "checked receipt")
    follow(page, "Remove my signature")
    at(page, "Remove my signature")
    look(page, "removing")
    page.get_by_label("Your receipt").fill(receipt)
    press(page, "Continue")
    at(page, "Remove your signature?")
    look(page, "asked before removing")
    press(page, "Remove my signature")
    at(page, "Your signature is removed")
    look(page, "removed")


def everybody_reads(page: Page, place: Place, look: Look) -> None:
    """All public pages of a letter and of the site, and what is not there."""
    pages = {
        "home": "/",
        "letter": place.public,
        "method": f"{place.public}how-we-verify/",
        "press": f"{place.public}press/",
        "signatures": f"{place.public}signatures/",
        "translation": f"{place.public}translations/fr/",
        "promises": "/promises/",
        "if they ask you": "/asked/",
        "before": f"{place.public}before/",
        "join": f"{place.public}join",
        "sign": f"{place.public}sign",
        "when to sign": f"{place.public}when",
        "receipt form": f"{place.public}receipt",
        "removal form": f"{place.public}remove",
        "nothing here": "/letters/never-was/",
        "sign in": "/organize/sign-in",
    }
    for name, path in pages.items():
        answer = page.goto(path)
        assert answer is not None
        assert answer.ok == (name != "nothing here"), name
        for summary in page.locator("summary:visible").all():
            summary.click()
        look(page, name)


def an_organizer_is_refused_and_signs_in(page: Page, look: Look) -> None:
    """A wrong password, then the right one."""
    page.goto("/organize/sign-in")
    page.get_by_label("Your name").fill("Ana")
    page.get_by_label("Password", exact=True).fill("wrong wrong wrong")
    press(page, "Sign in")
    expect(page.get_by_role("alert")).to_contain_text("don't match")
    look(page, "refused sign-in")
    page.get_by_label("Password", exact=True).fill(PASSPHRASE)
    press(page, "Sign in")
    at(page, "My letters")
    look(page, "desk with letters")


def in_conflict(page: Page, place: Place, look: Look) -> None:
    """Two windows on one draft."""
    page.goto(f"{place.desk}write")
    other = page.context.new_page()
    other.goto(f"{place.desk}write")
    other.get_by_label("The letter", exact=True).fill("Theirs.")
    press(other, "Save")
    page.get_by_label("The letter", exact=True).fill("Mine.")
    press(page, "Save")
    expect(page.get_by_role("heading", name="The newer saved version")).to_be_visible()
    look(page, "conflict")
    other.close()
