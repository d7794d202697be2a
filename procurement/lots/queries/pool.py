"""The pool of a campaign: what members ask for, by item. Sums are the database's."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import bindparam, func, select

from procurement.catalogue.models import Family, Item
from procurement.extensions import db
from procurement.kernel.database import Query, Record
from procurement.lots.rules import DEPARTEMENTS
from procurement.needs.models import NeedLine

_ZERO = Decimal(0)


class Share(NamedTuple):
    """What one département asks for of an item: how many members, how much, how much allotted."""

    departement: str
    members: int = 0
    quantity: Decimal = _ZERO
    allotted: Decimal = _ZERO


class Pooled(NamedTuple):
    """An item with the shares of the départements, in the order of ``DEPARTEMENTS``.

    ``item`` is the row of its labels; the totals are sums of what the database summed.
    """

    item: Record
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
    def allotted(self) -> Decimal:
        """How much of it is in a lot."""
        return sum((share.allotted for share in self.shares), _ZERO)

    @property
    def remaining(self) -> Decimal:
        """How much of it is in no lot yet."""
        return self.quantity - self.allotted


# The statements of the pool are put together once, and asked of the connection itself: what a
# session does around them would take a quarter of their time.
_POOLED: Query = (
    select(
        NeedLine.pool_item_id,
        NeedLine.departement,
        NeedLine.strength,
        func.sum(NeedLine.pool_quantity),
        func.sum(NeedLine.allotted),
    )
    .where(NeedLine.campaign_id == bindparam("campaign_id"), NeedLine.is_pooled)
    .group_by(NeedLine.pool_item_id, NeedLine.departement, NeedLine.strength)
)
# Counting different members costs six times the sums: it is done for the items that are shown.
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


def pooled(campaign_id: int) -> Sequence[Record]:
    """Sum the pooled lines of a campaign by item, département and strength, in one index pass."""
    rows = db.session.connection().execute(_POOLED, {"campaign_id": campaign_id})
    return rows.all()


_LABELS = (
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
    .where(Item.id.in_(bindparam("item_ids", expanding=True)))
    .order_by(Family.id, Item.code)
)


def pool(campaign_id: int) -> list[Pooled]:
    """List what the validated needs of a campaign ask for, by family and item code."""
    sums: dict[int, dict[str, tuple[Decimal, Decimal]]] = {}
    for item_id, departement, _strength, quantity, allotted in pooled(campaign_id):
        shares = sums.setdefault(item_id, {})
        before = shares.get(departement, (_ZERO, _ZERO))
        shares[departement] = (before[0] + quantity, before[1] + allotted)
    connection = db.session.connection()
    asked = {"campaign_id": campaign_id, "item_ids": list(sums)}
    members = {(row[0], row[1]): row[2] for row in connection.execute(_MEMBERS, asked)}
    labels = connection.execute(_LABELS, {"item_ids": list(sums)})
    return [
        Pooled(
            row,
            [
                Share(code, members.get((row.id, code), 0), *sums[row.id].get(code, (_ZERO, _ZERO)))
                for code in DEPARTEMENTS
            ],
        )
        for row in labels
    ]
