"""What a released version wrote is carried over whole: upgraded, served, verified, restored."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import MetaData, Table, select
from sqlalchemy.orm import Session

from petition.cli import main
from petition.config import settings
from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.encodings import from_b64url
from petition.crypto.merkle import Tiles, leaf_hash
from petition.crypto.notes import read_checkpoint
from petition.crypto.receipts import opening
from petition.database import Databases, IssuerBase, PetitionBase
from petition.letters.drafting.approvals import approve
from petition.letters.models import Letter, Organizer
from petition.operations.doctor import checks
from petition.operations.schema import differences
from petition.operations.upgrade import CURRENT, state_of, upgrade
from petition.sealing.models import Entry, Log
from petition.signing.signatures import look_up
from tests.conftest import Clock
from tests.upgrades.conftest import BACKUP_PASSPHRASE, Released, id_of
from tests.visitors import SITE, Visitor
from tests.walks import Campaign

pytestmark = pytest.mark.thorough

WHOLE = (
    "organizer", "recovery_code", "version", "comment", "authorship", "approval", "working_copy", "event",
    "demand_status", "report", "witness", "roll", "field", "option", "entry", "tile", "milestone", "names_key_copy",
)  # fmt: skip
"""Tables of which every row stays, with everything that it said."""
PARTS = {
    "letter": ("id", "slug", "title", "text", "text_sha256", "withdrawn_reason"),
    "log": ("letter_id", "origin", "public_key", "private_key", "size", "checkpoint"),
    "sealing": ("letter_id", "hour", "signatures", "withdrawals"),
    "sealed": ("letter_id", "commit", "round", "entry", "is_withdrawn"),
}
"""Tables that may change beside this."""
PUBLIC = ("published", "closed")


def stored(databases: Databases, names: dict[str, tuple[str, ...]]) -> dict[str, set[tuple[Any, ...]]]:
    """Each table's rows, as far as these columns go."""
    found = {}
    with databases.petition.connect() as connection:
        for name, columns in names.items():
            table = Table(name, MetaData(), autoload_with=connection)
            rows = connection.execute(select(*(table.c[column] for column in columns)))
            found[name] = {tuple(map(repr, row)) for row in rows}
    return found


def columns_of(databases: Databases) -> dict[str, tuple[str, ...]]:
    """What must stay: of the tables that stay whole, every column that the release had."""
    with databases.petition.connect() as connection:
        whole = {name: Table(name, MetaData(), autoload_with=connection) for name in WHOLE}
        return {name: tuple(column.name for column in table.columns) for name, table in whole.items()} | PARTS


def petition(environ: dict[str, str], *words: str) -> Result:
    return CliRunner().invoke(main, words, env=environ, prog_name="petition", catch_exceptions=False)


# Upgraded


def test_the_tables_are_those_of_the_models(released: Released) -> None:
    databases = released.open()
    upgrade(released.settings, databases)

    assert state_of(databases) == CURRENT
    assert differences(databases.petition, PetitionBase.metadata) == []
    assert differences(databases.issuer, IssuerBase.metadata) == []
    databases.dispose()


@pytest.mark.parametrize("kind", ["sqlite"])
def test_before_it_is_upgraded_looking_at_it_makes_no_file(released: Released) -> None:
    data = released.settings.data
    before = sorted(path.name for path in data.iterdir() if path.suffix == ".db")
    looked = [petition(released.environ, "doctor"), petition(released.environ, "letter", "list")]

    assert [found.exit_code for found in looked] == [1, 1]
    assert "not of this version" in looked[0].output
    assert sorted(path.name for path in data.iterdir() if path.suffix == ".db") == before


def test_letters_people_and_logs_are_carried_over_whole(released: Released) -> None:
    databases = released.open()
    names = columns_of(databases)
    before = stored(databases, names)
    upgrade(released.settings, databases)

    assert stored(databases, names) == before
    assert all(before[name] for name in names if name != "recovery_code")
    databases.dispose()


# Served


def test_it_says_that_it_is_ready_once_overdue_updates_are_made(upgraded: Campaign) -> None:
    upgraded.tick()
    answer = upgraded.app().test_client().get("/readyz", base_url=SITE)

    assert (answer.status_code, answer.text) == (200, "ready\n")


def test_visitors_read_every_public_page(upgraded: Campaign) -> None:
    visitor = Visitor(upgraded.app())
    home = visitor.open("/")

    assert {f"A {slug} letter" for slug in PUBLIC} <= set(home.links)
    for slug in PUBLIC:
        for name in (
            "",
            "press/",
            "how-we-verify/",
            "signatures/",
            "counts.json",
            "history.csv",
            "letter.md",
            "letter.pdf",
        ):
            assert visitor.open(f"/letters/{slug}/{name}").status == 200, (slug, name)
    assert visitor.open("/letters/withdrawn/").status == 410
    assert "We reached an agreement." in visitor.open("/letters/withdrawn/").text


def test_holders_of_the_address_read_an_open_letter(upgraded: Campaign) -> None:
    page = Visitor(upgraded.app()).open(upgraded.address(id_of(upgraded, "open")))

    assert (page.status, page.heading) == (200, "An open letter")


def test_organizers_sign_in_and_see_every_page_of_every_letter(upgraded: Campaign) -> None:
    app = upgraded.app()
    ana = upgraded.signed_in(app)
    pages = {rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/organize/letters/<slug>/")}
    plain = sorted(rule.removeprefix("/organize/letters/<slug>/") for rule in pages if rule.count("<") == 1)
    for slug in ("draft", "open", "published", "closed", "apart", "mail", "withdrawn"):
        for name in plain:
            assert ana.get(f"/organize/letters/{slug}/{name}").status_code < 500, (slug, name)
        assert ana.get(f"/organize/letters/{slug}/").status_code == 200


def test_a_draft_goes_on_to_be_a_letter_that_people_sign(upgraded: Campaign) -> None:
    letter = id_of(upgraded, "draft")
    with Session(upgraded.databases.petition) as session:
        for name in ("Ana", "Ben"):
            organizer = session.scalars(select(Organizer).where(Organizer.name == name)).one()
            approve(session, session.get_one(Letter, letter), organizer, 2)
        session.commit()
    upgraded.open(letter)
    upgraded.sign_all(letter, 5)

    assert upgraded.seal(letter).signatures == 3


def test_a_token_that_was_not_used_is_taken_or_refused_in_words(upgraded: Campaign, released: Released) -> None:
    letter = id_of(upgraded, "open")
    token = released.tokens("open", "unused_token")[0]
    body = {"message": token["message"], "signature": token["signature"], "appearance": {"step": "counted"}}
    path = f"{upgraded.address(letter)}signatures"
    answer = upgraded.app().test_client().post(path, json=body, base_url=SITE)

    assert answer.status_code == 201 or (answer.status_code == 410 and answer.get_json()["detail"])


def test_the_scheduler_finds_nothing_that_fails(upgraded: Campaign, released: Released) -> None:
    for _ in range(2):
        told = petition(released.environ, "seal")

        assert (told.exit_code, "failed" in told.output) == (0, False), told.output


def test_the_doctor_finds_nothing_wrong_with_databases_and_keys(upgraded: Campaign) -> None:
    found = checks.check(upgraded.settings, upgraded.clock())
    areas = ("databases", "secret", "log", "rounds", "folders")

    assert [finding for finding in found if finding.level == "wrong" and finding.area in areas] == []


# Verified


@pytest.mark.parametrize("slug", PUBLIC)
def test_the_old_log_is_still_served_entry_by_entry(upgraded: Campaign, slug: str) -> None:
    visitor, letter = Visitor(upgraded.app()), id_of(upgraded, slug)
    with Session(upgraded.databases.reading) as session:
        log = session.get_one(Log, letter)
        datas = session.scalars(select(Entry.data).where(Entry.letter_id == letter).order_by(Entry.number)).all()
    note = visitor.open(f"/letters/{slug}/log/checkpoint").answer.data.decode()
    bundle = visitor.open(f"/letters/{slug}/log/tile/entries/000.p/{log.size}").answer.data
    tree = Tiles(0, {})
    tree.append(leaf_hash(data) for data in datas)
    signed = read_checkpoint(note, log.origin, log.public_key)

    assert bundle == b"".join(len(data).to_bytes(2, "big") + data for data in datas)
    assert (signed.size, signed.root) == (log.size, tree.root())


@pytest.mark.parametrize("slug", PUBLIC)
def test_published_files_verify_or_the_verifier_says_that_it_checked_nothing(
    upgraded: Campaign, released: Released, tmp_path: Path, slug: str
) -> None:
    folder = str(tmp_path / "published")
    written = petition(released.environ, "publish", slug, "--to", folder)
    verified = petition(released.environ, "verify", folder)

    assert written.exit_code == 0, written.output
    assert verified.exit_code in (0, 3), verified.output


def test_signers_still_find_their_signature(upgraded: Campaign, released: Released) -> None:
    letter = id_of(upgraded, "closed")

    with Session(upgraded.databases.reading) as session:
        row = session.get_one(Letter, letter)
        openings = [opening(from_b64url(token["receipt"])) for token in released.tokens("closed", "sealed")]
        assert {look_up(session, row, one).state for one in openings} == {"sealed"}


# Restored


@pytest.fixture
def restored(
    released: Released, kind: str, tmp_path: Path, clock: Clock, make_key: Callable[[], PrivateKey],
    request: pytest.FixtureRequest,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """The release's backup, restored by this version into an empty site."""
    environ = {"PETITION_DATA": str(tmp_path / "empty"), "PETITION_URL": SITE}
    if kind == "postgresql":
        urls = request.getfixturevalue("postgres_templates")("restored")
        environ |= dict(zip(("PETITION_DATABASE_URL", "PETITION_ISSUER_DATABASE_URL"), urls, strict=True))
    (tmp_path / "passphrase").write_text(BACKUP_PASSPHRASE)
    done = petition(environ, "restore", str(released.backup), "--passphrase-file", str(tmp_path / "passphrase"))
    assert done.exit_code == 0, done.output
    clock.pass_time(days=7)
    made = Campaign(settings(environ), clock, make_key)
    yield made
    made.close()


def test_a_backup_that_the_release_made_is_restored_whole(restored: Campaign, released: Released) -> None:
    kept = {"letter": PARTS["letter"], "log": PARTS["log"], "entry": ("letter_id", "number", "data")}
    with Session(restored.databases.reading) as session:
        held = session.scalars(select(Log.is_held)).all()

    assert differences(restored.databases.petition, PetitionBase.metadata) == []
    assert stored(restored.databases, kept)["entry"]
    assert {slug for _, slug, *_ in stored(restored.databases, kept)["letter"]} == {
        repr(slug) for slug in ("draft", "open", "published", "closed", "apart", "mail", "withdrawn")
    }
    assert any(held)
    assert Visitor(restored.app()).open("/letters/published/").status == 200
