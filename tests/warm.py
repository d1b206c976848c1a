"""What a process that runs tests need not do again for each of them: compile routes, try RSA, and open engines."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from werkzeug.routing import Rule

from petition import database
from petition.crypto import blind_rsa

MEMORY = Path("/dev/shm")
"""What is stored here is as good as on a disk, and every signature is a full sync."""


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """A folder in memory where there is one for that, or else below the folder for temporary files."""
    made = Path(tempfile.mkdtemp(prefix="petition-tests-", dir=MEMORY if MEMORY.is_dir() else None))
    yield made
    shutil.rmtree(made, ignore_errors=True)


def compile_routes_once(patched: pytest.MonkeyPatch) -> None:
    """The framework compiles two functions for each of a site's 140 routes: 0.1 s for every site that a test makes."""
    known: dict[Any, Any] = {}
    really = Rule._compile_builder

    def compiled(rule: Rule, append_unknown: bool = True) -> Any:
        key = rule.rule, rule.subdomain, str(rule.defaults), append_unknown
        if key not in known:
            known[key] = really(rule, append_unknown)
        return known[key]

    patched.setattr(Rule, "_compile_builder", compiled)


def try_rsa_once(patched: pytest.MonkeyPatch) -> None:
    """Every application tries the RSA libraries of its machine when it starts, which takes a third of its start."""
    patched.setattr(blind_rsa, "self_test", cache(blind_rsa.self_test))


def keep_engines(patched: pytest.MonkeyPatch, is_kept: Callable[[str], bool]) -> None:
    """Statements are compiled once an engine. At an address where one site follows another, its engine stays."""
    known: dict[str, Engine] = {}
    really = database.engine_for

    def kept(url: str, *, waits: bool = False) -> Engine:
        if not is_kept(url):
            return really(url, waits=waits)
        if url not in known:
            known[url] = really(url, waits=waits)
        return known[url].execution_options()  # a copy: what a test listens to ends with it

    patched.setattr(database, "engine_for", kept)
