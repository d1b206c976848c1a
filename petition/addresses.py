"""Email addresses and their domains, as values. Each mailbox has one spelling, so asking twice is asking once.

A code goes to this spelling, not to what was typed. If you type ``Ana+1@Example.com``, the email goes to
``ana@example.com``, so no one gets a second code by spelling their address differently.
"""

import unicodedata
from dataclasses import dataclass

import idna

from petition.errors import BadShape
from petition.normalization import normalize

_ = str
MOST_BYTES = 254
"""Of a whole address (RFC 5321, 4.5.3.1.3, less the angle brackets)."""
MOST_LOCAL_BYTES = 64
PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.#$&'*-/=?^_{}~")
"""RFC 5322 atoms, but for ``%`` and ``!``, with which old servers pass mail on, and what a shell could run."""
WITHOUT_DOTS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
"""Domains that ignore dots before the @, each with the one name that it goes by here."""
FOR_ANYBODY = frozenset({
    "aol.com", "fastmail.com", "free.fr", "gmail.com", "gmx.com", "gmx.de", "gmx.net", "hotmail.co.uk", "hotmail.com",
    "icloud.com", "laposte.net", "libero.it", "live.com", "mail.com", "mail.ru", "me.com", "msn.com", "orange.fr",
    "outlook.com", "pm.me", "proton.me", "protonmail.com", "qq.com", "t-online.de", "web.de", "yahoo.co.uk",
    "yahoo.com", "yandex.com", "yandex.ru", "ymail.com", "zoho.com", "126.com", "163.com",
})  # fmt: skip
"""Domains at which anyone can have as many addresses as they like."""
WITH_SUBDOMAINS = "*."
NO_ADDRESS = _("We can't use this email address. Type it like name@example.com.")
NO_DOMAIN = _("“%(domain)s” isn't a domain. Enter the part after @, like example.com or *.example.com.")


@dataclass(frozen=True)
class Address:
    """A mailbox: the part before the @, and the domain in its ASCII form (IDNA 2008, RFC 5891)."""

    local: str
    domain: str

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def is_international(self) -> bool:
        """Whether only servers with SMTPUTF8 (RFC 6531) can take mail for it."""
        return not self.local.isascii()


def read_address(typed: str) -> Address:
    """The mailbox that an address means: NFKC, lowercase, cut at the first ``+``, the domain in ASCII.

    Refuses with ``BadShape`` what is no address, and forms that no one has at work: quoted names, numbers of hosts,
    addresses that ask a server to pass mail on.
    """
    text = _plain(typed)
    local, at, host = text.rpartition("@")
    if not at or len(text) > MOST_BYTES:
        raise BadShape(NO_ADDRESS)
    try:
        domain = _as_ascii(host)
    except ValueError:
        raise BadShape(NO_ADDRESS) from None
    local = local.partition("+")[0]
    if domain in WITHOUT_DOTS:
        local = local.replace(".", "")
    if not _is_local(local) or len(f"{local}@{domain}".encode()) > MOST_BYTES:
        raise BadShape(NO_ADDRESS)
    return Address(local, domain)


def read_domain(typed: str) -> str:
    """A domain that a letter allows, in ASCII; ``*.`` in front if its sub-domains count too."""
    text = _plain(typed).removeprefix("@")
    wide = text.startswith(WITH_SUBDOMAINS)
    try:
        return (WITH_SUBDOMAINS if wide else "") + _as_ascii(text.removeprefix(WITH_SUBDOMAINS))
    except ValueError:
        raise BadShape(NO_DOMAIN, domain=typed.strip()[:80]) from None


def is_within(domain: str, allowed: str) -> bool:
    """Whether an address's domain is one that a letter allows: the same, or where ``*.`` says so one below it."""
    if not allowed.startswith(WITH_SUBDOMAINS):
        return domain == allowed
    base = allowed.removeprefix(WITH_SUBDOMAINS)
    return domain == base or domain.endswith("." + base)


def is_for_anybody(allowed: str) -> bool:
    """Whether anyone can have an address there, so that it says nothing about where they work."""
    return allowed.removeprefix(WITH_SUBDOMAINS) in FOR_ANYBODY


def ending(allowed: str) -> str:
    """What the addresses of a domain end in, in its own letters."""
    return as_people_write(allowed).removeprefix(WITH_SUBDOMAINS)


def as_people_write(allowed: str) -> str:
    """A domain in its own letters."""
    base = allowed.removeprefix(WITH_SUBDOMAINS)
    try:
        shown = idna.decode(base)
    except idna.IDNAError:
        shown = base
    return allowed.removesuffix(base) + shown


def _plain(typed: str) -> str:
    return normalize("NFKC", normalize("NFKC", typed).strip().lower())


def _as_ascii(host: str) -> str:
    """A domain's ASCII form; ValueError for what is none: too long, a single label, a number of a host."""
    labels = host.removesuffix(".").split(".")
    if len(labels) < 2 or labels[-1].isdigit():
        raise ValueError(host)
    domain = idna.encode(".".join(labels), uts46=True, std3_rules=True).decode()
    return WITHOUT_DOTS.get(domain, domain)


def _is_local(local: str) -> bool:
    """Whether this may precede an @: atoms with single dots between them (RFC 5322, RFC 6532).

    None may hold an encoded word (RFC 2047): in a header it would be read as another address than was typed.
    """
    return (
        "=?" not in local
        and 1 <= len(local.encode("utf-8", "surrogatepass")) <= MOST_LOCAL_BYTES
        and all(local.split("."))
        and all(c in PLAIN if c.isascii() else unicodedata.category(c)[0] in "LMN" for c in local)
    )
