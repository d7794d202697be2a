"""Campaigns, and the form by which a member answers one."""

from datetime import date
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.catalogue import queries as catalogue
from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.access import Permission
from procurement.kernel.forms import Input
from procurement.kernel.lists import asked_id, page_of
from procurement.kernel.pipeline import Stage, actor, find, form, shown_form, today
from procurement.members import queries as members
from procurement.needs import operations, queries
from procurement.needs.models import NEED_STATE_LABELS, Campaign, Need, NeedLine
from procurement.needs.schemas import CampaignInput, LineInput, NewLineInput, ReturnInput

stage = Stage("needs", __name__, template_folder="templates")


@stage.get("/campaigns", allow=Permission.CAMPAIGN_READ)
def campaign_list() -> ResponseReturnValue:
    """List the campaigns, and for a buyer the form to prepare one."""
    page = page_of(queries.campaign_list(actor()))
    return render_template("needs/campaigns.html", page=page, today=today())


@stage.post("/campaigns", allow=Permission.CAMPAIGN_RUN)
@form(CampaignInput, shown_by=campaign_list)
def prepare(
    title: str, opens_on: date, closes_on: date, instructions: str | None
) -> ResponseReturnValue:
    """Prepare a campaign."""
    made = operations.prepare(title, opens_on, closes_on, instructions, actor=actor())
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


@stage.post("/campaigns/<id:campaign_id>/need", allow=Permission.NEED_DECLARE)
@form(Input, shown_by=campaign)
def begin(campaign_id: int) -> ResponseReturnValue:
    """Begin the member's answer, or go on with it."""
    need = operations.begin(find(Campaign, campaign_id), actor=actor(), today=today())
    db.session.flush()  # The redirect names the new row.
    return redirect(url_for("needs.need", need_id=need.id))


@stage.get("/needs", allow=Permission.NEED_READ)
def need_list() -> ResponseReturnValue:
    """List the answers that the actor may see."""
    campaign_id, state = asked_id("campaign"), request.args.get("state", "")
    text = request.args.get("q", "").strip()
    return render_template(
        "needs/list.html",
        page=page_of(queries.need_list(actor(), campaign_id, state, text)),
        states=NEED_STATE_LABELS,
        state=state,
        text=text,
        campaign_id=campaign_id,
    )


@stage.get("/needs/<id:need_id>", allow=Permission.NEED_READ)
def need(need_id: int) -> ResponseReturnValue:
    """Show a need; to its author with the catalogue to add from."""
    shown, text = find(Need, need_id), request.args.get("q", "").strip()
    may_edit = shown.takes_lines(today()) and actor().may(Permission.NEED_DECLARE)
    family_id = asked_id("family")
    wants_items = may_edit and (text or family_id)
    items = page_of(catalogue.item_list(text, family_id), size=20) if wants_items else None
    return render_template(
        "needs/need.html",
        need=shown,
        lines=queries.lines_of(shown),
        may_edit=may_edit,
        can_return=shown.can_return(today()),
        text=text,
        family_id=family_id,
        items=items,
        families=catalogue.families() if may_edit else [],
    )


@stage.get("/needs/<id:need_id>/lines/new", allow=Permission.NEED_DECLARE)
def line_form(need_id: int) -> ResponseReturnValue:
    """Show the form of a new line, for the item that the address or the form names."""
    item_id = request.values.get("item_id", 0, type=int)
    return _line_page(find(Need, need_id), find(Item, item_id), None)


@stage.post("/needs/<id:need_id>/lines", allow=Permission.NEED_DECLARE)
@form(NewLineInput, shown_by=line_form)
def add_line(need_id: int, **entry: Any) -> ResponseReturnValue:
    """Add a line."""
    operations.add_line(find(Need, need_id), **entry, actor=actor(), today=today())
    flash(_("The line is saved in your draft."), "success")
    return redirect(url_for("needs.need", need_id=need_id))


@stage.get("/need-lines/<id:line_id>/edit", allow=Permission.NEED_DECLARE)
def edit_line(line_id: int) -> ResponseReturnValue:
    """Show the form of a line that stands."""
    line = find(NeedLine, line_id)
    return _line_page(line.need, line.item, line)


@stage.post("/need-lines/<id:line_id>/edit", allow=Permission.NEED_DECLARE)
@form(LineInput, shown_by=edit_line)
def change_line(
    line_id: int,
    quantity: Decimal,
    site_id: int,
    wanted_on: date | None,
    paid_price: Decimal | None,
    paid_since: date | None,
) -> ResponseReturnValue:
    """Change a line."""
    line = find(NeedLine, line_id)
    operations.change_line(
        line, quantity, site_id, wanted_on, paid_price, paid_since, actor=actor(), today=today()
    )
    flash(_("The line is saved in your draft."), "success")
    return redirect(url_for("needs.need", need_id=line.need_id))


@stage.post("/need-lines/<id:line_id>/remove", allow=Permission.NEED_DECLARE)
@form(Input, shown_by=edit_line)
def remove_line(line_id: int) -> ResponseReturnValue:
    """Remove a line."""
    line = find(NeedLine, line_id)
    need_id = line.need_id
    operations.remove_line(line, actor=actor(), today=today())
    flash(_("The line was removed."), "success")
    return redirect(url_for("needs.need", need_id=need_id))


@stage.post("/needs/<id:need_id>/submit", allow=Permission.NEED_DECLARE)
@form(Input, shown_by=need)
def submit(need_id: int) -> ResponseReturnValue:
    """Submit the need to the member's approver."""
    operations.submit(find(Need, need_id), actor=actor(), today=today())
    flash(_("The need is submitted: an approver of your body validates it next."), "success")
    return redirect(url_for("needs.need", need_id=need_id))


@stage.post("/needs/<id:need_id>/nil", allow=Permission.NEED_DECLARE)
@form(Input, shown_by=need)
def declare_nil(need_id: int) -> ResponseReturnValue:
    """Answer that nothing is needed."""
    operations.declare_nil(find(Need, need_id), actor=actor(), today=today())
    flash(_("Your answer is noted: nothing is needed this time."), "success")
    return redirect(url_for("needs.need", need_id=need_id))


@stage.post("/needs/<id:need_id>/validate", allow=Permission.NEED_VALIDATE)
@form(Input, shown_by=need)
def validate(need_id: int) -> ResponseReturnValue:
    """Validate a need."""
    operations.validate(find(Need, need_id), actor=actor())
    flash(_("The need is validated: the centrale can pool it."), "success")
    return redirect(url_for("needs.need", need_id=need_id))


@stage.post("/needs/<id:need_id>/return", allow=Permission.NEED_VALIDATE)
@form(ReturnInput, shown_by=need)
def return_to_author(need_id: int, reason: str) -> ResponseReturnValue:
    """Send a need back to its author."""
    operations.return_to_author(find(Need, need_id), reason, actor=actor(), today=today())
    flash(_("The need went back to its author, with your reason."), "success")
    return redirect(url_for("needs.need", need_id=need_id))


def _line_page(need: Need, item: Item, line: NeedLine | None) -> ResponseReturnValue:
    known: dict[str, object] = {}
    if line is not None:
        kept = ("quantity", "site_id", "wanted_on", "paid_price", "paid_since")
        known = {name: getattr(line, name) for name in kept}
    return render_template(
        "needs/line.html",
        need=need,
        item=item,
        line=line,
        form=shown_form(**known),
        sites=members.site_choices(need.member_id),
    )
