"""What the form of a line offers: the usual place, the last need, and who changed what."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, or_, select

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.audit import AuditEntry
from procurement.kernel.database import Record
from procurement.members.models import Member, Site, SiteKind
from procurement.needs.models import Campaign, Document, Need, NeedLine, NeedState

#: Somebody who is that many changes behind reads the whole line anew anyway.
_LATEST = 50


@dataclass(frozen=True, slots=True)
class LineChange:
    """Who last wrote in a line and when, and what has changed since a version of it."""

    name: str
    at: datetime
    #: By field, the values before and after, as the journal keeps them.
    changes: dict[str, tuple[Any, Any]]
    is_removal: bool


def usual_site_id(need: Need) -> int | None:
    """Id of the place that the member's latest line names, else of its town hall."""
    latest = (
        select(NeedLine.id)
        .where(NeedLine.site_id == Site.id)
        .order_by(NeedLine.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(Site.id)
        .where(Site.member_id == need.member_id)
        .order_by(
            latest.desc().nulls_last(),
            case((Site.kind == SiteKind.TOWN_HALL, 0), else_=1),
            Site.id,
        )
        .limit(1)
    )
    return db.session.scalar(query)


def same_line_id(need: Need, item_id: int, site_id: int) -> int | None:
    """Id of the line by which an item is declared already for a place."""
    return db.session.scalar(
        select(NeedLine.id).where(
            NeedLine.need_id == need.id,
            NeedLine.item_id == item_id,
            NeedLine.site_id == site_id,
            NeedLine.words.is_(None),
        )
    )


#: One list of bodies: with an "or" beside it, SQLite would read every need there is.
_BODIES = select(Member.id).where(
    or_(Member.id == bindparam("member_id"), Member.successor_id == bindparam("member_id"))
)
_LAST = (
    select(Need.id, Campaign.title)
    .join(Campaign, Campaign.id == Need.campaign_id)
    .where(
        Need.member_id.in_(_BODIES),
        Need.campaign_id != bindparam("campaign_id"),
        Need.state.in_((NeedState.SUBMITTED, NeedState.VALIDATED)),
        select(NeedLine.id).where(NeedLine.need_id == Need.id).exists(),
    )
    .order_by(Campaign.closes_on.desc(), Need.id.desc())
    .limit(1)
)
_COPIED = (
    select(
        NeedLine.item_id,
        NeedLine.site_id,
        NeedLine.declared_quantity,
        NeedLine.basis,
        NeedLine.strength,
        NeedLine.paid_price,
        NeedLine.paid_since,
        NeedLine.remark,
        NeedLine.words,
        NeedLine.own_unit,
        NeedLine.own_price,
        Item.family_id,
        Site.member_id.label("place_of"),
        Document.digest,
        Document.name,
        Document.media_type,
        Document.size,
    )
    .join(Site, Site.id == NeedLine.site_id)
    .outerjoin(Item, Item.id == NeedLine.item_id)
    .outerjoin(Document, Document.id == NeedLine.evidence_id)
    .where(NeedLine.need_id == bindparam("need_id"))
    .order_by(NeedLine.id)
)


def last_need(need: Need) -> Record | None:
    """The need with lines that the member, or one merged into it, submitted last elsewhere."""
    asked = {"member_id": need.member_id, "campaign_id": need.campaign_id}
    return db.session.connection().execute(_LAST, asked).one_or_none()


def copied_lines(need_id: int) -> Sequence[Record]:
    """List the lines of a need with the family of their item and the file of their price."""
    return db.session.connection().execute(_COPIED, {"need_id": need_id}).all()


def evidence_by_digest(need: Need) -> dict[str, int]:
    """Ids of a need's documents by the digest of the content, which no two of them share."""
    query = select(Document.digest, Document.id).where(Document.need_id == need.id)
    return {row[0]: row[1] for row in db.session.execute(query)}


def evidence_choices(need: Need) -> list[tuple[int, str]]:
    """List a need's documents as choices of a form, the latest first."""
    query = select(Document.id, Document.name).where(Document.need_id == need.id)
    return [(row[0], row[1]) for row in db.session.execute(query.order_by(Document.id.desc()))]


def line_change(need_id: int, line_id: int, versions: int) -> LineChange | None:
    """Tell who last changed or removed a line, and what its last ``versions`` changes made of it.

    None when the journal does not say.
    """
    query = (
        select(AuditEntry.actor_name, AuditEntry.at, AuditEntry.verb, AuditEntry.changes)
        .where(
            AuditEntry.object_type == Need.__tablename__,
            AuditEntry.object_id == need_id,
            AuditEntry.verb.in_(("needs.change_line", "needs.remove_line")),
        )
        .order_by(AuditEntry.id.desc())
        .limit(_LATEST)
    )
    found = [(row, json.loads(row.changes)) for row in db.session.execute(query)]
    of_line = [(row, told) for row, told in found if told.get("line_id") == line_id]
    if not of_line:
        return None
    merged: dict[str, tuple[Any, Any]] = {}
    for _row, told in reversed(of_line[: max(versions, 1)]):
        for name, pair in told.items():
            if isinstance(pair, list):
                merged[name] = (merged[name][0] if name in merged else pair[0], pair[1])
    latest = of_line[0][0]
    return LineChange(latest.actor_name, latest.at, merged, latest.verb == "needs.remove_line")
