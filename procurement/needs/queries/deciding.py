"""Who may decide on a need: validate it, send it back, object to it."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, or_, select

from procurement.extensions import db
from procurement.kernel.access import Actor, Permission, Role
from procurement.kernel.audit import AuditEntry
from procurement.members.queries import has_mandate
from procurement.needs.models import CampaignState, Entry, Need, NeedLine, NeedState

#: While a campaign is in these states, what is validated can still be pooled.
TAKES_VALIDATION = (CampaignState.OPEN, CampaignState.CLOSED)
#: What is done to a need without writing in it.
_NOT_WRITING = ("needs.begin", "needs.validate", "needs.return_to_author", "needs.object")


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a person may do now with a need."""

    may_write: bool
    may_validate: bool
    may_return: bool
    may_object: bool


def decisions(need: Need, actor: Actor, today: date) -> Decisions:
    """Tell what the actor may do with the need as it stands on ``today``."""
    is_author = actor.person_id == need.author_id
    is_submitted = need.state is NeedState.SUBMITTED
    decides = not is_author and decides_on(need, actor)
    returns = not is_author and returns_validated(need, actor)
    goes_back = decides if is_submitted else returns and not is_allotted(need)
    return Decisions(
        may_write=need.takes_lines(today) and writes(need, actor),
        may_validate=(
            is_submitted
            and decides
            and need.campaign.state in TAKES_VALIDATION
            and not has_written(need, actor)
        ),
        may_return=need.can_return(today) and goes_back,
        may_object=(
            need.objection is None
            and may_object(need, actor)
            and need.campaign.state is not CampaignState.ARCHIVED
        ),
    )


def writes(need: Need, actor: Actor) -> bool:
    """Tell whether writing the need is the actor's, as long as it may still change.

    For the member itself always; for others where they enter it, and it does not object.
    """
    if not actor.may(Permission.NEED_DECLARE):
        return False
    if actor.member_id == need.member_id or need.objection is not None:
        return actor.member_id == need.member_id
    if actor.member_id is None:
        return need.entry is Entry.CENTRALE
    return has_mandate(need.member_id, actor.member_id)


def decides_on(need: Need, actor: Actor) -> bool:
    """Tell whether validating the need is the actor's, as long as somebody else wrote it.

    An approver of the member, or of the one that took its place, always does; one of the delegate
    and a buyer only where the need was entered by their side.
    """
    if actor.role is Role.BUYER:
        return need.entry is Entry.CENTRALE
    if actor.role is not Role.APPROVER or actor.member_id is None:
        return False
    is_delegate = need.entry is Entry.DELEGATE
    return need.member.is_acted_for_by(actor) or (
        is_delegate and has_mandate(need.member_id, actor.member_id)
    )


def returns_validated(need: Need, actor: Actor) -> bool:
    """Tell whether sending back what is validated is the actor's: the member's or the buyer's."""
    is_own = actor.role is Role.APPROVER and need.member.is_acted_for_by(actor)
    return actor.role is Role.BUYER or is_own


def may_object(need: Need, actor: Actor) -> bool:
    """Tell whether the need was entered for the actor's body by somebody else."""
    return actor.member_id == need.member_id and need.entry is not Entry.OWN


def has_written(need: Need, actor: Actor) -> bool:
    """Tell whether the actor ever wrote in the need, even where others went on with it."""
    return (
        db.session.scalar(select(Need.id).where(Need.id == need.id, written_by(actor))) is not None
    )


def written_by(actor: Actor) -> ColumnElement[bool]:
    """Condition of the needs in which the actor wrote, as the journal tells."""
    wrote = select(AuditEntry.id).where(
        AuditEntry.object_type == Need.__tablename__,
        AuditEntry.object_id == Need.id,
        AuditEntry.person_id == actor.person_id,
        AuditEntry.verb.not_in(_NOT_WRITING),
    )
    return wrote.correlate(Need).exists()


def is_allotted(need: Need) -> bool:
    """Tell whether a part of the need stands in a lot, or was tendered in one."""
    query = select(NeedLine.id).where(
        NeedLine.need_id == need.id, or_(NeedLine.allotted > 0, NeedLine.was_tendered)
    )
    return db.session.scalar(query.limit(1)) is not None
