"""A pooled total opened: by territory, down to who asked in which words, and what was left out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    Subquery,
    case,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.audit import AuditEntry
from procurement.kernel.database import Query, Record
from procurement.lots.models import Allocation, AllocationKind, Lot, LotLine
from procurement.lots.queries.pool import FIRM, Pooled, Share
from procurement.lots.queries.territories import territory
from procurement.lots.rules import DEPARTEMENTS
from procurement.members.models import Member, MemberKind, Person, Site
from procurement.needs.models import Equivalence, NeedLine, Omission, Strength

_GROUP = aliased(Member)
#: What an opened total may be narrowed to: lines with something left, or with something in a lot.
OPEN_STATES = ("left", "in_lots")
#: The acts on one line of the pool, whose reasons the journal keeps.
_ACTS = ("lots.leave_out", "lots.put_back")


@dataclass(frozen=True, slots=True)
class OpenFilter:
    """Which contributions to a total to show; what is empty leaves nothing out."""

    departement: str = ""
    intercommunality: str = ""
    strength: str = ""
    state: str = ""

    @property
    def is_all(self) -> bool:
        """Tell whether nothing is left out."""
        return self == OpenFilter()


class Act(NamedTuple):
    """What the journal says of a line: left out, or put back, by whom, when and why."""

    verb: str
    at: datetime
    actor_name: str
    reason: str


def _group_id() -> ColumnElement[int | None]:
    """The intercommunality that a member counts in: one counts in itself."""
    is_group = Member.kind == MemberKind.INTERCOMMUNALITY
    return case((is_group, Member.id), else_=Member.intercommunality_id)


def _asked(campaign_id: int, item_id: int, chosen: OpenFilter) -> list[SQLColumnExpression[bool]]:
    found: list[SQLColumnExpression[bool]] = [
        NeedLine.campaign_id == campaign_id,
        NeedLine.is_pooled,
        NeedLine.pool_item_id == item_id,
        *territory(chosen.departement, chosen.intercommunality),
    ]
    if chosen.strength in {one.value for one in Strength}:
        found.append(NeedLine.strength == Strength(chosen.strength))
    if chosen.state == "left":
        found.append(NeedLine.allotted < NeedLine.pool_quantity)
    elif chosen.state == "in_lots":
        found.append(NeedLine.allotted > 0)
    return found


def parts(campaign_id: int, item_id: int) -> Sequence[Record]:
    """Sum what is asked for of an item by département and intercommunality, by name.

    ``group_id`` and ``group_name`` are None for the bodies that belong to none.
    """
    bodies = select(Member.id, _group_id().label("group_id")).subquery()
    by_group: Subquery = (
        select(
            NeedLine.departement,
            bodies.c.group_id,
            func.count(NeedLine.member_id.distinct()).label("members"),
            func.sum(FIRM).label("firm"),
            func.sum(NeedLine.pool_quantity).label("quantity"),
            func.sum(NeedLine.allotted).label("allotted"),
        )
        .join(bodies, bodies.c.id == NeedLine.member_id)
        .where(*_asked(campaign_id, item_id, OpenFilter()))
        .group_by(NeedLine.departement, bodies.c.group_id)
        .subquery()
    )
    query = (
        select(by_group, _GROUP.name.label("group_name"))
        .outerjoin(_GROUP, _GROUP.id == by_group.c.group_id)
        .order_by(by_group.c.departement, _GROUP.sort_name.is_(None), _GROUP.sort_name)
    )
    return db.session.execute(query).all()


def item_total(item: Item, rows: Sequence[Record]) -> Pooled:
    """Sum the rows of :func:`parts` of an item by département."""
    shares = {code: Share(code) for code in DEPARTEMENTS}
    for row in rows:
        so_far = shares[row.departement]
        shares[row.departement] = Share(
            row.departement,
            so_far.members + row.members,
            so_far.quantity + row.quantity,
            so_far.allotted + row.allotted,
            so_far.firm + row.firm,
        )
    return Pooled(item, list(shares.values()))


def contributed(campaign_id: int, item_id: int, chosen: OpenFilter) -> Record:
    """Sum the contributions that ``chosen`` shows: lines, members, firm, quantity, allotted."""
    return db.session.execute(
        select(
            func.count().label("lines"),
            func.count(NeedLine.member_id.distinct()).label("members"),
            func.coalesce(func.sum(FIRM), literal(0, NeedLine.quantity.type)).label("firm"),
            _total(NeedLine.pool_quantity).label("quantity"),
            _total(NeedLine.allotted).label("allotted"),
        ).where(*_asked(campaign_id, item_id, chosen))
    ).one()


def _total(quantity: object) -> ColumnElement[object]:
    return func.coalesce(func.sum(quantity), literal(0, NeedLine.quantity.type))


def contributions_to(campaign_id: int, item_id: int, chosen: OpenFilter) -> Query:
    """Select what a pooled total is made of, need line by need line, by name of the member."""
    return (
        select(
            NeedLine.id,
            NeedLine.departement,
            NeedLine.strength,
            NeedLine.quantity,
            NeedLine.pool_quantity,
            NeedLine.allotted,
            NeedLine.item_id,
            NeedLine.words,
            NeedLine.own_unit,
            NeedLine.units_each,
            NeedLine.declared_quantity,
            Item.code,
            Item.designation,
            Item.unit,
            Member.name.label("member_name"),
            _GROUP.name.label("group_name"),
            Site.name.label("site_name"),
        )
        .join(Item, Item.id == NeedLine.item_id)
        .join(Member, Member.id == NeedLine.member_id)
        .join(Site, Site.id == NeedLine.site_id)
        .outerjoin(_GROUP, _GROUP.id == _group_id())
        .where(*_asked(campaign_id, item_id, chosen))
        .order_by(Member.sort_name, Member.id, Site.name, NeedLine.id)
    )


def lots_taking(line_ids: Sequence[int]) -> dict[int, list[Record]]:
    """Give by need line the lots that took something of it and did not give it back."""
    query = (
        select(
            Allocation.need_line_id,
            Allocation.quantity,
            Lot.id,
            Lot.number,
            Lot.title,
            Lot.state,
        )
        .join(LotLine, LotLine.id == Allocation.lot_line_id)
        .join(Lot, Lot.id == LotLine.lot_id)
        .where(
            Allocation.need_line_id.in_(line_ids),
            Allocation.kind == AllocationKind.NEED,
            ~Allocation.is_released,
        )
        .order_by(Lot.number)
    )
    found: dict[int, list[Record]] = {}
    for row in db.session.execute(query):
        found.setdefault(row.need_line_id, []).append(row)
    return found


def _left_out(campaign_id: int) -> ColumnElement[bool]:
    """Condition on the lines of a campaign that are left out.

    No index may answer for the campaign: the few omissions are read, not all its lines.
    """
    ids = select(Omission.need_line_id)
    return NeedLine.id.in_(ids) & (NeedLine.campaign_id + 0 == campaign_id)


def _merged() -> ColumnElement[bool]:
    return (Equivalence.campaign_id == NeedLine.campaign_id) & (
        Equivalence.item_id == NeedLine.item_id
    )


def omissions(campaign_id: int, item_id: int | None = None) -> Query:
    """Select the lines that are left out of a pool, of one of its items or all, the latest first.

    ``pool_item_id`` is the item that each would be pooled as.
    """
    pool_item_id = func.coalesce(Equivalence.into_item_id, NeedLine.item_id)
    query = (
        select(
            NeedLine.id,
            NeedLine.departement,
            NeedLine.quantity,
            NeedLine.words,
            NeedLine.is_validated,
            Item.code,
            Item.designation,
            Item.unit,
            pool_item_id.label("pool_item_id"),
            Member.name.label("member_name"),
            Site.name.label("site_name"),
            Omission.reason,
            Omission.at,
            Person.name.label("person_name"),
        )
        .select_from(NeedLine)
        .join(Omission, Omission.need_line_id == NeedLine.id)
        .join(Item, Item.id == NeedLine.item_id)
        .join(Member, Member.id == NeedLine.member_id)
        .join(Site, Site.id == NeedLine.site_id)
        .join(Person, Person.id == Omission.person_id)
        .outerjoin(Equivalence, _merged())
        .where(_left_out(campaign_id))
        .order_by(Omission.at.desc(), Omission.id.desc())
    )
    if item_id is None:
        return query
    return query.where(
        or_(
            Equivalence.into_item_id == item_id,
            Equivalence.id.is_(None) & (NeedLine.item_id == item_id),
        )
    )


def omission_counts(campaign_id: int) -> dict[int, int]:
    """Count the lines that are left out of a pool, by the item that they would be pooled as."""
    pool_item_id = func.coalesce(Equivalence.into_item_id, NeedLine.item_id)
    query = (
        select(pool_item_id, func.count())
        .select_from(NeedLine)
        .outerjoin(Equivalence, _merged())
        .where(_left_out(campaign_id), NeedLine.item_id.is_not(None))
        .group_by(pool_item_id)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def omission_of(line: NeedLine) -> Omission | None:
    """Give why a line is left out of the pool, if it is."""
    return db.session.scalar(select(Omission).where(Omission.need_line_id == line.id))


def acts_on(line: NeedLine) -> list[Act]:
    """List what was decided on a line of the pool, the latest first, from the journal."""
    query = (
        select(AuditEntry.verb, AuditEntry.at, AuditEntry.actor_name, AuditEntry.changes)
        .where(
            AuditEntry.object_type == NeedLine.__tablename__,
            AuditEntry.object_id == line.id,
            AuditEntry.verb.in_(_ACTS),
        )
        .order_by(AuditEntry.id.desc())
    )
    return [
        Act(row.verb, row.at, row.actor_name, json.loads(row.changes)["reason"])
        for row in db.session.execute(query)
    ]
