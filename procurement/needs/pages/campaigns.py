"""Campaigns: the list, one of them, its form, and the acts of its life."""

from datetime import date
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.catalogue import queries as catalogue
from procurement.extensions import db
from procurement.kernel.access import Permission
from procurement.kernel.forms import Input
from procurement.kernel.lists import page_of
from procurement.kernel.pipeline import actor, find, form, shown_form, today
from procurement.members.models import COMPETENCE_LABELS
from procurement.needs import operations, queries
from procurement.needs.board import DEPARTEMENTS
from procurement.needs.models import (
    INVITATION_LABELS,
    STRENGTH_LABELS,
    Campaign,
)
from procurement.needs.operations import Plan
from procurement.needs.pages.stage import stage
from procurement.needs.queries import Filter, harmonising
from procurement.needs.schemas import (
    CampaignInput,
    ChangedCampaignInput,
    ExtensionInput,
    ReasonInput,
)


@stage.get("/campaigns", allow=Permission.CAMPAIGN_READ)
def campaign_list() -> ResponseReturnValue:
    """List the campaigns."""
    return render_template("needs/campaigns.html", page=page_of(queries.campaign_list(actor())))


@stage.get("/campaigns/new", allow=Permission.CAMPAIGN_RUN)
def campaign_form() -> ResponseReturnValue:
    """Show the form of a campaign to prepare."""
    return _form_page(None, {"contract_months": 48})


@stage.post("/campaigns", allow=Permission.CAMPAIGN_RUN)
@form(CampaignInput, shown_by=campaign_form)
def prepare(**entry: Any) -> ResponseReturnValue:
    """Prepare a campaign."""
    made = operations.prepare(_plan(entry), actor=actor())
    db.session.flush()  # The redirect names the new row.
    flash(_("The campaign is prepared. Check it, then open it to the members."), "success")
    return redirect(url_for("needs.campaign", campaign_id=made.id))


@stage.get("/campaigns/<id:campaign_id>/edit", allow=Permission.CAMPAIGN_RUN)
def edit_campaign(campaign_id: int) -> ResponseReturnValue:
    """Show the form of a campaign that is still a draft."""
    shown = find(Campaign, campaign_id)
    return _form_page(shown, _known(shown))


@stage.post("/campaigns/<id:campaign_id>/edit", allow=Permission.CAMPAIGN_RUN)
@form(ChangedCampaignInput, shown_by=edit_campaign)
def change_campaign(campaign_id: int, version: int, **entry: Any) -> ResponseReturnValue:
    """Change a campaign that is still a draft."""
    operations.change(find(Campaign, campaign_id), _plan(entry), version, actor=actor())
    flash(_("The campaign is changed."), "success")
    return redirect(url_for("needs.campaign", campaign_id=campaign_id))


@stage.get("/campaigns/<id:campaign_id>", allow=Permission.CAMPAIGN_READ)
def campaign(campaign_id: int) -> ResponseReturnValue:
    """Show a campaign: to a member its own answer, to the centrale where the answers are."""
    shown, who = find(Campaign, campaign_id), actor()
    reads_board = who.may(Permission.BOARD_READ)
    return render_template(
        "needs/campaign.html",
        campaign=shown,
        need=queries.need_of(shown, who.member_id) if who.member_id else None,
        is_invited=bool(who.member_id) and queries.is_invited(shown, who.member_id or 0, today()),
        is_concerned=_is_concerned(shown),
        counts=queries.counts(shown, today(), Filter()) if reads_board else None,
        families=[] if shown.every_family else shown.families,
        reserved=queries.reserved_for(shown),
        guests=queries.guests(shown) if reads_board else [],
        has_allotted=reads_board and queries.has_allotted(shown),
        is_over=queries.is_over(shown, today()),
        documents=queries.documents_of(shown),
        mandated=queries.mandated(shown, who),
        unharmonised=_unharmonised(shown) if who.may(Permission.NEED_HARMONISE) else 0,
        today=today(),
        labels={"invitation": INVITATION_LABELS, "commitment": STRENGTH_LABELS},
        departements=DEPARTEMENTS,
    )


@stage.post("/campaigns/<id:campaign_id>/open", allow=Permission.CAMPAIGN_RUN)
@form(Input, shown_by=campaign)
def open_campaign(campaign_id: int) -> ResponseReturnValue:
    """Open a campaign to the members."""
    operations.open_campaign(find(Campaign, campaign_id), actor=actor(), today=today())
    flash(_("Members may answer from the opening date on. They are told by e-mail."), "success")
    return redirect(url_for("needs.campaign", campaign_id=campaign_id))


@stage.post("/campaigns/<id:campaign_id>/extend", allow=Permission.CAMPAIGN_RUN)
@form(ExtensionInput, shown_by=campaign)
def extend(campaign_id: int, closes_on: date, reason: str) -> ResponseReturnValue:
    """Give members more time."""
    operations.extend(find(Campaign, campaign_id), closes_on, reason, actor=actor(), today=today())
    flash(_("The campaign is extended. Members are told by e-mail, with your reason."), "success")
    return redirect(url_for("needs.campaign", campaign_id=campaign_id))


@stage.post("/campaigns/<id:campaign_id>/close", allow=Permission.CAMPAIGN_RUN)
@form(Input, shown_by=campaign)
def close_campaign(campaign_id: int) -> ResponseReturnValue:
    """Close a campaign."""
    operations.close_campaign(find(Campaign, campaign_id), actor=actor())
    flash(_("The campaign is closed. Its validated needs can be pooled now."), "success")
    return redirect(url_for("needs.campaign", campaign_id=campaign_id))


@stage.post("/campaigns/<id:campaign_id>/reopen", allow=Permission.CAMPAIGN_RUN)
@form(ExtensionInput, shown_by=campaign)
def reopen(campaign_id: int, closes_on: date, reason: str) -> ResponseReturnValue:
    """Take answers again."""
    operations.reopen(find(Campaign, campaign_id), closes_on, reason, actor=actor(), today=today())
    flash(_("The campaign is open again. Members are told by e-mail, with your reason."), "success")
    return redirect(url_for("needs.campaign", campaign_id=campaign_id))


@stage.post("/campaigns/<id:campaign_id>/pooled", allow=Permission.CAMPAIGN_RUN)
@form(Input, shown_by=campaign)
def mark_pooled(campaign_id: int) -> ResponseReturnValue:
    """Say that the pooling of a campaign is done."""
    operations.mark_pooled(find(Campaign, campaign_id), actor=actor())
    flash(_("The campaign is pooled: no more lots are formed of it."), "success")
    return redirect(url_for("needs.campaign", campaign_id=campaign_id))


@stage.post("/campaigns/<id:campaign_id>/resume", allow=Permission.CAMPAIGN_RUN)
@form(ReasonInput, shown_by=campaign)
def resume_pooling(campaign_id: int, reason: str) -> ResponseReturnValue:
    """Go on pooling a campaign."""
    operations.resume_pooling(find(Campaign, campaign_id), reason, actor=actor())
    flash(_("Lots can be formed of this campaign again."), "success")
    return redirect(url_for("needs.campaign", campaign_id=campaign_id))


@stage.post("/campaigns/<id:campaign_id>/archive", allow=Permission.CAMPAIGN_RUN)
@form(Input, shown_by=campaign)
def archive(campaign_id: int) -> ResponseReturnValue:
    """Put a campaign away."""
    operations.archive(find(Campaign, campaign_id), actor=actor())
    flash(_("The campaign is archived, with all that was entered."), "success")
    return redirect(url_for("needs.campaign", campaign_id=campaign_id))


def _is_concerned(shown: Campaign) -> bool:
    member_id = actor().member_id
    return member_id is None or queries.family_ids(shown, member_id, today()) != frozenset()


def _unharmonised(shown: Campaign) -> int:
    return sum(row.lines for row in harmonising.to_harmonise(shown.id))


def _plan(entry: dict[str, Any]) -> Plan:
    return Plan(**{**entry, "guests": operations.guests_named(entry["guests"])})


def _known(shown: Campaign) -> dict[str, object]:
    """Give what the form of a campaign shows of it."""
    same = ("title", "instructions", "opens_on", "closes_on", "contract_months", "version")
    words = ("contract_starts_on", "commitment", "invitation", "invited_departement")
    known = {name: getattr(shown, name) for name in (*same, *words, "invited_competence")}
    known["guests"] = "\n".join(f"{one.siren} {one.name}" for one in queries.guests(shown))
    ticked = queries.reserved_for(shown)
    for at, family in enumerate(catalogue.families()):
        known[f"families-{at}-family_id"] = family.id if family.id in ticked else None
        known[f"families-{at}-competence"] = ticked.get(family.id)
    return known


def _form_page(shown: Campaign | None, known: dict[str, object]) -> ResponseReturnValue:
    return render_template(
        "needs/campaign_form.html",
        campaign=shown,
        form=shown_form(**known),
        families=catalogue.families(),
        invitations=INVITATION_LABELS,
        strengths=STRENGTH_LABELS,
        departements=DEPARTEMENTS,
        competences=COMPETENCE_LABELS,
    )
