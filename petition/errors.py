"""Every "no" that the rules can say, each with its sentence and its status.

A sentence is a gettext message id; values are filled in by name, so that the web layer can translate it.
"""

import math
from typing import Any, Self

_ = str
"""Marks a sentence for translators."""
GONE = _("This isn't here anymore. Reload the page.")
NOTHING_HERE = _("There is nothing at this address. Check it for typos.")
TOO_MANY = _("You can have at most %(most)s here. Delete some first.")
A_NUMBER = _("Enter a number from %(least)s to %(most)s.")
CHOOSE = _("Choose one of: %(choices)s.")


class Refusal(Exception):
    """The rules say no. ``sentence`` says what is wrong and what to do; ``status`` is the HTTP status."""

    status = 400
    title = _("This can't be done")
    place = ""
    """The field of a form that the refusal is about; empty for the form as a whole."""

    def __init__(self, sentence: str, **values: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.values = values

    def about(self, place: str) -> Self:
        """The same refusal, which now says about which field it is."""
        self.place = place
        return self

    def __str__(self) -> str:
        return self.sentence % self.values if self.values else self.sentence


class BadShape(Refusal):
    """What was sent has not the form that is asked for."""

    title = _("We couldn't read this")


class Forbidden(Refusal):
    """The sender may not do this."""

    status = 403
    title = _("This is not allowed")


class NotFound(Refusal):
    """There is no such thing, or none that the sender may know of."""

    status = 404
    title = _("Not found")


class Conflict(Refusal):
    """It conflicts with something that happened before."""

    status = 409


class CodeUsed(Conflict):
    """The code has already been exchanged for another token."""

    title = _("This code has been used")


class TokenUsed(Conflict):
    """The token has already given another signature."""


class TooEarly(Conflict):
    """It will be possible later."""

    title = _("It is too early")


class TextChanged(Conflict):
    """Someone else has saved a newer version meanwhile."""

    title = _("Someone else saved in the meantime")


class Obstructed(Conflict):
    """The next step still has obstacles; ``obstacles`` lists all of them."""

    title = _("Something is still missing")

    def __init__(self, obstacles: list[Refusal]) -> None:
        super().__init__("%(what)s", what=" ".join(str(obstacle) for obstacle in obstacles))
        self.obstacles = obstacles


class Over(Refusal):
    """It was possible once and will not be again."""

    status = 410
    title = _("This has ended")


class TooLong(Refusal):
    """More was sent than anyone needs."""

    status = 413


class SlowDown(Refusal):
    """Too many requests in too short a time; the next one has a chance ``after`` that many seconds."""

    status = 429
    title = _("Please try again later")
    after = 60

    def lasting(self, seconds: float) -> Self:
        """The same refusal, which now says how long it lasts."""
        self.after = max(1, math.ceil(seconds))
        return self
