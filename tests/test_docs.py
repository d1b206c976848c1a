"""What the documents say exists: links, files, commands, tests, decisions, and numbers of the worked example."""

import ast
import io
import re
import shlex
import tokenize
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from petition.cli import main
from petition.cli.config import NAMES

ROOT = Path(__file__).parent.parent
GUIDES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
CURRENT = [path for path in GUIDES if path.name != "CHANGELOG.md"]
"""The changelog speaks of the past, when things had other names."""
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
MADE = frozenset({"petition/translations/petition.pot"})
"""Files that a command makes and no one commits."""
CLIENT = frozenset({"sign", "check", "change", "withdraw"})
"""Commands of the stand-alone client, which reads its options by itself."""

LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (?P<title>.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`|^ {4}(\S.*)$", re.MULTILINE)
FOLDERS = "petition|tests|templates|migrations|docs|benchmarks|deploy"
FILE = re.compile(rf"(?:{FOLDERS})/[\w./-]*")
PLACEHOLDER = re.compile(r"[A-Z]{2,}|…")
TEST = re.compile(r"`(?P<file>tests/[\w/]+\.py)::(?P<name>test_\w+)`")

PRIVATE = ["hatch", "wall", "porch", "rooms", "hallway", "shelf", "postman", "ladder", "takeovers?", "checkup", "unsay"]
UNNATURAL = [
    "whoever",
    "somebody",
    "anybody",
    "so many",
    "take away",
    "taken away",
    "put together",
    "stands in",
    "e-mail",
]


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchor(title: str) -> str:
    """How a heading is called in a link to it: small letters, digits, hyphens."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title).lower()
    return re.sub(r"[^\w\- ]", "", words).replace(" ", "-")


def anchors(path: Path) -> set[str]:
    return {anchor(found["title"]) for found in HEADING.finditer(FENCE.sub("", text_of(path)))}


def code_in(path: Path) -> Iterator[str]:
    """Every piece of code: between backticks, on indented lines, and on the lines of fenced blocks."""
    text = text_of(path)
    for block in FENCE.findall(text):
        yield from block.splitlines()[1:-1]
    for inline, indented in CODE.findall(FENCE.sub("", text)):
        yield inline or indented


def command_lines(path: Path, program: str) -> Iterator[list[str]]:
    """The arguments of each command that a document names, without its remarks."""
    for code in code_in(path):
        line = re.split(r"\s#|\s[|>]|;|&&|\\$", code.removeprefix("$ ").strip())[0]
        if line.startswith(f"{program} "):
            yield [word for word in shlex.split(line.replace("[", "").replace("]", ""))[1:] if word != "…"]


def unknown_in(words: list[str]) -> str | None:
    """What of a command line the program does not know: a command, an option, or one argument too many."""
    command: click.Command = main
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        if name not in command.commands:
            return name
        command = command.commands[name]
        if command.name in CLIENT:
            return unknown_to_client(name, rest)
    if isinstance(command, click.Group) and not rest:
        return None
    try:
        _, left, _ = command.make_parser(click.Context(command)).parse_args(rest)
    except click.BadOptionUsage:  # named without its value
        return None
    except click.UsageError as error:
        return error.format_message()
    return " ".join(left) or None


def unknown_to_client(name: str, words: list[str]) -> str | None:
    told = CliRunner().invoke(main, [name, "--help"]).output
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    return " ".join(sorted(option for option in options if not re.search(rf"{option}\b", told))) or None


@pytest.mark.parametrize("guide", GUIDES, ids=named)
def test_every_link_leads_to_a_file_and_a_heading(guide: Path) -> None:
    broken = []
    for found in LINK.finditer(FENCE.sub("", text_of(guide))):
        place, _, heading = found["target"].partition("#")
        if re.match(r"[a-z]+:", place):
            continue
        target = (guide.parent / place).resolve() if place else guide
        if not target.exists() or (heading and heading not in anchors(target)):
            broken.append(found["target"])

    assert broken == []


@pytest.mark.parametrize("guide", CURRENT, ids=named)
def test_every_path_that_is_named_exists(guide: Path) -> None:
    paths = {
        path.rstrip(".") for code in code_in(guide) for path in FILE.findall(code) if path_stands_alone(path, code)
    }
    missing = [path for path in paths - MADE if not PLACEHOLDER.search(path) and not (ROOT / path).exists()]

    assert sorted(missing) == []


def path_stands_alone(path: str, code: str) -> bool:
    """Whether it begins a word: not the tail of an address or of a path elsewhere on a machine."""
    return re.search(rf"(?:^|[\s(=\"']){re.escape(path)}", code) is not None


@pytest.mark.parametrize("guide", CURRENT, ids=named)
def test_every_command_that_is_named_exists_with_its_options(guide: Path) -> None:
    lines = command_lines(guide, "petition")

    assert [(words, unknown) for words in lines if (unknown := unknown_in(words))] == []


@pytest.mark.parametrize("guide", CURRENT, ids=named)
def test_every_make_target_that_is_named_exists(guide: Path) -> None:
    lines = command_lines(guide, "make")
    goals = {word for words in lines for word in words if re.fullmatch(r"[a-z-]+", word)}

    assert goals - TARGETS == set()


@pytest.mark.parametrize("guide", CURRENT, ids=named)
def test_every_test_that_is_named_exists(guide: Path) -> None:
    missing = []
    for found in TEST.finditer(text_of(guide)):
        file = ROOT / found["file"]
        if not file.exists() or f"def {found['name']}(" not in text_of(file):
            missing.append(found[0])

    assert missing == []


def test_every_promise_and_every_attack_of_the_threat_model_has_its_test() -> None:
    text = text_of(ROOT / "docs" / "threat-model.md")
    promised = text.partition("\n## What is promised")[2].partition("\n## What is not promised")[0]
    rows = [
        line
        for line in promised.splitlines()
        if line.startswith("| ") and not re.match(r"\| (---|promise|attack)", line)
    ]

    assert len(rows) > 60
    assert [row for row in rows if not TEST.search(row.rpartition(" | ")[2])] == []


@pytest.mark.parametrize("guide", CURRENT, ids=named)
def test_documents_speak_plainly_and_without_private_words(guide: Path) -> None:
    prose = FENCE.sub("", text_of(guide)).lower()

    assert [word for word in (*PRIVATE, *UNNATURAL) if re.search(rf"\b{word}\b", prose)] == []


@pytest.mark.parametrize("record", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_four_parts_in_order(record: Path) -> None:
    first, *parts = HEADING.findall(FENCE.sub("", text_of(record)))

    assert first.startswith(f"{int(record.name[:4])}. ")
    assert parts == ["Status", "Context", "Decision", "Consequences"]


def test_decisions_are_numbered_without_gaps_and_stand_in_the_index() -> None:
    index = text_of(ROOT / "docs" / "decisions" / "README.md")
    rows = re.findall(r"^\| (\d+) \| \[(.+)\]\((.+)\) \| (.+) \|$", index, re.MULTILINE)

    assert [row[0] for row in rows] == [str(number) for number in range(1, len(DECISIONS) + 1)]
    assert rows == [row_of(record) for record in DECISIONS]


def row_of(record: Path) -> tuple[str, str, str, str]:
    text = text_of(record)
    number, title = HEADING.findall(text)[0].split(". ", 1)
    status = text.partition("## Status\n")[2].strip().splitlines()[0]
    return number, title, record.name, status


def test_the_protocol_keeps_its_section_numbers() -> None:
    titles = re.findall(r"^## (\d+)\. ", text_of(ROOT / "docs" / "protocol.md"), re.MULTILINE)

    assert titles == [str(number) for number in range(1, 12)]


def test_the_worked_example_has_the_numbers_of_the_vectors() -> None:
    example = text_of(ROOT / "docs" / "protocol.md").partition("\n## Appendix A")[2].partition("\n### A whole log")[0]
    vectors = text_of(ROOT / "tests" / "data" / "petition.json")
    numbers = re.findall(r"\b[0-9a-f]{20,}\b|\b[\w+/-]{43,}\b|\b(?:[0-9A-Z]{4}-){3,}[0-9A-Z*-]+", example)

    assert len(numbers) > 20
    assert [number for number in numbers if number not in vectors] == []


def test_the_page_for_hosts_explains_every_setting() -> None:
    page = text_of(ROOT / "docs" / "hosting.md")

    assert [name for name in NAMES if f"| `{name}` |" not in page] == []


def remarks_in(source: str) -> Iterator[str]:
    """Docstrings and comments of a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


@pytest.mark.thorough
def test_docstrings_comments_and_test_names_speak_plainly_too() -> None:
    words = re.compile(rf"\b(?:{'|'.join([*PRIVATE, *UNNATURAL])})\b", re.IGNORECASE)
    found = [
        f"{named(path)}: {remark}"
        for folder in ("petition", "tests", "benchmarks")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if ROOT / "tests" / "data" not in path.parents
        if words.search(text_of(path).replace("_", " "))  # in all others there is nothing to look for
        for remark in [*remarks_in(text_of(path)), *re.findall(r"def (test_\w+)", text_of(path))]
        if words.search(remark.replace("_", " "))
    ]

    assert found == []
