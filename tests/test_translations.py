"""Every sentence goes through gettext: in a language made up for the test, no English is left on a page."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from sqlalchemy.orm import Session

from petition import i18n
from petition.database import place_of
from petition.publishing import templates
from petition.publishing.folder import write_folder
from tests.walks import WORDS, Campaign

pytestmark = pytest.mark.thorough

PACKAGE = Path(i18n.__file__).parent
MARKS = ("⟦", "⟧")
KINDS = "json|csv|xlsx|md|txt|pdf|svg|png|py|pem|js|zip|atom"
MAPPINGS = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))["tool"]["babel"]["mappings"]
METHODS = tuple(
    [(one["pattern"].removeprefix(folder), one["method"]) for one in MAPPINGS if one["pattern"].startswith(folder)]
    for folder in ("petition/", "templates/")
)
"""Which files have sentences for translators, in the package and in the templates."""
OPTIONS = {
    one["pattern"].removeprefix("templates/"): {"trimmed": one["trimmed"]} for one in MAPPINGS if "trimmed" in one
}
REFUSALS = ("Refusal", "BadShape", "Forbidden", "NotFound", "Conflict", "CodeUsed", "TokenUsed", "TextChanged")
KEYWORDS = ("_", "gettext", "say", *REFUSALS, "TooEarly", "Over", "TooLong", "SlowDown")
SHIPPED = sorted(path.stem for path in i18n.CATALOGS.glob("*.po"))
PLACEHOLDER = re.compile(r"%\(\w+\)\w|\{\w+\}|%(?![( ])")
STRANGER = "eo"
"""A language that is not shipped."""


FOR_ORGANIZERS = ("organize/", "web/desk/", "letters/drafting/", "letters/organizers/")
"""Where sentences for organizers alone are, in the templates and in the package."""


@cache
def sentences(*, for_readers: bool = False) -> tuple[Any, ...]:
    """The sentences in templates and code for translators; without those for organizers, if only for readers."""
    keywords = {**dict.fromkeys(KEYWORDS), "ngettext": (1, 2)}
    found: list[Any] = []
    for folder, methods in zip((PACKAGE, place_of("templates")), METHODS, strict=True):
        for name, _, message, _, _ in extract_from_dir(folder, methods, OPTIONS, keywords=keywords):
            if not (for_readers and name.startswith(FOR_ORGANIZERS)):
                found.append(message)
    return tuple(found)


def forms_of(message: Any) -> tuple[str, ...]:
    """A message's forms, or a translation's: two where there is a plural."""
    return message if isinstance(message, tuple) else (message,)


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a catalog in which each sentence stands between marks."""
    folder = tmp_path_factory.mktemp("catalogs")
    made = Catalog(locale=STRANGER)
    for message in sentences():
        between = tuple(f"{MARKS[0]}{form}{MARKS[1]}" for form in forms_of(message))
        made.add(message, string=between if isinstance(message, tuple) else between[0])
    with (folder / f"{STRANGER}.po").open("wb") as file:
        write_po(file, made)
    return folder


@pytest.fixture
def stranger(marked: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The made-up language, shipped for the time of a test in place of the others."""
    monkeypatch.setattr(i18n, "CATALOGS", marked)
    forget()
    yield STRANGER
    monkeypatch.undo()
    forget()


def forget() -> None:
    """Read the catalogs anew."""
    for cached in (i18n.languages, i18n.desk_languages, i18n.translations, i18n.reviewer, templates.environment):
        cached.cache_clear()


class Texts(HTMLParser):
    """The texts of a page that its readers see, but for code and what has a language of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._skipped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        own = tag != "html" and "lang" in names
        hides = self._skipped or own or tag in ("code", "pre", "option", "textarea", "time")
        if hides and tag not in ("input", "br", "meta", "link", "hr", "img"):
            self._skipped.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._skipped and self._skipped[-1] == tag:
            self._skipped.pop()

    def handle_data(self, data: str) -> None:
        if not self._skipped and data.strip():
            self.texts.append(" ".join(data.split()))


def left_in_english(page: str, given: list[str]) -> list[str]:
    """Texts without marks that are neither figures nor file names nor a person's own words."""
    seen = Texts()
    seen.feed(page)
    whole = "\n".join(seen.texts)
    for text in sorted(given, key=len, reverse=True):
        whole = whole.replace(text, "")
    unmarked = re.sub(r"⟦[^⟦⟧]*⟧", "", whole)
    unmarked = re.sub(rf"[\w-]+\.({KINDS})|checkpoint|vkey|UTC|SHA-256|PDF|Petition", "", unmarked)
    return re.findall(r"[A-Za-z]{3,}.*", unmarked)


@pytest.mark.parametrize("name", ["", "how-we-verify/", "what-the-log-says/", "press/", "join", "sign", "receipt"])
def test_no_english_is_left_on_a_page_of_a_letter(campaign: Campaign, stranger: str, name: str) -> None:
    letter = campaign.a_published_letter()
    campaign.sign_all(letter, 6)
    campaign.seal(letter)
    page = campaign.app().test_client().get(f"/{stranger}{campaign.address(letter)}{name}").text

    assert left_in_english(page, ["We refuse to build it", "Jo Muster, CEO", "Example Corp"]) == []


@pytest.mark.parametrize("path", ["/", "/promises/", "/start/", "/code/", "/letters/nothing/", "/nothing"])
def test_no_english_is_left_on_a_page_of_the_site(campaign: Campaign, stranger: str, path: str) -> None:
    page = campaign.app().test_client().get(f"/{stranger}{path}", headers={"Accept": "text/html"}).text

    assert left_in_english(page, []) == []


UNREVIEWED = "⟦No native speaker has reviewed this translation yet. Where it differs, the English counts.⟧"
SAFE = "Someone seeing your receipt."


@pytest.mark.parametrize("path", ["/promises/", "/code/"])
def test_a_translation_that_no_one_has_reviewed_says_so(campaign: Campaign, stranger: str, path: str) -> None:
    assert UNREVIEWED in campaign.app().test_client().get(f"/{stranger}{path}").text


def test_until_a_review_the_english_stands_below_what_someones_safety_rests_on(
    campaign: Campaign, stranger: str, marked: Path
) -> None:
    promises = f"/{stranger}/promises/"
    before = campaign.app().test_client().get(promises).text
    file = marked / f"{stranger}.po"
    unreviewed = file.read_text("utf-8")
    file.write_text(f"# Words.\n# Reviewed by Zamenhof, 1887\n{unreviewed}", "utf-8")
    forget()
    after = campaign.app().test_client().get(promises).text
    file.write_text(unreviewed, "utf-8")

    assert f'⟦{SAFE}⟧ <span class="english" lang="en" dir="ltr">{SAFE}</span>' in before
    assert f"⟦{SAFE}⟧</li>" in after and UNREVIEWED not in after


def test_what_a_signer_reads_before_signing_shows_the_english_too(campaign: Campaign, stranger: str) -> None:
    address = campaign.address(campaign.a_published_letter())
    pages = {name: campaign.app().test_client().get(f"/{stranger}{address}{name}").text for name in ("join", "before/")}

    assert 'lang="en" dir="ltr">Use your own phone and data plan, in a private window.</span>' in pages["join"]
    assert 'lang="en" dir="ltr">Signatures are counted in groups of at least 3.' in pages["join"]
    assert 'lang="en" dir="ltr">If nearly your whole team signs: that you probably did, too.</span>' in pages["before/"]


def test_a_catalog_for_readers_leaves_the_organizers_pages_in_english(
    campaign: Campaign, stranger: str, marked: Path
) -> None:
    file = marked / f"{stranger}.po"
    whole = file.read_text("utf-8")
    file.write_text(f"# For readers and signers.\n{whole}", "utf-8")
    forget()
    client = campaign.app().test_client()
    desk = client.get(f"/{stranger}/organize/sign-in", follow_redirects=True).text
    promises = client.get(f"/{stranger}/promises/").text
    file.write_text(whole, "utf-8")

    assert '<html lang="en"' in desk and "⟦" not in desk and f'value="{stranger}"' not in desk
    assert f'<html lang="{stranger}"' in promises


def test_what_a_refusal_says_is_translated_with_its_values(stranger: str) -> None:
    assert i18n.fill(stranger, "This letter has no set of codes %(number)s.", {"number": 7}) == (
        "⟦This letter has no set of codes 7.⟧"
    )


def catalog(language: str) -> Catalog:
    """A shipped catalog, read as strictly as can be."""
    with (i18n.CATALOGS / f"{language}.po").open("rb") as file:
        return read_po(file, locale=i18n.locale_of(language), abort_invalid=True)


def values_of(sentence: str) -> Counter[str]:
    """The places of a sentence that are filled in."""
    return Counter(PLACEHOLDER.findall(sentence))


def test_spanish_is_shipped() -> None:
    assert "es" in SHIPPED
    assert i18n.languages()["es"] == "Español"


@pytest.mark.parametrize("language", SHIPPED)
def test_a_shipped_catalog_says_its_language_and_has_nothing_uncertain(language: str) -> None:
    shipped = catalog(language)

    assert shipped.locale == i18n.locale_of(language)
    assert shipped.num_plurals == len(shipped["verified worker"].string)
    assert [message.id for message in shipped if message.id and message.fuzzy] == []
    assert list(shipped.obsolete) == []


@pytest.mark.parametrize("language", SHIPPED)
def test_a_translation_has_the_placeholders_of_its_sentence(language: str) -> None:
    wrong = []
    for message in catalog(language):
        wanted = [values_of(form) for form in forms_of(message.id)]
        for form in forms_of(message.string):
            if message.id and form and values_of(form) not in wanted:
                wrong.append(form)

    assert wrong == []


@pytest.mark.parametrize("language", SHIPPED)
def test_nearly_every_sentence_of_the_program_is_translated(language: str) -> None:
    wanted = {forms_of(message) for message in sentences(for_readers=i18n.is_for_readers(language))}
    shipped = catalog(language)
    translated = {
        forms_of(message.id)
        for message in shipped
        if message.id and all(form.strip() for form in forms_of(message.string))
    }

    assert len(wanted) > 400
    assert len(wanted & translated) >= 0.95 * len(wanted), sorted(wanted - translated)


@pytest.mark.parametrize("language", SHIPPED)
def test_a_catalog_has_no_sentence_that_the_program_never_says(language: str) -> None:
    said = {forms_of(message) for message in sentences()}

    assert [message.id for message in catalog(language) if message.id and forms_of(message.id) not in said] == []


def test_under_its_prefix_a_letter_is_shown_in_spanish(campaign: Campaign) -> None:
    letter = campaign.a_published_letter()
    page = campaign.app().test_client().get(f"/es{campaign.address(letter)}").text

    assert '<html lang="es"' in page
    assert "Carta abierta a Jo Muster, CEO, Example Corp" in page
    assert "Cómo verificamos" in page
    assert "How we verify" not in page


def test_a_letter_written_in_spanish_speaks_spanish_at_its_bare_address(campaign: Campaign) -> None:
    letter = campaign.a_published_letter(words=replace(WORDS, language="es"))
    client = campaign.app().test_client()

    page = client.get(campaign.address(letter)).text
    assert '<html lang="es"' in page
    assert "Cómo verificamos" in page

    assert "How we verify" in client.get(f"/en{campaign.address(letter)}").text


def test_a_mistyped_code_is_refused_in_spanish(campaign: Campaign) -> None:
    letter = campaign.a_published_letter()
    answer = campaign.app().test_client().post(f"/es{campaign.address(letter)}join", data={"code": "ABCD"})

    assert answer.status_code == 400
    assert "Un código tiene 16 caracteres; escribiste 4." in answer.text


def test_a_published_folder_has_the_letter_in_spanish(campaign: Campaign, tmp_path: Path) -> None:
    letter = campaign.a_published_letter()
    with Session(campaign.databases.reading) as session:
        write_folder(session, campaign.letter(session, letter), campaign.figures(letter), tmp_path / "face", print)

    for page in ("index.html", "how-we-verify/index.html", "press/index.html", "_site/promises/index.html"):
        assert '<html lang="es"' in (tmp_path / "face/es" / page).read_text(), page
    assert "Cómo verificamos" in (tmp_path / "face/es/index.html").read_text()
