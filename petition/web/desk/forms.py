"""Forms that several organizers' pages share: signing in, and a password that is chosen by typing it twice."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, SelectField, StringField
from wtforms.validators import EqualTo, InputRequired, Length, Optional

from petition.i18n import desk_languages

_ = str
A_PASSWORD = [InputRequired(_("Enter your password.")), Length(max=1000)]
THE_SAME = [
    InputRequired(_("The two passwords differ.")),
    EqualTo("passphrase", _("The two passwords differ.")),
]


class SignInForm(FlaskForm):
    """Name and passphrase, and what only some need."""

    name = StringField(_("Your name"), [InputRequired(_("Enter your name.")), Length(max=200)])
    passphrase = PasswordField(_("Password"), A_PASSWORD)
    password = StringField(
        _("Code from your authenticator app"),
        [Optional(), Length(max=100)],
        description=_("A recovery code works too."),
    )
    language = SelectField(_("Language"), choices=lambda: list(desk_languages().items()), default="en")

    remember = BooleanField(_("Remember this browser after I sign out"))

    def typed(self) -> tuple[str, str, str]:
        """Name, passphrase, one-time password."""
        return self.name.data, self.passphrase.data, self.password.data or ""


class PassphraseForm(FlaskForm):
    """A new passphrase, typed twice."""

    passphrase = PasswordField(_("Password"), A_PASSWORD)
    again = PasswordField(_("Password again"), THE_SAME)


class NewcomerForm(PassphraseForm):
    """A newcomer chooses a name and a passphrase."""

    name = StringField(
        _("Your name"),
        [InputRequired(_("Choose a name."))],
        description=_("Your co-organizers see it. It doesn't have to be your real name."),
    )


class ProofForm(FlaskForm):
    """What a borrowed browser must not do asks for the passphrase."""

    present = PasswordField(_("Your password"), A_PASSWORD)
