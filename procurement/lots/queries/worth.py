"""What lots are estimated at."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, cast, func, select, type_coerce

from procurement.extensions import db
from procurement.kernel.database import Amount
from procurement.lots.models import Allocation, LotLine


class Worth(NamedTuple):
    """What a lot is estimated at, in euros before VAT, and how many of its lines have no price."""

    amount: Decimal
    unpriced: int


def worth(lot_ids: Iterable[int]) -> dict[int, Worth]:
    """Estimate lots: quantities as they stand, at the estimated price of each line.

    That is for the quantities alone, each line rounded to the cent; how long the contract lasts and
    what it may grow by is counted when the purchase is valued.
    """
    # Thousandths of a unit by hundredths of a cent, half up to whole cents.
    cents = (total() * whole(LotLine.estimated_price) + 50_000) // 100_000
    query = (
        select(
            LotLine.lot_id,
            type_coerce(cast(func.coalesce(func.sum(cents), 0), BigInteger), Amount),
            func.count() - func.count(LotLine.estimated_price),
        )
        .where(LotLine.lot_id.in_(list(lot_ids)))
        .group_by(LotLine.lot_id)
    )
    return {row[0]: Worth(row[1], row[2]) for row in db.session.execute(query)}


def whole(value: Any) -> ColumnElement[int]:
    """Take an exact value as the whole number that it is stored as."""
    return cast(type_coerce(value, BigInteger), BigInteger)


def total() -> ColumnElement[int]:
    """What a lot line buys: what was frozen, or what its allocations make while it is a draft."""
    summed = (
        select(whole(func.sum(Allocation.quantity)))
        .where(Allocation.lot_line_id == LotLine.id)
        .correlate(LotLine)
        .scalar_subquery()
    )
    return func.coalesce(whole(LotLine.quantity), summed, 0)
