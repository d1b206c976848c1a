"""The mail server, and letters whose codes go by email."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from sqlalchemy import func, select

from petition.config import Settings
from petition.database import to_hour
from petition.issuing.email_codes import SURELY_OVER
from petition.issuing.message import sender_of
from petition.issuing.models import Outbox
from petition.issuing.rounds import numbers
from petition.issuing.transports import MailServer, ServerUnavailable, transport_for
from petition.letters.access import hosted_letters
from petition.letters.states import BY_EMAIL, SIGNABLE
from petition.operations.doctor.findings import NOTE, OK, WRONG, Finding
from petition.operations.doctor.reasons import why_away
from petition.operations.doctor.view import View


def check_mail(settings: Settings) -> Iterator[Finding]:
    """Whether email can go out."""
    if settings.mail is None:
        yield Finding("mail", OK, "No mail server is set: codes are handed out on paper only.")
        return
    sender = sender_of(settings)
    if "." not in sender.host or "@" not in sender.address:
        what = f"PETITION_MAIL_FROM is {settings.mail_from}: most mail servers refuse such a sender."
        yield Finding("mail", WRONG, what, "Set it to an address of your domain, for example noreply@example.org")
    transport = transport_for(settings.mail, sender)
    if isinstance(transport, MailServer):
        yield from _mail_server(transport, urlsplit(settings.mail).hostname or "")
    else:
        what = "Mail goes into a folder and reaches nobody, which is for trying."
        yield Finding("mail", NOTE, what, "Set PETITION_MAIL to a mail server, for example smtp://localhost:25")


def _mail_server(server: MailServer, host: str) -> Iterator[Finding]:
    """Whether the mail server at a host greets us and lets us in, as it must before it accepts an email."""
    try:
        found = server.check()
    except ServerUnavailable as away:
        why = why_away(away.__cause__, host)
        what = f"The mail server at {server.place} cannot be used: {why}. No codes go out by mail."
        mend = (
            "Is it running, and are the host, the port, the name and the password in PETITION_MAIL right? Is the port "
            "open on the way (many hosts close 25: try 587 or 465)? Elsewhere than here it must have a valid "
            "certificate."
        )
        yield Finding("mail", WRONG, what, mend)
        return
    yield Finding("mail", OK, f"The mail server at {server.place} answers and lets us in.")
    if "encrypted" not in found and not server.is_here:
        what = f"Email goes to {server.place} unencrypted. Someone who watches the line sees who asks for a code."
        yield Finding("mail", WRONG, what, "Use smtps://, or a server that offers STARTTLS.")
    if "international" not in found:
        what = "The email server takes no addresses with letters beyond a to z before the @ (SMTPUTF8)."
        yield Finding("mail", NOTE, what, "No one with such an address gets a code. Most employers have none.")


def check_letters_by_mail(view: View) -> Iterator[Finding]:
    """Whether a mailer runs for letters whose codes go out by email."""
    late = Outbox.hour <= to_hour(view.now) - SURELY_OVER
    if view.issuer.scalar(select(func.count()).select_from(Outbox).where(late)):
        what = "Email has waited for more than an hour, though it should be gone by then. Nothing is sending it."
        mend = "Start petition run. If other programs serve the pages, start petition seal --watch beside them."
        yield Finding("mail", WRONG, what, mend)
    for letter in hosted_letters(view.session):
        is_issuing = any(row.issued is None for row in numbers(view.issuer, letter.id))
        if view.settings.mail is None and BY_EMAIL in letter.routes and letter.state in SIGNABLE and is_issuing:
            what = f"{letter.slug}: its codes go out by email, but PETITION_MAIL is not set."
            yield Finding("mail", WRONG, what, "Set PETITION_MAIL again, for example smtp://localhost:25")
