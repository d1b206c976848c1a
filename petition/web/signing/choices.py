"""What a signer chose on a form without scripts: reads it, shows it as the public would see it, makes an appearance."""

from collections.abc import Mapping
from dataclasses import dataclass

from petition.crypto.appearance_steps import COUNTED, GROUPED, NAMED, NAMED_AT, number_of
from petition.crypto.encodings import from_b64url
from petition.crypto.locked_names import lock_name
from petition.crypto.receipts import Opening
from petition.errors import BadShape, Refusal, TooLong
from petition.i18n import number_in
from petition.letters.fields import FieldOfLetter, Group
from petition.letters.models import Letter
from petition.letters.organizers.names_keys import public_names_keys
from petition.letters.states import PUBLIC
from petition.publishing.figures.groups import GroupTable, group_tables
from petition.signing.appearances import Appearance, Shown
from petition.signing.typed_names import read_name
from petition.web.shared.appearance_form import GROUP, AppearanceForm
from petition.web.shared.context import language, say, session


@dataclass(frozen=True)
class Choice:
    """A step as forms name it, the groups that were stated, a name and a title as they were typed."""

    step: str = COUNTED
    groups: tuple[tuple[str, str], ...] = ()
    name: str = ""
    title: str = ""

    @property
    def typed(self) -> dict[str, str]:
        """The fields of the form that say the same."""
        groups = {f"{GROUP}{field}": option for field, option in self.groups}
        return {"appear": self.step, **groups, "name": self.name, "title": self.title}

    @property
    def has_name(self) -> bool:
        """Whether a name will be shown, at once or later."""
        return self.step.startswith(NAMED)


def read_choice(form: Mapping[str, str], appearance_form: AppearanceForm | None) -> Choice:
    """What was chosen; fields of the form that the letter does not have are left alone."""
    fields = appearance_form.fields if appearance_form else ()
    stated = tuple(sorted((field.id, option) for field in fields if (option := form.get(f"{GROUP}{field.id}"))))
    return Choice(form.get("appear") or COUNTED, stated, form.get("name", ""), form.get("title", ""))


def place_of(refusal: Refusal, choice: Choice) -> str:
    """The field that a refusal of a choice is about, if it is the name."""
    return "name" if isinstance(refusal, BadShape | TooLong) and choice.has_name else ""


def choice_of(shown: Shown) -> Choice:
    """What was chosen before, as it is stored."""
    return Choice(shown.step, shown.groups, shown.name, shown.title)


def appearance_of(choice: Choice, letter: Letter, opened: Opening) -> Appearance:
    """The appearance for a receipt; a name is locked here and now, where no client of the signer's own did it."""
    halves = (opened.a, bytes.fromhex(opened.w_hash))
    if choice.step == COUNTED:
        return Appearance(COUNTED, None, (), None, *halves)
    if choice.step == GROUPED:
        return Appearance(GROUPED, None, choice.groups, None, *halves)
    key = public_names_keys(session(), letter.id).get(choice.step)
    if key is None:
        raise BadShape("This letter doesn't offer that choice. Choose another way to be listed.")
    text = read_name(choice.name, choice.title).as_bytes()
    locked = lock_name(from_b64url(key), letter.id, choice.step, opened.name_key(), text)
    step = NAMED if choice.step == NAMED else NAMED_AT
    return Appearance(step, number_of(choice.step), choice.groups, locked, *halves)


def without_name(choice: Choice, opened: Opening) -> Appearance:
    """The groups of a choice, for a receipt whose name stays as it is."""
    step = GROUPED if choice.groups else COUNTED
    return Appearance(step, None, choice.groups, None, opened.a, bytes.fromhex(opened.w_hash))


def lines(choice: Choice, letter: Letter, appearance_form: AppearanceForm | None) -> list[str]:
    """What the public would see of a choice, and in which company, sentence by sentence."""
    if choice.step == COUNTED or appearance_form is None:
        return [say("The total goes up by one. Nothing about you is shown.")]
    tables = {table.id: table for table in group_tables(session(), letter)}
    found = [say("The total goes up by one.")]
    for field, group in _stated(choice, appearance_form):
        company = _company(letter, group, tables.get(field.id))
        found.append(say("“%(group)s” (%(field)s) goes up by one. %(company)s", group=group.label, field=field.label,
                         company=company))  # fmt: skip
    if choice.step != GROUPED:
        found.append(_name_line(choice))
    return found


def _stated(choice: Choice, appearance_form: AppearanceForm) -> list[tuple[FieldOfLetter, Group]]:
    stated = dict(choice.groups)
    found = [(field, field.option(stated.get(field.id, ""))) for field in appearance_form.fields]
    return [(field, group) for field, group in found if group is not None]


def _company(letter: Letter, group: Group, table: GroupTable | None) -> str:
    """How many there are in a group, from the published table or the organizers' headcount alone."""
    shown = {row.id: row.count for row in table.groups} if table and letter.state in PUBLIC else {}
    if group.id in shown:
        return say("You would be one of about %(count)s.", count=number_in(language(), shown[group.id]))
    if letter.state in PUBLIC:
        return say("Too few to be shown yet; you count in the total.")
    if group.headcount is not None:
        return say(
            "The organizers say that about %(count)s people are in this group.",
            count=number_in(language(), group.headcount),
        )
    return say("It shows once enough people have signed.")


def _name_line(choice: Choice) -> str:
    words = ", ".join(part for part in (choice.name.strip(), choice.title.strip()) if part)
    number = number_of(choice.step)
    if number is None:
        return say("Your name: %(name)s", name=words)
    return say("Your name, once %(number)s people have signed: %(name)s", number=number, name=words)
