"""What must hold of needs and lots whatever happened, asked of the database itself."""

from collections.abc import Iterator

from sqlalchemy import func, select

from procurement.extensions import db
from procurement.lots.models import Allocation, Lot, LotLine
from procurement.lots.verification import allotted, frozen, pooled
from procurement.lots.verification.figures import check_figures
from procurement.needs.models import Need, NeedLine, NeedState

__all__ = ["check_figures", "counted", "faults"]


def faults() -> Iterator[str]:
    """Name each row of needs and lots that does not fit the others."""
    yield from allotted.faults()
    yield from frozen.faults()
    yield from pooled.faults()


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
