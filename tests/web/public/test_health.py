"""What the site says to its host's watchdogs."""

from typing import Any

from sqlalchemy import text

from tests.visitors import SITE
from tests.walks import Campaign


def asked(app: Any, path: str) -> tuple[int, str]:
    answer = app.test_client().get(path, base_url=SITE)
    return answer.status_code, answer.text


def test_a_whole_site_is_alive_and_ready(app: Any) -> None:
    assert (asked(app, "/healthz"), asked(app, "/readyz")) == ((200, "alive\n"), (200, "ready\n"))


def test_a_database_whose_tables_are_not_those_of_the_models_is_not_ready(campaign: Campaign) -> None:
    app = campaign.app()
    with campaign.databases.petition.begin() as connection:
        connection.execute(text("ALTER TABLE letter DROP COLUMN contact"))

    status, said = asked(app, "/readyz")
    assert status == 503
    assert said == "petition: its tables are not those of this version; see petition doctor\n"


def test_a_database_of_another_revision_is_not_ready(campaign: Campaign) -> None:
    app = campaign.app()
    with campaign.databases.issuer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))

    assert asked(app, "/readyz") == (503, "issuer: not at the newest revision\n")
