"""Declaring and submitting a need of 40 lines, against the bare driver writing the same rows.

Ours takes over the 40 lines of the last campaign into a need that was begun, submits them to the
approver with their version, journal and letter, and commits once. The driver is given the very
rows that this wrote, and writes them into the same tables one by one in one transaction: what is
compared is every check, the reading that they need, and the layers between.
"""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
from sqlalchemy import func, select

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel import database, pipeline
from procurement.kernel.access import Actor, Role
from procurement.kernel.pipeline import today
from procurement.members.models import Member, Person
from procurement.needs import operations
from procurement.needs.models import Campaign, CampaignState, Need, NeedState
from tests.bench.measure import Result, compared

LINES = 40
#: The tables that the act writes beside the need itself, and what ties their rows to it.
_WRITTEN = {
    "need_line": "need_id = {need}",
    "need_version": "need_id = {need}",
    "letter": "path = '/needs/{need}'",
    "audit_entry": "object_type = 'need' AND object_id = {need}",
}
_LIMITS = {"SQLite": 10.0, "PostgreSQL": 4.0}


def run(engine: str, rounds: int = 40) -> Result:
    """Measure on the engine that the application is on."""
    author = _author()
    begun, free = _campaigns(author, rounds + 20)
    ours = _ours(author, begun)
    ours()
    bare = _bare(engine, free)
    db.session.rollback()
    name = f"declaring and submitting {LINES} lines on {engine}"
    result = compared(name, _LIMITS[engine], ours, bare, rounds)
    db.session.remove()
    return result


def _author() -> Actor:
    person = db.session.scalars(
        select(Person).where(Person.role == Role.REQUESTER, Person.is_active)
    ).first()
    if person is None or person.member is None:
        raise LookupError("nobody of the demonstration declares needs")
    return Actor(person.id, person.name, person.role, person.member_id, person.member.name)


def _campaigns(author: Actor, number: int) -> tuple[Iterator[int], Iterator[int]]:
    """Begin as many needs in campaigns of their own; give them, and campaigns without any.

    In one more campaign are the 40 lines that are taken over.
    """
    database.begin_write(db.session())
    day = today()
    made = [
        Campaign(
            title=f"Bench {one}",
            opens_on=day,
            # After every campaign of the demonstration: the last one is what is taken over.
            closes_on=day + timedelta(days=1000 + one),
            state=CampaignState.OPEN,
        )
        for one in range(2 * number + 1)
    ]
    db.session.add_all(made)
    db.session.flush()
    _declare(made[0], author, day)
    begun = [operations.begin(one, actor=author, today=day) for one in made[1 : number + 1]]
    pipeline.commit()
    return iter([one.id for one in begun]), iter([one.id for one in made[number + 1 :]])


def _declare(campaign: Campaign, author: Actor, day: date) -> None:
    need = operations.begin(campaign, actor=author, today=day)
    db.session.flush()
    site = db.session.get_one(Member, author.member_id).sites[0]
    for item_id in db.session.scalars(select(Item.id).order_by(Item.id).limit(LINES)).all():
        entry = operations.LineEntry(Decimal(item_id), site.id)
        operations.add_line(need, item_id, entry, actor=author, today=day)
    operations.submit(need, actor=author, today=day)


def _ours(author: Actor, need_ids: Iterator[int]) -> Callable[[], None]:
    day = today()

    def ours() -> None:
        database.begin_write(db.session())
        need = db.session.get_one(Need, next(need_ids))
        operations.copy_last(need, actor=author, today=day)
        operations.submit(need, actor=author, today=day)
        pipeline.commit()

    return ours


class _Rows:
    """The rows of one need, as a driver writes them again for another campaign."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        connection = db.session.connection()
        sent = select(func.max(Need.id)).where(Need.state == NeedState.SUBMITTED)
        need_id = db.session.scalar(sent)
        conditions = {"need": "id = {need}", **_WRITTEN}
        self._rows = {
            table: [
                dict(row)
                for row in connection.exec_driver_sql(
                    f"SELECT * FROM {table} WHERE {condition.format(need=need_id)} ORDER BY id"
                ).mappings()
            ]
            for table, condition in conditions.items()
        }

    def write(self, cursor: Any, campaign_id: int) -> None:
        """Write them with the ids that the database gives."""
        (need,) = self._rows["need"]
        columns = [name for name in need if name != "id"]
        values = [{**need, "campaign_id": campaign_id}[name] for name in columns]
        cursor.execute(f"{self._into('need', columns)} RETURNING id", values)
        need_id = cursor.fetchone()[0]
        cursor.execute("SELECT entry_id FROM audit_head")
        head = cursor.fetchone()[0]
        for table in _WRITTEN:
            rows = self._rows[table]
            kept = [name for name in rows[0] if name != "id" or table == "audit_entry"]
            known = {"need_id": need_id, "campaign_id": campaign_id}
            numbered = enumerate(rows, head + 1)
            statement = self._into(table, kept)
            for at, row in numbered:
                written = {**row, **known, "id": at}
                cursor.execute(statement, [written[name] for name in kept])
        last = head + len(self._rows["audit_entry"])
        cursor.execute(f"UPDATE audit_head SET entry_id = {self._mark}", [last])

    def _into(self, table: str, columns: list[str]) -> str:
        marks = ", ".join(self._mark for _column in columns)
        return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"


def _bare(engine: str, campaigns: Iterator[int]) -> Callable[[], None]:
    url = db.engine.url
    if engine == "SQLite":
        lite = sqlite3.connect(url.database or "", isolation_level=None)
        lite.execute("PRAGMA synchronous = FULL")
        lite.execute("PRAGMA foreign_keys = ON")
        rows = _Rows("?")

        def bare_sqlite() -> None:
            cursor = lite.cursor()
            cursor.execute("BEGIN IMMEDIATE")
            rows.write(cursor, next(campaigns))
            cursor.execute("COMMIT")

        return bare_sqlite
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg.connect(address)
    rows = _Rows("%s")

    def bare_postgresql() -> None:
        rows.write(connection.cursor(), next(campaigns))
        connection.commit()

    return bare_postgresql
