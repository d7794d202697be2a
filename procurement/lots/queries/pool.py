"""The pool of a campaign: what members ask for, by item. Sums are the database's."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Dialect,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
    type_coerce,
)

from procurement.catalogue import queries as catalogue
from procurement.catalogue.models import Family, Item
from procurement.catalogue.rules import words
from procurement.extensions import db
from procurement.kernel.database import Quantity, Query, Record
from procurement.lots.queries.territories import territory
from procurement.lots.rules import DEPARTEMENTS
from procurement.members.rules import plain
from procurement.needs.models import NeedLine, Strength

_ZERO = Decimal(0)
#: What the bench may be sorted by, the order of the catalogue first; a minus sign turns it round.
POOL_SORTS = ("code", "designation", "total", "left", "members")
#: What the bench may be narrowed to: items with something left, or with something left out.
POOL_SHOWS = ("left", "out")


@dataclass(frozen=True, slots=True)
class PoolFilter:
    """What part of a pool to show, and in which order; what is empty leaves nothing out.

    ``intercommunality`` is the id of one, or ``OUTSIDE``. With a département or an
    intercommunality all sums are those of that territory alone.
    """

    family_id: int | None = None
    departement: str = ""
    intercommunality: str = ""
    show: str = ""
    text: str = ""
    sort: str = ""


class Share(NamedTuple):
    """What one département asks for of an item: how many members, how much, how much allotted."""

    departement: str
    members: int = 0
    quantity: Decimal = _ZERO
    allotted: Decimal = _ZERO
    #: How much of the quantity its members commit to.
    firm: Decimal = _ZERO


class Pooled(NamedTuple):
    """An item with the shares of the départements, in the order of ``DEPARTEMENTS``.

    ``item`` is the row of its labels, or the item; the totals are sums of what the database summed.
    """

    item: Record | Item
    shares: Sequence[Share]

    @property
    def members(self) -> int:
        """How many members ask for it: each stands in one département."""
        return sum(share.members for share in self.shares)

    @property
    def quantity(self) -> Decimal:
        """How much all of them ask for."""
        return sum((share.quantity for share in self.shares), _ZERO)

    @property
    def firm(self) -> Decimal:
        """How much of it they commit to."""
        return sum((share.firm for share in self.shares), _ZERO)

    @property
    def indicative(self) -> Decimal:
        """How much of it they only expect."""
        return self.quantity - self.firm

    @property
    def allotted(self) -> Decimal:
        """How much of it is in a lot."""
        return sum((share.allotted for share in self.shares), _ZERO)

    @property
    def remaining(self) -> Decimal:
        """How much of it is in no lot yet."""
        return self.quantity - self.allotted


def _raw(total: ColumnElement[Any]) -> ColumnElement[int]:
    """Leave a sum in thousandths: it becomes a quantity only where somebody reads it.

    PostgreSQL would answer a decimal, which is read more slowly than a whole number.
    """
    return cast(type_coerce(total, BigInteger), BigInteger)


_IS_FIRM = NeedLine.strength == literal_column(f"'{Strength.FIRM.value}'")
FIRM = case((_IS_FIRM, NeedLine.pool_quantity), else_=literal_column("0"))

# The statements of the pool are put together once, and asked of the connection itself: what is
# done around them otherwise would take a quarter of their time.
_POOLED: Query = (
    select(
        NeedLine.pool_item_id,
        NeedLine.departement,
        _raw(func.sum(NeedLine.pool_quantity)),
        _raw(func.sum(NeedLine.allotted)),
        _raw(func.sum(FIRM)),
    )
    .where(NeedLine.campaign_id == bindparam("campaign_id"), NeedLine.is_pooled)
    .group_by(NeedLine.pool_item_id, NeedLine.departement)
)
# Counting different members costs more than the sums: it is done for the items that are shown.
_MEMBERS: Query = (
    select(
        NeedLine.pool_item_id,
        NeedLine.departement,
        func.count(NeedLine.member_id.distinct()),
    )
    .where(
        NeedLine.campaign_id == bindparam("campaign_id"),
        NeedLine.is_pooled,
        NeedLine.pool_item_id.in_(bindparam("item_ids", expanding=True)),
    )
    .group_by(NeedLine.pool_item_id, NeedLine.departement)
)


def pooled(campaign_id: int, chosen: PoolFilter | None = None) -> Sequence[Record]:
    """Sum the pooled lines of a campaign by item and département, in one pass over an index.

    Rows of item's id, département, then in thousandths of a unit: asked for, in lots, firm.
    ``chosen`` narrows them to a territory.
    """
    connection, asked = db.session.connection(), {"campaign_id": campaign_id}
    query = _narrowed(_POOLED, chosen)
    if query is not _POOLED:
        return connection.execute(query, asked).all()
    written, is_positional = _written(connection.dialect)
    values: Any = tuple(asked.values()) if is_positional else asked
    return connection.exec_driver_sql(written, values).all()


@lru_cache(maxsize=8)
def _written(dialect: Dialect) -> tuple[str, bool]:
    """Write the statement of all sums as a database reads it, and tell how it takes its value."""
    compiled = _POOLED.compile(dialect=dialect)
    return str(compiled), bool(dialect.positional)


def _narrowed(query: Query, chosen: PoolFilter | None) -> Query:
    where = territory(chosen.departement, chosen.intercommunality) if chosen else []
    return query.where(*where) if where else query


class Found(NamedTuple):
    """The items of a pool that were asked for, without their members, and what there is of all."""

    items: Sequence[Pooled]
    #: How many items the territory asks for, and of how many something is in no lot yet.
    asked: int
    left: int
    families: Sequence[Record]


def find_pooled(campaign_id: int, chosen: PoolFilter, left_out: Sequence[int] = ()) -> Found:
    """Find the items of a pool that ``chosen`` shows, in its order.

    ``left_out`` are the items with something left out, for those who look for them alone.
    """
    sums: dict[int, dict[str, Share]] = {}
    for item_id, departement, *whole in pooled(campaign_id, chosen):
        quantity, allotted, firm = (number * Quantity.smallest for number in whole)
        sums.setdefault(item_id, {})[departement] = Share(departement, 0, quantity, allotted, firm)
    rows = db.session.connection().execute(_labels([*sums, *left_out], chosen))
    items = [
        Pooled(row, [sums.get(row.id, {}).get(code) or Share(code) for code in DEPARTEMENTS])
        for row in rows
        if row.id in sums or chosen.show == "out"
    ]
    left = [key for key, shares in sums.items() if any(_is_left(one) for one in shares.values())]
    if chosen.show == "left":
        items = [one for one in items if one.remaining]
    elif chosen.show == "out":
        items = [one for one in items if one.item.id in left_out]
    if chosen.sort.lstrip("-") == "members":
        items = with_members(campaign_id, chosen, items)
    return Found(_sorted(items, chosen.sort), len(sums), len(left), _families_of([*sums]))


def _is_left(share: Share) -> bool:
    return share.allotted < share.quantity


def _labels(item_ids: Sequence[int], chosen: PoolFilter) -> Query:
    query = (
        select(
            Item.id,
            Item.code,
            Item.designation,
            Item.unit,
            Family.id.label("family_id"),
            Family.label_fr.label("family_fr"),
            Family.label_en.label("family_en"),
        )
        .join(Family, Family.id == Item.family_id)
        .where(Item.id.in_(item_ids))
        .order_by(Family.id, Item.code)
    )
    if chosen.family_id is not None:
        query = query.where(Family.id == chosen.family_id)
    return _searched(query, chosen)


def _searched(query: Query, chosen: PoolFilter) -> Query:
    """Narrow to the items that have all words looked for, else to those that resemble them."""
    if not words(chosen.text):
        return query
    near, only_resemble = catalogue.search(chosen.text, family_id=chosen.family_id)
    if only_resemble:
        return query.where(Item.id.in_([row.id for row in db.session.execute(near)]))
    for word in words(chosen.text):
        query = query.where(Item.search_text.contains(word, autoescape=True))
    return query


def _families_of(item_ids: Sequence[int]) -> Sequence[Record]:
    query = select(Family.id, Family.label_fr, Family.label_en).order_by(Family.id)
    concerned = select(Item.family_id).where(Item.id.in_(item_ids))
    return db.session.connection().execute(query.where(Family.id.in_(concerned))).all()


def _sorted(items: list[Pooled], sort: str) -> list[Pooled]:
    """Sort the items, which come in the order of the catalogue; what is equal stays in it."""
    keys = {
        "designation": lambda one: plain(one.item.designation),
        "total": lambda one: one.quantity,
        "left": lambda one: one.remaining,
        "members": lambda one: one.members,
    }
    key, is_reversed = keys.get(sort.lstrip("-")), sort.startswith("-")
    if key is None:
        return items[::-1] if sort == "-code" else items
    return sorted(items, key=key, reverse=is_reversed)


def with_members(campaign_id: int, chosen: PoolFilter, items: Sequence[Pooled]) -> list[Pooled]:
    """Count the members that ask for these items, in the territory of ``chosen``."""
    asked = {"campaign_id": campaign_id, "item_ids": [one.item.id for one in items]}
    rows = db.session.connection().execute(_narrowed(_MEMBERS, chosen), asked)
    members = {(row[0], row[1]): row[2] for row in rows}
    return [
        Pooled(
            one.item,
            [
                share._replace(members=members.get((one.item.id, share.departement), 0))
                for share in one.shares
            ],
        )
        for one in items
    ]


def pool(campaign_id: int, chosen: PoolFilter | None = None) -> list[Pooled]:
    """List what the validated needs of a campaign ask for, by family and item code."""
    chosen = chosen or PoolFilter()
    return with_members(campaign_id, chosen, find_pooled(campaign_id, chosen).items)
