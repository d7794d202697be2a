"""Lots formed of the pool: one by hand, or several from a proposal."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from procurement.kernel.access import Permission
from procurement.kernel.pipeline import actor, find, form, today
from procurement.lots import operations, queries
from procurement.lots.operations import Chosen, Cut
from procurement.lots.pages.pool import pool
from procurement.lots.pages.stage import stage
from procurement.lots.proposals import proposals
from procurement.lots.rules import (
    CUTTING_LABELS,
    DEPARTEMENTS,
    SPREAD_LABELS,
    Cutting,
    Spread,
    Territory,
)
from procurement.lots.schemas import LotInput, ProposalInput
from procurement.needs.models import Campaign

# The form of a lot stands on the page of the pool, and lists its own choices.
stage.add_app_template_global(queries.form_choices, "lot_choices")


@stage.post("/campaigns/<id:campaign_id>/lots", allow=Permission.LOT_FORM)
@form(LotInput, shown_by=pool)
def form_lot(campaign_id: int, title: str, **cut: Any) -> ResponseReturnValue:
    """Form a lot."""
    made = operations.form(find(Campaign, campaign_id), title, **cut, actor=actor(), today=today())
    flash(_("Lot %(number)s is formed. Check it, then freeze it.", number=made.number), "success")
    _tell_single(campaign_id)
    return redirect(url_for("lots.lot", lot_id=made.id))


@stage.get("/campaigns/<id:campaign_id>/lots/propose", allow=Permission.LOT_FORM)
def propose(campaign_id: int) -> ResponseReturnValue:
    """Show the lots that what is left of a campaign could be cut into."""
    campaign = find(Campaign, campaign_id)
    cutting = _asked(Cutting, "cut", Cutting.FAMILY)
    spread = _asked(Spread, "spread", Spread.TOGETHER)
    found = proposals(campaign.id, cutting, spread)
    return render_template(
        "lots/propose.html",
        campaign=campaign,
        found=found,
        can_form=operations.can_form(campaign, today()),
        cutting=cutting,
        spread=spread,
        cuttings=CUTTING_LABELS,
        spreads=SPREAD_LABELS,
        departements=DEPARTEMENTS,
        projects=queries.project_choices(campaign),
    )


@stage.post("/campaigns/<id:campaign_id>/lots/propose", allow=Permission.LOT_FORM)
@form(ProposalInput, shown_by=propose)
def form_proposed(
    campaign_id: int, project_id: int | None, lots: list[dict[str, Any]]
) -> ResponseReturnValue:
    """Form the proposed lots that are ticked, all of them or none."""
    chosen = [_chosen(at, **one) for at, one in enumerate(lots) if one.pop("is_chosen")]
    made = operations.form_all(
        find(Campaign, campaign_id), chosen, project_id=project_id, actor=actor(), today=today()
    )
    flash(
        ngettext("%(num)s lot is formed.", "%(num)s lots are formed.", len(made)),
        "success",
    )
    _tell_single(campaign_id)
    return redirect(url_for("lots.lot_list", campaign=campaign_id))


def _chosen(
    at: int,
    title: str,
    family_id: int | None,
    trade: Any,
    territory: Territory,
    intercommunality_id: int | None,
) -> Chosen:
    cut = Cut(
        family_id=family_id,
        trade=trade,
        territory=territory,
        intercommunality_id=intercommunality_id,
    )
    return Chosen(title, cut, f"lots-{at}-title")


def _asked(words: Any, name: str, otherwise: Any) -> Any:
    asked = request.args.get(name)
    return words(asked) if asked in set(words) else otherwise


def _tell_single(campaign_id: int) -> None:
    """Say what the law asks when a whole campaign stands in one lot."""
    if queries.is_single_lot(campaign_id):
        flash(
            _(
                "The whole campaign is one lot: L2113-11 asks for the reason, which is kept with"
                " the purchase project."
            ),
            "warning",
        )
