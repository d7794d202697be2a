"""The pool of a campaign, its lots, their lines, and the lot sheets."""

from io import BytesIO

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.kernel.access import Permission
from procurement.kernel.forms import Input
from procurement.kernel.lists import asked_id, page_of
from procurement.kernel.pipeline import Stage, actor, find, form, mark, today
from procurement.kernel.sheets import MIME_TYPE
from procurement.lots import editions, operations, queries
from procurement.lots.editions import Edition
from procurement.lots.models import LOT_STATE_LABELS, Lot, LotLine
from procurement.lots.rules import DEPARTEMENTS, TERRITORY_LABELS, Territory, printed, segments
from procurement.lots.schemas import LotInput
from procurement.needs.models import Campaign
from procurement.needs.queries import answers_by_state
from procurement.needs.queries.harmonising import unharmonised

stage = Stage("lots", __name__, template_folder="templates")
stage.add_app_template_filter(printed, "check_figure")
stage.add_app_template_global(segments, "segments")


@stage.get("/campaigns/<id:campaign_id>/pool", allow=Permission.POOL_READ)
def pool(campaign_id: int) -> ResponseReturnValue:
    """Show what the members ask for in a campaign, and the form of a lot of it."""
    campaign = find(Campaign, campaign_id)
    return render_template(
        "lots/pool.html",
        campaign=campaign,
        pool=queries.pool(campaign.id),
        answers=answers_by_state(campaign),
        unharmonised=unharmonised(campaign.id),
        can_form=operations.can_form(campaign, today()),
        territories=TERRITORY_LABELS,
        departements=DEPARTEMENTS,
    )


@stage.post("/campaigns/<id:campaign_id>/lots", allow=Permission.LOT_FORM)
@form(LotInput, shown_by=pool)
def form_lot(
    campaign_id: int,
    title: str,
    family_id: int | None,
    item_ids: list[int],
    territory: Territory,
) -> ResponseReturnValue:
    """Form a lot."""
    made = operations.form(
        find(Campaign, campaign_id),
        title,
        family_id=family_id,
        item_ids=item_ids,
        territory=territory,
        actor=actor(),
        today=today(),
    )
    flash(_("Lot %(number)s is formed. Check it, then freeze it.", number=made.number), "success")
    return redirect(url_for("lots.lot", lot_id=made.id))


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


@stage.get("/lots/<id:lot_id>/supplier.xlsx", allow=Permission.POOL_READ)
def supplier_sheet(lot_id: int) -> ResponseReturnValue:
    """Send the lot sheet for firms to fill in."""
    return _download(find(Lot, lot_id), Edition.SUPPLIER)


@stage.get("/lots/<id:lot_id>/buyer.xlsx", allow=Permission.POOL_READ)
def buyer_sheet(lot_id: int) -> ResponseReturnValue:
    """Send the lot sheet with the breakdown by member."""
    return _download(find(Lot, lot_id), Edition.BUYER)


def _download(shown: Lot, edition: Edition) -> ResponseReturnValue:
    content = BytesIO(editions.lot_sheet(shown, edition, mark()))
    name = editions.file_name(shown, edition)
    return send_file(content, MIME_TYPE, as_attachment=True, download_name=name)
