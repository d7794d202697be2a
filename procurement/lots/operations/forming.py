"""A lot takes what is left of needs; dissolved, it gives them back."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _
from sqlalchemy import (
    ColumnElement,
    Insert,
    SQLColumnExpression,
    delete,
    false,
    func,
    insert,
    literal,
    select,
    update,
)

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.errors import Refused
from procurement.lots import queries
from procurement.lots.models import Allocation, AllocationKind, Lot, LotLine
from procurement.lots.operations.holding import lock
from procurement.lots.rules import Territory
from procurement.needs.models import Campaign, CampaignState, NeedLine


def can_form(campaign: Campaign, today: date) -> bool:
    """Tell whether members can no longer answer the campaign: its date is past, or it is closed."""
    is_over = campaign.state is CampaignState.OPEN and campaign.closes_on < today
    return is_over or campaign.state is CampaignState.CLOSED


def form(
    campaign: Campaign,
    title: str,
    *,
    family_id: int | None = None,
    item_ids: Sequence[int] = (),
    territory: Territory = Territory.ALL,
    actor: Actor,
    today: date,
) -> Lot:
    """Pool into a new lot what remains of the validated needs for a family, or for some items.

    Raises Refused ``campaign_not_closed`` while members may still answer, ``already_allotted``
    when nothing remains, or when one of ``item_ids`` has nothing left.
    """
    # One lot at a time in a campaign: numbers follow each other, nothing is allotted twice, and
    # somebody who opens it again meanwhile comes before or after.
    db.session.flush()
    db.session.refresh(campaign, with_for_update=True)
    if not can_form(campaign, today):
        raise Refused(
            "campaign_not_closed",
            _("Lots are formed once the campaign is closed: until then members may answer it."),
        )
    lot = Lot(campaign_id=campaign.id, number=queries.next_number(campaign.id), title=title)
    db.session.add(lot)
    db.session.flush()  # The lines that the database makes name the lot.
    wanted = _wanted(campaign, family_id, item_ids, territory)
    lines = _make_lines(lot, wanted)
    _check_found(lot, lines, item_ids)
    allocations = _allot(lot, wanted)
    audit.record(
        db.session(),
        actor,
        "lots.form",
        lot,
        campaign_id=campaign.id,
        number=lot.number,
        title=title,
        territory=territory,
        lines=lines,
        allocations=allocations,
    )
    return lot


def dissolve(lot: Lot, *, actor: Actor) -> None:
    """Give back what a draft lot took: its needs can be pooled again. Only the journal keeps it.

    Raises Refused ``lot_frozen`` once firms may hold the lot sheet.
    """
    session = db.session()
    lock(lot)
    if not lot.is_draft:
        raise Refused("lot_frozen", _("This lot is frozen: firms may already hold its sheet."))
    fed = _allocations_of(lot)
    _change_allotted(lot, NeedLine.allotted - Allocation.quantity)
    session.connection().execute(delete(Allocation).where(fed))
    session.connection().execute(delete(LotLine).where(LotLine.lot_id == lot.id))
    session.expire(lot, ["lines"])
    audit.record(
        session, actor, "lots.dissolve", lot, number=(lot.number, None), title=(lot.title, None)
    )
    session.delete(lot)


def _wanted(
    campaign: Campaign, family_id: int | None, item_ids: Sequence[int], territory: Territory
) -> list[SQLColumnExpression[bool]]:
    """Conditions on the need lines that a lot takes: validated, with something left."""
    wanted: list[SQLColumnExpression[bool]] = [
        NeedLine.campaign_id == campaign.id,
        NeedLine.is_pooled,
        NeedLine.allotted < NeedLine.pool_quantity,
        NeedLine.pool_item_id.in_(item_ids)
        if family_id is None
        else NeedLine.pool_item_id.in_(select(Item.id).where(Item.family_id == family_id)),
    ]
    if territory is not Territory.ALL:
        wanted.append(NeedLine.departement == territory.value)
    return wanted


def _make_lines(lot: Lot, wanted: list[SQLColumnExpression[bool]]) -> int:
    found = select(NeedLine.pool_item_id).where(*wanted).distinct().subquery()
    position = func.row_number().over(order_by=Item.code)
    rows = select(literal(lot.id), Item.id, position, Item.indicative_price).join(
        found, found.c.pool_item_id == Item.id
    )
    made = insert(LotLine).from_select(["lot_id", "item_id", "position", "estimated_price"], rows)
    return _inserted(made)


def _allot(lot: Lot, wanted: list[SQLColumnExpression[bool]]) -> int:
    rows = (
        select(
            LotLine.id,
            NeedLine.id,
            literal(AllocationKind.NEED, Allocation.kind.type),
            NeedLine.pool_quantity - NeedLine.allotted,
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
        .where(NeedLine.id == Allocation.need_line_id, _allocations_of(lot))
        .values(allotted=allotted)
    )


def _check_found(lot: Lot, lines: int, item_ids: Sequence[int]) -> None:
    if lines == 0:
        raise Refused(
            "already_allotted",
            _("Nothing is left to allot: every validated need for this is in a lot already."),
        )
    if lines < len(item_ids):
        missing = ", ".join(queries.codes_without_line(lot, item_ids))
        raise Refused(
            "already_allotted",
            _("Nothing is left to allot for %(items)s: untick it, then try again.", items=missing),
        )


def _allocations_of(lot: Lot) -> ColumnElement[bool]:
    lines = select(LotLine.id).where(LotLine.lot_id == lot.id)
    return Allocation.lot_line_id.in_(lines)
