"""One constant name, one meaning: what another module imports has a name that stands for nothing else."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALONE = ROOT / "petition" / "client.py"
"""Holds copies of its own, because it is one file that imports nothing of ours."""


def constants(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Names in capitals that a module gives to values, each with the source of its value."""
    for part in module.body:
        if isinstance(part, ast.Assign | ast.AnnAssign) and part.value:
            for target in part.targets if isinstance(part, ast.Assign) else [part.target]:
                yield from pairs(target, part.value)


def pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, str]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, its in zip(target.elts, value.elts, strict=True):
            yield from pairs(one, its)
    elif isinstance(target, ast.Name) and target.id.isupper():
        yield target.id, ast.unparse(value)


def imported(module: ast.Module) -> set[str]:
    return {one.name for part in ast.walk(module) if isinstance(part, ast.ImportFrom) for one in part.names}


@pytest.mark.thorough
def test_a_constant_that_is_imported_shares_its_name_with_no_other_value() -> None:
    modules = [ast.parse(path.read_text()) for path in (ROOT / "petition").rglob("*.py") if path != ALONE]
    values = defaultdict(set)
    for module in modules:
        for name, value in constants(module):
            values[name].add(value)
    shared = set().union(*map(imported, modules)) & set(values)

    assert len(shared) > 200
    assert {name: values[name] for name in shared if len(values[name]) > 1} == {}
