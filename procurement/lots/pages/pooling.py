"""The buyer's acts on the pool: a line is left out or put back, two items become one."""

from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.catalogue.models import Item
from procurement.kernel.access import Permission
from procurement.kernel.lists import asked_id
from procurement.kernel.pipeline import actor, find, form, shown_form, today
from procurement.lots import operations, queries
from procurement.lots.pages.pool import merges, pool_line
from procurement.lots.pages.stage import stage
from procurement.lots.schemas import MergeInput, PoolReasonInput, UnmergeInput
from procurement.needs.models import Campaign, NeedLine


@stage.post("/need-lines/<id:line_id>/leave-out", allow=Permission.LOT_FORM)
@form(PoolReasonInput, shown_by=pool_line)
def leave_out(line_id: int, reason: str) -> ResponseReturnValue:
    """Leave a line out of the pool."""
    line = find(NeedLine, line_id)
    item_id = line.pool_item_id or line.item_id
    operations.leave_out(line, reason, actor=actor(), today=today())
    flash(_("The line is left out of the pool. Its member reads why."), "success")
    return redirect(url_for("lots.pool_item", campaign_id=line.campaign_id, item_id=item_id))


@stage.post("/need-lines/<id:line_id>/put-back", allow=Permission.LOT_FORM)
@form(PoolReasonInput, shown_by=pool_line)
def put_back(line_id: int, reason: str) -> ResponseReturnValue:
    """Put a line back into the pool."""
    line = find(NeedLine, line_id)
    operations.put_back(line, reason, actor=actor(), today=today())
    flash(_("The line is in the pool again."), "success")
    return redirect(
        url_for(
            "lots.pool_item",
            campaign_id=line.campaign_id,
            item_id=line.pool_item_id or line.item_id,
        )
    )


@stage.get("/campaigns/<id:campaign_id>/pool/<id:item_id>/merge", allow=Permission.LOT_FORM)
def merge_form(campaign_id: int, item_id: int) -> ResponseReturnValue:
    """Show the form that pools an item as another."""
    campaign, item = find(Campaign, campaign_id), find(Item, item_id)
    text, into = request.args.get("find", "").strip(), asked_id("into")
    chosen = [into or 0, request.form.get("into_item_id", 0, type=int)]
    targets = queries.targets(campaign.id, item, text, chosen)
    known = next((one.units_each for one in targets if one.item.id == into), None)
    return render_template(
        "lots/pool_merge.html",
        campaign=campaign,
        item=item,
        total=queries.item_total(item, queries.parts(campaign.id, item.id)),
        targets=targets,
        text=text,
        form=shown_form(into_item_id=into, units_each=known),
    )


@stage.post("/campaigns/<id:campaign_id>/pool/<id:item_id>/merge", allow=Permission.LOT_FORM)
@form(MergeInput, shown_by=merge_form)
def merge(
    campaign_id: int, item_id: int, into_item_id: int, units_each: Decimal, reason: str
) -> ResponseReturnValue:
    """Pool an item as another."""
    campaign, item, into = (
        find(Campaign, campaign_id),
        find(Item, item_id),
        find(Item, into_item_id),
    )
    operations.merge(campaign, item, into, units_each, reason, actor=actor(), today=today())
    flash(
        _("Both items are pooled as one. You can take it back until a lot takes them."), "success"
    )
    return redirect(url_for("lots.pool_item", campaign_id=campaign_id, item_id=into_item_id))


@stage.post("/campaigns/<id:campaign_id>/pool/unmerge", allow=Permission.LOT_FORM)
@form(UnmergeInput, shown_by=merges)
def unmerge(campaign_id: int, item_id: int) -> ResponseReturnValue:
    """Pool an item as itself again."""
    campaign, item = find(Campaign, campaign_id), find(Item, item_id)
    operations.unmerge(campaign, item, actor=actor(), today=today())
    flash(_("The item is pooled as itself again."), "success")
    return redirect(url_for("lots.merges", campaign_id=campaign_id))
