"""Who walks a journey, and with what: a mouse, a keyboard alone, or Firefox; each counts what it costs a person."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from playwright.sync_api import Locator, Page, expect

from tests.browser.firefox import Firefox

THINK, POINT, PRESS, MOVE, KEY = 1.35, 1.1, 0.2, 0.4, 0.28
"""Seconds."""
READ = 238
"""Words a minute."""
LINE = 60


@dataclass
class Cost:
    """What a way through the pages asks of a person."""

    pages: int = 0
    clicks: int = 0
    fields: int = 0
    words: int = 0
    """Of all screens on the way, as often as they are met; the same line of a screen once."""
    keys: int = 0
    """Typed. What is longer than a line is pasted."""

    @property
    def minutes(self) -> float:
        """About how long it takes someone who reads every word and makes no mistake.

        Reading at 238 words a minute (Brysbaert 2019), and hands by the keystroke-level model (Card, Moran and Newell
        1980): thinking 1.35 s, pointing 1.1 s, pressing 0.2 s, moving hands 0.4 s, and 0.28 s a key.
        """
        hands = self.clicks * (THINK + POINT + PRESS) + self.fields * (THINK + POINT + PRESS + 2 * MOVE)
        return self.words / READ + (hands + self.keys * KEY) / 60

    def type(self, text: str) -> None:
        """A field was filled."""
        self.fields += 1
        self.keys += len(text) if len(text) <= LINE else 2

    def __str__(self) -> str:
        spent = f"{self.pages} pages, {self.clicks} clicks, {self.fields} fields, {self.words} words"
        return f"{spent}, about {self.minutes:.1f} minutes"


class Hand(Protocol):
    """Does what a person does, and counts it."""

    cost: Cost

    def come(self, url: str) -> None:
        """Open an address: a link in a message, or the QR code of a strip."""

    def press(self, name: str) -> None:
        """Press a button or follow a link."""

    def fill(self, label: str, text: str) -> None:
        """Type into an empty field."""

    def read(self, heading: str) -> str:
        """Arrive at a page, and read it: its words."""


def no_further(_: Page) -> None:
    """Nothing else is looked at."""


@dataclass
class Mouse:
    """Chromium, and a mouse or a finger."""

    page: Page
    look: Callable[[Page], None] = no_further
    """What is looked at on each page."""
    cost: Cost = field(default_factory=Cost)

    def come(self, url: str) -> None:
        """Open an address."""
        self.page.goto(url)

    def press(self, name: str) -> None:
        """Press what is called so."""
        self.cost.clicks += 1
        self.act(self.named(name))

    def named(self, name: str) -> Locator:
        """The first button or link of a name that is in sight."""
        button, link = (self.page.get_by_role(role, name=name, exact=True) for role in ("button", "link"))
        return button.or_(link).first

    def act(self, found: Locator) -> None:
        """Press it."""
        found.click()

    def fill(self, label: str, text: str) -> None:
        """Type into an empty field."""
        self.cost.type(text)
        self.write(self.page.get_by_label(label, exact=True).first, text)

    def write(self, found: Locator, text: str) -> None:
        """Type the text."""
        found.fill(text)

    def read(self, heading: str) -> str:
        """Arrive at a page."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        self.page.wait_for_load_state()
        self.look(self.page)
        return counted(self.cost, self.page.locator("main").inner_text())


@dataclass
class Keyboard(Mouse):
    """Chromium, and a keyboard alone: everything is reached with the tab key, and shows that it has been."""

    def act(self, found: Locator) -> None:
        """Press it with Enter."""
        self.reach(found)
        self.page.keyboard.press("Enter")

    def write(self, found: Locator, text: str) -> None:
        """Type the text, key by key, but for long ones, which are pasted."""
        self.reach(found)
        (self.page.keyboard.insert_text if len(text) > LINE else self.page.keyboard.type)(text)

    def reach(self, found: Locator) -> None:
        """Press the tab key until it has the focus, and see it marked."""
        found.wait_for()
        for _ in range(120):
            if found.evaluate("one => one === document.activeElement"):
                break
            self.page.keyboard.press("Tab")
        marked = found.evaluate("one => one === document.activeElement && getComputedStyle(one).outlineStyle")
        assert marked not in (False, "none"), f"{found} is not reached, or nobody sees it, on {self.page.url}"


@dataclass
class Fox:
    """Firefox."""

    browser: Firefox
    cost: Cost = field(default_factory=Cost)

    def come(self, url: str) -> None:
        """Open an address."""
        self.browser.come(url)

    def press(self, name: str) -> None:
        """Press what is called so."""
        self.cost.clicks += 1
        self.browser.press(name)

    def fill(self, label: str, text: str) -> None:
        """Type into an empty field."""
        self.cost.type(text)
        self.browser.fill(label, text)

    def read(self, heading: str) -> str:
        """Arrive at a page."""
        self.browser.expect_heading(heading)
        return counted(self.cost, self.browser.text())


def counted(cost: Cost, text: str) -> str:
    """One more page, with its words; the text again. Of twenty strips that say the same, one is read."""
    cost.pages += 1
    cost.words += sum(len(line.split()) for line in set(text.splitlines()))
    return text
