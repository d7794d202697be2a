"""Needs entered for a member by somebody else, and what the member says against them."""

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy import update

from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor, Role
from procurement.kernel.errors import Forbidden, Refused
from procurement.members.models import Mandate
from procurement.needs import queries
from procurement.needs.models import Campaign, CampaignState, Entry, Need, NeedLine, NeedState
from procurement.needs.operations import notices, pooling
from procurement.needs.operations.declaring import begun


def enter_for(campaign: Campaign, member_id: int, *, actor: Actor, today: date) -> Need:
    """Give the buyer the need that the centrale enters for a member, begun now if it was not.

    Raises Refused ``already_begun`` when the member, or who has its mandate, began its own.
    """
    if actor.role is not Role.BUYER:
        raise Forbidden
    need = queries.need_of(campaign, member_id)
    if need is None:
        return _begun_for(campaign, member_id, Entry.CENTRALE, actor, today)
    if need.entry is not Entry.CENTRALE:
        raise Refused(
            "already_begun",
            _("This member has begun its own answer: it alone goes on with it."),
        )
    return need


def begin_by_mandate(campaign: Campaign, mandate: Mandate, *, actor: Actor, today: date) -> Need:
    """Give the delegate the need of a body that mandated it, begun now if it was not.

    Raises Refused ``mandate_revoked``; Forbidden for anybody but the delegate.
    """
    if actor.member_id is None or actor.member_id != mandate.delegate_id:
        raise Forbidden
    # The body may be revoking it: what counts is what it is now, and it stays so.
    db.session.refresh(mandate, with_for_update=True)
    if mandate.revoked_on is not None:
        raise Refused("mandate_revoked", _("This mandate was revoked already."))
    need = queries.need_of(campaign, mandate.member_id)
    if need is None:
        need = _begun_for(campaign, mandate.member_id, Entry.DELEGATE, actor, today)
    return need


def object_to(need: Need, reason: str, *, actor: Actor) -> None:
    """Say, for the member, what is wrong with a need that was entered for it.

    What was submitted or validated goes back, for the member to take over, unless a part of it
    stands in a lot. Raises Refused ``already_objected``, ``campaign_archived``; Forbidden where
    nobody entered it for the actor's body.
    """
    db.session.refresh(need, with_for_update=True)
    if actor.person_id is None or not queries.may_object(need, actor):
        raise Forbidden
    if need.campaign.state is CampaignState.ARCHIVED:
        raise Refused("campaign_archived", _("This campaign is archived and no longer changes."))
    if need.objection is not None:
        raise Refused("already_objected", _("Your body has objected to this need already."))
    need.objection, need.objector_id = reason, actor.person_id
    changes: dict[str, object] = {"reason": reason}
    if need.can_move(NeedState.RETURNED) and not queries.is_allotted(need):
        changes["state"] = take_back(need, reason, actor)
    notices.objected(need, reason, actor)
    audit.record(db.session(), actor, "needs.object", need, **changes)


def take_back(need: Need, reason: str, actor: Actor) -> tuple[str, str]:
    """Make a submitted or validated need one that may be corrected; give both states.

    Raises Refused ``already_allotted`` when a part of it stands in a lot, ``own_need``.
    """
    if actor.person_id == need.author_id:
        raise Refused(
            "own_need", _("Somebody other than its author must validate or return this need.")
        )
    # A lot may be forming: it holds the campaign, and has taken the lines before, or takes none.
    db.session.refresh(need.campaign, with_for_update=True)
    if queries.is_allotted(need):
        raise Refused(
            "already_allotted",
            _(
                "A part of this need stands in a lot, or was put out to tender: the buyer can take"
                " it out of a draft lot, but what was tendered no longer changes."
            ),
        )
    moved = need.move(NeedState.RETURNED)
    need.approver_id, need.return_reason, need.check_figure = actor.person_id, reason, None
    of_need = NeedLine.need_id == need.id
    pooling.leave(of_need)
    db.session.execute(update(NeedLine).where(of_need).values(is_validated=False))
    return moved


def _begun_for(campaign: Campaign, member_id: int, entry: Entry, actor: Actor, today: date) -> Need:
    need = begun(campaign, member_id, entry, actor, today)
    db.session.flush()  # The letters name it.
    notices.begun(need, actor)
    return need
