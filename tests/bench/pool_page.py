"""The bench page of a campaign of a million lines, beside that of one a hundred times smaller."""

import contextvars
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import event, select

from procurement.extensions import db
from procurement.kernel.access import Role
from procurement.members.models import Person
from tests.bench.list_page import getter, signed_in
from tests.bench.pooling import line_count

#: Seconds that the larger page may take, and statements that either may make.
_MOST_SECONDS, _MOST_QUERIES = 1.0, 35
_ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Beside:
    """Median seconds of one page for few lines and for many, and how many queries each makes."""

    name: str
    few: float
    many: float
    queries: tuple[int, int]

    @property
    def is_kept(self) -> bool:
        """Tell whether the number of queries is bounded, and the larger page quick enough."""
        few, many = self.queries
        return few == many <= _MOST_QUERIES and self.many <= _MOST_SECONDS

    def line(self) -> str:
        """Write the result as one line of the report."""
        verdict = "kept" if self.is_kept else "TOO SLOW"
        return (
            f"{self.name:<58} {self.many * 1000:>9.2f} ms  of few {self.few * 1000:>7.2f} ms  "
            f"queries {self.queries[1]} and {self.queries[0]}  "
            f"limit {_MOST_QUERIES} and {_MOST_SECONDS * 1000:.0f} ms  {verdict}"
        )


def run(app: Flask, engine: str, few_id: int, many_id: int) -> Beside:
    """Measure the pool of two campaigns as a buyer sees it, the smaller one first."""
    buyer_id = db.session.scalars(select(Person.id).where(Person.role == Role.BUYER)).one()
    name = f"page of the pool of {line_count(many_id):,} lines on {engine}"
    db.session.remove()
    few, many = (_measured(app, buyer_id, one) for one in (few_id, many_id))
    return Beside(name, few[0], many[0], (few[1], many[1]))


def _measured(app: Flask, buyer_id: int, campaign_id: int) -> tuple[float, int]:
    get = getter(signed_in(app, buyer_id), f"/campaigns/{campaign_id}/pool")

    def ask() -> float:
        start = time.perf_counter()
        # In a context of its own: in ours, whoever asked once would be known without asking.
        contextvars.Context().run(get)
        return time.perf_counter() - start

    ask()
    with _counted() as statements:
        ask()
    return statistics.median(ask() for _round in range(_ROUNDS)), len(statements)


@contextmanager
def _counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
