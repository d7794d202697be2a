"""What was validated is unchanged, and pooled as what it is, merged into another, or left out."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from sqlalchemy import and_, case, func, or_, select, type_coerce

from procurement.extensions import db
from procurement.kernel.database import Quantity
from procurement.needs import rules
from procurement.needs.models import Equivalence, Need, NeedLine, NeedState, Omission
from procurement.needs.operations.pooling import product
from procurement.needs.queries import CHECKED

#: Quantities are whole numbers of this part of a unit.
_THOUSAND = 1000


def faults() -> Iterator[str]:
    """Name each need and need line that does not fit the others."""
    yield from _pooled_as()
    yield from _left_out()
    yield from _needs()


def _pooled_as() -> Iterator[str]:
    """A line is pooled as its own item, or exactly as the one that it was merged into."""
    merged = and_(
        Equivalence.campaign_id == NeedLine.campaign_id,
        Equivalence.item_id == NeedLine.item_id,
        product(NeedLine.quantity, Equivalence.units_each) % _THOUSAND == 0,
    )
    makes = product(NeedLine.quantity, Equivalence.units_each) // _THOUSAND
    item_id = func.coalesce(Equivalence.into_item_id, NeedLine.item_id)
    quantity = type_coerce(
        case((Equivalence.id.is_not(None), makes), else_=NeedLine.quantity), Quantity
    )
    query = (
        select(NeedLine.id, NeedLine.pool_quantity, NeedLine.pool_item_id, quantity, item_id)
        .outerjoin(Equivalence, merged)
        .where(
            NeedLine.is_pooled,
            or_(NeedLine.pool_item_id != item_id, NeedLine.pool_quantity != quantity),
        )
        .order_by(NeedLine.id)
    )
    for line_id, pooled, pooled_as, makes_now, is_now in db.session.execute(query):
        yield (
            f"need_line {line_id} is pooled as {pooled} of item {pooled_as}, "
            f"and makes {makes_now} of item {is_now}"
        )


def _left_out() -> Iterator[str]:
    """What is validated and harmonised is in the pool, or was left out of it: one of the two."""
    is_left_out = select(Omission.id).where(Omission.need_line_id == NeedLine.id).exists()
    waits = and_(NeedLine.is_validated, NeedLine.item_id.is_not(None), ~NeedLine.is_pooled)
    query = (
        select(NeedLine.id, NeedLine.is_pooled)
        .where(or_(and_(NeedLine.is_pooled, is_left_out), and_(waits, ~is_left_out)))
        .order_by(NeedLine.id)
    )
    for line_id, is_pooled in db.session.execute(query):
        said = "both pooled and left out" if is_pooled else "neither pooled nor left out"
        yield f"need_line {line_id} is validated, and {said}"


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
        if rules.check_figure(tuple(row[3:]) for row in lines) != figure:
            names = ", ".join(f"need_line {row[2]}" for row in lines) or "no line"
            yield f"need {need_id} no longer has the lines of its check figure: {names}"
