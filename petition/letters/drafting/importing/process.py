"""Reads a file in its own process, bounded in time, memory and output: no one knows what a file is made of."""

import json
import os
import subprocess
import sys
import threading
from typing import Any

from petition import errors
from petition.errors import BadShape, Refusal, SlowDown, TooLong
from petition.letters.drafting.importing.files import Imported
from petition.letters.drafting.importing.omissions import Omission
from petition.letters.text.letter_text import LetterText, Translation
from petition.letters.text.sources import Source

LARGEST_DOCUMENT = 1_000_000
SECONDS = 30
"""After which the process is killed, whatever it does. It may use the processor for a few of these (``worker``); it
needs longer where the machine is busy, and then it is not the document's fault."""
MOST_ANSWER = 2_000_000
LONGEST_NAME = 200
AT_ONCE, PATIENCE = 2, 1.0
"""How many files are read at the same time, and how many seconds another one waits for its turn."""
INHERITED = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "SYSTEMROOT")
"""What the process sees of the environment: no address and no secret of this site."""
_turns = threading.BoundedSemaphore(AT_ONCE)


def import_file(name: str, body: bytes) -> Imported:
    """A letter from a file: .docx, .odt, .md or .txt. Refuses any other, and what takes more than a letter needs."""
    if len(body) > LARGEST_DOCUMENT:
        raise TooLong("The file is larger than 1 MB.")
    if not _turns.acquire(timeout=PATIENCE):
        raise SlowDown("We're busy. Try again in a few seconds.")
    try:
        answer = _answer(name, body)
    finally:
        _turns.release()
    if "refused" in answer:
        raise _refusal(answer)
    return _imported(answer["imported"])


def _answer(name: str, body: bytes) -> dict[str, Any]:
    environment = {key: os.environ[key] for key in INHERITED if key in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    # No command line takes a zero byte, or a name of any length. What kind of file it is, its end says.
    plain = "".join(filter(str.isprintable, name))[-LONGEST_NAME:]
    command = [sys.executable, "-B", "-m", "petition.letters.drafting.importing.worker", plain]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, cwd="/"
    ) as process:
        timer = threading.Timer(SECONDS, process.kill)
        timer.start()
        try:
            written = _exchange(process, body)
        finally:
            timer.cancel()
            process.kill()
    if process.returncode or not written or len(written) > MOST_ANSWER:
        raise TooLong("This document is too complex. Copy its text into a new one.")
    found: dict[str, Any] = json.loads(written)
    return found


def _exchange(process: "subprocess.Popen[bytes]", body: bytes) -> bytes:
    """Hand over the file, and take the answer."""
    assert process.stdin and process.stdout
    try:
        process.stdin.write(body)
        process.stdin.close()
    except BrokenPipeError:
        return b""
    written = process.stdout.read(MOST_ANSWER + 1)
    if len(written) <= MOST_ANSWER:
        process.wait()
    return written


def _refusal(answer: dict[str, Any]) -> Refusal:
    kind = getattr(errors, answer["refused"], BadShape)
    refusal: Refusal = kind(answer["sentence"], **answer["values"])
    return refusal


def _imported(found: dict[str, Any]) -> Imported:
    words = found["words"]
    return Imported(
        words=LetterText(
            **{
                **words,
                "demands": tuple(words["demands"]),
                "sources": tuple(Source(**source) for source in words["sources"]),
                "translations": tuple(
                    Translation(**{**one, "demands": tuple(one["demands"])}) for one in words["translations"]
                ),
            }
        ),
        omissions=tuple(Omission(**one) for one in found["omissions"]),
        settings=tuple((name, value) for name, value in found["settings"]),
        language=found["language"],
    )
