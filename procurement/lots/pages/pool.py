"""The pool of a campaign, and the lots formed of it."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.kernel.access import Permission
from procurement.kernel.pipeline import actor, find, form, today
from procurement.lots import operations, queries
from procurement.lots.pages.stage import stage
from procurement.lots.rules import DEPARTEMENTS, TERRITORY_LABELS, Territory
from procurement.lots.schemas import LotInput
from procurement.needs.models import Campaign
from procurement.needs.queries import answers_by_state
from procurement.needs.queries.harmonising import unharmonised


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
