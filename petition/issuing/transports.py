"""How email leaves: to a mail server (RFC 5321), or into a folder, to try it out."""

import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from email.message import EmailMessage
from pathlib import Path
from smtplib import (
    SMTP,
    SMTP_SSL,
    SMTPDataError,
    SMTPException,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPResponseException,
)
from socket import SHUT_RDWR
from typing import Protocol
from urllib.parse import unquote, urlsplit

from petition.config import LOOPBACK
from petition.issuing.message import Sender

SILENCE = 15.0
"""Seconds without an answer after which a mail server is left."""
PATIENCE = 60.0
"""Seconds for one email in all, even if the server answers drop by drop."""


class NotTaken(Exception):
    """An email was not handed over. Says what kind of thing happened, never whom it was for."""


class TemporaryFailure(NotTaken):
    """This email may be accepted another time."""


class PermanentFailure(NotTaken):
    """This email is refused for good."""


class ServerUnavailable(NotTaken):
    """The mail server cannot be used at this moment, for any email."""


Send = Callable[[EmailMessage], None]


class Transport(Protocol):
    """A way for mail to leave. ``line`` gives a function that hands over one email, or raises NotTaken."""

    def line(self) -> AbstractContextManager[Send]: ...


def transport_for(mail: str, sender: Sender) -> Transport:
    """The transport that a value of PETITION_MAIL names."""
    if mail.startswith("folder:"):
        return FolderTransport(Path(mail.removeprefix("folder:")).expanduser())
    return MailServer(mail, sender)


class FolderTransport:
    """Writes each email into a folder, as a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def line(self) -> Iterator[Send]:
        """Nothing to connect to."""
        yield self._write

    def _write(self, message: EmailMessage) -> None:
        name = message["Message-ID"].strip("<>").partition("@")[0]
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = self._folder / f".{name}"
            part.touch(mode=0o600)
            part.write_bytes(message.as_bytes())
            part.rename(self._folder / f"{name}.eml")
        except OSError as error:
            raise ServerUnavailable(type(error).__name__) from None


class MailServer:
    """A mail server that accepts email for any address: ``smtp://`` (encrypted if it offers that) or ``smtps://``."""

    def __init__(self, address: str, sender: Sender) -> None:
        parts = urlsplit(address)
        self._is_secure = parts.scheme == "smtps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (465 if self._is_secure else 25)
        self._login = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        self._sender = sender

    @property
    def place(self) -> str:
        """Host and port."""
        return f"{self._host}:{self._port}"

    @property
    def is_here(self) -> bool:
        """Whether it is on this machine, so that no one can watch the line."""
        return self._host in LOOPBACK

    @contextmanager
    def line(self) -> Iterator[Send]:
        """A connection, greeted and signed in; closed politely afterwards if it is still open."""
        try:
            server = self._connected()
        except (OSError, SMTPException) as error:
            raise ServerUnavailable(kind_of(error)) from None
        try:
            yield lambda message: self._hand_over(server, message)
        finally:
            with contextlib.suppress(OSError, SMTPException), _hanging_up(server, SILENCE):
                server.quit()
            server.close()

    def _connected(self) -> SMTP:
        name = self._sender.host
        if self._is_secure:
            server: SMTP = SMTP_SSL(
                self._host, self._port, local_hostname=name, timeout=SILENCE, context=self._certificates()
            )
        else:
            server = SMTP(self._host, self._port, local_hostname=name, timeout=SILENCE)
        try:
            with _hanging_up(server, PATIENCE):
                server.ehlo_or_helo_if_needed()
                if not self._is_secure and server.has_extn("starttls"):
                    server.starttls(context=self._certificates())
                    server.ehlo()
                if self._login is not None:
                    self._sign_in(server, *self._login)
        except BaseException:
            server.close()
            raise
        return server

    def _sign_in(self, server: SMTP, name: str, password: str) -> None:
        """Never sign in over a line that others can read, even if someone on the way shortened the server's answer."""
        if not (self.is_here or isinstance(server.sock, ssl.SSLSocket)):
            raise SMTPNotSupportedError("no encryption")
        server.login(name, password)

    def _certificates(self) -> ssl.SSLContext:
        """A server elsewhere must show a valid certificate; one on this machine may have made its own."""
        context = ssl.create_default_context()
        if self.is_here:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    def _hand_over(self, server: SMTP, message: EmailMessage) -> None:
        silent = ["NOTIFY=NEVER"] if server.has_extn("dsn") else []  # a bounce would bring the address back to us
        try:
            with _hanging_up(server, PATIENCE):
                server.send_message(message, self._sender.address, message["To"], rcpt_options=silent)
        except SMTPNotSupportedError:
            raise PermanentFailure("the server takes no addresses beyond ASCII") from None
        except SMTPRecipientsRefused as refused:
            (status, _), *_ = refused.recipients.values()
            raise (PermanentFailure if status >= 500 else TemporaryFailure)(f"answer {status}") from None
        except SMTPDataError as refused:
            raise (PermanentFailure if refused.smtp_code >= 500 else TemporaryFailure)(
                f"answer {refused.smtp_code}"
            ) from None
        except (OSError, SMTPException) as error:
            raise ServerUnavailable(kind_of(error)) from None

    def check(self) -> set[str]:
        """Connect, greet, encrypt and sign in as for an email, then hang up; returns which of ``encrypted`` and
        ``international`` hold. Raises ServerUnavailable from what went wrong."""
        try:
            server = self._connected()
        except (OSError, SMTPException) as error:
            raise ServerUnavailable(kind_of(error)) from error
        found = {"encrypted"} if isinstance(server.sock, ssl.SSLSocket) else set()
        found |= {"international"} if server.has_extn("smtputf8") else set()
        with contextlib.suppress(OSError, SMTPException), _hanging_up(server, SILENCE):
            server.quit()
        server.close()
        return found


def kind_of(error: Exception) -> str:
    """What went wrong with a server, without anything that either side sent."""
    if isinstance(error, SMTPResponseException):
        return f"{type(error).__name__}, answer {error.smtp_code}"
    return type(error).__name__


@contextmanager
def _hanging_up(server: SMTP, seconds: float) -> Iterator[None]:
    """Cut the connection of a server that drips its answers for longer than that."""

    def hang_up() -> None:
        if server.sock is not None:
            with contextlib.suppress(OSError):
                server.sock.shutdown(SHUT_RDWR)

    timer = threading.Timer(seconds, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
