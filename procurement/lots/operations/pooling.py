"""What the buyer decides of the pool: a line stays out, or comes back; two items are one."""

from datetime import UTC, date, datetime
from decimal import Decimal

from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, ColumnElement, func, literal, select, type_coerce

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.errors import Forbidden, Refused
from procurement.lots import queries
from procurement.lots.operations.forming import can_form
from procurement.lots.operations.holding import lock_campaign
from procurement.needs.models import Campaign, Equivalence, NeedLine, Omission
from procurement.needs.operations import pooling
from procurement.needs.rules import MOST_UNITS

#: Quantities are whole numbers of this part of a unit.
_THOUSAND = 1000


def leave_out(line: NeedLine, reason: str, *, actor: Actor, today: date) -> None:
    """Leave a validated line out of the pool: no lot takes it until it is put back.

    Raises Refused ``campaign_not_closed`` while members may still answer, ``not_pooled`` when the
    line is not in the pool, ``already_allotted`` when a lot took something of it.
    """
    _take(line.need.campaign, today)
    db.session.refresh(line)
    if not line.is_pooled:
        raise Refused(
            "not_pooled", _("This line is not in the pool: there is nothing to leave out of it.")
        )
    if line.allotted:
        raise Refused(
            "already_allotted",
            _("A lot took something of this line: take it out of the lot first."),
        )
    pooling.leave(NeedLine.id == line.id)
    db.session.add(
        Omission(
            need_line_id=line.id, reason=reason, person_id=_person(actor), at=datetime.now(UTC)
        )
    )
    db.session.expire(line)
    audit.record(db.session(), actor, "lots.leave_out", line, reason=reason)


def put_back(line: NeedLine, reason: str, *, actor: Actor, today: date) -> None:
    """Put a line that was left out into the pool again.

    Raises Refused ``campaign_not_closed`` as :func:`leave_out`, ``not_left_out``, and
    ``cannot_be_pooled`` for one that is not validated or names no item any more.
    """
    _take(line.need.campaign, today)
    omission = queries.omission_of(line)
    if omission is None:
        raise Refused("not_left_out", _("This line was not left out of the pool."))
    db.session.refresh(line)
    if not line.is_validated or line.item_id is None:
        raise Refused(
            "cannot_be_pooled",
            _(
                "This line is not validated, or names no item any more: put it back once it is"
                " validated and its item is known."
            ),
        )
    db.session.delete(omission)
    db.session.flush()  # What is left out does not enter.
    pooling.enter(NeedLine.id == line.id)
    db.session.expire(line)
    audit.record(db.session(), actor, "lots.put_back", line, reason=reason)


def merge(
    campaign: Campaign,
    item: Item,
    into: Item,
    units_each: Decimal,
    reason: str,
    *,
    actor: Actor,
    today: date,
) -> Equivalence:
    """Pool an item as another in a campaign; one of its units makes ``units_each`` of the other.

    What members asked for stays as it is. Raises Refused ``campaign_not_closed``; ``same_item``,
    ``already_merged``, ``target_merged`` and ``others_merged`` where it would make a chain;
    ``already_allotted`` when a lot took something of the item; ``too_much`` and
    ``too_many_decimals`` when a converted quantity cannot be.
    """
    _take(campaign, today)
    _check_apart(campaign, item, into)
    lines = _pooled(campaign, item.id)
    _refuse_allotted(lines)
    _check_quantities(lines, units_each)
    made = Equivalence(
        campaign_id=campaign.id,
        item_id=item.id,
        into_item_id=into.id,
        units_each=units_each,
        reason=reason,
        person_id=_person(actor),
        decided_on=today,
    )
    db.session.add(made)
    db.session.flush()  # What enters the pool follows it.
    _enter_again(lines)
    audit.record(
        db.session(),
        actor,
        "lots.merge",
        campaign,
        item=item.code,
        into=into.code,
        units_each=units_each,
        reason=reason,
    )
    return made


def unmerge(campaign: Campaign, item: Item, *, actor: Actor, today: date) -> None:
    """Pool an item as itself again in a campaign.

    Raises Refused ``campaign_not_closed``, ``not_merged``, and ``already_allotted`` when a lot
    took something of it.
    """
    _take(campaign, today)
    merged = queries.merge_of(campaign.id, item.id)
    if merged is None:
        raise Refused("not_merged", _("This item is not pooled as another one."))
    lines = _pooled(campaign, merged.into_item_id) & (NeedLine.item_id == item.id)
    _refuse_allotted(lines)
    into = merged.into_item.code
    db.session.delete(merged)
    db.session.flush()
    _enter_again(lines)
    audit.record(db.session(), actor, "lots.unmerge", campaign, item=item.code, into=(into, None))


def _take(campaign: Campaign, today: date) -> None:
    """Keep the campaign from whoever forms lots of it, and check that it is the moment."""
    lock_campaign(campaign)
    if not can_form(campaign, today):
        raise Refused(
            "campaign_not_closed",
            _("The pool is worked on between the end of a campaign and the end of its pooling."),
        )


def _person(actor: Actor) -> int:
    if actor.person_id is None:
        raise Forbidden
    return actor.person_id


def _pooled(campaign: Campaign, item_id: int) -> ColumnElement[bool]:
    """Condition on the lines that a campaign pools as an item; the index of the pool finds them."""
    return (
        (NeedLine.campaign_id == campaign.id)
        & NeedLine.is_pooled
        & (NeedLine.pool_item_id == item_id)
    )


def _check_apart(campaign: Campaign, item: Item, into: Item) -> None:
    if item.id == into.id:
        sentence = _("An item cannot be merged with itself: choose another.")
        raise Refused("same_item", sentence, "into_item_id")
    if queries.merge_of(campaign.id, item.id):
        raise Refused("already_merged", _("This item is pooled as another one already."))
    if queries.merge_of(campaign.id, into.id):
        sentence = _("That item is itself pooled as another one: choose the latter.")
        raise Refused("target_merged", sentence, "into_item_id")
    if queries.merged_into(campaign.id).get(item.id):
        raise Refused(
            "others_merged",
            _("Other items are pooled as this one: take those merges back first."),
        )


def _refuse_allotted(lines: ColumnElement[bool]) -> None:
    taken = select(NeedLine.id).where(lines, NeedLine.allotted > 0).limit(1)
    if db.session.scalar(taken) is not None:
        raise Refused(
            "already_allotted",
            _("A lot took something of this item: take it out of the lot first."),
        )


def _check_quantities(lines: ColumnElement[bool], units_each: Decimal) -> None:
    most = db.session.scalar(select(func.max(NeedLine.quantity)).where(lines))
    if most is not None and most * units_each > MOST_UNITS:
        sentence = _("That would be more than can be bought: check how many are in one.")
        raise Refused("too_much", sentence, "units_each")
    each = literal(int(units_each * _THOUSAND), BigInteger)
    rest = type_coerce(NeedLine.quantity, BigInteger) * each % _THOUSAND
    if db.session.scalar(select(NeedLine.id).where(lines, rest != 0).limit(1)) is not None:
        raise Refused(
            "too_many_decimals",
            _("A quantity would have more than three decimals: merge the other way round."),
            "units_each",
        )


def _enter_again(lines: ColumnElement[bool]) -> None:
    pooling.enter(lines)
    db.session.expire_all()  # What was read of the lines before is no longer so.
