"""The proof of orders: every figure made again from what it rests on, every difference named."""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select

from procurement.agreements.models import Agreement, AgreementPrice, Beneficiary
from procurement.extensions import db
from procurement.kernel import money
from procurement.kernel.audit import AuditEntry
from procurement.kernel.database import Amount, Query, Record
from procurement.lots.models import Allocation
from procurement.needs.models import NeedLine
from procurement.needs.rules import pooled_price
from procurement.orders import rules
from procurement.orders.ledger import EFFECTS, LEVELS, Level
from procurement.orders.models import (
    EntryKind,
    LedgerEntry,
    Order,
    OrderLine,
    OrderSeries,
    OrderState,
)
from procurement.tenders.models import Offer, OfferLine


class Counted(NamedTuple):
    """How much was checked."""

    orders: int
    lines: int
    entries: int
    levels: int


def counted() -> Counted:
    """Count the orders, their lines, the entries of the ledger and the balances."""
    tables = (Order, OrderLine, LedgerEntry, *(level for level, _column in LEVELS))
    query = select(*(select(func.count()).select_from(one).scalar_subquery() for one in tables))
    orders, lines, entries, *levels = db.session.execute(query).one()
    return Counted(orders, lines, entries, sum(levels))


def faults() -> Iterator[str]:
    """Name each row that no longer agrees with what it rests on."""
    for level, column in LEVELS:
        yield from _balances(level, column)
    yield from _listed_prices()
    yield from _orders()
    yield from _confirmation_days()
    for kind, expected in _EXPECTED.items():
        yield from _missing_entries(kind, expected)
    yield from _wrong_entries()
    yield from _series()


def _balances(level: Level, column: str) -> Iterator[str]:
    """Build the two balances of each row of a level again from the ledger."""
    of_level = getattr(LedgerEntry, column)
    sums = (
        select(of_level.label("row_id"), _effect(0).label("reserved"), _effect(1).label("consumed"))
        .group_by(of_level)
        .subquery()
    )
    reserved = func.coalesce(sums.c.reserved, 0)
    consumed = func.coalesce(sums.c.consumed, 0)
    query = (
        select(level.id, level.reserved, level.consumed, reserved, consumed)
        .outerjoin(sums, sums.c.row_id == level.id)
        .where(or_(level.reserved != reserved, level.consumed != consumed))
        .order_by(level.id)
    )
    for row_id, kept, used, kept_again, used_again in db.session.execute(query):
        yield (
            f"{level.__tablename__} {row_id}: reserved {kept} and consumed {used},"
            f" but its ledger entries make {kept_again} and {used_again}"
        )


def _effect(side: int) -> ColumnElement[Any]:
    """Sum what the entries do to reserved (side 0) or consumed (side 1)."""
    amount = LedgerEntry.amount
    signed = [
        (LedgerEntry.kind == kind, amount if effect[side] > 0 else -amount)
        for kind, effect in EFFECTS.items()
        if effect[side]
    ]
    return func.sum(case(*signed, else_=literal(Decimal(0), Amount)))


def _listed_prices() -> Iterator[str]:
    """Compare the first version of each price list with the offer that was chosen."""
    chosen = (
        select(Offer.tender_id, OfferLine.lot_line_id, OfferLine.unit_price)
        .join(OfferLine, OfferLine.offer_id == Offer.id)
        .where(Offer.is_chosen)
        .subquery()
    )
    listed, offered = AgreementPrice.unit_price, chosen.c.unit_price
    query = (
        select(AgreementPrice.id, listed, offered)
        .join(Agreement, Agreement.id == AgreementPrice.agreement_id)
        .outerjoin(
            chosen,
            and_(
                chosen.c.tender_id == Agreement.tender_id,
                chosen.c.lot_line_id == AgreementPrice.lot_line_id,
            ),
        )
        .where(AgreementPrice.price_version == 1, or_(offered.is_(None), listed != offered))
        .order_by(AgreementPrice.id)
    )
    for price_id, price, asked in db.session.execute(query):
        yield f"agreement_price {price_id}: unit price {price}, the chosen offer says {asked}"


def _orders() -> Iterator[str]:
    rows = db.session.execute(_lines_with_sources().execution_options(yield_per=2000))
    for _order_id, lines in groupby(rows, key=lambda row: row.order_id):
        yield from _order_faults(list(lines))


def _lines_with_sources() -> Query:
    """Select every order with its lines, the prices they copy and the need lines they cite."""
    is_fed = exists().where(
        Allocation.need_line_id == OrderLine.reference_line_id,
        Allocation.lot_line_id == AgreementPrice.lot_line_id,
    )
    head = [getattr(Order, name) for name in rules.FrozenHead._fields]
    line = [getattr(OrderLine, name).label(f"line_{name}") for name in rules.FrozenLine._fields]
    return (
        select(
            Order.id.label("order_id"),
            Order.state,
            Order.amount,
            Order.check_figure,
            *head,
            OrderLine.id.label("line_id"),
            *line,
            AgreementPrice.agreement_id.label("price_agreement_id"),
            AgreementPrice.item_id.label("price_item_id"),
            AgreementPrice.unit_price.label("price_unit_price"),
            AgreementPrice.vat_rate.label("price_vat_rate"),
            NeedLine.member_id.label("need_member_id"),
            NeedLine.paid_price,
            NeedLine.quantity.label("need_quantity"),
            NeedLine.pool_quantity,
            is_fed.label("is_fed"),
        )
        .outerjoin(OrderLine, OrderLine.order_id == Order.id)
        .outerjoin(AgreementPrice, AgreementPrice.id == OrderLine.price_id)
        .outerjoin(NeedLine, NeedLine.id == OrderLine.reference_line_id)
        .order_by(Order.id, OrderLine.position, OrderLine.id)
    )


def _order_faults(rows: Sequence[Record]) -> Iterator[str]:
    order, lines = rows[0], [row for row in rows if row.line_id is not None]
    total = sum((row.line_amount for row in lines), Decimal(0))
    if order.amount != total:
        yield f"purchase_order {order.order_id}: amount {order.amount}, its lines make {total}"
    for row in lines:
        yield from _price_faults(row)
        if row.line_reference_line_id is not None:
            yield from _reference_faults(row)
    if order.state is not OrderState.DRAFT and order.check_figure != _figure(order, lines):
        yield f"purchase_order {order.order_id}: it, or a line of it, changed after submission"


def _figure(order: Record, lines: Sequence[Record]) -> str:
    head = rules.FrozenHead(*(getattr(order, name) for name in rules.FrozenHead._fields))
    names = [f"line_{name}" for name in rules.FrozenLine._fields]
    frozen = (rules.FrozenLine(*(getattr(row, name) for name in names)) for row in lines)
    return rules.check_figure(head, frozen)


def _price_faults(row: Record) -> Iterator[str]:
    amount = money.line_amount(row.line_quantity, row.line_unit_price)
    if row.line_amount != amount:
        yield f"order_line {row.line_id}: amount {row.line_amount}, price × quantity is {amount}"
    source = f"agreement_price {row.line_price_id}"
    for what, copied, listed in (
        ("unit price", row.line_unit_price, row.price_unit_price),
        ("VAT rate", row.line_vat_rate, row.price_vat_rate),
        ("item", row.line_item_id, row.price_item_id),
        ("agreement", row.agreement_id, row.price_agreement_id),
    ):
        if copied != listed:
            yield f"order_line {row.line_id}: {what} {copied}, {source} says {listed}"


def _reference_faults(row: Record) -> Iterator[str]:
    source = f"need_line {row.line_reference_line_id}"
    paid = pooled_price(row.paid_price, row.need_quantity, row.pool_quantity or row.need_quantity)
    if row.line_reference_price != paid:
        yield (
            f"order_line {row.line_id}: reference price {row.line_reference_price},"
            f" {source} says {paid}"
        )
    amount = money.line_amount(row.line_quantity, row.line_reference_price)
    if row.line_reference_amount != amount:
        yield (
            f"order_line {row.line_id}: reference amount {row.line_reference_amount},"
            f" reference price × quantity is {amount}"
        )
    if row.need_member_id != row.member_id or not row.is_fed:
        yield f"order_line {row.line_id}: {source} is not the member's own for this lot line"


_WAS_CONFIRMED = Order.confirmed_on.is_not(None)
_ENDED = Order.state.in_((OrderState.REFUSED, OrderState.CANCELLED))
#: Of which orders the ledger has an entry of each kind.
_EXPECTED: dict[EntryKind, ColumnElement[bool]] = {
    EntryKind.RESERVE: Order.state != OrderState.DRAFT,
    EntryKind.CONFIRM: _WAS_CONFIRMED,
    EntryKind.RELEASE: _ENDED & ~_WAS_CONFIRMED,
    EntryKind.CANCEL: _ENDED & _WAS_CONFIRMED,
}


def _missing_entries(kind: EntryKind, expected: ColumnElement[bool]) -> Iterator[str]:
    entered = exists().where(LedgerEntry.order_id == Order.id, LedgerEntry.kind == kind)
    for order_id in db.session.scalars(
        select(Order.id).where(expected, ~entered).order_by(Order.id)
    ):
        yield f"purchase_order {order_id}: its {kind} entry is missing from ledger_entry"


def _wrong_entries() -> Iterator[str]:
    is_expected = case(
        *((LedgerEntry.kind == kind, case((test, 1), else_=0)) for kind, test in _EXPECTED.items())
    )
    is_its_own = and_(
        LedgerEntry.agreement_id == Order.agreement_id,
        LedgerEntry.holder_id == Order.holder_id,
        Beneficiary.agreement_id == Order.agreement_id,
        Beneficiary.member_id == Order.member_id,
    )
    checks = (
        ("is not called for by the state of its order", is_expected == 1),
        ("does not have the amount of its order", LedgerEntry.amount == Order.amount),
        ("names another agreement, holder or beneficiary than its order", is_its_own),
    )
    for fault, holds in checks:
        query = (
            select(LedgerEntry.id, LedgerEntry.kind, LedgerEntry.order_id)
            .outerjoin(Order, Order.id == LedgerEntry.order_id)
            .outerjoin(Beneficiary, Beneficiary.id == LedgerEntry.beneficiary_id)
            .where(func.coalesce(case((holds, 1), else_=0), 0) == 0)
            .order_by(LedgerEntry.id)
        )
        for entry_id, kind, order_id in db.session.execute(query):
            yield f"ledger_entry {entry_id} ({kind} of purchase_order {order_id}) {fault}"


def _confirmation_days() -> Iterator[str]:
    """Compare the day of each confirmation, later than the check figure, with the journal's."""
    entry = and_(
        AuditEntry.object_type == Order.__tablename__,
        AuditEntry.object_id == Order.id,
        AuditEntry.verb == "orders.confirm",
    )
    query = (
        select(Order.id, Order.confirmed_on, AuditEntry.changes)
        .outerjoin(AuditEntry, entry)
        .where(_WAS_CONFIRMED)
        .order_by(Order.id, AuditEntry.id)
    )
    rows = db.session.execute(query.execution_options(yield_per=2000))
    for order_id, entries in groupby(rows, key=lambda row: row.id):
        last = list(entries)[-1]
        told = json.loads(last.changes or "{}").get("confirmed_on")
        if told != last.confirmed_on.isoformat():
            yield (
                f"purchase_order {order_id}: confirmed on {last.confirmed_on},"
                f" the journal says {told}"
            )


def _series() -> Iterator[str]:
    """A number is taken in the transaction of its order, so that a year has no gap."""
    year = func.substr(Order.number, 1, 4)
    query = select(year, func.count()).where(Order.number.is_not(None)).group_by(year)
    numbered = {int(row[0]): row[1] for row in db.session.execute(query)}
    given = {one.year: one for one in db.session.scalars(select(OrderSeries))}
    for one_year in sorted(numbered.keys() | given.keys()):
        last, found = given[one_year].last if one_year in given else 0, numbered.get(one_year, 0)
        if last != found:
            yield f"order_series {one_year}: {last} numbers given, {found} orders bear one"
