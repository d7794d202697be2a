"""The board says what the database says, whatever people do: random acts, then both are read."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from procurement.catalogue.models import Item
from procurement.kernel.access import Actor, Role
from procurement.kernel.errors import Forbidden, Refused, Stale
from procurement.kernel.mail import Letter
from procurement.kernel.pipeline import rollback, today
from procurement.members.models import (
    Competence,
    CompetenceTransfer,
    Member,
    Membership,
    Person,
)
from procurement.needs import operations, queries
from procurement.needs.models import (
    Campaign,
    CampaignState,
    Exemption,
    Need,
    NeedState,
)
from procurement.needs.operations import LineEntry
from procurement.needs.queries import Filter
from tests.make import (
    actor_for,
    list_family,
    make_campaign,
    make_item,
    make_member,
    make_person,
    make_transfer,
)
from tests.people import People

COMPETENCE = Competence.VIDEO_PROTECTION
ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "begin",
                "add",
                "submit",
                "nil",
                "validate",
                "send_back",
                "exempt",
                "unexempt",
                "extend",
                "close",
                "reopen",
                "leave",
                "transfer",
                "take_back",
                "pass_days",
            ]
        ),
        st.integers(0, 4),
    ),
    max_size=30,
)


@dataclass
class Walk:
    """A campaign of five members, each with one who requests and one who approves."""

    session: Session
    campaign: Campaign
    members: list[Member]
    requesters: list[Person]
    approvers: list[Person]
    buyer: Actor
    item: Item
    today: date
    #: The only family that the campaign is about is for those that transferred a competence.
    is_reserved: bool

    def need(self, at: int) -> Need:
        """The need of a member; begun or not at all."""
        found = queries.need_of(self.campaign, self.members[at].id)
        if found is None:
            raise Refused("none", "No need")
        return found

    def by(self, people: list[Person], at: int) -> dict[str, Any]:
        """Who acts, and when."""
        return {"actor": actor_for(people[at]), "today": self.today}


def begin(walk: Walk, at: int) -> None:
    operations.begin(walk.campaign, **walk.by(walk.requesters, at))


def add(walk: Walk, at: int) -> None:
    entry = LineEntry(quantity=walk.item.pack_size + 1, site_id=walk.members[at].sites[0].id)  # type: ignore[arg-type]  # any exact number does
    operations.add_line(walk.need(at), walk.item.id, entry, **walk.by(walk.requesters, at))


def submit(walk: Walk, at: int) -> None:
    operations.submit(walk.need(at), **walk.by(walk.requesters, at))


def nil(walk: Walk, at: int) -> None:
    operations.declare_nil(walk.need(at), **walk.by(walk.requesters, at))


def validate(walk: Walk, at: int) -> None:
    operations.validate(walk.need(at), actor=actor_for(walk.approvers[at]))


def send_back(walk: Walk, at: int) -> None:
    operations.return_to_author(walk.need(at), "To correct", **walk.by(walk.approvers, at))


def exempt(walk: Walk, at: int) -> None:
    operations.exempt(walk.campaign, walk.members[at].id, "Not theirs", actor=walk.buyer)


def unexempt(walk: Walk, at: int) -> None:
    operations.unexempt(walk.campaign, walk.members[at].id, actor=walk.buyer)


def extend(walk: Walk, at: int) -> None:
    until = walk.today + timedelta(days=at + 1)
    operations.extend(walk.campaign, until, "Why", actor=walk.buyer, today=walk.today)


def close(walk: Walk, _at: int) -> None:
    operations.close_campaign(walk.campaign, actor=walk.buyer)


def reopen(walk: Walk, at: int) -> None:
    until = walk.today + timedelta(days=at)
    operations.reopen(walk.campaign, until, "Why", actor=walk.buyer, today=walk.today)


def leave(walk: Walk, at: int) -> None:
    query = select(Membership).where(Membership.member_id == walk.members[at].id)
    walk.session.scalars(query).one().left_on = walk.today


def transfer(walk: Walk, at: int) -> None:
    make_transfer(walk.session, walk.members[at], COMPETENCE, walk.today)


def take_back(walk: Walk, at: int) -> None:
    query = select(CompetenceTransfer).where(
        CompetenceTransfer.member_id == walk.members[at].id, CompetenceTransfer.until_on.is_(None)
    )
    for one in walk.session.scalars(query):
        one.until_on = max(walk.today, one.from_on)


def pass_days(walk: Walk, at: int) -> None:
    walk.today += timedelta(days=at)


PLAY: dict[str, Callable[[Walk, int], None]] = {
    one.__name__: one
    for one in (
        begin,
        add,
        submit,
        nil,
        validate,
        send_back,
        exempt,
        unexempt,
        extend,
        close,
        reopen,
        leave,
        transfer,
        take_back,
        pass_days,
    )
}


def expected(walk: Walk) -> dict[str, str]:
    """Work out by hand where each invited member is, from the rows alone."""
    campaign, session = walk.campaign, walk.session
    is_open = campaign.state is CampaignState.OPEN and walk.today <= campaign.closes_on
    on = min(walk.today, campaign.closes_on)
    left = {one.member_id: one.left_on for one in session.scalars(select(Membership))}
    needs = {
        one.member_id: one
        for one in session.scalars(select(Need).where(Need.campaign_id == campaign.id))
    }
    exempted = set(
        session.scalars(select(Exemption.member_id).where(Exemption.campaign_id == campaign.id))
    )
    found = {}
    transfers = list(session.scalars(select(CompetenceTransfer)))
    able = {
        one.member_id
        for one in transfers
        if one.competence == COMPETENCE
        and one.from_on <= on
        and (one.until_on is None or one.until_on > on)
    }
    for member in walk.members:
        left_on, need = left[member.id], needs.get(member.id)
        if left_on is not None and left_on <= on:
            continue
        if need and need.state in (NeedState.SUBMITTED, NeedState.VALIDATED):
            found[member.name] = "nil_return" if need.is_nil else "answered"
        elif member.id in exempted or (walk.is_reserved and member.id not in able):
            found[member.name] = "not_concerned"
        elif not is_open:
            found[member.name] = "late"
        else:
            found[member.name] = need.state.value if need else "no_answer"
    return found


def check(walk: Walk) -> None:
    """Compare the board, its counts, the home page's figure and the reminders with the rows."""
    walk.session.flush()
    known = expected(walk)
    rows = walk.session.execute(queries.board_rows(walk.campaign, walk.today, Filter()))
    assert {row.name: row.status for row in rows} == known
    counts = queries.counts(walk.campaign, walk.today, Filter())
    assert {one.status: counts.members(one.status) for one in counts.parts} == Counter(
        known.values()
    )
    waiting = {name for name, status in known.items() if status in WAITING}
    told = {row.id: row.members for row in queries.unanswered(walk.today)}
    assert told.get(walk.campaign.id, 0) == counts.pending == len(waiting)
    assert reminded(walk) == waiting


WAITING = ("draft", "returned", "no_answer")


def reminded(walk: Walk) -> set[str]:
    """Remind, see who gets a letter, and take it back."""
    last = walk.session.scalars(select(Letter.id).order_by(Letter.id.desc()).limit(1)).first() or 0
    trial = walk.session.begin_nested()
    try:
        done = operations.remind(walk.campaign, actor=walk.buyer, today=walk.today)
        again = operations.remind(walk.campaign, actor=walk.buyer, today=walk.today)
        assert again.members == 0
        letters = list(walk.session.scalars(select(Letter.to_address).where(Letter.id > last)))
    except Refused:
        return set()
    finally:
        trial.rollback()
    assert done.members == done.letters == len(letters)
    names = {
        person.email: member.name
        for person, member in zip(walk.requesters, walk.members, strict=True)
    }
    return {names[address] for address in letters}


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(acts=ACTS, is_reserved=st.booleans())
def test_the_board_says_what_the_database_says(
    session: Session, people: People, acts: list[tuple[str, int]], is_reserved: bool
) -> None:
    members = [make_member(session) for _one in range(5)]
    for member in (people.first, people.second):
        query = select(Membership).where(Membership.member_id == member.id)
        session.scalars(query).one().left_on = date(2021, 1, 1)
    walk = Walk(
        session,
        make_campaign(session, closes_on=today() + timedelta(days=9)),
        members,
        [make_person(session, Role.REQUESTER, one) for one in members],
        [make_person(session, Role.APPROVER, one) for one in members],
        actor_for(people.clara),
        make_item(session),
        today(),
        is_reserved,
    )
    if is_reserved:
        list_family(session, walk.campaign, walk.item.family, COMPETENCE)
        for member in members[:3]:
            make_transfer(session, member, COMPETENCE)
    try:
        for act, at in acts:
            step = session.begin_nested()
            try:
                PLAY[act](walk, at)
                step.commit()
            except (Refused, Forbidden, Stale, IntegrityError):
                step.rollback()
            check(walk)
    finally:
        rollback()
