"""A lot line opened: what each need gives it, what is left of it, and what rounding up added."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import ColumnElement, case, func, literal, or_, select
from sqlalchemy.orm import aliased

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.kernel.database import Query, Record
from procurement.lots.models import Allocation, AllocationKind, Lot, LotLine, LotState
from procurement.lots.queries.lines import own_lines
from procurement.members.models import Member, Site
from procurement.needs.models import NeedLine


def line_needs(line: LotLine, actor: Actor, *, with_left: bool) -> Query:
    """Select what feeds a lot line, need line by need line, by name of the member.

    Quantities are in units of the line's item: ``asked`` by the member, ``taken`` by this line,
    ``shared`` to it by rounding up, ``elsewhere`` in other lots. ``with_left`` adds the needs of
    the same item that no lot took whole, which the line may still take. What was given back may be
    pooled as another item since: nothing of that is ``elsewhere``, and ``asked`` is None where the
    member asked for another item too.
    """
    taken, shared = aliased(Allocation), aliased(Allocation)
    asked_item = aliased(Item)
    zero = literal(Decimal(0), Allocation.quantity.type)
    given = func.coalesce(taken.quantity, zero)
    # What an unsuccessful lot gave back is no longer counted in what lots hold.
    held = case((taken.is_released, zero), else_=given)
    is_pooled_so = NeedLine.pool_item_id == line.item_id
    open_to = (
        (NeedLine.campaign_id == line.lot.campaign_id)
        & NeedLine.is_pooled
        & (NeedLine.pool_item_id == line.item_id)
        & (NeedLine.allotted < NeedLine.pool_quantity)
    )
    return (
        select(
            NeedLine.id,
            NeedLine.departement,
            NeedLine.wanted_on,
            NeedLine.words,
            NeedLine.own_unit,
            NeedLine.units_each,
            NeedLine.quantity,
            case(
                (is_pooled_so, NeedLine.pool_quantity),
                (NeedLine.item_id == line.item_id, NeedLine.quantity),
            ).label("asked"),
            given.label("taken"),
            func.coalesce(shared.quantity, zero).label("shared"),
            case((is_pooled_so, NeedLine.allotted - held), else_=zero).label("elsewhere"),
            case((asked_item.id != line.item_id, asked_item.designation)).label("asked_item"),
            asked_item.unit.label("asked_unit"),
            Member.name.label("member_name"),
            Site.name.label("site_name"),
        )
        .join(Member, Member.id == NeedLine.member_id)
        .join(Site, Site.id == NeedLine.site_id)
        .outerjoin(asked_item, asked_item.id == NeedLine.item_id)
        .outerjoin(taken, _feeds(taken, line, AllocationKind.NEED))
        .outerjoin(shared, _feeds(shared, line, AllocationKind.SHARED))
        .where(
            or_(taken.id.is_not(None), open_to) if with_left else taken.id.is_not(None),
            own_lines(actor),
        )
        .order_by(Member.sort_name, Member.id, Site.name, NeedLine.id)
    )


def _feeds(
    allocation: type[Allocation], line: LotLine, kind: AllocationKind
) -> ColumnElement[bool]:
    return (
        (allocation.need_line_id == NeedLine.id)
        & (allocation.lot_line_id == line.id)
        & (allocation.kind == kind)
    )


def added(line: LotLine, actor: Actor) -> Sequence[Record]:
    """List what rounding up added to a line, by kind and reason; to a member, its own alone."""
    query = (
        select(Allocation.kind, Allocation.reason, func.sum(Allocation.quantity).label("quantity"))
        .where(Allocation.lot_line_id == line.id, Allocation.kind != AllocationKind.NEED)
        .group_by(Allocation.kind, Allocation.reason)
        .order_by(Allocation.kind)
    )
    if actor.is_member_side:
        query = query.where(Allocation.need_line.has(own_lines(actor)))
    return db.session.execute(query).all()


def other_drafts(lot: Lot) -> Sequence[Record]:
    """List the other draft lots of a lot's campaign, which its lines may move to."""
    return db.session.execute(
        select(Lot.id, Lot.number, Lot.title)
        .where(Lot.campaign_id == lot.campaign_id, Lot.state == LotState.DRAFT, Lot.id != lot.id)
        .order_by(Lot.number)
    ).all()
