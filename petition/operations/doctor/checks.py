"""What is wrong with a site, and how to fix it. It only looks, and changes nothing."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from petition.config import Settings
from petition.database import Databases
from petition.issuing.secrets import RoundSecrets
from petition.letters.access import hosted_letters
from petition.operations.doctor.addresses import check_address
from petition.operations.doctor.clock import check_clock
from petition.operations.doctor.databases import check_database, check_files
from petition.operations.doctor.email import check_letters_by_mail, check_mail
from petition.operations.doctor.files import check_disk, check_folders, check_secret
from petition.operations.doctor.findings import NOTE, OK, WRONG, Finding, as_json, is_well
from petition.operations.doctor.fonts import check_fonts, check_fonts_of
from petition.operations.doctor.hosts import check_hosts
from petition.operations.doctor.letters import check_names, check_reports
from petition.operations.doctor.limits import check_limits
from petition.operations.doctor.logs import check_log
from petition.operations.doctor.reasons import why_refused
from petition.operations.doctor.rounds import check_numbers, check_round_files
from petition.operations.doctor.scheduler import check_scheduler
from petition.operations.doctor.view import View
from petition.sealing.models import Log

__all__ = ["NOTE", "OK", "WRONG", "Finding", "as_json", "check", "is_well"]


def check(settings: Settings, now: datetime, *, deep: bool = False) -> list[Finding]:
    """Everything that can be seen from here. ``deep`` reads every entry of every log again."""
    found = [
        *check_folders(settings),
        *check_secret(settings),
        *check_disk(settings),
        *check_address(settings),
        *check_fonts(),
        *check_mail(settings),
        *check_limits(settings),
    ]
    files = list(check_files(settings))
    if files:
        return [*found, *files]
    databases = Databases(settings.database_url, settings.issuer_database_url)
    try:
        found += [*check_database("petition", databases.petition), *check_database("issuer", databases.issuer)]
        if is_well([finding for finding in found if finding.area in ("databases", "secret")]):
            found += check_hosts(settings, databases, settings.secret_file.read_bytes())
            found += _inside(settings, databases, now, deep)
    except SQLAlchemyError as error:
        found.append(Finding("databases", WRONG, f"A question failed: {why_refused(error)}.", "Run it again."))
    finally:
        databases.dispose()
    return found


def _inside(settings: Settings, databases: Databases, now: datetime, deep: bool) -> Iterator[Finding]:
    master = settings.secret_file.read_bytes()
    secrets = RoundSecrets(settings.rounds_folder, master)
    with Session(databases.reading) as session, Session(databases.reading_issuer) as issuer:
        view = View(settings, secrets, master, session, issuer, now, deep)
        yield from check_clock(view)
        yield from check_scheduler(view)
        for letter in hosted_letters(session):
            yield from check_fonts_of(view, letter)
            log = session.get(Log, letter.id)
            if log is not None:
                yield from check_log(view, letter, log)
                yield from check_numbers(view, letter)
                yield from check_names(view, letter)
        yield from check_letters_by_mail(view)
        yield from check_reports(view)
        yield from check_round_files(view)
