"""The bodies that mandated another, with their answer to a campaign."""

from sqlalchemy import select

from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.kernel.database import Record
from procurement.members.models import Mandate, Member
from procurement.needs.models import Campaign, Need


def mandated(campaign: Campaign, actor: Actor) -> list[Record]:
    """List the bodies for which the actor's own may declare needs, and where their answer is."""
    if actor.member_id is None:
        return []
    query = (
        select(
            Mandate.id.label("mandate_id"),
            Member.id.label("member_id"),
            Member.name.label("member_name"),
            Need.id.label("need_id"),
            Need.state,
            Need.is_nil,
            Need.entry,
        )
        .join(Member, Member.id == Mandate.member_id)
        .outerjoin(Need, (Need.member_id == Member.id) & (Need.campaign_id == campaign.id))
        .where(Mandate.delegate_id == actor.member_id, Mandate.revoked_on.is_(None))
        .order_by(Member.sort_name, Member.id)
    )
    return list(db.session.execute(query).all())
