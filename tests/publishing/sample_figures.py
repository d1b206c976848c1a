"""Figures to draw and to write: of a real letter, with other numbers, words and groups put in their place."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from petition.letters.text.letter_text import LetterText, canonical, digest
from petition.publishing.figures.counts import Figures, RollCount, Row
from petition.publishing.figures.groups import Group, GroupTable
from petition.publishing.figures.names import Naming
from tests.walks import WORDS

FIRST = datetime(2026, 11, 2, 9, tzinfo=UTC)
LONG = "Donaudampfschifffahrtsgesellschaftskapitänswitwenrentenauszahlungsstelle"
GROUPS = (
    GroupTable("role", "Role", FIRST, (Group("software", "Software & <hardware>", 310),), 300),
    GroupTable("site", "المنطقة", FIRST, (Group("a", LONG * 2, 40), Group("b", "我们拒绝建造它" * 12, 20)), 15),
    GroupTable("run", "=1+1", FIRST, (Group("c", "@x", 10),), 600),
)
SCRIPTS = {
    "latin": WORDS,
    "long": replace(WORDS, title=(LONG * 3)[:200], recipient=LONG * 2, employer=LONG * 2, demands=(LONG * 3,)),
    "arabic": replace(WORDS, title="نرفض أن نبني هذا النظام", recipient="المديرة", employer="شركة", language="ar"),
    "chinese": replace(WORDS, title="我们拒绝建造它，因为它监视我们的同事" * 4, language="zh"),
    "hindi": replace(WORDS, title="हम इसे बनाने से इनकार करते हैं", language="hi"),
    "markup": replace(WORDS, title="</title><script>1</script>&amp; #x \\*", recipient='"a" `b`', employer="%(x)s"),
    "odd": replace(WORDS, title="not a character: \uffff, a private one: \ue000, a joined one: 👩‍👩‍👧"),
}
"""Words that are hard to set."""


def some_figures(count: int = 612, words: LetterText = WORDS, updates: int = 20, **other: Any) -> Figures:
    """A published letter's figures with a count that grew in a number of updates, seven hours apart."""
    shares = [count * (number + 1) // updates for number in range(updates)]
    grown = sorted({share: place for place, share in reversed(list(enumerate(shares))) if share}.items())
    history = tuple(Row(FIRST + timedelta(hours=7 * place), share, 0, share + 3) for share, place in grown)
    text = canonical(words)
    made = Figures(
        letter_id="0" * 26,
        slug="we-refuse",
        url="https://letters.example.org/letters/we-refuse/",
        words=words,
        state="published",
        text=text,
        text_sha256=digest(text),
        published=FIRST,
        closes=None,
        as_of=history[-1].hour if history else FIRST,
        signatures=count,
        withdrawals=0,
        rolls=(RollCount("workers", "Workers of Example Corp", count),),
        names_shown=0,
        groups=(),
        contact=None,
        threshold=None,
        goal=None,
        codes_made=count + 30,
        issued=None,
        log_size=count + 3,
        log_root=bytes(32),
        log_key="key",
        checkpoint="checkpoint",
        history=history,
        rounds=(),
        closed=None,
        ends=None,
        events=(),
        demands=(),
        edition=1,
        k=10,
        timing="together",
        routes=("code",),
        mail_domains=(),
        naming=Naming((), (), 0, 12, None, False, list),
        takes_signatures=True,
        log_version=2,
        updates="daily",
    )
    return replace(made, **other)
