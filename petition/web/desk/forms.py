"""Forms that several organizers' pages share: signing in, and a password that is chosen by typing it twice."""

from flask_wtf import FlaskForm
from wtforms import BooleanField, PasswordField, SelectField, StringField
from wtforms.validators import EqualTo, InputRequired, Length, Optional

from petition.i18n import languages

_ = str


class SignInForm(FlaskForm):
    """Name and passphrase, and what only some need."""

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
    again = PasswordField(
        _("The same again"),
        [
            InputRequired(_("Type the passphrase again.")),
            EqualTo("passphrase", _("The two passphrases differ. Type the same twice.")),
        ],
    )


class ProofForm(FlaskForm):
    """What a borrowed browser must not do asks for the passphrase."""

    present = PasswordField(_("Your passphrase"), [InputRequired(_("Type your passphrase.")), Length(max=1000)])
