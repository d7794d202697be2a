"""The versions of a lot's sheet, and what changed from each to the next."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from sqlalchemy import func, select

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.database import Record
from procurement.lots.models import Allocation, Lot, LotLine, SheetVersion
from procurement.lots.rules import Difference, differences
from procurement.members.models import Person

_Quantities = Mapping[int, Decimal]


@dataclass(frozen=True, slots=True)
class Edition:
    """A version of the sheet with what differs from the one before; ``row`` is None for a draft.

    The first version has no differences: all of it is new.
    """

    row: Record | None
    differences: Sequence[Difference]


@dataclass(frozen=True, slots=True)
class History:
    """The versions of a sheet, the latest first, and the labels of the items that changed by id."""

    editions: Sequence[Edition]
    items: Mapping[int, Record]


def history(lot: Lot) -> History:
    """Read the versions of a lot; for one that was thawed, first what its draft changes so far."""
    rows = _versions(lot)
    known: list[tuple[Record | None, _Quantities]] = [(row, _read(row.lines)) for row in rows]
    if lot.is_draft and rows:
        known.append((None, _standing(lot)))
    editions = [
        Edition(row, list(differences(before, after)))
        for (_old, before), (row, after) in pairwise(known)
    ]
    if known:
        editions.insert(0, Edition(known[0][0], []))
    changed = {one.item_id for edition in editions for one in edition.differences}
    return History(editions[::-1], _items(changed))


def _versions(lot: Lot) -> Sequence[Record]:
    return db.session.execute(
        select(
            SheetVersion.number,
            SheetVersion.frozen_on,
            SheetVersion.check_figure,
            SheetVersion.lines,
            SheetVersion.thawed_on,
            SheetVersion.thaw_reason,
            Person.name,
        )
        .outerjoin(Person, Person.id == SheetVersion.person_id)
        .where(SheetVersion.lot_id == lot.id)
        .order_by(SheetVersion.number)
    ).all()


def _read(lines: str) -> _Quantities:
    return {item_id: Decimal(quantity) for item_id, quantity in json.loads(lines)}


def _standing(lot: Lot) -> _Quantities:
    query = (
        select(LotLine.item_id, func.sum(Allocation.quantity))
        .join(Allocation, Allocation.lot_line_id == LotLine.id)
        .where(LotLine.lot_id == lot.id)
        .group_by(LotLine.item_id, LotLine.position)
        .order_by(LotLine.position)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def _items(item_ids: set[int]) -> Mapping[int, Record]:
    query = select(Item.id, Item.code, Item.designation, Item.unit)
    return {row.id: row for row in db.session.execute(query.where(Item.id.in_(item_ids)))}
