"""What an offer amounts to on the quantities of a lot sheet (DQE)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from procurement.kernel.money import line_amount

_NONE: Mapping[Decimal, Decimal] = MappingProxyType({})


class Offered(NamedTuple):
    """The estimated quantity of an item, and the unit prices that a firm offers for it.

    ``price`` is the one of any quantity; ``tiers`` are those from so many units on. Prices have at
    most 4 decimals, quantities at most 3.
    """

    quantity: Decimal
    price: Decimal | None
    tiers: Mapping[Decimal, Decimal] = _NONE


def price_for(offered: Offered) -> Decimal | None:
    """The unit price that the quantity is bought at: of the highest tier that it reaches.

    A tier without a price counts as none; None when there is no price at all.
    """
    reached = [start for start in offered.tiers if start <= offered.quantity]
    return offered.tiers[max(reached)] if reached else offered.price


def dqe_total(lines: Iterable[Offered]) -> Decimal:
    """Sum of the line amounts in euros before VAT, each rounded half up to the cent.

    A line without a price counts for nothing, as on the lot sheet that firms fill in.
    """
    amounts = (
        line_amount(line.quantity, price)
        for line in lines
        if (price := price_for(line)) is not None
    )
    return sum(amounts, Decimal(0))
