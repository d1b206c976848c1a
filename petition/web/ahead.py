"""Makes what visitors will ask for before they ask, on a timer in each worker of the server.

If the first visitor after a change had to wait for it, the next one could tell from a quick answer that someone else
had come.
"""

import threading

from flask import Flask

from petition.i18n import languages
from petition.logs import log_error
from petition.publishing.templates import environment

SECONDS, SECONDS_AFTER_ERROR = 0.5, 30.0
"""Between two looks: less than the second after which a visitor's request would look."""


def keep_ready(app: Flask) -> threading.Thread:
    """Start the thread that does it; it ends with the process."""
    thread = threading.Thread(target=_run, args=(app, threading.Event()), name="ahead", daemon=True)
    thread.start()
    return thread


def prepare(app: Flask) -> None:
    """Make what people who sign ask for, and then public files, which take longer."""
    cache, moment = app.extensions["petition.cache"], app.extensions["petition"].clock()
    cache.prepare_records(moment)
    app.extensions["petition.kept_answers"].prepare(moment)
    cache.prepare_files()


def _run(app: Flask, end: threading.Event) -> None:
    load_templates()
    seconds = SECONDS
    while not end.wait(seconds):
        seconds = SECONDS
        try:
            prepare(app)
        except Exception as error:  # the database may be away, the disk full: visitors are answered anyway
            log_error("pages could not be made ahead", error)
            seconds = SECONDS_AFTER_ERROR


def load_templates() -> None:
    """Every template in every language: compiling one takes a tenth of a second."""
    for language in languages():
        made = environment(language)
        for name in made.list_templates(extensions=["html"]):
            made.get_template(name)
