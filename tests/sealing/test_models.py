"""What a package below sealing reads of its tables without importing them."""

from petition.sealing.models import Log
from petition.signing.signatures import LOG_SIZES


def test_signing_reads_columns_that_the_log_has() -> None:
    assert LOG_SIZES.name == Log.__tablename__
    assert {column.name for column in LOG_SIZES.columns} <= {column.name for column in Log.__table__.columns}
