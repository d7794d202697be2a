"""What members wrote in their own words becomes an item of the catalogue, and back again."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, and_, bindparam, select, update

from procurement.catalogue.models import UNIT_LABELS
from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.database import Query, Record
from procurement.kernel.errors import Forbidden, Refused
from procurement.needs import queries, rules
from procurement.needs.likeness import Key, key_of, units_in
from procurement.needs.models import (
    Basis,
    Campaign,
    CampaignState,
    Need,
    NeedLine,
    Wording,
)
from procurement.needs.operations import pooling
from procurement.needs.queries import harmonising


@dataclass(frozen=True, slots=True)
class Decision:
    """A wording with how many units of the item one of its own units holds.

    None takes one for one, where the units are the same. ``field`` is the one of the form that a
    refusal names.
    """

    key: Key
    units_each: Decimal | None = None
    field: str = "units_each"


@dataclass(frozen=True, slots=True)
class _Meaning:
    item: Record
    units_each: Decimal


def harmonise(
    campaign: Campaign, item_id: int, decisions: Sequence[Decision], *, actor: Actor, today: date
) -> int:
    """Decide which item some wordings mean in a campaign, and remember it; give the lines changed.

    The decision is for every line of these wordings that members sent and that still waits: what
    was decided before is first taken back. Raises Refused ``not_now`` outside of an open or closed
    campaign; ``no_such_item`` and ``family_not_concerned``; ``units_needed`` where units differ
    and none is told; ``too_little``, ``too_much``, ``price_too_low`` and ``price_too_high`` for
    what cannot be; ``nothing_waits`` when no line is left to decide on.
    """
    _take(campaign)
    item = _item_of(campaign, item_id)
    meanings = {one.key: _Meaning(item, _units_of(one, item)) for one in decisions}
    fields = {one.key: one.field for one in decisions}
    return _decide(campaign, meanings, fields, "needs.harmonise", actor, today)


def confirm_remembered(campaign: Campaign, *, actor: Actor, today: date) -> int:
    """Decide as the last time on every wording that waits and was decided on before.

    Gives the number of lines changed; raises Refused as :func:`harmonise` does.
    """
    _take(campaign)
    families = queries.listed_family_ids(campaign)
    known = harmonising.remembered(harmonising.waiting(campaign), families)
    items = harmonising.items_of({row.item_id for row in known.values()})
    meanings = {key: _Meaning(items[row.item_id], row.units_each) for key, row in known.items()}
    return _decide(campaign, meanings, {}, "needs.confirm_wordings", actor, today)


def unharmonise(campaign: Campaign, key: Key, item_id: int, *, actor: Actor) -> int:
    """Take back that a wording means an item in a campaign; give the lines changed.

    What a lot took stays. The decision is still proposed the next time. Raises Refused
    ``not_now``, and ``nothing_to_undo`` when no line is left that a lot did not take.
    """
    _take(campaign)
    lines = _lines(campaign, {key}, NeedLine.item_id == item_id)
    if not lines:
        raise Refused(
            "nothing_to_undo",
            _("Nothing was taken back: what was understood so is in a lot, or is gone."),
        )
    pooling.leave(NeedLine.id.in_([line.id for line in lines]))
    _write([_row(campaign, line, None) for line in lines])
    audit.record(
        db.session(),
        actor,
        "needs.unharmonise",
        campaign,
        wording=f"{key[0]} ({key[1]})",
        item_id=(item_id, None),
        lines=len(lines),
    )
    return len(lines)


def _take(campaign: Campaign) -> None:
    """Keep the campaign from whoever forms lots of it, and check that it is the moment."""
    db.session.flush()  # Reading again would drop what is not written yet.
    db.session.refresh(campaign, with_for_update=True)
    if campaign.state not in (CampaignState.OPEN, CampaignState.CLOSED):
        raise Refused(
            "not_now",
            _("Members' words are harmonised while a campaign is open, or closed and not pooled."),
        )


def _item_of(campaign: Campaign, item_id: int) -> Record:
    item = harmonising.items_of([item_id]).get(item_id)
    if item is None:
        raise Refused("no_such_item", _("This item is not in the catalogue."), "item_id")
    families = queries.listed_family_ids(campaign)
    if families is not None and item.family_id not in families:
        raise Refused(
            "family_not_concerned", _("This campaign is not about items of this family."), "item_id"
        )
    return item


def _units_of(decision: Decision, item: Record) -> Decimal:
    own_unit = decision.key[1]
    each = decision.units_each or units_in(own_unit, item.unit)
    if each is None:
        raise Refused(
            "units_needed",
            _(
                "%(item)s is counted by the %(unit)s: how many are in one “%(own_unit)s”?",
                item=item.designation,
                unit=UNIT_LABELS[item.unit],
                own_unit=own_unit,
            ),
            decision.field,
        )
    return each


def _decide(
    campaign: Campaign,
    meanings: Mapping[Key, _Meaning],
    fields: Mapping[Key, str],
    verb: str,
    actor: Actor,
    today: date,
) -> int:
    """Write what the wordings mean into their lines, remember it and note it in the journal."""
    rows, members = [], set()
    for line in _lines(campaign, meanings.keys(), NeedLine.item_id.is_(None)):
        key = key_of(line.words, line.own_unit)
        rows.append(_checked(_row(campaign, line, meanings[key]), line, fields.get(key)))
        members.add(line.member_id)
    if not rows:
        raise Refused(
            "nothing_waits",
            _("No line waits for this decision any more: perhaps somebody else just took it."),
        )
    _write(rows)
    pooling.enter(
        and_(NeedLine.campaign_id == campaign.id, NeedLine.words.is_not(None), ~NeedLine.is_pooled)
    )
    _remember(meanings, actor, today)
    audit.record(
        db.session(),
        actor,
        verb,
        campaign,
        wordings=[
            f"{words} ({unit}) = {meaning.units_each.normalize():f} {meaning.item.code}"
            for (words, unit), meaning in sorted(meanings.items())
        ],
        lines=len(rows),
        members=len(members),
    )
    return len(rows)


def _lines(campaign: Campaign, keys: Set[Key], which: ColumnElement[bool]) -> list[Record]:
    """Read and keep the lines of these wordings that members sent and no lot took."""
    mine = harmonising.own_words(campaign) & which & (NeedLine.allotted == 0)
    join = NeedLine.need_id == Need.id
    written: Query = (
        select(NeedLine.words, NeedLine.own_unit).join(Need, join).where(mine).distinct()
    )
    wanted = {words for words, unit in db.session.execute(written) if key_of(words, unit) in keys}
    query = (
        select(
            NeedLine.id,
            NeedLine.member_id,
            NeedLine.words,
            NeedLine.own_unit,
            NeedLine.declared_quantity,
            NeedLine.basis,
            NeedLine.own_price,
        )
        .join(Need, join)
        .where(mine, NeedLine.words.in_(wanted))
        .order_by(NeedLine.id)
        .with_for_update(of=NeedLine)
    )
    rows = db.session.execute(query)
    return [row for row in rows if key_of(row.words, row.own_unit) in keys]


def _row(campaign: Campaign, line: Record, meaning: _Meaning | None) -> dict[str, Any]:
    """What the line becomes, in the item's unit, or in the member's own when it means nothing."""
    each = meaning.units_each if meaning else Decimal(1)
    is_yearly = line.basis is Basis.YEAR
    period = rules.period_quantity(line.declared_quantity, is_yearly, campaign.contract_months)
    return {
        "line": line.id,
        "item": meaning.item.id if meaning else None,
        "each": meaning.units_each if meaning else None,
        "total": rules.in_units(period, each),
        "price": rules.price_of_one(line.own_price, each),
    }


def _checked(row: dict[str, Any], line: Record, field: str | None) -> dict[str, Any]:
    """Give the row back when such a quantity and such a price can be."""
    code = None
    if not row["total"]:
        code = "too_little"
    elif row["total"] > rules.MOST_UNITS:
        code = "too_much"
    elif line.own_price and not row["price"]:
        code = "price_too_low"
    elif line.own_price and row["price"] > rules.HIGHEST_PRICE:
        code = "price_too_high"
    if code is not None:
        raise Refused(code, _sentence(code, line.words), field)
    return row


def _sentence(code: str, words: str) -> object:
    if code.startswith("price"):
        return _(
            "The price paid for “%(words)s” would be nothing, or far too much, for one unit of the"
            " item: check how many are in one.",
            words=words,
        )
    return _(
        "The quantity of “%(words)s” would be nothing, or more than can be bought: check how many"
        " are in one.",
        words=words,
    )


def _write(rows: list[dict[str, Any]]) -> None:
    session = db.session()
    session.connection().execute(
        update(NeedLine)
        .where(NeedLine.id == bindparam("line"))
        .values(
            item_id=bindparam("item"),
            units_each=bindparam("each"),
            quantity=bindparam("total"),
            paid_price=bindparam("price"),
            version=NeedLine.version + 1,
        ),
        rows,
    )
    session.expire_all()  # What was read of the lines before is no longer so.


def _remember(meanings: Mapping[Key, _Meaning], actor: Actor, today: date) -> None:
    if actor.person_id is None:
        raise Forbidden
    asked = select(Wording).where(Wording.words.in_({words for words, _unit in meanings}))
    known = {(one.words, one.unit): one for one in db.session.scalars(asked)}
    for key, meaning in meanings.items():
        wording = known.get(key) or Wording(words=key[0], unit=key[1])
        wording.item_id, wording.units_each = meaning.item.id, meaning.units_each
        wording.person_id, wording.decided_on = actor.person_id, today
        db.session.add(wording)
