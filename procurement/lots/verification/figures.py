"""The check figures of lots, made from their rows as they stand."""

from collections import defaultdict

from sqlalchemy import ColumnElement, func, select

from procurement.extensions import db
from procurement.lots import rules
from procurement.lots.models import Allocation, Lot, LotLine
from procurement.needs.models import NeedLine


def check_figures(lots: ColumnElement[bool]) -> dict[int, str]:
    """Compute the check figure of each of these lots from its rows as they stand."""
    lines = (
        select(LotLine.lot_id, LotLine.item_id, func.coalesce(LotLine.quantity, 0))
        .join(Lot, Lot.id == LotLine.lot_id)
        .where(lots)
        .order_by(LotLine.lot_id, LotLine.position)
    )
    allocations = (
        select(
            LotLine.lot_id,
            Allocation.kind,
            Allocation.need_line_id,
            LotLine.item_id,
            NeedLine.member_id,
            NeedLine.departement,
            Allocation.quantity,
        )
        .join(LotLine, LotLine.id == Allocation.lot_line_id)
        .join(Lot, Lot.id == LotLine.lot_id)
        .outerjoin(NeedLine, NeedLine.id == Allocation.need_line_id)
        .where(lots)
    )
    checked: dict[int, tuple[list[rules.CheckedLine], list[rules.CheckedAllocation]]]
    checked = defaultdict(lambda: ([], []))
    for lot_id, item_id, quantity in db.session.execute(lines):
        checked[lot_id][0].append((item_id, quantity))
    for row in db.session.execute(allocations):
        checked[row.lot_id][1].append(rules.CheckedAllocation(*row[1:]))
    return {lot_id: rules.check_figure(*rows) for lot_id, rows in checked.items()}
