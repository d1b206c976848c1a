"""Plain pages for the scripts: everything that sign.js and check.js ask of a page, and nothing else.

Each sentence is its own name in brackets, so that a test can tell which one is shown.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, Locator, Page, expect

from petition.web.shared.headers import SECURITY_HEADERS
from tests.browser.script.phones import OF_A_PROCESS
from tests.client.issuing import SHORT
from tests.client.serving import Answering, Reply, Seen, Web

STATIC = Path(__file__).parents[3] / "petition" / "static"
HEADERS = {name: value for name, value in SECURITY_HEADERS.items() if name != OF_A_PROCESS}
VALUES = {
    "codelength": " {given}",
    "codecharacter": " {character}",
    "missingclosed": " {rounds}",
    "canceled": " {round}: {reason}",
    "found": " {entry} of {size}",
    "foundwords": " {entry} of {size}",
    "annulled": " {reason}",
    "takenback": " {entry}",
}
NAMES = (
    *("checking", "hiding", "sending", "signing", "codeok", "codelength", "codecharacter", "backup", "copied"),
    *(
        "unsaved",
        "failed",
        "record",
        "pin",
        "badpin",
        "text",
        "log",
        "moved",
        "version",
        "roll",
        "early",
        "ended",
        "offer",
    ),
    *("file", "nameless", "unshown", "invalid", "lost", "unable", "reading", "words", "typo", "unpublished", "oldlog"),
    *("missing", "missingclosed", "leftout", "canceled", "whichset", "leftoutset"),
    *("broken", "twice", "otherrecord", "othertext", "otherbytes", "forged"),
    *("notyours", "found", "foundwords", "unsigned", "annulled", "takenback", "removed", "removedsealed"),
    *("accents", "titleaccents"),
)
SAY = " ".join(f'data-{name}="[{name}]{VALUES.get(name, "")}"' for name in NAMES)
TOLD = '<p id="told" role="status" tabindex="-1"></p>'
HEAD = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Page</title><script src="/sign.js" defer></script>'
CHOICES = """
<input type="radio" name="appear" value="counted" checked><input type="radio" name="appear" value="grouped">
<input type="radio" name="appear" value="named"><input type="radio" name="appear" value="named_at:50">
<label for="role">Role</label><select name="group-role" id="role"><option value=""></option>
<option value="software" data-people="300">Software</option><option value="cook">Cook</option></select>
<input name="name"><input name="title"><div id="seen" aria-live="polite" PUBLIC data-counted="[counted]"
data-more="[more]" data-group="[group] {group} ({field}) {company}" data-about="[about] {count}" data-few="[few]"
data-people="[people] {count}" data-later="[later]" data-name="[name] {name}" data-at="[at] {number} {name}"></div>"""
SIGNED = f"""<template id="signed"><h1 tabindex="-1">You signed</h1><p data-fill="words"></p><p data-fill="pin"></p>
<p hidden data-when="unpinned">[unpinned]</p><p hidden data-when="unpinned-log">[unpinned-log]</p>{TOLD}
<button data-act="copy">Copy</button><button data-act="picture">Picture</button><button data-act="print">Print</button>
<canvas id="picture" hidden role="img"></canvas><a download="receipt.json">Save</a>
<a data-act="clear" href="/away">Done</a></template>"""
LATER = f"""<template id="later"><h1 tabindex="-1">Sign later</h1>{TOLD}<a download="token.json">Save</a></template>"""
ROLLS = '<select name="roll"><option value=""></option><option>workers</option><option>former</option></select>'
SIGN = f"""{HEAD}<script src="/appearance.js" defer></script>
<div id="say" hidden {SAY}></div>{SIGNED}{LATER}<main id="main"><h1 tabindex="-1">Sign</h1>
<form id="sign" method="post" action="join?code">FIELDS{CHOICES}
<p hidden data-when="no-pin">[no-pin]</p><p hidden data-when="backup"><a download="backup.json">Save a backup</a></p>
<button data-act="sign">Sign</button><button data-act="later">Later</button><button data-act="backup">Backup</button>
</form>{TOLD}</main>"""
CODE_FIELDS = '<input name="code"><p id="code-told"></p><input name="pin"><input type="file" name="backup_file">'
RECEIPTS = f"""{HEAD}<script src="/check.js" defer></script>
<div id="say" hidden {SAY}></div><main id="main"><h1>Receipt</h1>
<form id="find" method="post" action="receipt"><input name="receipt"><input type="file" name="receipt_file">
<p hidden data-when="ask">[ask]</p><p hidden data-when="confirm"><button data-act="confirm">Yes</button></p>
<button data-act="check">Check</button><button data-act="remove">Remove</button></form>{TOLD}</main>"""
PAGES = {
    "join": SIGN.replace("FIELDS", CODE_FIELDS),
    "public": SIGN.replace("FIELDS", CODE_FIELDS).replace("PUBLIC", 'data-public="yes"'),
    "rolls": SIGN.replace("FIELDS", CODE_FIELDS + ROLLS),
    "sign": SIGN.replace("FIELDS", '<input type="file" name="token_file"><textarea name="token"></textarea>'),
    "receipt": RECEIPTS,
    "plain": f'{HEAD}<form><input id="code"></form>',
    "away": HEAD.partition("<script")[0],
}


@dataclass
class WithPages:
    """Answers as a letter's server does, and with the pages and scripts."""

    letter: Answering

    def __call__(self, seen: Seen) -> Reply:
        name = seen.path.partition("?")[0].rpartition("/")[2]
        if name in PAGES and (seen.method == "GET" or name == "join"):
            return Reply(200, PAGES[name].encode(), {**HEADERS, "Content-Type": "text/html; charset=utf-8"})
        if seen.path in ("/sign.js", "/check.js", "/appearance.js"):
            return Reply(200, (STATIC / name).read_bytes(), {"Content-Type": "text/javascript; charset=utf-8"})
        return self.letter(seen)


@dataclass
class Visitor:
    """Someone with a browser, in front of one of the pages."""

    page: Page
    web: Web
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", self.complain)

    def complain(self, error: Error) -> None:
        self.complaints.append(str(error))

    def leave(self) -> None:
        """Hear no more of the page."""
        self.page.remove_listener("pageerror", self.complain)

    def open(self, name: str = "join", fragment: str = "", base: str = SHORT) -> None:
        self.page.goto(f"{self.web.url}{base}{name}{'#' if fragment else ''}{fragment}")

    def fill(self, name: str, value: str) -> None:
        self.page.locator(f"[name={name}]").fill(value)

    def choose(self, name: str, members: dict[str, Any] | str) -> None:
        """Give a file to a field."""
        text = members if isinstance(members, str) else json.dumps(members)
        file = {"name": "saved.json", "mimeType": "application/json", "buffer": text.encode()}
        self.page.locator(f"[name={name}]").set_input_files([file])  # type: ignore[list-item]

    def press(self, act: str = "sign") -> None:
        """Press a button, and wait until the script has done what it can.

        The pages are made for the scripts: that a pointer meets the button is no question, and asking it is slow.
        """
        self.page.locator(f"[data-act={act}]").evaluate("button => button.click()")
        expect(self.page.locator("html:not([data-busy])")).to_have_count(1)

    def told(self) -> Locator:
        return self.page.locator("#told")

    def expect_told(self, *texts: str) -> None:
        for text in texts:
            expect(self.told()).to_contain_text(text)

    def expect_heading(self, text: str) -> None:
        expect(self.page.locator("h1")).to_have_text(text)

    def filled(self, name: str) -> str:
        return self.page.locator(f"[data-fill={name}]").inner_text()

    def download(self) -> dict[str, Any]:
        """Save the file at hand, and read it."""
        with self.page.expect_download() as waiting:
            self.page.locator("a[download]:visible").click()
        found: dict[str, Any] = json.loads(Path(waiting.value.path()).read_text("utf-8"))
        return found

    def posts(self) -> list[str]:
        """What was posted: the last part of each address."""
        return [seen.path.rpartition("/")[2] for seen in self.web.posts()]
