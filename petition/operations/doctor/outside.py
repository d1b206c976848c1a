"""What can be seen of a site from another machine: by its visitors, and by those who watch them.

Needs no site on this machine, and changes nothing on that one.
"""

import re
import secrets
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from petition.operations.doctor.checks import NOTE, OK, WRONG, Finding
from petition.operations.doctor.visitor import (
    Answer,
    Place,
    ask,
    certificate_ends,
    greets,
    is_open,
    takes_old_encryption,
)

NOBODY = "nobody.invalid"
"""A name that no site has (RFC 2606)."""
EXPECTED = {
    "content-security-policy": "default-src 'none'",
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "same-origin",
    "strict-transport-security": "max-age=",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""How headers begin that the program sends with each page."""
IN_BETWEEN = (
    "cf-ray",
    "x-amz-cf-id",
    "x-served-by",
    "x-akamai-transformed",
    "x-sucuri-id",
    "x-azure-ref",
    "fly-request-id",
)
"""Headers of services that end the encryption for a site."""
OWN_PORTS = (8000, 8001, 8081)
"""Where the program and the way from Tor listen: on the machine itself, and nowhere else."""
LEAKS = (
    "/access.log", "/logs/access.log", "/log/access.log", "/server-status", "/nginx_status", "/stub_status", "/metrics",
    "/goaccess.html", "/report.html", "/awstats/", "/.git/HEAD", "/petition.db", "/data/petition.db", "/petition.env",
)  # fmt: skip
"""Where logs, statistics and data are often left in public."""
LARGE = 2 * 2**20
ONION = re.compile(r"http://[a-z2-7]{56}\.onion/\S*")


@dataclass(frozen=True)
class _Visit:
    """The site, its first page, a path that no one asked for before, and the time here."""

    place: Place
    home: Answer
    marker: str
    now: datetime


def check_from_outside(place: Place, now: datetime) -> list[Finding]:
    """Everything that a visitor can see; findings of problems come with a remedy."""
    home = ask(place, "/", accept_encoding="br, gzip")
    if home is None:
        what = f"Nothing answers at {place.host}, port {place.https}."
        mend = "Is the name right in the DNS, is the web server running, does a firewall let port 443 in?"
        return [Finding("answer", WRONG, what, mend)]
    visit = _Visit(place, home, f"outside-{secrets.token_hex(8)}", now)
    subjects = (_answer, _certificate, _other_names, _port_80, _headers, _caching, _onion, _clock, _size, _ports, _logs)
    return [finding for subject in subjects for finding in subject(visit)]


def _answer(visit: _Visit) -> Iterator[Finding]:
    ready = ask(visit.place, "/readyz")
    if visit.home.status == 200 and ready is not None and ready.status == 200:
        yield Finding("answer", OK, "The site answers, and says that it is ready.")
    elif ready is not None and ready.status == 503:
        yield Finding("answer", WRONG, "The site answers, but is not ready.", "On the server: sudo petition doctor")
    else:
        what = f"The first page answers with {visit.home.status}."
        mend = "Does the web server pass requests on to the program, and does it run? systemctl status petition-server"
        yield Finding("answer", WRONG, what, mend)


def _certificate(visit: _Visit) -> Iterator[Finding]:
    renew = "Renew it (certbot renew), and look why that did not happen by itself: systemctl list-timers"
    try:
        left = certificate_ends(visit.place) - visit.now
    except ssl.SSLCertVerificationError as error:
        what = f"Browsers warn of the certificate: {error.verify_message}."
        mend = "Get one for this very name, for example with certbot, and give the web server its whole chain."
        yield Finding("certificate", WRONG, what, mend)
    except OSError as error:
        yield Finding(
            "certificate", WRONG, f"There is no encrypted line: {error}.", "Give the web server a certificate."
        )
    else:
        level = WRONG if left < timedelta(days=3) else NOTE if left < timedelta(days=14) else OK
        yield Finding(
            "certificate",
            level,
            f"The certificate is valid for {left.days} more {'day' if left.days == 1 else 'days'}.",
            renew if level != OK else "",
        )
    if takes_old_encryption(visit.place):
        what = "The web server still speaks TLS 1.1 or older, which can be broken."
        yield Finding("certificate", WRONG, what, "nginx: ssl_protocols TLSv1.2 TLSv1.3;")


def _other_names(visit: _Visit) -> Iterator[Finding]:
    drops = "Make a default server that hangs up, as deploy/nginx/petition.conf does, and remove Debian's default site."
    answer = ask(visit.place, f"/s/{visit.marker}", plain=True, host=NOBODY)
    if answer is not None:
        what = (
            f"Port 80 answers to any name (with {answer.status}): another site may log who comes, and for which page."
        )
        yield Finding("names", WRONG, what, drops)
    else:
        yield Finding("names", OK, "Port 80 hangs up on other names.")
    if greets(visit.place, NOBODY):
        what = "Port 443 shows a certificate to any name: who scans the network learns which site is here."
        yield Finding("names", NOTE, what, drops)


def _port_80(visit: _Visit) -> Iterator[Finding]:
    answer = ask(visit.place, f"/s/{visit.marker}", plain=True)
    wanted = f"https://{visit.place.host}"
    if answer is None:
        what = "Port 80 does not answer: who types the name without https may see nothing."
        yield Finding("port 80", NOTE, what, "Let it lead to https with 308.")
    elif answer.status == 308 and answer.headers.get("location", "").startswith(wanted):
        yield Finding("port 80", OK, "Port 80 leads to https.")
    elif answer.status in (301, 302, 303, 307) and answer.headers.get("location", "").startswith(wanted):
        what = f"Port 80 leads to https with {answer.status}: a form that is sent there may arrive empty."
        yield Finding("port 80", NOTE, what, f"nginx: return 308 {wanted}$request_uri;")
    else:
        what = f"Port 80 answers with {answer.status} instead of leading to https: all of it can be read on the way."
        yield Finding("port 80", WRONG, what, f"nginx: return 308 {wanted}$request_uri;")


def _headers(visit: _Visit) -> Iterator[Finding]:
    headers, found = visit.home.headers, list[Finding]()
    for name, beginning in EXPECTED.items():
        value = headers.get(name, "")
        if not value.startswith(beginning):
            what = f"The header {name} is {value or 'missing'}."
            mend = "The web server must pass the program's headers on as they are. Is PETITION_URL this https address?"
            found.append(Finding("headers", WRONG, what, mend))
        elif value.count(beginning) > 1:
            what = f"The header {name} comes twice."
            found.append(Finding("headers", WRONG, what, "Remove it from the web server: the program sends it."))
    if "set-cookie" in headers:
        what = "A public page sets a cookie, by which a visitor can be known again."
        found.append(Finding("headers", WRONG, what, "The program sets none there. Find out what stands in between."))
    if re.search(r"\d", headers.get("server", "")):
        what = f"The web server tells its version: {headers['server']}."
        found.append(Finding("headers", NOTE, what, "nginx: server_tokens off;"))
    service = next((name for name in IN_BETWEEN if name in headers), None)
    if service or headers.get("server", "").lower() == "cloudflare":
        what = (
            f"A service in between (header {service or 'server'}) ends the encryption, and sees what the server sees."
        )
        found.append(Finding("headers", WRONG, what, "Let the name lead to your own machine."))
    yield from found or [Finding("headers", OK, "All headers are as the program sends them; no cookie is set.")]


def _caching(visit: _Visit) -> Iterator[Finding]:
    found, headers = list[Finding](), visit.home.headers
    as_sent = "The web server must pass ETag, Cache-Control and Content-Encoding on as they are."
    tag = headers.get("etag", "")
    if "max-age" not in headers.get("cache-control", "") or not tag:
        found.append(Finding("caching", WRONG, "Public pages cannot be kept by browsers.", as_sent))
    else:
        again = ask(visit.place, "/", accept_encoding="br, gzip", if_none_match=tag)
        if again is None or again.status != 304:
            found.append(Finding("caching", NOTE, "A page that did not change is sent again.", as_sent))
    if "content-encoding" not in headers:
        found.append(Finding("caching", NOTE, "Pages are sent uncompressed.", as_sent))
    desk = ask(visit.place, "/organize/sign-in")
    if desk is None or "no-store" not in desk.headers.get("cache-control", ""):
        found.append(Finding("caching", WRONG, "Organizers' pages may be kept on the way, or in the browser.", as_sent))
    yield from found or [
        Finding("caching", OK, "Public pages are kept and compressed, organizers' pages are not kept.")
    ]


def _onion(visit: _Visit) -> Iterator[Finding]:
    there = visit.home.headers.get("onion-location")
    if there is None:
        what = "No onion service is announced. With one, a visitor's network cannot see which site they visit."
        yield Finding("onion", NOTE, what, "See “An onion service” in docs/hosting.md; then set PETITION_ONION.")
    elif not ONION.fullmatch(there):
        yield Finding("onion", WRONG, f"Onion-Location is no onion address: {there}.", "Correct PETITION_ONION.")
    else:
        yield Finding("onion", OK, f"Tor Browser is told of {there}.")


def _clock(visit: _Visit) -> Iterator[Finding]:
    mend = "Set the clock that is wrong: timedatectl set-ntp true"
    try:
        apart = abs(parsedate_to_datetime(visit.home.headers.get("date", "")) - visit.now)
    except (TypeError, ValueError):
        yield Finding("clock", NOTE, "The web server does not say what time it is.", "Look there: timedatectl")
        return
    if apart > timedelta(minutes=5):
        what = f"The server's clock and this one are {apart.total_seconds() / 60:.0f} minutes apart."
        yield Finding("clock", WRONG, what, mend)
    else:
        yield Finding("clock", OK, "The server's clock agrees with this one.")


def _size(visit: _Visit) -> Iterator[Finding]:
    answer = ask(visit.place, "/organize/sign-in", body=b"x" * LARGE)
    if answer is None or "cross-origin-opener-policy" not in answer.headers:
        what = "The web server refuses what organizers paste before the program sees it: their text would be lost."
        yield Finding(
            "size", WRONG, what, "nginx: client_max_body_size 9m; for /organize/, see deploy/nginx/petition.conf"
        )
    else:
        yield Finding("size", OK, "Long texts reach the program.")


def _ports(visit: _Visit) -> Iterator[Finding]:
    ports = [port for port in OWN_PORTS if port not in (visit.place.https, visit.place.http)]
    seen = [port for port in ports if is_open(visit.place, port)]
    for port in seen:
        what = f"Port {port} is open to everybody: who goes there passes the web server by, and chooses their address."
        yield Finding("ports", WRONG, what, "Let the program listen on 127.0.0.1, and close the port in the firewall.")
    if not seen:
        yield Finding("ports", OK, "The program's own ports are closed.")


def _logs(visit: _Visit) -> Iterator[Finding]:
    found = [path for path in LEAKS if (answer := ask(visit.place, path)) is not None and answer.status == 200]
    for path in found:
        yield Finding("logs", WRONG, f"{path} is public.", "Remove it from the web server, and look what it told.")
    if not found:
        yield Finding("logs", OK, "No log, statistics or data lie in public.")
    what = f"This check asked for pages with “{visit.marker}” in their address. No log of the server may have it."
    find = f"grep -rl {visit.marker} /var/log; journalctl -g {visit.marker}"
    mend = f"On the server, in a shell of root's (sudo would log the command), both must find nothing: {find}"
    yield Finding("logs", NOTE, what, mend)
