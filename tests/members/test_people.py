"""People: made by an administrator or by the command, closed and opened again."""

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.kernel.access import Role
from procurement.kernel.audit import AuditEntry
from procurement.members import operations
from procurement.members.models import Person
from tests.browse import fields
from tests.conftest import SignIn
from tests.databases import on_sqlite
from tests.door import Door, refused
from tests.make import PASSWORD, actor_for, make_person
from tests.people import People

#: What changed, act by act.
JOURNAL = select(AuditEntry.changes).order_by(AuditEntry.id)
NEW = {"email": "New@Example.org", "name": "Noé", "role": "buyer", "password": PASSWORD}


def _found(session: Session) -> Person | None:
    return session.scalar(select(Person).where(Person.email == "new@example.org"))


def test_a_person_is_made_and_may_sign_in(door: Door, session: Session, people: People) -> None:
    answer = door.post(people.eli, "/people", **NEW)
    assert (answer.status_code, answer.location) == (302, "/people")
    made = _found(session)
    assert made is not None
    assert (made.name, made.role, made.member_id, made.is_active) == ("Noé", Role.BUYER, None, True)
    assert operations.authenticate("NEW@example.org", PASSWORD).person_id == made.id
    assert "Noé" in door.get(people.eli, "/people").text


def test_a_person_of_a_member_acts_for_it(door: Door, session: Session, people: People) -> None:
    typed = {**NEW, "role": "approver", "member_id": people.second.id}
    assert door.post(people.eli, "/people", **typed).status_code == 302
    made = _found(session)
    assert made is not None
    assert made.member_id == people.second.id


def test_no_password_is_written_in_clear(door: Door, session: Session, people: People) -> None:
    door.post(people.eli, "/people", **NEW)
    made = _found(session)
    assert made is not None
    assert made.password_hash.startswith("$argon2id$")
    entry = session.scalars(select(AuditEntry)).one()
    assert entry.verb == "people.create"
    assert json.loads(entry.changes) == {
        "email": "new@example.org",
        "role": "buyer",
        "member_id": None,
    }


@on_sqlite
@pytest.mark.parametrize(
    "wrong, status, field, sentence",
    [
        ({"email": "new"}, 422, "email", "Write an address such as name@commune.fr."),
        ({"email": ""}, 422, "email", "This field is needed."),
        ({"name": " "}, 422, "name", "This field is needed."),
        ({"name": "x" * 121}, 422, "name", "At most 120 characters."),
        ({"role": "king"}, 422, "role", "Choose one of the listed values."),
        ({"password": "short"}, 422, "password", "Choose 12 to 200 characters."),
        ({"password": "x" * 201}, 422, "password", "At most 200 characters."),
        ({"password": ""}, 422, "password", "This field is needed."),
        ({"member_id": "one"}, 422, "member_id", "Write a whole number."),
        ({"role": "requester"}, 409, "member_id", "Requesters and approvers act for a member"),
        ({"member_id": 1}, 409, "member_id", "Requesters and approvers act for a member"),
        (
            {"role": "requester", "member_id": 999},
            409,
            "member_id",
            "This member does not exist.",
        ),
        ({"email": "ada@example.org"}, 409, "email", "Somebody already has this address."),
        ({"email": "ADA@example.org"}, 409, "email", "Somebody already has this address."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    door: Door,
    session: Session,
    people: People,
    wrong: dict[str, Any],
    status: int,
    field: str,
    sentence: str,
) -> None:
    typed = {**NEW, **wrong}
    answer = door.post(people.eli, "/people", **typed)
    assert answer.status_code == status
    assert f'id="{field}-error">{sentence}' in answer.text
    assert PASSWORD not in answer.text
    shown = fields(answer.text, -1)
    assert shown["name"] == typed["name"]
    assert _found(session) is None
    assert session.scalar(select(AuditEntry.id)) is None


@pytest.mark.parametrize("name", ["ada", "alix", "clara", "dora"])
def test_only_administrators_keep_people(door: Door, people: People, name: str) -> None:
    person = getattr(people, name)
    assert door.get(person, "/people").status_code == 403
    assert door.post(person, "/people", **NEW).status_code == 403
    assert door.post(person, f"/people/{people.basile.id}/close").status_code == 403
    assert door.post(person, f"/people/{people.basile.id}/open").status_code == 403


def test_an_access_is_closed_and_opened_again(
    door: Door, session: Session, people: People, sign_in: SignIn
) -> None:
    session.commit()
    ada = sign_in(people.ada)
    assert ada.get("/account").status_code == 200
    assert door.post(people.eli, f"/people/{people.ada.id}/close").location == "/people"
    assert ada.get("/account").status_code == 401
    assert door.post(people.eli, f"/people/{people.ada.id}/open").location == "/people"
    assert ada.get("/account").status_code == 200
    changes = [json.loads(one) for one in session.scalars(JOURNAL)]
    assert changes == [{"is_active": [True, False]}, {"is_active": [False, True]}]


def test_what_is_already_so_is_refused(door: Door, people: People) -> None:
    answer = door.post(people.eli, f"/people/{people.ada.id}/open")
    assert answer.status_code == 409
    assert "This access is already as you ask." in answer.text
    assert door.post(people.eli, "/people/999/close").status_code == 404


def test_nobody_shuts_themselves_out(door: Door, people: People) -> None:
    answer = door.post(people.eli, f"/people/{people.eli.id}/close")
    assert answer.status_code == 409
    assert "You cannot close your own access." in answer.text
    with refused("own_account"):
        operations.set_active(people.eli, False, actor=actor_for(people.eli))


def test_a_list_refused_on_the_way_leads_back_to_itself(
    door: Door, session: Session, people: People
) -> None:
    for _one in range(50):
        make_person(session, Role.BUYER)
    answer = door.post(people.eli, f"/people/{people.ada.id}/open")
    assert answer.status_code == 409
    assert 'href="/people?page=2"' in answer.text
    assert 'action="/people"' in answer.text
    assert "/open?page" not in answer.text


@pytest.mark.parametrize(
    "question, found",
    [("ada", ["Ada"]), ("BOURG", ["Basile", "Blanche"]), ("dora@", ["Dora"]), ("%", []), ("_", [])],
)
def test_people_are_found(door: Door, people: People, question: str, found: list[str]) -> None:
    page = door.get(people.eli, f"/people?q={question.replace('%', '%25')}").text
    named = [name.title() for name in vars(people) if f">{name.title()}</th>" in page]
    assert named == found


def _created(app: Flask, *options: str, password: str = PASSWORD) -> Any:
    arguments = ["people", "create", "--email=Noe@example.org", "--name=Noé", *options]
    return app.test_cli_runner().invoke(args=arguments, input=f"{password}\n{password}\n")


def test_the_command_makes_a_person(app: Flask, session: Session, people: People) -> None:
    siren = people.first.siren
    session.rollback()
    done = _created(app, "--role=requester", f"--siren={siren}")
    assert done.exit_code == 0
    assert PASSWORD not in done.output
    person = operations.authenticate("noe@example.org", PASSWORD)
    assert (person.role, person.member_id) == (Role.REQUESTER, people.first.id)
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.actor_name, entry.person_id) == ("flask people create", None)


@pytest.mark.parametrize(
    "options, password, said",
    [
        (["--role=requester"], PASSWORD, "member"),
        (["--role=buyer", "--siren=000000000"], PASSWORD, "000000000"),
        (["--role=buyer"], "short", "password"),
        (["--role=king"], PASSWORD, "king"),
    ],
)
def test_the_command_says_what_is_wrong(
    app: Flask, session: Session, people: People, options: list[str], password: str, said: str
) -> None:
    done = _created(app, *options, password=password)
    assert done.exit_code != 0
    assert "Traceback" not in done.output
    if said != "member":
        assert said in done.output
    session.rollback()
    assert len(session.scalars(select(Person.id)).all()) == 7


def test_the_command_takes_an_address_once(app: Flask, session: Session, people: People) -> None:
    assert _created(app, "--role=buyer").exit_code == 0
    assert _created(app, "--role=finance").exit_code == 1
    session.rollback()
    assert len(session.scalars(select(Person.id)).all()) == 8
