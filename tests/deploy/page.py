"""The commands of docs/hosting.md, by the label of their block."""

import re

from tests.deploy.tools import ROOT

PAGE = (ROOT / "docs/hosting.md").read_text("utf-8")
BLOCK = re.compile(r"^```sh ?(?P<label>\S*)\n(?P<commands>.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(label: str) -> list[str]:
    """All commands of the blocks with a label, in the order of the page."""
    return [
        line for block in BLOCK.finditer(PAGE) if block["label"] == label for line in block["commands"].splitlines()
    ]


def labels() -> set[str]:
    """Every label that is used."""
    return {block["label"] for block in BLOCK.finditer(PAGE)}
