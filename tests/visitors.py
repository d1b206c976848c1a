"""Reading pages and filling in forms as a browser without scripts does, over Flask's test client."""

from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

SITE = "https://letters.example.org"
ADDRESSES = ("src", "href", "action", "formaction", "data", "poster", "srcset", "ping", "background", "content")


@dataclass
class Form:
    """A form of a page: where it goes, and what it would send if nothing were typed."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By the button's text: the name and the value that it sends."""


class Reader(HTMLParser):
    """What stands on a page: forms, addresses, headings, texts of elements that carry an id or a class."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.addresses: list[tuple[str, str, str, bool]] = []
        """Element, attribute, address, and whether it is in the letter's own text."""
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.heading = ""
        self._open: list[str] = []
        self._text: list[str] = []
        self._link = ""
        self._button: tuple[str, str] | None = None
        self._area = ""
        self._select = ""
        self._letter = 0
        self._inert = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self._letter += tag == "article"
        self._inert += tag == "template"
        for name in ADDRESSES:
            if name in found and not (tag == "meta" and found.get("http-equiv", "").lower() != "refresh"):
                self.addresses.append((tag, name, found[name], self._letter > 0))
        if not self._inert:  # a template's content is for scripts only
            self.tags.append((tag, found))
            self._begin(tag, found)

    def _begin(self, tag: str, found: dict[str, str]) -> None:
        if tag == "form":
            self.forms.append(Form(found.get("action", ""), found.get("method", "get").lower()))
        elif tag == "input" and self.forms and "name" in found and found.get("type") not in ("file", "submit"):
            if found.get("type") not in ("checkbox", "radio") or "checked" in found:
                self.forms[-1].fields.setdefault(found["name"], found.get("value", ""))
        elif tag == "textarea" and self.forms and "name" in found:
            self._area, self._text = found["name"], []
        elif tag == "select":
            self._select = found["name"]
        elif tag == "option" and self._select and self.forms:
            if "selected" in found or self._select not in self.forms[-1].fields:
                self.forms[-1].fields[self._select] = found.get("value", "")
        elif tag == "button" and found.get("type") != "button":  # which sends nothing
            self._button, self._text = (found.get("name", ""), found.get("value", "")), []
        elif tag == "a":
            self._link, self._text = found.get("href", ""), []
        elif tag == "h1":
            self._text = []

    def handle_data(self, data: str) -> None:
        if not self._inert:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._letter -= tag == "article"
        self._inert -= tag == "template"
        if not self._inert:
            self._end(tag, "".join(self._text))

    def _end(self, tag: str, text: str) -> None:
        if tag == "textarea" and self._area:
            self.forms[-1].fields[self._area] = text.replace("\r\n", "\n").removeprefix("\n")
            self._area = ""
        elif tag == "select":
            self._select = ""
        elif tag == "button" and self._button is not None and self.forms:
            self.forms[-1].buttons[" ".join(text.split())] = self._button
            self._button = None
        elif tag == "a":
            self.links[" ".join(text.split())] = self._link
        elif tag == "h1":
            self.heading = " ".join(text.split())


class Page:
    """An answer, read."""

    def __init__(self, answer: Any, path: str) -> None:
        self.answer = answer
        self.path = path
        self.status = answer.status_code
        self.text = answer.data.decode("utf-8", "replace")

    @cached_property
    def read(self) -> Reader:
        """What stands on it; many tests look at the text alone."""
        return Reader(self.text if self.answer.mimetype == "text/html" else "")

    @property
    def forms(self) -> list[Form]:
        return self.read.forms

    @property
    def links(self) -> dict[str, str]:
        return self.read.links

    @property
    def heading(self) -> str:
        return self.read.heading

    @property
    def addresses(self) -> list[tuple[str, str, str, bool]]:
        return self.read.addresses

    @property
    def tags(self) -> list[tuple[str, dict[str, str]]]:
        return self.read.tags

    def form_with(self, button: str) -> Form:
        """The form that a button belongs to."""
        return next(form for form in self.forms if button in form.buttons)


class Visitor:
    """A person with their own browser: follows redirects, sends forms with all their fields."""

    def __init__(self, app: Any) -> None:
        self.client = app.test_client()
        self.client.environ_base["HTTP_ACCEPT"] = "text/html,application/xhtml+xml,*/*;q=0.8"

    def open(self, address: str) -> Page:
        path = address.removeprefix(SITE)
        answer = self.client.get(path, base_url=SITE)
        if 300 <= answer.status_code < 400 and answer.status_code != 304:
            return self.open(urljoin(SITE + path, answer.location))
        return Page(answer, path)

    def follow(self, page: Page, link: str) -> Page:
        return self.open(urljoin(SITE + page.path, page.links[link]))

    def press(self, page: Page, button: str, **typed: Any) -> Page:
        """Press a button, after typing into its form."""
        form = page.form_with(button)
        name, value = form.buttons[button]
        sent = {**form.fields, **({name: value} if name else {}), **typed}
        return self.post(urljoin(SITE + page.path, form.action), **sent)

    def post(self, address: str, /, **sent: Any) -> Page:
        path = urlsplit(address).path
        headers = {"Sec-Fetch-Site": "same-origin", "Referer": SITE + path}
        answer = self.client.post(path, base_url=SITE, data=sent, headers=headers)
        if answer.status_code == 303:
            return self.open(urljoin(SITE + path, answer.location))
        return Page(answer, path)
