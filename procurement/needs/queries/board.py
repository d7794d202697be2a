"""Who has answered a campaign and who has not: one row for each body that it asks."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, or_, select
from sqlalchemy.orm import aliased

from procurement.extensions import db
from procurement.kernel.access import Role
from procurement.kernel.database import Query, Record
from procurement.members.models import Mandate, Member, MemberKind, Person
from procurement.members.rules import plain
from procurement.needs.board import PENDING, SIZES, Counts, Part, Status
from procurement.needs.models import (
    Campaign,
    CampaignState,
    Entry,
    Exemption,
    Need,
    NeedLine,
    NeedState,
    Reminder,
)
from procurement.needs.queries.campaigns import asked_on
from procurement.needs.queries.families import concerned_on

_GROUP = aliased(Member)
_COMMUNE_INHABITANTS = case((Member.kind == MemberKind.COMMUNE, Member.population), else_=0)
#: The intercommunalities as choices of a filter, by name.
INTERCOMMUNALITIES = (
    select(Member.id, Member.name)
    .where(Member.kind == MemberKind.INTERCOMMUNALITY, Member.successor_id.is_(None))
    .order_by(Member.sort_name, Member.id)
)


@dataclass(frozen=True, slots=True)
class Filter:
    """What part of a board to show; what is empty leaves nothing out.

    ``status`` is one of ``Status``, or ``pending`` for all whom a reminder is for, or
    ``unreachable`` for those of them that have nobody to write to.
    """

    status: str = ""
    departement: str = ""
    intercommunality_id: int | None = None
    size: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class _Moment:
    """What a board depends on: written once for it, a statement serves every reader of the day."""

    campaign_id: int
    #: The day whose memberships count.
    on: date
    is_over: bool


def board_rows(campaign: Campaign, today: date, chosen: Filter) -> Query:
    """Select the members that a campaign asks, by name, with where each is.

    What a draft holds is its member's own: its lines are not counted until it is submitted.
    """
    return _board_rows(_moment(campaign, today), chosen)


@lru_cache(maxsize=128)
def _board_rows(moment: _Moment, chosen: Filter) -> Query:
    status = _status(moment)
    query = (
        _asked(moment, chosen)
        .outerjoin(_GROUP, _GROUP.id == Member.intercommunality_id)
        .add_columns(
            Member.name,
            Member.siren,
            Member.kind,
            Member.departement,
            Member.population,
            _GROUP.name.label("intercommunality"),
            status.label("status"),
            Need.id.label("need_id"),
            Need.touched_at,
            _is_readable().label("is_readable"),
            case((_is_readable(), _lines()), else_=None).label("lines"),
            _reminded_on().label("reminded_on"),
            Exemption.reason.label("exempted_for"),
            concerned_on(moment.on).label("has_family"),
        )
        .order_by(Member.sort_name, Member.id)
    )
    condition = _chosen_status(status, chosen.status)
    return query if condition is None else query.where(condition)


def counts(campaign: Campaign, today: date, chosen: Filter) -> Counts:
    """Count the members of a board by département and status, whatever status is chosen."""
    rows = db.session.execute(counts_query(campaign, today, chosen))
    return Counts(tuple(Part(row[0], Status(row[1]), *map(int, row[2:])) for row in rows))


def counts_query(campaign: Campaign, today: date, chosen: Filter) -> Query:
    """Select département, status, members, inhabitants of communes, members without anybody."""
    return _counts_query(_moment(campaign, today), chosen)


@lru_cache(maxsize=128)
def _counts_query(moment: _Moment, chosen: Filter) -> Query:
    status = _status(moment).label("status")
    return (
        _asked(moment, chosen)
        .with_only_columns(
            Member.departement,
            status,
            func.count(),
            func.sum(_COMMUNE_INHABITANTS),
            func.sum(case((is_reachable(), 0), else_=1)),
        )
        .group_by(Member.departement, status)
        .order_by(Member.departement)
    )


def board_row(campaign: Campaign, member_id: int, today: date) -> Record | None:
    """Give the row of one member; None when the campaign does not ask it."""
    query = board_rows(campaign, today, Filter()).where(Member.id == member_id)
    return db.session.execute(query).one_or_none()


def pending(campaign: Campaign, today: date) -> Select[int]:
    """Select the ids of the members that have not answered, and that can be written to."""
    moment = _moment(campaign, today)
    condition = _chosen_status(_status(moment), "pending")
    query = _asked(moment, Filter()).where(is_reachable())
    return query if condition is None else query.where(condition)


def missing(campaign: Campaign, member_ids: Collection[int]) -> dict[int, Record]:
    """Give by member what there is of its answer: id of the need, state, reason of a return."""
    query = select(Need.member_id, Need.id, Need.state, Need.return_reason).where(
        Need.campaign_id == campaign.id, Need.member_id.in_(member_ids)
    )
    return {row.member_id: row for row in db.session.execute(query)}


def people_of(member_id: int) -> list[Record]:
    """List who may sign in for a member: name, address, role."""
    query = (
        select(Person.name, Person.email, Person.role)
        .where(Person.member_id == member_id, Person.is_active)
        .order_by(Person.role.desc(), Person.name, Person.id)
    )
    return list(db.session.execute(query).all())


def reminders(campaign: Campaign, member_id: int) -> list[Record]:
    """List when a member was reminded of a campaign, and on what occasion, the latest first."""
    query = (
        select(Reminder.sent_on, Reminder.occasion)
        .where(Reminder.campaign_id == campaign.id, Reminder.member_id == member_id)
        .order_by(Reminder.sent_on.desc(), Reminder.id.desc())
    )
    return list(db.session.execute(query).all())


def is_reachable() -> ColumnElement[bool]:
    """Condition on Member: somebody can be written to about its answer."""
    own = select(Person.id).where(
        Person.member_id == Member.id,
        Person.is_active,
        Person.role.in_((Role.REQUESTER, Role.APPROVER)),
    )
    delegate = (
        select(Person.id)
        .join(Mandate, Mandate.delegate_id == Person.member_id)
        .where(
            Mandate.member_id == Member.id,
            Mandate.revoked_on.is_(None),
            Person.is_active,
            Person.role == Role.REQUESTER,
        )
    )
    return or_(own.correlate(Member).exists(), delegate.correlate(Member).exists())


def _moment(campaign: Campaign, today: date) -> _Moment:
    return _Moment(campaign.id, campaign.membership_day(today), is_over(campaign, today))


def _asked(moment: _Moment, chosen: Filter) -> Select[Any]:
    campaign_id = moment.campaign_id
    query = (
        select(Member.id)
        .select_from(Member)
        .join(Campaign, asked_on(moment.on))
        .outerjoin(Need, (Need.campaign_id == campaign_id) & (Need.member_id == Member.id))
        .outerjoin(
            Exemption,
            (Exemption.campaign_id == campaign_id) & (Exemption.member_id == Member.id),
        )
        .where(Campaign.id == campaign_id)
    )
    return query.where(*_conditions(chosen))


def _conditions(chosen: Filter) -> list[ColumnElement[bool]]:
    found = []
    if chosen.departement:
        found.append(Member.departement == chosen.departement)
    if chosen.intercommunality_id is not None:
        of_group = Member.intercommunality_id == chosen.intercommunality_id
        found.append(of_group | (Member.id == chosen.intercommunality_id))
    if chosen.size in SIZES:
        least, limit = SIZES[chosen.size]
        found.append(Member.population >= least)
        if limit is not None:
            found.append(Member.population < limit)
    if chosen.text:
        found.append(Member.sort_name.contains(plain(chosen.text), autoescape=True))
    return found


def _status(moment: _Moment) -> ColumnElement[str]:
    """Give the status of a row of :func:`_asked`. Who has answered has, whatever was said of it."""
    is_sent = Need.state.in_((NeedState.SUBMITTED, NeedState.VALIDATED))
    known = [
        (is_sent & Need.is_nil, literal(Status.NIL_RETURN.value)),
        (is_sent, literal(Status.ANSWERED.value)),
        (
            Exemption.id.is_not(None) | ~concerned_on(moment.on),
            literal(Status.NOT_CONCERNED.value),
        ),
    ]
    if moment.is_over:
        return case(*known, else_=literal(Status.LATE.value))
    return case(
        *known,
        (Need.state == NeedState.RETURNED, literal(Status.RETURNED.value)),
        (Need.state == NeedState.DRAFT, literal(Status.DRAFT.value)),
        else_=literal(Status.NO_ANSWER.value),
    )


def is_over(campaign: Campaign, today: date) -> bool:
    """Tell whether a campaign takes no more answers; one that is still to begin is not over."""
    if campaign.state is CampaignState.DRAFT:
        return False
    return campaign.state is not CampaignState.OPEN or today > campaign.closes_on


def _chosen_status(status: ColumnElement[str], word: str) -> ColumnElement[bool] | None:
    if word in {one.value for one in Status}:
        return status == word
    if word == "pending":
        return status.in_([one.value for one in PENDING])
    if word == "unreachable":
        return status.in_([one.value for one in PENDING]) & ~is_reachable()
    return None


def _is_readable() -> ColumnElement[bool]:
    """Condition of the needs that the centrale may read, as ``Need.visible_to`` says."""
    return or_(Need.state != NeedState.DRAFT, Need.entry == Entry.CENTRALE)


def _lines() -> ColumnElement[int]:
    return (
        select(func.count())
        .select_from(NeedLine)
        .where(NeedLine.need_id == Need.id)
        .correlate(Need)
        .scalar_subquery()
    )


def _reminded_on() -> ColumnElement[date]:
    return (
        select(func.max(Reminder.sent_on))
        .where(Reminder.campaign_id == Campaign.id, Reminder.member_id == Member.id)
        .correlate(Campaign, Member)
        .scalar_subquery()
    )
