"""Campaigns with their answers, needs with their totals, lines with their items."""

from functools import lru_cache

from sqlalchemy import case, func, select

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.kernel.database import Query, Record
from procurement.members.models import Member, Site
from procurement.members.rules import plain
from procurement.needs.models import Campaign, Need, NeedLine, NeedState


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


def need_of(campaign: Campaign, member_id: int) -> Need | None:
    """Give a member's answer to a campaign, if it has begun one."""
    return db.session.scalar(
        select(Need).where(Need.campaign_id == campaign.id, Need.member_id == member_id)
    )


@lru_cache(maxsize=128)
def need_list(actor: Actor, campaign_id: int | None, state: str, text: str) -> Query:
    """Select the answers that the actor may see, with the number of their lines."""
    lines = (
        select(NeedLine.need_id, func.count().label("lines")).group_by(NeedLine.need_id).subquery()
    )
    query = (
        select(
            Need.id,
            Need.state,
            Need.is_nil,
            Member.name.label("member_name"),
            Member.departement,
            Campaign.title.label("campaign_title"),
            func.coalesce(lines.c.lines, 0).label("lines"),
        )
        .join(Member, Member.id == Need.member_id)
        .join(Campaign, Campaign.id == Need.campaign_id)
        .outerjoin(lines, lines.c.need_id == Need.id)
        .where(Need.visible_to(actor))
        .order_by(Campaign.closes_on.desc(), Member.name, Need.id)
    )
    if campaign_id is not None:
        query = query.where(Need.campaign_id == campaign_id)
    if state in {one.value for one in NeedState}:
        query = query.where(Need.state == NeedState(state))
    if text:
        query = query.where(Member.sort_name.contains(plain(text), autoescape=True))
    return query


def lines_of(need: Need) -> list[Record]:
    """List the lines of a need with what a reader wants to see of the item and the site."""
    query = (
        select(
            NeedLine.id,
            NeedLine.quantity,
            NeedLine.wanted_on,
            NeedLine.paid_price,
            NeedLine.paid_since,
            NeedLine.allotted,
            Item.code,
            Item.designation,
            Item.unit,
            Item.pack_size,
            Item.indicative_price,
            Site.name.label("site_name"),
        )
        .join(Item, Item.id == NeedLine.item_id)
        .join(Site, Site.id == NeedLine.site_id)
        .where(NeedLine.need_id == need.id)
        .order_by(NeedLine.id)
    )
    return list(db.session.execute(query).all())
