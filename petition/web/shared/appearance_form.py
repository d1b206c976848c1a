"""The form for an appearance: the steps that a letter offers, and its fields. Knows letters, but no signatures."""

from dataclasses import dataclass

from petition.crypto.appearance_steps import COUNTED, GROUPED, NAMED, in_order, number_of
from petition.letters.fields import FieldOfLetter, fields_of
from petition.letters.models import Letter
from petition.letters.organizers.names_keys import steps_taken
from petition.letters.states import ALONE
from petition.web.shared.context import session

GROUP = "group-"
"""Before a field's id it is the name of its list."""


@dataclass(frozen=True)
class Step:
    """A step that may be chosen, as forms name it: ``named_at:50``, with the number that must have signed."""

    value: str
    number: int | None = None


@dataclass(frozen=True)
class AppearanceForm:
    """What a signer may choose from."""

    steps: tuple[Step, ...]
    fields: tuple[FieldOfLetter, ...]

    @property
    def has_names(self) -> bool:
        """Whether a name may be given."""
        return any(step.value not in (COUNTED, GROUPED) for step in self.steps)


def appearance_form_of(letter: Letter, *, has_signed: bool = False) -> AppearanceForm | None:
    """A letter's appearance form; None where there is nothing to choose, because signatures are only counted.

    People who have signed can still show less where they can't show more, as in a closed letter.
    """
    fields = fields_of(session(), letter.id)
    named = [Step(step, number_of(step)) for step in in_order(steps_taken(session(), letter.id))]
    if letter.k == ALONE:  # no number of signatures will ever be reached
        named = [step for step in named if step.number is None]
    if not fields and not named and not (has_signed and letter.name_steps):
        return None
    named.sort(key=lambda step: step.value == NAMED)
    return AppearanceForm((Step(COUNTED), *([Step(GROUPED)] if fields else []), *named), fields)
