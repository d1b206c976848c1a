"""Headers that every answer carries, cached or not."""

from functools import cache

from petition.publishing.pictures.svg import SVG, style_digest

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; worker-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

OPEN_DATA = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""Files for other sites' programs and pages to read and to show."""
OWN_ALONE = ("text/html", "text/css", "text/javascript")


@cache
def headers_of(media_type: str) -> dict[str, str]:
    """The headers of a public file: other sites may use our data and pictures, but not our pages, styles or scripts."""
    if media_type.startswith(OWN_ALONE):
        return SECURITY_HEADERS
    if media_type.startswith(SVG):  # the one style sheet inside is ours, and nothing else is applied
        policy = f"default-src 'none'; style-src '{style_digest()}'; frame-ancestors 'none'"
        return {**SECURITY_HEADERS, **OPEN_DATA, "Content-Security-Policy": policy}
    return {**SECURITY_HEADERS, **OPEN_DATA}


def transport_security(url: str | None) -> list[tuple[str, str]]:
    """Strict-Transport-Security, where the public address is https."""
    return [("Strict-Transport-Security", "max-age=31536000")] if (url or "").startswith("https:") else []
