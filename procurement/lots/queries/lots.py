"""Lots, their lines, and who asked for what in them."""

from collections.abc import Sequence

from sqlalchemy import Row, Select, exists, func, select

from procurement.catalogue.models import Cpv, Family, Item
from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.kernel.database import Query
from procurement.lots.models import Allocation, AllocationKind, Lot, LotLine, LotState, Project
from procurement.needs.models import Campaign, NeedLine

_IS_NEED = Allocation.kind == AllocationKind.NEED


def lot_list(actor: Actor, campaign_id: int | None, state: str) -> Query:
    """Select the lots that the actor may see, with the number of their lines, the latest first."""
    lines = (
        select(LotLine.lot_id, func.count().label("lines"))
        .where(LotLine.visible_to(actor))
        .group_by(LotLine.lot_id)
        .subquery()
    )
    query = (
        select(
            Lot.id,
            Lot.number,
            Lot.title,
            Lot.state,
            Lot.sheet_version,
            Lot.frozen_on,
            Lot.released_on,
            Lot.campaign_id,
            Campaign.title.label("campaign_title"),
            Lot.project_id,
            Project.title.label("project_title"),
            func.coalesce(lines.c.lines, 0).label("lines"),
        )
        .join(Campaign, Campaign.id == Lot.campaign_id)
        .outerjoin(Project, (Project.id == Lot.project_id) & Project.visible_to(actor))
        .outerjoin(lines, lines.c.lot_id == Lot.id)
        .where(Lot.visible_to(actor))
        .order_by(Campaign.closes_on.desc(), Lot.campaign_id.desc(), Lot.number)
    )
    if campaign_id is not None:
        query = query.where(Lot.campaign_id == campaign_id)
    if state in {one.value for one in LotState}:
        query = query.where(Lot.state == LotState(state))
    return query


def campaign_choices(actor: Actor) -> Sequence[Row[int, str]]:
    """List the campaigns that have lots that the actor may see, the latest first."""
    return db.session.execute(
        select(Campaign.id, Campaign.title)
        .where(Campaign.id.in_(select(Lot.campaign_id).where(Lot.visible_to(actor))))
        .order_by(Campaign.closes_on.desc(), Campaign.id.desc())
    ).all()


def line_count(lot: Lot, actor: Actor) -> int:
    """Count the lines of a lot that the actor may see."""
    mine = select(func.count()).where(LotLine.lot_id == lot.id, LotLine.visible_to(actor))
    return db.session.scalars(mine).one()


def member_count(lot: Lot) -> int:
    """Count the members whose needs feed a lot."""
    return db.session.scalars(
        select(func.count(NeedLine.member_id.distinct()))
        .join(Allocation, Allocation.need_line_id == NeedLine.id)
        .join(LotLine, LotLine.id == Allocation.lot_line_id)
        .where(LotLine.lot_id == lot.id)
    ).one()


def cpv_codes(lot: Lot) -> Sequence[Row[str, str]]:
    """List the CPV codes of a lot, those of its items' families, with their labels."""
    families = select(Item.family_id).join(LotLine).where(LotLine.lot_id == lot.id)
    return db.session.execute(
        select(Cpv.code, Cpv.label_fr)
        .where(Cpv.id.in_(select(Family.cpv_id).where(Family.id.in_(families))))
        .order_by(Cpv.code)
    ).all()


def next_number(campaign_id: int) -> int:
    """Give the number after the last lot of a campaign."""
    last = select(func.max(Lot.number)).where(Lot.campaign_id == campaign_id)
    return (db.session.scalar(last) or 0) + 1


def codes_without_line(lot: Lot, item_ids: Sequence[int]) -> Sequence[str]:
    """List the codes of those items that the lot has no line for."""
    has_line = select(LotLine.item_id).where(LotLine.lot_id == lot.id)
    query = select(Item.code).where(Item.id.in_(item_ids), Item.id.not_in(has_line))
    return db.session.scalars(query.order_by(Item.code)).all()


def codes_unfed(lot: Lot) -> Sequence[str]:
    """List the codes of the items of a lot that no need feeds."""
    is_fed = exists().where(Allocation.lot_line_id == LotLine.id, _IS_NEED)
    query = select(Item.code).join(LotLine, LotLine.item_id == Item.id)
    return db.session.scalars(
        query.where(LotLine.lot_id == lot.id, ~is_fed).order_by(LotLine.position)
    ).all()


def has_lines(lot: Lot) -> bool:
    """Tell whether there is anything in a lot."""
    query: Select[int] = select(LotLine.id).where(LotLine.lot_id == lot.id)
    return db.session.scalar(query.limit(1)) is not None


def is_rounded(lot: Lot) -> bool:
    """Tell whether anything was added to a lot to make whole packs."""
    query = select(Allocation.id).join(LotLine, LotLine.id == Allocation.lot_line_id)
    return db.session.scalar(query.where(LotLine.lot_id == lot.id, ~_IS_NEED).limit(1)) is not None
