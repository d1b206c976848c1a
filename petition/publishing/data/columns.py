"""What each column and member of the public files means. The files are written from these lists and explained by them.

The sentences are English message ids; pages say them in their language.
"""

from dataclasses import dataclass

_ = str
"""Marks a sentence for translators."""


@dataclass(frozen=True)
class Column:
    """A column of a table or a member of an object (its path), and what it means."""

    name: str
    about: str


def names_of(columns: tuple[Column, ...]) -> tuple[str, ...]:
    """The names alone, as a table's first line has them."""
    return tuple(column.name for column in columns)


COUNTS = (
    Column("letter", _("The letter's title.")),
    Column("as_of", _("The hour (UTC) of the update.")),
    Column(
        "field",
        _("What the row counts: total, roll (a signer group), or a question."),
    ),
    Column("option", _("Which signer group or answer; empty for the total.")),
    Column(
        "count",
        _(
            "Verified workers. Exact for total and roll; for a question, rounded down and never under the minimum "
            "group size."
        ),
    ),
)
HISTORY = (
    Column("sealed_at", _("The hour (UTC) of the update.")),
    Column("signatures", _("Signatures in the public record, without canceled sets of codes.")),
    Column("withdrawals", _("How many of them were removed.")),
    Column("count", _("Verified workers: signatures that were not removed, without canceled sets of codes.")),
    Column("size", _("How many lines the public record had after it.")),
)
NAMES = (
    Column("name", _("A name as its signer typed it. No one checked it.")),
    Column("title", _("The signer's job title, if they gave one.")),
)
GROUPS = (
    Column("as_of", _("The hour (UTC) of the update.")),
    Column("field", _("A question to signers.")),
    Column("option", _("An answer. Rare ones count as “not stated.”")),
    Column("count", _("How many people gave it, rounded down.")),
    Column("rounded_down_to", _("Counts are rounded down to multiples of this.")),
    Column("smallest_shown", _("The minimum group size.")),
)
COUNTS_JSON = (
    Column("letter.title", COUNTS[0].about),
    Column("letter.url", _("The letter's address.")),
    Column("letter.recipient", _("The recipient.")),
    Column("letter.employer", _("The employer.")),
    Column("letter.text_sha256", _("SHA-256 of letter.md, the signed text.")),
    Column("letter.published", _("The day the letter went public.")),
    Column("count", _("Verified workers: signatures that were not removed, without canceled sets of codes.")),
    Column("as_of", COUNTS[1].about),
    Column("signatures", _("Signatures in the public record, without canceled sets of codes.")),
    Column("withdrawals", _("How many of them were removed.")),
    Column("rolls", _("Each signer group: its id, name and count.")),
    Column("names_shown", _("How many of them show a name.")),
    Column("threshold", _("The organizers' minimum for publishing; null for none.")),
    Column("closes", _("The hour of closing (UTC), announced or planned; null if there is none.")),
    Column("state", _("open, published or closed.")),
    Column(
        "groups",
        _("Each question with its answers and their rounded counts, the step of rounding, and the minimum group size."),
    ),
    Column("verification.routes", _("How signers got their codes: code (from a coworker), mail (by work email).")),
    Column("verification.codes_made", _("How many signing codes were made.")),
    Column(
        "verification.issued",
        _(
            "How many codes were used; null until no set of codes can be used anymore. A set used less than the "
            "minimum group size counts as zero."
        ),
    ),
    Column(
        "verification.log",
        _("The public record: how many lines it has (size), its root hash, and the address of its newest checkpoint."),
    ),
)
