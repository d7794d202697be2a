"""What must hold of needs and lots whatever happened, asked of the database itself."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Subquery, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from procurement.extensions import db
from procurement.lots import rules
from procurement.lots.models import Allocation, AllocationKind, Lot, LotLine, LotState
from procurement.needs import rules as needs
from procurement.needs.models import Need, NeedLine, NeedState
from procurement.needs.queries import CHECKED


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


def faults() -> Iterator[str]:
    """Name each row of needs and lots that does not fit the others."""
    yield from _lot_lines()
    yield from _need_lines()
    yield from _strays()
    yield from _lots()
    yield from _needs()


def counted() -> str:
    """Say in one line how much there is to check."""
    tables = (NeedLine, Lot, LotLine, Allocation)
    counts = [select(func.count()).select_from(table).scalar_subquery() for table in tables]
    validated = select(func.count()).where(Need.state == NeedState.VALIDATED).scalar_subquery()
    row = db.session.execute(select(validated, *counts)).one()
    return (
        f"{row[0]} validated needs, {row[1]} need lines, {row[2]} lots, {row[3]} lot lines and "
        f"{row[4]} allocations checked"
    )


def _summed(key: InstrumentedAttribute[Any], which: ColumnElement[bool]) -> Subquery:
    total = func.sum(Allocation.quantity).label("total")
    return select(key.label("key"), total).where(which).group_by(key).subquery()


def _lot_lines() -> Iterator[str]:
    """What was frozen is the sum of the allocations."""
    summed = _summed(Allocation.lot_line_id, true())
    total = func.coalesce(summed.c.total, 0)
    query = (
        select(LotLine.id, LotLine.quantity, total)
        .join(Lot, Lot.id == LotLine.lot_id)
        .outerjoin(summed, summed.c.key == LotLine.id)
        .where(Lot.state != LotState.DRAFT, func.coalesce(LotLine.quantity, 0) != total)
        .order_by(LotLine.id)
    )
    for line_id, quantity, allotted in db.session.execute(query):
        yield f"lot_line {line_id} says {quantity}, its allocations make {allotted}"


def _need_lines() -> Iterator[str]:
    """What is allotted is the sum of what lots hold, never above a validated quantity."""
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
            f"need_line {line_id} asks for {quantity if is_pooled else 'nothing validated'}, "
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
    """An allocation joins a need and a lot of one campaign, on one item."""
    query = (
        select(Allocation.id)
        .join(LotLine, LotLine.id == Allocation.lot_line_id)
        .join(Lot, Lot.id == LotLine.lot_id)
        .join(NeedLine, NeedLine.id == Allocation.need_line_id)
        .where(
            or_(LotLine.item_id != NeedLine.pool_item_id, Lot.campaign_id != NeedLine.campaign_id)
        )
        .order_by(Allocation.id)
    )
    for allocation_id in db.session.scalars(query):
        yield f"allocation {allocation_id} joins a need line to a lot of something else"


def _lots() -> Iterator[str]:
    """The check figure of a frozen lot is that of its rows."""
    is_frozen = Lot.state != LotState.DRAFT
    figures = check_figures(is_frozen)
    query = select(Lot.id, Lot.check_figure).where(is_frozen).order_by(Lot.id)
    for lot_id, figure in db.session.execute(query):
        if figures.get(lot_id) != figure:
            yield f"lot {lot_id} no longer has the lines and allocations of its check figure"


def _needs() -> Iterator[str]:
    """The lines of a validated need are those that were validated, and they alone are marked so."""
    validated = Need.state == NeedState.VALIDATED
    marked = select(NeedLine.id).join(NeedLine.need).where(NeedLine.is_validated != validated)
    for line_id in db.session.scalars(marked.order_by(NeedLine.id)):
        yield f"need_line {line_id} and its need do not agree on whether it is validated"
    query = (
        select(
            Need.id,
            Need.check_figure,
            NeedLine.id,
            *CHECKED,
        )
        .outerjoin(NeedLine, NeedLine.need_id == Need.id)
        .where(validated)
        .order_by(Need.id, NeedLine.id)
    )
    rows = db.session.execute(query)
    for (need_id, figure), group in groupby(rows, key=itemgetter(0, 1)):
        # A need that answers that nothing is needed comes as one row without a line.
        lines = [row for row in group if row[2] is not None]
        if needs.check_figure(tuple(row[3:]) for row in lines) != figure:
            names = ", ".join(f"need_line {row[2]}" for row in lines) or "no line"
            yield f"need {need_id} no longer has the lines of its check figure: {names}"
