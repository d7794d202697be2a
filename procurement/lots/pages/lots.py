"""Lots and their lines."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.kernel.access import Permission
from procurement.kernel.forms import Input
from procurement.kernel.lists import asked_id, page_of
from procurement.kernel.pipeline import actor, find, form, today
from procurement.lots import operations, queries
from procurement.lots.models import LOT_STATE_LABELS, Lot, LotLine
from procurement.lots.pages.stage import stage
from procurement.lots.rules import DEPARTEMENTS


@stage.get("/lots", allow=Permission.LOT_READ)
def lot_list() -> ResponseReturnValue:
    """List the lots that the actor may see."""
    campaign_id, state = asked_id("campaign"), request.args.get("state", "")
    return render_template(
        "lots/list.html",
        page=page_of(queries.lot_list(actor(), campaign_id, state)),
        campaigns=queries.campaign_choices(actor()),
        states=LOT_STATE_LABELS,
        campaign_id=campaign_id,
        state=state,
    )


@stage.get("/lots/<id:lot_id>", allow=Permission.LOT_READ)
def lot(lot_id: int) -> ResponseReturnValue:
    """Show a lot line by line: to a member, what it asked for itself."""
    shown, who = find(Lot, lot_id), actor()
    return render_template(
        "lots/lot.html",
        lot=shown,
        lines=queries.lot_lines(LotLine.lot_id == shown.id, queries.own_lines(who)),
        departements=DEPARTEMENTS,
        member_count=None if who.is_member_side else queries.member_count(shown),
    )


@stage.post("/lots/<id:lot_id>/freeze", allow=Permission.LOT_FORM)
@form(Input, shown_by=lot)
def freeze(lot_id: int) -> ResponseReturnValue:
    """Freeze a lot."""
    operations.freeze(find(Lot, lot_id), actor=actor(), today=today())
    flash(_("The lot is frozen. Its sheet can be sent to firms."), "success")
    return redirect(url_for("lots.lot", lot_id=lot_id))


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


@stage.get("/lot-lines/<id:line_id>", allow=Permission.LOT_READ)
def lot_line(line_id: int) -> ResponseReturnValue:
    """Show who asked for how much of one item of a lot, need line by need line."""
    line, who = find(LotLine, line_id), actor()
    return render_template(
        "lots/line.html",
        line=line,
        pooled=queries.lot_lines(LotLine.id == line.id, queries.own_lines(who))[0],
        page=page_of(queries.contributions(line, who)),
    )
