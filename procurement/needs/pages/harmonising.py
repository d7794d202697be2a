"""The buyer's side of free lines: which item members' own words mean."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from procurement.kernel.access import Permission
from procurement.kernel.forms import Input
from procurement.kernel.lists import Page, page_of
from procurement.kernel.pipeline import actor, find, form, shown_form, today
from procurement.members.rules import plain
from procurement.needs import operations
from procurement.needs.likeness import units_in
from procurement.needs.models import Campaign
from procurement.needs.operations import Decision
from procurement.needs.pages.stage import stage
from procurement.needs.queries import harmonising, listed_family_ids
from procurement.needs.schemas import HarmoniseInput, UnharmoniseInput

_SIZE = 20


@stage.get("/campaigns/<id:campaign_id>/harmonise", allow=Permission.NEED_HARMONISE)
def wordings(campaign_id: int) -> ResponseReturnValue:
    """List what members asked for in their own words and waits for a decision."""
    campaign, text = find(Campaign, campaign_id), request.args.get("q", "").strip()
    waiting = harmonising.waiting(campaign)
    found = [one for one in waiting.values() if _says(text, one)]
    return render_template(
        "needs/harmonise.html",
        campaign=campaign,
        page=_page(found, url_for("needs.wordings", campaign_id=campaign_id)),
        waiting=waiting,
        remembered=harmonising.remembered(waiting, listed_family_ids(campaign)),
        alike=harmonising.alike,
        text=text,
    )


@stage.get("/campaigns/<id:campaign_id>/harmonise/wording", allow=Permission.NEED_HARMONISE)
def wording(campaign_id: int) -> ResponseReturnValue:
    """Show who asks for one thing in which words, and the items that they may mean."""
    campaign = find(Campaign, campaign_id)
    waiting = harmonising.waiting(campaign)
    asked = waiting.get((request.values.get("words", ""), request.values.get("unit", "")))
    if asked is None:
        return render_template("needs/harmonised_already.html", campaign=campaign)
    alike = harmonising.alike(asked.key, waiting)
    known = harmonising.remembered([asked.key, *alike], listed_family_ids(campaign))
    before, text = known.get(asked.key), request.args.get("find", "").strip()
    chosen = [before.item_id if before else 0, request.form.get("item_id", 0, type=int)]
    return render_template(
        "needs/harmonise_wording.html",
        campaign=campaign,
        asked=asked,
        askers=page_of(harmonising.askers(campaign, asked), size=_SIZE),
        alike=[waiting[key] for key in alike],
        known=known,
        before=before,
        text=text,
        choices=harmonising.choices(asked, listed_family_ids(campaign), chosen, text),
        units_in=units_in,
        form=shown_form(
            item_id=before.item_id if before else None,
            units_each=before.units_each if before else None,
        ),
    )


@stage.get("/campaigns/<id:campaign_id>/harmonised", allow=Permission.NEED_HARMONISE)
def harmonised(campaign_id: int) -> ResponseReturnValue:
    """List what was decided in this campaign, to be taken back where no lot took it."""
    campaign, text = find(Campaign, campaign_id), request.args.get("q", "").strip()
    found = [one for one in harmonising.understood(campaign) if _says(text, one.asked)]
    return render_template(
        "needs/harmonised.html",
        campaign=campaign,
        page=_page(found, url_for("needs.harmonised", campaign_id=campaign_id)),
        text=text,
    )


@stage.post("/campaigns/<id:campaign_id>/harmonise", allow=Permission.NEED_HARMONISE)
@form(HarmoniseInput, shown_by=wording)
def harmonise(
    campaign_id: int, words: str, unit: str, item_id: int, units_each: Any, alike: list[Any]
) -> ResponseReturnValue:
    """Decide which item these words mean, and those like them that are ticked."""
    decisions = [Decision((words, unit), units_each)]
    decisions += [
        Decision((one["words"], one["unit"]), one["units_each"], f"alike-{at}-units_each")
        for at, one in enumerate(alike)
        if one["chosen"]
    ]
    lines = operations.harmonise(
        find(Campaign, campaign_id), item_id, decisions, actor=actor(), today=today()
    )
    _tell(lines)
    return redirect(url_for("needs.wordings", campaign_id=campaign_id))


@stage.post("/campaigns/<id:campaign_id>/harmonise/remembered", allow=Permission.NEED_HARMONISE)
@form(Input, shown_by=wordings)
def confirm_remembered(campaign_id: int) -> ResponseReturnValue:
    """Decide as the last time wherever there was one."""
    _tell(operations.confirm_remembered(find(Campaign, campaign_id), actor=actor(), today=today()))
    return redirect(url_for("needs.wordings", campaign_id=campaign_id))


@stage.post("/campaigns/<id:campaign_id>/harmonise/undo", allow=Permission.NEED_HARMONISE)
@form(UnharmoniseInput, shown_by=harmonised)
def unharmonise(campaign_id: int, words: str, unit: str, item_id: int) -> ResponseReturnValue:
    """Take a decision back."""
    operations.unharmonise(find(Campaign, campaign_id), (words, unit), item_id, actor=actor())
    flash(_("The decision is taken back: these words wait for another."), "success")
    return redirect(url_for("needs.harmonised", campaign_id=campaign_id))


def _tell(lines: int) -> None:
    flash(
        ngettext(
            "%(num)s line now counts with its item. What the member wrote stays beside it.",
            "%(num)s lines now count with their item. What the members wrote stays beside it.",
            lines,
        ),
        "success",
    )


def _says(text: str, asked: harmonising.Asked) -> bool:
    """Tell whether a wording, however it was written, has every word looked for."""
    said = plain(" ".join([*asked.written, *asked.units]))
    return all(word in said for word in plain(text).split())


def _page(found: Sequence[Any], path: str) -> Page:
    number = request.args.get("page", 1, type=int)
    number = number if 1 <= number <= 100_000 else 1
    rows = found[(number - 1) * _SIZE : number * _SIZE]
    return Page(rows, number, len(found) > number * _SIZE, path)
