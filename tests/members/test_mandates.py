"""A commune lets its intercommunality declare for it, and takes that back."""

import json

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from procurement.kernel import pipeline
from procurement.kernel.access import Role
from procurement.kernel.audit import AuditEntry
from procurement.kernel.mail import Letter
from procurement.kernel.pipeline import today
from procurement.members import mandates
from procurement.members.models import Mandate, Member, MemberKind
from tests.door import Door, refused
from tests.make import actor_for, make_member, make_person
from tests.people import People


@pytest.fixture
def group(session: Session, people: People) -> Member:
    """The intercommunality of the first commune, with a requester."""
    made = make_member(session, "Cœur des Vallées", kind=MemberKind.INTERCOMMUNALITY)
    people.first.intercommunality_id = made.id
    make_person(session, Role.REQUESTER, made, name="Gaston", email="gaston@example.org")
    session.commit()
    return made


def test_a_mandate_is_given_seen_by_both_and_revoked(
    door: Door, session: Session, people: People, group: Member
) -> None:
    address = f"/members/{people.first.id}"
    assert "Give the mandate" in door.get(people.alix, address).text
    answer = door.post(people.alix, f"{address}/mandates", delegate_id=group.id)
    assert (answer.status_code, answer.location) == (302, f"{address}#mandates")
    (mandate,) = session.scalars(select(Mandate))
    assert (mandate.delegate_id, mandate.granted_on) == (group.id, today())
    page = door.get(people.ada, address).text
    assert "Cœur des Vallées" in page
    assert "In force" in page
    assert "/revoke" not in page
    gaston = make_person(session, Role.APPROVER, group)
    page = door.get(gaston, f"/members/{group.id}").text
    assert "Amboise-la-Petite" in page
    assert door.post(people.alix, f"/mandates/{mandate.id}/revoke").status_code == 302
    assert mandate.revoked_on == today()
    assert "Amboise-la-Petite" not in door.get(gaston, f"/members/{group.id}").text
    assert f'Revoked on">{today():%d/%m/%Y}' in door.get(people.alix, address).text
    verbs = select(AuditEntry.verb, AuditEntry.changes).order_by(AuditEntry.id)
    given, taken = session.execute(verbs).all()
    assert given.verb == "members.grant_mandate"
    assert json.loads(taken.changes)["revoked_on"] == [None, f"{today()}"]


def test_both_bodies_are_told(door: Door, session: Session, people: People, group: Member) -> None:
    address = f"/members/{people.first.id}/mandates"
    assert door.post(people.alix, address, delegate_id=group.id).status_code == 302
    letters = session.execute(select(Letter.to_address, Letter.path).order_by(Letter.id)).all()
    assert {tuple(one) for one in letters} == {
        ("ada@example.org", f"/members/{people.first.id}"),
        ("alix@example.org", f"/members/{people.first.id}"),
        ("gaston@example.org", f"/members/{group.id}"),
    }
    mandate_id = session.scalars(select(Mandate.id)).one()
    door.post(people.alix, f"/mandates/{mandate_id}/revoke")
    assert len(session.scalars(select(Letter.id)).all()) == 6


def test_who_may_give_and_revoke(
    door: Door, session: Session, people: People, group: Member
) -> None:
    address = f"/members/{people.first.id}/mandates"
    for person in (people.ada, people.clara, people.dora, people.eli):
        assert door.post(person, address, delegate_id=group.id).status_code == 403
    assert door.post(people.blanche, address, delegate_id=group.id).status_code == 404
    mandate = mandates.grant(people.first, group.id, actor=actor_for(people.alix), today=today())
    pipeline.commit()
    revoke = f"/mandates/{mandate.id}/revoke"
    for person in (people.ada, people.clara, people.dora, people.eli):
        assert door.post(person, revoke).status_code == 403
    assert door.post(people.blanche, revoke).status_code == 404
    # The delegate sees the mandate that it holds, and cannot end it in the other's place.
    holder = make_person(session, Role.APPROVER, group)
    assert door.post(holder, revoke).status_code == 403
    assert mandate.revoked_on is None
    with refused("forbidden"):
        mandates.grant(people.first, group.id, actor=actor_for(holder), today=today())


@pytest.mark.parametrize("who", ["itself", "a commune", "nobody", "no member", "merged"])
def test_only_an_intercommunality_of_the_centrale_is_mandated(
    door: Door, session: Session, people: People, group: Member, who: str
) -> None:
    other = MemberKind.INTERCOMMUNALITY
    merged = make_member(session, kind=other, successor_id=group.id, merged_on=today())
    chosen = {
        "itself": people.first.id,
        "a commune": people.second.id,
        "nobody": 999_999,
        "no member": make_member(session, kind=other, is_member=False).id,
        "merged": merged.id,
    }[who]
    answer = door.post(people.alix, f"/members/{people.first.id}/mandates", delegate_id=chosen)
    assert answer.status_code == 409
    assert "Choose an intercommunality that is a member" in answer.text
    assert session.scalars(select(Mandate)).all() == []


def test_a_body_gives_one_mandate_at_a_time(
    door: Door, session: Session, people: People, group: Member
) -> None:
    address = f"/members/{people.first.id}/mandates"
    assert door.post(people.alix, address, delegate_id=group.id).status_code == 302
    other = make_member(session, kind=MemberKind.INTERCOMMUNALITY)
    answer = door.post(people.alix, address, delegate_id=other.id)
    assert answer.status_code == 409
    assert "Revoke it before giving another." in answer.text
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(
            text(
                "INSERT INTO mandate (member_id, delegate_id, granted_on)"
                f" VALUES ({people.first.id}, {other.id}, '2026-01-01')"
            )
        )
    mandate = session.scalars(select(Mandate)).one()
    assert door.post(people.alix, f"/mandates/{mandate.id}/revoke").status_code == 302
    answer = door.post(people.alix, f"/mandates/{mandate.id}/revoke")
    assert answer.status_code == 409
    assert "This mandate was revoked already." in answer.text
    assert door.post(people.alix, address, delegate_id=other.id).status_code == 302


def test_bad_input_is_shown_beside_the_field(door: Door, people: People, group: Member) -> None:
    answer = door.post(people.alix, f"/members/{people.first.id}/mandates", delegate_id="x")
    assert answer.status_code == 422
    assert 'id="delegate_id-error">Write a whole number.' in answer.text


def test_the_own_intercommunality_comes_first(
    session: Session, people: People, group: Member
) -> None:
    make_member(session, "Agglomération d’Ailleurs", kind=MemberKind.INTERCOMMUNALITY)
    assert mandates.delegates(people.first, today())[0] == (group.id, group.name)
    assert len(mandates.delegates(people.first, today())) == 2
