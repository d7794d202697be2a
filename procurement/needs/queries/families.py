"""The families that a campaign is about, and the members that each of them is for."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import ColumnElement, or_, select

from procurement.extensions import db
from procurement.members.models import Competence, CompetenceTransfer, Member
from procurement.members.queries import transferred_on
from procurement.needs.models import Campaign, CampaignFamily


def reserved_for(campaign: Campaign) -> dict[int, Competence | None]:
    """Give the competence that each family a campaign lists is for, by its id.

    None where every member that the campaign asks may declare it; nothing is listed where it is
    about the whole catalogue.
    """
    query = select(CampaignFamily.family_id, CampaignFamily.competence)
    rows = db.session.execute(query.where(CampaignFamily.campaign_id == campaign.id))
    return {row.family_id: row.competence for row in rows}


def listed_family_ids(campaign: Campaign) -> frozenset[int] | None:
    """Ids of the families that a campaign is about; None for the whole catalogue."""
    return None if campaign.every_family else frozenset(reserved_for(campaign))


def family_ids(campaign: Campaign, member_id: int, today: date) -> frozenset[int] | None:
    """Ids of the families that a member may declare; None for the whole catalogue.

    The transfers of the day whose memberships count decide.
    """
    if campaign.every_family:
        return None
    return listed_for(campaign, [member_id], today)[member_id]


def listed_for(
    campaign: Campaign, member_ids: Iterable[int], today: date
) -> dict[int, frozenset[int]]:
    """Ids of the families that a campaign lists and that each of these members may declare."""
    found: dict[int, set[int]] = {one: set() for one in member_ids}
    query = (
        select(Member.id, CampaignFamily.family_id)
        .join(CampaignFamily, _for(campaign.membership_day(today)))
        .where(CampaignFamily.campaign_id == campaign.id, Member.id.in_(list(found)))
    )
    for member_id, family_id in db.session.execute(query):
        found[member_id].add(family_id)
    return {member_id: frozenset(families) for member_id, families in found.items()}


def concerned_on(on: date) -> ColumnElement[bool]:
    """Condition on Campaign and Member: a family of the one is for the other, on a day."""
    families = select(CampaignFamily.id).where(CampaignFamily.campaign_id == Campaign.id, _for(on))
    return or_(Campaign.every_family, families.correlate(Campaign, Member).exists())


def _for(on: date) -> ColumnElement[bool]:
    """Condition on CampaignFamily and Member: the one is for the other, on a day."""
    transferred = select(CompetenceTransfer.id).where(
        CompetenceTransfer.member_id == Member.id,
        CompetenceTransfer.competence == CampaignFamily.competence,
        transferred_on(on),
    )
    is_open: ColumnElement[bool] = CampaignFamily.competence.is_(None)
    return or_(is_open, transferred.correlate(Member, CampaignFamily).exists())
