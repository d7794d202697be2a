"""Campaigns with their answers, and who they ask."""

from datetime import date

from sqlalchemy import ColumnElement, Select, case, func, select

from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.kernel.database import Query
from procurement.members.models import CompetenceTransfer, Member
from procurement.members.queries import member_ids_in_force, transferred_on
from procurement.needs.models import (
    Campaign,
    CampaignFamily,
    CampaignGuest,
    Invitation,
    Need,
    NeedState,
)


def campaign_list(actor: Actor) -> Query:
    """Select campaigns, the latest first, with how many answers each has, by state."""
    answers = (
        select(
            Need.campaign_id,
            func.count().label("answers"),
            func.sum(case((Need.state == NeedState.SUBMITTED, 1), else_=0)).label("submitted"),
            func.sum(case((Need.state == NeedState.VALIDATED, 1), else_=0)).label("validated"),
        )
        .where(Need.visible_to(actor))
        .group_by(Need.campaign_id)
        .subquery()
    )
    return (
        select(
            Campaign.id,
            Campaign.title,
            Campaign.opens_on,
            Campaign.closes_on,
            Campaign.state,
            func.coalesce(answers.c.answers, 0).label("answers"),
            func.coalesce(answers.c.submitted, 0).label("submitted"),
            func.coalesce(answers.c.validated, 0).label("validated"),
        )
        .outerjoin(answers, answers.c.campaign_id == Campaign.id)
        .where(Campaign.visible_to(actor))
        .order_by(Campaign.closes_on.desc(), Campaign.id.desc())
    )


def answers_by_state(campaign: Campaign) -> dict[tuple[NeedState, bool], int]:
    """Count the answers of a campaign by (state, nothing needed)."""
    query = (
        select(Need.state, Need.is_nil, func.count())
        .where(Need.campaign_id == campaign.id)
        .group_by(Need.state, Need.is_nil)
    )
    return {(row[0], row[1]): row[2] for row in db.session.execute(query)}


def family_ids(campaign: Campaign) -> frozenset[int] | None:
    """Ids of the families that a campaign is about; None for the whole catalogue."""
    if campaign.every_family:
        return None
    query = select(CampaignFamily.family_id).where(CampaignFamily.campaign_id == campaign.id)
    return frozenset(db.session.scalars(query))


def invited(campaign: Campaign, today: date) -> Select[int]:
    """Select the ids of the bodies that a campaign asks, as it stands on ``today``."""
    on = campaign.membership_day(today)
    query = select(Member.id).where(
        Member.id.in_(member_ids_in_force(on)), Member.successor_id.is_(None)
    )
    condition = _asked(campaign, on)
    return query if condition is None else query.where(condition)


def is_invited(campaign: Campaign, member_id: int, today: date) -> bool:
    """Tell whether a campaign asks a body."""
    query = invited(campaign, today).where(Member.id == member_id)
    return db.session.scalar(query) is not None


def _asked(campaign: Campaign, on: date) -> ColumnElement[bool] | None:
    if campaign.invitation is Invitation.DEPARTEMENT:
        return Member.departement == campaign.invited_departement
    if campaign.invitation is Invitation.COMPETENCE:
        transferred = select(CompetenceTransfer.member_id).where(
            CompetenceTransfer.competence == campaign.invited_competence, transferred_on(on)
        )
        return Member.id.in_(transferred)
    if campaign.invitation is Invitation.LIST:
        guests = select(CampaignGuest.member_id).where(CampaignGuest.campaign_id == campaign.id)
        return Member.id.in_(guests)
    return None
