"""Column types, naming convention, and what SQLite and PostgreSQL each need to answer alike."""

import operator
import sqlite3
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Integer,
    MetaData,
    Row,
    Select,
    event,
    false,
    type_coerce,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from procurement.kernel import money
from procurement.kernel.access import Actor

#: A query of any columns, and a row that it gives.
Query = Select[*tuple[Any, ...]]
Record = Row[*tuple[Any, ...]]

#: The largest id that a row may have on both databases.
LARGEST_ID = 2**31 - 1

_BEGIN = "sqlite_begin"
_KEEPING_UNIT = frozenset({operator.add, operator.sub})


class Exact(TypeDecorator[Decimal]):
    """A decimal stored as a whole number of its smallest unit, exact on both databases."""

    impl = BigInteger
    cache_ok = True

    def __init__(self, places: int) -> None:
        super().__init__()
        self.places = places
        self.smallest = Decimal(1).scaleb(-places)

    class comparator_factory(TypeDecorator.Comparator[Decimal]):  # noqa: N801  the library's name
        """What SQL calculates with exact values is exact in the same unit."""

        def operate(self, op: Any, *other: Any, **kwargs: Any) -> ColumnElement[Any]:
            made = super().operate(op, *other, **kwargs)
            keeps = op in _KEEPING_UNIT or (op is operator.mul and isinstance(other[0], int))
            return type_coerce(made, self.type) if keeps else made

    def coerce_compared_value(self, op: Any, value: object) -> Any:
        """Keep a plain factor as it is: three times an amount are no 3,00 euros times it."""
        return Integer() if op is operator.mul and isinstance(value, int) else self

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Refuse to round silently: whoever writes must have rounded before."""
        if value is None:
            return None
        if isinstance(value, float):
            raise TypeError(f"{value} is a float, and no float is exact")
        exact = Decimal(value)
        if money.places_of(exact) > self.places:
            raise ValueError(f"{value} has more than {self.places} decimals")
        return int(exact.scaleb(self.places))

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Decimal | None:
        """PostgreSQL answers the sum of whole numbers as a numeric, SQLite as an integer."""
        return None if value is None else value * self.smallest


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no time zone, so it is stored without one on both."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


Amount = Exact(money.AMOUNT_PLACES)
UnitPrice = Exact(money.PRICE_PLACES)
Quantity = Exact(money.QUANTITY_PLACES)
#: A rate in percent, such as 5.5.
Rate = Exact(2)


def word(kind: type[StrEnum]) -> Enum:
    """Column of one of the words of ``kind``, stored as its value with a CHECK constraint."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=True,
        length=24,
        values_callable=lambda words: [one.value for one in words],
        name=kind.__name__.lower(),
    )


class Base(DeclarativeBase):
    """What every table inherits from."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )

    id: Mapped[int] = mapped_column(primary_key=True)

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """Condition of the rows that an actor may see: none, unless the table says which."""
        return false()


def prepare(engine: Engine) -> None:
    """Give SQLite its pragmas and explicit transactions; PostgreSQL needs nothing.

    The driver's own transaction handling opens one only before the first write, and then as a
    deferred one that fails at once when another writer is active; here each transaction is begun
    by us, and one that will write takes the write lock at its start and waits for it.
    """
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout = 30000")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()
        # Its own knows no capital but those of English: Élancourt would not be found.
        connection.create_function("lower", 1, _lower, deterministic=True)

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        kind = connection.get_execution_options().get(_BEGIN, "")
        # Not through SQLAlchemy, whose machinery costs ten times the statement.
        connection.connection.cursor().execute(f"BEGIN {kind}")


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def is_duplicate(fault: IntegrityError) -> bool:
    """Tell whether a unique key refused the row: somebody else wrote the same one first."""
    name = getattr(fault.orig, "sqlite_errorname", "")
    return name == "SQLITE_CONSTRAINT_UNIQUE" or getattr(fault.orig, "sqlstate", "") == "23505"


def begin_write(session: Session) -> None:
    """Open the session's transaction as one that writes. Call it before the first query."""
    session.connection(execution_options={_BEGIN: "IMMEDIATE"})


def begin_read(session: Session) -> None:
    """Open the session's transaction as one that reads everything as it stands at its start.

    Any of SQLite's does. Call it before the first query.
    """
    if session.get_bind().dialect.name != "sqlite":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
