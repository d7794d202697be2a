"""What the workbooks of a whole campaign print."""

from collections.abc import Sequence

from sqlalchemy import BigInteger, ColumnElement, cast, distinct, func, select, type_coerce

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.audit import AuditEntry
from procurement.kernel.database import Query, Record
from procurement.lots.models import Allocation, Lot, LotLine, Project
from procurement.lots.queries.sheets import AREA, AREA_ID, by_place
from procurement.members.models import Member, Person, Site
from procurement.needs.models import NeedLine, Omission

#: Primes by which members are told apart in a sum: a million lines of it stay below 2⁶³.
_WEIGHT, _WEIGHTS, _MOST = 7919, 10_007, 1_000_003


def campaign_lots(campaign_id: int) -> Sequence[Record]:
    """List the lots of a campaign by number, with their purchase, lines and members."""
    counts = (
        select(
            LotLine.lot_id,
            func.count(distinct(LotLine.id)).label("lines"),
            func.count(distinct(NeedLine.member_id)).label("members"),
        )
        .join(Allocation, Allocation.lot_line_id == LotLine.id)
        .outerjoin(NeedLine, NeedLine.id == Allocation.need_line_id)
        .group_by(LotLine.lot_id)
        .subquery()
    )
    return db.session.execute(
        select(
            Lot.id,
            Lot.number,
            Lot.title,
            Lot.state,
            Lot.sheet_version,
            Lot.frozen_on,
            Lot.check_figure,
            Project.title.label("project"),
            func.coalesce(counts.c.lines, 0).label("lines"),
            func.coalesce(counts.c.members, 0).label("members"),
        )
        .outerjoin(Project, Project.id == Lot.project_id)
        .outerjoin(counts, counts.c.lot_id == Lot.id)
        .where(Lot.campaign_id == campaign_id)
        .order_by(Lot.number)
    ).all()


def pooled_items(campaign_id: int) -> Sequence[Record]:
    """List the items that are pooled in a campaign, by family and code, with their sums."""
    sums = (
        select(NeedLine.pool_item_id, func.sum(NeedLine.pool_quantity).label("quantity"))
        .where(*_is_pooled(campaign_id))
        .group_by(NeedLine.pool_item_id)
        .subquery()
    )
    return db.session.execute(
        select(Item.id, Item.code, Item.designation, Item.unit, sums.c.quantity)
        .join(sums, sums.c.pool_item_id == Item.id)
        .order_by(Item.family_id, Item.code)
    ).all()


def pooled_members(campaign_id: int) -> Query:
    """Select the members whose needs are pooled in a campaign."""
    shown = (NeedLine.departement, NeedLine.member_id)
    return select(*shown).where(*_is_pooled(campaign_id)).distinct()


def pooled_by_member(campaign_id: int) -> Query:
    """Select how much of each item each member has in the pool, member by member."""
    query, departement = _shares(campaign_id)
    return query.order_by(*by_place(departement))


def remaining_by_item(campaign_id: int) -> Query:
    """Select what of each item and member is in no lot yet, item by item."""
    query, departement = _shares(campaign_id, NeedLine.allotted < NeedLine.pool_quantity)
    return query.order_by(Item.family_id, Item.code, *by_place(departement))


def left_out(campaign_id: int) -> Query:
    """Select the validated lines that are not in the pool, with what was said of those left out.

    A free line that nobody harmonised yet has no item, nor any reason.
    """
    return (
        select(
            NeedLine.departement,
            AREA.id.label("area_id"),
            NeedLine.member_id,
            Site.name.label("site"),
            Item.code,
            func.coalesce(Item.designation, NeedLine.words).label("designation"),
            Item.unit,
            NeedLine.own_unit,
            NeedLine.quantity,
            Omission.reason,
            Person.name.label("person"),
            Omission.at,
        )
        .join(Member, Member.id == NeedLine.member_id)
        .join(Site, Site.id == NeedLine.site_id)
        .outerjoin(AREA, AREA.id == AREA_ID)
        .outerjoin(Item, Item.id == NeedLine.item_id)
        .outerjoin(Omission, Omission.need_line_id == NeedLine.id)
        .outerjoin(Person, Person.id == Omission.person_id)
        .where(
            NeedLine.campaign_id == campaign_id,
            NeedLine.is_validated,
            NeedLine.is_pooled.is_(False),
        )
        .order_by(*by_place(NeedLine.departement), NeedLine.id)
    )


def lot_marks(chosen: ColumnElement[bool]) -> Sequence[Record]:
    """Select what tells whether lots changed, by a condition on Lot: the last act on each.

    Their allocations are not read: there may be a million.
    """
    lines = select(LotLine.id).where(LotLine.lot_id == Lot.id).correlate(Lot)
    last = select(func.max(AuditEntry.id)).correlate(Lot)
    on_lot = last.where(AuditEntry.object_type == Lot.__tablename__, AuditEntry.object_id == Lot.id)
    on_lines = last.where(
        AuditEntry.object_type == LotLine.__tablename__, AuditEntry.object_id.in_(lines)
    )
    return db.session.execute(
        select(
            Lot.id,
            Lot.title,
            Lot.state,
            Lot.sheet_version,
            Lot.check_figure,
            Project.title.label("project"),
            # A line that was moved to another lot is no act on the one that it left.
            select(func.count()).where(LotLine.lot_id == Lot.id).correlate(Lot).scalar_subquery(),
            on_lot.scalar_subquery(),
            on_lines.scalar_subquery(),
        )
        .outerjoin(Project, Project.id == Lot.project_id)
        .where(chosen)
        .order_by(Lot.number)
    ).all()


def pool_marks(campaign_id: int) -> Sequence[Record]:
    """Sum by item what is pooled, then what is in lots, each once more by who has how much of it.

    It takes one pass over an index. What goes from one member to another changes only the sums in
    which each member weighs something else.
    """
    weight = cast(NeedLine.member_id, BigInteger) * _WEIGHT % _WEIGHTS
    pooled, allotted = (
        type_coerce(one, BigInteger) for one in (NeedLine.pool_quantity, NeedLine.allotted)
    )
    return db.session.execute(
        select(
            NeedLine.pool_item_id,
            func.sum(pooled),
            func.sum(pooled % _MOST * weight),
            func.sum(allotted),
            func.sum(allotted % _MOST * weight),
        )
        .where(*_is_pooled(campaign_id))
        .group_by(NeedLine.pool_item_id)
        .order_by(NeedLine.pool_item_id)
    ).all()


def out_marks(campaign_id: int) -> tuple[Record, Record]:
    """Count and sum the validated lines that wait to be harmonised, and those left out."""
    waiting = select(func.count(), func.sum(NeedLine.quantity)).where(
        NeedLine.campaign_id == campaign_id, NeedLine.item_id.is_(None), NeedLine.is_validated
    )
    left_out = (
        select(func.count(), func.sum(Omission.need_line_id), func.max(Omission.at))
        .join(NeedLine, NeedLine.id == Omission.need_line_id)
        # As in the list of what is left out: the few omissions are read, not all lines.
        .where(NeedLine.campaign_id + 0 == campaign_id)
    )
    return db.session.execute(waiting).one(), db.session.execute(left_out).one()


def _is_pooled(campaign_id: int) -> tuple[ColumnElement[bool], ...]:
    return NeedLine.campaign_id == campaign_id, NeedLine.is_pooled.is_(True)


def _shares(campaign_id: int, *more: ColumnElement[bool]) -> tuple[Query, ColumnElement[str]]:
    """Select what each member has of each pooled item; give also how the département is called."""
    sums = (
        select(
            NeedLine.pool_item_id,
            NeedLine.departement,
            NeedLine.member_id,
            func.sum(NeedLine.pool_quantity).label("quantity"),
            func.sum(NeedLine.allotted).label("allotted"),
        )
        .where(*_is_pooled(campaign_id), *more)
        .group_by(NeedLine.pool_item_id, NeedLine.departement, NeedLine.member_id)
        .subquery()
    )
    query = (
        select(
            sums.c.pool_item_id,
            sums.c.departement,
            AREA.id.label("area_id"),
            sums.c.member_id,
            sums.c.quantity,
            sums.c.allotted,
        )
        .join(Member, Member.id == sums.c.member_id)
        .join(Item, Item.id == sums.c.pool_item_id)
        .outerjoin(AREA, AREA.id == AREA_ID)
    )
    return query, sums.c.departement
