"""The life of a lot: frozen into a version of its sheet, thawed, given back when nobody won it."""

import json
from collections.abc import Collection
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, func, null, select, update

from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.errors import Refused
from procurement.lots import queries, verification
from procurement.lots.models import (
    Allocation,
    AllocationKind,
    Lot,
    LotLine,
    LotState,
    PriceTier,
    SheetVersion,
)
from procurement.lots.operations import telling
from procurement.lots.operations.holding import lock, lock_campaign, refuse_frozen
from procurement.needs.models import CampaignState, NeedLine


def freeze(lot: Lot, *, actor: Actor, today: date) -> None:
    """Fix the quantities of a lot as the sums of its allocations, under a check figure.

    From here on its sheet can be sent, and it no longer changes but by an act that thaws it.
    Raises Refused ``empty_lot`` when it has no line, or one that no need feeds.
    """
    session = db.session()
    lock(lot)
    moved = lot.move(LotState.FROZEN)
    # A frozen lot without its figure is no lot, say its constraints: it is written in one piece.
    with session.no_autoflush:
        _check_fed(lot)
        total = (
            select(func.sum(Allocation.quantity))
            .where(Allocation.lot_line_id == LotLine.id)
            .scalar_subquery()
        )
        _set_quantities(lot, total)
        lot.check_figure = verification.check_figures(Lot.id == lot.id)[lot.id]
    lot.sheet_version += 1
    lot.frozen_on = today
    _keep_version(lot, actor, today)
    audit.record(
        session,
        actor,
        "lots.freeze",
        lot,
        state=moved,
        sheet_version=lot.sheet_version,
        check_figure=lot.check_figure,
    )


def thaw(lot: Lot, reason: str, *, actor: Actor, today: date) -> None:
    """Make a frozen lot a draft again, for a reason that the members whose needs feed it are told.

    The version of its sheet is kept, and the next freezing makes another. Raises Refused
    ``lot_not_frozen`` for a draft, or once firms answer the sheet.
    """
    session = db.session()
    lock(lot)
    if lot.state is not LotState.FROZEN:
        raise Refused(
            "lot_not_frozen",
            _("Only a frozen lot that no firm was asked to answer yet can be thawed."),
        )
    moved = lot.move(LotState.DRAFT)
    _set_quantities(lot, null())
    session.execute(
        update(SheetVersion)
        .where(SheetVersion.lot_id == lot.id, SheetVersion.number == lot.sheet_version)
        .values(thawed_on=today, thaw_reason=reason)
    )
    letters = telling.tell_thawed(lot, reason)
    audit.record(
        session,
        actor,
        "lots.thaw",
        lot,
        state=moved,
        sheet_version=lot.sheet_version,
        reason=reason,
        letters=letters,
    )


def release(lot: Lot, *, actor: Actor, today: date) -> None:
    """Give the needs of an unsuccessful lot back to the pool: another lot may take them.

    Its allocations are kept, released. Raises Refused ``lot_not_unsuccessful``,
    ``already_released``, and ``campaign_archived`` when no lot can be formed any more.
    """
    session = db.session()
    lock_campaign(lot.campaign)
    lock(lot)
    if lot.state is not LotState.UNSUCCESSFUL:
        raise Refused(
            "lot_not_unsuccessful",
            _("Only a lot whose tender was unsuccessful gives its needs back: dissolve a draft."),
        )
    if lot.released_on is not None:
        raise Refused("already_released", _("This lot has given its needs back already."))
    if lot.campaign.state is CampaignState.ARCHIVED:
        raise Refused(
            "campaign_archived",
            _("The campaign is archived: no new lot can be formed of the needs of this one."),
        )
    released = _release(lot)
    lot.released_on = today
    audit.record(session, actor, "lots.release", lot, released_on=today, allocations=released)


def set_sheet_options(
    lot: Lot, *, names_members: bool, tiers: Collection[Decimal], actor: Actor
) -> None:
    """Say what the sheet for firms tells and asks: members by name, lower prices by quantity.

    ``tiers`` are the quantities, each different, from which another price may be offered. Raises
    Refused ``lot_frozen`` once firms may hold the sheet.
    """
    lock(lot)
    refuse_frozen(lot)
    named = lot.names_members, names_members
    before = [one.from_quantity for one in lot.tiers]
    lot.names_members = names_members
    # What stays is left alone: its row would be written anew before the old one is gone.
    kept = [one for one in lot.tiers if one.from_quantity in tiers]
    lot.tiers = kept + [PriceTier(from_quantity=one) for one in tiers if one not in before]
    audit.record(
        db.session(),
        actor,
        "lots.set_sheet_options",
        lot,
        names_members=named,
        tiers=(before, sorted(tiers)),
    )


def _check_fed(lot: Lot) -> None:
    """Check that firms are asked for nothing that nobody needs."""
    unfed = queries.codes_unfed(lot)
    if unfed:
        raise Refused(
            "empty_lot",
            _(
                "Nothing is left in this lot of %(items)s: put needs back into it, or remove the"
                " line.",
                items=", ".join(unfed),
            ),
        )
    if not queries.has_lines(lot):
        raise Refused("empty_lot", _("This lot is empty: put needs into it, or dissolve it."))


def _set_quantities(lot: Lot, quantity: ColumnElement[Decimal] | ColumnElement[None]) -> None:
    db.session.connection().execute(
        update(LotLine).where(LotLine.lot_id == lot.id).values(quantity=quantity)
    )
    db.session.expire(lot, ["lines"])


def _release(lot: Lot) -> int:
    """Take what the lot holds off what is allotted, and mark it; give how many allocations."""
    connection = db.session.connection()
    mine = Allocation.lot_line_id.in_(select(LotLine.id).where(LotLine.lot_id == lot.id))
    held = (
        select(Allocation.need_line_id, func.sum(Allocation.quantity).label("quantity"))
        .where(mine, Allocation.kind == AllocationKind.NEED)
        .group_by(Allocation.need_line_id)
        .subquery()
    )
    connection.execute(
        update(NeedLine)
        .where(NeedLine.id == held.c.need_line_id)
        .values(allotted=NeedLine.allotted - held.c.quantity, was_tendered=True)
    )
    released = update(Allocation).where(mine).values(is_released=True)
    made = connection.execute(released, execution_options={"preserve_rowcount": True})
    return made.rowcount


def _keep_version(lot: Lot, actor: Actor, today: date) -> None:
    session = db.session()
    session.flush()
    lines = session.execute(
        select(LotLine.item_id, LotLine.quantity)
        .where(LotLine.lot_id == lot.id)
        .order_by(LotLine.position)
    )
    session.add(
        SheetVersion(
            lot_id=lot.id,
            number=lot.sheet_version,
            frozen_on=today,
            check_figure=lot.check_figure,
            lines=json.dumps([[item_id, f"{quantity:.3f}"] for item_id, quantity in lines]),
            person_id=actor.person_id,
        )
    )
