"""What people type, and what they mean by it: one table for every program that reads it."""

import json
from pathlib import Path

import pytest

TABLE = json.loads((Path(__file__).parent / "data" / "typed.json").read_text("utf-8"))


def cases(kind: str) -> pytest.MarkDecorator:
    """A test for each case of a kind, with what was typed and what was meant (None: refused)."""
    rows = TABLE[kind]
    found = [pytest.param(row["typed"], row["meant"], id=row["case"]) for row in rows]
    return pytest.mark.parametrize(("typed", "meant"), found)
