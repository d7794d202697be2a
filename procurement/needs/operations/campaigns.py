"""The life of a campaign."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy import delete, insert, select
from sqlalchemy.orm.attributes import flag_modified

from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.errors import Refused, Stale
from procurement.members.models import Competence
from procurement.needs import queries
from procurement.needs.models import (
    Campaign,
    CampaignFamily,
    CampaignGuest,
    CampaignState,
    Invitation,
    Strength,
)
from procurement.needs.operations import telling


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
    #: By the id of each family that it is about, the competence that members must have transferred
    #: to answer for it, or None; no family at all means the whole catalogue.
    families: Mapping[int, Competence | None] = field(default_factory=dict)


def prepare(plan: Plan, *, actor: Actor) -> Campaign:
    """Prepare a campaign; members see it once it is opened.

    Raises Refused ``title_taken``, ``nobody_listed``.
    """
    campaign = Campaign(state=CampaignState.DRAFT)
    _check(campaign, plan)
    _write(campaign, plan)
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


def change(campaign: Campaign, plan: Plan, version: int, *, actor: Actor) -> None:
    """Change a campaign that is still a draft.

    Raises Stale when it is no longer the ``version`` that its writer saw, Refused ``not_a_draft``
    once members were told of it.
    """
    if campaign.state is not CampaignState.DRAFT:
        raise Refused(
            "not_a_draft",
            _("Members were told of this campaign: it can be extended, and no longer changed."),
        )
    if campaign.version != version:
        raise Stale
    _check(campaign, plan)
    before = _readable(campaign)
    _write(campaign, plan)
    # A list that alone changes moves the version too.
    flag_modified(campaign, "title")
    for table in (CampaignFamily, CampaignGuest):
        db.session.execute(delete(table).where(table.campaign_id == campaign.id))
    _list(campaign, plan)
    after = _readable(campaign)
    audit.record(
        db.session(),
        actor,
        "needs.change_campaign",
        campaign,
        families=sorted(plan.families),
        reserved={str(one): word.value for one, word in plan.families.items() if word},
        guests=len(plan.guests),
        **{name: (before[name], after[name]) for name in before if before[name] != after[name]},
    )


def open_campaign(campaign: Campaign, *, actor: Actor, today: date) -> None:
    """Open a campaign to the members that it asks, from its opening date on, and tell them.

    Raises Refused ``campaign_over``, ``nobody_invited``, ``nobody_concerned``.
    """
    _be(campaign, CampaignState.DRAFT)
    if campaign.closes_on < today:
        raise Refused("campaign_over", _("The closing date of this campaign is past."))
    if db.session.scalar(queries.invited(campaign, today).limit(1)) is None:
        raise Refused(
            "nobody_invited",
            _("No member is invited: change whom the campaign asks, then open it."),
        )
    if db.session.scalar(queries.concerned(campaign, today).limit(1)) is None:
        raise Refused(
            "nobody_concerned",
            _("No family is for any member that the campaign asks: change them, then open it."),
        )
    moved = campaign.move(CampaignState.OPEN)
    letters = telling.tell_invited(campaign, *telling.opened(campaign), today)
    audit.record(db.session(), actor, "needs.open_campaign", campaign, state=moved, letters=letters)


def extend(campaign: Campaign, closes_on: date, reason: str, *, actor: Actor, today: date) -> None:
    """Give members more time, with the reason, and tell them.

    Raises Refused ``not_later``, ``day_past``, ``campaign_allotted`` once a lot was formed: that
    needs no closing when the last day is past.
    """
    _lock(campaign)
    _be(campaign, CampaignState.OPEN)
    _check_not_allotted(campaign)
    if closes_on <= campaign.closes_on:
        raise Refused("not_later", _("Choose a day after the last day until now."), "closes_on")
    _check_to_come(campaign, closes_on, today)
    days = campaign.closes_on, closes_on
    campaign.closes_on = closes_on
    letters = telling.tell_invited(campaign, *telling.extended(campaign, reason), today)
    audit.record(
        db.session(),
        actor,
        "needs.extend_campaign",
        campaign,
        closes_on=days,
        reason=reason,
        letters=letters,
    )


def close_campaign(campaign: Campaign, *, actor: Actor) -> None:
    """Close a campaign: what is validated may be pooled, and nothing more is answered."""
    _be(campaign, CampaignState.OPEN)
    moved = campaign.move(CampaignState.CLOSED)
    audit.record(db.session(), actor, "needs.close_campaign", campaign, state=moved)


def reopen(campaign: Campaign, closes_on: date, reason: str, *, actor: Actor, today: date) -> None:
    """Take answers again until a new last day, with the reason, and tell members.

    Raises Refused ``campaign_allotted`` while a lot stands on what was answered, ``day_past``.
    """
    _lock(campaign)
    _be(campaign, CampaignState.CLOSED)
    _check_not_allotted(campaign)
    _check_to_come(campaign, closes_on, today)
    days = campaign.closes_on, closes_on
    moved = campaign.move(CampaignState.OPEN)
    campaign.closes_on = closes_on
    letters = telling.tell_invited(campaign, *telling.reopened(campaign, reason), today)
    audit.record(
        db.session(),
        actor,
        "needs.reopen_campaign",
        campaign,
        state=moved,
        closes_on=days,
        reason=reason,
        letters=letters,
    )


def mark_pooled(campaign: Campaign, *, actor: Actor) -> None:
    """Say that all that should be pooled is: no more lots are formed of the campaign.

    Raises Refused ``nothing_pooled`` when it has no lot.
    """
    _lock(campaign)
    _be(campaign, CampaignState.CLOSED)
    if not queries.has_allotted(campaign):
        raise Refused(
            "nothing_pooled", _("Nothing of this campaign is in a lot yet: form its lots first.")
        )
    moved = campaign.move(CampaignState.POOLED)
    audit.record(db.session(), actor, "needs.pool_campaign", campaign, state=moved)


def resume_pooling(campaign: Campaign, reason: str, *, actor: Actor) -> None:
    """Let more lots be formed of a campaign that was marked pooled, with the reason."""
    _be(campaign, CampaignState.POOLED)
    moved = campaign.move(CampaignState.CLOSED)
    audit.record(db.session(), actor, "needs.resume_pooling", campaign, state=moved, reason=reason)


def archive(campaign: Campaign, *, actor: Actor) -> None:
    """Put a campaign away for good, with all that was entered."""
    moved = campaign.move(CampaignState.ARCHIVED)
    audit.record(db.session(), actor, "needs.archive_campaign", campaign, state=moved)


def _lock(campaign: Campaign) -> None:
    """Keep others from forming a lot of the campaign until the act is over."""
    db.session.refresh(campaign, with_for_update=True)


def _be(campaign: Campaign, state: CampaignState) -> None:
    """Check where a campaign is: two acts may lead to one state from different ones."""
    if campaign.state is not state:
        raise Refused("illegal_move", _("This is no longer possible at this stage."))


def _check_not_allotted(campaign: Campaign) -> None:
    """Check that no lot stands on what was answered: its figures would no longer be whole."""
    if queries.has_allotted(campaign):
        raise Refused(
            "campaign_allotted",
            _(
                "Needs of this campaign are in a lot, or were put out to tender: draft lots can be"
                " dissolved, but what was tendered no longer changes."
            ),
        )


def _check_to_come(campaign: Campaign, closes_on: date, today: date) -> None:
    if closes_on < max(today, campaign.opens_on):
        raise Refused("day_past", _("Choose a day that is still to come."), "closes_on")


def _check(campaign: Campaign, plan: Plan) -> None:
    others = select(Campaign.id).where(Campaign.title == plan.title, Campaign.id != campaign.id)
    if campaign.id is None:
        others = select(Campaign.id).where(Campaign.title == plan.title)
    if db.session.scalar(others) is not None:
        raise Refused("title_taken", _("Another campaign has this title."), "title")
    if plan.invitation is Invitation.LIST and not plan.guests:
        raise Refused("nobody_listed", _("List the members that the campaign asks."), "guests")


def _write(campaign: Campaign, plan: Plan) -> None:
    for name in _WRITTEN:
        setattr(campaign, name, getattr(plan, name))
    campaign.every_family = not plan.families


def _readable(campaign: Campaign) -> dict[str, object]:
    return {name: getattr(campaign, name) for name in _WRITTEN}


_WRITTEN = (
    "title",
    "instructions",
    "opens_on",
    "closes_on",
    "contract_months",
    "contract_starts_on",
    "commitment",
    "invitation",
    "invited_departement",
    "invited_competence",
)


def _list(campaign: Campaign, plan: Plan) -> None:
    families = [
        {"campaign_id": campaign.id, "family_id": one, "competence": competence}
        for one, competence in plan.families.items()
    ]
    guests = [{"campaign_id": campaign.id, "member_id": one} for one in plan.guests]
    if families:
        db.session.execute(insert(CampaignFamily), families)
    if guests:
        db.session.execute(insert(CampaignGuest), guests)
