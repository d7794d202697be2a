"""What plans of lots are compared on: what is in the pool of a campaign, and its comparisons."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, case, func, select, true

from procurement.catalogue.models import Cpv, Family, Item
from procurement.extensions import db
from procurement.kernel.database import Query, Record
from procurement.lots.models import Allocation, AllocationKind, Comparison, Lot, LotLine
from procurement.lots.rules.questions import Scope, ScopeKind
from procurement.members.models import Member, MemberKind, Person
from procurement.needs.models import Campaign, NeedLine

#: More comparisons of one campaign than anybody reads: the latest are listed.
_LISTED = 100
#: The campaigns that an item may be compared in: the latest.
_CAMPAIGNS = 5


class Material(NamedTuple):
    """What is in the pool of a scope, as the plans cut it.

    ``cells``: item, département, intercommunality (None outside any), quantity. ``lots``: what
    stands in lots already, lot by lot and item by item. ``items`` by id, ``bodies`` by id.
    """

    cells: Sequence[Record]
    lots: Sequence[Record]
    items: Mapping[int, Record]
    bodies: Mapping[int, str]

    @property
    def figure(self) -> str:
        """Hash of what the pool holds of the scope: it changes when a quantity moves."""
        return figure(self.cells)


def material(campaign: Campaign, scope: Scope) -> Material:
    """Read what a comparison needs, in four statements whatever the size of the pool."""
    cells = _cells(campaign, scope)
    within = _within(LotLine.item_id, scope)
    lots = db.session.execute(
        select(Lot.id, Lot.number, Lot.title, LotLine.item_id, func.sum(Allocation.quantity))
        .join(LotLine, LotLine.lot_id == Lot.id)
        .join(Allocation, Allocation.lot_line_id == LotLine.id)
        .where(Lot.campaign_id == campaign.id, within)
        .where(Allocation.kind == AllocationKind.NEED, ~Allocation.is_released)
        .group_by(Lot.id, Lot.number, Lot.title, LotLine.item_id)
        .order_by(Lot.number)
    ).all()
    items = {row.id: row for row in db.session.execute(_items(campaign, scope))}
    bodies = select(Member.id, Member.name).where(Member.kind == MemberKind.INTERCOMMUNALITY)
    return Material(cells, lots, items, {row.id: row.name for row in db.session.execute(bodies)})


def _cells(campaign: Campaign, scope: Scope) -> Sequence[Record]:
    # An intercommunality counts as its own.
    own = (Member.kind == MemberKind.INTERCOMMUNALITY, Member.id)
    body = case(own, else_=Member.intercommunality_id).label("body_id")
    where = (NeedLine.pool_item_id, NeedLine.departement, body)
    return db.session.execute(
        select(*where, func.sum(NeedLine.pool_quantity).label("quantity"))
        .join(Member, Member.id == NeedLine.member_id)
        .where(*_pooled(campaign), _within(NeedLine.pool_item_id, scope))
        .group_by(*where)
    ).all()


def _pooled(campaign: Campaign) -> tuple[ColumnElement[bool], ...]:
    return NeedLine.campaign_id == campaign.id, NeedLine.is_pooled.is_(True)


def _items(campaign: Campaign, scope: Scope) -> Query:
    found = select(NeedLine.pool_item_id).where(*_pooled(campaign))
    return (
        select(
            Item.id,
            Item.code,
            Item.designation,
            Item.unit,
            Item.indicative_price,
            Item.family_id,
            Family.label_fr.label("family_fr"),
            Family.label_en.label("family_en"),
            Cpv.trade,
        )
        .join(Family, Family.id == Item.family_id)
        .join(Cpv, Cpv.id == Item.cpv_id)
        .where(Item.id.in_(found), _within(Item.id, scope))
        .order_by(Family.id, Item.code)
    )


def _within(item_id: Any, scope: Scope) -> ColumnElement[bool]:
    if scope.kind is ScopeKind.ITEM:
        return cast(ColumnElement[bool], item_id == scope.id)
    if scope.kind is ScopeKind.FAMILY:
        of_family = select(Item.id).where(Item.family_id == scope.id)
        return cast(ColumnElement[bool], item_id.in_(of_family))
    return true()


def figure(cells: Sequence[Record]) -> str:
    """Hash cells in any order: 64 hexadecimal digits."""
    written = sorted(
        f"{item_id}|{departement}|{body_id}|{quantity:.3f}"
        for item_id, departement, body_id, quantity in cells
    )
    return hashlib.sha256("\n".join(written).encode()).hexdigest()


def figure_now(campaign: Campaign, scope: Scope) -> str:
    """Hash what the pool holds of a scope today."""
    return figure(_cells(campaign, scope))


def scope_choices(campaign: Campaign) -> Sequence[Record]:
    """List the items that are in the pool, by family and code, with their families."""
    return db.session.execute(_items(campaign, Scope(ScopeKind.POOL))).all()


def comparisons(campaign: Campaign) -> Sequence[Record]:
    """List the comparisons that were kept for a campaign, the latest first."""
    return db.session.execute(
        select(
            Comparison.id,
            Comparison.title,
            Comparison.at,
            Comparison.chosen,
            Comparison.chosen_on,
            Person.name.label("person_name"),
        )
        .join(Person, Person.id == Comparison.person_id)
        .where(Comparison.campaign_id == campaign.id)
        .order_by(Comparison.id.desc())
        .limit(_LISTED)
    ).all()


def campaigns_with(item: Item) -> Sequence[Record]:
    """List the campaigns whose pool holds an item, the latest first."""
    pooled = select(NeedLine.id).where(
        NeedLine.campaign_id == Campaign.id, NeedLine.is_pooled, NeedLine.pool_item_id == item.id
    )
    return db.session.execute(
        select(Campaign.id, Campaign.title)
        .where(pooled.exists())
        .order_by(Campaign.closes_on.desc(), Campaign.id.desc())
        .limit(_CAMPAIGNS)
    ).all()
