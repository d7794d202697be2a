"""Lots, their lines, and who asked for what in them."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Row, func, select, true

from procurement.catalogue.models import Cpv, Family, Item
from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.kernel.database import Query, Record
from procurement.lots.models import Allocation, Lot, LotLine, LotState
from procurement.lots.queries.pool import Pooled, Share
from procurement.lots.rules import DEPARTEMENTS
from procurement.members.models import Member, Site, is_own
from procurement.needs.models import Campaign, NeedLine


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
            Lot.frozen_on,
            Lot.campaign_id,
            Campaign.title.label("campaign_title"),
            lines.c.lines,
        )
        .join(Campaign, Campaign.id == Lot.campaign_id)
        .join(lines, lines.c.lot_id == Lot.id)
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


def own_lines(actor: Actor) -> ColumnElement[bool]:
    """Condition on NeedLine: a member sees what it, or a body merged into it, asked for."""
    return is_own(NeedLine.member_id, actor) if actor.is_member_side else true()


def _shares(rows: Sequence[Record]) -> dict[int, Sequence[Share]]:
    found: dict[int, dict[str, Share]] = {}
    for key, departement, members, quantity, allotted in rows:
        share = Share(departement, members, quantity, allotted)
        found.setdefault(key, {})[departement] = share
    return {
        key: [shares.get(code) or Share(code) for code in DEPARTEMENTS]
        for key, shares in found.items()
    }


def lot_lines(
    chosen: ColumnElement[bool], whose: ColumnElement[bool] | None = None
) -> list[Pooled]:
    """List the chosen lot lines, in the order of the sheet, with the sums of their allocations.

    ``chosen`` is a condition on LotLine; ``whose`` narrows them to some need lines, such as
    :func:`own_lines`. ``item`` carries the line's position, and its id as ``line_id``.
    """
    # What stands in a lot is allotted, all of it.
    summed = (
        select(
            Allocation.lot_line_id,
            NeedLine.departement,
            func.count(NeedLine.member_id.distinct()),
            func.sum(Allocation.quantity),
            func.sum(Allocation.quantity),
        )
        .group_by(Allocation.lot_line_id, NeedLine.departement)
        .join(NeedLine, NeedLine.id == Allocation.need_line_id)
        .join(LotLine, LotLine.id == Allocation.lot_line_id)
        .where(chosen, true() if whose is None else whose)
    )
    shares = _shares(db.session.execute(summed).all())
    query = (
        select(
            LotLine.id.label("line_id"),
            LotLine.position,
            Item.id,
            Item.code,
            Item.designation,
            Item.unit,
        )
        .join(Item, Item.id == LotLine.item_id)
        .where(LotLine.id.in_(list(shares)))
        .order_by(LotLine.position)
    )
    return [Pooled(row, shares[row.line_id]) for row in db.session.execute(query)]


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


def contributions(line: LotLine, actor: Actor) -> Query:
    """Select what feeds a lot line, need line by need line, by name of the member."""
    return (
        select(
            Allocation.quantity,
            NeedLine.id,
            NeedLine.departement,
            NeedLine.wanted_on,
            NeedLine.quantity.label("needed"),
            NeedLine.words,
            NeedLine.own_unit,
            NeedLine.units_each,
            Member.name.label("member_name"),
            Site.name.label("site_name"),
        )
        .join(NeedLine, NeedLine.id == Allocation.need_line_id)
        .join(Member, Member.id == NeedLine.member_id)
        .join(Site, Site.id == NeedLine.site_id)
        .where(Allocation.lot_line_id == line.id, own_lines(actor))
        .order_by(Member.sort_name, Member.id, Site.name, NeedLine.id)
    )


def next_number(campaign_id: int) -> int:
    """Give the number after the last lot of a campaign."""
    last = select(func.max(Lot.number)).where(Lot.campaign_id == campaign_id)
    return (db.session.scalar(last) or 0) + 1


def codes_without_line(lot: Lot, item_ids: Sequence[int]) -> Sequence[str]:
    """List the codes of those items that the lot has no line for."""
    has_line = select(LotLine.item_id).where(LotLine.lot_id == lot.id)
    query = select(Item.code).where(Item.id.in_(item_ids), Item.id.not_in(has_line))
    return db.session.scalars(query.order_by(Item.code)).all()
