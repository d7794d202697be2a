"""A frozen lot is as it was frozen, and its sheet says the same."""

import json
from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import and_, select

from procurement.extensions import db
from procurement.lots.models import Lot, LotLine, LotState, SheetVersion
from procurement.lots.verification.figures import check_figures


def faults() -> Iterator[str]:
    """Name each lot and version of a sheet that does not fit the other."""
    yield from _lots()
    yield from _versions()
    yield from _sheets()


def _lots() -> Iterator[str]:
    """The check figure of a frozen lot is that of its rows."""
    is_frozen = Lot.state != LotState.DRAFT
    figures = check_figures(is_frozen)
    query = select(Lot.id, Lot.check_figure).where(is_frozen).order_by(Lot.id)
    for lot_id, figure in db.session.execute(query):
        if figures.get(lot_id) != figure:
            yield f"lot {lot_id} no longer has the lines and allocations of its check figure"


def _versions() -> Iterator[str]:
    """The last version of a sheet has the day and the figure of its lot; a draft's is thawed."""
    is_draft = Lot.state == LotState.DRAFT
    is_right = and_(
        SheetVersion.check_figure == Lot.check_figure,
        SheetVersion.frozen_on == Lot.frozen_on,
        SheetVersion.thawed_on.is_not(None) == is_draft,
    )
    found = (
        select(SheetVersion.id)
        .where(SheetVersion.lot_id == Lot.id, SheetVersion.number == Lot.sheet_version, is_right)
        .exists()
    )
    query = select(Lot.id, Lot.sheet_version).where(Lot.sheet_version > 0, ~found)
    for lot_id, number in db.session.execute(query.order_by(Lot.id)):
        yield f"lot {lot_id} has no version {number} of its sheet with its day and check figure"


def _sheets() -> Iterator[str]:
    """The last version of the sheet of a frozen lot has the lines of the lot."""
    lines: dict[int, list[list[object]]] = defaultdict(list)
    is_frozen = Lot.state != LotState.DRAFT
    query = (
        select(LotLine.lot_id, LotLine.item_id, LotLine.quantity)
        .join(Lot, Lot.id == LotLine.lot_id)
        .where(is_frozen, LotLine.quantity.is_not(None))
        .order_by(LotLine.lot_id, LotLine.position)
    )
    for lot_id, item_id, quantity in db.session.execute(query):
        lines[lot_id].append([item_id, f"{quantity:.3f}"])
    sheets = (
        select(SheetVersion.id, SheetVersion.lot_id, SheetVersion.lines)
        .join(Lot, Lot.id == SheetVersion.lot_id)
        .where(is_frozen, SheetVersion.number == Lot.sheet_version)
        .order_by(SheetVersion.id)
    )
    for sheet_id, lot_id, written in db.session.execute(sheets):
        if json.loads(written) != lines[lot_id]:
            yield f"sheet_version {sheet_id} does not have the lines of lot {lot_id}"
