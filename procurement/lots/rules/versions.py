"""What changed from one version of a lot sheet to the next."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple


class Difference(NamedTuple):
    """An item whose quantity changed: None before for what was added, after for what is gone."""

    item_id: int
    before: Decimal | None
    after: Decimal | None


def differences(
    before: Mapping[int, Decimal], after: Mapping[int, Decimal]
) -> Iterator[Difference]:
    """Compare the quantities of two versions by item: removed and changed ones, then added ones.

    Each comes in the order of its sheet; quantities are in units of the item.
    """
    for item_id, quantity in before.items():
        if after.get(item_id) != quantity:
            yield Difference(item_id, quantity, after.get(item_id))
    for item_id, quantity in after.items():
        if item_id not in before:
            yield Difference(item_id, None, quantity)
