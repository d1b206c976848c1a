"""Why a server does not answer, in words, without anything that it or this program sent."""

import socket
import ssl
from smtplib import SMTPAuthenticationError, SMTPResponseException, SMTPServerDisconnected

from sqlalchemy.exc import DBAPIError


def why_away(error: BaseException | None, host: str) -> str:
    """What went wrong on the way to a server at a host."""
    match error:
        case socket.gaierror():
            return f"the name {host} is unknown"
        case ConnectionRefusedError():
            return "nothing listens at this port"
        case TimeoutError():
            return "it does not answer in time"
        case ssl.SSLCertVerificationError():
            return f"its certificate is refused: {error.verify_message}"
        case ssl.SSLError():
            return "it does not encrypt as asked"
        case SMTPAuthenticationError():
            return f"it refuses the name or the password, answer {error.smtp_code}"
        case SMTPResponseException():
            return f"it refuses, answer {error.smtp_code}"
        case SMTPServerDisconnected() | ConnectionError():
            return "it hung up"
        case OSError(strerror=str(why)):
            return why
    return type(error).__name__


def why_refused(error: Exception) -> str:
    """What a database said, in its first line: further ones may quote a row."""
    said = str(error.orig).strip().partition("\n")[0] if isinstance(error, DBAPIError) else ""
    return said or type(error).__name__
