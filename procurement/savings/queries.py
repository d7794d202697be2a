"""Savings as sums made by the database over the lines of confirmed orders.

Every grouping sums the same lines, so that by member = by lot = by agreement = by département =
by family = total, to the cent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, case, distinct, extract, func, select

from procurement.agreements.models import Agreement
from procurement.catalogue.models import Family, Item
from procurement.extensions import db
from procurement.kernel.database import Query, Record
from procurement.lots.models import Lot
from procurement.members.models import Member
from procurement.needs.models import Campaign, NeedLine
from procurement.orders.models import Order, OrderLine, OrderState
from procurement.savings.rules import ZERO, Saving, summed
from procurement.tenders.models import Tender

DEPARTEMENTS = {"78": "Yvelines", "92": "Hauts-de-Seine"}


@dataclass(frozen=True, slots=True)
class Scope:
    """Which order lines are counted: of one member or of all, confirmed in one year or in any."""

    member_id: int | None = None
    year: int | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """What the order of a counted line must be."""
        found: list[ColumnElement[bool]] = [Order.state == OrderState.CONFIRMED]
        if self.member_id is not None:
            found.append(Order.member_id == self.member_id)
        if self.year is not None:
            found.append(Order.confirmed_on.between(date(self.year, 1, 1), date(self.year, 12, 31)))
        return found


@dataclass(frozen=True, slots=True)
class Part:
    """The saving of one member, lot, agreement, département or family."""

    id: int | str
    label: str
    #: The département of a member, the number of a lot or of an agreement, the code of a family.
    mark: str
    saving: Saving
    #: The campaign of a lot.
    context: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """A saving and what it was computed on."""

    saving: Saving
    orders: int
    #: Since when the prices taken as references were paid: the earliest and the latest day.
    paid_since: tuple[date, date] | None


_COMPARED = case((OrderLine.reference_amount.is_not(None), OrderLine.amount), else_=0)
_REFERENCE = func.coalesce(OrderLine.reference_amount, 0)
_SUMS = (
    func.sum(OrderLine.amount),
    func.sum(_COMPARED),
    func.sum(_REFERENCE),
    func.count(),
    func.count(OrderLine.reference_amount),
)


def _saving(sums: Sequence[Any]) -> Saving:
    ordered, amount, reference, lines, referenced = sums
    return Saving(ordered or ZERO, amount or ZERO, reference or ZERO, lines, referenced)


def _lines(scope: Scope, *columns: Any) -> Query:
    query = select(*columns).select_from(OrderLine).join(Order, Order.id == OrderLine.order_id)
    return query.where(*scope.conditions())


def _parts(query: Query, *keys: Any) -> list[Part]:
    """Group by id, label, mark and perhaps context; the largest saving first, losses last."""
    best = (func.sum(_REFERENCE) - func.sum(_COMPARED)).desc()
    grouped = query.add_columns(*_SUMS).group_by(*keys).order_by(best, *keys[1:], keys[0])
    return [
        Part(
            row[0],
            row[1],
            str(row[2]),
            _saving(row[-len(_SUMS) :]),
            row[3] if len(keys) > 3 else "",
        )
        for row in db.session.execute(grouped)
    ]


def years(member_id: int | None = None) -> list[int]:
    """List the years in which orders were confirmed, the latest first."""
    year = extract("year", Order.confirmed_on)
    query = select(year).where(*Scope(member_id).conditions()).distinct()
    return sorted((int(found) for found in db.session.scalars(query)), reverse=True)


def summary(scope: Scope) -> Summary:
    """Sum everything in scope, with the number of orders and the dates of the references."""
    *sums, orders, first, last = db.session.execute(
        _lines(
            scope,
            *_SUMS,
            func.count(distinct(Order.id)),
            func.min(NeedLine.paid_since),
            func.max(NeedLine.paid_since),
        ).outerjoin(NeedLine, NeedLine.id == OrderLine.reference_line_id)
    ).one()
    return Summary(_saving(sums), orders, (first, last) if first else None)


def by_member(scope: Scope) -> list[Part]:
    """Sum by the member that ordered; the mark is its département."""
    keys = (Member.id, Member.name, Member.departement)
    query = _lines(scope, *keys).join(Member, Member.id == Order.member_id)
    return _parts(query, *keys)


def by_departement(scope: Scope) -> list[Part]:
    """Sum by the département of the member that ordered."""
    key = Member.departement
    query = _lines(scope, key, key, key).join(Member, Member.id == Order.member_id)
    return [
        Part(part.id, DEPARTEMENTS[part.label], part.mark, part.saving)
        for part in _parts(query, key)
    ]


def by_agreement(scope: Scope) -> list[Part]:
    """Sum by agreement; the mark is its number."""
    keys = (Agreement.id, Agreement.title, Agreement.number)
    query = _lines(scope, *keys).join(Agreement, Agreement.id == Order.agreement_id)
    return _parts(query, *keys)


def by_lot(scope: Scope) -> list[Part]:
    """Sum by the lot that the agreement came from; the context is its campaign."""
    keys = (Lot.id, Lot.title, Lot.number, Campaign.title)
    query = (
        _lines(scope, *keys)
        .join(Agreement, Agreement.id == Order.agreement_id)
        .join(Tender, Tender.id == Agreement.tender_id)
        .join(Lot, Lot.id == Tender.lot_id)
        .join(Campaign, Campaign.id == Lot.campaign_id)
    )
    return _parts(query, *keys)


def by_family(scope: Scope, locale: str) -> list[Part]:
    """Sum by purchase family, named in the reader's language; the mark is its code."""
    keys = (Family.id, Family.label_en if locale == "en" else Family.label_fr, Family.code)
    query = (
        _lines(scope, *keys)
        .join(Item, Item.id == OrderLine.item_id)
        .join(Family, Family.id == Item.family_id)
    )
    return _parts(query, *keys)


def lines(scope: Scope) -> Sequence[Record]:
    """List the order lines in scope with their proof, in the order of confirmation."""
    query = (
        _lines(
            scope,
            Order.id.label("order_id"),
            Order.number.label("order_number"),
            Order.confirmed_on,
            Item.designation,
            OrderLine.quantity,
            OrderLine.unit_price,
            OrderLine.amount,
            OrderLine.reference_price,
            OrderLine.reference_amount,
            OrderLine.reference_line_id,
            NeedLine.paid_since,
        )
        .join(Item, Item.id == OrderLine.item_id)
        .outerjoin(NeedLine, NeedLine.id == OrderLine.reference_line_id)
        .order_by(Order.confirmed_on, Order.number, OrderLine.position, OrderLine.id)
    )
    return db.session.execute(query).all()


@dataclass(frozen=True, slots=True)
class Statement:
    """What one member is told: the page and the PDF are both written from it."""

    year: int | None
    summary: Summary
    families: list[Part]
    lots: list[Part]
    lines: Sequence[Record]


def statement(scope: Scope, locale: str) -> Statement:
    """Gather a member's statement."""
    return Statement(
        scope.year, summary(scope), by_family(scope, locale), by_lot(scope), lines(scope)
    )


@dataclass(frozen=True, slots=True)
class Report:
    """What finance is told of the territory: the page and the PDF are both written from it."""

    year: int | None
    summary: Summary
    departements: list[Part]
    lots: list[Part]
    agreements: list[Part]
    families: list[Part]
    members: list[Part]

    @property
    def agrees(self) -> bool:
        """Tell whether every grouping adds up to the total, to the cent and to the line."""
        groupings = (self.departements, self.lots, self.agreements, self.families, self.members)
        sums = [summed(part.saving for part in parts) for parts in groupings]
        return all(one == self.summary.saving for one in sums)

    @property
    def losers(self) -> list[Part]:
        """The members that pay more than before, the largest loss last."""
        return [part for part in self.members if part.saving.saving < 0]


def report(scope: Scope, locale: str) -> Report:
    """Gather the report on the territory."""
    return Report(
        scope.year,
        summary(scope),
        by_departement(scope),
        by_lot(scope),
        by_agreement(scope),
        by_family(scope, locale),
        by_member(scope),
    )
