"""Settings from the environment: the only reader of it, and of the master secret's file.

All settings are optional. A wrong value stops the start with one line that names the variable, what is
wrong with it, and an example.
"""

import base64
import contextlib
import hashlib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from email.utils import parseaddr
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

SETTINGS_PREFIX = "PETITION_"
DEFAULT_PORTS = {"http": 80, "https": 443}
LOOPBACK = ("127.0.0.1", "::1", "localhost")
SECRET_BYTES = 32
DEMO = "demo"
"""The name of the file that marks the data folder of a demo."""
HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
"""A host as a log's origin may contain it: a name beyond ASCII in its xn-- form."""
ONION = re.compile(r"http://(?P<key>[a-z2-7]{56})\.onion/?")
INVITED, ANYONE = "invited", "open"
START, PUBLISH, NOTHING = APPROVALS = ("start", "publish", "nothing")
SECRET_SETTINGS = ("PETITION_DATABASE_URL", "PETITION_ISSUER_DATABASE_URL", "PETITION_MAIL", "PETITION_LIMITS_URL")


class WrongSetting(Exception):
    """A variable has a value that cannot be used; the text is one line for the person at the terminal."""


@dataclass(frozen=True)
class Settings:
    """The settings in force. ``sources`` says for each variable where its value came from."""

    data: Path
    database_url: str
    issuer_database_url: str
    secrets: Path
    """The folder of the master secret and of round secrets, which several hosts of a site share."""
    secret_file: Path
    url: str | None
    onion: str | None
    mail: str | None
    mail_from: str
    mail_subject: str
    seal_at: tuple[int, ...]
    start: str
    """Who may start a letter: ``invited`` people, or with ``open`` anyone."""
    approve: str
    """What the host must approve of a letter: ``start``, ``publish`` or ``nothing``."""
    host_name: str
    contact: str
    proxies: int
    metrics: tuple[str, int] | None
    limits_url: str | None
    """Where several hosts count limits together; None: each process counts by itself."""
    is_replicated: bool
    """Whether copies of the databases are kept on other machines as they change, which pages then say."""
    sources: Mapping[str, str]

    @property
    def host(self) -> str | None:
        """Host (and port) of the public address, as in a log's origin; never taken from a request."""
        return urlsplit(self.url).netloc if self.url else None

    @property
    def hosts(self) -> tuple[str, ...]:
        """Hosts (and ports) under which the site is reached: its public address's and its onion address's."""
        addresses = (self.url, self.onion)
        return tuple(sorted({urlsplit(address).netloc for address in addresses if address is not None}))

    @property
    def is_demo(self) -> bool:
        """Whether this is a demo, which marks its data folder. Only there can letters close at once."""
        return (self.data / DEMO).exists()

    @property
    def secure(self) -> bool:
        """Whether cookies may be marked Secure: everywhere but on loopback and on an http onion address."""
        parts = urlsplit(self.url or "http://localhost")
        plain = parts.hostname in ("localhost", "127.0.0.1", "::1") or (parts.hostname or "").endswith(".onion")
        return parts.scheme == "https" or not plain

    @property
    def rounds_folder(self) -> Path:
        """Where each round's secret is, in its own file."""
        return self.secrets / "rounds"

    @property
    def public_folder(self) -> Path:
        """Where cached public pages are; everything in it can be made again."""
        return self.data / "public"


def settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read all settings; raises WrongSetting for the first one that cannot be used."""
    sources: dict[str, str] = {}

    def read(name: str, default: Any, parse: Callable[[str, str], Any]) -> Any:
        value = environ.get(name, "").strip()
        sources[name] = "environment" if value else "default"
        return parse(name, value) if value else default

    start = read("PETITION_START", INVITED, partial(_one_of, (INVITED, ANYONE)))
    data = read("PETITION_DATA", Path("data").absolute(), _path)
    secrets = read("PETITION_SECRETS", data, _path)
    found = Settings(
        data=data,
        database_url=read("PETITION_DATABASE_URL", f"sqlite:///{data / 'petition.db'}", _database),
        issuer_database_url=read("PETITION_ISSUER_DATABASE_URL", f"sqlite:///{data / 'issuer.db'}", _database),
        secrets=secrets,
        secret_file=read("PETITION_SECRET_FILE", secrets / "secret", _path),
        url=read("PETITION_URL", None, _url),
        onion=read("PETITION_ONION", None, _onion),
        mail=read("PETITION_MAIL", None, _mail),
        mail_from=read("PETITION_MAIL_FROM", "noreply@localhost", _sender),
        mail_subject=read("PETITION_MAIL_SUBJECT", "The code you asked for", _text),
        seal_at=read("PETITION_SEAL_AT", (4,), _hours),
        start=start,
        approve=read("PETITION_APPROVE", NOTHING if start == INVITED else PUBLISH, partial(_one_of, APPROVALS)),
        host_name=read("PETITION_HOST_NAME", "", _text),
        contact=read("PETITION_CONTACT", "", _text),
        proxies=read("PETITION_PROXIES", 0, _count),
        metrics=read("PETITION_METRICS", None, _loopback),
        limits_url=read("PETITION_LIMITS_URL", None, _limits),
        is_replicated=read("PETITION_REPLICATED", False, _yes_or_no),
        sources=sources,
    )
    _require_known(environ, sources)
    if _place(found.database_url) == _place(found.issuer_database_url):
        raise WrongSetting(
            "PETITION_ISSUER_DATABASE_URL: is the same database as PETITION_DATABASE_URL; the two must be apart, "
            "for example postgresql://localhost/issuer"
        )
    return found


def _require_known(environ: Mapping[str, str], known: Mapping[str, str]) -> None:
    """Refuse a setting that there is none of, so that a slip of the pen is not a default in silence."""
    for name in sorted(environ):
        if name.startswith(SETTINGS_PREFIX) and name not in known:
            near = get_close_matches(
                name.removeprefix(SETTINGS_PREFIX), [one.removeprefix(SETTINGS_PREFIX) for one in known], n=1
            )
            meant = f"did you mean {SETTINGS_PREFIX}{near[0]}?" if near else "see them all with: petition config"
            raise WrongSetting(f"{name}: there is no such setting; {meant}")


def prepare_folders(found: Settings) -> None:
    """Make the data folder and the folder of round secrets, readable by their owner alone."""
    for name, folder in (
        ("PETITION_DATA", found.data),
        ("PETITION_SECRETS", found.secrets),
        ("PETITION_SECRETS", found.rounds_folder),
    ):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise WrongSetting(
                f"{name}: {folder} cannot be made ({error.strerror}); give a folder, for example /srv/petition"
            ) from None


def master_secret(found: Settings) -> bytes:
    """The 32 bytes from which cookies and key encryption derive; made on first use, with mode 0600."""
    path = found.secret_file
    try:
        if not path.exists():
            _make_secret(path)
        return _existing_secret(path)
    except OSError as error:
        raise WrongSetting(
            f"PETITION_SECRET_FILE: {path} cannot be used ({error.strerror}); give a file, for example "
            "/srv/petition/secret"
        ) from None


def _make_secret(path: Path) -> None:
    """Write it beside its place and link it there whole: of several first starts one wins, and none reads half."""
    part = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(SECRET_BYTES))
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(part, path)
    part.unlink()


def _existing_secret(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise WrongSetting(f"PETITION_SECRET_FILE: {path} can be read by others; mend it with: chmod 600 {path}")
    secret = path.read_bytes()
    if len(secret) < SECRET_BYTES:
        raise WrongSetting(
            f"PETITION_SECRET_FILE: {path} holds {len(secret)} bytes, {SECRET_BYTES} are needed; "
            "make one with: head -c 32 /dev/urandom > FILE"
        )
    return secret


def _path(name: str, value: str) -> Path:
    try:
        return Path(value).expanduser().absolute()
    except RuntimeError:
        raise WrongSetting(f"{name}: {value!r} names nobody's home, for example /srv/petition") from None


def _text(name: str, value: str) -> str:
    if "\n" in value or "\r" in value:
        raise WrongSetting(f"{name}: must be a single line, for example: A message for you")
    return value


def _one_of(known: tuple[str, ...], name: str, value: str) -> str:
    if value not in known:
        raise WrongSetting(f"{name}: {value!r} is unknown; give one of {', '.join(known)}, for example {known[0]}")
    return value


def _yes_or_no(name: str, value: str) -> bool:
    return _one_of(("yes", "no"), name, value) == "yes"


def _database(name: str, value: str) -> str:
    given = value
    for scheme in ("postgres://", "postgresql://"):
        if value.startswith(scheme):
            value = "postgresql+psycopg://" + value.removeprefix(scheme)
    if value.startswith("postgresql+psycopg://") and re.search("[?&][a-z]*password=", value):
        raise WrongSetting(
            f"{name}: write the password before the @, where nothing shows it, for example "
            "postgresql://user:password@localhost/petition"
        )
    if re.match("sqlite:///(?!$|:memory:)", value) or (
        value.startswith("postgresql+psycopg://") and _has_good_port(value)
    ):
        return value
    raise WrongSetting(
        f"{name}: {_shown(given)} is no address of SQLite or PostgreSQL, for example "
        "sqlite:////srv/petition/petition.db or postgresql://user:password@localhost/petition"
    )


def _shown(value: str) -> str:
    """A value that is no address, in quotes, without anything that may have been meant as a password."""
    scheme = re.match("[A-Za-z0-9+.-]+://|", value)
    _, mark, rest = value.rpartition("@")
    if mark:
        return repr(f"{scheme[0] if scheme else ''}…@{rest.partition('?')[0]}")
    return repr(re.sub(r"(?s):(?!//)(?!\d{1,5}(?:/|$)).+", ":…", rest.partition("?")[0]))


def _place(url: str) -> tuple[Any, ...]:
    """Where a database is, however its address is spelled."""
    if url.startswith("sqlite"):
        return ("sqlite", os.path.realpath(url.removeprefix("sqlite:///").partition("?")[0]))
    parts = urlsplit(url)
    return (parts.hostname, parts.port or 5432, parts.path, parts.query)


def _split(value: str) -> SplitResult | None:
    """The parts of an address; None if its host or its port is none."""
    return urlsplit(value) if _has_good_port(value) and urlsplit(value).hostname else None


def _has_good_port(value: str) -> bool:
    try:
        return urlsplit(value).port != 0
    except ValueError:
        return False


def _url(name: str, value: str) -> str:
    example = "for example https://letters.example.org"
    parts = _split(value)
    if parts is None or parts.scheme not in ("http", "https") or not HOST.fullmatch(parts.netloc):
        raise WrongSetting(f"{name}: {value!r} is no web address, {example}")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise WrongSetting(
            f"{name}: {value!r} must end after the host name, {example}; the site needs a name of its own, because "
            "other pages of the same name could read what is typed here (a mirror of published files may have a path)"
        )
    host = parts.netloc.lower()
    if parts.port == DEFAULT_PORTS[parts.scheme]:  # browsers never show it, and compare the host with the log's
        host = host.rpartition(":")[0]
    return f"{parts.scheme}://{host}"


def _onion(name: str, value: str) -> str:
    """An address of an onion service of version 3, whose last letters check the others (Tor's rend-spec-v3, 6)."""
    match = ONION.fullmatch(value.lower())
    decoded = base64.b32decode(match["key"].upper()) if match else bytes(35)
    key, check, version = decoded[:32], decoded[32:34], decoded[34:]
    if match is None or hashlib.sha3_256(b".onion checksum" + key + version).digest()[:2] != check:
        raise WrongSetting(
            f"{name}: {value!r} is no onion address; copy it from the file hostname in Tor's folder, for example "
            "http://2gzyxa5ihm7nsggfxnu52rck2vv4rvmdlkiu3zzui5du4xyclen53wid.onion"
        )
    return match[0].rstrip("/")


def _mail(name: str, value: str) -> str:
    if value.startswith(("smtp://", "smtps://")) and _split(value):
        return value
    if value.startswith("folder:") and value != "folder:":
        return value
    raise WrongSetting(
        f"{name}: {_shown(value)} is no address of a mail server, for example smtp://localhost:25 or folder:./mail"
    )


def _sender(name: str, value: str) -> str:
    """An email address, with a name before it or without."""
    local, _, host = parseaddr(_text(name, value))[1].rpartition("@")
    if not local or not host:
        raise WrongSetting(f"{name}: {value!r} is no email address, for example letters@example.org")
    return value


def _limits(name: str, value: str) -> str:
    parts = _split(value)
    if parts is None or parts.scheme not in ("redis", "rediss", "valkey", "valkeys"):
        raise WrongSetting(
            f"{name}: {_shown(value)} is no address of Valkey or Redis, for example redis://localhost:6379/0"
        )
    return value


def _hours(name: str, value: str) -> tuple[int, ...]:
    """Full hours of the day (UTC), such as ``04:00`` or ``06:00,18:00``."""
    parts = [part.strip() for part in value.split(",")]
    if not all(re.fullmatch("(?:[01]?[0-9]|2[0-3]):00", part) for part in parts):
        raise WrongSetting(
            f"{name}: {value!r} is no list of full hours of the day in UTC, at which daily updates run, for example "
            "04:00 or 06:00,18:00"
        )
    return tuple(sorted({int(part.partition(":")[0]) for part in parts}))


def _count(name: str, value: str) -> int:
    if not re.fullmatch("[0-9]{1,2}", value) or int(value) > 10:
        raise WrongSetting(f"{name}: {value!r} is no number of proxies from 0 to 10, for example 1")
    return int(value)


def _loopback(name: str, value: str) -> tuple[str, int]:
    """A port of this machine alone, such as ``9464`` or ``[::1]:9464``."""
    host, _, port = value.rpartition(":")
    host = host.strip("[]") or LOOPBACK[0]
    if host not in LOOPBACK or not re.fullmatch("[1-9][0-9]{0,4}", port) or int(port) > 65535:
        raise WrongSetting(f"{name}: {value!r} is no port of this machine itself, for example 9464 or 127.0.0.1:9464")
    return host, int(port)
