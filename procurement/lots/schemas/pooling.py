"""What the acts on the pool take in."""

from decimal import Decimal

from procurement.kernel.forms import Input, Number, Text, Whole
from procurement.kernel.money import QUANTITY_PLACES


class PoolReasonInput(Input):
    """Why a line is left out of the pool, or put back."""

    reason = Text(required=True, most=500)


class MergeInput(Input):
    """As which item another is pooled, and how many units of it one of the other makes."""

    into_item_id = Whole(required=True)
    units_each = Number(
        QUANTITY_PLACES, least=Decimal("0.001"), most=Decimal(10_000), required=True
    )
    reason = Text(required=True, most=500)


class UnmergeInput(Input):
    """Which item is pooled as itself again."""

    item_id = Whole(required=True)
