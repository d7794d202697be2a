"""What the demonstration reads of the database: whether it is one, and what it holds."""

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from procurement.demo.models import Demonstration
from procurement.extensions import db
from procurement.lots.models import Lot
from procurement.members.models import Member
from procurement.needs.models import NeedLine
from procurement.orders.models import Order


class Loaded(NamedTuple):
    """How much there is of each thing."""

    members: int
    need_lines: int
    lots: int
    orders: int


def is_loaded(connection: Connection | None = None) -> bool:
    """Tell whether the database holds the demonstration."""
    query = select(Demonstration.id)
    found = connection.scalar(query) if connection else db.session.scalar(query)
    return found is not None


def counted() -> Loaded:
    """Count what was loaded."""
    tables = (Member, NeedLine, Lot, Order)
    query = select(*(select(func.count()).select_from(one).scalar_subquery() for one in tables))
    return Loaded(*db.session.execute(query).one())
