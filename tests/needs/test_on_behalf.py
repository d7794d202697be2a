"""Needs entered for a member: by the centrale from a document, by a body that it mandated."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.kernel import pipeline
from procurement.kernel.access import Actor, Role
from procurement.kernel.mail import Letter
from procurement.kernel.pipeline import today
from procurement.members import mandates
from procurement.members.models import Mandate, Member, MemberKind, Person
from procurement.needs import operations, queries
from procurement.needs.models import (
    Campaign,
    CampaignState,
    Document,
    Entry,
    Need,
    NeedState,
    Purpose,
)
from procurement.needs.operations import LineEntry
from tests.door import Door, refused
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
    made = make_campaign(session)
    session.commit()
    return made


@pytest.fixture
def gaston(session: Session) -> Person:
    """A requester of an intercommunality."""
    group = make_member(session, "Cœur des Vallées", kind=MemberKind.INTERCOMMUNALITY)
    return make_person(session, Role.REQUESTER, group, name="Gaston", email="gaston@example.org")


@pytest.fixture
def mandate(session: Session, people: People, gaston: Person) -> Mandate:
    """The first commune lets that intercommunality declare for it."""
    assert gaston.member_id
    made = mandates.grant(
        people.first, gaston.member_id, actor=actor_for(people.alix), today=today()
    )
    pipeline.commit()
    session.query(Letter).delete()
    session.commit()
    return made


def make_source(session: Session, need: Need, person: Person) -> Document:
    """Give a need a source document, of which only the row exists."""
    made = Document(
        need_id=need.id,
        purpose=Purpose.SOURCE,
        digest="0" * 64,
        name="courrier.pdf",
        media_type="application/pdf",
        size=1,
        person_id=person.id,
        at=datetime.now(UTC),
    )
    session.add(made)
    session.flush()
    return made


def entered(session: Session, campaign: Campaign, author: Person, member: Member) -> Need:
    """Make a draft that somebody else enters for a member, with a line and its source."""
    need = Need(
        campaign=campaign,
        member_id=member.id,
        author_id=author.id,
        entry=Entry.CENTRALE if author.role is Role.BUYER else Entry.DELEGATE,
    )
    session.add(need)
    session.flush()
    make_line(session, need, make_item(session), 3)
    make_source(session, need, author)
    return need


def test_the_centrale_enters_a_need_from_a_document(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    address = f"/campaigns/{campaign.id}/members/{people.first.id}/need"
    answer = door.post(people.clara, address)
    need = session.scalars(select(Need)).one()
    assert (answer.status_code, answer.location) == (302, f"/needs/{need.id}")
    assert (need.entry, need.author_id) == (Entry.CENTRALE, people.clara.id)
    # The buyer goes on with it by the same way.
    assert door.post(people.clara, address).location == f"/needs/{need.id}"
    typed = {"item_id": make_item(session).id, "quantity": 4, "site_id": people.first.sites[0].id}
    assert door.post(people.clara, f"/needs/{need.id}/lines", **typed).status_code == 302
    answer = door.post(people.clara, f"/needs/{need.id}/submit")
    assert answer.status_code == 409
    assert "Attach first the document" in answer.text
    make_source(session, need, people.clara)
    assert door.post(people.clara, f"/needs/{need.id}/submit").status_code == 302
    source = session.scalars(select(Document)).one()
    answer = door.post(people.clara, f"/documents/{source.id}/remove")
    assert answer.status_code == 409
    page = door.get(people.ada, f"/needs/{need.id}").text
    assert "Entered for Amboise-la-Petite by Clara, of the centrale." in page
    assert "courrier.pdf" in page
    letters = session.execute(select(Letter.to_address).order_by(Letter.id)).scalars().all()
    assert letters == ["ada@example.org", "alix@example.org"] * 2


def test_nothing_needed_on_behalf_needs_its_document_too(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    need = operations.enter_for(
        campaign, people.first.id, actor=actor_for(people.clara), today=today()
    )
    pipeline.commit()
    assert door.post(people.clara, f"/needs/{need.id}/nil").status_code == 409
    make_source(session, need, people.clara)
    assert door.post(people.clara, f"/needs/{need.id}/nil").status_code == 302


def test_the_centrale_leaves_a_need_that_the_member_began(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    address = f"/campaigns/{campaign.id}/members/{people.first.id}/need"
    need = make_need(session, campaign, people.ada)
    answer = door.post(people.clara, address)
    assert answer.status_code == 409
    assert "This member has begun its own answer" in answer.text
    with refused("forbidden"):
        operations.submit(need, actor=actor_for(people.clara), today=today())
    for person in (people.ada, people.alix, people.dora, people.eli):
        assert door.post(person, address).status_code == 403
    assert door.post(people.clara, f"/campaigns/{campaign.id}/members/9999/need").status_code == 404
    hidden = f"/campaigns/9999/members/{people.first.id}/need"
    assert door.post(people.clara, hidden).status_code == 404


def test_the_centrale_enters_nothing_where_the_member_could_not_answer(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    outsider = make_member(session, is_member=False)
    assert (
        door.post(people.clara, f"/campaigns/{campaign.id}/members/{outsider.id}/need").status_code
        == 409
    )
    campaign.state = CampaignState.CLOSED
    address = f"/campaigns/{campaign.id}/members/{people.first.id}/need"
    assert door.post(people.clara, address).status_code == 409
    assert session.scalars(select(Need)).all() == []


def test_an_intercommunality_declares_for_who_mandated_it(
    door: Door,
    session: Session,
    people: People,
    campaign: Campaign,
    mandate: Mandate,
    gaston: Person,
) -> None:
    page = door.get(gaston, f"/campaigns/{campaign.id}").text
    assert "Amboise-la-Petite" in page
    assert "Not begun" in page
    address = f"/campaigns/{campaign.id}/mandates/{mandate.id}/need"
    answer = door.post(gaston, address)
    need = session.scalars(select(Need)).one()
    assert (answer.status_code, answer.location) == (302, f"/needs/{need.id}")
    assert (need.entry, need.member_id) == (Entry.DELEGATE, people.first.id)
    assert door.post(gaston, address).location == f"/needs/{need.id}"
    typed = {"item_id": make_item(session).id, "quantity": 4, "site_id": people.first.sites[0].id}
    assert door.post(gaston, f"/needs/{need.id}/lines", **typed).status_code == 302
    assert door.post(gaston, f"/needs/{need.id}/submit").status_code == 302
    assert "Submitted" in door.get(gaston, f"/campaigns/{campaign.id}").text
    assert (
        "Entered for Amboise-la-Petite by Gaston, of Cœur des Vallées."
        in door.get(people.alix, f"/needs/{need.id}").text
    )
    assert door.post(people.alix, f"/needs/{need.id}/validate").status_code == 302


def test_who_begins_by_mandate(
    door: Door,
    session: Session,
    people: People,
    campaign: Campaign,
    mandate: Mandate,
    gaston: Person,
) -> None:
    address = f"/campaigns/{campaign.id}/mandates/{mandate.id}/need"
    for person, status in (
        (people.basile, 404),
        (people.ada, 403),
        (people.alix, 403),
        (people.clara, 403),
        (people.dora, 403),
    ):
        assert door.post(person, address).status_code == status, person.name
    mandate.revoked_on = today()
    answer = door.post(gaston, address)
    assert answer.status_code == 409
    assert "This mandate was revoked already." in answer.text
    assert session.scalars(select(Need)).all() == []


def test_a_revoked_mandate_stops_at_once(
    door: Door,
    session: Session,
    people: People,
    campaign: Campaign,
    mandate: Mandate,
    gaston: Person,
) -> None:
    need = entered(session, campaign, gaston, people.first)
    line = need.lines[0]
    approver = make_person(session, Role.APPROVER, gaston.member)
    addresses = (f"/needs/{need.id}", f"/need-lines/{line.id}/edit")
    assert [door.get(gaston, one).status_code for one in addresses] == [200, 200]
    mandates.revoke(mandate, actor=actor_for(people.alix), today=today())
    pipeline.commit()
    assert [door.get(gaston, one).status_code for one in addresses] == [404, 404]
    assert "Amboise" not in door.get(gaston, f"/campaigns/{campaign.id}").text
    assert "Amboise" not in door.get(gaston, "/needs").text
    for act in ("submit", "nil", "documents"):
        assert door.post(gaston, f"/needs/{need.id}/{act}").status_code == 404
    with refused("forbidden"):
        operations.submit(need, actor=actor_for(gaston), today=today())
    session.rollback()
    need.state = NeedState.SUBMITTED
    session.commit()
    with refused("forbidden"):
        operations.validate(need, actor=actor_for(approver))
    session.rollback()
    # What was declared is the member's own to go on with.
    assert door.post(people.alix, f"/needs/{need.id}/validate").status_code == 302


#: Who may validate a submitted need, by who entered it; its author never does.
FOUR_EYES = [
    (Entry.OWN, "the member's approver", True),
    (Entry.OWN, "the member's requester", False),
    (Entry.OWN, "the delegate's approver", False),
    (Entry.OWN, "the delegate's requester", False),
    (Entry.OWN, "another buyer", False),
    (Entry.OWN, "a stranger's approver", False),
    (Entry.OWN, "finance", False),
    (Entry.DELEGATE, "the member's approver", True),
    (Entry.DELEGATE, "the member's requester", False),
    (Entry.DELEGATE, "the delegate's approver", True),
    (Entry.DELEGATE, "the delegate's requester", False),
    (Entry.DELEGATE, "another buyer", False),
    (Entry.DELEGATE, "a stranger's approver", False),
    (Entry.DELEGATE, "finance", False),
    (Entry.CENTRALE, "the member's approver", True),
    (Entry.CENTRALE, "the member's requester", False),
    (Entry.CENTRALE, "the delegate's approver", False),
    (Entry.CENTRALE, "the delegate's requester", False),
    (Entry.CENTRALE, "another buyer", True),
    (Entry.CENTRALE, "a stranger's approver", False),
    (Entry.CENTRALE, "finance", False),
]


@pytest.mark.parametrize("entry, who, may", FOUR_EYES)
def test_four_eyes(
    door: Door,
    session: Session,
    people: People,
    campaign: Campaign,
    mandate: Mandate,
    gaston: Person,
    entry: Entry,
    who: str,
    may: bool,
) -> None:
    author = {Entry.OWN: people.ada, Entry.DELEGATE: gaston, Entry.CENTRALE: people.clara}[entry]
    need = entered(session, campaign, author, people.first)
    need.entry, need.state = entry, NeedState.SUBMITTED
    person = {
        "the member's approver": people.alix,
        "the member's requester": make_person(session, Role.REQUESTER, people.first),
        "the delegate's approver": make_person(session, Role.APPROVER, gaston.member),
        "the delegate's requester": make_person(session, Role.REQUESTER, gaston.member),
        "another buyer": make_person(session, Role.BUYER),
        "a stranger's approver": people.blanche,
        "finance": people.dora,
    }[who]
    session.commit()
    answer = door.get(person, f"/needs/{need.id}")
    shown = f"/needs/{need.id}/validate" in answer.text
    assert shown is may
    author_actor = actor_for(author)
    as_approver = Actor(author.id, author.name, author_actor.role, author.member_id)
    with pytest.raises(Exception, match=r"own_need|forbidden"):
        operations.validate(need, actor=as_approver)
    session.rollback()
    answer = door.post(person, f"/needs/{need.id}/validate")
    assert (answer.status_code == 302) is may
    assert answer.status_code in {302, 403, 404}
    assert (need.state is NeedState.VALIDATED) is may


def test_a_buyer_does_not_validate_what_they_submitted(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    need = entered(session, campaign, people.clara, people.first)
    assert door.post(people.clara, f"/needs/{need.id}/submit").status_code == 302
    answer = door.post(people.clara, f"/needs/{need.id}/validate")
    assert answer.status_code == 409
    assert "Somebody other than its author" in answer.text


#: What an objection makes of a need, by the state that it is in.
OBJECTIONS = [
    (NeedState.DRAFT, False, NeedState.DRAFT),
    (NeedState.SUBMITTED, False, NeedState.RETURNED),
    (NeedState.VALIDATED, False, NeedState.RETURNED),
    (NeedState.VALIDATED, True, NeedState.VALIDATED),
    (NeedState.RETURNED, False, NeedState.RETURNED),
]


@pytest.mark.parametrize("state, in_lot, after", OBJECTIONS)
def test_what_an_objection_does(
    door: Door,
    session: Session,
    people: People,
    campaign: Campaign,
    state: NeedState,
    in_lot: bool,
    after: NeedState,
) -> None:
    need = entered(session, campaign, people.clara, people.first)
    if state in (NeedState.VALIDATED, NeedState.RETURNED):
        need.approver_id = people.alix.id
    need.return_reason = "Before" if state is NeedState.RETURNED else None
    need.check_figure = "0" * 64 if state is NeedState.VALIDATED else None
    need.state = state
    line = need.lines[0]
    if state is NeedState.VALIDATED:
        line.is_validated, line.is_pooled = True, True
        line.pool_item_id, line.pool_quantity = line.item_id, line.quantity
    line.allotted = Decimal(1 if in_lot else 0)
    address = f"/needs/{need.id}"
    assert "object" in door.get(people.ada, address).text
    answer = door.post(people.ada, f"{address}/objection", objection="We need none")
    assert (answer.status_code, answer.location) == (302, address)
    assert (need.state, need.objection, need.objector_id) == (after, "We need none", people.ada.id)
    if after is not state:
        assert (need.return_reason, need.approver_id) == ("We need none", people.ada.id)
        assert (need.check_figure, line.is_validated, line.is_pooled) == (None, False, False)
    for person in (people.ada, people.clara):
        shown = "Ada objects for Amboise-la-Petite: We need none" in door.get(person, address).text
        assert shown
    told = session.scalars(select(Letter.to_address).order_by(Letter.id.desc())).first()
    assert told == people.clara.email
    answer = door.post(people.alix, f"{address}/objection", objection="Again")
    assert answer.status_code == 409
    assert "has objected to this need already" in answer.text


def test_the_member_takes_over_what_it_objects_to(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    need = entered(session, campaign, people.clara, people.first)
    need.state = NeedState.SUBMITTED
    address = f"/needs/{need.id}"
    door.post(people.ada, f"{address}/objection", objection="Ours is other")
    # Whoever entered it no longer writes in it.
    answer = door.post(people.clara, f"{address}/submit")
    assert answer.status_code == 409
    assert "takes its need over itself" in answer.text
    assert door.post(people.ada, f"{address}/submit").status_code == 302
    assert (need.entry, need.author_id, need.objection) == (Entry.OWN, people.ada.id, None)
    assert door.post(people.clara, f"{address}/validate").status_code == 403
    assert door.post(people.alix, f"{address}/validate").status_code == 302


def test_who_objects(
    door: Door,
    session: Session,
    people: People,
    campaign: Campaign,
    mandate: Mandate,
    gaston: Person,
) -> None:
    need = entered(session, campaign, people.clara, people.first)
    need.state = NeedState.SUBMITTED
    address = f"/needs/{need.id}/objection"
    for person, status in (
        (people.basile, 404),
        (gaston, 403),
        (people.clara, 403),
        (people.dora, 403),
        (people.eli, 403),
    ):
        assert door.post(person, address, objection="x").status_code == status, person.name
    answer = door.post(people.ada, address, objection=" ")
    assert answer.status_code == 422
    assert 'id="objection-error">This field is needed.' in answer.text
    need.entry = Entry.OWN
    assert "objection" not in door.get(people.ada, f"/needs/{need.id}").text
    assert door.post(people.ada, address, objection="x").status_code == 403
    assert need.objection is None


def test_the_delegate_may_answer_that_nothing_is_needed(
    session: Session, people: People, campaign: Campaign, mandate: Mandate, gaston: Person
) -> None:
    gaston_acts = actor_for(gaston)
    need = operations.begin_by_mandate(campaign, mandate, actor=gaston_acts, today=today())
    session.flush()
    entry = LineEntry(quantity=1, site_id=people.first.sites[0].id)  # type: ignore[arg-type]
    line = operations.add_line(need, make_item(session).id, entry, actor=gaston_acts, today=today())
    session.flush()
    assert queries.decisions(need, gaston_acts, today()).may_write
    operations.remove_line(line, line.version, actor=gaston_acts, today=today())
    operations.declare_nil(need, actor=gaston_acts, today=today())
    assert (need.state, need.entry) == (NeedState.SUBMITTED, Entry.DELEGATE)


def test_what_a_submitted_need_comes_from_stays(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    need = entered(session, campaign, people.clara, people.first)
    source = session.scalars(select(Document)).one()
    address = f"/documents/{source.id}/remove"
    assert address in door.get(people.clara, f"/needs/{need.id}").text
    door.post(people.clara, f"/needs/{need.id}/submit")
    door.post(people.ada, f"/needs/{need.id}/objection", objection="No")
    assert address not in door.get(people.ada, f"/needs/{need.id}").text
    answer = door.post(people.ada, address)
    assert answer.status_code == 409
    assert "What was submitted comes from this file: it stays." in answer.text
