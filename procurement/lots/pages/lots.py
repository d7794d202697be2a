"""Lots, and the acts of their life."""

from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.kernel.access import Permission
from procurement.kernel.forms import Form, Input
from procurement.kernel.lists import asked_id, page_of
from procurement.kernel.pipeline import actor, find, form, shown_form, today
from procurement.lots import operations, queries
from procurement.lots.models import LOT_STATE_LABELS, Lot
from procurement.lots.pages.stage import stage
from procurement.lots.rules import DEPARTEMENTS
from procurement.lots.schemas import SheetOptionsInput, ThawInput
from procurement.lots.schemas.living import MOST_TIERS
from procurement.needs.models import CampaignState


@stage.get("/lots", allow=Permission.LOT_READ)
def lot_list() -> ResponseReturnValue:
    """List the lots that the actor may see."""
    campaign_id, state, who = asked_id("campaign"), request.args.get("state", ""), actor()
    page = page_of(queries.lot_list(who, campaign_id, state))
    return render_template(
        "lots/list.html",
        page=page,
        worth={} if who.is_member_side else queries.worth([row.id for row in page.rows]),
        campaigns=queries.campaign_choices(who),
        states=LOT_STATE_LABELS,
        campaign_id=campaign_id,
        state=state,
    )


@stage.get("/lots/<id:lot_id>", allow=Permission.LOT_READ)
def lot(lot_id: int) -> ResponseReturnValue:
    """Show a lot line by line: to a member, what it asked for itself."""
    shown, who = find(Lot, lot_id), actor()
    text, sort = request.args.get("q", ""), request.args.get("sort", "")
    lines = queries.lines_page(shown, who, text, sort)
    page = page_of(lines, path=url_for("lots.lot", lot_id=lot_id))
    return render_template(
        "lots/lot.html",
        lot=shown,
        page=page,
        lines=queries.taken(page.rows, who),
        line_count=queries.line_count(shown, who),
        departements=DEPARTEMENTS,
        text=text,
        sort=sort,
        central=None if who.is_member_side else _central(shown),
    )


def _central(shown: Lot) -> dict[str, object]:
    """What the centrale alone reads of a lot."""
    return {
        "member_count": queries.member_count(shown),
        "worth": queries.worth([shown.id]).get(shown.id),
        "history": queries.history(shown),
        "is_rounded": shown.is_draft and queries.is_rounded(shown),
        "sheet_form": _sheet_form(shown),
        "most_tiers": MOST_TIERS,
    }


def _sheet_form(shown: Lot) -> Form:
    """The options of the sheet: as they were typed if they were refused, else as they are."""
    if request.endpoint == "lots.set_sheet_options":
        return shown_form()
    tiers = {f"tiers-{n}-from_quantity": one.from_quantity for n, one in enumerate(shown.tiers)}
    return Form({"names_members": "1" if shown.names_members else "", **tiers})


@stage.post("/lots/<id:lot_id>/freeze", allow=Permission.LOT_FORM)
@form(Input, shown_by=lot)
def freeze(lot_id: int) -> ResponseReturnValue:
    """Freeze a lot."""
    operations.freeze(find(Lot, lot_id), actor=actor(), today=today())
    flash(_("The lot is frozen. Its sheet can be sent to firms."), "success")
    return redirect(url_for("lots.lot", lot_id=lot_id))


@stage.post("/lots/<id:lot_id>/thaw", allow=Permission.LOT_FORM)
@form(ThawInput, shown_by=lot)
def thaw(lot_id: int, reason: str) -> ResponseReturnValue:
    """Make a frozen lot a draft again."""
    operations.thaw(find(Lot, lot_id), reason, actor=actor(), today=today())
    flash(_("The lot is a draft again, and the members whose needs feed it are told."), "success")
    return redirect(url_for("lots.lot", lot_id=lot_id))


@stage.post("/lots/<id:lot_id>/sheet", allow=Permission.LOT_FORM)
@form(SheetOptionsInput, shown_by=lot)
def set_sheet_options(
    lot_id: int, names_members: bool, tiers: list[Decimal]
) -> ResponseReturnValue:
    """Say what the sheet for firms tells and asks."""
    operations.set_sheet_options(
        find(Lot, lot_id), names_members=names_members, tiers=tiers, actor=actor()
    )
    flash(_("The sheet for firms will be made so."), "success")
    return redirect(url_for("lots.lot", lot_id=lot_id))


@stage.post("/lots/<id:lot_id>/release", allow=Permission.LOT_FORM)
@form(Input, shown_by=lot)
def release(lot_id: int) -> ResponseReturnValue:
    """Give the needs of an unsuccessful lot back to the pool."""
    released = find(Lot, lot_id)
    operations.release(released, actor=actor(), today=today())
    if released.campaign.state is CampaignState.POOLED:
        flash(
            _(
                "The needs of the lot are back in the pool. Its campaign is marked as pooled:"
                " resume pooling, then form a new lot of them."
            ),
            "success",
        )
        return redirect(url_for("needs.campaign", campaign_id=released.campaign_id))
    flash(_("The needs of the lot are back in the pool: form a new lot of them."), "success")
    return redirect(url_for("lots.pool", campaign_id=released.campaign_id))


@stage.post("/lots/<id:lot_id>/dissolve", allow=Permission.LOT_FORM)
@form(Input, shown_by=lot)
def dissolve(lot_id: int) -> ResponseReturnValue:
    """Dissolve a draft lot."""
    gone = find(Lot, lot_id)
    operations.dissolve(gone, actor=actor())
    flash(
        _("Lot %(number)s is dissolved: its needs are in the pool.", number=gone.number), "success"
    )
    return redirect(url_for("lots.pool", campaign_id=gone.campaign_id))
