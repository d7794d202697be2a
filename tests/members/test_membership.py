"""Joining, leaving, transferring a competence: the acts and their commands."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.kernel import audit, pipeline
from procurement.kernel.access import Actor
from procurement.kernel.audit import AuditEntry
from procurement.members import operations
from procurement.members.models import Competence, CompetenceTransfer, Member, Membership
from procurement.members.queries import has_membership
from tests.databases import on_sqlite
from tests.door import refused
from tests.make import make_member

CLERK = Actor.command("tests")
SIGNED, LEFT = date(2024, 3, 1), date(2025, 6, 1)


@pytest.fixture
def member(session: Session) -> Member:
    """A body that signed nothing yet."""
    return make_member(session, "Amboise-la-Petite", is_member=False)


def run(app: Flask, *words: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["members", *words])
    return done.exit_code, done.output


def verbs(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)))


def test_a_body_joins_leaves_and_joins_again(session: Session, member: Member) -> None:
    operations.join(member, SIGNED, "1.0", actor=CLERK)
    operations.leave(member, LEFT, actor=CLERK)
    operations.join(member, LEFT, "2.0", actor=CLERK)
    pipeline.commit()
    signed = session.scalars(select(Membership).order_by(Membership.signed_on)).all()
    assert [(one.signed_on, one.left_on, one.terms_version) for one in signed] == [
        (SIGNED, LEFT, "1.0"),
        (LEFT, None, "2.0"),
    ]
    assert verbs(session) == ["members.join", "members.leave", "members.join"]
    assert list(audit.faults(session)) == []


@pytest.mark.parametrize("day", [date(2020, 1, 1), SIGNED, date(2024, 12, 1)])
def test_a_member_does_not_join_twice(session: Session, member: Member, day: date) -> None:
    operations.join(member, SIGNED, "1.0", actor=CLERK)
    with refused("already_member"):
        operations.join(member, day, "1.0", actor=CLERK)
    operations.leave(member, LEFT, actor=CLERK)
    with refused("already_member"):
        operations.join(member, day, "1.0", actor=CLERK)


def test_who_signed_and_left_on_a_day_does_not_sign_again_that_day(
    session: Session, member: Member
) -> None:
    operations.join(member, SIGNED, "1.0", actor=CLERK)
    operations.leave(member, SIGNED, actor=CLERK)
    session.flush()
    assert not has_membership(member.id, SIGNED)
    with refused("already_member"):
        operations.join(member, SIGNED, "1.0", actor=CLERK)


def test_only_a_member_leaves_and_not_before_it_signed(session: Session, member: Member) -> None:
    with refused("not_member"):
        operations.leave(member, LEFT, actor=CLERK)
    operations.join(member, SIGNED, "1.0", actor=CLERK)
    with refused("left_before_signed"):
        operations.leave(member, date(2024, 2, 29), actor=CLERK)
    operations.leave(member, LEFT, actor=CLERK)
    with refused("not_member"):
        operations.leave(member, LEFT, actor=CLERK)


def test_a_competence_is_transferred_once(session: Session, member: Member) -> None:
    operations.transfer(member, Competence.TELECOMS, SIGNED, actor=CLERK)
    for day in (date(2020, 1, 1), SIGNED, LEFT):
        with refused("already_transferred"):
            operations.transfer(member, Competence.TELECOMS, day, actor=CLERK)
    operations.transfer(member, Competence.SMART_CITY, SIGNED, actor=CLERK)
    session.scalars(select(CompetenceTransfer).limit(1)).one().until_on = LEFT
    operations.transfer(member, Competence.TELECOMS, LEFT, actor=CLERK)
    pipeline.commit()
    assert verbs(session) == ["members.transfer"] * 3
    # A transfer is no membership.
    assert not has_membership(member.id, LEFT)


def test_all_who_have_no_membership_join_in_one_go(app: Flask, session: Session) -> None:
    make_member(session)
    others = [make_member(session, is_member=False).id for _one in range(3)]
    session.commit()
    words = ("join", "--all", "--signed-on", "2024-03-01", "--terms", "1.0")
    assert run(app, *words) == (0, "3 joined\n")
    assert run(app, *words) == (0, "0 joined\n")
    session.rollback()
    signed = session.scalars(select(Membership.member_id).where(Membership.signed_on == SIGNED))
    assert sorted(signed) == others
    assert verbs(session) == ["members.join"] * 3


def test_the_commands_do_what_they_say(app: Flask, session: Session, member: Member) -> None:
    siren = member.siren
    session.commit()
    join = ("join", siren, "--signed-on", "2024-03-01", "--terms", "1.0")
    assert run(app, *join) == (0, "1 joined\n")
    code, said = run(app, *join)
    assert code == 1
    assert said.startswith("Error: ")
    assert run(app, "leave", siren, "--on", "2025-06-01") == (0, f"{siren} left\n")
    assert run(app, "leave", siren, "--on", "2025-06-01")[0] == 1
    transfer = ("transfer", siren, "telecoms", "--from", "2024-03-01")
    assert run(app, *transfer) == (0, f"{siren} transferred telecoms\n")
    assert run(app, *transfer)[0] == 1
    session.rollback()
    assert session.scalars(select(Membership.left_on)).one() == LEFT
    assert session.scalars(select(CompetenceTransfer.from_on)).one() == SIGNED
    assert verbs(session) == ["members.join", "members.leave", "members.transfer"]


@on_sqlite
@pytest.mark.parametrize(
    "words, code",
    [
        (("join", "--signed-on", "2024-03-01", "--terms", "1.0"), 2),
        (("join", "000000000", "--all", "--signed-on", "2024-03-01", "--terms", "1.0"), 2),
        (("join", "000000000", "--signed-on", "2024-03-01", "--terms", "1.0"), 1),
        (("join", "--all", "--signed-on", "hier", "--terms", "1.0"), 1),
        (("join", "--all", "--signed-on", "2024-03-01", "--terms", "x" * 21), 1),
        (("leave", "000000000", "--on", "2024-03-01"), 1),
        (("transfer", "000000000", "telecoms", "--from", "2024-03-01"), 1),
        (("transfer", "000000000", "castles", "--from", "2024-03-01"), 2),
    ],
)
def test_a_wrong_command_writes_nothing(
    app: Flask, session: Session, member: Member, words: tuple[str, ...], code: int
) -> None:
    session.commit()
    assert run(app, *words)[0] == code
    session.rollback()
    assert session.scalars(select(Membership.id)).all() == []
    assert verbs(session) == []
