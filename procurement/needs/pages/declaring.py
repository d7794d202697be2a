"""The form by which a member answers a campaign."""

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
from procurement.kernel.pipeline import actor, find, form, shown_form, today
from procurement.members import queries as members
from procurement.needs import operations, queries
from procurement.needs.models import NEED_STATE_LABELS, Campaign, Need, NeedLine
from procurement.needs.operations import LineEntry
from procurement.needs.pages.campaigns import campaign
from procurement.needs.pages.stage import stage
from procurement.needs.schemas import ChangedLineInput, NewLineInput


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
def add_line(need_id: int, item_id: int, **entry: Any) -> ResponseReturnValue:
    """Add a line."""
    operations.add_line(
        find(Need, need_id), item_id, LineEntry(**entry), actor=actor(), today=today()
    )
    flash(_("The line is saved in your draft."), "success")
    return redirect(url_for("needs.need", need_id=need_id))


@stage.get("/need-lines/<id:line_id>/edit", allow=Permission.NEED_DECLARE)
def edit_line(line_id: int) -> ResponseReturnValue:
    """Show the form of a line that stands."""
    line = find(NeedLine, line_id)
    return _line_page(line.need, line.item, line)


@stage.post("/need-lines/<id:line_id>/edit", allow=Permission.NEED_DECLARE)
@form(ChangedLineInput, shown_by=edit_line)
def change_line(line_id: int, version: int, **entry: Any) -> ResponseReturnValue:
    """Change a line."""
    line = find(NeedLine, line_id)
    operations.change_line(line, LineEntry(**entry), version, actor=actor(), today=today())
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


def _line_page(need: Need, item: Item | None, line: NeedLine | None) -> ResponseReturnValue:
    known: dict[str, object] = {}
    if line is not None:
        kept = ("site_id", "wanted_on", "paid_price", "paid_since", "version")
        known = {name: getattr(line, name) for name in kept}
        known["quantity"] = line.declared_quantity
    return render_template(
        "needs/line.html",
        need=need,
        item=item,
        line=line,
        form=shown_form(**known),
        sites=members.site_choices(need.member_id),
    )
