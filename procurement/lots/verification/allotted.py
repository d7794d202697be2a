"""What lots hold is the sum of their allocations, and so is what is allotted of a need."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, case, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from procurement.extensions import db
from procurement.lots.models import Allocation, AllocationKind, Lot, LotLine, LotState
from procurement.needs.models import NeedLine


def faults() -> Iterator[str]:
    """Name each line and allocation that does not fit the others."""
    yield from _lot_lines()
    yield from _need_lines()
    yield from _strays()
    yield from _rounded_up()
    yield from _released()
    yield from _tendered()


def _summed(key: InstrumentedAttribute[Any], which: ColumnElement[bool]) -> Subquery:
    total = func.sum(Allocation.quantity).label("total")
    return select(key.label("key"), total).where(which).group_by(key).subquery()


def _lot_lines() -> Iterator[str]:
    """What was frozen is the sum of the allocations; a draft has no quantity of its own."""
    summed = _summed(Allocation.lot_line_id, true())
    total = func.coalesce(summed.c.total, 0)
    is_draft = Lot.state == LotState.DRAFT
    query = (
        select(LotLine.id, LotLine.quantity, total, is_draft)
        .join(Lot, Lot.id == LotLine.lot_id)
        .outerjoin(summed, summed.c.key == LotLine.id)
        .where(func.coalesce(LotLine.quantity, 0) != case((is_draft, 0), else_=total))
        .order_by(LotLine.id)
    )
    for line_id, quantity, allotted, is_unfrozen in db.session.execute(query):
        kept = " and its lot is a draft" if is_unfrozen else ""
        yield f"lot_line {line_id} says {quantity}, its allocations make {allotted}{kept}"


def _need_lines() -> Iterator[str]:
    """What is allotted is the sum of what lots hold, never above what is pooled."""
    held = (Allocation.kind == AllocationKind.NEED) & ~Allocation.is_released
    summed = _summed(Allocation.need_line_id, held)
    total = func.coalesce(summed.c.total, 0)
    query = (
        select(NeedLine.id, NeedLine.pool_quantity, NeedLine.allotted, total, NeedLine.is_pooled)
        .outerjoin(summed, summed.c.key == NeedLine.id)
        .where(
            or_(
                NeedLine.allotted != total,
                total > func.coalesce(NeedLine.pool_quantity, 0),
            )
        )
        .order_by(NeedLine.id)
    )
    found = db.session.execute(query).all()
    allocations = _allocations_of([row[0] for row in found])
    for line_id, quantity, allotted, made, is_pooled in found:
        yield (
            f"need_line {line_id} asks for {quantity if is_pooled else 'nothing pooled'}, "
            f"says {allotted} allotted, its allocations ({allocations[line_id]}) make {made}"
        )


def _allocations_of(line_ids: list[int]) -> dict[int, str]:
    found: dict[int, list[str]] = {line_id: [] for line_id in line_ids}
    query = (
        select(NeedLine.id, Allocation.id)
        .join(Allocation, Allocation.need_line_id == NeedLine.id)
        .where(NeedLine.id.in_(line_ids))
        .order_by(Allocation.id)
    )
    for line_id, allocation_id in db.session.execute(query):
        found[line_id].append(str(allocation_id))
    return {line_id: ", ".join(ids) or "none" for line_id, ids in found.items()}


def _strays() -> Iterator[str]:
    """An allocation joins a need and a lot of one campaign, on one item while it counts."""
    is_of_another = and_(~Allocation.is_released, LotLine.item_id != NeedLine.pool_item_id)
    query = (
        select(Allocation.id)
        .join(LotLine, LotLine.id == Allocation.lot_line_id)
        .join(Lot, Lot.id == LotLine.lot_id)
        .join(NeedLine, NeedLine.id == Allocation.need_line_id)
        .where(or_(is_of_another, Lot.campaign_id != NeedLine.campaign_id))
        .order_by(Allocation.id)
    )
    for allocation_id in db.session.scalars(query):
        yield f"allocation {allocation_id} joins a need line to a lot of something else"


def _rounded_up() -> Iterator[str]:
    """What rounding up adds stands beside needs: the member's own, or any for the stock."""
    need = aliased(Allocation)
    is_its_own = or_(
        Allocation.kind == AllocationKind.STOCK, need.need_line_id == Allocation.need_line_id
    )
    beside = select(need.id).where(
        need.lot_line_id == Allocation.lot_line_id, need.kind == AllocationKind.NEED, is_its_own
    )
    query = (
        select(Allocation.id, Allocation.kind)
        .where(Allocation.kind != AllocationKind.NEED, ~beside.exists())
        .order_by(Allocation.id)
    )
    for allocation_id, kind in db.session.execute(query):
        yield f"allocation {allocation_id} ({kind}) stands beside no need that it rounds up"


def _released() -> Iterator[str]:
    """An unsuccessful lot gives back all that it held; no other lot gives anything back."""
    gave_back = and_(Lot.state == LotState.UNSUCCESSFUL, Lot.released_on.is_not(None))
    query = (
        select(Allocation.id, Allocation.is_released, Lot.id)
        .join(LotLine, LotLine.id == Allocation.lot_line_id)
        .join(Lot, Lot.id == LotLine.lot_id)
        .where(Allocation.is_released != gave_back)
        .order_by(Allocation.id)
    )
    for allocation_id, is_released, lot_id in db.session.execute(query):
        said = "is released" if is_released else "is not released"
        yield f"allocation {allocation_id} {said}, and its lot {lot_id} says otherwise"


def _tendered() -> Iterator[str]:
    """A need line knows whether a lot gave it back, and no other line says so."""
    given_back = select(Allocation.id).where(
        Allocation.need_line_id == NeedLine.id,
        Allocation.kind == AllocationKind.NEED,
        Allocation.is_released,
    )
    query = select(NeedLine.id).where(NeedLine.was_tendered != given_back.exists())
    for line_id in db.session.scalars(query.order_by(NeedLine.id)):
        yield f"need_line {line_id} and its allocations do not agree on whether it was tendered"
