"""Campaigns with their answers, and who they ask."""

from datetime import date

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.kernel.database import Query, Record
from procurement.members.models import CompetenceTransfer, Member
from procurement.members.queries import member_ids_in_force, transferred_on
from procurement.needs.models import (
    Campaign,
    CampaignGuest,
    CampaignState,
    Exemption,
    Invitation,
    Need,
    NeedLine,
    NeedState,
)
from procurement.needs.queries.families import concerned_on


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


def invited(campaign: Campaign, today: date) -> Select[int]:
    """Select the ids of the bodies that a campaign asks, as it stands on ``today``."""
    on = campaign.membership_day(today)
    return select(Member.id).join(Campaign, asked_on(on)).where(Campaign.id == campaign.id)


def is_invited(campaign: Campaign, member_id: int, today: date) -> bool:
    """Tell whether a campaign asks a body."""
    asked: dict[str, object] = {"campaign_id": campaign.id, "member_id": member_id}
    asked["on"] = campaign.membership_day(today)
    return db.session.connection().execute(_ASKED, asked).one_or_none() is not None


def concerned(campaign: Campaign, today: date) -> Select[int]:
    """Select the ids of the bodies that a campaign asks and that can answer it.

    A family of it is for them, or they began while one was.
    """
    begun = select(Need.member_id).where(Need.campaign_id == campaign.id)
    is_concerned = concerned_on(campaign.membership_day(today))
    return invited(campaign, today).where(or_(is_concerned, Member.id.in_(begun)))


def asked_on(on: date | BindParameter[date]) -> ColumnElement[bool]:
    """Condition on Campaign and Member: the one asks the other, by the memberships of a day."""
    transferred = select(CompetenceTransfer.id).where(
        CompetenceTransfer.member_id == Member.id,
        CompetenceTransfer.competence == Campaign.invited_competence,
        transferred_on(on),
    )
    named = aliased(Member)
    # Whoever took the place of a guest is asked in its place.
    guest = (
        select(CampaignGuest.id)
        .join(named, named.id == CampaignGuest.member_id)
        .where(
            or_(named.id == Member.id, named.successor_id == Member.id),
            CampaignGuest.campaign_id == Campaign.id,
        )
    )
    way = Campaign.invitation
    return and_(
        Member.id.in_(member_ids_in_force(on)),
        # One that merged since was itself on that day.
        or_(Member.merged_on.is_(None), Member.merged_on > on),
        or_(
            way == Invitation.ALL,
            (way == Invitation.DEPARTEMENT) & (Member.departement == Campaign.invited_departement),
            (way == Invitation.COMPETENCE) & transferred.correlate(Member, Campaign).exists(),
            (way == Invitation.LIST) & guest.correlate(Member, Campaign).exists(),
        ),
    )


#: Put together once: every act on a need asks it.
_ASKED = (
    select(Member.id)
    .join(Campaign, asked_on(bindparam("on", type_=Date)))
    .where(Campaign.id == bindparam("campaign_id"), Member.id == bindparam("member_id"))
)


def unanswered(today: date) -> list[Record]:
    """List the campaigns that take answers and are not answered by all: id, title, how many."""
    query = (
        select(Campaign.id, Campaign.title, func.count().label("members"))
        .join(Member, asked_on(today))
        .outerjoin(Need, (Need.campaign_id == Campaign.id) & (Need.member_id == Member.id))
        .outerjoin(
            Exemption,
            (Exemption.campaign_id == Campaign.id) & (Exemption.member_id == Member.id),
        )
        .where(
            Campaign.state == CampaignState.OPEN,
            Campaign.opens_on <= today,
            Campaign.closes_on >= today,
            Exemption.id.is_(None),
            concerned_on(today),
            or_(Need.id.is_(None), Need.state.in_((NeedState.DRAFT, NeedState.RETURNED))),
        )
        .group_by(Campaign.id, Campaign.title, Campaign.closes_on)
        .order_by(Campaign.closes_on, Campaign.id)
    )
    return list(db.session.execute(query).all())


def guests(campaign: Campaign) -> list[Record]:
    """List the bodies that a campaign asks by name: id, SIREN, name."""
    query = (
        select(Member.id, Member.siren, Member.name)
        .join(CampaignGuest, CampaignGuest.member_id == Member.id)
        .where(CampaignGuest.campaign_id == campaign.id)
        .order_by(Member.sort_name, Member.id)
    )
    return list(db.session.execute(query).all())


def has_allotted(campaign: Campaign) -> bool:
    """Tell whether any line of a campaign is in a lot, or was tendered in one."""
    query = select(NeedLine.id).where(
        NeedLine.campaign_id == campaign.id, or_(NeedLine.allotted > 0, NeedLine.was_tendered)
    )
    return db.session.scalar(query.limit(1)) is not None
