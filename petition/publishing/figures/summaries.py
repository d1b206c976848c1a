"""The count in a few lines, for an email or a note to an editor: in Markdown and without markup."""

import re

from petition.publishing.figures.counts import Figures
from petition.publishing.figures.facts import evidence, facts, group_lines, headline, how_to_check, rounding

MARKDOWN_SIGNS = re.compile(r"([\\`*_\[\]<>|#~&])")
BEGINS_A_LIST = re.compile(r"^(\d*)([-+.)])(?=\s|$)")


def summary_md(found: Figures) -> bytes:
    """``summary.md``."""
    lines = [f"# {escaped(found.words.title)}", "", f"**{escaped(headline(found))}**", ""]
    lines += [f"- {escaped(fact.label)}: {escaped(fact.value)}" for fact in facts(found)]
    for group in found.groups:
        lines += ["", f"## {escaped(group.label)} ({escaped(rounding(found, group))})", ""]
        lines += [f"- {escaped(label)}: {count}" for label, count in group_lines(found, group)]
    lines += ["", *(escaped(sentence) for sentence in how_to_check(found)), ""]
    for fact in evidence(found):
        lines.append(
            f"- {escaped(fact.label)}: "
            + (
                f"`{fact.value}`"
                if fact.is_code
                else f"<{fact.value}>"
                if fact.value.startswith("http")
                else escaped(fact.value)
            )
        )
    return ("\n".join(lines) + "\n").encode()


def summary_txt(found: Figures) -> bytes:
    """``summary.txt``."""
    lines = [found.words.title, "", headline(found), ""]
    lines += [f"{fact.label}: {fact.value}" for fact in facts(found)]
    for group in found.groups:
        lines += ["", f"{group.label} ({rounding(found, group)})", ""]
        lines += [f"{label}: {count}" for label, count in group_lines(found, group)]
    lines += ["", *how_to_check(found), "", *(f"{fact.label}: {fact.value}" for fact in evidence(found))]
    return ("\n".join(lines) + "\n").encode()


def escaped(text: str) -> str:
    """Words that Markdown would take for markup, made plain."""
    return BEGINS_A_LIST.sub(r"\1\\\2", MARKDOWN_SIGNS.sub(r"\\\1", text))
