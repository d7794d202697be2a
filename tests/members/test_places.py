"""Delivery places, and the centrale as it stood on a day."""

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.kernel.audit import AuditEntry
from procurement.members.models import CentralBody, Membership, Site
from procurement.members.queries import central_body_on, has_membership
from tests.browse import fields
from tests.databases import on_sqlite
from tests.door import Door
from tests.make import make_member
from tests.people import People

SCHOOL = {"kind": "school", "name": "École Jules-Ferry", "city": "Amboise-la-Petite"}
CENTRALE = {"valid_from": "17/12/2019", "name": "Seine et Yvelines Numérique"}


def test_a_member_adds_a_place(door: Door, session: Session, people: People) -> None:
    typed = {**SCHOOL, "address": "1, rue de l’Étang", "postcode": "78000"}
    answer = door.post(people.ada, f"/members/{people.first.id}/sites", **typed)
    assert (answer.status_code, answer.location) == (302, f"/members/{people.first.id}")
    made = session.scalars(select(Site).where(Site.name == "École Jules-Ferry")).one()
    assert made.member_id == people.first.id
    assert (made.address, made.postcode) == ("1, rue de l’Étang", "78000")
    assert "École Jules-Ferry" in door.get(people.alix, f"/members/{people.first.id}").text
    assert session.scalars(select(AuditEntry.verb)).one() == "members.add_site"


@on_sqlite
@pytest.mark.parametrize(
    "wrong, status, field, sentence",
    [
        ({"kind": "castle"}, 422, "kind", "Choose one of the listed values."),
        ({"name": ""}, 422, "name", "This field is needed."),
        ({"city": ""}, 422, "city", "This field is needed."),
        ({"address": "x" * 201}, 422, "address", "At most 200 characters."),
        ({"postcode": "7800"}, 422, "postcode", "Write five digits."),
        ({"postcode": "780000"}, 422, "postcode", "Write five digits."),
        ({"postcode": "78 00"}, 422, "postcode", "Write five digits."),
        ({"name": "Mairie"}, 409, "name", "This member already has a place of this name."),
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
    typed = {**SCHOOL, "address": "1, rue de l’Étang", **wrong}
    answer = door.post(people.ada, f"/members/{people.first.id}/sites", **typed)
    assert answer.status_code == status
    assert f'id="{field}-error">{sentence}' in answer.text
    shown = fields(answer.text, -1)
    assert (shown["name"], shown["address"]) == (typed["name"], typed["address"])
    assert len(session.scalars(select(Site.id)).all()) == 2


def test_a_postcode_with_a_line_end_is_the_postcode(
    door: Door, session: Session, people: People
) -> None:
    typed = {**SCHOOL, "postcode": "78000\n"}
    assert door.post(people.ada, f"/members/{people.first.id}/sites", **typed).status_code == 302
    assert session.scalar(select(Site.postcode).where(Site.kind == "school")) == "78000"


def test_nobody_adds_a_place_to_another_member(door: Door, people: People) -> None:
    address = f"/members/{people.second.id}/sites"
    assert door.post(people.ada, address, **SCHOOL).status_code == 404
    assert door.post(people.ada, "/members/999/sites", **SCHOOL).status_code == 404
    for person in (people.clara, people.dora, people.eli):
        assert door.post(person, address, **SCHOOL).status_code == 403


def test_a_place_is_asked_for_only_of_those_who_may_add_it(door: Door, people: People) -> None:
    assert "Add a delivery place" in door.get(people.ada, f"/members/{people.first.id}").text
    assert "Add a delivery place" not in door.get(people.clara, f"/members/{people.first.id}").text


def test_the_centrale_is_described_from_a_day_on(
    door: Door, session: Session, people: People
) -> None:
    first = {"valid_from": "2016-01-01", "name": "Yvelines Numériques"}
    second = {**CENTRALE, "siret": "217 800 036 00014", "address": "Versailles"}
    for typed in (first, second):
        answer = door.post(people.eli, "/central-body", **typed)
        assert (answer.status_code, answer.location) == (302, "/central-body")
    names = {
        day: body.name if (body := central_body_on(day)) else None
        for day in (
            date(2015, 12, 31),
            date(2016, 1, 1),
            date(2019, 12, 16),
            date(2019, 12, 17),
            date(2030, 1, 1),
        )
    }
    assert list(names.values()) == [
        None,
        "Yvelines Numériques",
        "Yvelines Numériques",
        "Seine et Yvelines Numérique",
        "Seine et Yvelines Numérique",
    ]
    now = central_body_on(date(2026, 1, 1))
    assert now is not None
    assert (now.siret, now.address) == ("21780003600014", "Versailles")
    page = door.get(people.eli, "/central-body").text
    assert "217 800 036 00014" in page
    assert fields(page, -1)["name"] == "Seine et Yvelines Numérique"


def test_the_same_day_again_corrects_it(door: Door, session: Session, people: People) -> None:
    door.post(people.eli, "/central-body", **CENTRALE)
    door.post(people.eli, "/central-body", **{**CENTRALE, "name": "Corrected"})
    assert session.scalars(select(CentralBody.name)).all() == ["Corrected"]
    last = session.scalars(select(AuditEntry.changes).order_by(AuditEntry.id.desc())).first()
    assert json.loads(last or "")["description"] == [
        ["Seine et Yvelines Numérique", None, None],
        ["Corrected", None, None],
    ]


@on_sqlite
@pytest.mark.parametrize(
    "wrong, status, field, sentence",
    [
        ({"valid_from": "hier"}, 422, "valid_from", "Write a date such as 21/11/2026."),
        ({"valid_from": ""}, 422, "valid_from", "This field is needed."),
        ({"name": ""}, 422, "name", "This field is needed."),
        ({"siret": "21780003600015"}, 422, "siret", "This is not a SIRET"),
        ({"address": "x" * 301}, 422, "address", "At most 300 characters."),
        (
            {"valid_from": "16/12/2019"},
            409,
            "valid_from",
            "The description in force starts on a later day.",
        ),
    ],
)
def test_a_wrong_description_is_refused_and_shown_again(
    door: Door,
    session: Session,
    people: People,
    wrong: dict[str, str],
    status: int,
    field: str,
    sentence: str,
) -> None:
    door.post(people.eli, "/central-body", **CENTRALE)
    typed = {**CENTRALE, "name": "Another", **wrong}
    answer = door.post(people.eli, "/central-body", **typed)
    assert answer.status_code == status
    assert f'id="{field}-error">{sentence}' in answer.text
    assert fields(answer.text, -1)["name"] == typed["name"]
    assert session.scalars(select(CentralBody.name)).all() == ["Seine et Yvelines Numérique"]


@pytest.mark.parametrize("name", ["ada", "alix", "clara", "dora"])
def test_only_administrators_describe_the_centrale(door: Door, people: People, name: str) -> None:
    assert door.get(getattr(people, name), "/central-body").status_code == 403
    assert door.post(getattr(people, name), "/central-body", **CENTRALE).status_code == 403


@pytest.mark.parametrize(
    "day, is_member",
    [
        (date(2019, 12, 31), False),
        (date(2020, 1, 1), True),
        (date(2023, 5, 31), True),
        (date(2023, 6, 1), False),
    ],
)
def test_a_membership_binds_from_its_signature_to_the_day_of_leaving(
    session: Session, day: date, is_member: bool
) -> None:
    member = make_member(session)
    session.scalars(select(Membership)).one().left_on = date(2023, 6, 1)
    session.flush()
    assert has_membership(member.id, day) is is_member
