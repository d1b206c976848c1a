"""A letter's numbers as sentences, in its language: the same lines in the email, the fact sheet and the table."""

from dataclasses import dataclass
from datetime import datetime

from petition.i18n import Translator, hour_in, number_in
from petition.letters.states import ALONE, BY_CODE, BY_EMAIL
from petition.letters.text.letter_text import LetterText
from petition.publishing.figures.counts import Figures
from petition.publishing.figures.groups import OTHER_OR_NOT_STATED, GroupTable
from petition.sealing.group_suppression import ROUNDED_TO


@dataclass(frozen=True)
class Fact:
    """A line: its label, and the figure as it is shown."""

    label: str
    value: str
    is_code: bool = False
    """Set in type of one width: a digest, a key."""
    is_for_letter: bool = False
    """Short enough for the letter itself; the fact sheet has all."""


def addressee(found: Figures) -> str:
    """The recipient, with their role."""
    return addressed(found.words, is_single=found.k == ALONE)


def addressed(words: LetterText, *, is_single: bool) -> str:
    """To whom a text is, in its language; ``is_single`` if one person wrote it."""
    to = {"recipient": words.recipient, "employer": words.employer}
    say = Translator(words.language).say
    if is_single:
        return say("Letter to %(recipient)s, %(employer)s, from one person who works there", **to)
    return say("Open letter to %(recipient)s, %(employer)s", **to)


def headline(found: Figures, language: str | None = None) -> str:
    """The count in a sentence; in the letter's language unless another one is asked for."""
    voice = Translator(language or found.words.language)
    told = {
        "count": shown(found, found.count, language),
        "recipient": found.words.recipient,
        "employer": found.words.employer,
        "hour": hour_in(voice.language, found.as_of),
    }
    if found.k == ALONE and not found.count:
        return voice.say("A letter from someone at %(employer)s, not signed yet (as of %(hour)s UTC).", **told)
    if found.k == ALONE:
        return voice.say("A letter from one verified worker at %(employer)s (as of %(hour)s UTC).", **told)
    return voice.ngettext(
        "%(count)s verified worker has signed this open letter to %(recipient)s, %(employer)s (as of %(hour)s UTC).",
        "%(count)s verified workers have signed this open letter to %(recipient)s, %(employer)s (as of %(hour)s UTC).",
        found.count,
        **told,
    )


def facts(found: Figures, language: str | None = None) -> list[Fact]:
    """All of them, the count first."""
    say = Translator(language or found.words.language).say
    lines = [Fact(say("Verified workers"), shown(found, found.count, language))]
    if len(found.rolls) > 1:
        lines += [Fact(roll.name, shown(found, roll.count, language)) for roll in found.rolls]
    if found.names_shown:
        lines += [
            Fact(say("Anonymous"), shown(found, found.unnamed, language)),
            Fact(say("By name"), shown(found, found.names_shown, language)),
        ]
    lines.append(Fact(say("As of"), f"{shown_hour(found.as_of)} UTC"))
    if found.published:
        lines.append(Fact(say("Public since"), found.published.date().isoformat()))
    if found.closed:
        lines.append(Fact(say("Closed"), f"{shown_hour(found.closed)} UTC"))
    elif closes := found.closes or found.ends:
        lines.append(Fact(say("Closes"), f"{shown_hour(closes)} UTC"))
    if found.goal:
        lines.append(Fact(say("Goal"), shown(found, found.goal, language)))
    lines += [
        Fact(say("Signatures in the public record"), shown(found, found.signatures, language)),
        Fact(say("Removed"), shown(found, found.withdrawals, language)),
        Fact(say("Signing codes made"), shown(found, found.codes_made, language)),
    ]
    if canceled := sum(one.annulled is not None for one in found.rounds):
        lines.append(Fact(say("Canceled sets of codes, not counted"), shown(found, canceled, language)))
    if found.issued is not None:
        lines.append(Fact(say("Signing codes used"), shown(found, found.issued, language)))
    return lines


def group_lines(found: Figures, group: GroupTable, language: str | None = None) -> list[tuple[str, str]]:
    """A field's groups as they are shown to people, the others last."""
    say = Translator(language or found.words.language).say
    return [
        (say(label) if label == OTHER_OR_NOT_STATED else label, shown(found, count, language))
        for label, count in group.rows
    ]


def rounding(found: Figures, group: GroupTable, language: str | None = None) -> str:
    """How exact a field's numbers are, and of when."""
    voice = Translator(language or found.words.language)
    when = hour_in(voice.language, group.as_of)
    return voice.say("rounded down to multiples of %(step)s, as of %(hour)s UTC", step=ROUNDED_TO, hour=when)


def evidence(found: Figures, language: str | None = None) -> list[Fact]:
    """What anyone can check the figures with."""
    say = Translator(language or found.words.language).say
    return [
        Fact(say("Text fingerprint"), found.text_sha256, is_code=True, is_for_letter=True),
        Fact(say("Lines in the public record"), shown(found, found.log_size, language)),
        Fact(say("Root of the public record"), found.log_root.hex(), is_code=True),
        Fact(
            say("Key of the public record"),
            found.log_fingerprint,
            is_code=True,
            is_for_letter=True,
        ),
        Fact(say("Address"), found.url, is_for_letter=True),
    ]


def how_codes_came(found: Figures, language: str | None = None) -> str:
    """Who gave one-time codes to whom."""
    say = Translator(language or found.words.language).say
    told = {"employer": found.words.employer, "domains": ", ".join(found.mail_domains)}
    if found.k == ALONE:
        return say("Someone who knows that the author works at %(employer)s gave them a one-time code.", **told)
    by_hand = say("Coworkers at %(employer)s gave one-time codes to people they know work there.", **told)
    if BY_EMAIL not in found.routes:
        return by_hand
    by_email = say(
        "Anyone with a work email at %(domains)s can get a one-time code by email, one for each address.", **told
    )
    if BY_CODE not in found.routes:
        return by_email
    both = say("Someone who did both could sign twice.")
    return f"{by_hand} {by_email} {both}"


def who_vouches(found: Figures, language: str | None = None) -> str:
    """On whose word it rests that signers work there."""
    say = Translator(language or found.words.language).say
    if found.k == ALONE:
        return say("The coworker who gave out the signing code vouches that the author works there.")
    if BY_EMAIL in found.routes:
        return say(
            "The people who run the employer's email system could sign as any address. The number of emailed codes "
            "rests on this site's word."
        )
    return say(
        "The coworkers who handed out the codes vouch that the signers work there. No one knows who signed anonymously."
    )


def how_to_check(found: Figures) -> list[str]:
    """What to do with them, and on whose word the rest is, in a few sentences."""
    say = Translator(found.words.language).say
    return [
        say("Every signature is in a public record, under this exact text, and none counts twice."),
        say(
            "To check it, run “petition verify %(url)s” from the project's own release, or see “How we verify” on "
            "the letter's page.",
            url=found.url,
        ),
        *([how_codes_came(found)] if BY_EMAIL in found.routes else []),
        who_vouches(found),
    ]


def shown(found: Figures, number: int, language: str | None = None) -> str:
    """A number as readers of a language write it; of the letter's own unless another one is asked for."""
    return number_in(language or found.words.language, number)


def shown_hour(hour: datetime) -> str:
    """An hour for tables, the same in all languages; it is always UTC."""
    return hour.strftime("%Y-%m-%d %H:%M")
