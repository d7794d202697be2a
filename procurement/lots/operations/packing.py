"""Rounding the lines of a draft lot up to whole packs, and taking it back."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, delete, insert, select

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.database import Record
from procurement.kernel.errors import Refused
from procurement.lots.models import Allocation, AllocationKind, Lot, LotLine
from procurement.lots.operations.holding import lock_drafts, lock_line
from procurement.lots.rules import Surplus, pack_surplus, share_surplus

_ZERO = Decimal(0)


def round_up(line: LotLine, tolerance: Decimal, reason: str, *, actor: Actor) -> None:
    """Round one line of a draft lot up to whole packs of its item.

    What that adds goes to its contributions, to none more than ``tolerance`` percent of its own,
    and else to the stock of the centrale; it never counts as a need. Raises Refused ``lot_frozen``,
    or ``nothing_to_round`` when the line makes whole packs.
    """
    lock_line(line)
    if not _round(LotLine.id == line.id, line, tolerance, reason, actor):
        raise Refused("nothing_to_round", _("This line makes whole packs: nothing is to be added."))


def round_up_lot(lot: Lot, tolerance: Decimal, reason: str, *, actor: Actor) -> int:
    """Round up each line of a draft lot that does not make whole packs; count those lines.

    As :func:`round_up`; ``nothing_to_round`` is for a lot whose lines all make whole packs.
    """
    lock_drafts(lot)
    rounded = _round(LotLine.lot_id == lot.id, lot, tolerance, reason, actor)
    if not rounded:
        sentence = _("Every line of this lot makes whole packs: nothing is to be added.")
        raise Refused("nothing_to_round", sentence)
    return rounded


def unround(line: LotLine, *, actor: Actor) -> None:
    """Take back what rounding up added to a line of a draft lot.

    Raises Refused ``lot_frozen``, or ``not_rounded`` when nothing was added.
    """
    lock_line(line)
    _unround(LotLine.id == line.id, line, actor)


def unround_lot(lot: Lot, *, actor: Actor) -> None:
    """Take back what rounding up added to the lines of a draft lot. As :func:`unround`."""
    lock_drafts(lot)
    _unround(LotLine.lot_id == lot.id, lot, actor)


def drop_rounding(lines: ColumnElement[bool]) -> bool:
    """Delete what was added to these lot lines, whose needs change; tell whether there was any."""
    added = delete(Allocation).where(
        Allocation.kind != AllocationKind.NEED,
        Allocation.lot_line_id.in_(select(LotLine.id).where(lines)),
    )
    return db.session.connection().execute(added).rowcount > 0


def _round(
    lines: ColumnElement[bool],
    rounded: Lot | LotLine,
    tolerance: Decimal,
    reason: str,
    actor: Actor,
) -> int:
    surpluses = dict(_surpluses(lines, tolerance))
    if not surpluses:
        return 0
    # Packs may have changed since the last time: what that added is no part of this.
    drop_rounding(LotLine.id.in_(list(surpluses)))
    rows = [row for line_id, one in surpluses.items() for row in _rows(line_id, one, reason)]
    if rows:
        db.session.connection().execute(insert(Allocation), rows)
    audit.record(
        db.session(),
        actor,
        "lots.round_up",
        rounded,
        lines=len(surpluses),
        added=sum((row["quantity"] for row in rows), _ZERO),
        stock=sum((one.stock for one in surpluses.values()), _ZERO),
        tolerance=tolerance,
        reason=reason,
    )
    return len(surpluses)


def _surpluses(lines: ColumnElement[bool], tolerance: Decimal) -> Iterator[tuple[int, Surplus]]:
    """What the needs of each of the lines that do not make whole packs are to be given."""
    found: dict[int, list[Record]] = defaultdict(list)
    for row in db.session.execute(_contributions(lines)):
        found[row.lot_line_id].append(row)
    for line_id, rows in found.items():
        pack_size = rows[0].pack_size
        if pack_surplus(sum((row.quantity for row in rows), _ZERO), pack_size):
            needs = {
                row.need_line_id: row.quantity for row in rows if row.kind is AllocationKind.NEED
            }
            surplus = pack_surplus(sum(needs.values(), _ZERO), pack_size)
            yield line_id, share_surplus(surplus, needs, tolerance)


def _contributions(lines: ColumnElement[bool]) -> Any:
    return (
        select(
            Allocation.lot_line_id,
            Allocation.need_line_id,
            Allocation.kind,
            Allocation.quantity,
            Item.pack_size,
        )
        .join(LotLine, LotLine.id == Allocation.lot_line_id)
        .join(Item, Item.id == LotLine.item_id)
        .where(lines)
        .order_by(Allocation.lot_line_id, Allocation.need_line_id)
    )


def _rows(line_id: int, surplus: Surplus, reason: str) -> list[dict[str, Any]]:
    given: list[tuple[int | None, AllocationKind, Decimal]] = [
        (need_line_id, AllocationKind.SHARED, quantity)
        for need_line_id, quantity in surplus.shared.items()
    ]
    if surplus.stock:
        given.append((None, AllocationKind.STOCK, surplus.stock))
    return [
        {
            "lot_line_id": line_id,
            "need_line_id": need_line_id,
            "kind": kind,
            "quantity": quantity,
            "reason": reason,
            "is_released": False,
        }
        for need_line_id, kind, quantity in given
    ]


def _unround(lines: ColumnElement[bool], rounded: Lot | LotLine, actor: Actor) -> None:
    if not drop_rounding(lines):
        raise Refused("not_rounded", _("Nothing was added to these quantities."))
    audit.record(db.session(), actor, "lots.unround", rounded)
