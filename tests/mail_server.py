"""A real mail server for tests (aiosmtpd), which takes mail, refuses it, is slow, or breaks off."""

import asyncio
import email
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.ports import free_port


@dataclass
class Inbox:
    """What has arrived, and how the server behaves; what it does may be changed while it runs."""

    raw: list[bytes] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    options: list[list[str]] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    recipient: str = ""
    """An answer to RCPT instead of yes."""
    data: str = ""
    """An answer to a whole mail instead of yes."""
    cuts_after_data: int = 0
    """How many more times the server accepts an email and cuts the connection before it says so."""
    waits: float = 0.0
    """Seconds before it answers to an email."""
    knows_dsn: bool = False
    """Whether it offers delivery status notifications (RFC 3461)."""
    host: str = "127.0.0.1"
    port: int = 0

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:1], *(["250-DSN"] if self.knows_dsn else []), *responses[1:]]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.recipient:
            return self.recipient
        envelope.rcpt_tos.append(address)
        self.options.append(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.waits)
        if self.data:
            return self.data
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        self.to += envelope.rcpt_tos
        self.hosts.append(str(session.host_name))
        if self.cuts_after_data:
            self.cuts_after_data -= 1
            server.transport.abort()
        return "250 OK"

    @property
    def mails(self) -> list[EmailMessage]:
        return [email.message_from_bytes(raw, policy=SMTPUTF8) for raw in self.raw]  # type: ignore[misc]

    @property
    def address(self) -> str:
        return f"smtp://{self.host}:{self.port}"

    def codes(self) -> list[str]:
        """The codes in the emails that have arrived."""
        return [code_in(mail) for mail in self.mails]


def code_in(mail: EmailMessage) -> str:
    """The code in an email."""
    body = mail.get_content()
    return next(line.strip() for line in body.splitlines() if line.startswith("    "))


class TakesOptions(SMTP):
    """Knows what NOTIFY means, if it says so."""

    def _getparams(self, params: list[str]) -> dict[str, str | bool] | None:
        known = ["NOTIFY=NEVER"] if self.event_handler.knows_dsn else []
        return super()._getparams([param for param in params if param not in known])


class Server(Controller):
    """The server in a thread of its own."""

    def factory(self) -> SMTP:
        return TakesOptions(self.handler, **self.SMTP_kwargs)


@contextmanager
def a_mail_server(inbox: Inbox | None = None, **how: Any) -> Iterator[Inbox]:
    """A server for as long as the block lasts; ``how`` are aiosmtpd's own settings."""
    inbox = inbox or Inbox()
    inbox.port = inbox.port or free_port()
    controller = Server(inbox, hostname=inbox.host, port=inbox.port, **{"enable_SMTPUTF8": False, **how})
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()


class OnlyAna:
    """Lets in ana with her password."""

    def __call__(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"ana", b"p@ss word"), handled=False)


def its_own_certificate(folder: Path) -> ssl.SSLContext:
    """A certificate that no one but the server itself vouches for."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    begins = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(begins).not_valid_after(begins + timedelta(days=9999))
    certificate = made.sign(key, hashes.SHA256())
    file, none = folder / "mail.pem", serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none)
    file.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
