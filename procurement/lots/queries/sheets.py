"""What the lot sheets print."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, case, distinct, func, select
from sqlalchemy.orm import aliased

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.database import Query, Record
from procurement.lots.models import Allocation, AllocationKind, Lot, LotLine
from procurement.lots.rules import START
from procurement.members.models import Member, MemberKind, Site
from procurement.needs.models import NeedLine

#: Rows that are fetched at once of a result that is read as it is written.
_AT_ONCE = 2000
#: The intercommunality that a body belongs to; one is its own.
AREA = aliased(Member, name="area")
AREA_ID = case(
    (Member.kind == MemberKind.INTERCOMMUNALITY, Member.id), else_=Member.intercommunality_id
)
#: Places of one start of postcode are near each other.
_START = func.substr(Site.postcode, 1, START)


def of_lot(lot: Lot) -> ColumnElement[bool]:
    """Condition on Lot: this one."""
    return Lot.id == lot.id


def streamed(query: Query) -> Iterator[Record]:
    """Read rows as they are wanted, however many there are."""
    return iter(db.session.execute(query.execution_options(yield_per=_AT_ONCE)))


def count_of(query: Query) -> int:
    """Count the rows of a query."""
    counted = select(func.count()).select_from(query.order_by(None).subquery())
    return db.session.scalars(counted).one()


def sheet_lines(chosen: ColumnElement[bool]) -> Sequence[Record]:
    """List lot lines by a condition on Lot, by number of the lot, in the order of the sheet.

    Their quantity is what was frozen; what the allocations make while the lot is a draft.
    """
    total = (
        select(func.sum(Allocation.quantity))
        .where(Allocation.lot_line_id == LotLine.id)
        .correlate(LotLine)
        .scalar_subquery()
    )
    return db.session.execute(
        select(
            LotLine.id,
            LotLine.position,
            func.coalesce(LotLine.quantity, total, 0, type_=LotLine.quantity.type).label(
                "quantity"
            ),
            LotLine.estimated_price,
            Lot.number,
            Lot.title,
            Lot.state,
            Item.code,
            Item.designation,
            Item.specification,
            Item.unit,
            Item.pack_size,
            Item.vat_rate,
        )
        .join(Lot, Lot.id == LotLine.lot_id)
        .join(Item, Item.id == LotLine.item_id)
        .where(chosen)
        .order_by(Lot.number, LotLine.position)
    ).all()


def breakdown(chosen: ColumnElement[bool]) -> Query:
    """Select what goes to each member of each lot line, by a condition on Lot.

    By number of the lot, département, intercommunality, member and order of the sheet: the id of
    the line, the département, the ids of the intercommunality and the member, the needs and what
    rounding up to whole packs adds to them.
    """
    is_need = Allocation.kind == AllocationKind.NEED
    needs = case((is_need, Allocation.quantity), else_=0)
    added = case((is_need, 0), else_=Allocation.quantity)
    sums = (
        select(
            Allocation.lot_line_id,
            NeedLine.departement,
            NeedLine.member_id,
            func.sum(needs, type_=Allocation.quantity.type).label("needs"),
            func.sum(added, type_=Allocation.quantity.type).label("added"),
        )
        .join(NeedLine, NeedLine.id == Allocation.need_line_id)
        .join(LotLine, LotLine.id == Allocation.lot_line_id)
        .join(Lot, Lot.id == LotLine.lot_id)
        .where(chosen)
        .group_by(Allocation.lot_line_id, NeedLine.departement, NeedLine.member_id)
        .subquery()
    )
    return (
        select(
            LotLine.id,
            sums.c.departement,
            AREA.id.label("area_id"),
            sums.c.member_id,
            sums.c.needs,
            sums.c.added,
        )
        .select_from(sums)
        .join(LotLine, LotLine.id == sums.c.lot_line_id)
        .join(Lot, Lot.id == LotLine.lot_id)
        .join(Member, Member.id == sums.c.member_id)
        .outerjoin(AREA, AREA.id == AREA_ID)
        .order_by(Lot.number, *by_place(sums.c.departement), LotLine.position)
    )


def members_of(chosen: ColumnElement[bool]) -> Query:
    """Select the members that lots deliver to, by a condition on Lot."""
    return (
        select(NeedLine.departement, NeedLine.member_id)
        .join(Allocation, Allocation.need_line_id == NeedLine.id)
        .join(LotLine, LotLine.id == Allocation.lot_line_id)
        .join(Lot, Lot.id == LotLine.lot_id)
        .where(chosen)
        .distinct()
    )


def by_place(departement: SQLColumnExpression[str]) -> list[SQLColumnExpression[Any]]:
    """The order of members in every breakdown; bodies without intercommunality come first."""
    # The two databases would not put what is NULL at the same end.
    area = func.coalesce(AREA.sort_name, "")
    return [departement, area, Member.sort_name, Member.id]


def stock(chosen: ColumnElement[bool]) -> Sequence[Record]:
    """List what goes to the stock of the centrale, by a condition on Lot: line and quantity."""
    return db.session.execute(
        select(LotLine.id, Allocation.quantity)
        .join(LotLine, LotLine.id == Allocation.lot_line_id)
        .join(Lot, Lot.id == LotLine.lot_id)
        .where(chosen, Allocation.kind == AllocationKind.STOCK)
        .order_by(Lot.number, LotLine.position)
    ).all()


def member_names() -> dict[int, str]:
    """Name all bodies by id: a few hundred, which a breakdown names again and again."""
    return {row.id: row.name for row in db.session.execute(select(Member.id, Member.name))}


def areas(lot: Lot) -> Sequence[Record]:
    """List where a lot is delivered: département, intercommunality and its name, its members."""
    members = func.count(distinct(NeedLine.member_id))
    query = _fed(lot).add_columns(NeedLine.departement, AREA.id, AREA.name, members)
    first = func.coalesce(AREA.sort_name, "")
    grouped = query.group_by(NeedLine.departement, AREA.id, AREA.name, AREA.sort_name)
    return db.session.execute(grouped.order_by(NeedLine.departement, first)).all()


def bodies(lot: Lot) -> Sequence[Record]:
    """List whom a lot is delivered to: département, intercommunality, member, start of postcode."""
    query = _fed(lot).join(Site, Site.id == NeedLine.site_id)
    shown = (NeedLine.departement, AREA.id, NeedLine.member_id, _START)
    return db.session.execute(query.add_columns(*shown).distinct()).all()


def communes_by_start() -> dict[str, int]:
    """Count the communes of the territory by the first figures of their postcode."""
    start = func.substr(Member.postcode, 1, START)
    counted = select(start, func.count()).where(
        Member.kind == MemberKind.COMMUNE, Member.postcode.is_not(None)
    )
    return {row[0]: row[1] for row in db.session.execute(counted.group_by(start))}


def delivered_to(lot: Lot) -> set[str]:
    """Name the bodies that a lot delivers to, their places, and the towns of these."""
    query = _fed(lot).join(Site, Site.id == NeedLine.site_id)
    rows = db.session.execute(query.add_columns(Member.name, Site.name, Site.city).distinct())
    return {name for row in rows for name in row}


def places_by_area(lot: Lot) -> Sequence[Record]:
    """Count the places of each line of a lot by area and start of postcode, and sum their needs."""
    shown = (
        NeedLine.departement,
        AREA.id.label("area_id"),
        _START.label("start"),
        LotLine.id.label("line_id"),
        func.count(distinct(NeedLine.site_id)).label("places"),
        func.sum(Allocation.quantity).label("quantity"),
    )
    query = _fed(lot).join(Site, Site.id == NeedLine.site_id).add_columns(*shown)
    grouped = query.group_by(NeedLine.departement, AREA.id, _START, LotLine.id)
    return db.session.execute(grouped).all()


def named_places(lot: Lot) -> Query:
    """Select what goes to each place of each member, line by line, with its address."""
    place = (Site.name, Site.address, Site.postcode, Site.city)
    keys = (NeedLine.departement, AREA.id, Member.id, LotLine.id, LotLine.position, Site.id)
    shown = (
        NeedLine.departement,
        AREA.id.label("area_id"),
        Member.id.label("member_id"),
        LotLine.id.label("line_id"),
        *place,
        func.sum(Allocation.quantity).label("quantity"),
    )
    query = _fed(lot).join(Site, Site.id == NeedLine.site_id).add_columns(*shown)
    grouped = query.group_by(*keys, *place, AREA.sort_name, Member.sort_name)
    order = (*by_place(NeedLine.departement), Site.id, LotLine.position)
    return grouped.order_by(*order)


def _fed(lot: Lot) -> Select[Any]:
    """Start a query about who is delivered to by a lot, and which area each belongs to."""
    return (
        select()
        .select_from(LotLine)
        .join(Allocation, Allocation.lot_line_id == LotLine.id)
        .join(NeedLine, NeedLine.id == Allocation.need_line_id)
        .join(Member, Member.id == NeedLine.member_id)
        .outerjoin(AREA, AREA.id == AREA_ID)
        .where(LotLine.lot_id == lot.id)
    )
