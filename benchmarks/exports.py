"""Writing a log and a history out: what a stream costs over plainly reading the rows, and the memory that it takes.

``python -m benchmarks.exports [SIZE]``: a log of SIZE entries (default a million) of the usual length, with as many
hours of history as fit, is exported in a process of its own, in turns with its floor: the driver alone, which reads the
same rows and writes the same bytes. Fails above a limit.
"""

import os
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks.limits import at_most
from benchmarks.million import Cost, alone, measured, the_campaign
from petition.database import Databases
from petition.operations.migration import migrate_both
from petition.publishing.data.exports import history_columns, table
from petition.publishing.data.streams import history_csv, log_jsonl
from petition.sealing.models import Entry, Sealing

LETTER = "L" * 26
ENTRY = b'{"message":"' + b"m" * 287 + b'","round":1,"signature":"' + b"s" * 512 + b'","type":"signature"}'
FIRST = datetime(1950, 1, 1, tzinfo=UTC)
AT_ONCE = 10_000
TURNS = 5
LIMIT = 1.6


def fill(folder: str, size: int) -> None:
    """Put a number of entries and hours into a database."""
    campaign = the_campaign(folder)
    migrate_both(campaign.databases, Path(folder))
    for start in range(0, size, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, size))
        entries = [{"letter_id": LETTER, "number": number, "data": ENTRY} for number in numbers]
        hours: list[dict[str, Any]] = [
            {
                "letter_id": LETTER,
                "hour": FIRST + timedelta(hours=number),
                "signatures": number,
                "withdrawals": 0,
                "size": number,
            }
            for number in numbers
        ]
        with Session(campaign.databases.petition) as session:
            session.execute(insert(Entry), entries)
            session.execute(insert(Sealing), hours)
            session.commit()
    campaign.close()
    with sqlite3.connect(f"{folder}/petition.db") as connection:  # the driver asks for no letter
        columns = "letter_id, size, origin, public_key, private_key, checkpoint, is_held"
        connection.execute(f"INSERT INTO log ({columns}) VALUES (?, ?, '', x'', x'', '', 0)", [LETTER, size])


def exported(folder: str, name: str) -> Cost:
    """A stream, written to nowhere."""
    databases = Databases(f"sqlite:///{folder}/petition.db", f"sqlite:///{folder}/issuer.db")
    make = {"log": log_jsonl, "history": history_csv}[name]
    with Path(os.devnull).open("wb") as file:
        cost = measured(lambda: sum(file.write(piece) for piece, _ in make(databases.reading, LETTER)))
    databases.dispose()
    return cost


def plain(folder: str, name: str) -> Cost:
    """The floor: the driver's rows, written as they come."""
    query = {
        "log": "SELECT data FROM entry WHERE letter_id = ? ORDER BY number",
        "history": "SELECT hour, signatures, withdrawals, size FROM sealing WHERE letter_id = ? ORDER BY hour",
    }[name]
    line = {"log": log_line, "history": history_line}[name]

    def act() -> int:
        with Path(os.devnull).open("wb") as file, sqlite3.connect(f"{folder}/petition.db") as connection:
            return sum(file.write(line(*row)) for row in connection.execute(query, [LETTER]))

    return measured(act)


def log_line(data: bytes) -> bytes:
    return data + b"\n"


def history_line(hour: str, signatures: int, withdrawals: int, size: int) -> bytes:
    count = signatures - withdrawals
    return f"{hour[:10]}T{hour[11:16]}Z,{signatures},{withdrawals},{count},{size}\r\n".encode()


def main() -> int:
    """Print both ratios. Returns 1 if one is above its limit."""
    size, failed = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, 0
    with tempfile.TemporaryDirectory() as folder:
        fill(folder, size)
        for name in ("log", "history"):
            turns = [(alone(plain, folder, name), alone(exported, folder, name)) for _ in range(TURNS)]
            floor, cost = turns[0]
            header = len(table(history_columns(1), ())) if name == "history" else 0
            assert cost["count"] == floor["count"] + header
            ratio = median(whole["cpu"] / plainly["cpu"] for plainly, whole in turns)
            failed += ratio > LIMIT
            print(
                f"{name:<8}{size:>12,} rows{cost['cpu']:>7.1f} s CPU{cost['wall']:>7.1f} s wall{cost['MB']:>6.0f} MB   "
                f"× {ratio:.2f} of the driver alone ({floor['MB']:.0f} MB); {at_most(ratio, LIMIT)}",
                flush=True,
            )
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
