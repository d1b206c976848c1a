"""Settings come from the environment; a wrong one stops everything with one line."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Shell

DEFAULTS = {
    "PETITION_MAIL": "",
    "PETITION_MAIL_SUBJECT": "The code you asked for",
    "PETITION_SEAL_AT": "04:00",
    "PETITION_PROXIES": "0",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PETITION_URL", "letters.example.org"),
        ("PETITION_URL", "ftp://letters.example.org"),
        ("PETITION_URL", "https://letters.example.org/path"),
        ("PETITION_URL", "https://user@letters.example.org"),
        ("PETITION_URL", "http://["),
        ("PETITION_URL", "http://host:99999"),
        ("PETITION_DATABASE_URL", "mysql://localhost/petition"),
        ("PETITION_DATABASE_URL", "postgresql://host:port/petition"),
        ("PETITION_ISSUER_DATABASE_URL", "issuer.db"),
        ("PETITION_MAIL", "mail.example.org"),
        ("PETITION_MAIL", "smtp://["),
        ("PETITION_MAIL", "folder:"),
        ("PETITION_MAIL_SUBJECT", "two\nlines"),
        ("PETITION_SEAL_AT", "61"),
        ("PETITION_SEAL_AT", "*/15"),
        ("PETITION_SEAL_AT", "04:30"),
        ("PETITION_SEAL_AT", "24:00"),
        ("PETITION_ONION", "example.onion"),
        ("PETITION_SEAL_AT", "often"),
        ("PETITION_PROXIES", "-1"),
        ("PETITION_PROXIES", "11"),
        ("PETITION_PROXIES", "one"),
    ],
)
def test_a_wrong_value_stops_with_one_line_that_names_the_variable_and_an_example(
    shell: Shell, name: str, value: str
) -> None:
    result = shell("organizer", "list", **{name: value})

    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert result.stderr.startswith(f"{name}: ")
    assert "for example" in result.stderr


def test_equal_databases_are_refused(shell: Shell) -> None:
    same = "postgresql://localhost/one"
    result = shell("organizer", "list", PETITION_DATABASE_URL=same, PETITION_ISSUER_DATABASE_URL=same)

    assert result.exit_code == 1
    assert "the two must be apart" in result.stderr


@pytest.mark.parametrize("url", ["postgresql://127.0.0.1:1/x", "sqlite:////nowhere/at/all.db"])
def test_a_database_that_cannot_be_opened_is_one_line(shell: Shell, url: str) -> None:
    result = shell("organizer", "list", PETITION_DATABASE_URL=url)

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "PETITION_DATABASE_URL" in result.stderr


def test_a_data_folder_that_is_none_is_one_line(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = shell("organizer", "list", PETITION_DATA=str(tmp_path / "file"))

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.startswith("PETITION_DATA: ")


@pytest.mark.parametrize(("mode", "size", "sentence"), [(0o644, 32, "chmod 600"), (0o600, 31, "32 are needed")])
def test_a_secret_that_is_too_short_or_that_others_can_read_is_refused(
    shell: Shell, tmp_path: Path, mode: int, size: int, sentence: str
) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"x" * size)
    file.chmod(mode)
    result = shell("organizer", "list", PETITION_SECRET_FILE=str(file))

    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert sentence in result.stderr


def test_config_tells_each_setting_and_where_it_comes_from(shell: Shell) -> None:
    found = json.loads(shell("config", "--json").stdout)

    assert found["PETITION_URL"] == {"value": "https://letters.example.org", "source": "environment"}
    assert {name: found[name] for name in DEFAULTS} == {
        name: {"value": value, "source": "default"} for name, value in DEFAULTS.items()
    }
    assert found["PETITION_DATABASE_URL"]["value"] == f"sqlite:///{shell.environ['PETITION_DATA']}/petition.db"


def test_config_for_people_explains_each_setting(shell: Shell) -> None:
    said = shell("config").stdout

    for name in json.loads(shell("config", "--json").stdout):
        assert f"{name}=" in said
    assert "default – full hours of the day (UTC) at which daily updates run" in said


def test_config_shows_no_password(shell: Shell) -> None:
    urls = {
        "PETITION_DATABASE_URL": "postgresql://petition:hush@localhost/petition",
        "PETITION_ISSUER_DATABASE_URL": "postgresql://issuer:hush@localhost/issuer",
        "PETITION_MAIL": "smtps://sender:hush@mail.example.org",
    }
    said = shell("config", **urls).stdout + shell("config", "--json", **urls).stdout

    assert "hush" not in said
    assert "petition:…@localhost" in said


def test_what_is_made_on_the_first_run_is_closed_to_others(shell: Shell, tmp_path: Path) -> None:
    data = tmp_path / "new"
    assert shell("organizer", "list", PETITION_DATA=str(data)).exit_code == 0

    modes = {path.name: path.stat().st_mode & 0o777 for path in (data, data / "secret", data / "rounds")}
    assert modes == {"new": 0o700, "secret": 0o600, "rounds": 0o700}
    assert (data / "secret").stat().st_size == 32
