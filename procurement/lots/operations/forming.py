"""A lot takes what is left of needs; dissolved, it gives them back."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Insert,
    SQLColumnExpression,
    case,
    delete,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    type_coerce,
    update,
)

from procurement.catalogue.models import Cpv, Item, Trade
from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.database import Quantity
from procurement.kernel.errors import Refused
from procurement.lots import queries
from procurement.lots.models import Allocation, AllocationKind, Lot, LotLine, Project
from procurement.lots.operations.holding import lock_campaign, lock_drafts
from procurement.lots.operations.projects import check_open
from procurement.lots.rules import Territory
from procurement.members.models import Member, MemberKind
from procurement.needs.models import Campaign, CampaignState, NeedLine

#: Quantities are whole numbers of this part of a unit.
_THOUSAND = 1000


class Cut(NamedTuple):
    """What a lot takes of the pool: everything, or what meets each of the facts that are given.

    ``share`` is in percent of what is left of each need line; of a whole quantity it takes whole
    units, else thousandths, rounded down, and a need line of which that is nothing stays aside.
    """

    family_id: int | None = None
    trade: Trade | None = None
    item_ids: Sequence[int] = ()
    territory: Territory = Territory.ALL
    #: The members of an intercommunality, and that body itself.
    intercommunality_id: int | None = None
    share: int = 100


def can_form(campaign: Campaign, today: date) -> bool:
    """Tell whether members can no longer answer the campaign: its date is past, or it is closed."""
    is_over = campaign.state is CampaignState.OPEN and campaign.closes_on < today
    return is_over or campaign.state is CampaignState.CLOSED


def form(
    campaign: Campaign,
    title: str,
    *,
    family_id: int | None = None,
    trade: Trade | None = None,
    item_ids: Sequence[int] = (),
    territory: Territory = Territory.ALL,
    intercommunality_id: int | None = None,
    share: int = 100,
    project_id: int | None = None,
    actor: Actor,
    today: date,
) -> Lot:
    """Pool into a new lot what remains of the needs that a :class:`Cut` of these facts takes.

    As :func:`form_cut`, which names the refusals.
    """
    cut = Cut(family_id, trade, item_ids, territory, intercommunality_id, share)
    return form_cut(campaign, title, cut, project_id=project_id, actor=actor, today=today)


def form_cut(
    campaign: Campaign,
    title: str,
    cut: Cut,
    *,
    project_id: int | None = None,
    actor: Actor,
    today: date,
) -> Lot:
    """Pool into a new lot what remains of the validated needs that ``cut`` takes.

    Raises Refused ``campaign_not_closed`` while members may still answer, ``already_allotted``
    when nothing remains, or when one of the named items has nothing left, and ``other_campaign``
    when the purchase project is not of this campaign.
    """
    # One lot at a time in a campaign: numbers follow each other, nothing is allotted twice, and
    # somebody who opens it again meanwhile comes before or after.
    lock_campaign(campaign)
    _check_campaign(campaign, project_id, today)
    number = queries.next_number(campaign.id)
    lot = Lot(campaign_id=campaign.id, number=number, title=title, project_id=project_id)
    db.session.add(lot)
    db.session.flush()  # The lines that the database makes name the lot.
    wanted = _wanted(campaign, cut)
    lines = _make_lines(lot, wanted)
    _check_found(lot, lines, cut)
    allocations = _allot(lot, wanted, cut.share)
    audit.record(
        db.session(),
        actor,
        "lots.form",
        lot,
        campaign_id=campaign.id,
        number=lot.number,
        title=title,
        **{**cut._asdict(), "item_ids": list(cut.item_ids)},
        project_id=project_id,
        lines=lines,
        allocations=allocations,
    )
    return lot


def dissolve(lot: Lot, *, actor: Actor) -> None:
    """Give back what a draft lot took: its needs can be pooled again. Only the journal keeps it.

    One that was thawed goes with the versions of its sheet. Raises Refused ``lot_frozen`` once
    firms may hold the lot sheet.
    """
    session = db.session()
    lock_drafts(lot)
    fed = _allocations_of(lot)
    _change_allotted(lot, NeedLine.allotted - Allocation.quantity)
    session.connection().execute(delete(Allocation).where(fed))
    session.connection().execute(delete(LotLine).where(LotLine.lot_id == lot.id))
    session.expire(lot, ["lines"])
    audit.record(
        session, actor, "lots.dissolve", lot, number=(lot.number, None), title=(lot.title, None)
    )
    session.delete(lot)


def _check_campaign(campaign: Campaign, project_id: int | None, today: date) -> None:
    if not can_form(campaign, today):
        raise Refused(
            "campaign_not_closed",
            _("Lots are formed once the campaign is closed: until then members may answer it."),
        )
    if project_id is None:
        return
    project = db.session.get(Project, project_id)
    if project is None or project.campaign_id != campaign.id:
        sentence = _("Choose a purchase project of this campaign.")
        raise Refused("other_campaign", sentence, "project_id")
    check_open(project)


def _wanted(campaign: Campaign, cut: Cut) -> list[SQLColumnExpression[bool]]:
    """Conditions on the need lines that a lot takes: validated, with something left."""
    wanted: list[SQLColumnExpression[bool]] = [
        NeedLine.campaign_id == campaign.id,
        NeedLine.is_pooled,
        NeedLine.allotted < NeedLine.pool_quantity,
        _taken(cut.share) > 0,
    ]
    if cut.item_ids:
        wanted.append(NeedLine.pool_item_id.in_(cut.item_ids))
    if cut.family_id is not None:
        of_family = select(Item.id).where(Item.family_id == cut.family_id)
        wanted.append(NeedLine.pool_item_id.in_(of_family))
    if cut.trade is not None:
        of_trade = select(Item.id).join(Item.cpv).where(Cpv.trade == cut.trade)
        wanted.append(NeedLine.pool_item_id.in_(of_trade))
    if cut.territory in (Territory.YVELINES, Territory.HAUTS_DE_SEINE):
        wanted.append(NeedLine.departement == cut.territory.value)
    if cut.territory is Territory.OUTSIDE:
        alone = Member.intercommunality_id.is_(None) & (Member.kind != MemberKind.INTERCOMMUNALITY)
        wanted.append(NeedLine.member_id.in_(select(Member.id).where(alone)))
    if cut.intercommunality_id is not None:
        body = cut.intercommunality_id
        inside = or_(Member.id == body, Member.intercommunality_id == body)
        wanted.append(NeedLine.member_id.in_(select(Member.id).where(inside)))
    return wanted


def _taken(share: int) -> ColumnElement[int]:
    """So many percent of what is left of a need line, in thousandths, rounded down."""
    whole = type_coerce(NeedLine.pool_quantity, BigInteger)
    left = whole - type_coerce(NeedLine.allotted, BigInteger)
    if share == 100:
        return left
    part = left * share // 100
    return case((whole % _THOUSAND == 0, part // _THOUSAND * _THOUSAND), else_=part)


def _make_lines(lot: Lot, wanted: list[SQLColumnExpression[bool]]) -> int:
    found = select(NeedLine.pool_item_id).where(*wanted).distinct().subquery()
    position = func.row_number().over(order_by=Item.code)
    rows = select(literal(lot.id), Item.id, position, Item.indicative_price).join(
        found, found.c.pool_item_id == Item.id
    )
    made = insert(LotLine).from_select(["lot_id", "item_id", "position", "estimated_price"], rows)
    return _inserted(made)


def _allot(lot: Lot, wanted: list[SQLColumnExpression[bool]], share: int) -> int:
    rows = (
        select(
            LotLine.id,
            NeedLine.id,
            literal(AllocationKind.NEED, Allocation.kind.type),
            type_coerce(_taken(share), Quantity),
            false(),
        )
        .join(LotLine, LotLine.item_id == NeedLine.pool_item_id)
        .where(LotLine.lot_id == lot.id, *wanted)
    )
    made = insert(Allocation).from_select(
        ["lot_line_id", "need_line_id", "kind", "quantity", "is_released"], rows
    )
    allocations = _inserted(made)
    _change_allotted(lot, NeedLine.allotted + Allocation.quantity)
    return allocations


def _inserted(made: Insert) -> int:
    options = {"preserve_rowcount": True}
    return db.session.connection().execute(made, execution_options=options).rowcount


def _change_allotted(lot: Lot, allotted: ColumnElement[Decimal]) -> None:
    """Keep ``allotted`` the sum of the allocations; the constraint of the table stands behind."""
    db.session.connection().execute(
        update(NeedLine)
        .where(
            NeedLine.id == Allocation.need_line_id,
            Allocation.kind == AllocationKind.NEED,
            _allocations_of(lot),
        )
        .values(allotted=allotted)
    )


def _check_found(lot: Lot, lines: int, cut: Cut) -> None:
    if lines == 0 and cut.share < 100:
        raise Refused(
            "already_allotted",
            _("Nothing is left to allot, or this share of it makes no whole unit."),
        )
    if lines == 0:
        raise Refused(
            "already_allotted",
            _("Nothing is left to allot: every validated need for this is in a lot already."),
        )
    if lines < len(cut.item_ids):
        missing = ", ".join(queries.codes_without_line(lot, cut.item_ids))
        raise Refused(
            "already_allotted",
            _("Nothing is left to allot for %(items)s: untick it, then try again.", items=missing),
        )


def _allocations_of(lot: Lot) -> ColumnElement[bool]:
    lines = select(LotLine.id).where(LotLine.lot_id == lot.id)
    return Allocation.lot_line_id.in_(lines)
