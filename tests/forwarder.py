"""A port that leads to PostgreSQL as long as it is open: a database that goes away and comes back."""

import contextlib
import socket
import threading
from typing import Any

from sqlalchemy import make_url

NAMES = ("PETITION_DATABASE_URL", "PETITION_ISSUER_DATABASE_URL")


class Forwarder:
    """Used with ``with``, as often as wanted: the server is there inside, and away outside."""

    def __init__(self, environ: dict[str, str]) -> None:
        folder = make_url(environ[NAMES[0]]).query["host"]
        self._server = f"{folder}/.s.PGSQL.5432"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        self._open: set[socket.socket] = set()

    def __enter__(self) -> "Forwarder":
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                visitor, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                self._open |= {visitor, server}
                for pair in ((visitor, server), (server, visitor)):
                    threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        finally:
            for one in (source, target):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            self._open.discard(source)
            source.close()


def there(environ: dict[str, str], forwarder: Forwarder) -> dict[str, str]:
    """The environment of a site whose databases are reached through a forwarder."""
    urls = [make_url(environ[name]).set(host="127.0.0.1", port=forwarder.port, query={}) for name in NAMES]
    return {**environ, **{name: url.render_as_string(False) for name, url in zip(NAMES, urls, strict=True)}}
