"""The papers that the chain ends in, written to a folder for whoever wants to look first."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from flask_babel import gettext as _
from sqlalchemy import func, select

from procurement.demo import accounts
from procurement.extensions import db
from procurement.kernel import language
from procurement.lots.editions import Edition, file_name, lot_sheet
from procurement.lots.models import Allocation, Lot, LotLine, LotState
from procurement.members.models import Member, MemberKind
from procurement.orders.models import Order, OrderLine, OrderState
from procurement.orders.paper import letterhead_on, order_paper
from procurement.savings import paper, queries
from procurement.savings.queries import Scope


class Output(NamedTuple):
    """A file and what it holds."""

    name: str
    content: bytes


def write(folder: Path, today: date) -> list[Path]:
    """Write every paper of the demonstration; a second time replaces the first."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for output in _outputs(today):
        path = folder / output.name
        path.write_bytes(output.content)
        written.append(path)
    return written


def _outputs(today: date) -> Iterator[Output]:
    lot, member, mark = _largest_lot(), _telling_member(), _("Demonstration: invented data")
    for edition in Edition:
        yield Output(file_name(lot, edition), lot_sheet(lot, edition, mark))
    order = _longest_order(member)
    letterhead = letterhead_on(order.confirmed_on or today)
    yield Output(f"order-{order.number}.pdf", order_paper(order, letterhead, mark))
    statement = queries.statement(Scope(member.id), language.current())
    yield Output(
        f"savings-{member.siren}.pdf", paper.statement(member.name, statement, today, mark)
    )
    report = queries.report(Scope(), language.current())
    yield Output("savings-territory.pdf", paper.report(report, today, mark))


def _largest_lot() -> Lot:
    """The frozen lot that the most need lines feed."""
    query = (
        select(Lot)
        .join(LotLine, LotLine.lot_id == Lot.id)
        .join(Allocation, Allocation.lot_line_id == LotLine.id)
        .where(Lot.state != LotState.DRAFT)
        .group_by(Lot.id)
        .order_by(func.count().desc(), Lot.id)
        .limit(1)
    )
    return db.session.scalars(query).one()


def _telling_member() -> Member:
    """The commune that signs in and has the most confirmed order lines: it has much to read."""
    query = (
        select(Member)
        .join(Order, Order.member_id == Member.id)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(
            Member.siren.in_(accounts.DOMAINS),
            Member.kind == MemberKind.COMMUNE,
            Order.state == OrderState.CONFIRMED,
        )
        .group_by(Member.id)
        .order_by(func.count().desc(), Member.id)
        .limit(1)
    )
    return db.session.scalars(query).one()


def _longest_order(member: Member) -> Order:
    query = (
        select(Order)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.member_id == member.id, Order.state == OrderState.CONFIRMED)
        .group_by(Order.id)
        .order_by(func.count().desc(), Order.id)
        .limit(1)
    )
    return db.session.scalars(query).one()
