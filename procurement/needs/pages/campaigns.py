"""Campaigns: the list, one of them, and the acts of its life."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.extensions import db
from procurement.kernel.access import Permission
from procurement.kernel.forms import Input
from procurement.kernel.lists import page_of
from procurement.kernel.pipeline import actor, find, form, today
from procurement.needs import operations, queries
from procurement.needs.models import Campaign
from procurement.needs.operations import Plan
from procurement.needs.pages.stage import stage
from procurement.needs.schemas import CampaignInput


@stage.get("/campaigns", allow=Permission.CAMPAIGN_READ)
def campaign_list() -> ResponseReturnValue:
    """List the campaigns, and for a buyer the form to prepare one."""
    page = page_of(queries.campaign_list(actor()))
    return render_template("needs/campaigns.html", page=page, today=today())


@stage.post("/campaigns", allow=Permission.CAMPAIGN_RUN)
@form(CampaignInput, shown_by=campaign_list)
def prepare(**entry: Any) -> ResponseReturnValue:
    """Prepare a campaign."""
    made = operations.prepare(Plan(**entry), actor=actor())
    db.session.flush()  # The redirect names the new row.
    return redirect(url_for("needs.campaign", campaign_id=made.id))


@stage.get("/campaigns/<id:campaign_id>", allow=Permission.CAMPAIGN_READ)
def campaign(campaign_id: int) -> ResponseReturnValue:
    """Show a campaign: to a member its own answer, to the centrale where the answers are."""
    shown, who = find(Campaign, campaign_id), actor()
    own = queries.need_of(shown, who.member_id) if who.member_id else None
    answers = {} if who.is_member_side else queries.answers_by_state(shown)
    return render_template(
        "needs/campaign.html", campaign=shown, need=own, answers=answers, today=today()
    )


@stage.post("/campaigns/<id:campaign_id>/open", allow=Permission.CAMPAIGN_RUN)
@form(Input, shown_by=campaign)
def open_campaign(campaign_id: int) -> ResponseReturnValue:
    """Open a campaign to the members."""
    operations.open_campaign(find(Campaign, campaign_id), actor=actor(), today=today())
    flash(_("Members may answer from the opening date on."), "success")
    return redirect(url_for("needs.campaign", campaign_id=campaign_id))


@stage.post("/campaigns/<id:campaign_id>/close", allow=Permission.CAMPAIGN_RUN)
@form(Input, shown_by=campaign)
def close_campaign(campaign_id: int) -> ResponseReturnValue:
    """Close a campaign."""
    operations.close_campaign(find(Campaign, campaign_id), actor=actor())
    flash(_("The campaign is closed. Its validated needs can be pooled now."), "success")
    return redirect(url_for("needs.campaign", campaign_id=campaign_id))
