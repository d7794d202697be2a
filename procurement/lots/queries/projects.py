"""Purchase projects: their lists, their lots, and what the lots are worth."""

from collections.abc import Sequence
from decimal import Decimal

from sqlalchemy import ColumnElement, Row, and_, func, or_, select

from procurement.catalogue.models import Family, Item
from procurement.extensions import db
from procurement.kernel.database import Query, Record
from procurement.lots.models import Allocation, Lot, LotLine, LotState, Project
from procurement.lots.rules.law import a_year_before
from procurement.lots.rules.valuing import OtherKind, OtherPart, Span, ValuedLot, lot_value
from procurement.needs.models import Campaign, NeedLine

_ZERO = Decimal(0)
#: Lots whose figures, prices and project may still change.
TO_LAUNCH = (LotState.DRAFT, LotState.FROZEN)

# What is frozen, else the sum of what stands in the draft.
_QUANTITY = func.coalesce(
    LotLine.quantity,
    select(func.sum(Allocation.quantity))
    .where(Allocation.lot_line_id == LotLine.id)
    .scalar_subquery(),
)


def project_list(campaign_id: int | None) -> Query:
    """Select the rows of the list of projects, those to be launched last first."""
    lots = select(func.count()).where(Lot.project_id == Project.id).scalar_subquery()
    query = (
        select(
            Project.id,
            Project.title,
            Project.launch_on,
            Project.value,
            Project.nature_value,
            Project.procedure,
            Project.valued_on,
            Campaign.title.label("campaign_title"),
            lots.label("lots"),
        )
        .join(Campaign, Campaign.id == Project.campaign_id)
        .order_by(Project.launch_on.desc(), Project.id.desc())
    )
    return query if campaign_id is None else query.where(Project.campaign_id == campaign_id)


def project_campaigns() -> Sequence[Row[int, str]]:
    """List the campaigns that have lots, of which projects are made, the latest first."""
    return db.session.execute(
        select(Campaign.id, Campaign.title)
        .where(Campaign.id.in_(select(Lot.campaign_id)))
        .order_by(Campaign.closes_on.desc(), Campaign.id.desc())
    ).all()


def lots_to_choose(campaign_id: int, project_id: int | None) -> Sequence[Record]:
    """List the lots that a project may take: those to be launched, in it or in none."""
    mine = or_(Lot.project_id.is_(None), Lot.project_id == project_id)
    return db.session.execute(
        select(Lot.id, Lot.number, Lot.title, Lot.state, Lot.project_id)
        .where(Lot.campaign_id == campaign_id, Lot.state.in_(TO_LAUNCH), mine)
        .order_by(Lot.number)
    ).all()


def priced_lines(lot: Lot, only_missing: bool) -> Query:
    """Select the lines of a lot with their quantities and estimated prices."""
    query = (
        select(
            LotLine.id,
            LotLine.position,
            _QUANTITY.label("quantity"),
            LotLine.estimated_price,
            Item.code,
            Item.designation,
            Item.unit,
            Item.indicative_price,
        )
        .join(Item, Item.id == LotLine.item_id)
        .where(LotLine.lot_id == lot.id)
        .order_by(LotLine.position)
    )
    return query.where(LotLine.estimated_price.is_(None)) if only_missing else query


def unpriced_lines(project: Project) -> Sequence[Record]:
    """List the lines of a project that count and have no estimated price."""
    return db.session.execute(
        select(Lot.id.label("lot_id"), Lot.number, LotLine.position, Item.designation)
        .join(LotLine, LotLine.lot_id == Lot.id)
        .join(Item, Item.id == LotLine.item_id)
        .where(*_counted(project), LotLine.estimated_price.is_(None))
        .order_by(Lot.number, LotLine.position)
    ).all()


def _counted(project: Project) -> tuple[ColumnElement[bool], ...]:
    return Lot.project_id == project.id, Lot.released_on.is_(None)


def families_of(project: Project) -> Sequence[Record]:
    """List the purchase families that a project still buys of."""
    return db.session.execute(
        select(Family.id, Family.label_fr, Family.label_en)
        .where(
            Family.id.in_(
                select(Item.family_id)
                .join(LotLine, LotLine.item_id == Item.id)
                .join(Lot, Lot.id == LotLine.lot_id)
                .where(*_counted(project))
            )
        )
        .order_by(Family.id)
    ).all()


def valued_lots(project: Project) -> list[ValuedLot]:
    """Value each lot of a project that counts, by number. Every line must have a price."""
    span = Span(project.months, project.campaign.contract_months, project.margin)
    lots = project.counted_lots
    lines: dict[int, list[tuple[Decimal, Decimal]]] = {lot.id: [] for lot in lots}
    query: Query = select(LotLine.lot_id, _QUANTITY, LotLine.estimated_price).where(
        LotLine.lot_id.in_(list(lines))
    )
    for lot_id, quantity, price in db.session.execute(query):
        lines[lot_id].append((quantity or _ZERO, price))
    return [
        ValuedLot(
            lot.id,
            lot.number,
            lot.title,
            len(lines[lot.id]),
            lot_value(lines[lot.id], span),
            lot.is_small_lot,
        )
        for lot in lots
    ]


def other_parts(project: Project, family_ids: Sequence[int]) -> list[OtherPart]:
    """Value the needs of the same families elsewhere: in other lots, and left in the pool.

    Lots count unless they were awarded more than a year before the launch. An unsuccessful one of
    the campaign counts until its needs are in the pool again; of another campaign, neither does.
    """
    return [*_other_lots(project, family_ids), *_still_pooled(project, family_ids)]


def _counts(project: Project) -> ColumnElement[bool]:
    limit = a_year_before(project.launch_on)
    is_old = and_(Lot.state == LotState.AWARDED, Lot.awarded_on < limit)
    still_holds = and_(Lot.campaign_id == project.campaign_id, Lot.released_on.is_(None))
    is_wanted = or_(Lot.state != LotState.UNSUCCESSFUL, still_holds)
    return and_(is_wanted, ~func.coalesce(is_old, False))


def _other_lots(project: Project, family_ids: Sequence[int]) -> list[OtherPart]:
    elsewhere = or_(Lot.project_id.is_(None), Lot.project_id != project.id)
    rows = db.session.execute(
        select(
            Lot.id,
            Lot.number,
            Lot.title,
            Campaign.title.label("campaign_title"),
            Campaign.contract_months,
            (Project.initial_months + Project.renewals * Project.renewal_months).label("months"),
            Project.margin,
            _QUANTITY.label("quantity"),
            LotLine.estimated_price,
        )
        .join(Campaign, Campaign.id == Lot.campaign_id)
        .outerjoin(Project, Project.id == Lot.project_id)
        .join(LotLine, LotLine.lot_id == Lot.id)
        .join(Item, Item.id == LotLine.item_id)
        .where(Item.family_id.in_(family_ids), elsewhere, _counts(project))
        .order_by(Campaign.closes_on.desc(), Lot.campaign_id.desc(), Lot.number)
    ).all()
    by_lot: dict[int, list[Record]] = {}
    for row in rows:
        by_lot.setdefault(row.id, []).append(row)
    return [_other_lot(lines) for lines in by_lot.values()]


def _other_lot(lines: Sequence[Record]) -> OtherPart:
    first = lines[0]
    months = first.months or first.contract_months
    span = Span(months, first.contract_months, first.margin or _ZERO)
    priced = [one for one in lines if one.estimated_price is not None]
    return OtherPart(
        OtherKind.LOT,
        first.id,
        f"{first.number}. {first.title}",
        first.campaign_title,
        lot_value(((one.quantity or _ZERO, one.estimated_price) for one in priced), span),
        len(lines) - len(priced),
    )


def _still_pooled(project: Project, family_ids: Sequence[int]) -> list[OtherPart]:
    """Value what no lot has taken yet, as if it were bought with the project."""
    wanted = select(Item.id).where(Item.family_id.in_(family_ids))
    left = (
        select(
            NeedLine.pool_item_id.label("item_id"),
            func.sum(NeedLine.pool_quantity - NeedLine.allotted).label("quantity"),
        )
        .where(
            NeedLine.campaign_id == project.campaign_id,
            NeedLine.is_pooled,
            NeedLine.pool_item_id.in_(wanted),
            NeedLine.allotted < NeedLine.pool_quantity,
        )
        .group_by(NeedLine.pool_item_id)
        .subquery()
    )
    rows = db.session.execute(
        select(left.c.quantity, Item.indicative_price).join(Item, Item.id == left.c.item_id)
    ).all()
    if not rows:
        return []
    campaign, priced = project.campaign, [one for one in rows if one.indicative_price is not None]
    span = Span(project.months, campaign.contract_months, project.margin)
    value = lot_value(((one.quantity, one.indicative_price) for one in priced), span)
    unpriced = len(rows) - len(priced)
    return [OtherPart(OtherKind.POOL, campaign.id, "", campaign.title, value, unpriced)]
