"""Runs this chain's revisions on the connection that the program hands over."""

from alembic import context
from sqlalchemy import TypeDecorator


def render_item(kind, item, _context):
    """A type of ours is written as what the database sees, so that a revision needs none of our modules."""
    return f"sa.{item.impl!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=context.config.attributes.get("metadata"),
    render_as_batch=True,
    transactional_ddl=True,
    render_item=render_item,
    include_name=lambda name, kind, parents: not (kind == "table" and name in ("migration_lock", "host_lease")),
)
with context.begin_transaction():
    context.run_migrations()
