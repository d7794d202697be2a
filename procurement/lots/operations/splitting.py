"""Needs split across lots: how much of each a draft lot takes, and lines moved to another lot."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import bindparam, delete, func, insert, literal, select, update
from sqlalchemy.orm import aliased

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel import audit, language
from procurement.kernel.access import Actor
from procurement.kernel.database import Record
from procurement.kernel.errors import Refused
from procurement.lots.models import Allocation, AllocationKind, Lot, LotLine
from procurement.lots.operations.forming import dissolve
from procurement.lots.operations.holding import lock_line
from procurement.lots.operations.packing import drop_rounding
from procurement.needs.models import NeedLine

_ZERO = Decimal(0)
_CHANGED = _("Somebody changed this in the meantime. Check it and try again.")


class Take(NamedTuple):
    """How much of a need line a lot line is to take, and how much it took as the buyer read it.

    ``field`` is where a refusal belongs on the form.
    """

    need_line_id: int
    quantity: Decimal
    was: Decimal
    field: str | None = None


class Effect(NamedTuple):
    """What a change of contributions did besides."""

    #: Whether it took away what rounding up to whole packs had added.
    is_unrounded: bool
    #: Whether nothing is left: the line, or the lot that lost its last line, is gone.
    is_gone: bool


def take(line: LotLine, takes: Sequence[Take], *, actor: Actor) -> Effect:
    """Set how much a line of a draft lot takes of need lines of its item; 0 leaves them out.

    Raises Refused ``lot_frozen``; ``too_much`` beyond what the need line has and other lots leave;
    ``not_pooled`` for one that asks for something else; ``stale`` where somebody changed
    it since it was read; ``last_line`` when nothing would be left in the lot.
    """
    lock_line(line)
    _check_once(takes)
    standing = _standing(line, [one.need_line_id for one in takes])
    changes = [one for one in takes if _is_change(one, standing)]
    if not changes:
        return Effect(is_unrounded=False, is_gone=False)
    is_unrounded = drop_rounding(LotLine.id == line.id)
    _write(line, changes, standing)
    audit.record(
        db.session(),
        actor,
        "lots.take",
        line,
        needs=[
            (one.need_line_id, standing[one.need_line_id].taken, one.quantity) for one in changes
        ],
        is_unrounded=is_unrounded,
    )
    return Effect(is_unrounded, _removed_empty(line))


def move(line: LotLine, into: Lot, *, actor: Actor) -> Effect:
    """Move a whole line to another draft lot of the campaign, where it joins that of its item.

    The lot that it leaves is dissolved when it was its last. Raises Refused ``lot_frozen`` when one
    of the two is no draft, ``other_campaign`` when ``into`` is the same lot or of another campaign.
    """
    lot = line.lot
    if into.id == lot.id or into.campaign_id != lot.campaign_id:
        raise Refused("other_campaign", _("Choose another lot of this campaign."), "lot_id")
    lock_line(line, into)
    target = _line_in(into, line)
    is_unrounded = drop_rounding(LotLine.id.in_([line.id, target]))
    _pour(line.id, target)
    audit.record(
        db.session(),
        actor,
        "lots.move_line",
        into,
        item_id=line.item_id,
        from_lot=lot.number,
        is_unrounded=is_unrounded,
    )
    is_gone = not _delete_line(line)
    _renumber(into)
    if is_gone:
        dissolve(lot, actor=actor)
    return Effect(is_unrounded, is_gone)


def _check_once(takes: Sequence[Take]) -> None:
    """Check that no need line is there twice: the second would be added to the first."""
    seen: set[int] = set()
    for one in takes:
        if one.need_line_id in seen:
            raise Refused("stale", _CHANGED, one.field)
        seen.add(one.need_line_id)


def _standing(line: LotLine, need_line_ids: Sequence[int]) -> Mapping[int, Record]:
    """What each need line has, is allotted anywhere and gives to this line."""
    taken = func.coalesce(Allocation.quantity, literal(_ZERO, Allocation.quantity.type))
    rows = db.session.execute(
        select(
            NeedLine.id,
            NeedLine.pool_quantity,
            NeedLine.allotted,
            taken.label("taken"),
        )
        .outerjoin(
            Allocation,
            (Allocation.need_line_id == NeedLine.id)
            & (Allocation.lot_line_id == line.id)
            & (Allocation.kind == AllocationKind.NEED),
        )
        .where(
            NeedLine.id.in_(need_line_ids),
            NeedLine.campaign_id == line.lot.campaign_id,
            NeedLine.is_pooled,
            NeedLine.pool_item_id == line.item_id,
        )
    )
    return {row.id: row for row in rows}


def _is_change(one: Take, standing: Mapping[int, Record]) -> bool:
    row = standing.get(one.need_line_id)
    if row is None:
        sentence = _("This need is no longer in the pool of this item.")
        raise Refused("not_pooled", sentence, one.field)
    if row.taken != one.was:
        raise Refused("stale", _CHANGED, one.field)
    most = row.pool_quantity - (row.allotted - row.taken)
    if one.quantity > most:
        sentence = _(
            "At most %(most)s: the need has no more, or other lots take the rest.",
            most=language.quantity(most),
        )
        raise Refused("too_much", sentence, one.field)
    return bool(one.quantity != row.taken)


def _write(line: LotLine, changes: Sequence[Take], standing: Mapping[int, Record]) -> None:
    """Write the allocations, and keep ``allotted`` their sum; a constraint stands behind."""
    connection = db.session.connection()
    of_line = (Allocation.lot_line_id == line.id) & (Allocation.kind == AllocationKind.NEED)
    gone = [one.need_line_id for one in changes if not one.quantity]
    if gone:
        connection.execute(delete(Allocation).where(of_line, Allocation.need_line_id.in_(gone)))
    new = [one for one in changes if one.quantity and not standing[one.need_line_id].taken]
    if new:
        connection.execute(insert(Allocation), [_row(line, one) for one in new])
    kept = [one for one in changes if one.quantity and standing[one.need_line_id].taken]
    if kept:
        changed = update(Allocation).where(of_line, Allocation.need_line_id == bindparam("need"))
        rows = [{"need": one.need_line_id, "taken": one.quantity} for one in kept]
        connection.execute(changed.values(quantity=bindparam("taken")), rows)
    more = bindparam("more", type_=NeedLine.allotted.type)
    allotted = update(NeedLine).where(NeedLine.id == bindparam("need"))
    connection.execute(
        allotted.values(allotted=NeedLine.allotted + more),
        [{"need": one.need_line_id, "more": one.quantity - one.was} for one in changes],
    )


def _row(line: LotLine, one: Take) -> dict[str, object]:
    return {
        "lot_line_id": line.id,
        "need_line_id": one.need_line_id,
        "kind": AllocationKind.NEED,
        "quantity": one.quantity,
        "is_released": False,
    }


def _removed_empty(line: LotLine) -> bool:
    """Delete a line that nothing feeds any more; a lot keeps one line at least."""
    fed = select(Allocation.id).where(Allocation.lot_line_id == line.id).limit(1)
    if db.session.scalar(fed) is not None:
        return False
    if not _delete_line(line):
        sentence = _("Nothing would be left in this lot: dissolve it instead.")
        raise Refused("last_line", sentence)
    return True


def _delete_line(line: LotLine) -> bool:
    """Delete a line without allocations; tell whether its lot has others."""
    session, lot = db.session(), line.lot
    session.expire(line, ["allocations"])
    session.delete(line)
    session.flush()
    session.expire(lot, ["lines"])
    _renumber(lot)
    return bool(session.scalar(select(func.count()).where(LotLine.lot_id == lot.id)))


def _line_in(into: Lot, line: LotLine) -> int:
    """Give the id of a lot's line of the same item, made where there is none."""
    session = db.session()
    query = select(LotLine.id).where(LotLine.lot_id == into.id, LotLine.item_id == line.item_id)
    line_id = session.scalar(query)
    if line_id is None:
        last = session.scalar(select(func.max(LotLine.position)).where(LotLine.lot_id == into.id))
        made = LotLine(
            lot_id=into.id,
            item_id=line.item_id,
            position=(last or 0) + 1,
            estimated_price=line.estimated_price,
        )
        session.add(made)
        session.flush()
        session.expire(into, ["lines"])
        line_id = made.id
    return line_id


def _pour(source: int, target: int) -> None:
    """Give one line the needs of another, adding where both take of one need line."""
    connection, other = db.session.connection(), aliased(Allocation)
    both = (other.need_line_id == Allocation.need_line_id) & (other.lot_line_id == source)
    connection.execute(
        update(Allocation)
        .where(Allocation.lot_line_id == target, select(other.id).where(both).exists())
        .values(quantity=Allocation.quantity + select(other.quantity).where(both).scalar_subquery())
    )
    met = select(other.need_line_id).where(other.lot_line_id == target)
    of_source = Allocation.lot_line_id == source
    connection.execute(delete(Allocation).where(of_source, Allocation.need_line_id.in_(met)))
    connection.execute(update(Allocation).where(of_source).values(lot_line_id=target))


def _renumber(lot: Lot) -> None:
    """Number the lines of a lot by the code of their item, as forming does."""
    connection, mine = db.session.connection(), LotLine.lot_id == lot.id
    rank = func.row_number().over(order_by=Item.code)
    ranked = select(LotLine.id, rank).join(Item, Item.id == LotLine.item_id).where(mine)
    rows = [{"line": line_id, "place": place} for line_id, place in connection.execute(ranked)]
    # Two lines never have one position, not even on the way: they pass below zero.
    connection.execute(update(LotLine).where(mine).values(position=-LotLine.position))
    if rows:
        connection.execute(
            update(LotLine)
            .where(LotLine.id == bindparam("line"))
            .values(position=bindparam("place")),
            rows,
        )
