"""How Alembic finds the tables and the database: both belong to the application."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from sqlalchemy.engine import Connection

from procurement.extensions import db
from procurement.kernel.database import Exact, Instant


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | bool:
    """Write our own column types as what the database stores: migrations outlive our code."""
    if kind == "type" and isinstance(item, Exact):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, Instant):
        return "sa.DateTime()"
    return False


def drop_empty(_context: Any, _revision: Any, directives: list[Any]) -> None:
    """Write no migration when nothing changed."""
    is_writing = getattr(context.config.cmd_opts, "autogenerate", False)
    if is_writing and directives[0].upgrade_ops.is_empty():
        directives[:] = []


@contextmanager
def unreferenced(connection: Connection) -> Iterator[None]:
    """Let SQLite change a table that others refer to, which it does by writing it anew.

    It hears of this only between transactions.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.cursor()
    driver.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys = ON")


def check_references(connection: Connection) -> None:
    """Refuse to keep a row of SQLite's that refers to nothing."""
    if connection.dialect.name == "sqlite":
        lost = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if lost:
            raise SystemExit(f"The migration would leave {len(lost)} rows that refer to nothing.")


def migrate(connection: Connection) -> None:
    """Run the migrations in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        render_item=render_item,
        process_revision_directives=drop_empty,
        **current_app.extensions["migrate"].configure_args,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    raise SystemExit("Migrations need the database: run `flask db upgrade` with it at hand.")
with db.engine.connect() as connection, unreferenced(connection):
    migrate(connection)
    check_references(connection)
    connection.commit()
