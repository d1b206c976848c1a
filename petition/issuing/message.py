"""The email that carries a code: plain, neutral, without the letter's title or address.

The people who run the employer's email system can read it. So it says that anyone can type any address, which is true.
"""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr

from petition.addresses import Address
from petition.config import Settings
from petition.crypto.codes import show
from petition.database import to_hour
from petition.i18n import fill

_ = str
SUBJECT = _("The code you asked for")
NOT_ASKED_FOR = _(
    "Someone entered this address at %(site)s to get a code. Anyone can enter any address there, so this email "
    "proves nothing."
)
WHERE_TO = _("Enter the code on the page that asked for it. It works once. Not you? Ignore this email.")


@dataclass(frozen=True)
class Sender:
    """The sender of emails: the settings' sender and subject, and the site's root address."""

    mail_from: str
    subject: str
    site: str

    @property
    def address(self) -> str:
        """The sender's bare address."""
        return parseaddr(self.mail_from)[1] or self.mail_from

    @property
    def host(self) -> str:
        """What the program calls itself to mail servers: the sender's domain, never this machine's own name."""
        return self.address.rpartition("@")[2] or "localhost"


def sender_of(settings: Settings) -> Sender:
    """The sender of a site's emails."""
    return Sender(settings.mail_from, settings.mail_subject, f"{settings.url or ''}/")


def compose(
    sender: Sender, to: Address, code: str, language: str, *, moment: datetime, random: Callable[[int], bytes]
) -> EmailMessage:
    """The email. Its date is the hour and its number is random: neither says more than that it was sent."""
    message = EmailMessage(policy=SMTPUTF8 if to.is_international else SMTP)
    message["From"] = sender.mail_from
    message["To"] = str(to)
    if str(message["To"]) != str(to):
        raise ValueError("a header reads this address as another one")
    message["Subject"] = fill(language, sender.subject, {})
    message["Date"] = format_datetime(to_hour(moment))
    message["Message-ID"] = f"<{random(16).hex()}@{sender.host}>"
    message["Auto-Submitted"] = "auto-generated"
    paragraphs = [
        textwrap.fill(fill(language, NOT_ASKED_FOR, {"site": sender.site}), 72, break_long_words=False),
        f"    {show(code)}",
        textwrap.fill(fill(language, WHERE_TO, {}), 72),
    ]
    message.set_content("\n\n".join(paragraphs) + "\n")
    return message
