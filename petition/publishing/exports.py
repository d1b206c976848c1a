"""The figures as files: counts, history, the letter's text. An export is a list of fields that somebody chose."""

import csv
import io
import json
from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import Any

from petition.crypto.encodings import hour
from petition.publishing.counts import Figures
from petition.publishing.groups import OTHERS, GroupTable
from petition.publishing.names import COLUMNS
from petition.sealing.tables import STEP

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
HISTORY_COLUMNS = ("sealed_at", "signatures", "withdrawals", "count")
COUNTS_COLUMNS = ("letter", "as_of", "field", "option", "count")


def counts(found: Figures) -> dict[str, Any]:
    """The members of ``counts.json``, in their order."""
    return {
        "letter": {
            "title": found.words.title,
            "url": found.url,
            "recipient": found.words.recipient,
            "employer": found.words.employer,
            "text_sha256": found.text_sha256,
            "published": found.published.date().isoformat() if found.published else None,
        },
        "count": found.count,
        "as_of": hour(found.as_of),
        "signatures": found.signatures,
        "withdrawals": found.withdrawals,
        "rolls": [{"roll": roll.name, "count": roll.count} for roll in found.rolls],
        "names_shown": found.names_shown,
        "threshold": found.threshold,
        "closes": hour(closes) if (closes := found.closes or found.ends) else None,
        "state": found.state,
        "groups": [_group(table, found.k) for table in found.groups],
        "verification": {
            "routes": list(found.routes),
            "codes_made": found.codes_made,
            "issued": found.issued,
            "log": {
                "size": found.log_size,
                "root": found.log_root.hex(),
                "checkpoint": f"{found.url}log/checkpoint",
            },
        },
    }


def _group(table: GroupTable, k: int) -> dict[str, Any]:
    """A field's table, in the order of its options; the last of them is everybody else."""
    shown = [{"option": group.label, "count": group.count} for group in table.groups]
    others = {"option": OTHERS, "count": table.others}
    return {"field": table.label, "rounded_down_to": STEP, "smallest_shown": k, "options": [*shown, others]}


def counts_json(found: Figures) -> bytes:
    """``counts.json``: UTF-8, indented for readers, a line feed at the end."""
    return (json.dumps(counts(found), ensure_ascii=False, indent=1) + "\n").encode()


def counts_csv(found: Figures) -> bytes:
    """``counts.csv``: the total first."""
    rows = [(found.words.title, hour(found.as_of), "total", "", found.count)]
    rows += [(found.words.title, hour(found.as_of), "roll", roll.name, roll.count) for roll in found.rolls]
    for field in found.groups:
        cells = [*((group.label, group.count) for group in field.groups), (OTHERS, field.others)]
        rows += [(found.words.title, hour(field.as_of), field.label, *cell) for cell in cells]
    return table(COUNTS_COLUMNS, rows)


def history_csv(found: Figures) -> bytes:
    """``history.csv``: a row for each hour whose sealing changed a number."""
    return table(
        HISTORY_COLUMNS, ((hour(row.hour), row.signatures, row.withdrawals, row.count) for row in found.history)
    )


def names_csv(found: Figures) -> bytes:
    """``names.csv``: the names that are shown, from A to Z in the letter's language, and no others."""
    return table(COLUMNS, ((one.name, one.title) for one in found.naming.in_order(found.words.language)))


def table(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> bytes:
    """RFC 4180 in UTF-8, lines ending CRLF; cells that a spreadsheet would run as a formula are defused."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([defused(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def defused(cell: Any) -> Any:
    """A text that starts like a formula gets an apostrophe in front; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_STARTS) else cell


def summary_md(found: Figures) -> bytes:
    """The count in a few lines of Markdown, for a mail or a note to an editor."""
    lines = [
        f"# {found.words.title}",
        "",
        f"**{found.count} verified workers** have signed this open letter to {found.words.recipient}, "
        f"{found.words.employer} (as of {hour(found.as_of)}).",
        "",
        *(f"- {roll.name}: {roll.count}" for roll in found.rolls),
        f"- Signatures {found.signatures}, withdrawn {found.withdrawals}",
        f"- Text (SHA-256): `{found.text_sha256}`",
        f"- Log: {found.log_size} entries, root `{b64encode(found.log_root).decode()}`",
        f"- Read it and check it: {found.url}",
    ]
    return ("\n".join(lines) + "\n").encode()


def summary_txt(found: Figures) -> bytes:
    """The same without markup."""
    plain = summary_md(found).decode().replace("**", "").replace("`", "").removeprefix("# ")
    return plain.encode()


FORMATS: dict[str, Callable[[Figures], bytes]] = {
    "csv": counts_csv,
    "json": counts_json,
    "md": summary_md,
    "txt": summary_txt,
}
"""What ``petition export`` writes, by format."""
