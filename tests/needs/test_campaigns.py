"""Campaigns: prepared and opened by a buyer, answered by members, closed."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.kernel.access import Role
from procurement.kernel.audit import AuditEntry
from procurement.kernel.mail import Letter
from procurement.kernel.pipeline import today
from procurement.members.models import (
    Competence,
    CompetenceTransfer,
    Member,
    MemberKind,
    Membership,
)
from procurement.needs import operations, queries
from procurement.needs.models import (
    Campaign,
    CampaignGuest,
    CampaignState,
    Invitation,
    Need,
    NeedState,
    Strength,
)
from tests.browse import fields, tree
from tests.databases import on_sqlite
from tests.door import Door, refused
from tests.make import (
    actor_for,
    make_campaign,
    make_family,
    make_item,
    make_line,
    make_member,
    make_need,
    make_person,
)
from tests.people import People

#: What changed, act by act.
JOURNAL = select(AuditEntry.changes).order_by(AuditEntry.id)
TYPED = {
    "title": "Survey of needs 2027",
    "opens_on": "1/2/2027",
    "closes_on": "2027-03-31",
    "instructions": "Two lines\nof text",
}
ONLY_BUYERS = ["ada", "alix", "dora", "eli"]


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """A campaign that is open today."""
    return make_campaign(session)


def test_a_campaign_is_prepared(door: Door, session: Session, people: People) -> None:
    answer = door.post(people.clara, "/campaigns", **TYPED)
    assert (answer.status_code, answer.location) == (302, "/campaigns/1")
    made = session.scalars(select(Campaign)).one()
    assert (made.title, made.state) == ("Survey of needs 2027", CampaignState.DRAFT)
    assert (made.opens_on, made.closes_on) == (date(2027, 2, 1), date(2027, 3, 31))
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.verb, entry.actor_name, entry.object_id) == ("needs.prepare", "Clara", made.id)
    assert json.loads(entry.changes) == {"opens_on": "2027-02-01", "closes_on": "2027-03-31"}


@on_sqlite
@pytest.mark.parametrize(
    "wrong, status, field, sentence",
    [
        ({"title": " "}, 422, "title", "This field is needed."),
        ({"title": "x" * 161}, 422, "title", "At most 160 characters."),
        ({"opens_on": "demain"}, 422, "opens_on", "Write a date such as 21/11/2026."),
        ({"closes_on": ""}, 422, "closes_on", "This field is needed."),
        (
            {"closes_on": "31/01/2027"},
            422,
            "closes_on",
            "A campaign cannot close before it opens.",
        ),
        ({"instructions": "x" * 4001}, 422, "instructions", "At most 4000 characters."),
        ({"title": "Taken"}, 409, "title", "Another campaign has this title."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    door: Door,
    session: Session,
    people: People,
    wrong: dict[str, str],
    status: int,
    field: str,
    sentence: str,
) -> None:
    make_campaign(session, title="Taken")
    typed = {**TYPED, **wrong}
    answer = door.post(people.clara, "/campaigns", **typed)
    assert answer.status_code == status
    assert f'id="{field}-error">{sentence}' in answer.text
    shown = fields(answer.text, -1)
    assert (shown["title"].strip(), shown["opens_on"]) == (
        typed["title"].strip(),
        typed["opens_on"],
    )
    assert session.scalars(select(Campaign.title)).all() == ["Taken"]


def test_a_campaign_of_one_day(door: Door, session: Session, people: People) -> None:
    typed = {**TYPED, "closes_on": TYPED["opens_on"]}
    assert door.post(people.clara, "/campaigns", **typed).status_code == 302


@pytest.mark.parametrize("name", ONLY_BUYERS)
def test_only_buyers_run_campaigns(
    door: Door, people: People, campaign: Campaign, name: str
) -> None:
    person = getattr(people, name)
    assert door.post(person, "/campaigns", **TYPED).status_code == 403
    for act in ("open", "close"):
        assert door.post(person, f"/campaigns/{campaign.id}/{act}").status_code == 403
    assert door.get(person, f"/campaigns/{campaign.id}").status_code == 200
    assert "Prepare a campaign" not in door.get(person, "/campaigns").text


def test_a_draft_is_not_shown_to_members(door: Door, session: Session, people: People) -> None:
    draft = make_campaign(session, CampaignState.DRAFT, title="Still a draft")
    for person in (people.ada, people.alix):
        assert door.get(person, f"/campaigns/{draft.id}").status_code == 404
        assert "Still a draft" not in door.get(person, "/campaigns").text
    assert "Still a draft" in door.get(people.clara, "/campaigns").text
    assert door.post(people.ada, f"/campaigns/{draft.id}/need").status_code == 404


def test_a_campaign_is_opened_then_closed(door: Door, session: Session, people: People) -> None:
    campaign = make_campaign(session, CampaignState.DRAFT)
    address = f"/campaigns/{campaign.id}"
    for act, button, state in (
        ("open", "Open to members", CampaignState.OPEN),
        ("close", "Close the campaign", CampaignState.CLOSED),
    ):
        assert button in door.get(people.clara, address).text
        assert door.post(people.clara, f"{address}/{act}").status_code == 302
        assert campaign.state is state
    assert "Pool the needs" in door.get(people.clara, address).text
    changes = [json.loads(one) for one in session.scalars(JOURNAL)]
    assert changes == [{"letters": 4, "state": ["draft", "open"]}, {"state": ["open", "closed"]}]


@pytest.mark.parametrize(
    "state, act",
    [
        (CampaignState.DRAFT, "close"),
        (CampaignState.OPEN, "open"),
        (CampaignState.CLOSED, "open"),
        (CampaignState.CLOSED, "close"),
    ],
)
def test_at_the_wrong_moment_it_is_refused(
    door: Door, session: Session, people: People, state: CampaignState, act: str
) -> None:
    campaign = make_campaign(session, state)
    answer = door.post(people.clara, f"/campaigns/{campaign.id}/{act}")
    assert answer.status_code == 409
    assert "This is no longer possible at this stage." in answer.text
    assert campaign.state is state
    assert session.scalar(select(AuditEntry.id)) is None


def test_a_campaign_that_is_over_is_not_opened(
    door: Door, session: Session, people: People
) -> None:
    over = make_campaign(session, CampaignState.DRAFT, closes_on=today() - timedelta(days=1))
    answer = door.post(people.clara, f"/campaigns/{over.id}/open")
    assert answer.status_code == 409
    assert "The closing date of this campaign is past." in answer.text


def test_absent_campaigns(door: Door, people: People) -> None:
    assert door.get(people.clara, "/campaigns/9").status_code == 404
    for act in ("open", "close"):
        assert door.post(people.clara, f"/campaigns/9/{act}").status_code == 404
    assert door.post(people.ada, "/campaigns/9/need").status_code == 404


def test_an_answer_is_begun_once(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    assert "Begin your answer" in door.get(people.ada, f"/campaigns/{campaign.id}").text
    for _twice in range(2):
        answer = door.post(people.ada, f"/campaigns/{campaign.id}/need")
        assert (answer.status_code, answer.location) == (302, "/needs/1")
    need = session.scalars(select(Need)).one()
    assert (need.member_id, need.author_id) == (people.first.id, people.ada.id)
    assert session.scalars(select(AuditEntry.verb)).all() == ["needs.begin"]
    assert "Go on with your answer" in door.get(people.ada, f"/campaigns/{campaign.id}").text


def test_each_member_has_its_own_answer(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    assert door.post(people.ada, f"/campaigns/{campaign.id}/need").location == "/needs/1"
    assert door.post(people.basile, f"/campaigns/{campaign.id}/need").location == "/needs/2"


@pytest.mark.parametrize("name", ["alix", "clara", "dora", "eli"])
def test_only_requesters_begin_an_answer(
    door: Door, people: People, campaign: Campaign, name: str
) -> None:
    assert door.post(getattr(people, name), f"/campaigns/{campaign.id}/need").status_code == 403
    assert (
        "Begin your answer" not in door.get(getattr(people, name), f"/campaigns/{campaign.id}").text
    )


@pytest.mark.parametrize(
    "state, opens_in, closes_in",
    [
        (CampaignState.CLOSED, -30, 30),
        (CampaignState.OPEN, -30, -1),
        (CampaignState.OPEN, 1, 30),
    ],
)
def test_a_campaign_that_takes_no_answers_is_not_begun(
    door: Door,
    session: Session,
    people: People,
    state: CampaignState,
    opens_in: int,
    closes_in: int,
) -> None:
    campaign = make_campaign(
        session,
        state,
        opens_on=today() + timedelta(days=opens_in),
        closes_on=today() + timedelta(days=closes_in),
    )
    answer = door.post(people.ada, f"/campaigns/{campaign.id}/need")
    assert answer.status_code == 409
    assert "This campaign takes no answers today" in answer.text
    assert f"{campaign.opens_on:%d/%m/%Y}" in answer.text
    assert session.scalar(select(Need.id)) is None
    assert "Begin your answer" not in door.get(people.ada, f"/campaigns/{campaign.id}").text


@pytest.mark.parametrize("opens_in, closes_in", [(0, 30), (-30, 0), (0, 0)])
def test_the_first_and_the_last_day_count(
    door: Door, session: Session, people: People, opens_in: int, closes_in: int
) -> None:
    campaign = make_campaign(
        session,
        opens_on=today() + timedelta(days=opens_in),
        closes_on=today() + timedelta(days=closes_in),
    )
    assert door.post(people.ada, f"/campaigns/{campaign.id}/need").status_code == 302


def test_a_body_that_is_no_member_does_not_answer(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    membership = session.scalars(
        select(Membership).where(Membership.member_id == people.first.id)
    ).one()
    membership.left_on = today()
    answer = door.post(people.ada, f"/campaigns/{campaign.id}/need")
    assert answer.status_code == 409
    assert "not a member of the centrale today" in answer.text


def test_only_a_person_of_a_member_answers(people: People, campaign: Campaign) -> None:
    with refused("forbidden"):
        operations.begin(campaign, actor=actor_for(people.clara), today=today())


def test_the_centrale_sees_where_the_answers_are(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    make_need(session, campaign, people.ada, NeedState.SUBMITTED)
    make_need(session, campaign, people.basile, NeedState.VALIDATED, people.blanche, is_nil=True)
    page = tree(door.get(people.clara, f"/campaigns/{campaign.id}").text)
    tiles = {
        one.xpath("string(*[1])"): one.xpath("string(*[2])")
        for one in page.xpath("//div[@class='figures']/div")
    }
    assert tiles == {
        "Members invited": "2",
        "Have answered": "2",
        "Nothing needed": "1",
        "Have not answered": "0",
        "Not concerned": "0",
    }
    [row] = tree(door.get(people.dora, "/campaigns").text).xpath("//tbody/tr")
    assert [cell.text_content().strip() for cell in row.xpath("td")][-3:] == ["2", "1", "1"]


def test_a_campaign_says_what_it_is_about(door: Door, session: Session, people: People) -> None:
    video, phones = make_family(session), make_family(session)
    answer = door.post(
        people.clara,
        "/campaigns",
        **TYPED,
        contract_months=36,
        contract_starts_on="1/9/2027",
        commitment="firm",
        invitation="list",
        guests=f"{people.first.siren} whatever stands behind it\n\nBOURG-NEUF",
        **{"families-0-family_id": "", "families-1-family_id": phones.id},
    )
    assert answer.status_code == 302
    made = session.scalars(select(Campaign)).one()
    assert (made.contract_months, made.contract_starts_on) == (36, date(2027, 9, 1))
    assert (made.commitment, made.invitation) == (Strength.FIRM, Invitation.LIST)
    assert queries.listed_family_ids(made) == frozenset({phones.id})
    assert {one.id for one in queries.guests(made)} == {people.first.id, people.second.id}
    page = door.get(people.clara, "/campaigns/1").text
    for said in ("36 months from 01/09/2027", "Firm", phones.label_en, "Bourg-Neuf"):
        assert said in page
    assert video.label_en not in page


@on_sqlite
@pytest.mark.parametrize(
    "wrong, status, field, sentence",
    [
        ({"contract_months": "0"}, 422, "contract_months", "A whole number from 1 to 120."),
        ({"contract_months": "121"}, 422, "contract_months", "A whole number from 1 to 120."),
        ({"contract_starts_on": "soon"}, 422, "contract_starts_on", "Write a date such as"),
        ({"invitation": "some"}, 422, "invitation", "Choose one of the listed values."),
        ({"invitation": "departement"}, 422, "invited_departement", "Say which"),
        (
            {"invitation": "departement", "invited_departement": "75"},
            422,
            "invited_departement",
            "Choose one of the listed values.",
        ),
        ({"invitation": "competence"}, 422, "invited_competence", "Say which"),
        ({"invitation": "list"}, 422, "guests", "Say which"),
        (
            {"invitation": "list", "guests": "217800036 Ablis\nNowhere"},
            409,
            "guests",
            "Write the SIREN of each body. These lines name none, or several: “217800036 Ablis”,",
        ),
    ],
)
def test_what_is_wrong_with_an_invitation_stands_beside_it(
    door: Door,
    session: Session,
    people: People,
    wrong: dict[str, str],
    status: int,
    field: str,
    sentence: str,
) -> None:
    answer = door.post(people.clara, "/campaigns", **{**TYPED, **wrong})
    assert answer.status_code == status
    assert f'id="{field}-error">{sentence}' in answer.text
    assert session.scalar(select(Campaign.id)) is None


@pytest.mark.parametrize(
    "listed",
    [
        "{first.siren}",
        "  {spaced} ; anything",
        "AMBOISE-la-petite",
        "Amboise la Petite\t78000\tYvelines",
    ],
)
def test_a_list_names_bodies_as_people_write_them(people: People, listed: str) -> None:
    siren = people.first.siren
    spaced = f"{siren[:3]} {siren[3:6]}\u00a0{siren[6:]}"
    text = listed.format(first=people.first, spaced=spaced)
    assert operations.guests_named(text) == [people.first.id]


def test_a_name_of_two_bodies_names_none(session: Session, people: People) -> None:
    make_member(session, "Bourg-Neuf", kind=MemberKind.INTERCOMMUNALITY, insee_code=None)
    with refused("unknown_guests"):
        operations.guests_named("Bourg-Neuf")
    assert operations.guests_named(people.second.siren) == [people.second.id]


def test_a_body_that_merged_stands_for_its_successor(session: Session, people: People) -> None:
    people.first.successor_id, people.first.merged_on = people.second.id, date(2025, 1, 1)
    session.flush()
    assert operations.guests_named(people.first.siren) == [people.second.id]


INVITED = [
    ({}, {"Amboise-la-Petite", "Bourg-Neuf"}),
    (
        {"invitation": Invitation.DEPARTEMENT, "invited_departement": "92"},
        {"Bourg-Neuf"},
    ),
    (
        {"invitation": Invitation.COMPETENCE, "invited_competence": Competence.TELECOMS},
        {"Amboise-la-Petite"},
    ),
    (
        {"invitation": Invitation.COMPETENCE, "invited_competence": Competence.SMART_CITY},
        set(),
    ),
    # Amboise-la-Petite took the place of a body on the list.
    ({"invitation": Invitation.LIST}, {"Amboise-la-Petite", "Bourg-Neuf"}),
]


@pytest.mark.parametrize("way, names", INVITED)
def test_who_is_invited(
    session: Session, people: People, way: dict[str, Any], names: set[str]
) -> None:
    """Never who has left, has not signed yet, or merged into another body."""
    make_member(session, "Never signed", is_member=False)
    merged = make_member(session, "Merged", successor_id=people.first.id, merged_on=today())
    left = make_member(session, "Left")
    binding = select(Membership).where(Membership.member_id == left.id)
    session.scalars(binding).one().left_on = today()
    for member, from_on, until_on in (
        (people.first, date(2020, 1, 1), None),
        (left, date(2020, 1, 1), None),
        (merged, date(2020, 1, 1), None),
    ):
        session.add(
            CompetenceTransfer(
                member_id=member.id,
                competence=Competence.TELECOMS,
                from_on=from_on,
                until_on=until_on,
            )
        )
    session.add(
        CompetenceTransfer(
            member_id=people.second.id,
            competence=Competence.SMART_CITY,
            from_on=date(2020, 1, 1),
            until_on=today(),
        )
    )
    campaign = make_campaign(session, **way)
    if campaign.invitation is Invitation.LIST:
        for member in (people.second, left, merged):
            session.add(CampaignGuest(campaign_id=campaign.id, member_id=member.id))
    session.flush()
    asked = select(Member.name).where(Member.id.in_(queries.invited(campaign, today())))
    assert set(session.scalars(asked)) == names
    for member in (people.first, people.second, left, merged):
        assert queries.is_invited(campaign, member.id, today()) == (member.name in names)


def test_a_draft_is_changed(door: Door, session: Session, people: People) -> None:
    family = make_family(session)
    listed = {"invitation": "list", "guests": people.first.siren}
    door.post(people.clara, "/campaigns", **TYPED, **listed, **{"families-0-family_id": family.id})
    shown = fields(door.get(people.clara, "/campaigns/1/edit").text, -1)
    assert shown["guests"].strip() == f"{people.first.siren} Amboise-la-Petite"
    assert shown["families-0-family_id"] == str(family.id)
    shown |= {"title": "Another title", "guests": people.second.siren}
    del shown["families-0-family_id"]
    answer = door.post(people.clara, "/campaigns/1/edit", **shown)
    assert (answer.status_code, answer.location) == (302, "/campaigns/1")
    made = session.scalars(select(Campaign)).one()
    assert (made.title, made.every_family) == ("Another title", True)
    assert [one.id for one in queries.guests(made)] == [people.second.id]
    late = door.post(people.clara, "/campaigns/1/edit", **shown)
    assert late.status_code == 409
    assert "Somebody else changed this" in late.text


def test_a_list_of_guests_alone_moves_the_version(
    door: Door, session: Session, people: People
) -> None:
    listed = {"invitation": "list", "guests": people.first.siren}
    door.post(people.clara, "/campaigns", **TYPED, **listed)
    shown = fields(door.get(people.clara, "/campaigns/1/edit").text, -1)
    assert door.post(people.clara, "/campaigns/1/edit", **shown).status_code == 302
    assert door.post(people.clara, "/campaigns/1/edit", **shown).status_code == 409


def test_what_members_know_of_is_not_changed(door: Door, session: Session, people: People) -> None:
    make_campaign(session, CampaignState.DRAFT)
    shown = fields(door.get(people.clara, "/campaigns/1/edit").text, -1)
    door.post(people.clara, "/campaigns/1/open")
    answer = door.post(people.clara, "/campaigns/1/edit", **shown)
    assert answer.status_code == 409
    assert "Members were told of this campaign" in answer.text


def test_a_campaign_that_asks_nobody_is_not_opened(
    door: Door, session: Session, people: People
) -> None:
    draft = make_campaign(
        session,
        CampaignState.DRAFT,
        invitation=Invitation.COMPETENCE,
        invited_competence=Competence.TELECOMS,
    )
    answer = door.post(people.clara, f"/campaigns/{draft.id}/open")
    assert answer.status_code == 409
    assert "No member is invited" in answer.text
    assert draft.state is CampaignState.DRAFT


LETTERS = select(Letter).order_by(Letter.to_address)


def test_members_are_told_that_a_campaign_opens(
    door: Door, session: Session, people: People
) -> None:
    make_person(session, Role.REQUESTER, people.first, is_active=False)
    draft = make_campaign(
        session,
        CampaignState.DRAFT,
        invitation=Invitation.DEPARTEMENT,
        invited_departement="78",
    )
    door.post(people.clara, f"/campaigns/{draft.id}/open")
    letters = session.scalars(LETTERS).all()
    assert [one.to_address for one in letters] == ["ada@example.org", "alix@example.org"]
    for one in letters:
        assert draft.title in one.subject
        assert f"{draft.closes_on:%d/%m/%Y}" in one.body
        assert one.path == f"/campaigns/{draft.id}"


@pytest.mark.parametrize("act, state", [("extend", "open"), ("reopen", "closed")])
def test_members_get_more_time_and_are_told_why(
    door: Door, session: Session, people: People, act: str, state: str
) -> None:
    campaign = make_campaign(session, CampaignState(state), closes_on=today() - timedelta(days=2))
    typed: dict[str, Any] = {"closes_on": today() + timedelta(days=9), "reason": "School holidays"}
    answer = door.post(people.clara, f"/campaigns/{campaign.id}/{act}", **typed)
    assert (answer.status_code, answer.location) == (302, f"/campaigns/{campaign.id}")
    assert (campaign.state, campaign.closes_on) == (CampaignState.OPEN, typed["closes_on"])
    letters = session.scalars(LETTERS).all()
    names = ["ada", "alix", "basile", "blanche"]
    assert [one.to_name.lower() for one in letters] == names
    assert all("School holidays" in one.body for one in letters)
    changes = json.loads(session.scalars(JOURNAL).one())
    assert changes["reason"] == "School holidays"
    assert changes["closes_on"][1] == typed["closes_on"].isoformat()


@pytest.mark.parametrize(
    "act, state, days, sentence",
    [
        ("extend", "open", 30, "Choose a day after the last day until now."),
        ("extend", "open", 29, "Choose a day after the last day until now."),
        ("reopen", "closed", -1, "Choose a day that is still to come."),
    ],
)
def test_more_time_is_time_to_come(
    door: Door, session: Session, people: People, act: str, state: str, days: int, sentence: str
) -> None:
    campaign = make_campaign(session, CampaignState(state))
    typed: dict[str, Any] = {"closes_on": today() + timedelta(days=days), "reason": "Because"}
    answer = door.post(people.clara, f"/campaigns/{campaign.id}/{act}", **typed)
    assert answer.status_code == 409
    assert f'id="closes_on-error">{sentence}' in answer.text
    assert "Because" in answer.text
    assert session.scalar(select(Letter.id)) is None


@on_sqlite
@pytest.mark.parametrize("act, state", [("extend", "open"), ("reopen", "closed")])
@pytest.mark.parametrize("missing", ["closes_on", "reason"])
def test_more_time_has_a_day_and_a_reason(
    door: Door, session: Session, people: People, act: str, state: str, missing: str
) -> None:
    campaign = make_campaign(session, CampaignState(state))
    typed: dict[str, Any] = {"closes_on": today() + timedelta(days=40), "reason": "Because"}
    del typed[missing]
    answer = door.post(people.clara, f"/campaigns/{campaign.id}/{act}", **typed)
    assert answer.status_code == 422
    assert f'id="{missing}-error">This field is needed.' in answer.text


@pytest.fixture
def allotted(session: Session, people: People) -> Campaign:
    """A closed campaign with a line in a lot."""
    campaign = make_campaign(session, CampaignState.CLOSED)
    need = make_need(session, campaign, people.ada, NeedState.VALIDATED, people.alix)
    make_line(session, need, make_item(session), 3, allotted=Decimal(1))
    return campaign


def test_a_campaign_in_lots_is_not_reopened(
    door: Door, session: Session, people: People, allotted: Campaign
) -> None:
    typed: dict[str, Any] = {"closes_on": today() + timedelta(days=9), "reason": "Because"}
    address = f"/campaigns/{allotted.id}"
    answer = door.post(people.clara, f"{address}/reopen", **typed)
    assert answer.status_code == 409
    assert "are in a lot" in answer.text
    assert "Reopen the campaign" not in door.get(people.clara, address).text
    with refused("campaign_allotted"):
        operations.reopen(allotted, **typed, actor=actor_for(people.clara), today=today())


def test_pooling_is_done_resumed_and_put_away(
    door: Door, session: Session, people: People, allotted: Campaign
) -> None:
    address = f"/campaigns/{allotted.id}"
    for act, button, state, typed in (
        ("pooled", "Mark as pooled", CampaignState.POOLED, {}),
        ("resume", "Go on pooling", CampaignState.CLOSED, {"reason": "One item was forgotten"}),
        ("pooled", "Mark as pooled", CampaignState.POOLED, {}),
        ("archive", "Archive the campaign", CampaignState.ARCHIVED, {}),
    ):
        assert button in door.get(people.clara, address).text
        assert door.post(people.clara, f"{address}/{act}", **typed).status_code == 302
        assert allotted.state is state
    assert door.post(people.clara, f"{address}/resume").status_code == 422
    verbs = session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)).all()
    pooled = "needs.pool_campaign"
    assert verbs == [pooled, "needs.resume_pooling", pooled, "needs.archive_campaign"]


def test_a_campaign_without_a_lot_is_not_pooled(
    door: Door, session: Session, people: People
) -> None:
    campaign = make_campaign(session, CampaignState.CLOSED)
    answer = door.post(people.clara, f"/campaigns/{campaign.id}/pooled")
    assert answer.status_code == 409
    assert "form its lots first" in answer.text
    assert "Mark as pooled" not in door.get(people.clara, f"/campaigns/{campaign.id}").text


def test_a_failed_campaign_is_put_away(door: Door, session: Session, people: People) -> None:
    campaign = make_campaign(session, CampaignState.CLOSED)
    make_need(session, campaign, people.ada)
    assert door.post(people.clara, f"/campaigns/{campaign.id}/archive").status_code == 302
    assert campaign.state is CampaignState.ARCHIVED
    assert session.scalar(select(Need.id)) is not None


#: Each act with the states from which it may be done.
LIFE = {
    "open": {"draft"},
    "extend": {"open"},
    "close": {"open"},
    "reopen": {"closed"},
    "pooled": {"closed"},
    "resume": {"pooled"},
    "archive": {"closed", "pooled"},
}


@pytest.mark.parametrize("state", list(CampaignState))
@pytest.mark.parametrize("act", LIFE)
def test_each_act_has_its_moment(
    door: Door, session: Session, people: People, act: str, state: CampaignState
) -> None:
    campaign = make_campaign(session, state)
    if act == "pooled":
        need = make_need(session, campaign, people.ada, NeedState.VALIDATED, people.alix)
        make_line(session, need, make_item(session), allotted=Decimal(1))
    typed: dict[str, object] = {}
    if act in ("extend", "reopen", "resume"):
        typed["reason"] = "Because"
    if act in ("extend", "reopen"):
        typed["closes_on"] = today() + timedelta(days=60)
    answer = door.post(people.clara, f"/campaigns/{campaign.id}/{act}", **typed)
    is_due = state.value in LIFE[act]
    assert answer.status_code == (302 if is_due else 409)
    assert (campaign.state is state) == (act == "extend" or not is_due)
    if not is_due:
        assert "This is no longer possible at this stage." in answer.text


@pytest.mark.parametrize("name", ONLY_BUYERS)
@pytest.mark.parametrize("act", ["edit", "extend", "reopen", "pooled", "resume", "archive"])
def test_only_buyers_do_them(
    door: Door, people: People, campaign: Campaign, act: str, name: str
) -> None:
    address = f"/campaigns/{campaign.id}/{act}"
    assert door.post(getattr(people, name), address).status_code == 403
    typed: dict[str, Any] = (
        {"closes_on": today(), "reason": "Because"} if act in ("extend", "reopen") else {}
    )
    if act == "resume":
        typed = {"reason": "Because"}
    if act == "edit":
        typed = {**TYPED, "version": 1}
    assert door.post(people.clara, f"/campaigns/999/{act}", **typed).status_code == 404


@pytest.mark.parametrize("name", ONLY_BUYERS)
def test_only_buyers_see_the_form(
    door: Door, people: People, campaign: Campaign, name: str
) -> None:
    for address in ("/campaigns/new", f"/campaigns/{campaign.id}/edit"):
        assert door.get(getattr(people, name), address).status_code == 403
    assert door.get(people.clara, "/campaigns/new").status_code == 200


def test_a_member_that_is_not_asked_is_told_so(
    door: Door, session: Session, people: People
) -> None:
    campaign = make_campaign(session, invitation=Invitation.DEPARTEMENT, invited_departement="92")
    page = door.get(people.ada, f"/campaigns/{campaign.id}").text
    assert "This campaign does not ask your body." in page
    assert "Begin your answer" not in page
    assert door.post(people.ada, f"/campaigns/{campaign.id}/need").status_code == 409
    assert "Begin your answer" in door.get(people.basile, f"/campaigns/{campaign.id}").text
