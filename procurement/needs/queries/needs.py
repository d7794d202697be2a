"""Needs with their totals, and lines with their items."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, func, select

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.database import Query, Record
from procurement.members.models import Member, Site
from procurement.members.rules import plain
from procurement.needs.models import Campaign, Need, NeedLine, NeedState
from procurement.needs.rules import CheckedLine

#: What the check figure of a need is made of, in the order that its rule takes.
CHECKED = (
    NeedLine.item_id,
    NeedLine.site_id,
    NeedLine.quantity,
    NeedLine.paid_price,
    NeedLine.paid_since,
    NeedLine.words,
    NeedLine.own_unit,
    NeedLine.declared_quantity,
    NeedLine.basis,
    NeedLine.own_price,
)


def need_of(campaign: Campaign, member_id: int) -> Need | None:
    """Give a member's answer to a campaign, if it has begun one."""
    return db.session.scalar(
        select(Need).where(Need.campaign_id == campaign.id, Need.member_id == member_id)
    )


#: What the list may also be narrowed to: a need whose member objects, in whatever state.
OBJECTED = "objected"


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
    if state == OBJECTED:
        query = query.where(Need.objection.is_not(None))
    if text:
        query = query.where(Member.sort_name.contains(plain(text), autoescape=True))
    return query


#: Put together once: a long need is read at each of its acts.
_LINES: Query = (
    select(
        NeedLine.id,
        NeedLine.quantity,
        NeedLine.wanted_on,
        NeedLine.paid_price,
        NeedLine.paid_since,
        NeedLine.allotted,
        NeedLine.declared_quantity,
        NeedLine.basis,
        NeedLine.strength,
        NeedLine.remark,
        NeedLine.evidence_id,
        NeedLine.words,
        NeedLine.own_unit,
        NeedLine.own_price,
        NeedLine.units_each,
        NeedLine.version,
        NeedLine.item_id,
        NeedLine.departement,
        Item.code,
        Item.designation,
        Item.unit,
        Item.pack_size,
        Item.indicative_price,
        Site.name.label("site_name"),
    )
    .outerjoin(Item, Item.id == NeedLine.item_id)
    .join(Site, Site.id == NeedLine.site_id)
    .where(NeedLine.need_id == bindparam("need_id"))
    .order_by(NeedLine.id)
)


def lines_query(need_id: int) -> Query:
    """Select the lines of a need with what a reader wants to see of the item and the site."""
    return _LINES.params(need_id=need_id)


def lines_of(need: Need) -> list[Record]:
    """List the lines of a need as they are read."""
    db.session.flush()
    return _read_lines(need)


def _read_lines(need: Need) -> list[Record]:
    # Straight through the connection: rows need nothing of what the session does for objects.
    return list(db.session.connection().execute(_LINES, {"need_id": need.id}).all())


def checked_lines(need: Need) -> list[CheckedLine]:
    """Read what the check figure of a need is made of."""
    query = select(*CHECKED).where(NeedLine.need_id == need.id)
    return [tuple(row) for row in db.session.execute(query)]


def written_lines(need: Need) -> list[Record]:
    """List the lines of a need whose own changes are still to be written."""
    return _read_lines(need)


def snapshot(lines: Iterable[Record]) -> list[dict[str, Any]]:
    """Give lines as the history of a need keeps them: plain values that people read."""
    return [{name: audit.plain(getattr(line, name)) for name in _TOLD} for line in lines]


_TOLD = (
    "id",
    "code",
    "designation",
    "words",
    "own_unit",
    "unit",
    "site_name",
    "declared_quantity",
    "basis",
    "quantity",
    "strength",
    "wanted_on",
    "paid_price",
    "own_price",
    "paid_since",
    "evidence_id",
    "remark",
)
