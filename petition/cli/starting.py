"""What ``petition run`` does before and after its children start: it checks, waits, and says when the site answers."""

import os
import socket
import time
from collections.abc import Callable

from sqlalchemy.exc import OperationalError

from petition.cli.context import refuse, say
from petition.config import Settings
from petition.operations.local_server import status_of
from petition.operations.startup import open_databases, open_secret, require_secrets, require_tables

ASK_SECONDS = 2.0
LONGEST_PAUSE = 10.0


def require_free_port(host: str, port: int, setting: str = "--port ") -> None:
    """Refuse a port that another program listens on; ``setting``, with a port behind it, chooses another one.

    The server itself would not notice: Linux lets several programs share a port that all of them ask to share.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        refuse(
            f"Port {port} of {host} can't be used ({error.strerror}). Choose another one: {setting}{port % 65535 + 1}"
        )


def wait_for_databases(settings: Settings) -> None:
    """Open the site and look whether all fits; a database on another machine that is away is waited for."""
    pause, is_told = 0.5, False
    while True:
        try:
            databases = open_databases(settings, upgrades=True, tell=say)
        except OperationalError as error:
            said = str(error.orig).strip().partition("\n")[0]
            if settings.database_url.startswith("sqlite") and settings.issuer_database_url.startswith("sqlite"):
                refuse(f"PETITION_DATABASE_URL, PETITION_ISSUER_DATABASE_URL: a database can't be opened ({said}).")
            if not is_told:
                say(f"A database does not answer yet; waiting for it. It says: {said}")
            is_told = True
            time.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)
            continue
        try:
            require_tables(databases)
            require_secrets(settings, databases, open_secret(settings, databases))
        finally:
            databases.dispose()
        return


class Announcement:
    """Tells once that the site serves, when its address answers; asked five times a second, it must be quick."""

    def __init__(self, address: str | None, tell: Callable[[], object]) -> None:
        self._address = address
        self._tell = tell
        self._is_told = False

    def __call__(self) -> None:
        """Check, unless it was announced already."""
        if not self._is_told and (self._address is None or answers(self._address)):
            self._is_told = True
            self._tell()
            tell_service_manager("READY=1")


def answers(address: str) -> bool:
    """Whether a server answers at an address that it is well."""
    return status_of(address, ASK_SECONDS) == 200


def local_address(host: str, port: int) -> str:
    """Where this machine reaches a server that listens on an address, which may be all of them."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://{f'[{reached}]' if ':' in reached else reached}:{port}"


def tell_service_manager(state: str) -> None:
    """Tell systemd a state, if it started this program and asked (sd_notify(3))."""
    place = os.environ.get("NOTIFY_SOCKET")
    if place:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.sendto(state.encode(), place.replace("@", "\0", 1) if place.startswith("@") else place)
