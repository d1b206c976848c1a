"""Benchmarks stand on tests, and are run by hand: each is at least loaded here, so that none is left behind."""

from importlib import import_module
from pathlib import Path

import pytest

import benchmarks

NAMES = sorted(path.stem for path in Path(benchmarks.__path__[0]).glob("*.py") if not path.stem.startswith("__"))


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_finds_all_that_it_stands_on(name: str) -> None:
    import_module(f"benchmarks.{name}")
