"""Column types and transactions that answer alike on SQLite and PostgreSQL."""

import threading
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import ColumnElement, func, insert, literal, select, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import Session

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.access import Actor, Role
from procurement.kernel.audit import AuditEntry
from procurement.kernel.database import (
    Amount,
    Exact,
    Instant,
    UnitPrice,
    begin_write,
    is_duplicate,
)
from procurement.members.models import Member, Person
from procurement.needs.models import NeedLine
from tests.databases import on_postgresql, on_sqlite
from tests.make import make_campaign, make_item, make_line, make_member, make_need, make_site
from tests.people import People

D = Decimal
DIALECT = sqlite.dialect()


@pytest.mark.parametrize(
    "value, stored",
    [("0", 0), ("1.2345", 12345), ("-0.0001", -1), ("10000000", 10**11), (7, 70000)],
)
def test_an_exact_value_is_stored_whole(value: str | int, stored: int) -> None:
    column = Exact(4)
    assert column.process_bind_param(D(value), DIALECT) == stored
    assert column.process_result_value(stored, DIALECT) == D(value)


@pytest.mark.parametrize("value", ["0.00001", "1.23456", "1.0000" + "0" * 30 + "1"])
def test_more_decimals_are_refused_rather_than_rounded(value: str) -> None:
    with pytest.raises(ValueError, match="more than 4 decimals"):
        Exact(4).process_bind_param(D(value), DIALECT)


def test_a_float_is_refused_even_when_it_looks_exact() -> None:
    with pytest.raises(TypeError):
        Exact(4).process_bind_param(0.5, DIALECT)  # type: ignore[arg-type]


def test_the_unknown_stays_unknown() -> None:
    assert Exact(2).process_bind_param(None, DIALECT) is None
    assert Exact(2).process_result_value(None, DIALECT) is None
    assert Instant().process_bind_param(None, DIALECT) is None


def test_prices_and_their_sums_come_back_exact(session: Session) -> None:
    for price in ("0.1000", "0.2000", "10000000", "0.0001"):
        make_item(session, indicative_price=D(price))
    make_item(session, indicative_price=None)
    session.commit()
    prices = set(session.scalars(select(Item.indicative_price)))
    assert prices == {D("0.1"), D("0.2"), D(10000000), D("0.0001"), None}
    total = session.scalar(select(func.sum(Item.indicative_price)))
    assert isinstance(total, Decimal)
    assert total == D("10000000.3001")
    assert session.scalar(select(func.sum(Item.indicative_price)).where(Item.id < 0)) is None


def test_an_exact_value_is_compared_in_its_own_unit(session: Session) -> None:
    item = make_item(session, indicative_price=D("12.5"))
    wanted = select(Item.id).where(Item.indicative_price >= D("12.5"), Item.indicative_price < 13)
    assert session.scalars(wanted).all() == [item.id]
    assert session.scalar(select(literal(D("0.05"), Amount))) == D("0.05")
    assert session.scalar(select(literal(None, UnitPrice))) is None


@pytest.mark.parametrize(
    "expression, expected",
    [
        pytest.param(Item.indicative_price + Item.indicative_price, 25, id="sum"),
        pytest.param(Item.indicative_price - D("0.5"), 12, id="difference"),
        pytest.param(func.sum(Item.indicative_price - D(1)), D("11.5"), id="sum of differences"),
        pytest.param(func.coalesce(func.max(Item.indicative_price), 0), D("12.5"), id="largest"),
        pytest.param(Item.indicative_price * 4, 50, id="product"),
        pytest.param(
            (Item.indicative_price + Item.indicative_price) * 100 >= Item.indicative_price * 200,
            True,
            id="products of a sum",
        ),
        pytest.param(
            (Item.indicative_price + D("0.0001")) * 100 <= Item.indicative_price * 100,
            False,
            id="by a hair",
        ),
    ],
)
def test_what_the_database_calculates_keeps_its_unit(
    session: Session, expression: ColumnElement[Any], expected: object
) -> None:
    make_item(session, indicative_price=D("12.5"))
    assert session.scalar(select(expression)) == expected


def test_a_value_with_too_many_decimals_is_not_written(session: Session) -> None:
    with pytest.raises(StatementError, match="more than 4 decimals"):
        make_item(session, indicative_price=D("0.00005"))


def test_an_instant_is_kept_in_utc(session: Session) -> None:
    paris = timezone(timedelta(hours=2))
    session.execute(
        insert(AuditEntry).values(
            id=1,
            at=datetime(2026, 7, 1, 1, 30, 0, 123456, tzinfo=paris),
            actor_name="Ada",
            verb="try",
            object_type="nothing",
            object_id=2**40,
            changes="{}",
            digest="0" * 64,
        )
    )
    row = session.execute(select(AuditEntry.at, AuditEntry.object_id)).one()
    assert row == (datetime(2026, 6, 30, 23, 30, 0, 123456, tzinfo=UTC), 2**40)


def test_a_word_outside_the_list_is_refused_by_the_database(session: Session) -> None:
    make_member(session)
    with pytest.raises(IntegrityError):
        session.execute(text("UPDATE member SET kind = 'kingdom'"))


def test_a_row_that_points_nowhere_is_refused(session: Session) -> None:
    make_member(session)
    with pytest.raises(IntegrityError):
        session.execute(text("UPDATE member SET intercommunality_id = 999"))


def test_accents_have_small_letters_too(session: Session) -> None:
    make_member(session, "ÉLANCOURT")
    assert session.scalar(select(func.lower(Member.name))) == "élancourt"
    assert session.scalar(select(func.lower(Member.postcode)).where(Member.id < 0)) is None


def test_a_duplicate_is_told_from_other_faults(session: Session, people: People) -> None:
    first = people.first
    with pytest.raises(IntegrityError) as twice, session.begin_nested():
        make_site(session, first, "Mairie")
    assert is_duplicate(twice.value)
    with pytest.raises(IntegrityError) as minor, session.begin_nested():
        make_member(session, population=-1)
    assert not is_duplicate(minor.value)
    with pytest.raises(IntegrityError) as lost, session.begin_nested():
        make_site(session, first, city=None)
    assert not is_duplicate(lost.value)


@on_sqlite
def test_sqlite_waits_syncs_and_checks(session: Session) -> None:
    pragmas = ("busy_timeout", "journal_mode", "synchronous", "foreign_keys")
    found = [session.scalar(text(f"PRAGMA {name}")) for name in pragmas]
    assert found == [30000, "wal", 2, 1]


@on_sqlite
def test_a_writer_takes_the_lock_at_its_start(app: Flask, session: Session) -> None:
    begin_write(session)
    with db.engine.connect() as other:
        driver = other.connection.driver_connection
        assert driver is not None
        driver.execute("PRAGMA busy_timeout = 0")
        other.execute(text("SELECT 1")).one()
        with pytest.raises(OperationalError, match="locked"):
            other.execute(text("DELETE FROM site"))
        other.invalidate()


@on_sqlite
def test_a_reader_does_not_hold_up_a_writer(session: Session) -> None:
    session.execute(select(Member.id)).all()
    with db.engine.connect() as other:
        other.execute(text("DELETE FROM site"))
        other.rollback()


def test_what_is_not_committed_is_not_seen(app: Flask, session: Session) -> None:
    make_member(session)
    seen: list[int] = []

    def look() -> None:
        with app.app_context():
            seen.append(db.session.scalar(select(func.count()).select_from(Member)) or 0)

    for end in (session.rollback, session.commit):
        reader = threading.Thread(target=look)
        reader.start()
        reader.join(10)
        end()
        if end == session.rollback:
            make_member(session)
    assert seen == [0, 0]
    look()
    assert seen[-1] == 1


def test_a_table_shows_nothing_until_it_says_to_whom(session: Session) -> None:
    everyone = Actor(1, "Clara", Role.BUYER)
    assert session.scalars(select(AuditEntry.id).where(AuditEntry.visible_to(everyone))).all() == []


def test_four_eyes_are_held_by_the_database(session: Session, people: People) -> None:
    need = make_need(session, make_campaign(session), people.ada)
    with pytest.raises(IntegrityError, match="four_eyes"), session.begin_nested():
        session.execute(text("UPDATE need SET approver_id = author_id"))
    session.refresh(need)
    assert need.approver_id is None


def test_quantities_are_held_by_the_database(session: Session, people: People) -> None:
    need = make_need(session, make_campaign(session), people.ada)
    make_line(session, need, make_item(session), "1.5")
    for wrong in (
        "quantity = 0",
        "quantity = -1",
        "paid_price = -1",
        "paid_price = 1",
        "paid_since = '2026-01-01'",
        "allotted = 1",
        "member_id = member_id + 1",
    ):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(text(f"UPDATE need_line SET {wrong}"))
    line = session.scalars(select(NeedLine)).one()
    assert (line.quantity, line.paid_price, line.paid_since) == (D("1.5"), None, None)


def test_a_person_of_the_member_side_has_a_member(session: Session, people: People) -> None:
    for wrong in ("member_id = NULL WHERE role = 'approver'", "email = 'Capital@example.org'"):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(text(f"UPDATE person SET {wrong}"))
    assert session.scalar(select(func.count()).select_from(Person)) == 7


@on_postgresql
def test_a_date_is_a_date(session: Session) -> None:
    item = make_item(session, priced_on=date(2026, 2, 28))
    session.commit()
    assert session.scalar(text("SELECT priced_on + 1 FROM item")) == date(2026, 3, 1)
    assert item.priced_on == date(2026, 2, 28)
