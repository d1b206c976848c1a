"""``sudo petition``: settings are read as they stand, and nothing of them is ever run."""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from typing import Any

import pytest

from tests.deploy.tools import DEPLOY

PLAIN = {
    "PETITION_DATABASE_URL": "postgresql://petition:p@localhost/petition?sslmode=require&application_name=a",
    "PETITION_MAIL": "smtps://name:$(touch /tmp/run)`id`$HOME@mail.example.org",
    "PETITION_MAIL_SUBJECT": 'The code you asked for; it\'s "here" # and this belongs to it',
    "PETITION_SEAL_AT": "*/15",
    "PETITION_DATA": "/srv/petition",
    "PETITION_ISSUER_DATABASE_URL": "sqlite:////srv/issuer.db",
    "PETITION_ONION": "",
}


@pytest.fixture(scope="module")
def wrapper() -> Any:
    """The wrapper as a module."""
    loader = SourceFileLoader("wrapper", str(DEPLOY / "petition"))
    spec = spec_from_loader("wrapper", loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_a_value_is_all_that_stands_behind_the_first_equals_sign(wrapper: Any) -> None:
    text = "\n".join(("# A comment", "; another", "", *(f"{name}={value} " for name, value in PLAIN.items()), ""))

    assert wrapper.read_settings(text) == PLAIN


def test_the_file_that_is_installed_can_be_read(wrapper: Any) -> None:
    found = wrapper.read_settings((DEPLOY / "petition.env").read_text("utf-8"))

    assert found == {
        "PETITION_DATA": "/var/lib/petition",
        "PETITION_URL": "https://letters.example.org",
        "PETITION_PROXIES": "1",
    }


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('PETITION_URL="https://x.example"', "line 2: write the value of PETITION_URL without quotes around it"),
        ("PETITION_URL='https://x.example'", "line 2: write the value of PETITION_URL without quotes around it"),
        ("PETITION_MAIL=smtp://a\\@b", "line 2: write the value of PETITION_MAIL without quotes around it and back"),
        ("PETITION_URL = https://x.example", "line 2: write NAME=VALUE"),
        ("export PETITION_URL=https://x.example", "line 2: leave out export"),
        ("PETITON_URL=https://x.example", "line 2: PETITON_URL is no setting; did you mean PETITION_URL?"),
        ("petition_URL=https://x.example", "line 2: petition_URL is no setting; did you mean PETITION_URL?"),
        ("PETITION_URL", "line 2: write NAME=VALUE"),
        ("PETITION_DATA=data", "line 2: write the whole path in PETITION_DATA"),
        ("PETITION_SECRET_FILE=./secret", "line 2: write the whole path in PETITION_SECRET_FILE"),
        ("PETITION_DATABASE_URL=sqlite:///petition.db", "line 2: write the whole path in PETITION_DATABASE_URL"),
        ("PETITION_MAIL=folder:./mail", "line 2: write the whole path in PETITION_MAIL"),
    ],
)
def test_a_line_that_systemd_would_read_otherwise_is_refused(wrapper: Any, line: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        wrapper.read_settings(f"PETITION_PROXIES=1\n{line}\n")


def test_a_file_from_windows_is_read_like_any_other(wrapper: Any) -> None:
    text = "\ufeff# Settings\r\nPETITION_PROXIES=1\r\n\r\nPETITION_URL=https://x.example\r\n"

    assert wrapper.read_settings(text) == {"PETITION_PROXIES": "1", "PETITION_URL": "https://x.example"}


def test_a_setting_behind_a_byte_order_mark_is_refused_because_systemd_does_not_read_it(wrapper: Any) -> None:
    with pytest.raises(ValueError, match="line 1: save the file without a byte order mark"):
        wrapper.read_settings("\ufeffPETITION_PROXIES=1\r\n")


def test_a_command_gets_nothing_else_of_its_caller(wrapper: Any) -> None:
    caller = {"TERM": "xterm", "LC_ALL": "es_ES.UTF-8", "SUDO_USER": "ana", "LD_PRELOAD": "/x", "PETITION_DATA": "/y"}
    found = wrapper.of_caller(caller)

    assert found == {
        "TERM": "xterm",
        "LC_ALL": "es_ES.UTF-8",
        "PATH": "/usr/bin:/bin",
        "HOME": "/var/lib/petition",
        "PYTHONSAFEPATH": "1",
    }
