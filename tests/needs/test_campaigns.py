"""Campaigns: prepared and opened by a buyer, answered by members, closed."""

import json
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import today
from procurement.members.models import Membership
from procurement.needs import operations
from procurement.needs.models import Campaign, CampaignState, Need, NeedState
from tests.browse import fields, tree
from tests.databases import on_sqlite
from tests.door import Door, refused
from tests.make import actor_for, make_campaign, make_need
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
    assert changes == [{"state": ["draft", "open"]}, {"state": ["open", "closed"]}]


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
    page = door.get(people.clara, f"/campaigns/{campaign.id}").text
    assert "Submitted" in page
    assert "Nothing needed" in page
    [row] = tree(door.get(people.dora, "/campaigns").text).xpath("//tbody/tr")
    assert [cell.text_content().strip() for cell in row.xpath("td")][-3:] == ["2", "1", "1"]
