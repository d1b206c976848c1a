"""Tests use the program as others do: they read, patch and import no private name of it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough
ROOT = Path(__file__).parents[1]
RELEASES = ROOT / "tests" / "data"
"""Made once with the program as it was then."""
FILES = [
    path
    for folder in ("tests", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if RELEASES not in path.parents
]


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name != "_"


def names_made_in(tree: ast.AST) -> Iterator[str]:
    """Functions, classes, variables and attributes to which a module gives a private name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


@pytest.fixture(scope="module")
def private() -> set[str]:
    files = (ROOT / "petition").rglob("*.py")
    return {name for path in files for name in names_made_in(ast.parse(path.read_text())) if is_private(name)}


def names_used_in(tree: ast.AST) -> Iterator[str]:
    """Names taken from a module or an object other than ``self``, also as a string of ``setattr`` and its like."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("petition"):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.Attribute) and not is_own(node.value):
            yield node.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            if called in ("setattr", "getattr", "delattr"):
                yield from (
                    part
                    for one in node.args
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                    for part in one.value.split(".")
                )


def is_own(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) and value.id in ("self", "cls")


def test_no_test_uses_a_private_name_of_the_program(private: set[str]) -> None:
    texts = {str(path.relative_to(ROOT)): path.read_text() for path in FILES}
    perhaps = {name: text for name, text in texts.items() if not private.isdisjoint(re.findall(r"\b_\w+", text))}
    used = {name: private.intersection(names_used_in(ast.parse(text))) for name, text in perhaps.items()}

    assert {name: found for name, found in used.items() if found} == {}


def test_the_search_finds_each_way_to_use_one() -> None:
    ways = """
from petition.letters import _hidden
accounts._hasher.hash("x")
campaign.cache._seconds = float
monkeypatch.setattr(accounts, "_matches", print)
monkeypatch.setattr("petition.jobs._clock", print)
self._own = self.own._else
"""

    found = {name for name in names_used_in(ast.parse(ways)) if is_private(name)}

    assert found == {"_hidden", "_hasher", "_seconds", "_matches", "_clock", "_else"}
