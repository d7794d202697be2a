"""What awaits each role: the next steps, counted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from flask import url_for
from flask_babel import ngettext
from sqlalchemy import ColumnElement, or_, select

from procurement.extensions import db
from procurement.kernel.access import Actor, Permission, Role
from procurement.kernel.database import Record
from procurement.members.models import Member, Person, acts_for, is_own
from procurement.needs.models import Campaign, CampaignState, Entry, Need, NeedState
from procurement.needs.queries import asked_on, concerned_on, unanswered
from procurement.needs.queries.harmonising import to_harmonise
from procurement.orders.models import Order, OrderState
from procurement.web.buying import buyer_steps, nearly_full
from procurement.web.waiting import Waiting, count_of, submitted_by_another

#: (count, sentence without the count, address), as the macro of next steps takes them.
NextStep = tuple[int, str, str]


@dataclass
class Home:
    """The home page of one person."""

    steps: list[NextStep]
    #: For members, the open campaigns that ask them: id, title, last day, and their own answer.
    campaigns: list[Record]


def of(person: Actor, today: date) -> Home:
    """Build the home page of a person, in three queries at most."""
    waiting = _WAITING[person.role](person, today) if person.role else []
    counts: list[int] = []
    if waiting:
        counts = list(db.session.execute(select(*(one.count for one in waiting))).one())
    steps = [
        (count, one.sentence(count), one.url)
        for count, one in zip(counts, waiting, strict=True)
        if count
    ]
    if person.may(Permission.CAMPAIGN_RUN):
        steps = _unanswered(today) + _to_harmonise() + steps
    open_now = _open_campaigns(person.member_id, today) if person.member_id else []
    return Home(steps, open_now)


def _unanswered(today: date) -> list[NextStep]:
    """Tell of each campaign that takes answers how many members have not answered it."""
    return [
        (
            row.members,
            ngettext(
                "member has not answered “%(campaign)s”",
                "members have not answered “%(campaign)s”",
                row.members,
                campaign=row.title,
            ),
            url_for("needs.board", campaign_id=row.id, status="pending"),
        )
        for row in unanswered(today)
    ]


def _to_harmonise() -> list[NextStep]:
    """Tell of each campaign how many lines in members' own words wait for an item."""
    return [
        (
            row.lines,
            ngettext(
                "line in a member's own words to harmonise in “%(campaign)s”",
                "lines in members' own words to harmonise in “%(campaign)s”",
                row.lines,
                campaign=row.title,
            ),
            url_for("needs.wordings", campaign_id=row.id),
        )
        for row in to_harmonise()
    ]


def _open_campaigns(member_id: int, today: date) -> list[Record]:
    query = (
        select(
            Campaign.id,
            Campaign.title,
            Campaign.closes_on,
            Need.id.label("need_id"),
            Need.state,
            Need.is_nil,
        )
        .select_from(Campaign)
        .join(Member, asked_on(today))
        .outerjoin(Need, (Need.campaign_id == Campaign.id) & (Need.member_id == Member.id))
        .where(
            Member.id == member_id,
            Campaign.state == CampaignState.OPEN,
            Campaign.opens_on <= today,
            Campaign.closes_on >= today,
            or_(Need.id.is_not(None), concerned_on(today)),
        )
        .order_by(Campaign.closes_on, Campaign.id)
    )
    return list(db.session.execute(query).all())


def _requester(person: Actor, _today: date) -> list[Waiting]:
    written = or_(Need.member_id == person.member_id, _by_mandate(person))
    return [
        Waiting(
            count_of(Need, written, Need.state == NeedState.RETURNED),
            lambda n: ngettext("need to correct", "needs to correct", n),
            url_for("needs.need_list", state="returned"),
        ),
        Waiting(
            count_of(Order, Order.member_id == person.member_id, Order.state == OrderState.DRAFT),
            lambda n: ngettext("draft order to submit", "draft orders to submit", n),
            url_for("orders.order_list", state="draft"),
        ),
    ]


def _by_mandate(person: Actor) -> ColumnElement[bool]:
    """Condition of the needs that the person's body entered for those that mandated it."""
    return (Need.entry == Entry.DELEGATE) & acts_for(Need.member_id, person)


def _approver(person: Actor, _today: date) -> list[Waiting]:
    decided = or_(is_own(Need.member_id, person), _by_mandate(person))
    return [
        Waiting(
            count_of(Need, decided, *submitted_by_another(person)),
            lambda n: ngettext("need to validate", "needs to validate", n),
            url_for("needs.need_list", state="submitted"),
        ),
        Waiting(
            count_of(
                Order, Order.member_id == person.member_id, Order.state == OrderState.SUBMITTED
            ),
            lambda n: ngettext("order to confirm", "orders to confirm", n),
            url_for("orders.order_list", state="submitted"),
        ),
    ]


def _administrator(_person: Actor, _today: date) -> list[Waiting]:
    return [
        Waiting(
            count_of(Person, Person.is_active),
            lambda n: ngettext("person may sign in", "people may sign in", n),
            url_for("members.person_list"),
        ),
        Waiting(
            count_of(Member),
            lambda n: ngettext("body is known", "bodies are known", n),
            url_for("members.member_list"),
        ),
    ]


_WAITING: dict[Role, Callable[[Actor, date], list[Waiting]]] = {
    Role.REQUESTER: _requester,
    Role.APPROVER: _approver,
    Role.BUYER: buyer_steps,
    Role.FINANCE: lambda _person, _today: [nearly_full()],
    Role.ADMINISTRATOR: _administrator,
}
