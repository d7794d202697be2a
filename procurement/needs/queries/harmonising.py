"""What members asked for in their own words: what waits for the buyer, and what was decided."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import InstrumentedAttribute

from procurement.catalogue import queries as catalogue
from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.database import LARGEST_ID, Query, Record
from procurement.members.models import Member
from procurement.needs.likeness import Key, key_of, resembling
from procurement.needs.models import (
    Campaign,
    CampaignState,
    Need,
    NeedLine,
    NeedState,
    Wording,
)

#: What the centrale has in hand: a draft may still change, and so may what was returned.
SENT = (NeedState.SUBMITTED, NeedState.VALIDATED)
#: More ways of writing the same are not read.
_MOST_EXAMPLES = 3
_MOST_ALIKE = 8
_MOST_NEAR, _MOST_FOUND = 5, 20


@dataclass
class Asked:
    """One wording with one unit, whoever wrote it and however: who asks for how much.

    ``quantity`` counts the members' own unit while they wait, and units of the item afterwards.
    """

    key: Key
    quantity: Decimal = Decimal(0)
    lines: int = 0
    #: How many of the lines no lot took anything of: what was decided on them can be taken back.
    untaken: int = 0
    members: set[int] = field(default_factory=set)
    #: How often it was written in which way.
    written: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)

    @property
    def words(self) -> str:
        """As most of those who ask wrote it."""
        return self.examples[0]

    @property
    def own_unit(self) -> str:
        """The unit as most of them wrote it."""
        return _most(self.units, 1)[0]

    @property
    def examples(self) -> list[str]:
        """Ways in which it was written, the most frequent first."""
        return _most(self.written, _MOST_EXAMPLES)

    def count(self, row: Record) -> None:
        """Add what one member asks for in one way."""
        self.quantity += row.quantity
        self.lines += row.lines
        self.untaken += row.untaken
        self.members.add(row.member_id)
        self.written[row.words] += row.lines
        self.units[row.own_unit] += row.lines


@dataclass
class Understood:
    """What was decided on a wording: the item, and how many of it one of its own units holds."""

    asked: Asked
    item: Record
    units_each: Decimal


def _most(written: Counter[str], most: int) -> list[str]:
    return sorted(written, key=lambda text: (-written[text], text))[:most]


def own_words(campaign: Campaign) -> ColumnElement[bool]:
    """Condition on NeedLine and its Need: free lines that the centrale has in hand."""
    return (
        (NeedLine.campaign_id == campaign.id) & NeedLine.words.is_not(None) & Need.state.in_(SENT)
    )


def _summed(campaign: Campaign, *more: InstrumentedAttribute[Any]) -> Query:
    by = (NeedLine.words, NeedLine.own_unit, NeedLine.member_id, *more)
    return (
        select(
            *by,
            func.count().label("lines"),
            func.sum(NeedLine.quantity).label("quantity"),
            func.sum(case((NeedLine.allotted == 0, 1), else_=0)).label("untaken"),
        )
        .join(Need, Need.id == NeedLine.need_id)
        .where(own_words(campaign))
        .group_by(*by)
    )


def waiting(campaign: Campaign) -> dict[Key, Asked]:
    """Give what waits for a decision, by what is compared of it, the most asked for first."""
    found: dict[Key, Asked] = {}
    for row in db.session.execute(_summed(campaign).where(NeedLine.item_id.is_(None))):
        key = key_of(row.words, row.own_unit)
        found.setdefault(key, Asked(key)).count(row)
    return dict(sorted(found.items(), key=lambda one: (-len(one[1].members), one[0])))


def unharmonised(campaign_id: int) -> int:
    """Count the validated lines of a campaign that no lot can take: they name no item yet."""
    query = (
        select(func.count())
        .select_from(NeedLine)
        .where(
            NeedLine.campaign_id == campaign_id, NeedLine.is_validated, NeedLine.item_id.is_(None)
        )
    )
    return db.session.scalar(query) or 0


def to_harmonise(campaign_id: int | None = None) -> list[Record]:
    """List the campaigns, or one, where free lines wait for an item: id, title, how many lines."""
    query = (
        select(Campaign.id, Campaign.title, func.count().label("lines"))
        .join(NeedLine, NeedLine.campaign_id == Campaign.id)
        .join(Need, Need.id == NeedLine.need_id)
        .where(
            Campaign.state.in_((CampaignState.OPEN, CampaignState.CLOSED)),
            Need.state.in_((NeedState.SUBMITTED, NeedState.VALIDATED)),
            NeedLine.item_id.is_(None),
        )
        .group_by(Campaign.id, Campaign.title, Campaign.closes_on)
        .order_by(Campaign.closes_on, Campaign.id)
    )
    if campaign_id is not None:
        query = query.where(Campaign.id == campaign_id)
    return list(db.session.execute(query).all())


def understood(campaign: Campaign) -> list[Understood]:
    """List what was decided in a campaign, by words and unit."""
    more = (NeedLine.item_id, NeedLine.units_each)
    found: dict[tuple[Key, int, Decimal], Asked] = {}
    for row in db.session.execute(_summed(campaign, *more).where(NeedLine.item_id.is_not(None))):
        key = key_of(row.words, row.own_unit)
        found.setdefault((key, row.item_id, row.units_each), Asked(key)).count(row)
    items = items_of({item_id for _key, item_id, _each in found})
    return [
        Understood(asked, items[item_id], each)
        for (_key, item_id, each), asked in sorted(found.items(), key=lambda one: one[0])
    ]


def items_of(item_ids: Collection[int]) -> dict[int, Record]:
    """Give what a reader wants to see of some items, by id."""
    query = select(
        Item.id,
        Item.code,
        Item.designation,
        Item.unit,
        Item.pack_size,
        Item.indicative_price,
        Item.family_id,
    ).where(Item.id.in_(list(item_ids)))
    return {row.id: row for row in db.session.execute(query)}


def remembered(keys: Iterable[Key], family_ids: Set[int] | None) -> dict[Key, Record]:
    """Give what was decided before on these words and units, for items of these families."""
    wanted = set(keys)
    query = (
        select(
            Wording.words,
            Wording.unit,
            Wording.units_each,
            Wording.decided_on,
            Wording.item_id,
            Item.code,
            Item.designation,
            Item.unit.label("item_unit"),
        )
        .join(Item, Item.id == Wording.item_id)
        .where(Wording.words.in_({words for words, _unit in wanted}))
    )
    if family_ids is not None:
        query = query.where(Item.family_id.in_(family_ids))
    rows = db.session.execute(query)
    return {key: row for row in rows if (key := (row.words, row.unit)) in wanted}


def alike(key: Key, among: Iterable[Key]) -> list[Key]:
    """The others that may mean the same as ``key``: the same words first, of another unit."""
    by_words: dict[str, list[Key]] = {}
    for other in among:
        if other != key:
            by_words.setdefault(other[0], []).append(other)
    nearest = resembling(key[0], by_words, _MOST_ALIKE)
    return [other for words in nearest for other in by_words[words]][:_MOST_ALIKE]


@dataclass(frozen=True, slots=True)
class Choices:
    """Items to choose from; whether they only resemble what was looked for, or are cut short."""

    items: Sequence[Record]
    is_near: bool = False
    has_more: bool = False


def choices(asked: Asked, family_ids: Set[int] | None, chosen: Iterable[int], text: str) -> Choices:
    """Give the items that a wording may mean, those already ``chosen`` first.

    They are those found by ``text``, or without it those that resemble the members' words.
    """
    is_near = has_more = False
    if text:
        found, is_near = catalogue.search(text, family_ids)
        ids = [row.id for row in db.session.execute(found.limit(_MOST_FOUND + 1))]
        has_more, ids = len(ids) > _MOST_FOUND, ids[:_MOST_FOUND]
    else:
        ids = catalogue.near_items(asked.words, family_ids, _MOST_NEAR)
    kept = [one for one in dict.fromkeys([*chosen, *ids]) if 0 < one <= LARGEST_ID]
    items = items_of(kept)
    return Choices([items[one] for one in kept if one in items], is_near, has_more)


def askers(campaign: Campaign, asked: Asked) -> Query:
    """Select the lines that ask for a wording, by name of the member, with what they say."""
    return (
        select(
            NeedLine.id,
            NeedLine.words,
            NeedLine.own_unit,
            NeedLine.quantity,
            NeedLine.own_price,
            NeedLine.remark,
            Member.name.label("member_name"),
            Member.departement,
        )
        .join(Need, Need.id == NeedLine.need_id)
        .join(Member, Member.id == NeedLine.member_id)
        .where(
            own_words(campaign),
            NeedLine.item_id.is_(None),
            NeedLine.words.in_(list(asked.written)),
            NeedLine.own_unit.in_(list(asked.units)),
        )
        .order_by(Member.sort_name, Member.id, NeedLine.id)
    )
