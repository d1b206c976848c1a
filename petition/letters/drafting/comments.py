"""Comments on passages of a draft, with replies and suggested wording that an editor can accept.

Once the newest comment is deleted, the next one gets its number. So what is done to a comment says which one was seen,
by its fingerprint.
"""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from petition.errors import GONE, TOO_MANY, BadShape, Conflict, NotFound
from petition.letters.drafting.drafts import save
from petition.letters.drafting.passages import Finder, Mark, Paragraph, Place, mark, paragraphs, replaced
from petition.letters.drafting.versions import newest_version, text_of, version_of
from petition.letters.models import Comment, Letter, Organizer, Version
from petition.letters.states import DRAFT
from petition.letters.text.letter_text import LetterText, several_lines

TO_ANSWER, RESOLVED, TAKEN_OVER = "open", "resolved", "taken"
MOST_COMMENTS = 2_000


@dataclass(frozen=True)
class Thread:
    """A comment, its replies, and where its passage is now; None if the text no longer has it."""

    comment: Comment
    place: Place | None
    replies: list[Comment] = field(default_factory=list)


def add_comment(
    session: Session,
    letter: Letter,
    organizer: Organizer,
    *,
    version: int,
    paragraph: int,
    quote: str,
    text: str,
    suggestion: str | None,
    moment: datetime,
) -> Comment:
    """Comment on words of a paragraph of the version that was read.

    ``paragraph`` is an index into ``passages.paragraphs``. ``suggestion`` is None for no suggestion; an empty one
    deletes the words.
    """
    _require_open(session, letter)
    where = paragraphs(text_of(version_of(session, letter, version)))
    if not 0 <= paragraph < len(where):
        raise NotFound(GONE)
    marked = mark(where[paragraph].text, several_lines(quote, "passage"))
    several_lines(marked.quote, "passage")
    text = several_lines(text, "comment")
    if suggestion is not None:
        suggestion = several_lines(suggestion, "passage")
    if suggestion in (marked.quote, where[paragraph].text):  # the form begins with these words
        suggestion = None
    if not text and suggestion is None:
        raise BadShape("Write what you want to say.")
    row = Comment(
        letter_id=letter.id,
        number=_next(session, letter),
        author=organizer.name,
        written=moment,
        text=text,
        field=where[paragraph].field,
        quote=marked.quote,
        paragraph=marked.paragraph,
        before=marked.before,
        suggestion=suggestion,
    )
    session.add(row)
    session.flush()
    return row


def fingerprint(comment: Comment) -> str:
    """What someone saw of a comment: 16 hex digits of a SHA-256 of its words."""
    seen = [comment.author, comment.text, comment.quote, comment.suggestion, comment.answers]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]


def reply(
    session: Session,
    letter: Letter,
    organizer: Organizer,
    number: int,
    text: str,
    *,
    moment: datetime,
    seen: str | None = None,
) -> Comment:
    """Reply to a comment; a reply to a reply joins the same thread."""
    _require_open(session, letter)
    first = _comment(session, letter, number, seen)
    text = several_lines(text, "comment")
    if not text:
        raise BadShape("Write what you want to say.")
    answered = first.answers or first.number
    row = Comment(
        letter_id=letter.id,
        number=_next(session, letter),
        answers=answered,
        author=organizer.name,
        written=moment,
        text=text,
    )
    session.add(row)
    session.flush()
    return row


def resolve(session: Session, letter: Letter, number: int, *, resolved: bool, seen: str | None = None) -> None:
    """Mark a comment as resolved, or reopen it."""
    _require_open(session, letter)
    row = _comment(session, letter, number, seen)
    if row.state != TAKEN_OVER:
        row.state = RESOLVED if resolved else TO_ANSWER


def remove_comment(
    session: Session, letter: Letter, organizer: Organizer, number: int, *, edits: bool, seen: str | None = None
) -> None:
    """Delete a comment with its replies: your own, or, as an editor, anyone's."""
    row = _comment(session, letter, number, seen)
    if row.author != organizer.name and not edits:
        raise Conflict("Only its author or an editor can delete this.")
    session.execute(delete(Comment).where(Comment.letter_id == letter.id, Comment.answers == number))
    session.delete(row)
    session.flush()


def remove_all_comments(session: Session, letter: Letter) -> None:
    """Delete all comments for good."""
    session.execute(delete(Comment).where(Comment.letter_id == letter.id))


def accept_suggestion(
    session: Session,
    letter: Letter,
    organizer: Organizer,
    number: int,
    *,
    moment: datetime,
    note: str,
    seen: str | None = None,
) -> Version:
    """Save a suggestion as a new version. Refused if the passage has changed since."""
    _require_open(session, letter)
    row = _comment(session, letter, number, seen)
    if row.suggestion is None or row.state != TO_ANSWER:
        raise Conflict(GONE)
    newest = newest_version(session, letter)
    words = replaced(text_of(newest), _mark(row), row.suggestion)
    version = save(session, letter, organizer, words, based_on=newest.number, moment=moment, note=note)
    row.state = TAKEN_OVER
    session.flush()
    return version


def threads(session: Session, letter: Letter, words: LetterText) -> tuple[list[Paragraph], list[Thread]]:
    """The text's paragraphs, and all threads in the order of the text; those whose passage is gone come last."""
    rows = session.scalars(select(Comment).where(Comment.letter_id == letter.id).order_by(Comment.number)).all()
    where = paragraphs(words)
    finder = Finder(where)
    found = {row.number: Thread(row, finder.place(_mark(row))) for row in rows if row.answers is None}
    for row in rows:
        if row.answers in found:
            found[row.answers].replies.append(row)
    return where, sorted(found.values(), key=_order)


def open_comments(session: Session, letter: Letter) -> int:
    """How many comments wait to be dealt with; replies aside."""
    here = (Comment.letter_id == letter.id, Comment.answers.is_(None), Comment.state == TO_ANSWER)
    return session.scalars(select(func.count()).select_from(Comment).where(*here)).one()


def _order(thread: Thread) -> tuple[bool, int, int, int]:
    place = thread.place or Place(0, None)
    return thread.place is None, place.paragraph, place.start or 0, thread.comment.number


def _mark(row: Comment) -> Mark:
    return Mark(row.quote, row.paragraph, row.before)


def _comment(session: Session, letter: Letter, number: int, seen: str | None) -> Comment:
    """The comment with a number. Refuses if it is not the one that was ``seen``, where that is known."""
    row = session.get(Comment, (letter.id, number))
    if row is None:
        raise NotFound(GONE)
    if seen is not None and seen != fingerprint(row):
        raise Conflict("This comment is deleted. Nothing was changed.")
    return row


def _require_open(session: Session, letter: Letter) -> None:
    """Only a draft takes comments. Locks the letter, so that two comments never get one number."""
    session.refresh(letter, with_for_update=True)
    if letter.state != DRAFT:
        raise Conflict("The text is locked, so you can't comment anymore.")


def _next(session: Session, letter: Letter) -> int:
    here = Comment.letter_id == letter.id
    known, last = session.execute(select(func.count(), func.max(Comment.number)).where(here)).one()
    if known >= MOST_COMMENTS:
        raise Conflict(TOO_MANY, most=MOST_COMMENTS)
    return int(last or 0) + 1
