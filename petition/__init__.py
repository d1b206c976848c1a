"""Petition: open letters signed by verified colleagues whom no one can trace. ``create_app`` makes the application."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from petition.config import Settings

__version__ = "0.2.0"


def create_app(
    settings: "Settings | None" = None,
    clock: Callable[[], datetime] | None = None,
    seconds: Callable[[], float] = time.monotonic,
) -> "Flask":
    """The web application, as WSGI. Refuses to start if the machine's RSA libraries don't agree, or if the keys of the
    databases are missing. ``seconds`` is the clock by which cached pages grow old."""
    from flask import Flask
    from werkzeug.middleware.proxy_fix import ProxyFix

    from petition import config
    from petition.crypto.blind_rsa import self_test
    from petition.crypto.boxes import derive
    from petition.issuing.secrets import RoundSecrets
    from petition.issuing.tokens import Keys
    from petition.operations.readiness import Readiness
    from petition.operations.startup import open_site
    from petition.publishing.cache import PublicCache
    from petition.publishing.templates import HostFacts
    from petition.web.app import add_web
    from petition.web.shared.context import Site, utc_now
    from petition.web.shared.onion import OnionLocation

    self_test()
    settings = settings or config.settings()
    databases, master = open_site(settings)
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.config.update(
        SECRET_KEY=derive(master, "petition-cookie-v1"),
        SESSION_COOKIE_NAME="organizer",
        SESSION_COOKIE_PATH="/organize",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=settings.secure,
        WTF_CSRF_TIME_LIMIT=None,
        TRAP_HTTP_EXCEPTIONS=False,
    )
    app.extensions["petition"] = Site(settings, databases, master, clock or utc_now)
    app.extensions["petition.readiness"] = Readiness(settings, databases, master, clock or utc_now)
    app.extensions["petition.keys"] = Keys(RoundSecrets(settings.rounds_folder, master))
    host = HostFacts(settings.host_name, settings.contact, settings.start, settings.is_replicated)
    cache = PublicCache(databases.reading, settings.url, settings.public_folder, seconds, host)
    add_web(app, cache, settings.url)
    if settings.limits_url:
        from petition.counting_server import connected
        from petition.web.shared.limits import count_together
        from petition.web.shared.shared_counts import Store

        count_together(Store(connected(settings.limits_url), settings.data), master)
    if settings.onion:
        app.wsgi_app = OnionLocation(app.wsgi_app, settings.onion)  # type: ignore[method-assign]
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    return app
