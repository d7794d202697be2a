"""Items that are pooled as another: which are, which may be, and what each would make."""

from collections.abc import Collection, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from procurement.catalogue import queries as catalogue
from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.database import Quantity, Record
from procurement.lots.queries.pool import pooled
from procurement.lots.rules import units_each
from procurement.members.models import Person
from procurement.needs.likeness import normal, resembling
from procurement.needs.models import Equivalence, NeedLine

_INTO = aliased(Item)
#: More that resembles an item is not read to its end.
_MOST_ALIKE, _MOST_CHOICES = 3, 20
#: Items as they are compared: id, family's id, designation.
_Compared = tuple[tuple[int, int, str], ...]


class Suggestion(NamedTuple):
    """Two items of a pool that may be one: the first is asked for less than the second."""

    item: Record
    into: Record
    quantity: Decimal
    into_quantity: Decimal
    #: How many units of the second one of the first makes, when nobody has to say it.
    units_each: Decimal | None
    #: Whether a lot took something of the first, which then stays as it is.
    is_in_lots: bool


class Target(NamedTuple):
    """An item that another may be pooled as, and how much of it is asked for."""

    item: Record
    quantity: Decimal
    units_each: Decimal | None


def merges(campaign_id: int) -> Sequence[Record]:
    """List the items of a campaign that are pooled as another, by code of the latter.

    ``lines``, ``members``, ``quantity`` in units of the other, ``allotted`` of that.
    """
    summed = (
        select(
            Equivalence.id.label("merge_id"),
            func.count(NeedLine.id).label("lines"),
            func.count(NeedLine.member_id.distinct()).label("members"),
            func.sum(NeedLine.pool_quantity).label("quantity"),
            func.sum(NeedLine.allotted).label("allotted"),
        )
        .join(
            NeedLine,
            (NeedLine.campaign_id == Equivalence.campaign_id)
            & NeedLine.is_pooled
            & (NeedLine.pool_item_id == Equivalence.into_item_id)
            & (NeedLine.item_id == Equivalence.item_id),
        )
        .where(Equivalence.campaign_id == campaign_id)
        .group_by(Equivalence.id)
        .subquery()
    )
    query = (
        select(
            Equivalence.item_id,
            Equivalence.into_item_id,
            Equivalence.units_each,
            Equivalence.reason,
            Equivalence.decided_on,
            Person.name.label("person_name"),
            Item.code,
            Item.designation,
            Item.unit,
            _INTO.code.label("into_code"),
            _INTO.designation.label("into_designation"),
            _INTO.unit.label("into_unit"),
            func.coalesce(summed.c.lines, 0).label("lines"),
            func.coalesce(summed.c.members, 0).label("members"),
            summed.c.quantity,
            summed.c.allotted,
        )
        .join(Item, Item.id == Equivalence.item_id)
        .join(_INTO, _INTO.id == Equivalence.into_item_id)
        .join(Person, Person.id == Equivalence.person_id)
        .outerjoin(summed, summed.c.merge_id == Equivalence.id)
        .where(Equivalence.campaign_id == campaign_id)
        .order_by(_INTO.code, Item.code)
    )
    return db.session.execute(query).all()


def merged_into(campaign_id: int) -> dict[int, list[Record]]:
    """Give by item the others of a campaign that are pooled as it: code, units each."""
    query = (
        select(Equivalence.into_item_id, Item.id, Item.code, Equivalence.units_each)
        .join(Item, Item.id == Equivalence.item_id)
        .where(Equivalence.campaign_id == campaign_id)
        .order_by(Item.code)
    )
    found: dict[int, list[Record]] = {}
    for row in db.session.execute(query):
        found.setdefault(row.into_item_id, []).append(row)
    return found


def merge_of(campaign_id: int, item_id: int) -> Equivalence | None:
    """Give what an item is pooled as in a campaign, if it is another."""
    return db.session.scalar(
        select(Equivalence).where(
            Equivalence.campaign_id == campaign_id, Equivalence.item_id == item_id
        )
    )


def suggestions(campaign_id: int) -> list[Suggestion]:
    """List pairs of pooled items of one family whose designations may mean the same.

    The one that less is asked of comes first, unless only the other one is in no lot, or only that
    one's unit can be counted in the other's. Nothing is merged by it: a person decides.
    """
    rows = pooled(campaign_id)
    asked, in_lots = _summed(rows), {row[0] for row in rows if row[3]}
    items = _labels(list(asked))
    taken = set(_sources(campaign_id))
    pairs = _alike(tuple((row.id, row.family_id, row.designation) for row in items.values()))
    return [
        _suggestion(items[one], items[other], asked, in_lots)
        for one, other in pairs
        if one not in taken and other not in taken
    ]


def _suggestion(
    one: Record, other: Record, asked: dict[int, Decimal], in_lots: Collection[int]
) -> Suggestion:
    less, more = sorted((one, other), key=lambda row: (asked[row.id], -row.id))
    ways = [
        (first, second, units_each(first.unit, first.designation, second.unit))
        for first, second in ((less, more), (more, less))
    ]
    # Of two that are as good as each other, the first is taken.
    item, into, each = max(ways, key=lambda way: (way[0].id not in in_lots, way[2] is not None))
    return Suggestion(item, into, asked[item.id], asked[into.id], each, item.id in in_lots)


def targets(campaign_id: int, item: Item, text: str, chosen: Sequence[int]) -> list[Target]:
    """List the pooled items that an item may be pooled as: those ``chosen``, then others.

    The others are found by ``text``, or without it those that resemble the item most.
    """
    asked = _summed(pooled(campaign_id))
    if text:
        found, _is_near = catalogue.search(text)
        ids = [row.id for row in db.session.execute(found)]
    else:
        ids = catalogue.near_items(item.designation, {item.family_id}, _MOST_CHOICES)
    barred = {item.id, *_sources(campaign_id)}
    wanted = dict.fromkeys([*chosen, *ids])
    kept = [one for one in wanted if one in asked and one not in barred]
    items = _labels(kept[:_MOST_CHOICES])
    return [
        Target(row, asked[key], units_each(item.unit, item.designation, row.unit))
        for key in kept
        if (row := items.get(key))
    ]


def _summed(rows: Sequence[Record]) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for row in rows:
        found[row[0]] = found.get(row[0], Decimal(0)) + row[2] * Quantity.smallest
    return found


def _labels(item_ids: Sequence[int]) -> dict[int, Record]:
    query = select(Item.id, Item.code, Item.designation, Item.unit, Item.family_id)
    rows = db.session.execute(query.where(Item.id.in_(item_ids)).order_by(Item.code))
    return {row.id: row for row in rows}


def _sources(campaign_id: int) -> Sequence[int]:
    query = select(Equivalence.item_id).where(Equivalence.campaign_id == campaign_id)
    return db.session.scalars(query).all()


@lru_cache(maxsize=8)
def _alike(items: _Compared) -> list[tuple[int, int]]:
    """Pairs of items of one family that resemble each other, kept while the same are pooled."""
    families: dict[int, dict[str, list[int]]] = {}
    for item_id, family_id, designation in items:
        of_family = families.setdefault(family_id, {})
        of_family.setdefault(normal(designation), []).append(item_id)
    found: dict[tuple[int, int], None] = {}
    for of_family in families.values():
        for words, ids in of_family.items():
            others = [*ids, *_of(of_family, resembling(words, of_family, _MOST_ALIKE + 1))]
            for one in ids:
                found |= {(min(one, it), max(one, it)): None for it in others if it != one}
    return list(found)


def _of(of_family: dict[str, list[int]], texts: Sequence[str]) -> list[int]:
    return [one for text in texts for one in of_family[text]]
