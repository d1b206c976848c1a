"""``petition demo``: a letter modeled on the one of June 2018, made by the real program, then served."""

import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import click

from petition.cli.context import CliContext, cli_context, letter_id, now, refuse, say_json, working
from petition.cli.run import keep_running, site_works
from petition.cli.starting import Announcement
from petition.config import DEMO, Settings
from petition.coordination import updates
from petition.demo import drive, sample
from petition.letters.organizers.accounts import add_organizer, reset_organizer

DEMO_FILE = "demo.json"
"""In a kept folder: the letter's name, the organizer's password and unused codes of a site that holds no secret."""


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--signers", type=click.IntRange(5, 20_000), default=450, show_default=True, help="How many sign.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON when it is ready, for programs.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the site in this folder, and use it again the next time.",
)
@click.option("--no-serve", is_flag=True, help="With --keep: build the site and end.")
def demo(port: int, signers: int, as_json: bool, keep: Path | None, no_serve: bool) -> None:
    """Try everything on a throw-away site: a letter is drafted, opened, signed, sealed and published, then served.

    Nothing is pretended: each signature comes from the stand-alone client, over HTTP. All is deleted at the end, but
    what --keep keeps.
    """
    if no_serve and keep is None:
        refuse("--no-serve needs --keep: a site that is neither served nor kept is of no use.")
    folder = Path(tempfile.mkdtemp(prefix="petition-demo-")) if keep is None else keep
    os.environ.update(PETITION_DATA=str(folder / "data"), PETITION_URL=f"http://127.0.0.1:{port}")
    for name in ("PETITION_DATABASE_URL", "PETITION_ISSUER_DATABASE_URL", "PETITION_SECRET_FILE", "PETITION_MAIL"):
        os.environ.pop(name, None)
    try:
        built = _built_before(folder, port)
        here = _at(folder / "data")
        built = built or _build_and_note(here, folder, port, signers)
        tell = (
            partial(_tell_programs, here.settings, built, _sign_in_link(here))
            if as_json
            else partial(_tell, here.settings, built, "stays" if keep else "will be deleted")
        )
        here.databases.dispose()
        if no_serve:
            tell()
        else:
            keep_running(site_works("127.0.0.1", port, 2), Announcement(f"http://127.0.0.1:{port}/readyz", tell))
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _built_before(folder: Path, port: int) -> drive.Result | None:
    """What a kept demo said when it was built; None for an empty folder. Its letter names its port for good."""
    if not (folder / DEMO_FILE).exists():
        if folder.exists() and any(folder.iterdir()):
            refuse(f"{folder} holds something else, or a demo that was not finished. Name an empty folder.")
        folder.mkdir(parents=True, exist_ok=True)
        return None
    known = json.loads((folder / DEMO_FILE).read_text())
    if known.pop("port") != port:
        refuse(f"The letter in {folder} was made at another port. Use that, or name an empty folder.")
    return drive.Result(**known)


def _at(data: Path) -> CliContext:
    data.mkdir(mode=0o700, exist_ok=True)
    (data / DEMO).touch()
    return cli_context()


def _build_and_note(here: CliContext, folder: Path, port: int, signers: int) -> drive.Result:
    try:
        built = _build(here, folder, port, signers)
    except OSError as error:
        refuse(f"Port {port} can't be used ({error.strerror}). Choose another: make demo PORT=8001")
    (folder / DEMO_FILE).write_text(json.dumps({"port": port, **asdict(built)}))
    return built


def _sign_in_link(here: CliContext) -> str:
    """A link that works once, for a program; it takes the organizer's passphrase away, and with it the names keys."""
    with working(here) as session:
        secret = reset_organizer(session, sample.ORGANIZER_NAME, moment=now(), random=os.urandom)
    return f"{here.settings.url}/organize/welcome/{secret}"


def _build(here: CliContext, folder: Path, port: int, signers: int) -> drive.Result:
    clock = drive.DemoClock(now() - timedelta(hours=sum(drive.HOURS_BETWEEN)))
    with working(here) as session:
        invitation = add_organizer(session, sample.ORGANIZER_NAME, moment=clock(), random=os.urandom)
    site = f"http://127.0.0.1:{port}"
    _say(f"Building the demo on {site} …")
    with drive.served(here.settings, clock, port):
        browser = drive.Browser(site)
        path = f"/organize/welcome/{invitation}"
        passphrase = secrets.token_urlsafe(24)
        desk, address, codes = drive.write_and_open(browser, path, passphrase, signers + drive.SPARE_CODES)
        _say(f"The letter is written and open; {len(codes)} codes are made.")
        slug = desk.rstrip("/").rsplit("/", 1)[-1]
        publish = partial(drive.publish, browser, desk, passphrase)
        _sign_in_waves(here, publish, slug, address, codes[:signers], folder, clock)
    return drive.Result(slug, codes[signers:], passphrase)


def _sign_in_waves(
    here: CliContext,
    publish: Callable[[date], None],
    slug: str,
    address: str,
    codes: list[str],
    folder: Path,
    clock: drive.DemoClock,
) -> None:
    wanted, receipts, counted, is_public = letter_id(here, slug), list[Path](), 0, False
    with _progress(len(codes)) as tell:
        for number, (size, hours) in enumerate(zip(drive.waves(len(codes)), drive.HOURS_BETWEEN, strict=True), 1):
            receipts += drive.sign_all(address, codes[len(receipts) : len(receipts) + size], folder, tell)
            clock.pass_hours(hours)
            counted += updates.seal_letter(here.services, wanted, moment=clock()).signatures
            if number >= drive.PUBLISHED_AFTER and counted and not is_public:
                publish(clock().date())
                is_public = True
            if number == len(drive.WAVES) - 2:
                drive.withdraw(address, secrets.SystemRandom().sample(receipts, drive.WITHDRAWALS))


class _progress:  # noqa: N801
    """Signatures so far, on standard error: a bar on a terminal, else a line for each hundred."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._out = sys.stderr

    def __enter__(self) -> Callable[[int], None]:
        return self._tell

    def _tell(self, more: int) -> None:
        self._done += more
        if self._out.isatty():
            width = 40 * self._done // self._total
            self._out.write(f"\r  [{'#' * width}{'-' * (40 - width)}] {self._done} of {self._total} have signed")
        elif self._done % 100 == 0:
            self._out.write(f"  {self._done} of {self._total} have signed\n")
        self._out.flush()

    def __exit__(self, *_: object) -> None:
        if self._out.isatty():
            self._out.write("\n")


def _tell_programs(settings: Settings, built: drive.Result, sign_in: str) -> None:
    shown = {"site": f"{settings.url}/", "letter": _address(settings, built), "letter_slug": built.slug}
    organizer = {"name": sample.ORGANIZER_NAME, "sign_in": sign_in}
    say_json({**shown, "organizer": organizer, "codes": built.codes, "data": str(settings.data)})
    sys.stdout.flush()


def _tell(settings: Settings, built: drive.Result, end: str) -> None:
    letter = _address(settings, built)
    click.echo(f"""
The letter, public:   {letter}
Sign in as organizer: {settings.url}/organize/
                      {sample.ORGANIZER_NAME}, with the password {built.passphrase}
Three unused codes:   {"  ".join(built.codes)}
Sign with one:        .venv/bin/petition sign {letter} --code {built.codes[0]}
Check the count:      .venv/bin/petition verify {letter}

Everything is in {settings.data} and {end}. Stop with Ctrl-C.""")


def _address(settings: Settings, built: drive.Result) -> str:
    return f"{settings.url}/letters/{built.slug}/"


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)
