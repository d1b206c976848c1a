"""The form for a letter's text: its fields as they were typed, and the text that they mean.

What was typed is a mapping of names to texts, as a form sends it. So it can be shown again, saved, rearranged and
carried along without loss, whether or not it is a letter yet.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import FieldList, Form, FormField, HiddenField, SelectField, StringField, TextAreaField

from petition.errors import Refusal
from petition.i18n import letter_languages, name_of
from petition.letters.drafting.importing.pasted import as_markdown, demands_in
from petition.letters.text.characters import meaningless_in
from petition.letters.text.letter_text import (
    LANGUAGE_TAG,
    LIMITS,
    LetterText,
    Translation,
    checked,
    language_code,
    one_line,
    read_body,
    read_source,
    read_translation,
)
from petition.letters.text.sources import Source
from petition.web.shared.context import say
from petition.web.shared.forms import Problem, small_number

_ = str
Fields = dict[str, str]
OWN = re.compile(r"title|recipient|employer|body|language|note|based_on|demands-[0-9]{1,3}|sources-[0-9]{1,3}-\w+")
REARRANGE = re.compile(r"(?P<list>demands|sources)-(?P<act>up|down|out|more)(?:-(?P<place>[0-9]{1,3}))?")
ELEMENT_PARTS = {"demands": ("",), "sources": ("-title", "-url", "-date")}
"""What the names of one element's fields end with."""


class SourceForm(Form):
    """One source."""

    title = StringField(_("Title of the source"))
    url = StringField(_("Link"))
    date = StringField(_("Date"))


class LetterForm(FlaskForm):
    """The words of a letter. Lengths and characters are the core's to judge, so that nothing typed is cut."""

    title = StringField(_("Title"))
    recipient = StringField(_("Addressed to"), description=_("Name and title, for example: Jane Smith, CEO"))
    employer = StringField(_("Employer"))
    body = TextAreaField(_("The letter"))
    demands = FieldList(TextAreaField())
    sources = FieldList(FormField(SourceForm))
    language = SelectField(
        _("Language of the letter"),
        choices=lambda: list(letter_languages().items()),
        default="en",
        validate_choice=False,
    )
    note = StringField(_("Note for your co-organizers"))
    based_on = HiddenField(default="0")


class UnsignedTranslationForm(FlaskForm):
    """The letter in another language, outside the text that is signed: it has no versions, so it takes no note."""

    title = StringField(_("Title"))
    recipient = StringField(_("Addressed to"), description=_("Leave it empty to use the official version's."))
    body = TextAreaField(_("The letter"))
    demands = FieldList(TextAreaField())
    based_on = HiddenField(default="0")


class TranslationForm(UnsignedTranslationForm):
    """The letter in another language, frozen and signed together with it."""

    note = StringField(_("Note for your co-organizers"))


def typed() -> Fields:
    """What was sent of a letter's fields, as it was typed."""
    return {name: value for name, value in request.form.items() if OWN.fullmatch(name)}


def letter_form(fields: Mapping[str, str]) -> LetterForm:
    """The form with what was typed, and one empty demand and source at the end of their lists."""
    form = LetterForm(formdata=MultiDict(_with_room(fields, "demands", "sources")))
    code = form.language.data or ""
    if LANGUAGE_TAG.fullmatch(code) and code not in letter_languages():  # one that was imported
        form.language.choices = [*letter_languages().items(), (code, name_of(code))]
    return form


def translation_form(fields: Mapping[str, str]) -> TranslationForm:
    """The form of a translation with what was typed."""
    return TranslationForm(formdata=MultiDict(_with_room(fields, "demands")))


def unsigned_form(fields: Mapping[str, str]) -> UnsignedTranslationForm:
    """The form of an unsigned translation with what was typed."""
    return UnsignedTranslationForm(formdata=MultiDict(_with_room(fields, "demands")))


def _with_room(fields: Mapping[str, str], *lists: str) -> Fields:
    made = dict(fields)
    for name in lists:
        elements = _elements(fields, name)
        if not elements or any(elements[-1]):
            elements.append(("",) * len(ELEMENT_PARTS[name]))
        made = _with_elements(made, name, elements)
    return made


def _elements(fields: Mapping[str, str], name: str) -> list[tuple[str, ...]]:
    """The elements of a list, in their order."""
    places = sorted({int(key.split("-")[1]) for key in fields if key.startswith(f"{name}-")})
    return [tuple(fields.get(f"{name}-{place}{part}", "") for part in ELEMENT_PARTS[name]) for place in places]


def _with_elements(fields: Mapping[str, str], name: str, elements: Iterable[tuple[str, ...]]) -> Fields:
    made = {key: value for key, value in fields.items() if not key.startswith(f"{name}-")}
    for place, element in enumerate(elements):
        made.update({f"{name}-{place}{part}": text for part, text in zip(ELEMENT_PARTS[name], element, strict=True)})
    return made


def rearranged(fields: Mapping[str, str], act: str) -> Fields:
    """The fields after a button of a list: ``demands-up-2``, ``sources-out-0``, ``demands-more``; else as they were."""
    if act == "sources-cite":
        return _with_citation(fields)
    match = REARRANGE.fullmatch(act)
    if match is None:
        return dict(fields)
    name, place = match["list"], int(match["place"] or 0)
    elements = _elements(fields, name)
    other = place + {"up": -1, "down": 1}.get(match["act"], 0)
    if match["act"] == "more":
        elements.append(("",) * len(ELEMENT_PARTS[name]))
    elif match["act"] == "out" and place < len(elements):
        del elements[place]
    elif 0 <= other < len(elements) and place < len(elements):
        elements[place], elements[other] = elements[other], elements[place]
    return _with_elements(fields, name, elements)


def _with_citation(fields: Mapping[str, str]) -> Fields:
    """Another source, and its mark at the end of the text; with scripts it goes where the cursor is."""
    sources = [source for source in _elements(fields, "sources") if any(part.strip() for part in source)]
    made = _with_elements(fields, "sources", [*sources, ("",) * len(ELEMENT_PARTS["sources"])])
    return {**made, "body": f"{fields.get('body', '').rstrip()}[^{len(sources) + 1}]"}


def is_blank(fields: Mapping[str, str]) -> bool:
    """Whether nothing was typed yet."""
    return not any(text for name, text in _said(fields).items() if name != "language")


Wrong = list[Refusal]
"""All that is wrong with a form, each with the id of its field."""
Read = TypeVar("Read")


def text_from_fields(fields: Mapping[str, str], before: LetterText) -> tuple[LetterText, Wrong]:
    """The letter that was typed, as far as it can be read, and everything that is wrong with it.

    Its translations are those of the version that it began with.
    """
    wrong: Wrong = []
    title, recipient, employer = (
        _part(wrong, name, partial(one_line, fields.get(name, ""), name), "")
        for name in ("title", "recipient", "employer")
    )
    words = LetterText(
        title=title,
        recipient=recipient,
        employer=employer,
        body=_part(wrong, "body", lambda: read_body(as_markdown(fields.get("body", ""))), ""),
        demands=_demands_in(fields, wrong),
        language=_part(wrong, "language", lambda: language_code(fields.get("language", "") or "en"), "en"),
        sources=_sources_in(fields, wrong),
    )
    together = partial(checked, replace(words, translations=before.translations))
    return _part(wrong, "language" if before.translations else "demands", together, words), wrong


def _part(wrong: Wrong, place: str, read: Callable[[], Read], otherwise: Read) -> Read:
    """What a field says; what is wrong with it is noted with its place."""
    try:
        return read()
    except Refusal as refusal:
        wrong.append(refusal.about(place))
        return otherwise


def _demands_in(fields: Mapping[str, str], wrong: Wrong) -> tuple[str, ...]:
    found: list[str] = []
    for place, (text,) in enumerate(_elements(fields, "demands")):
        for demand in demands_in(text):
            found.append(_part(wrong, f"demands-{place}", partial(one_line, demand, "demand"), ""))
    return tuple(demand for demand in found if demand)


def _sources_in(fields: Mapping[str, str], wrong: Wrong) -> tuple[Source, ...]:
    """The sources; of one with a wrong link or date, the rest is kept for the preview, so that numbers stay right."""
    found = []
    for place, (title, url, date) in enumerate(_elements(fields, "sources")):
        here = f"sources-{place}"
        kept = {
            "title": _part(wrong, f"{here}-title", partial(read_source, title, "", ""), Source("")).title,
            "url": _part(wrong, f"{here}-url", partial(read_source, "", url, ""), Source("")).url,
            "date": _part(wrong, f"{here}-date", partial(read_source, "", "", date), Source("")).date,
        }
        is_empty = not (title.strip() or url.strip() or date.strip())
        found += [] if is_empty else [read_source(**kept)]
    return tuple(found)


def mark_wrong(form: FlaskForm, wrong: Iterable[Refusal]) -> list[Problem]:
    """Say at each field what is wrong with it; the same for the summary, in the form's order."""
    problems = []
    for refusal in wrong:
        sentence = say(refusal.sentence, **refusal.values)
        field = next((one for one in _fields_within(form) if one.id == refusal.place), None)
        if field is not None:
            field.errors = [*field.errors, sentence]
        problems.append(Problem(refusal.place, sentence))
    return problems


def _fields_within(form: Any) -> Iterator[Any]:
    """All fields of a form, those of its lists and of the forms within it too."""
    for field in form:
        yield field
        if field.type in ("FieldList", "FormField"):
            yield from _fields_within(field)


def translation_in(fields: Mapping[str, str], language: str) -> Translation:
    """The translation that was typed."""
    body = as_markdown(fields.get("body", ""))
    return read_translation(language, fields.get("title", ""), fields.get("recipient", ""), body, _demands(fields))


def _demands(fields: Mapping[str, str]) -> list[str]:
    """One on each line: a list that was pasted into one field becomes several."""
    return [demand for (text,) in _elements(fields, "demands") for demand in demands_in(text)]


def invisible_in(fields: Mapping[str, str]) -> list[str]:
    """Names of the invisible characters that were typed or pasted, and that are removed as the letter is saved."""
    texts = [text for text in fields.values() if len(text) <= 2 * LIMITS["body"]]  # longer ones are refused anyway
    return sorted({name for text in texts for name in meaningless_in(text)})


def fields_of(words: LetterText, based_on: int) -> Fields:
    """The fields of a stored letter."""
    named = {name: getattr(words, name) for name in ("title", "recipient", "employer", "body", "language")}
    fields = _with_elements({**named, "based_on": str(based_on)}, "demands", [(one,) for one in words.demands])
    return _with_elements(fields, "sources", [(one.title, one.url, one.date) for one in words.sources])


def fields_of_translation(translation: Translation, based_on: int) -> Fields:
    """The fields of a stored translation."""
    named = {name: getattr(translation, name) for name in ("title", "recipient", "body")}
    return _with_elements({**named, "based_on": str(based_on)}, "demands", [(one,) for one in translation.demands])


def based_on(fields: Mapping[str, str]) -> int:
    """The number of the version that the editor began with; 0 for none."""
    return small_number(fields.get("based_on")) or 0


def same_text(fields: Mapping[str, str], others: Mapping[str, str]) -> bool:
    """Whether two forms say the same, no matter what they are based on."""
    return _said(fields) == _said(others)


def _said(fields: Mapping[str, str]) -> Fields:
    left_out = ("based_on", "note")
    return {key: text.replace("\r\n", "\n") for key, text in fields.items() if text.strip() and key not in left_out}
