"""What the front makes of a request's headers."""

from types import SimpleNamespace

from petition.web.server import environ_of


def test_a_header_with_an_underscore_does_not_pass_for_the_one_that_a_proxy_sets() -> None:
    """Some proxies hand it on beside their own; WSGI has one name for both, and what came last would be believed."""
    headers = {"x-forwarded-for": "198.51.100.1", "x_forwarded_for": "203.0.113.66", "content_length": "7"}
    scope = SimpleNamespace(
        server="127.0.0.1:8000",
        client="127.0.0.1:9000",
        method="GET",
        path="/",
        query_string="",
        http_version="1.1",
        scheme="http",
        headers=headers,
        authority=None,
    )

    environ = environ_of(scope)

    assert environ["HTTP_X_FORWARDED_FOR"] == "198.51.100.1"
    assert "CONTENT_LENGTH" not in environ
