"""What lots can be formed of: the choices of the form, and the pool as a proposal cuts it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, func, literal, select

from procurement.catalogue.models import TRADE_LABELS, Cpv, Family, Item, Trade
from procurement.extensions import db
from procurement.kernel.database import Record
from procurement.lots.models import Lot, Project
from procurement.lots.rules import TERRITORY_LABELS, Cutting, Spread
from procurement.members.models import Member, MemberKind
from procurement.needs.models import Campaign, NeedLine

_LEFT = (NeedLine.is_pooled, NeedLine.allotted < NeedLine.pool_quantity)


class Choices(NamedTuple):
    """What the form of a lot lists: families and trades that have something left, and more."""

    families: Sequence[Record]
    trades: Mapping[Trade, object]
    #: Territories and intercommunalities, by the word that the form sends.
    territories: Sequence[tuple[str, object]]
    projects: Sequence[Record]


def form_choices(campaign: Campaign) -> Choices:
    """List what a lot of a campaign may be made of. Families by their id, the rest by name."""
    # Asked item by item, the index answers with the first line that has something left.
    has_left = (
        select(NeedLine.id)
        .where(NeedLine.campaign_id == campaign.id, *_LEFT, NeedLine.pool_item_id == Item.id)
        .exists()
    )
    of_items = select(Item.family_id, Cpv.trade).join(Item.cpv).where(has_left).distinct()
    found = db.session.execute(of_items).all()
    families = select(Family.id, Family.label_fr, Family.label_en).order_by(Family.id)
    trades = {row.trade for row in found}
    return Choices(
        db.session.execute(families.where(Family.id.in_({row.family_id for row in found}))).all(),
        {trade: label for trade, label in TRADE_LABELS.items() if trade in trades},
        [
            *((territory.value, label) for territory, label in TERRITORY_LABELS.items()),
            *((f"body-{row.id}", row.name) for row in _intercommunalities()),
        ],
        project_choices(campaign),
    )


def _intercommunalities() -> Sequence[Record]:
    return db.session.execute(
        select(Member.id, Member.name)
        .where(Member.kind == MemberKind.INTERCOMMUNALITY, Member.successor_id.is_(None))
        .order_by(Member.sort_name, Member.id)
    ).all()


def project_choices(campaign: Campaign) -> Sequence[Record]:
    """List the purchase projects that a lot of a campaign may join."""
    return db.session.execute(
        select(Project.id, Project.title)
        .where(Project.campaign_id == campaign.id)
        .order_by(Project.id)
    ).all()


def is_single_lot(campaign_id: int) -> bool:
    """Tell whether everything of a campaign stands in one lot: nothing is left for another.

    A lot that gave its needs back holds nothing of it.
    """
    lots = select(func.count()).where(Lot.campaign_id == campaign_id, Lot.released_on.is_(None))
    if db.session.scalar(lots) != 1:
        return False
    left = select(NeedLine.id).where(NeedLine.campaign_id == campaign_id, *_LEFT).limit(1)
    return db.session.scalar(left) is None


class CutPool(NamedTuple):
    """What is left of a campaign, cut into lots named by ``key`` (what) and ``place`` (whose)."""

    #: key, place, departement, quantity, and the item's id, unit and indicative price.
    items: Sequence[Record]
    #: How many members each lot would buy for.
    members: Mapping[tuple[Any, Any], int]
    #: The names of families and of intercommunalities by id.
    families: Mapping[int, Record]
    bodies: Mapping[int, str]


def cut_pool(campaign_id: int, cutting: Cutting, spread: Spread) -> CutPool:
    """Sum what is left of a campaign by lot, item and département, in two grouped statements."""
    key, place = _key(cutting), _place(spread)
    left = (
        select(
            (literal(0) if key is None else key).label("key"),
            (literal(0) if place is None else place).label("place"),
        )
        .select_from(NeedLine)
        .join(Item, Item.id == NeedLine.pool_item_id)
        .join(Cpv, Cpv.id == Item.cpv_id)
        .join(Member, Member.id == NeedLine.member_id)
        .where(NeedLine.campaign_id == campaign_id, *_LEFT)
        .group_by(*(one for one in (key, place) if one is not None))
    )
    items = left.add_columns(
        NeedLine.departement,
        func.sum(NeedLine.pool_quantity - NeedLine.allotted).label("quantity"),
        Item.id,
        Item.unit,
        Item.indicative_price,
    ).group_by(NeedLine.departement, Item.id, Item.unit, Item.indicative_price)
    members = left.add_columns(func.count(NeedLine.member_id.distinct()))
    families = select(Family.id, Family.label_fr, Family.label_en)
    return CutPool(
        db.session.execute(items).all(),
        {(row[0], row[1]): row[2] for row in db.session.execute(members)},
        {row.id: row for row in db.session.execute(families)},
        {row.id: row.name for row in _intercommunalities()},
    )


def _key(cutting: Cutting) -> Any:
    """What tells one lot from another by what it buys; None where there is only one."""
    columns: dict[Cutting, Any] = {Cutting.FAMILY: Item.family_id, Cutting.TRADE: Cpv.trade}
    return columns.get(cutting)


def _place(spread: Spread) -> ColumnElement[Any] | Any:
    """What tells one lot from another by whom it buys for; None where there is only one."""
    is_body = Member.kind == MemberKind.INTERCOMMUNALITY
    body = case((is_body, Member.id), else_=Member.intercommunality_id)
    columns: dict[Spread, Any] = {
        Spread.APART: NeedLine.departement,
        Spread.INTERCOMMUNALITY: body,
    }
    return columns.get(spread)
