"""Who may still do what with a need: earlier writers, revoked mandates, campaigns that are over."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.kernel import pipeline
from procurement.kernel.access import Role
from procurement.kernel.audit import AuditEntry
from procurement.kernel.mail import Letter
from procurement.kernel.pipeline import today
from procurement.lots import operations as lots
from procurement.members import mandates, mergers
from procurement.members.models import Mandate, Member, MemberKind, Person
from procurement.needs import operations
from procurement.needs.models import (
    Campaign,
    CampaignState,
    Entry,
    Exemption,
    Need,
    NeedLine,
    NeedState,
)
from procurement.needs.operations import LineEntry
from tests.databases import on_sqlite
from tests.door import Door
from tests.make import (
    actor_for,
    make_campaign,
    make_item,
    make_line,
    make_member,
    make_need,
    make_person,
)
from tests.people import People


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """A campaign that is open."""
    return make_campaign(session)


@pytest.fixture
def carl(session: Session) -> Person:
    """Another buyer."""
    return make_person(session, Role.BUYER, name="Carl", email="carl@example.org")


@pytest.fixture
def gaston(session: Session) -> Person:
    """A requester of an intercommunality."""
    group = make_member(session, "Cœur des Vallées", kind=MemberKind.INTERCOMMUNALITY)
    return make_person(session, Role.REQUESTER, group, name="Gaston", email="gaston@example.org")


@pytest.fixture
def mandate(session: Session, people: People, gaston: Person) -> Mandate:
    """The first commune lets that intercommunality declare for it."""
    made = Mandate(member=people.first, delegate=gaston.member, granted_on=today())
    session.add(made)
    session.flush()
    return made


def entered(
    session: Session,
    campaign: Campaign,
    author: Person,
    member: Member,
    state: NeedState = NeedState.SUBMITTED,
) -> Need:
    """Make a need that somebody else entered for a member, with a line."""
    made = Need(
        campaign=campaign,
        member_id=member.id,
        author_id=author.id,
        state=state,
        entry=Entry.CENTRALE if author.role is Role.BUYER else Entry.DELEGATE,
    )
    session.add(made)
    session.flush()
    make_line(session, made, make_item(session), 3)
    return made


def told(session: Session) -> list[str]:
    """List to whom letters were written, in order."""
    return list(session.scalars(select(Letter.to_address).order_by(Letter.id)))


# Four eyes


def test_who_wrote_before_somebody_else_submitted_does_not_validate(
    door: Door, session: Session, people: People, campaign: Campaign, carl: Person
) -> None:
    need = entered(session, campaign, people.clara, people.first, NeedState.DRAFT)
    line = {"item_id": make_item(session).id, "quantity": 4, "site_id": people.first.sites[0].id}
    address = f"/needs/{need.id}"
    assert door.post(people.clara, f"{address}/lines", **line).status_code == 302
    need.state, need.author_id = NeedState.SUBMITTED, carl.id
    assert f"{address}/validate" not in door.get(people.clara, address).text
    answer = door.post(people.clara, f"{address}/validate")
    assert answer.status_code == 409
    assert "You wrote in this need: somebody who did not must validate it." in answer.text
    assert door.post(carl, f"{address}/validate").status_code == 409
    assert need.state is NeedState.SUBMITTED
    third = make_person(session, Role.BUYER)
    for person, is_waiting in ((people.clara, False), (carl, False), (third, True)):
        assert ("need entered for a member" in door.get(person, "/").text) is is_waiting
    assert door.post(third, f"{address}/validate").status_code == 302


def test_a_former_requester_does_not_validate_what_they_wrote(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    need = make_need(session, campaign, people.ada)
    address = f"/needs/{need.id}"
    line = {"item_id": make_item(session).id, "quantity": 4, "site_id": people.first.sites[0].id}
    door.post(people.ada, f"{address}/lines", **line)
    other = make_person(session, Role.REQUESTER, people.first)
    assert door.post(other, f"{address}/submit").status_code == 302
    people.ada.role = Role.APPROVER
    assert "to validate" not in door.get(people.ada, "/").text
    assert door.post(people.ada, f"{address}/validate").status_code == 409
    # Sending back what one wrote makes nothing of it: that stays possible.
    assert door.post(people.ada, f"{address}/return", reason="Too many").status_code == 302


def test_who_decided_before_decides_again(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    need = make_need(session, campaign, people.ada, NeedState.SUBMITTED)
    address = f"/needs/{need.id}"
    make_line(session, need, make_item(session))
    for act, typed in (("validate", {}), ("return", {"reason": "Wait"})):
        assert door.post(people.alix, f"{address}/{act}", **typed).status_code == 302
    assert door.post(people.ada, f"{address}/submit").status_code == 302
    assert door.post(people.alix, f"{address}/validate").status_code == 302


def test_what_is_validated_is_what_was_read(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    need = make_need(session, campaign, people.ada)
    line, address = make_line(session, need, make_item(session), 3), f"/needs/{need.id}"
    assert door.post(people.ada, f"{address}/submit").status_code == 302
    assert 'name="seen" value="1"' in door.get(people.alix, address).text
    # Meanwhile another approver returns it, and it comes again with another quantity.
    other = make_person(session, Role.APPROVER, people.first)
    assert door.post(other, f"{address}/return", reason="Ten").status_code == 302
    typed = {"quantity": 10, "site_id": line.site_id, "version": line.version}
    assert door.post(people.ada, f"/need-lines/{line.id}/edit", **typed).status_code == 302
    assert door.post(people.ada, f"{address}/submit").status_code == 302
    answer = door.post(people.alix, f"{address}/validate", seen=1)
    assert answer.status_code == 409
    assert "Somebody else changed this in the meantime." in answer.text
    assert need.state is NeedState.SUBMITTED
    assert 'name="seen" value="2"' in answer.text
    assert door.post(people.alix, f"{address}/validate", seen=2).status_code == 302


def test_the_journal_says_who_took_a_need_over(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    need = entered(session, campaign, people.clara, people.first, NeedState.DRAFT)
    line = {"item_id": make_item(session).id, "quantity": 4, "site_id": people.first.sites[0].id}
    for _time in range(2):
        door.post(people.ada, f"/needs/{need.id}/lines", **line)
    query = select(AuditEntry.verb, AuditEntry.changes).order_by(AuditEntry.id)
    acts = [(row.verb, json.loads(row.changes)) for row in session.execute(query)]
    assert acts[0] == ("needs.take_over", {"entry": ["centrale", "own"]})
    assert [verb for verb, _changes in acts[1:]] == ["needs.add_line"]
    page = door.get(people.alix, f"/needs/{need.id}/history").text
    assert "Took over the answer that somebody else entered." in page


# The moment

#: What is possible with a submitted need in each state of its campaign: validate, object, exempt.
MOMENTS = [
    (CampaignState.OPEN, True, True, True),
    (CampaignState.CLOSED, True, True, True),
    (CampaignState.POOLED, False, True, True),
    (CampaignState.ARCHIVED, False, False, False),
]


@pytest.mark.parametrize("state, validates, objects, exempts", MOMENTS)
def test_what_a_campaign_that_is_over_still_takes(
    door: Door,
    session: Session,
    people: People,
    campaign: Campaign,
    state: CampaignState,
    validates: bool,
    objects: bool,
    exempts: bool,
) -> None:
    need = entered(session, campaign, people.clara, people.first)
    campaign.state = state
    address = f"/needs/{need.id}"
    page = door.get(people.alix, address).text
    assert (f"{address}/validate" in page) is validates
    assert (f"{address}/objection" in page) is objects
    assert ("this need was not validated, and is in no lot" in page) is not validates
    assert ("need to validate" in door.get(people.alix, "/").text) is validates
    answer = door.post(people.alix, f"{address}/validate")
    assert answer.status_code == (302 if validates else 409)
    answer = door.post(people.ada, f"{address}/objection", objection="No")
    assert answer.status_code == (302 if objects else 409)
    member = f"/campaigns/{campaign.id}/members/{people.second.id}"
    answer = door.post(people.clara, f"{member}/exempt", reason="Has none")
    assert answer.status_code == (302 if exempts else 409)
    assert (session.scalar(select(Exemption.id)) is not None) is exempts


def test_what_is_exempt_stays_so_in_an_archive(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    session.add(Exemption(campaign_id=campaign.id, member_id=people.first.id, reason="Has none"))
    campaign.state = CampaignState.ARCHIVED
    answer = door.post(people.clara, f"/campaigns/{campaign.id}/members/{people.first.id}/unexempt")
    assert answer.status_code == 409
    assert "This campaign is archived and no longer changes." in answer.text


def test_no_more_time_is_given_once_a_lot_is_formed(
    door: Door, session: Session, people: People
) -> None:
    """A lot may be formed once the last day is past, before anybody closes the campaign."""
    campaign = make_campaign(session, closes_on=today() - timedelta(days=1))
    need = make_need(session, campaign, people.ada, NeedState.VALIDATED, people.alix)
    line = make_line(session, need, make_item(session), 3)
    address, longer = f"/campaigns/{campaign.id}", today() + timedelta(days=9)
    assert f"{address}/extend" in door.get(people.clara, address).text
    clara = actor_for(people.clara)
    lots.form(campaign, "Lot", item_ids=[line.item_id or 0], actor=clara, today=today())
    pipeline.commit()
    page = door.get(people.clara, address).text
    assert f"{address}/extend" not in page
    assert "is past and needs of it are in a lot: close it." in page
    answer = door.post(people.clara, f"{address}/extend", closes_on=longer, reason="Late")
    assert answer.status_code == 409
    assert "draft lots can be dissolved" in answer.text
    assert campaign.closes_on < today()
    assert told(session) == []


@on_sqlite
def test_an_objection_that_nobody_sees_waits_for_nobody(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    need = entered(session, campaign, people.clara, people.first, NeedState.DRAFT)
    door.post(people.ada, f"/needs/{need.id}/objection", objection="Ours is other")
    assert "need that a member objects to" in door.get(people.clara, "/").text
    line = {"item_id": make_item(session).id, "quantity": 4, "site_id": people.first.sites[0].id}
    assert door.post(people.ada, f"/needs/{need.id}/lines", **line).status_code == 302
    # It is the member's own draft from here on.
    assert "need that a member objects to" not in door.get(people.clara, "/").text


# Who is told of a return


def test_a_former_delegate_is_not_told_of_a_return(
    door: Door,
    session: Session,
    people: People,
    campaign: Campaign,
    gaston: Person,
    mandate: Mandate,
) -> None:
    need = entered(session, campaign, gaston, people.first)
    mandates.revoke(mandate, actor=actor_for(people.alix), today=today())
    session.query(Letter).delete()
    pipeline.commit()
    answer = door.post(people.alix, f"/needs/{need.id}/return", reason="Ours alone")
    assert answer.status_code == 302
    assert told(session) == ["ada@example.org"]


def test_a_delegate_is_told_of_a_return(
    door: Door,
    session: Session,
    people: People,
    campaign: Campaign,
    gaston: Person,
    mandate: Mandate,
) -> None:
    need = entered(session, campaign, gaston, people.first)
    assert mandate.revoked_on is None
    door.post(people.alix, f"/needs/{need.id}/return", reason="Too many")
    assert told(session) == ["gaston@example.org"]


def test_the_colleagues_of_an_author_who_left_are_told_of_a_return(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    need = make_need(session, campaign, people.ada, NeedState.SUBMITTED)
    people.ada.is_active = False
    make_person(session, Role.REQUESTER, people.first, email="zoe@example.org")
    door.post(people.alix, f"/needs/{need.id}/return", reason="Too many")
    assert told(session) == ["zoe@example.org"]


def test_the_successor_is_told_that_its_predecessors_need_came_back(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    need = make_need(session, campaign, people.ada, NeedState.SUBMITTED)
    clerk = actor_for(people.eli)
    mergers.merge([people.first], people.second, today(), actor=clerk, today=today())
    session.query(Letter).delete()
    pipeline.commit()
    door.post(people.blanche, f"/needs/{need.id}/return", reason="Ours covers it")
    assert sorted(told(session)) == ["ada@example.org", "basile@example.org"]
    body = session.scalars(select(Letter.body)).first() or ""
    assert "Bourg-Neuf" in body


# Forms


def test_who_may_not_write_gets_no_form(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    need = make_need(session, campaign, people.ada, NeedState.RETURNED, people.alix)
    line = make_line(session, need, make_item(session), 3)
    for address in (f"/need-lines/{line.id}/edit", f"/needs/{need.id}/lines/new?item_id=1"):
        assert door.get(people.ada, address).status_code == 200
        assert door.get(people.clara, address).status_code == 403


def test_what_the_centrale_cannot_enter_is_said_of_the_right_body(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    outsider = make_member(session, is_member=False)
    address = f"/campaigns/{campaign.id}/members/{outsider.id}/need"
    assert "This body is not a member of the centrale" in door.post(people.clara, address).text


#: Own quantity and price of a harmonised free line, changed after a return: is it still that item?
#: One own unit holds 0.001 of the item.
CHANGED = [("1000", "", True), ("500", "0.5", True), ("0.1", "", False), ("1000", "20000", False)]


@pytest.mark.parametrize("quantity, price, is_kept", CHANGED)
def test_what_can_no_longer_be_counted_in_an_item_waits_for_the_buyer_again(
    door: Door,
    session: Session,
    people: People,
    campaign: Campaign,
    quantity: str,
    price: str,
    is_kept: bool,
) -> None:
    need = make_need(session, campaign, people.ada)
    item, each = make_item(session), Decimal("0.001")
    entry = LineEntry(Decimal(2000), people.first.sites[0].id, words="Vis", own_unit="pièce")
    line = operations.add_line(need, None, entry, actor=actor_for(people.ada), today=today())
    line.item_id, line.units_each, line.quantity = item.id, each, Decimal(2)
    session.commit()
    typed: dict[str, object] = {"words": "Vis", "own_unit": "pièce", "quantity": quantity}
    typed |= {"site_id": line.site_id, "version": line.version}
    if price:
        typed |= {"paid_price": price, "paid_since": today()}
    assert door.post(people.ada, f"/need-lines/{line.id}/edit", **typed).status_code == 302
    kept = session.scalars(select(NeedLine)).one()
    assert kept.item_id == (item.id if is_kept else None)
    assert kept.quantity == Decimal(quantity) * (each if is_kept else 1)


def test_a_history_names_the_places_that_went_over_to_a_successor(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    need = make_need(session, campaign, people.ada)
    line = make_line(session, need, make_item(session), 3)
    site = {"kind": "school", "name": "École du Lac", "city": "Amboise"}
    door.post(people.ada, f"/members/{people.first.id}/sites", **site)
    session.refresh(people.first)
    typed = {"quantity": 3, "version": line.version, "site_id": people.first.sites[1].id}
    assert door.post(people.ada, f"/need-lines/{line.id}/edit", **typed).status_code == 302
    clerk = actor_for(people.eli)
    mergers.merge([people.first], people.second, today(), actor=clerk, today=today())
    pipeline.commit()
    page = door.get(people.basile, f"/needs/{need.id}/history").text
    assert "École du Lac" in page
    assert "a place that is no longer yours" not in page
