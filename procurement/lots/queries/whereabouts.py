"""Where each line of a need is at this moment: with whom it waits, or in which lots it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import aliased

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.kernel.database import Query, Record
from procurement.lots.models import Allocation, AllocationKind, Lot, LotLine, SheetVersion
from procurement.members.models import Site
from procurement.needs.models import Equivalence, Need, NeedLine, Omission


@dataclass(slots=True)
class Place:
    """What a lot takes, or took, of a need line: ``row`` is the lot's."""

    row: Record
    quantity: Decimal
    #: What rounding up to whole packs added for the member.
    added: Decimal = Decimal(0)


@dataclass(slots=True)
class Located:
    """A line of a need with the lots that it stands in, by number."""

    row: Record
    places: list[Place] = field(default_factory=list)

    @property
    def left(self) -> Decimal:
        """How much of it is in no lot, in units of the pooled item; 0 when it is not pooled."""
        row = self.row
        return row.pool_quantity - row.allotted if row.is_pooled else Decimal(0)


def need_lines(need: Need) -> Query:
    """Select the lines of a need in the order they were typed, for :func:`located`."""
    pooled = aliased(Item)
    return (
        select(
            NeedLine.id,
            NeedLine.words,
            NeedLine.own_unit,
            NeedLine.units_each,
            NeedLine.declared_quantity,
            NeedLine.basis,
            NeedLine.quantity,
            NeedLine.item_id,
            NeedLine.is_pooled,
            NeedLine.pool_item_id,
            NeedLine.pool_quantity,
            NeedLine.allotted,
            Item.code,
            Item.designation,
            Item.unit,
            pooled.code.label("pool_code"),
            pooled.designation.label("pool_designation"),
            pooled.unit.label("pool_unit"),
            Site.name.label("site_name"),
            Omission.reason.label("omission"),
            Omission.at.label("omitted_at"),
            Equivalence.reason.label("merge_reason"),
            Equivalence.units_each.label("merge_each"),
            Equivalence.decided_on.label("merged_on"),
        )
        .join(Site, Site.id == NeedLine.site_id)
        .outerjoin(Item, Item.id == NeedLine.item_id)
        .outerjoin(pooled, pooled.id == NeedLine.pool_item_id)
        .outerjoin(Omission, Omission.need_line_id == NeedLine.id)
        .outerjoin(
            Equivalence,
            (Equivalence.campaign_id == NeedLine.campaign_id)
            & (Equivalence.item_id == NeedLine.item_id)
            & (Equivalence.into_item_id == NeedLine.pool_item_id),
        )
        .where(NeedLine.need_id == need.id)
        .order_by(NeedLine.id)
    )


def located(rows: Sequence[Record], actor: Actor) -> list[Located]:
    """Find the lots of these lines of :func:`need_lines`: one query for all of them."""
    found = {row.id: Located(row) for row in rows}
    places: dict[tuple[int, int], Place] = {}
    for row in db.session.execute(_places(list(found), actor)):
        key = row.need_line_id, row.lot_id
        if row.kind is AllocationKind.NEED:
            places[key] = Place(row, row.quantity)
            found[row.need_line_id].places.append(places[key])
        else:
            places[key].added += row.quantity
    return list(found.values())


def _places(line_ids: Sequence[int], actor: Actor) -> Query:
    latest = (SheetVersion.lot_id == Lot.id) & (SheetVersion.number == Lot.sheet_version)
    return (
        select(
            Allocation.need_line_id,
            Allocation.kind,
            Allocation.quantity,
            Lot.id.label("lot_id"),
            Lot.number,
            Lot.title,
            Lot.state,
            Lot.sheet_version,
            Lot.frozen_on,
            Lot.released_on,
            SheetVersion.thawed_on,
            SheetVersion.thaw_reason,
            # Whoever declares by mandate reads the need, and not what the lot is.
            Lot.visible_to(actor).label("is_open"),
        )
        .join(LotLine, LotLine.id == Allocation.lot_line_id)
        .join(Lot, Lot.id == LotLine.lot_id)
        .outerjoin(SheetVersion, latest)
        .where(Allocation.need_line_id.in_(line_ids))
        # The need comes before what was added to it.
        .order_by(Lot.number, Lot.id, Allocation.kind, Allocation.need_line_id)
    )
