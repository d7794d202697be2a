"""The journal: what is recorded, and that nothing in it can be altered unnoticed."""

import json
import threading
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from procurement.extensions import db
from procurement.kernel import audit, pipeline
from procurement.kernel.access import Actor, Role
from procurement.kernel.audit import AuditEntry, AuditHead
from procurement.kernel.database import begin_write
from procurement.members.models import Member, MemberKind, SiteKind
from tests.make import make_member, some_siren

CLERK = Actor(7, "Clara", Role.BUYER)


@pytest.fixture
def member(session: Session) -> Member:
    """A body that the acts are about."""
    return make_member(session)


@pytest.fixture
def five(session: Session, member: Member) -> None:
    """Five acts in the journal, in two transactions."""
    for rank in (1, 2):
        audit.record(session, CLERK, "members.try", member, rank=rank)
    pipeline.commit()
    for rank in (3, 4, 5):
        audit.record(session, CLERK, "members.try", member, rank=(rank - 1, rank))
    pipeline.commit()


def _faults(session: Session) -> list[str]:
    session.commit()
    return list(audit.faults(session))


def test_an_act_says_who_when_what_and_what_changed(session: Session, member: Member) -> None:
    before = datetime.now(UTC)
    audit.record(
        session,
        CLERK,
        "members.try",
        member,
        name=("Évry", "É“v”ry"),
        price=Decimal("12.50"),
        day=(None, date(2026, 1, 2)),
        kind=SiteKind.TOWN_HALL,
        lines=[1, Decimal("0.10")],
        is_nil=True,
    )
    pipeline.commit()
    entry = session.scalars(select(AuditEntry)).one()
    assert before <= entry.at <= datetime.now(UTC)
    assert (entry.id, entry.person_id, entry.actor_name) == (1, 7, "Clara")
    assert (entry.verb, entry.object_type, entry.object_id) == ("members.try", "member", member.id)
    assert json.loads(entry.changes) == {
        "name": ["Évry", "É“v”ry"],
        "price": "12.5",
        "day": [None, "2026-01-02"],
        "kind": "town_hall",
        "lines": [1, "0.1"],
        "is_nil": True,
    }


def test_an_object_made_by_the_act_is_named_by_its_id(session: Session) -> None:
    made = Member(kind=MemberKind.DEPARTEMENT, siren=some_siren(), departement="78")
    made.name, made.population = "Née à l’instant", 1
    session.add(made)
    audit.record(session, Actor.command("flask try"), "members.insert", made)
    pipeline.commit()
    entry = session.scalars(select(AuditEntry)).one()
    assert entry.object_id == made.id
    assert (entry.person_id, entry.actor_name) == (None, "flask try")


def test_what_is_rolled_back_leaves_no_entry(session: Session, member: Member) -> None:
    session.commit()
    audit.record(session, CLERK, "members.try", member)
    pipeline.rollback()
    pipeline.commit()
    assert audit.count(session) == 0
    assert session.scalar(select(func.count()).select_from(AuditHead)) == 0
    assert _faults(session) == []


def test_an_untouched_chain_has_no_fault(session: Session, five: None) -> None:
    assert _faults(session) == []
    assert audit.count(session) == 5


@pytest.mark.parametrize(
    "column, value",
    [
        ("at", "'2020-01-01 00:00:00.000000'"),
        ("person_id", "8"),
        ("person_id", "NULL"),
        ("actor_name", "'Clarisse'"),
        ("verb", "'members.tried'"),
        ("object_type", "'site'"),
        ("object_id", "object_id + 1"),
        ("changes", "'{}'"),
        ("changes", "changes || ' '"),
    ],
)
@pytest.mark.parametrize("row", [1, 3, 5])
def test_an_altered_column_is_named(
    session: Session, five: None, row: int, column: str, value: str
) -> None:
    session.execute(text(f"UPDATE audit_entry SET {column} = {value} WHERE id = {row}"))
    assert _faults(session) == [f"audit_entry {row} was altered"]


def test_an_altered_hash_is_named_with_the_entry_chained_to_it(
    session: Session, five: None
) -> None:
    session.execute(text("UPDATE audit_entry SET digest = 'x' WHERE id = 2"))
    assert _faults(session) == ["audit_entry 2 was altered", "audit_entry 3 was altered"]


@pytest.mark.parametrize(
    "deleted, faults",
    [
        ("id = 1", ["audit_entry 1 missing"]),
        ("id = 3", ["audit_entry 3 missing"]),
        ("id IN (2, 3, 4)", ["audit_entry 2 to 4 missing"]),
        ("id IN (2, 4)", ["audit_entry 2 missing", "audit_entry 4 missing"]),
        ("id = 5", ["audit_head does not name the last entry, 4"]),
        ("id > 0", ["audit_head does not name the last entry, 0"]),
    ],
)
def test_a_deleted_entry_is_named(
    session: Session, five: None, deleted: str, faults: list[str]
) -> None:
    session.execute(text(f"DELETE FROM audit_entry WHERE {deleted}"))
    assert _faults(session) == faults


def test_two_entries_that_changed_places_are_named(session: Session, five: None) -> None:
    for number, other in ((2, 90), (3, 2), (90, 3)):
        session.execute(text(f"UPDATE audit_entry SET id = {other} WHERE id = {number}"))
    assert _faults(session) == [
        "audit_entry 2 was altered",
        "audit_entry 3 was altered",
        "audit_entry 4 was altered",
    ]


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM audit_head",
        "UPDATE audit_head SET entry_id = 4",
        "UPDATE audit_head SET digest = 'x'",
    ],
)
def test_an_altered_head_is_named(session: Session, five: None, change: str) -> None:
    session.execute(text(change))
    assert _faults(session) == ["audit_head does not name the last entry, 5"]


def test_the_command_counts_what_it_checked(app: Flask, session: Session, five: None) -> None:
    done = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert (done.exit_code, done.output) == (0, "OK: 5 journal entries checked\n")


def test_the_command_fails_and_names_the_entry(app: Flask, session: Session, five: None) -> None:
    session.execute(text("UPDATE audit_entry SET actor_name = 'Nobody' WHERE id = 4"))
    session.commit()
    done = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert done.exit_code == 1
    assert "audit_entry 4 was altered" in done.stderr
    assert "OK" not in done.output


def test_writers_at_once_keep_one_chain(app: Flask, session: Session, member: Member) -> None:
    session.commit()
    member_id, start = member.id, threading.Barrier(6)
    session.rollback()
    broken: list[BaseException] = []

    def write(writer: int) -> None:
        try:
            with app.app_context():
                start.wait(10)
                for rank in range(4):
                    begin_write(db.session())
                    body = db.session.get_one(Member, member_id)
                    audit.record(db.session(), CLERK, "members.try", body, by=writer, rank=rank)
                    pipeline.commit()
        except BaseException as fault:  # noqa: BLE001  the test shows it
            broken.append(fault)

    writers = [threading.Thread(target=write, args=(one,)) for one in range(6)]
    for one in writers:
        one.start()
    for one in writers:
        one.join(60)
    assert broken == []
    assert _faults(session) == []
    assert audit.count(session) == session.scalar(select(func.count(AuditEntry.id))) == 24
    # Each writer's own acts stand in the order in which it did them.
    rows = session.scalars(select(AuditEntry.changes).order_by(AuditEntry.id))
    ranks: dict[int, list[int]] = {}
    for row in map(json.loads, rows):
        ranks.setdefault(row["by"], []).append(row["rank"])
    assert ranks == {writer: [0, 1, 2, 3] for writer in range(6)}
