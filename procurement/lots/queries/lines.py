"""The lines of lots, and who asked for how much of each."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select, true

from procurement.catalogue.models import Item
from procurement.catalogue.rules import words
from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.kernel.database import Query, Record
from procurement.lots.models import Allocation, AllocationKind, Lot, LotLine
from procurement.lots.queries.worth import total, whole
from procurement.lots.rules import DEPARTEMENTS
from procurement.members.models import is_own
from procurement.needs.models import NeedLine

_ZERO = Decimal(0)
_IS_NEED = Allocation.kind == AllocationKind.NEED


class Part(NamedTuple):
    """What one département needs of a lot line: how many members, and how much."""

    departement: str
    members: int = 0
    quantity: Decimal = _ZERO


class Taken(NamedTuple):
    """A line of a lot with the sums of its allocations.

    ``item`` is the row of its labels; ``shares`` are the needs, in the order of ``DEPARTEMENTS``.
    """

    item: Record
    shares: Sequence[Part]
    #: What rounding up to whole packs added, for members and for the stock of the centrale.
    added: Decimal = _ZERO
    stock: Decimal = _ZERO

    @property
    def members(self) -> int:
        """How many members need it: each stands in one département."""
        return sum(share.members for share in self.shares)

    @property
    def needed(self) -> Decimal:
        """How much the members need."""
        return sum((share.quantity for share in self.shares), _ZERO)

    @property
    def quantity(self) -> Decimal:
        """How much is bought: the needs and what was added to them."""
        return self.needed + self.added + self.stock


def own_lines(actor: Actor) -> ColumnElement[bool]:
    """Condition on NeedLine: a member sees what it, or a body merged into it, asked for."""
    return is_own(NeedLine.member_id, actor) if actor.is_member_side else true()


def lines_page(lot: Lot, actor: Actor, text: str = "", sort: str = "") -> Query:
    """Select the lines of a lot that the actor may see, for :func:`taken` to sum.

    ``text`` narrows them to items that have all its words. They come in the order of the sheet, by
    ``item``, or for the centrale by ``quantity`` or ``value``, the largest first.
    """
    query = _labels().where(LotLine.lot_id == lot.id, LotLine.visible_to(actor))
    for word in words(text):
        query = query.where(Item.search_text.contains(word, autoescape=True))
    if sort == "item":
        query = query.order_by(Item.designation)
    elif sort in ("quantity", "value") and not actor.is_member_side:
        bought = total()
        rank = bought if sort == "quantity" else bought * whole(LotLine.estimated_price)
        query = query.order_by(func.coalesce(rank, -1).desc())
    return query.order_by(LotLine.position)


def _labels() -> Query:
    return select(
        LotLine.id.label("line_id"),
        LotLine.position,
        LotLine.estimated_price,
        Item.id,
        Item.code,
        Item.designation,
        Item.unit,
        Item.pack_size,
    ).join(Item, Item.id == LotLine.item_id)


def taken(rows: Sequence[Record], actor: Actor | None = None) -> list[Taken]:
    """Sum the allocations of the lot lines of these rows of :func:`lines_page`, in their order.

    Given a member's ``actor``, only what its own needs take: never the stock.
    """
    ids = [row.line_id for row in rows]
    shares = _shares(ids, actor)
    added = _added(ids, actor)
    return [
        Taken(
            row,
            [shares.get((row.line_id, code)) or Part(code) for code in DEPARTEMENTS],
            added.get((row.line_id, AllocationKind.SHARED), _ZERO),
            added.get((row.line_id, AllocationKind.STOCK), _ZERO),
        )
        for row in rows
    ]


def lot_lines(chosen: ColumnElement[bool], actor: Actor | None = None) -> list[Taken]:
    """List lot lines by a condition on LotLine, in the order of the sheet, summed as `taken`."""
    query = _labels().where(chosen).order_by(LotLine.position)
    return taken(db.session.execute(query).all(), actor)


def _shares(ids: Sequence[int], actor: Actor | None) -> dict[tuple[int, str], Part]:
    query = (
        select(
            Allocation.lot_line_id,
            NeedLine.departement,
            func.count(NeedLine.member_id.distinct()),
            func.sum(Allocation.quantity),
        )
        .join(NeedLine, NeedLine.id == Allocation.need_line_id)
        .where(Allocation.lot_line_id.in_(ids), _IS_NEED)
        .group_by(Allocation.lot_line_id, NeedLine.departement)
    )
    if actor is not None:
        query = query.where(own_lines(actor))
    return {(row[0], row[1]): Part(*row[1:]) for row in db.session.execute(query)}


def _added(ids: Sequence[int], actor: Actor | None) -> dict[tuple[int, AllocationKind], Decimal]:
    query = (
        select(Allocation.lot_line_id, Allocation.kind, func.sum(Allocation.quantity))
        .where(Allocation.lot_line_id.in_(ids), ~_IS_NEED)
        .group_by(Allocation.lot_line_id, Allocation.kind)
    )
    if actor is not None and actor.is_member_side:
        query = query.where(Allocation.need_line.has(own_lines(actor)))
    return {(row[0], row[1]): row[2] for row in db.session.execute(query)}
