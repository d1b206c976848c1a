"""Settings: what each may be, and one line for what it may not be."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from petition.cli.config import NAMES, shown_value
from petition.config import Settings, WrongSetting, master_secret, prepare_folders, settings

ONION = "http://2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion"
WRONG = {
    "PETITION_START": ["everybody", "Open"],
    "PETITION_APPROVE": ["yes"],
    "PETITION_HOST_NAME": ["two\nlines"],
    "PETITION_CONTACT": ["two\nlines"],
    "PETITION_DATA": ["~nobody-has-this-name/data"],
    "PETITION_SECRET_FILE": ["~nobody-has-this-name/secret"],
    "PETITION_DATABASE_URL": [
        "mysql://localhost/petition",
        "petition.db",
        "sqlite:petition.db",
        "sqlite:///",
        "sqlite:///:memory:",
        "postgresql+psycopg2://localhost/petition",
        "postgresql://localhost:port/petition",
        "postgresql://localhost:99999/petition",
        "postgresql://[::1/petition",
    ],
    "PETITION_ISSUER_DATABASE_URL": ["oracle://x", "/srv/issuer.db"],
    "PETITION_URL": [
        "letters.example.org",
        "ftp://letters.example.org",
        "https://",
        "https://letters.example.org/petition",
        "https://letters.example.org/?a",
        "https://letters.example.org/#a",
        "https://ana:secret@letters.example.org",
        "https://letters+more.example.org",
        "https://letters example.org",
        "https://bücher.example",
        "https://letters.example.org:port",
        "https://letters.example.org:99999",
        "https://letters.example.org:0",
        "https://[::1",
        "https://letters.example.org\nhttps://other.example",
        "https://letters.example.org/\x00",
        "javascript:alert(1)",
    ],
    "PETITION_ONION": [
        "letters.example.org",
        "http://letters.example.org",
        "http://abcdefgh.onion",
        "http://2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wie.onion",
        "http://2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion/letters/",
    ],
    "PETITION_MAIL": ["localhost", "smtp://", "smtp:localhost", "folder:", "http://x", "smtp://[::1", "smtp://x:99999"],
    "PETITION_MAIL_FROM": ["a@example.org\nBcc: b@example.org", "nope", "@example.org", "a@", "Letters <nope>"],
    "PETITION_MAIL_SUBJECT": ["Hello\r\nBcc: b@example.org"],
    "PETITION_SEAL_AT": [
        "4",
        "24:00",
        "04:30",
        "-1:00",
        "04:00,",
        "04:00;05:00",
        "hourly",
        "*/15",
        "sometimes",
        "9" * 5000,
    ],
    "PETITION_PROXIES": ["-1", "11", "one", "1.0", "９", "9" * 5000],
    "PETITION_SECRETS": ["~nobody-of-that-name/x"],
    "PETITION_REPLICATED": ["true", "1", "Yes"],
    "PETITION_LIMITS_URL": ["memory", "http://localhost", "redis://", "redis://host:port", "redis://host:0"],
    "PETITION_METRICS": ["0", "70000", "port", "0.0.0.0:9464", "192.0.2.1:9464", ":", "９464"],
}
RIGHT: dict[str, list[tuple[str, str, Any]]] = {
    "PETITION_START": [("open", "start", "open"), ("invited", "start", "invited")],
    "PETITION_APPROVE": [(word, "approve", word) for word in ("start", "publish", "nothing")],
    "PETITION_HOST_NAME": [("Workers United", "host_name", "Workers United")],
    "PETITION_CONTACT": [("letters@union.example", "contact", "letters@union.example")],
    "PETITION_DATA": [("/srv/petition", "data", Path("/srv/petition"))],
    "PETITION_SECRET_FILE": [("/srv/secret", "secret_file", Path("/srv/secret"))],
    "PETITION_DATABASE_URL": [
        ("sqlite:////srv/p.db", "database_url", "sqlite:////srv/p.db"),
        ("postgresql://u:p@db/p", "database_url", "postgresql+psycopg://u:p@db/p"),
        ("postgres:///p?host=/run/postgresql", "database_url", "postgresql+psycopg:///p?host=/run/postgresql"),
        ("postgresql+psycopg://db:5433/p", "database_url", "postgresql+psycopg://db:5433/p"),
    ],
    "PETITION_ISSUER_DATABASE_URL": [("sqlite:////srv/i.db", "issuer_database_url", "sqlite:////srv/i.db")],
    "PETITION_URL": [
        ("https://letters.example.org", "url", "https://letters.example.org"),
        ("https://Letters.Example.ORG/", "url", "https://letters.example.org"),
        ("http://localhost:8000", "url", "http://localhost:8000"),
        ("http://[::1]:8000", "url", "http://[::1]:8000"),
        ("http://localhost:80", "url", "http://localhost"),
        ("http://[::1]:80/", "url", "http://[::1]"),
        ("HTTPS://Letters.Example.org:443", "url", "https://letters.example.org"),
        ("https://letters.example.org:80", "url", "https://letters.example.org:80"),
        ("http://abcdefgh.onion", "url", "http://abcdefgh.onion"),
        ("https://xn--bcher-kva.example", "url", "https://xn--bcher-kva.example"),
    ],
    "PETITION_ONION": [(f"{ONION}/", "onion", ONION), (ONION, "onion", ONION)],
    "PETITION_MAIL": [
        ("smtp://localhost:25", "mail", "smtp://localhost:25"),
        ("smtps://u:p@mail.example.org", "mail", "smtps://u:p@mail.example.org"),
        ("folder:./mail", "mail", "folder:./mail"),
    ],
    "PETITION_MAIL_FROM": [
        ("a@example.org", "mail_from", "a@example.org"),
        ("noreply@localhost", "mail_from", "noreply@localhost"),
        ("Letters <a@example.org>", "mail_from", "Letters <a@example.org>"),
    ],
    "PETITION_MAIL_SUBJECT": [("A message", "mail_subject", "A message")],
    "PETITION_SEAL_AT": [
        ("04:00", "seal_at", (4,)),
        ("18:00,6:00", "seal_at", (6, 18)),
        ("00:00, 23:00", "seal_at", (0, 23)),
        ("12:00,12:00", "seal_at", (12,)),
    ],
    "PETITION_SECRETS": [("/mnt/secrets", "secrets", Path("/mnt/secrets"))],
    "PETITION_REPLICATED": [("yes", "is_replicated", True), ("no", "is_replicated", False)],
    "PETITION_LIMITS_URL": [
        ("redis://localhost:6379/0", "limits_url", "redis://localhost:6379/0"),
        ("valkeys://u:p@limits", "limits_url", "valkeys://u:p@limits"),
    ],
    "PETITION_PROXIES": [("0", "proxies", 0), ("10", "proxies", 10)],
    "PETITION_METRICS": [
        ("9464", "metrics", ("127.0.0.1", 9464)),
        ("localhost:9464", "metrics", ("localhost", 9464)),
        ("[::1]:9464", "metrics", ("::1", 9464)),
    ],
}


def pairs(table: dict[str, list[Any]]) -> list[tuple[str, Any]]:
    return [(name, value) for name, values in table.items() for value in values]


# Values


@pytest.mark.parametrize(("name", "value"), pairs(WRONG))
def test_a_wrong_value_is_one_line_that_names_the_variable_and_an_example(name: str, value: str) -> None:
    with pytest.raises(WrongSetting) as refused:
        settings({name: value})

    line = str(refused.value)
    assert line.startswith(f"{name}: ")
    assert "for example" in line
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize(("name", "case"), pairs(RIGHT))
def test_a_right_value_is_in_force(name: str, case: tuple[str, str, Any]) -> None:
    value, member, expected = case
    found = settings({name: f" {value} "})

    assert getattr(found, member) == expected
    assert found.sources[name] == "environment"


def test_every_setting_is_optional_and_has_its_default() -> None:
    found, data = settings({}), Path("data").absolute()

    assert found == Settings(
        data=data,
        database_url=f"sqlite:///{data}/petition.db",
        issuer_database_url=f"sqlite:///{data}/issuer.db",
        secrets=data,
        secret_file=data / "secret",
        url=None,
        onion=None,
        mail=None,
        mail_from="noreply@localhost",
        mail_subject="The code you asked for",
        seal_at=(4,),
        start="invited",
        approve="nothing",
        host_name="",
        contact="",
        proxies=0,
        metrics=None,
        limits_url=None,
        is_replicated=False,
        sources=dict.fromkeys(RIGHT, "default"),
    )
    assert set(WRONG) == set(RIGHT) == set(found.sources) == set(NAMES)


def test_an_open_site_asks_its_host_before_letters_are_public_unless_it_chose_otherwise() -> None:
    assert settings({"PETITION_START": "open"}).approve == "publish"
    assert settings({"PETITION_START": "open", "PETITION_APPROVE": "nothing"}).approve == "nothing"


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_an_empty_value_is_no_value(name: str) -> None:
    assert settings({name: "  "}) == settings({})


def test_everything_that_is_kept_lies_in_the_data_folder() -> None:
    found = settings({"PETITION_DATA": "/srv/petition"})

    assert found.database_url == "sqlite:////srv/petition/petition.db"
    assert found.issuer_database_url == "sqlite:////srv/petition/issuer.db"
    places = (found.secret_file, found.rounds_folder, found.public_folder)
    assert all(place.is_relative_to("/srv/petition") for place in places)


def test_hosts_that_share_a_folder_of_secrets_keep_everything_else_in_folders_of_their_own() -> None:
    found = settings({"PETITION_DATA": "/srv/petition", "PETITION_SECRETS": "/mnt/secrets"})

    assert (found.secret_file, found.rounds_folder) == (Path("/mnt/secrets/secret"), Path("/mnt/secrets/rounds"))
    assert found.public_folder.is_relative_to("/srv/petition")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sqlite:////srv/x.db", "sqlite:////srv/x.db"),
        ("sqlite:////srv/x.db", "sqlite:////srv/../srv/x.db?timeout=3"),
        ("postgres://db/x", "postgresql://db/x"),
        ("postgresql://db/x", "postgresql://ana:secret@DB:5432/x"),
    ],
)
def test_both_databases_in_one_place_are_refused_however_that_is_spelled(one: str, other: str) -> None:
    with pytest.raises(WrongSetting, match="^PETITION_ISSUER_DATABASE_URL: is the same database"):
        settings({"PETITION_DATABASE_URL": one, "PETITION_ISSUER_DATABASE_URL": other})


def test_two_databases_of_one_server_are_two() -> None:
    found = settings(
        {"PETITION_DATABASE_URL": "postgresql://db/one", "PETITION_ISSUER_DATABASE_URL": "postgresql://db/two"}
    )

    assert found.database_url != found.issuer_database_url


@pytest.mark.parametrize(
    ("url", "host", "secure"),
    [
        (None, None, False),
        ("https://letters.example.org", "letters.example.org", True),
        ("http://letters.example.org", "letters.example.org", True),
        ("http://localhost:8000", "localhost:8000", False),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", False),
        ("http://[::1]:8000", "[::1]:8000", False),
        ("http://abcdefgh.onion", "abcdefgh.onion", False),
        ("https://abcdefgh.onion", "abcdefgh.onion", True),
    ],
)
def test_cookies_are_secure_everywhere_but_at_home_and_on_an_onion(
    url: str | None, host: str | None, secure: bool
) -> None:
    found = settings({"PETITION_URL": url} if url else {})

    assert (found.host, found.secure) == (host, secure)


def test_no_password_is_in_what_is_shown_or_refused() -> None:
    found = settings(
        {"PETITION_DATABASE_URL": "postgresql://ana:secret@db/x", "PETITION_MAIL": "smtp://ana:secret@mail.example.org"}
    )

    assert all("secret" not in shown_value(found, name) for name in ("PETITION_DATABASE_URL", "PETITION_MAIL"))
    for name in ("PETITION_DATABASE_URL", "PETITION_MAIL"):
        with pytest.raises(WrongSetting) as refused:
            settings({name: "gopher://ana:secret@db/x"})
        assert "secret" not in str(refused.value)


def test_a_password_where_lists_of_processes_would_show_it_is_refused_and_not_repeated() -> None:
    with pytest.raises(WrongSetting, match="write the password before the @") as refused:
        settings({"PETITION_DATABASE_URL": "postgresql://ana@db/x?sslmode=require&password=hunter2"})

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("name", ["PETITION_DATABASE_URL", "PETITION_MAIL", "PETITION_LIMITS_URL"])
@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("gopher://ana:secret@db/x", "'gopher://…@db/x'"),
        ("ana:secret@db", "'…@db'"),
        ("gopher//ana:sec@ret@db", "'…@db'"),
        ("gopher://ana:secret", "'gopher://ana:…'"),
        ("gopher://db:5432/x?password=secret", "'gopher://db:5432/x'"),
        ("gopher://ana:secret@db/x?password=secret", "'gopher://…@db/x'"),
    ],
)
def test_what_is_no_address_is_shown_without_what_may_be_a_password(name: str, value: str, shown: str) -> None:
    with pytest.raises(WrongSetting) as refused:
        settings({name: value})

    assert str(refused.value).startswith(f"{name}: {shown} is no address of ")
    assert "secret" not in str(refused.value)


def test_what_is_listed_is_what_there_is() -> None:
    members = {member for member, _ in NAMES.values()}

    assert members == {field.name for field in fields(Settings)} - {"sources"}


# Folders and the master secret


@pytest.fixture
def found(tmp_path: Path) -> Settings:
    made = settings({"PETITION_DATA": str(tmp_path / "data")})
    prepare_folders(made)
    return made


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_folders_are_for_their_owner_alone(found: Settings) -> None:
    prepare_folders(found)

    assert (mode(found.data), mode(found.rounds_folder)) == (0o700, 0o700)


def test_the_secret_is_made_once_for_its_owner_alone(found: Settings) -> None:
    first = master_secret(found)

    assert (len(first), mode(found.secret_file)) == (32, 0o600)
    assert master_secret(found) == first == found.secret_file.read_bytes()
    assert sorted(path.name for path in found.data.iterdir()) == ["rounds", "secret"]


def test_of_several_first_starts_all_have_the_same_secret(found: Settings) -> None:
    with ThreadPoolExecutor(8) as starts:
        secrets = set(starts.map(lambda _: master_secret(found), range(8)))

    assert secrets == {found.secret_file.read_bytes()}


@pytest.mark.parametrize("readable", [0o640, 0o604, 0o660, 0o777])
def test_a_secret_that_others_can_read_is_refused(found: Settings, readable: int) -> None:
    master_secret(found)
    found.secret_file.chmod(readable)

    with pytest.raises(WrongSetting, match=r"^PETITION_SECRET_FILE: .* can be read by others; mend it with: chmod 600"):
        master_secret(found)


def test_a_secret_that_is_too_short_is_refused(found: Settings) -> None:
    found.secret_file.write_bytes(bytes(31))
    found.secret_file.chmod(0o600)

    with pytest.raises(WrongSetting, match="^PETITION_SECRET_FILE: .* holds 31 bytes, 32 are needed"):
        master_secret(found)


@pytest.mark.parametrize("name", ["PETITION_DATA", "PETITION_SECRET_FILE"])
def test_a_place_that_cannot_be_used_is_one_line(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("in the way")
    found = settings({"PETITION_DATA": str(tmp_path / "data"), name: str(tmp_path / "file" / "below")})

    with pytest.raises(WrongSetting, match=f"^{name}: .* \\(Not a directory\\); give a f.*, for example /srv/petition"):
        prepare_folders(found)
        master_secret(found)
