"""The life of a lot: it is frozen under a check figure, and becomes a version of its sheet."""

import json
from datetime import date

from sqlalchemy import func, select, update

from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.lots import verification
from procurement.lots.models import Allocation, Lot, LotLine, LotState, SheetVersion
from procurement.lots.operations.holding import lock


def freeze(lot: Lot, *, actor: Actor, today: date) -> None:
    """Fix the quantities of a lot as the sums of its allocations, under a check figure.

    From here on its sheet can be sent, and it no longer changes.
    """
    session = db.session()
    lock(lot)
    moved = lot.move(LotState.FROZEN)
    total = (
        select(func.sum(Allocation.quantity))
        .where(Allocation.lot_line_id == LotLine.id)
        .scalar_subquery()
    )
    # A frozen lot without its figure is no lot, say its constraints: it is written in one piece.
    with session.no_autoflush:
        session.connection().execute(
            update(LotLine).where(LotLine.lot_id == lot.id).values(quantity=total)
        )
        lot.check_figure = verification.check_figures(Lot.id == lot.id)[lot.id]
    lot.sheet_version += 1
    lot.frozen_on = today
    _keep_version(lot, actor, today)
    audit.record(
        session,
        actor,
        "lots.freeze",
        lot,
        state=moved,
        sheet_version=lot.sheet_version,
        check_figure=lot.check_figure,
    )


def _keep_version(lot: Lot, actor: Actor, today: date) -> None:
    session = db.session()
    session.flush()
    lines = session.execute(
        select(LotLine.item_id, LotLine.quantity)
        .where(LotLine.lot_id == lot.id)
        .order_by(LotLine.position)
    )
    session.add(
        SheetVersion(
            lot_id=lot.id,
            number=lot.sheet_version,
            frozen_on=today,
            check_figure=lot.check_figure,
            lines=json.dumps([[item_id, f"{quantity:.3f}"] for item_id, quantity in lines]),
            person_id=actor.person_id,
        )
    )
