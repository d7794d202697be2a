"""The lists of this room, the price list to order from, and what a member paid before."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache

from sqlalchemy import ScalarSelect, func, or_, select

from procurement.agreements.models import Agreement, AgreementPrice, Beneficiary, Holder
from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.kernel.database import Query, Record
from procurement.lots.models import Allocation, AllocationKind
from procurement.members.models import Member
from procurement.members.rules import plain
from procurement.needs.models import NeedLine
from procurement.needs.rules import pooled_price
from procurement.orders.models import Order, OrderLine, OrderState
from procurement.tenders.models import Supplier

#: What counts as ordered: submitted, and neither refused nor cancelled since.
STANDING = (OrderState.SUBMITTED, OrderState.CONFIRMED)


@lru_cache(maxsize=128)
def order_list(
    actor: Actor, state: str = "", agreement_id: int | None = None, text: str = ""
) -> Query:
    """Select the rows of the list of orders, the latest first."""
    query = (
        select(
            Order.id,
            Order.number,
            Order.state,
            Order.amount,
            Order.member_id,
            Order.created_on,
            Order.submitted_on,
            Agreement.number.label("agreement_number"),
            Agreement.title.label("agreement_title"),
            Member.name.label("member_name"),
            Member.departement,
        )
        .join(Agreement, Agreement.id == Order.agreement_id)
        .join(Member, Member.id == Order.member_id)
        .where(Order.visible_to(actor))
        .order_by(Order.id.desc())
    )
    if state in {one.value for one in OrderState}:
        query = query.where(Order.state == OrderState(state))
    if agreement_id is not None:
        query = query.where(Order.agreement_id == agreement_id)
    if text:
        wanted = text.lower()
        query = query.where(
            or_(
                Order.number.contains(wanted, autoescape=True),
                Member.sort_name.contains(plain(text), autoescape=True),
                func.lower(Agreement.title).contains(wanted, autoescape=True),
            )
        )
    return query


def current_version(agreement_id: int, on: date) -> ScalarSelect[int]:
    """Select the number of the price list in force on a day."""
    return (
        select(func.max(AgreementPrice.price_version))
        .where(AgreementPrice.agreement_id == agreement_id, AgreementPrice.valid_from <= on)
        .scalar_subquery()
    )


def price_list(agreement_id: int, on: date) -> Query:
    """Select the price list in force on a day, in the order of the lot sheet."""
    return (
        select(
            AgreementPrice.id,
            AgreementPrice.position,
            AgreementPrice.lot_line_id,
            AgreementPrice.item_id,
            AgreementPrice.unit_price,
            AgreementPrice.vat_rate,
            Item.code,
            Item.designation,
            Item.unit,
            Item.pack_size,
        )
        .join(Item, Item.id == AgreementPrice.item_id)
        .where(
            AgreementPrice.agreement_id == agreement_id,
            AgreementPrice.price_version == current_version(agreement_id, on),
        )
        .order_by(AgreementPrice.position, AgreementPrice.id)
    )


def order_sheet(agreement_id: int, member_id: int, on: date) -> list[Record]:
    """List the prices to order from, with what the member declared and ordered of each item."""
    declared = (
        select(Allocation.lot_line_id, func.sum(Allocation.quantity).label("quantity"))
        .join(NeedLine, NeedLine.id == Allocation.need_line_id)
        # What rounding up to whole packs added is no need of the member's.
        .where(NeedLine.member_id == member_id, Allocation.kind == AllocationKind.NEED)
        .group_by(Allocation.lot_line_id)
        .subquery()
    )
    ordered = (
        select(AgreementPrice.lot_line_id, func.sum(OrderLine.quantity).label("quantity"))
        .join(OrderLine, OrderLine.price_id == AgreementPrice.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            Order.agreement_id == agreement_id,
            Order.member_id == member_id,
            Order.state.in_(STANDING),
        )
        .group_by(AgreementPrice.lot_line_id)
        .subquery()
    )
    query = (
        price_list(agreement_id, on)
        .add_columns(declared.c.quantity.label("declared"), ordered.c.quantity.label("ordered"))
        .outerjoin(declared, declared.c.lot_line_id == AgreementPrice.lot_line_id)
        .outerjoin(ordered, ordered.c.lot_line_id == AgreementPrice.lot_line_id)
    )
    return list(db.session.execute(query).all())


def first_holder_id(agreement_id: int) -> int | None:
    """Give the holder of the first rank, to whom orders go."""
    return db.session.scalar(
        select(Holder.id).where(Holder.agreement_id == agreement_id).order_by(Holder.rank).limit(1)
    )


def beneficiary(agreement_id: int, member_id: int) -> Beneficiary | None:
    """Give the member's place in the agreement, if it is named there (R2162-6)."""
    return db.session.scalar(
        select(Beneficiary).where(
            Beneficiary.agreement_id == agreement_id, Beneficiary.member_id == member_id
        )
    )


def own_prices(
    member_id: int, site_id: int, lot_line_ids: Iterable[int]
) -> dict[int, tuple[int, Decimal]]:
    """Give for each lot line the (need line, unit price) by which the member knows its saving.

    Its own validated need lines that feed the lot line and say what it paid: the one of the same
    delivery place first, else the price that is in force for the shortest time.
    """
    query = (
        select(
            Allocation.lot_line_id,
            NeedLine.id,
            NeedLine.paid_price,
            NeedLine.quantity,
            NeedLine.pool_quantity,
        )
        .join(NeedLine, NeedLine.id == Allocation.need_line_id)
        .where(
            Allocation.lot_line_id.in_(list(lot_line_ids)),
            NeedLine.member_id == member_id,
            NeedLine.is_pooled,
        )
        .order_by(
            Allocation.lot_line_id,
            (NeedLine.site_id == site_id).desc(),
            NeedLine.paid_since.desc(),
            NeedLine.id,
        )
    )
    found: dict[int, tuple[int, Decimal]] = {}
    for lot_line_id, need_line_id, paid_price, quantity, pooled in db.session.execute(query):
        price = pooled_price(paid_price, quantity, pooled or quantity)
        if price is not None:
            found.setdefault(lot_line_id, (need_line_id, price))
    return found


def lines_of(order: Order) -> list[Record]:
    """List the lines of an order with what a reader wants to see of the item."""
    query = (
        select(
            OrderLine.id,
            OrderLine.price_id,
            OrderLine.quantity,
            OrderLine.unit_price,
            OrderLine.vat_rate,
            OrderLine.amount,
            Item.id.label("item_id"),
            Item.code,
            Item.designation,
            Item.unit,
            Item.pack_size,
        )
        .join(Item, Item.id == OrderLine.item_id)
        .where(OrderLine.order_id == order.id)
        .order_by(OrderLine.position, OrderLine.id)
    )
    return list(db.session.execute(query).all())


def supplier_of(order: Order) -> Supplier:
    """Give the firm that delivers an order."""
    return db.session.scalars(
        select(Supplier)
        .join(Holder, Holder.supplier_id == Supplier.id)
        .where(Holder.id == order.holder_id)
    ).one()
