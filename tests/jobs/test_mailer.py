"""Mail goes out over a real mail server: taken, refused, slow, down, cut off half-way; and it leaves nothing behind."""

import contextlib
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from petition.addresses import Address, read_address
from petition.coordination import closing, email_domains
from petition.issuing import delivery, quotas, transports
from petition.issuing.delivery import Looked, Mailer
from petition.issuing.email_codes import Asked, ask
from petition.issuing.message import Sender, compose, sender_of
from petition.issuing.models import Code, IssuingRound, Outbox
from petition.issuing.transports import MailServer, Send, ServerUnavailable, Transport, transport_for
from petition.jobs import mailer as mailer_job
from tests.conftest import Clock
from tests.mail_server import Inbox, OnlyAna, a_mail_server, its_own_certificate
from tests.walks import WORDS, Campaign

pytestmark = pytest.mark.thorough

DOMAINS = {"workers": ["example.com"]}
ANA = "ana@example.com"
SENDER = "The post <post@letters.example.org>"


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with a_mail_server() as found:
        yield found


@pytest.fixture
def environ(environ: dict[str, str], inbox: Inbox) -> dict[str, str]:
    return environ | {"PETITION_MAIL": inbox.address, "PETITION_MAIL_FROM": SENDER}


@pytest.fixture
def letter(campaign: Campaign) -> str:
    return campaign.an_open_letter(mail=DOMAINS)


@pytest.fixture
def mailer(campaign: Campaign) -> Mailer:
    return a_mailer(campaign)


def a_mailer(campaign: Campaign) -> Mailer:
    """One who has looked before, into an empty outbox, and so knows how old what comes is."""
    found = fresh(campaign)
    found.look({}, campaign.clock)
    return found


def fresh(campaign: Campaign) -> Mailer:
    sender = sender_of(campaign.settings)
    transport = transport_for(campaign.settings.mail or "", sender)
    return Mailer(campaign.databases.issuer, campaign.services.secrets, transport, sender, os.urandom)


def wish(campaign: Campaign, letter: str, *addresses: str, language: str = "en") -> None:
    with Session(campaign.databases.issuer) as issuer:
        for address in addresses:
            asked, secrets = Asked(read_address(address), language), campaign.services.secrets
            ask(issuer, secrets, letter, "workers", asked, moment=campaign.clock(), random=os.urandom)
        issuer.commit()


def look(campaign: Campaign, mailer: Mailer) -> Looked:
    return mailer.look(email_domains.mail_domains(campaign.services), campaign.clock)


def undelivered(campaign: Campaign, letter: str) -> int:
    return sum(row.undelivered for row in campaign.rows(IssuingRound, letter))


# What arrives


def test_a_code_arrives_and_buys_a_token(campaign: Campaign, letter: str, mailer: Mailer, inbox: Inbox) -> None:
    wish(campaign, letter, "Ana+union@Example.com")
    looked = look(campaign, mailer)
    campaign.token(letter, inbox.codes()[0].replace("-", ""))

    assert looked == Looked(sent=1)
    assert inbox.to == [ANA]
    assert campaign.rows(Outbox, letter) == []


def test_asked_again_the_same_code_arrives(campaign: Campaign, letter: str, mailer: Mailer, inbox: Inbox) -> None:
    for address in (ANA, "ANA@example.com", "ben@example.com"):
        wish(campaign, letter, address)
        look(campaign, mailer)

    first, again, other = inbox.codes()
    assert first == again != other


def test_the_mail_is_plain_and_names_no_letter(
    campaign: Campaign, letter: str, mailer: Mailer, inbox: Inbox, clock: Clock
) -> None:
    clock.pass_time(minutes=17, seconds=3)
    wish(campaign, letter, ANA)
    look(campaign, mailer)
    (mail,) = inbox.mails
    body = mail.get_content()

    assert "https://letters.example.org/ " in body and "/letters/" not in body
    assert "anyone" in body.casefold() and "proves nothing" in " ".join(body.split())
    assert not [word for word in (WORDS.title, WORDS.employer, letter, "letter ") if word in inbox.raw[0].decode()]
    assert mail.get_content_type() == "text/plain"
    assert (mail["From"], mail["To"], mail["Subject"]) == (SENDER, ANA, "The code you asked for")
    assert parsedate_to_datetime(mail["Date"]) == datetime.fromisoformat("2026-11-02T09:00:00+00:00")
    expected = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"}
    assert set(mail.keys()) == {*expected, "Content-Transfer-Encoding", "X-Peer", "X-MailFrom", "X-RcptTo"} - {
        "X-Peer", "X-MailFrom", "X-RcptTo"
    }  # fmt: skip
    assert inbox.hosts == ["letters.example.org"]


def test_the_mail_speaks_the_language_of_the_page(
    campaign: Campaign, letter: str, mailer: Mailer, inbox: Inbox
) -> None:
    wish(campaign, letter, ANA, language="es")
    look(campaign, mailer)

    assert inbox.mails[0]["Subject"] == "El código que pediste"
    assert "no demuestra nada" in " ".join(inbox.mails[0].get_content().split())


def test_the_server_is_asked_not_to_report_back(campaign: Campaign, letter: str, mailer: Mailer, inbox: Inbox) -> None:
    inbox.knows_dsn = True
    wish(campaign, letter, ANA)
    look(campaign, mailer)

    assert inbox.options == [["NOTIFY=NEVER"]]


def test_without_a_server_mail_goes_into_a_folder(campaign: Campaign, letter: str, tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    mailer = a_mailer(with_mail(campaign, f"folder:{folder}"))
    wish(campaign, letter, ANA)
    look(campaign, mailer)
    (file,) = folder.iterdir()

    assert file.suffix == ".eml" and file.stat().st_mode & 0o777 == 0o600
    assert f"To: {ANA}".encode() in file.read_bytes()


def with_mail(campaign: Campaign, mail: str) -> Campaign:
    campaign.settings = replace(campaign.settings, mail=mail)
    return campaign


# Who gets none


@pytest.mark.parametrize("address", ["ana@elsewhere.example", "ana@eu.example.com", "ana@example.com.evil.example"])
def test_no_mail_goes_elsewhere(campaign: Campaign, letter: str, mailer: Mailer, inbox: Inbox, address: str) -> None:
    wish(campaign, letter, address)

    assert look(campaign, mailer) == Looked()
    assert (inbox.raw, campaign.rows(Code, letter), campaign.rows(Outbox, letter)) == ([], [], [])
    assert undelivered(campaign, letter) == 0


def test_subdomains_get_mail_where_that_was_chosen(campaign: Campaign, mailer: Mailer, inbox: Inbox) -> None:
    letter = campaign.an_open_letter(mail={"workers": ["*.example.com"]})
    wish(campaign, letter, "ana@eu.example.com")
    look(campaign, mailer)

    assert inbox.to == ["ana@eu.example.com"]


def test_each_group_of_signers_has_domains_of_its_own(campaign: Campaign, mailer: Mailer, inbox: Inbox) -> None:
    domains = {"workers": ["example.com"], "workers-2": ["example.org"]}
    letter = campaign.an_open_letter(rolls=("Example Corp", "Example Org"), mail=domains)
    wish(campaign, letter, ANA, "ana@example.org")
    look(campaign, mailer)

    assert inbox.to == [ANA]


def test_an_address_gets_three_mails_a_day(
    campaign: Campaign, letter: str, mailer: Mailer, inbox: Inbox, clock: Clock
) -> None:
    wish(campaign, letter, ANA, "ana+1@example.com", "Ana@example.com", "ana+2@example.com", "ben@example.com")
    look(campaign, mailer)
    assert sorted(inbox.to) == [ANA] * 3 + ["ben@example.com"]
    assert undelivered(campaign, letter) == 0
    clock.pass_time(days=1)
    wish(campaign, letter, ANA)
    look(campaign, mailer)

    assert inbox.to.count(ANA) == 4


@pytest.mark.parametrize("limit", ["DOMAIN_AN_HOUR", "ALL_AN_HOUR"])
def test_a_flood_waits_and_goes_out_later(
    campaign: Campaign, letter: str, inbox: Inbox, clock: Clock, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(quotas, limit, 2)
    mailer = a_mailer(campaign)
    clock.pass_time(minutes=40)
    wish(campaign, letter, *(f"worker-{number}@example.com" for number in range(4)))
    assert look(campaign, mailer) == Looked(sent=2, waiting=2)
    clock.pass_time(minutes=21)

    assert look(campaign, mailer) == Looked(sent=2)
    assert len(set(inbox.to)) == 4


def test_one_that_came_early_in_an_hour_waits_for_the_next_one(
    campaign: Campaign, letter: str, inbox: Inbox, mailer: Mailer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quotas, "LETTER_AN_HOUR", 2)
    clock.pass_time(minutes=1)
    wish(campaign, letter, *(f"worker-{number}@example.com" for number in range(3)))
    for _ in range(60):
        look(campaign, mailer)
        clock.pass_time(minutes=1)

    assert len(set(inbox.to)) == 3
    assert undelivered(campaign, letter) == 0


@pytest.mark.parametrize("minutes", [1, 50])
def test_one_that_the_next_hour_has_no_room_for_is_given_up(
    campaign: Campaign, letter: str, mailer: Mailer, clock: Clock, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    monkeypatch.setattr(quotas, "LETTER_AN_HOUR", 0)
    clock.pass_time(minutes=minutes)
    wish(campaign, letter, ANA)
    for _ in range(61):
        look(campaign, mailer)
        clock.pass_time(minutes=1)

    assert campaign.rows(Outbox, letter) == []
    assert undelivered(campaign, letter) == 1


@pytest.mark.parametrize("limit", ["DOMAIN_AN_HOUR", "ADDRESS_A_DAY", "LETTER_AN_HOUR"])
def test_a_flood_at_one_letter_takes_no_email_from_another(
    campaign: Campaign, letter: str, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(quotas, limit, 2)
    other, mailer = campaign.an_open_letter(slug="another", mail=DOMAINS), a_mailer(campaign)
    wish(campaign, letter, *[ANA] * 4)
    look(campaign, mailer)
    before = len(inbox.to)
    wish(campaign, other, ANA)
    look(campaign, mailer)

    assert (before, inbox.to) == (2, [ANA] * 3)


def test_letters_take_turns_when_too_many_wait_for_one_pass(
    campaign: Campaign, letter: str, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "AT_ONCE", 2)
    other, mailer = campaign.an_open_letter(slug="another", mail=DOMAINS), a_mailer(campaign)
    wish(campaign, letter, *(f"worker-{number}@example.com" for number in range(12)))
    wish(campaign, other, ANA)
    look(campaign, mailer)

    assert ANA in inbox.to


def test_nothing_is_mailed_once_the_letter_is_over(
    campaign: Campaign, letter: str, mailer: Mailer, inbox: Inbox
) -> None:
    wish(campaign, letter, ANA)
    closing.withdraw_letter(campaign.services, letter, "")
    look(campaign, mailer)

    assert inbox.raw == []


# A server that has troubles


def test_a_server_that_is_down_gets_the_mail_when_it_is_back(
    campaign: Campaign, letter: str, clock: Clock, inbox: Inbox
) -> None:
    other = Inbox()
    with a_mail_server(other):
        pass
    mailer = a_mailer(with_mail(campaign, other.address))
    wish(campaign, letter, ANA)
    assert look(campaign, mailer) == Looked(waiting=1)
    clock.pass_time(seconds=1)
    assert look(campaign, mailer) == Looked(waiting=1)
    with a_mail_server(other):
        clock.pass_time(seconds=20)
        assert look(campaign, mailer) == Looked(sent=1)

    assert other.to == [ANA]


def test_within_the_hour_it_is_given_up_and_the_organizers_learn_how_many(
    campaign: Campaign, letter: str, mailer: Mailer, inbox: Inbox, clock: Clock
) -> None:
    inbox.recipient = "451 Not now"
    clock.pass_time(minutes=30)
    wish(campaign, letter, ANA, "ben@example.com")
    for _ in range(59):
        looked = look(campaign, mailer)
        assert looked.sent == 0
        clock.pass_time(minutes=1)
    assert look(campaign, mailer).waiting == 0

    assert campaign.rows(Outbox, letter) == []
    assert undelivered(campaign, letter) == 2


def test_what_waited_before_the_clock_began_is_given_up_when_its_hour_may_be_over(
    campaign: Campaign, letter: str, clock: Clock, inbox: Inbox
) -> None:
    wish(campaign, letter, ANA)
    clock.pass_time(hours=1)

    assert look(campaign, fresh(campaign)) == Looked(given_up=1)
    assert inbox.raw == []


def test_a_mail_that_is_refused_for_good_is_not_tried_again(
    campaign: Campaign, letter: str, mailer: Mailer, inbox: Inbox
) -> None:
    inbox.recipient = "550 Nobody here"
    wish(campaign, letter, ANA)

    assert look(campaign, mailer) == Looked()
    assert (campaign.rows(Outbox, letter), undelivered(campaign, letter)) == ([], 1)


def test_however_many_are_refused_the_log_gets_a_line_an_hour(
    campaign: Campaign, letter: str, mailer: Mailer, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    inbox.recipient = "550 Nobody here"
    for address in (ANA, "ben@example.com", "cem@example.com"):
        wish(campaign, letter, address)
        look(campaign, mailer)

    assert caplog.messages == ["the mail server refuses a mail: answer 550"]


def test_one_that_can_not_be_made_holds_up_no_other(
    campaign: Campaign, letter: str, mailer: Mailer, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(sender: Sender, to: Address, *how: Any, **more: Any) -> EmailMessage:
        if to.local == "ana":
            raise ValueError(str(to))
        return compose(sender, to, *how, **more)

    monkeypatch.setattr(delivery, "compose", made)
    wish(campaign, letter, ANA, "ben@example.com", "cem@example.com")

    assert look(campaign, mailer) == Looked(sent=2)
    assert (campaign.rows(Outbox, letter), undelivered(campaign, letter)) == ([], 1)


def test_one_that_is_refused_for_the_moment_does_not_hold_up_the_others(
    campaign: Campaign, letter: str, mailer: Mailer, inbox: Inbox, clock: Clock
) -> None:
    inbox.data = "452 Full"
    wish(campaign, letter, ANA)
    look(campaign, mailer)
    inbox.data = ""
    wish(campaign, letter, "ben@example.com")

    assert look(campaign, mailer) == Looked(sent=1, waiting=1)
    clock.pass_time(seconds=20)
    assert look(campaign, mailer) == Looked(sent=1)


def test_an_international_address_needs_a_server_that_knows_them(
    campaign: Campaign, letter: str, mailer: Mailer, inbox: Inbox
) -> None:
    wish(campaign, letter, "josé@example.com")

    assert look(campaign, mailer) == Looked()
    assert (inbox.raw, undelivered(campaign, letter)) == ([], 1)


def test_an_international_address_gets_its_mail_from_one_that_does(campaign: Campaign, letter: str) -> None:
    with a_mail_server(enable_SMTPUTF8=True) as inbox:
        mailer = a_mailer(with_mail(campaign, inbox.address))
        wish(campaign, letter, "José@example.com")
        look(campaign, mailer)

    assert inbox.to == ["josé@example.com"]
    assert inbox.mails[0]["To"] == "josé@example.com"


def test_a_connection_cut_before_the_answer_costs_a_second_copy_at_most(
    campaign: Campaign, letter: str, mailer: Mailer, inbox: Inbox, clock: Clock
) -> None:
    inbox.cuts_after_data = 1
    wish(campaign, letter, ANA)
    assert look(campaign, mailer) == Looked(waiting=1)
    clock.pass_time(seconds=30)
    assert look(campaign, mailer) == Looked(sent=1)

    assert len(inbox.raw) == 2 and len(set(inbox.codes())) == 1


def test_a_clock_killed_between_handing_over_and_deleting_costs_a_second_copy_at_most(
    campaign: Campaign, letter: str, inbox: Inbox
) -> None:
    wish(campaign, letter, ANA)
    killed = os.fork()
    if not killed:  # a process of its own, which is gone without any farewell as soon as the mail is out
        campaign.databases.issuer.dispose(close=False)
        mailer = fresh(campaign)
        mailer.transport = DyingTransport(mailer.transport)
        with contextlib.suppress(BaseException):
            look(campaign, mailer)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(killed, 0)[1]) == 9
    look(campaign, fresh(campaign))

    assert len(inbox.raw) == 2 and len(set(inbox.codes())) == 1
    assert campaign.rows(Outbox, letter) == []


class DyingTransport:
    """A transport after whose first mail the process is gone."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @contextlib.contextmanager
    def line(self) -> Iterator[Send]:
        with self._transport.line() as send:

            def send_and_die(message: EmailMessage) -> None:
                send(message)
                os._exit(9)

            yield send_and_die


def test_a_slow_server_is_left_and_tried_again(
    campaign: Campaign, letter: str, inbox: Inbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transports, "SILENCE", 0.5)
    mailer = a_mailer(campaign)
    inbox.waits = 1.0
    wish(campaign, letter, ANA)
    assert look(campaign, mailer) == Looked(waiting=1)
    inbox.waits = 0.0
    clock.pass_time(seconds=30)

    assert look(campaign, mailer) == Looked(sent=1)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_server_that_drips_its_answers_is_left(monkeypatch: pytest.MonkeyPatch, campaign: Campaign) -> None:
    monkeypatch.setattr(transports, "PATIENCE", 0.5)
    with dripping() as port, pytest.raises(ServerUnavailable):
        MailServer(f"smtp://127.0.0.1:{port}", sender_of(campaign.settings)).check()


@contextlib.contextmanager
def dripping() -> Iterator[int]:
    """A server that greets, and then never comes to an end of its answer."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def drip() -> None:
            with server.accept()[0] as connection, contextlib.suppress(OSError):
                connection.sendall(b"220 hello\r\n")
                while not stop.wait(0.1):
                    connection.sendall(b"250-x\r\n")

        thread = threading.Thread(target=drip)
        thread.start()
        yield server.getsockname()[1]
        stop.set()
        thread.join()


@pytest.mark.parametrize("kind", ["sqlite"])
def test_where_encryption_is_offered_it_is_used_and_the_password_goes_only_there(
    campaign: Campaign, letter: str, tmp_path: Path
) -> None:
    how = {"authenticator": OnlyAna(), "auth_required": True, "tls_context": its_own_certificate(tmp_path)}
    with a_mail_server(**how) as inbox:
        good = inbox.address.replace("//", "//ana:p%40ss%20word@")
        mailer = a_mailer(with_mail(campaign, good))
        wish(campaign, letter, ANA)
        look(campaign, mailer)
        found = MailServer(good, sender_of(campaign.settings)).check()
        with pytest.raises(ServerUnavailable, match="535"):
            MailServer(good.replace("word", "wort"), sender_of(campaign.settings)).check()

    assert (inbox.to, found) == ([ANA], {"encrypted"})


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_password_never_goes_over_a_line_that_others_can_read(campaign: Campaign) -> None:
    given: list[str] = []

    class Curious(OnlyAna):
        def __call__(self, *known: Any) -> Any:
            given.append("a password")
            return super().__call__(*known)

    how = {"authenticator": Curious(), "auth_require_tls": False}
    with (
        a_mail_server(Inbox(host="127.0.0.2"), **how) as elsewhere,
        pytest.raises(ServerUnavailable, match="NotSupported"),
    ):
        MailServer(elsewhere.address.replace("//", "//ana:secret@"), sender_of(campaign.settings)).check()

    assert given == []


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_server_elsewhere_must_show_a_certificate_that_others_vouch_for(campaign: Campaign, tmp_path: Path) -> None:
    elsewhere = Inbox(host="127.0.0.2")  # not the name of this machine
    with (
        a_mail_server(elsewhere, tls_context=its_own_certificate(tmp_path)),
        pytest.raises(ServerUnavailable, match="SSLCertVerificationError"),
    ):
        MailServer(elsewhere.address, sender_of(campaign.settings)).check()


# Nothing is left behind


def test_no_address_is_in_any_file_before_or_after_sending(
    campaign: Campaign, letter: str, mailer: Mailer, inbox: Inbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    addresses = ["very.rare.name@example.com", "josé.muñoz@example.com"]
    inbox.recipient = "550 very.rare.name@example.com: not here"
    wish(campaign, letter, *addresses)
    traces = [files(campaign)]
    look(campaign, mailer)
    traces.append(files(campaign))
    inbox.recipient = ""
    wish(campaign, letter, *addresses)
    traces.append(files(campaign))
    look(campaign, mailer)
    traces.append(files(campaign))
    campaign.seal(letter)
    traces.append(files(campaign))

    assert inbox.to == ["very.rare.name@example.com"]
    needles = [needle.encode() for address in addresses for needle in (address, address.partition("@")[0])]
    assert [needle for found in traces for needle in needles if needle in found] == []
    said = [str(vars(record)) for record in caplog.records if not record.name.startswith("mail.")]  # the server's own
    assert any("delivery" in line for line in said) and not [
        needle for needle in needles for line in said if needle.decode() in line
    ]


def files(campaign: Campaign) -> bytes:
    """All files of the site, and on PostgreSQL all rows."""
    found = b"".join(path.read_bytes() for path in sorted(campaign.settings.data.rglob("*")) if path.is_file())
    with campaign.databases.issuer.connect() as connection:
        for table in ("outbox", "code"):
            found += b"".join(
                bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                for row in connection.exec_driver_sql(f"SELECT * FROM {table}")
                for value in row
            )
        connection.rollback()
    return found


# The round that goes by itself


@pytest.mark.parametrize("kind", ["sqlite"])
def test_while_the_clock_waits_mail_goes_out(campaign: Campaign, letter: str, inbox: Inbox) -> None:
    stop = threading.Event()
    wish(campaign, letter, ANA)
    thread = threading.Thread(
        target=mailer_job.carry, args=(campaign.services, campaign.settings, campaign.clock, stop)
    )
    thread.start()
    for _ in range(100):
        if inbox.raw:
            break
        stop.wait(0.05)
    stop.set()
    thread.join()

    assert inbox.to == [ANA]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_of_two_schedulers_one_sends_the_mail(
    campaign: Campaign, letter: str, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailer_job, "EVERY", 0.02)
    stop = threading.Event()
    args = (campaign.services, campaign.settings, campaign.clock, stop)
    threads = [threading.Thread(target=mailer_job.carry, args=args) for _ in range(3)]
    for thread in threads:
        thread.start()
    wish(campaign, letter, *(f"worker-{number}@example.com" for number in range(10)))
    for _ in range(200):
        if len(inbox.raw) >= 10:
            break
        stop.wait(0.05)
    stop.wait(0.2)
    stop.set()
    for thread in threads:
        thread.join()

    assert sorted(inbox.to) == sorted(f"worker-{number}@example.com" for number in range(10))


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_site_without_a_mail_server_sends_nothing(campaign: Campaign) -> None:
    stop = threading.Event()
    mailer_job.carry(campaign.services, replace(campaign.settings, mail=None), campaign.clock, stop)

    assert not (campaign.settings.data / mailer_job.LOCK).exists()
