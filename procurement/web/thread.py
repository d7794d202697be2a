"""The thread: need › lot › tender › agreement › order › saving, from wherever one stands."""

from dataclasses import dataclass
from functools import lru_cache

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import ColumnElement, case, func, select

from procurement.agreements.models import Agreement
from procurement.extensions import db
from procurement.kernel import language
from procurement.kernel.access import ROLE_PERMISSIONS, Actor, Permission, Role
from procurement.kernel.database import Query, Record
from procurement.kernel.pipeline import actor
from procurement.lots.models import Allocation, AllocationKind, Lot, LotLine
from procurement.needs.models import Campaign, Need, NeedLine
from procurement.orders.models import Order, OrderLine, OrderState
from procurement.tenders.models import Tender


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of the strip: where it leads, and what it became there."""

    key: str
    label: str
    url: str | None
    is_current: bool
    note: str | None = None


def thread(
    *,
    at: str = "",
    campaign: Campaign | None = None,
    need: Need | None = None,
    need_line: NeedLine | None = None,
    lot: Lot | None = None,
    tender: Tender | None = None,
    agreement: Agreement | None = None,
    order: Order | None = None,
    savings: bool = False,
) -> list[Step]:
    """Build the strip for a page about one of these objects, or about the list ``at`` a stage."""
    if at or savings:
        return _lists(at or "saving", actor().role, language.current(), request.script_root)
    found: tuple[str, ColumnElement[bool]]
    if order:
        found = "order", Agreement.id == order.agreement_id
    elif agreement:
        found = "agreement", Agreement.id == agreement.id
    elif tender:
        found = "tender", Tender.id == tender.id
    elif lot:
        found = "lot", Lot.id == lot.id
    elif campaign:
        found = "need", Lot.campaign_id == campaign.id
    else:
        found = "need", _fed_by(need, need_line)
    return _around(*found, need_line.need if need_line else need, order, campaign)


def _fed_by(need: Need | None, need_line: NeedLine | None) -> ColumnElement[bool]:
    if need_line:
        lines = NeedLine.id == need_line.id
    elif need:
        lines = NeedLine.need_id == need.id
    else:
        raise TypeError("thread() takes the object that the page is about")
    fed = (
        select(LotLine.lot_id)
        .join(Allocation, Allocation.lot_line_id == LotLine.id)
        .join(NeedLine, NeedLine.id == Allocation.need_line_id)
        .where(lines)
    )
    return Lot.id.in_(fed)


def _around(
    current: str,
    chosen: ColumnElement[bool],
    need: Need | None,
    order: Order | None,
    campaign: Campaign | None,
) -> list[Step]:
    who = actor()
    found = db.session.execute(_chain(chosen, who)).one()
    urls: dict[str, str | None] = {}
    notes: dict[str, str | None] = {}
    campaign_id = campaign.id if campaign else need.campaign_id if need else found.campaign_id
    if need is not None:
        urls["need"] = url_for("needs.need", need_id=need.id)
    elif campaign_id:
        urls["need"] = url_for("needs.campaign", campaign_id=campaign_id)
    _lot_step(found, campaign_id, who, urls, notes)
    if found.tenders:
        urls["tender"] = (
            url_for("tenders.tender", tender_id=found.tender_id)
            if found.tenders == 1
            else url_for("tenders.tender_list")
        )
    if found.agreements == 1:
        urls["agreement"] = url_for("agreements.agreement", agreement_id=found.agreement_id)
        notes["agreement"] = found.agreement_number
    elif found.agreements:
        urls["agreement"] = url_for("agreements.agreement_list")
        notes["agreement"] = str(found.agreements)
    _order_step(found, order, urls, notes)
    open_to = {key for key, (_endpoint, permission) in _LISTS.items() if who.may(permission)}
    return _steps(
        current,
        {key: url for key, url in urls.items() if key in open_to},
        {key: note for key, note in notes.items() if key in open_to},
    )


def _chain(chosen: ColumnElement[bool], who: Actor) -> Query:
    """Select in one row what the chosen lots, tenders or agreements became."""
    visible = Order.visible_to(who) & (Order.state != OrderState.DRAFT)
    # An agreement may name a member that its lot owes nothing to, and a campaign has many lots.
    own_lot, own_number = (case((Lot.visible_to(who), one)) for one in (Lot.id, Lot.number))
    # A number is only shown when it is alone, and then the smallest is it.
    return (
        select(
            func.min(Lot.campaign_id).label("campaign_id"),
            func.count(own_lot.distinct()).label("lots"),
            func.min(own_lot).label("lot_id"),
            func.min(own_number).label("lot_number"),
            func.count(Tender.id.distinct()).label("tenders"),
            func.min(Tender.id).label("tender_id"),
            func.count(Agreement.id.distinct()).label("agreements"),
            func.min(Agreement.id).label("agreement_id"),
            func.min(Agreement.number).label("agreement_number"),
            func.count(Order.id.distinct()).label("orders"),
            func.min(Order.id).label("order_id"),
        )
        .select_from(Lot)
        .outerjoin(Tender, Tender.lot_id == Lot.id)
        .outerjoin(Agreement, (Agreement.tender_id == Tender.id) & Agreement.visible_to(who))
        .outerjoin(Order, (Order.agreement_id == Agreement.id) & visible)
        .where(chosen)
    )


def _lot_step(
    found: Record,
    campaign_id: int | None,
    who: Actor,
    urls: dict[str, str | None],
    notes: dict[str, str | None],
) -> None:
    if found.lots == 1:
        urls["lot"] = url_for("lots.lot", lot_id=found.lot_id)
        notes["lot"] = _("Lot %(number)s", number=found.lot_number)
    elif found.lots:
        urls["lot"] = url_for("lots.lot_list", campaign=campaign_id)
        notes["lot"] = ngettext("%(num)s lot", "%(num)s lots", found.lots)
    elif campaign_id and who.may(Permission.POOL_READ):
        urls["lot"] = url_for("lots.pool", campaign_id=campaign_id)


def _order_step(
    found: Record,
    order: Order | None,
    urls: dict[str, str | None],
    notes: dict[str, str | None],
) -> None:
    if order is not None:
        urls["order"] = url_for("orders.order", order_id=order.id)
        notes["order"] = order.number
    elif found.orders:
        only = found.agreement_id if found.agreements == 1 else None
        urls["order"] = url_for("orders.order_list", agreement=only)
        notes["order"] = ngettext("%(num)s order", "%(num)s orders", found.orders)
    if found.orders:
        urls["saving"] = url_for("savings.own")


@lru_cache
def _lists(at: str, role: Role | None, _language: str, _root: str) -> list[Step]:
    """Lead to the list of each stage: the same strip for a role on every page of a list."""
    urls = {
        key: url_for(endpoint)
        for key, (endpoint, permission) in _LISTS.items()
        if role and permission in ROLE_PERMISSIONS[role]
    }
    return _steps(at, {**urls}, {})


def _steps(current: str, urls: dict[str, str | None], notes: dict[str, str | None]) -> list[Step]:
    labels = {
        "need": _("Need"),
        "lot": _("Lot"),
        "tender": _("Tender"),
        "agreement": _("Agreement"),
        "order": _("Order"),
        "saving": _("Saving"),
    }
    return [
        Step(key, label, urls.get(key), key == current, notes.get(key))
        for key, label in labels.items()
    ]


_LISTS = {
    "need": ("needs.campaign_list", Permission.CAMPAIGN_READ),
    "lot": ("lots.lot_list", Permission.LOT_READ),
    "tender": ("tenders.tender_list", Permission.TENDER_READ),
    "agreement": ("agreements.agreement_list", Permission.AGREEMENT_READ),
    "order": ("orders.order_list", Permission.ORDER_READ),
    "saving": ("savings.own", Permission.SAVING_READ),
}


@dataclass(frozen=True, slots=True)
class Link:
    """What one allocation of a need line became: its lot, tender, agreement and price."""

    row: Record
    orders: list[Record]


def story(line: NeedLine) -> list[Link]:
    """Follow a need line down, allocation by allocation, to the orders of its member."""
    rows = db.session.execute(_allotted(line)).all()
    orders = db.session.execute(_ordered(line)).all() if rows else []
    return [
        Link(
            row,
            [
                order
                for order in orders
                if (order.agreement_id, order.item_id) == (row.agreement_id, row.item_id)
            ],
        )
        for row in rows
    ]


def _allotted(line: NeedLine) -> Query:
    """Select what lots take of the line, and took when they gave it back to the pool."""
    return (
        select(
            Allocation.quantity,
            Lot.id.label("lot_id"),
            Lot.number.label("lot_number"),
            Lot.title.label("lot_title"),
            Lot.state.label("lot_state"),
            Lot.released_on,
            LotLine.id.label("lot_line_id"),
            LotLine.item_id,
            LotLine.quantity.label("pooled"),
            Tender.id.label("tender_id"),
            Tender.state.label("tender_state"),
            Tender.awarded_on,
            Agreement.id.label("agreement_id"),
            Agreement.number.label("agreement_number"),
            Agreement.state.label("agreement_state"),
        )
        .join(LotLine, LotLine.id == Allocation.lot_line_id)
        .join(Lot, Lot.id == LotLine.lot_id)
        .outerjoin(Tender, Tender.lot_id == Lot.id)
        .outerjoin(Agreement, (Agreement.tender_id == Tender.id) & Agreement.visible_to(actor()))
        .where(Allocation.need_line_id == line.id, Allocation.kind == AllocationKind.NEED)
        .order_by(Lot.number, Tender.id)
    )


def _ordered(line: NeedLine) -> Query:
    """Select the orders that the member placed of what the line is in lots as."""
    items = (
        select(LotLine.item_id)
        .join(Allocation, Allocation.lot_line_id == LotLine.id)
        .where(Allocation.need_line_id == line.id)
    )
    return (
        select(
            Order.id,
            Order.number,
            Order.state,
            Order.agreement_id,
            Order.confirmed_on,
            OrderLine.item_id,
            OrderLine.quantity,
            OrderLine.unit_price,
            OrderLine.amount,
            OrderLine.reference_price,
            OrderLine.reference_amount,
            (OrderLine.reference_line_id == line.id).label("is_proof"),
        )
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            OrderLine.item_id.in_(items),
            Order.member_id == line.member_id,
            Order.visible_to(actor()),
        )
        .order_by(Order.id)
    )
