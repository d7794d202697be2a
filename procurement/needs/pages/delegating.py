"""Needs entered for a member by somebody else, and what the member says against them."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.extensions import db
from procurement.kernel.access import Permission
from procurement.kernel.forms import Input
from procurement.kernel.pipeline import actor, find, form, today
from procurement.members.models import Mandate, Member
from procurement.needs import operations
from procurement.needs.models import Campaign, Need
from procurement.needs.pages.campaigns import campaign
from procurement.needs.pages.declaring import need
from procurement.needs.pages.stage import stage
from procurement.needs.schemas import ObjectionInput


@stage.post("/campaigns/<id:campaign_id>/members/<id:member_id>/need", allow=Permission.NEED_ENTER)
@form(Input, shown_by=lambda campaign_id, **_address: campaign(campaign_id))
def enter_for(campaign_id: int, member_id: int) -> ResponseReturnValue:
    """Begin, or go on with, the need that the centrale enters for a member."""
    asked, body = find(Campaign, campaign_id), find(Member, member_id)
    return _entered(operations.enter_for(asked, body.id, actor=actor(), today=today()))


@stage.post(
    "/campaigns/<id:campaign_id>/mandates/<id:mandate_id>/need", allow=Permission.NEED_DECLARE
)
@form(Input, shown_by=lambda campaign_id, **_address: campaign(campaign_id))
def begin_by_mandate(campaign_id: int, mandate_id: int) -> ResponseReturnValue:
    """Begin, or go on with, the need of a body that mandated the actor's own."""
    asked, mandate = find(Campaign, campaign_id), find(Mandate, mandate_id)
    return _entered(operations.begin_by_mandate(asked, mandate, actor=actor(), today=today()))


@stage.post("/needs/<id:need_id>/objection", allow=Permission.NEED_OBJECT)
@form(ObjectionInput, shown_by=need)
def object_to(need_id: int, objection: str) -> ResponseReturnValue:
    """Object to a need that was entered for one's body."""
    operations.object_to(find(Need, need_id), objection, actor=actor())
    flash(_("Your objection is recorded and sent to whoever entered this need."), "success")
    return redirect(url_for("needs.need", need_id=need_id))


def _entered(begun: Need) -> ResponseReturnValue:
    db.session.flush()  # The redirect names the new row.
    return redirect(url_for("needs.need", need_id=begun.id))
