"""What a workbook of needs is made from, and compared with when it comes back."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Select, case, or_, select

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.access import Actor, Permission
from procurement.kernel.audit import AuditEntry, plain
from procurement.kernel.database import Query, Record
from procurement.members.models import Competence, Mandate, Member, Site
from procurement.needs.models import (
    Basis,
    Campaign,
    Entry,
    Need,
    NeedLine,
    NeedState,
    Strength,
    Upload,
)
from procurement.needs.queries.campaigns import concerned
from procurement.needs.queries.families import listed_for, reserved_for

#: What happened before is told by the history of the need.
_MOST_ACTS = 100


class Written(NamedTuple):
    """A line as it is typed: the same whether it stands in the database or in a workbook.

    A free line has its words and unit, at the price of one of that unit, and no item, whatever the
    buyer has made of it.
    """

    item_id: int | None
    words: str | None
    own_unit: str | None
    quantity: Decimal
    basis: Basis
    site_id: int
    wanted_on: date | None
    strength: Strength
    paid_price: Decimal | None
    paid_since: date | None
    remark: str | None


_IS_FREE = NeedLine.words.is_not(None)
_WRITTEN = (
    case((_IS_FREE, None), else_=NeedLine.item_id),
    NeedLine.words,
    NeedLine.own_unit,
    NeedLine.declared_quantity,
    NeedLine.basis,
    NeedLine.site_id,
    NeedLine.wanted_on,
    NeedLine.strength,
    case((_IS_FREE, NeedLine.own_price), else_=NeedLine.paid_price),
    NeedLine.paid_since,
    NeedLine.remark,
)


@dataclass
class Answer:
    """A member's answer as it stands, begun or not: its lines by id, in the order of typing."""

    member_id: int
    siren: str
    name: str
    departement: str
    need_id: int | None
    version: int
    state: NeedState | None
    entry: Entry | None
    #: Whether the member says no to what others enter for it.
    is_objected: bool
    lines: dict[int, Written] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Name the body as workbooks do."""
        return f"{self.siren} · {self.name}"

    @property
    def figure(self) -> str:
        """Tell these lines from any others: the first 12 digits of their hash."""
        written = "\n".join(
            "|".join(str(plain(one)) for one in (line_id, *line))
            for line_id, line in self.lines.items()
        )
        return hashlib.sha256(written.encode()).hexdigest()[:12].upper()


@dataclass(frozen=True, slots=True)
class Choices:
    """What the lines of a workbook may name."""

    items: Sequence[Record]
    sites: Sequence[Record]
    #: Ids of the families that each body may declare; None where no family is for some alone.
    families: Mapping[int, frozenset[int]] | None = None
    #: The competence that some families are for.
    reserved: Mapping[int, Competence] = field(default_factory=dict)

    @property
    def offered(self) -> Sequence[Record]:
        """The items that at least one of the bodies may declare."""
        if self.families is None:
            return self.items
        open_now = frozenset[int]().union(*self.families.values())
        return [one for one in self.items if one.family_id in open_now]


def writable(
    campaign: Campaign, actor: Actor, today: date, sirens: Iterable[str] | None = None
) -> Select[int]:
    """Select the ids of the bodies whose answer the actor may write, of those asked and concerned.

    One's own and those that mandated it; for the centrale, those that did not begin by themselves.
    With ``sirens``, of these alone.
    """
    asked = concerned(campaign, today)
    if sirens is not None:
        asked = asked.where(Member.siren.in_(list(sirens)))
    if actor.member_id is not None:
        mandated = select(Mandate.member_id).where(
            Mandate.delegate_id == actor.member_id, Mandate.revoked_on.is_(None)
        )
        return asked.where(or_(Member.id == actor.member_id, Member.id.in_(mandated)))
    if not actor.may(Permission.NEED_ENTER):
        return asked.where(Member.id.is_(None))
    by_themselves = select(Need.member_id).where(
        Need.campaign_id == campaign.id, Need.entry != Entry.CENTRALE
    )
    return asked.where(Member.id.not_in(by_themselves))


def answers(campaign: Campaign, member_ids: Select[int] | Iterable[int]) -> list[Answer]:
    """Read the answers of these bodies with their lines, by name."""
    query = (
        select(
            Member.id,
            Member.siren,
            Member.name,
            Member.departement,
            Need.id,
            Need.version,
            Need.state,
            Need.entry,
            Need.objection.is_not(None),
        )
        .outerjoin(Need, (Need.member_id == Member.id) & (Need.campaign_id == campaign.id))
        .where(Member.id.in_(member_ids))
        .order_by(Member.sort_name, Member.id)
    )
    rows = db.session.execute(query).all()
    found = [Answer(*row[:5], row[5] or 0, *row[6:]) for row in rows]
    by_need = {one.need_id: one.lines for one in found if one.need_id is not None}
    lines = select(NeedLine.need_id, NeedLine.id, *_WRITTEN).where(NeedLine.need_id.in_(by_need))
    for need_id, line_id, *values in db.session.connection().execute(lines.order_by(NeedLine.id)):
        by_need[need_id][line_id] = Written(*values)
    return found


def choices(campaign: Campaign, member_ids: Iterable[int], today: date) -> Choices:
    """Read the items that a campaign is about, by code, and the delivery places of these bodies."""
    items = select(
        Item.id,
        Item.code,
        Item.designation,
        Item.specification,
        Item.unit,
        Item.pack_size,
        Item.indicative_price,
        Item.family_id,
    ).order_by(Item.code)
    listed = reserved_for(campaign)
    if not campaign.every_family:
        items = items.where(Item.family_id.in_(listed))
    ids = list(member_ids)
    sites = (
        select(Site.id, Site.member_id, Site.name, Site.address, Site.postcode, Site.city)
        .where(Site.member_id.in_(ids))
        .order_by(Site.member_id, Site.id)
    )
    reserved = {one: word for one, word in listed.items() if word}
    connection = db.session.connection()
    return Choices(
        connection.execute(items).all(),
        connection.execute(sites).all(),
        listed_for(campaign, ids, today) if reserved else None,
        reserved,
    )


def acts_since(moments: Mapping[int, datetime]) -> list[Record]:
    """List what was done to needs since a moment, by the id of the need; the latest first."""
    if not moments:
        return []
    query = (
        select(
            AuditEntry.object_id,
            AuditEntry.at,
            AuditEntry.actor_name,
            AuditEntry.verb,
            AuditEntry.changes,
        )
        .where(
            AuditEntry.object_type == Need.__tablename__,
            AuditEntry.object_id.in_(moments),
            AuditEntry.at > min(moments.values()),
        )
        .order_by(AuditEntry.id.desc())
        .limit(_MOST_ACTS)
    )
    return [row for row in db.session.execute(query) if row.at > moments[row.object_id]]


def uploads(campaign: Campaign, actor: Actor) -> Query:
    """Select the workbooks that the actor's side sent for a campaign, the latest first."""
    return (
        select(Upload.id, Upload.name, Upload.at, Upload.applied_at)
        .where(Upload.campaign_id == campaign.id, Upload.visible_to(actor))
        .order_by(Upload.id.desc())
    )
