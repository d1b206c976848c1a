"""Shapes of what people and programs send: checked here, judged by the core."""

import re
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, NumberRange, Optional, StopValidation

from petition.crypto.encodings import from_b64url
from petition.errors import BadShape
from petition.i18n import languages

_ = str


def json_members(*wanted: str) -> dict[str, Any]:
    """The members of a JSON object that was sent, exactly those that are wanted."""
    try:
        body = request.get_json(force=True, silent=True)
    except RecursionError:
        body = None
    if not isinstance(body, dict):
        raise BadShape("Send a JSON object with these members: %(wanted)s.", wanted=", ".join(wanted))
    if set(body) != set(wanted):
        raise BadShape("The JSON object must have exactly these members: %(wanted)s.", wanted=", ".join(wanted))
    return body


def binary(members: dict[str, Any], name: str, size: int | None = None) -> bytes:
    """A member in base64url without padding, of a size in bytes."""
    if not isinstance(members[name], str):
        raise BadShape("%(name)s must be text in base64url without padding.", name=name)
    return from_b64url(members[name], size, name)


def hashed(members: dict[str, Any], name: str) -> str:
    """A member that is a SHA-256, in lower-case hex."""
    if not isinstance(members[name], str) or not re.fullmatch("[0-9a-f]{64}", members[name]):
        raise BadShape("%(name)s must be a SHA-256 in lower-case hex.", name=name)
    return str(members[name])


def text(members: dict[str, Any], name: str) -> str:
    """A member that is text."""
    if not isinstance(members[name], str):
        raise BadShape("%(name)s must be text.", name=name)
    return str(members[name])


def number(members: dict[str, Any], name: str) -> int:
    """A member that is a whole number from 1 to 999,999,999."""
    value = members[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < 10**9:
        raise BadShape("%(name)s must be a whole number from 1 on.", name=name)
    return value


def posted_text(name: str) -> str:
    """A field of a plain form, or a file that was sent in its place."""
    file = request.files.get(name)
    if file is not None and file.filename:
        return file.stream.read(64_000).decode("utf-8", "replace")
    return request.form.get(name, "")


class SignInForm(FlaskForm):
    """Who comes to the desk."""

    name = StringField(_("Your name"), [InputRequired(_("Type the name that you have here.")), Length(max=200)])
    passphrase = PasswordField(_("Passphrase"), [InputRequired(_("Type your passphrase.")), Length(max=1000)])
    password = StringField(
        _("One-time password"),
        [Optional(), Length(max=100)],
        description=_("Only if you use an app for it. A recovery code does as well."),
    )
    language = SelectField(_("Language"), choices=lambda: list(languages().items()), default="en")

    remember = BooleanField(_("Remember this browser after I sign out"))

    def typed(self) -> tuple[str, str, str]:
        """Name, passphrase, one-time password."""
        return self.name.data, self.passphrase.data, self.password.data or ""


class PassphraseForm(FlaskForm):
    """A new passphrase, typed twice."""

    passphrase = PasswordField(_("Passphrase"), [InputRequired(_("Choose a passphrase.")), Length(max=1000)])
    again = PasswordField(_("The same again"), [InputRequired(_("Type the passphrase again.")), Length(max=1000)])


def skip_for_one(form: FlaskForm, field: Any) -> None:
    """A statement by one person has no K to give."""
    if form.single.data:
        field.errors = []
        raise StopValidation


class RulesForm(FlaskForm):
    """What the organizers choose besides the words."""

    rolls = TextAreaField(
        _("Who may sign"),
        description=_(
            "One group on each line, verified and counted apart, for example “Current workers” and “Former workers”. "
            "Leave it as it is for one. Fixed once the letter is open."
        ),
    )
    single = BooleanField(_("This is a statement by one verified person, not a letter by many"))
    k = IntegerField(
        _("Smallest group (K)"),
        [
            skip_for_one,
            InputRequired(_("Give a number from 3 to 50.")),
            NumberRange(3, 50, _("Give a number from 3 to 50.")),
        ],
        description=_(
            "Signatures are counted only when at least one and a half times so many wait together. "
            "Fixed once the letter is open."
        ),
    )
    timing = RadioField(
        _("When codes are exchanged and signatures given"),
        choices=lambda: [
            ("together", _("Together: at any time, in one sitting")),
            ("apart", _("Apart: first all codes, then, after a pause, all signatures")),
        ],
        default="together",
    )
    issuing_days = IntegerField(
        _("Apart: days for exchanging codes"),
        [Optional(), NumberRange(1, 365, _("Give a number from 1 to 365."))],
        default=7,
    )
    pause_hours = IntegerField(
        _("Apart: hours of pause before signing opens"),
        [Optional(), NumberRange(1, 720, _("Give a number from 1 to 720."))],
        default=24,
    )
    goal = IntegerField(
        _("Goal"),
        [Optional(), NumberRange(1, 10**7, _("Give a number from 1 to 10,000,000."))],
        description=_("Shown on the page as something to reach; leave it empty for none."),
    )
    threshold = IntegerField(
        _("Publish only from"),
        [Optional(), NumberRange(1, 10**7, _("Give a number from 1 to 10,000,000."))],
        description=_("Nothing is public before so many have signed; leave it empty for none."),
    )
    contact = StringField(
        _("Contact for journalists"),
        description=_(
            "Public, on the press page alone, for example a mail address that you use for nothing else. "
            "Leave it empty for none."
        ),
    )


class CodesForm(FlaskForm):
    """How many codes."""

    roll = SelectField(_("For whom"), validate_choice=False)
    count = IntegerField(
        _("How many"),
        [InputRequired(_("Give a number.")), NumberRange(1, 10_000, _("Make from 1 to 10,000 codes at a time."))],
        default=20,
    )


class SheetForm(FlaskForm):
    """Codes to be printed, and how."""

    codes = TextAreaField()
    round = IntegerField()
    paper = StringField()
    neutral = BooleanField()


class StepForm(FlaskForm):
    """A step that needs nothing but a button, and for some a reason."""

    reason = StringField(_("Reason (public)"), [Optional(), Length(max=300)])
    now = BooleanField(_("Close now"))
    destroy = BooleanField(_("Destroy the keys at once"))


class RoundForm(FlaskForm):
    """What to do with a round."""

    roll = SelectField(_("For whom"), validate_choice=False)
    reason = StringField(_("Reason (public)"), [Optional(), Length(max=300)])
