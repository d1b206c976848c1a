"""``petition config``: the settings in force, and where each comes from."""

import click

from petition.cli.context import say_json
from petition.config import SECRET_SETTINGS, Settings, settings

NAMES = {
    "PETITION_DATA": ("data", "folder of everything that must be kept"),
    "PETITION_DATABASE_URL": ("database_url", "letters, signatures, the log (SQLite or PostgreSQL)"),
    "PETITION_ISSUER_DATABASE_URL": ("issuer_database_url", "codes, as keyed hashes; never the same database"),
    "PETITION_SECRETS": ("secrets", "folder of the master secret and the secrets of sets of codes; hosts share one"),
    "PETITION_SECRET_FILE": ("secret_file", "master secret, made on first use"),
    "PETITION_URL": ("url", "public address, such as https://letters.example.org"),
    "PETITION_ONION": ("onion", "the onion service's address, where the site has one beside PETITION_URL"),
    "PETITION_MAIL": ("mail", "smtp://, smtps:// or folder:PATH; without it the mail route is off"),
    "PETITION_MAIL_FROM": ("mail_from", "sender of mails"),
    "PETITION_MAIL_SUBJECT": ("mail_subject", "subject of mails; must not name a letter"),
    "PETITION_SEAL_AT": ("seal_at", "full hours of the day (UTC) at which daily updates run: 04:00 or 06:00,18:00"),
    "PETITION_START": ("start", "who may start a letter: invited, or open, for anybody"),
    "PETITION_APPROVE": ("approve", "what you must approve of a letter: start, publish or nothing"),
    "PETITION_HOST_NAME": ("host_name", "who runs this site, shown on its pages"),
    "PETITION_CONTACT": ("contact", "how to reach you, shown on its pages"),
    "PETITION_PROXIES": ("proxies", "how many trusted proxies stand in front"),
    "PETITION_LIMITS_URL": ("limits_url", "Valkey or Redis, where several hosts count limits together: redis://…"),
    "PETITION_REPLICATED": ("is_replicated", "whether the databases have replicas or archived logs, which pages tell"),
    "PETITION_METRICS": ("metrics", "port of this machine for figures about its health, such as 9464; none without it"),
}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One line of JSON, for programs.")
def config(as_json: bool) -> None:
    """Show the settings in force and where each comes from.

    All are environment variables and all are optional. Passwords in addresses are not shown.
    """
    found = settings()
    shown = {name: shown_value(found, name) for name in NAMES}
    if as_json:
        say_json({name: {"value": value, "source": found.sources[name]} for name, value in shown.items()})
        return
    for name, value in shown.items():
        click.echo(f"{name}={value}\n    {found.sources[name]} – {NAMES[name][1]}")


def shown_value(found: Settings, name: str) -> str:
    """A setting's value, safe to show on a screen."""
    value = getattr(found, NAMES[name][0])
    if name == "PETITION_METRICS" and value is not None:
        return f"{value[0]}:{value[1]}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(f"{hour:02}:00" for hour in value)
    text = "" if value is None else str(value)
    return _without_password(text) if name in SECRET_SETTINGS else text


def _without_password(address: str) -> str:
    scheme, mark, rest = address.partition("://")
    user, at, host = rest.rpartition("@")
    return f"{scheme}{mark}{user.split(':')[0]}:…{at}{host}" if at and ":" in user else address
