"""The two databases of the suite, each made once and emptied before every test at little cost."""

import shutil
from pathlib import Path
from typing import LiteralString, Protocol

import pytest
from flask import Flask
from psycopg import sql

from procurement.extensions import db
from tests.postgres import Cluster

KINDS = ["sqlite", "postgresql"]
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


class Database(Protocol):
    """A database with the platform's tables in it."""

    url: str

    def create(self, app: Flask) -> None:
        """Make the tables, once."""

    def empty(self, app: Flask) -> None:
        """Make it as it was just after ``create``."""

    def close(self) -> None:
        """Let go of what it holds."""


def disconnect(app: Flask) -> None:
    """Close the connections that ``app`` keeps at hand."""
    with app.app_context():
        db.engine.dispose()


class SQLite:
    """A file, replaced before every test by a copy of the one with empty tables."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "test.sqlite"
        self._template = folder / "empty.sqlite"
        self.url = f"sqlite:///{self._file}"

    def create(self, app: Flask) -> None:
        """Make the template."""
        with app.app_context():
            db.create_all()
        # The last connection takes the write-ahead log with it: the file is then the whole.
        disconnect(app)
        self._file.rename(self._template)

    def empty(self, app: Flask) -> None:
        """Start again from the template; a connection that a test forgot keeps the old file."""
        disconnect(app)
        for leftover in self._file.parent.glob(f"{self._file.name}*"):
            leftover.unlink()
        shutil.copyfile(self._template, self._file)

    def close(self) -> None:
        """A file needs nothing; the suite's folder goes with it."""


class PostgreSQL:
    """A database of the suite's cluster; before every test the rows of the last one are deleted.

    TRUNCATE would take every table that refers to a full one with it: 70 ms instead of 2. What
    new tables are given is kept beside them, and given again.
    """

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.url = cluster.create(name)
        self._connection = cluster.connect(name)
        # A test that left a transaction open is told so, rather than waited for; neither foreign
        # keys nor triggers hold back the deletions, which may then come in any order.
        self._connection.execute("SET lock_timeout = '5s'; SET session_replication_role = replica")

    def create(self, app: Flask) -> None:
        """Make the tables."""
        with app.app_context():
            db.create_all()
        self._connection.execute("CREATE SCHEMA given")
        self._given = self._full()
        for table in self._given:
            self._run("CREATE TABLE given.{0} AS TABLE {0}", table)

    def empty(self, app: Flask) -> None:
        """Delete the rows of the tables that hold some, and count ids from 1 again."""
        full = self._full()
        if full:
            deletions = [sql.SQL("DELETE FROM {}").format(sql.Identifier(table)) for table in full]
            self._connection.execute(sql.SQL("; ").join(deletions))
            self._connection.execute(
                "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"
            )
        for table in self._given:
            self._run("INSERT INTO {0} SELECT * FROM given.{0}", table)
            self._run("SELECT setval(pg_get_serial_sequence({1}, 'id'), max(id)) FROM {0}", table)

    def _full(self) -> list[str]:
        """Name the tables that hold rows."""
        question = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(name, sql.Identifier(name))
            for name in db.metadata.tables
        )
        return [row[0] for row in self._connection.execute(question)]

    def _run(self, statement: LiteralString, table: str) -> None:
        filled = sql.SQL(statement).format(sql.Identifier(table), sql.Literal(table))
        self._connection.execute(filled)

    def close(self) -> None:
        """Leave the cluster."""
        self._connection.close()
