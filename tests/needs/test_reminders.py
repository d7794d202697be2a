"""Reminders: who gets one, when, what it says, and never twice."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from procurement.extensions import db
from procurement.kernel import database, pipeline
from procurement.kernel.access import Actor, Role
from procurement.kernel.audit import AuditEntry
from procurement.kernel.mail import Letter
from procurement.kernel.pipeline import today
from procurement.members.models import Mandate, MemberKind
from procurement.needs import operations, queries
from procurement.needs.models import (
    Campaign,
    CampaignState,
    NeedState,
    Occasion,
    Reminder,
)
from procurement.needs.operations import reminding
from procurement.needs.queries import Filter
from tests.conftest import CountQueries
from tests.door import Door, refused
from tests.make import actor_for, make_campaign, make_member, make_need, make_person
from tests.people import People

CLOCK = Actor.command("reminders")


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """A campaign that is open today, and asks everybody."""
    return make_campaign(session, title="Survey 2027")


def addresses(session: Session) -> list[str]:
    """List whom letters were written to."""
    return sorted(session.scalars(select(Letter.to_address)))


def test_one_click_reminds_all_who_have_not_answered(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    assert (
        "Remind all who have not answered"
        in door.get(people.clara, f"/campaigns/{campaign.id}/board").text
    )
    make_person(session, member=people.second, name="Second", email="second@example.org")
    make_person(session, member=people.second, is_active=False)
    answer = door.post(people.clara, f"/campaigns/{campaign.id}/remind")
    assert (answer.status_code, answer.location) == (302, f"/campaigns/{campaign.id}/board")
    expected = ["ada@example.org", "basile@example.org", "second@example.org"]
    assert addresses(session) == expected
    # A second click on the same day writes to nobody.
    assert door.post(people.clara, f"/campaigns/{campaign.id}/remind").status_code == 302
    assert addresses(session) == expected
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.verb, entry.actor_name) == ("needs.remind", "Clara")
    assert entry.changes == '{"letters": 3, "members": 2, "occasion": "by_hand"}'


def test_the_click_says_what_it_did(
    app: Flask, session: Session, people: People, campaign: Campaign
) -> None:
    session.commit()
    client = app.test_client()
    with client.session_transaction() as kept:
        kept.update(_user_id=str(people.clara.id), _fresh=True, language="en")
    address = f"/campaigns/{campaign.id}/remind"
    assert (
        "2 members are reminded. Letters written: 2."
        in client.post(address, follow_redirects=True).text
    )
    assert "Nobody was left to remind today." in client.post(address, follow_redirects=True).text


@pytest.mark.parametrize(
    "state, is_reminded",
    [
        (None, True),
        (NeedState.DRAFT, True),
        (NeedState.RETURNED, True),
        (NeedState.SUBMITTED, False),
        (NeedState.VALIDATED, False),
    ],
)
def test_reminders_reach_those_who_have_not_answered(
    session: Session,
    people: People,
    campaign: Campaign,
    state: NeedState | None,
    is_reminded: bool,
) -> None:
    for member in (people.second, make_member(session, "Exempt")):
        operations.exempt(campaign, member.id, "Not theirs", actor=actor_for(people.clara))
    if state is not None:
        make_need(session, campaign, people.ada, state, people.alix)
    done = operations.remind(campaign, actor=actor_for(people.clara), today=today())
    assert (done.members, done.letters) == (int(is_reminded), int(is_reminded))
    assert addresses(session) == (["ada@example.org"] if is_reminded else [])


@pytest.mark.parametrize(
    "state, opens_in, closes_in",
    [
        (CampaignState.DRAFT, -30, 30),
        (CampaignState.OPEN, 1, 30),
        (CampaignState.OPEN, -30, -1),
        (CampaignState.CLOSED, -30, 30),
    ],
)
def test_nobody_is_reminded_of_what_takes_no_answers(
    door: Door,
    session: Session,
    people: People,
    state: CampaignState,
    opens_in: int,
    closes_in: int,
) -> None:
    shut = make_campaign(
        session,
        state,
        opens_on=today() + timedelta(days=opens_in),
        closes_on=today() + timedelta(days=closes_in),
    )
    answer = door.post(people.clara, f"/campaigns/{shut.id}/remind")
    assert answer.status_code == 409
    assert "there is nobody to remind" in answer.text
    assert addresses(session) == []
    page = door.get(people.clara, f"/campaigns/{shut.id}/board").text
    assert "Remind all who have not answered" not in page


@pytest.mark.parametrize("name", ["ada", "alix", "dora", "eli"])
def test_only_buyers_remind(door: Door, people: People, campaign: Campaign, name: str) -> None:
    address = f"/campaigns/{campaign.id}/remind"
    assert door.post(getattr(people, name), address).status_code == 403
    assert door.post(people.clara, "/campaigns/99/remind").status_code == 404


def test_without_requesters_others_are_written_to(
    session: Session, people: People, campaign: Campaign
) -> None:
    """Approvers, else those who request for the body that has the mandate, else nobody."""
    people.ada.is_active = False
    people.basile.is_active = people.blanche.is_active = False
    group = make_member(session, "CC", kind=MemberKind.INTERCOMMUNALITY, insee_code=None)
    make_person(session, member=group, email="cc@example.org")
    make_person(session, Role.APPROVER, group, email="boss@example.org")
    for member, revoked_on in ((people.second, None), (make_member(session, "Lost"), today())):
        session.add(
            Mandate(
                member_id=member.id,
                delegate_id=group.id,
                granted_on=today(),
                revoked_on=revoked_on,
            )
        )
    session.flush()
    done = operations.remind(campaign, actor=actor_for(people.clara), today=today())
    assert (done.members, done.letters) == (3, 3)
    assert addresses(session) == ["alix@example.org", "cc@example.org", "cc@example.org"]
    unreachable = session.execute(
        queries.board_rows(campaign, today(), Filter(status="unreachable"))
    )
    assert [row.name for row in unreachable] == ["Lost"]


def test_the_board_names_those_who_cannot_be_reminded(
    door: Door, session: Session, people: People, campaign: Campaign
) -> None:
    make_member(session, "Lost")
    address = f"/campaigns/{campaign.id}/board"
    assert "nobody to write to: 1." in door.get(people.clara, address).text
    page = door.get(people.clara, f"{address}?status=unreachable").text
    assert "Lost" in page
    assert "Bourg-Neuf" not in page


def test_who_gets_a_requester_later_is_reminded_later(
    session: Session, people: People, campaign: Campaign
) -> None:
    lost = make_member(session, "Lost")
    by: dict[str, Any] = {"actor": actor_for(people.clara), "today": today()}
    assert operations.remind(campaign, **by).members == 2
    make_person(session, member=lost, email="found@example.org")
    assert operations.remind(campaign, **by).members == 1
    assert "found@example.org" in addresses(session)


@pytest.mark.parametrize(
    "state, said, path",
    [
        (None, "n’a pas commencé", "/campaigns/{campaign}"),
        (NeedState.DRAFT, "ne l’a pas encore soumise", "/needs/{need}"),
        (NeedState.RETURNED, "To correct", "/needs/{need}"),
    ],
)
def test_a_letter_says_what_is_missing(
    session: Session,
    people: People,
    campaign: Campaign,
    state: NeedState | None,
    said: str,
    path: str,
) -> None:
    need_id = 0
    if state is not None:
        need_id = make_need(session, campaign, people.ada, state, people.alix).id
    operations.remind(campaign, actor=actor_for(people.clara), today=today())
    letter = session.scalars(select(Letter).where(Letter.to_address == "ada@example.org")).one()
    assert said in letter.body
    assert "Survey 2027" in letter.subject
    assert f"{campaign.closes_on:%d/%m/%Y}" in letter.subject + letter.body
    assert letter.path == path.format(campaign=campaign.id, need=need_id)


@pytest.mark.parametrize(
    "open_for, left, occasion",
    [
        (30, 8, None),
        (30, 7, Occasion.WEEK),
        (30, 3, Occasion.WEEK),
        (30, 2, Occasion.EVE),
        (30, 0, Occasion.EVE),
        (30, -1, None),
        (7, 7, Occasion.WEEK),
        (6, 6, None),
        (6, 2, Occasion.EVE),
        (0, 0, Occasion.EVE),
    ],
)
def test_when_reminders_are_due(
    session: Session, people: People, open_for: int, left: int, occasion: Occasion | None
) -> None:
    """Seven and two days before the end, or as soon after as the platform runs."""
    closes_on = today() + timedelta(days=left)
    campaign = make_campaign(
        session, opens_on=closes_on - timedelta(days=open_for), closes_on=closes_on
    )
    assert reminding.due(campaign, today()) is occasion
    done = operations.remind_due(actor=CLOCK, today=today())
    assert done.members == (2 if occasion else 0)
    assert session.scalars(select(Reminder.occasion).distinct()).all() == (
        [occasion] if occasion else []
    )


def test_the_clock_reminds_twice_in_all(session: Session, people: People) -> None:
    """And again once there is more time: a new end is something else to be reminded of."""
    campaign = make_campaign(session, closes_on=today() + timedelta(days=10))

    def letters_of(days: int) -> int:
        each_day_twice = (today() + timedelta(days=day // 2) for day in range(2 * days))
        return sum(operations.remind_due(actor=CLOCK, today=on).letters for on in each_day_twice)

    assert letters_of(12) == 4
    campaign.closes_on += timedelta(days=10)
    assert letters_of(22) == 4


def test_campaigns_that_take_no_answers_remind_nobody(session: Session, people: People) -> None:
    soon: dict[str, Any] = {"closes_on": today() + timedelta(days=1)}
    for state in set(CampaignState) - {CampaignState.OPEN}:
        make_campaign(session, state, **soon)
    make_campaign(session, opens_on=today() + timedelta(days=1), **soon)
    assert operations.remind_due(actor=CLOCK, today=today()).members == 0


def test_the_command_reminds(app: Flask, session: Session, people: People) -> None:
    make_campaign(session, closes_on=today() + timedelta(days=1))
    session.commit()
    runner = app.test_cli_runner()
    said = runner.invoke(args=["needs", "remind"])
    assert (said.exit_code, said.output) == (0, "2 members reminded by 2 letters\n")
    assert runner.invoke(args=["needs", "remind"]).output == "no reminder is due\n"
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.verb, entry.actor_name) == ("needs.remind", "reminders")
    session.rollback()


def test_the_clock_is_wound(app: Flask) -> None:
    """The job runs by itself, each half hour."""
    job = app.extensions["jobs"]["reminders"]
    assert job.every == 30
    with app.app_context():
        assert job.job() == ""


def test_two_workers_at_once_write_each_letter_once(
    app: Flask, session: Session, people: People
) -> None:
    for _one in range(30):
        make_person(session)
    make_campaign(session, closes_on=today() + timedelta(days=1))
    session.commit()
    start, done = threading.Barrier(4), []

    def work() -> None:
        with app.app_context():
            start.wait()
            database.begin_write(db.session())
            done.append(operations.remind_due(actor=CLOCK, today=today()))
            pipeline.commit()
            db.session.remove()

    workers = [threading.Thread(target=work) for _one in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert sum(one.members for one in done) == 32
    assert sum(one.letters for one in done) == 32
    assert session.scalar(select(func.count()).select_from(Letter)) == 32
    assert len(set(addresses(session))) == 32


def test_reminding_many_costs_no_more_statements(
    session: Session, people: People, count_queries: CountQueries
) -> None:
    def cost() -> int:
        campaign = make_campaign(session)
        with count_queries() as statements:
            operations.remind(campaign, actor=CLOCK, today=today())
        return len(statements)

    few = cost()
    for _one in range(30):
        make_person(session)
    assert cost() == few


def test_nothing_is_due_to_an_answered_campaign(session: Session, people: People) -> None:
    campaign = make_campaign(session, closes_on=today() + timedelta(days=1))
    make_need(session, campaign, people.ada, NeedState.SUBMITTED)
    make_need(session, campaign, people.basile, NeedState.SUBMITTED, is_nil=True)
    assert operations.remind_due(actor=CLOCK, today=today()).members == 0


def test_a_closed_campaign_is_refused(session: Session, people: People) -> None:
    with refused("campaign_closed"):
        shut = make_campaign(session, CampaignState.CLOSED)
        operations.remind(shut, actor=actor_for(people.clara), today=today())
