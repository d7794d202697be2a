"""The life of a campaign."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy import insert, select

from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.errors import Refused
from procurement.members.models import Competence
from procurement.needs.models import (
    Campaign,
    CampaignFamily,
    CampaignGuest,
    CampaignState,
    Invitation,
    Strength,
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a campaign is about, whom it asks, and when."""

    title: str
    opens_on: date
    closes_on: date
    instructions: str | None = None
    contract_months: int = 48
    contract_starts_on: date | None = None
    commitment: Strength = Strength.INDICATIVE
    invitation: Invitation = Invitation.ALL
    invited_departement: str | None = None
    invited_competence: Competence | None = None
    #: Ids of the members that are asked by name.
    guests: Collection[int] = ()
    #: Ids of the families that it is about; none of them means the whole catalogue.
    families: Collection[int] = ()


def prepare(plan: Plan, *, actor: Actor) -> Campaign:
    """Prepare a campaign; members see it once it is opened."""
    if db.session.scalar(select(Campaign.id).where(Campaign.title == plan.title)) is not None:
        raise Refused("title_taken", _("Another campaign has this title."), "title")
    campaign = Campaign(
        title=plan.title,
        opens_on=plan.opens_on,
        closes_on=plan.closes_on,
        instructions=plan.instructions,
        contract_months=plan.contract_months,
        contract_starts_on=plan.contract_starts_on,
        commitment=plan.commitment,
        invitation=plan.invitation,
        invited_departement=plan.invited_departement,
        invited_competence=plan.invited_competence,
        every_family=not plan.families,
    )
    db.session.add(campaign)
    db.session.flush()  # What it lists names it.
    _list(campaign, plan)
    audit.record(
        db.session(),
        actor,
        "needs.prepare",
        campaign,
        opens_on=plan.opens_on,
        closes_on=plan.closes_on,
    )
    return campaign


def _list(campaign: Campaign, plan: Plan) -> None:
    families = [{"campaign_id": campaign.id, "family_id": one} for one in plan.families]
    guests = [{"campaign_id": campaign.id, "member_id": one} for one in plan.guests]
    if families:
        db.session.execute(insert(CampaignFamily), families)
    if guests:
        db.session.execute(insert(CampaignGuest), guests)


def open_campaign(campaign: Campaign, *, actor: Actor, today: date) -> None:
    """Open a campaign to the members, from its opening date on."""
    if campaign.closes_on < today:
        raise Refused("campaign_over", _("The closing date of this campaign is past."))
    moved = campaign.move(CampaignState.OPEN)
    audit.record(db.session(), actor, "needs.open_campaign", campaign, state=moved)


def close_campaign(campaign: Campaign, *, actor: Actor) -> None:
    """Close a campaign: what is validated may be pooled, and nothing more is answered."""
    moved = campaign.move(CampaignState.CLOSED)
    audit.record(db.session(), actor, "needs.close_campaign", campaign, state=moved)
