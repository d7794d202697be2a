"""The form by which a member answers a campaign: what is needed, and the catalogue to add from."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from procurement.catalogue import queries as catalogue
from procurement.catalogue.models import UNIT_LABELS
from procurement.extensions import db
from procurement.kernel.access import Permission
from procurement.kernel.database import Record
from procurement.kernel.forms import Input
from procurement.kernel.lists import asked_id, page_of
from procurement.kernel.pipeline import actor, find, form, today
from procurement.members import queries as members
from procurement.needs import operations, queries, rules
from procurement.needs.models import NEED_STATE_LABELS, Campaign, Need
from procurement.needs.operations import Copied
from procurement.needs.pages.campaigns import campaign
from procurement.needs.pages.stage import stage


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
    shown = find(Need, need_id)
    lines = queries.lines_of(shown)
    decisions = queries.decisions(shown, actor(), today())
    may_edit = decisions.may_write
    return render_template(
        "needs/need.html",
        need=shown,
        lines=lines,
        may_edit=may_edit,
        decisions=decisions,
        documents=queries.documents_of(shown),
        filled_packs=rules.filled_packs,
        **(_adding(shown, lines) if may_edit else {}),
    )


@stage.post("/needs/<id:need_id>/copy", allow=Permission.NEED_DECLARE)
@form(Input, shown_by=need)
def copy_last(need_id: int) -> ResponseReturnValue:
    """Copy the lines of the member's last need."""
    told = operations.copy_last(find(Need, need_id), actor=actor(), today=today())
    flash(_copied(told), "success" if told.lines else "warning")
    for sentence in _left_out(told):
        flash(sentence, "info")
    return redirect(url_for("needs.need", need_id=need_id))


def _adding(need: Need, lines: list[Record]) -> dict[str, Any]:
    """Give what the search, the forms beside what it finds and the free line are made of."""
    text, family_id = request.args.get("q", "").strip(), asked_id("family")
    families = queries.family_ids(need.campaign, need.member_id, today())
    items, is_near = None, False
    if text or family_id:
        found, is_near = catalogue.search(text, families, family_id)
        items = page_of(found, size=20, path=url_for("needs.need", need_id=need.id))
    saved_id = asked_id("saved")
    return {
        "text": text,
        "family_id": family_id,
        "items": items,
        "is_near": is_near,
        "families": [one for one in catalogue.families() if families is None or one.id in families],
        "sites": members.site_choices(need.member_id),
        "usual_site_id": queries.usual_site_id(need),
        "units": UNIT_LABELS,
        "last": queries.last_need(need),
        "saved": next((row for row in lines if row.id == saved_id), None),
        "own_words": request.args.get("own"),
    }


def _copied(told: Copied) -> str:
    if not told.lines:
        return str(_("Nothing of “%(title)s” could be copied.", title=told.title))
    sentence = ngettext(
        "%(num)s line of “%(title)s” was copied. Check its quantity and its price.",
        "%(num)s lines of “%(title)s” were copied. Check their quantities and their prices.",
        told.lines,
        title=told.title,
    )
    return str(sentence)


def _left_out(told: Copied) -> list[str]:
    """Say why some lines were not copied."""
    reasons = (
        (
            told.other_family,
            ngettext(
                "%(num)s line was left out: this campaign is not about its family.",
                "%(num)s lines were left out: this campaign is not about their families.",
                told.other_family,
            ),
        ),
        (
            told.not_transferred,
            ngettext(
                "%(num)s line was left out: its family is for members that transferred a "
                "competence.",
                "%(num)s lines were left out: their families are for members that transferred a "
                "competence.",
                told.not_transferred,
            ),
        ),
        (
            told.lost_place,
            ngettext(
                "%(num)s line was left out: its delivery place is no longer yours.",
                "%(num)s lines were left out: their delivery places are no longer yours.",
                told.lost_place,
            ),
        ),
        (
            told.already_here,
            ngettext(
                "%(num)s line was left out: it is here already.",
                "%(num)s lines were left out: they are here already.",
                told.already_here,
            ),
        ),
    )
    return [sentence for number, sentence in reasons if number]
