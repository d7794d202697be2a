"""What a declared quantity comes to, and the check figure of a validated need."""

import hashlib
from collections.abc import Iterable
from datetime import date
from decimal import ROUND_CEILING, Decimal

from procurement.kernel.money import PRICE_PLACES, QUANTITY_PLACES, rounded

#: Beyond these a unit was mistaken for another.
MOST_UNITS = Decimal(100_000_000)
HIGHEST_PRICE = Decimal(10_000_000)

#: Item, site, quantity, unit price paid today net of VAT and since when; then, of a free line
#: alone, its words, its own unit, the declared quantity, its basis, and its own price. The last
#: five of a catalogue line have no part in the figure.
CheckedLine = tuple[
    int | None,
    int,
    Decimal,
    Decimal | None,
    date | None,
    str | None,
    str | None,
    Decimal,
    str,
    Decimal | None,
]


def period_quantity(declared: Decimal, is_yearly: bool, months: int) -> Decimal:
    """Quantity for a contract of ``months``, from one for the whole period or for each year."""
    return rounded(declared * months / 12, QUANTITY_PLACES) if is_yearly else declared


def in_units(quantity: Decimal, units_each: Decimal) -> Decimal:
    """Quantity in units of an item, from one in a member's own unit which holds some of them."""
    return rounded(quantity * units_each, QUANTITY_PLACES)


def fits(quantity: Decimal, own_price: Decimal | None, units_each: Decimal) -> bool:
    """Tell whether what is asked in an own unit that holds so many of an item can be of that item.

    Neither its quantity nor its price may come to nothing, or to more than can be.
    """
    price = price_of_one(own_price, units_each)
    is_priced = not own_price or (price is not None and 0 < price <= HIGHEST_PRICE)
    return is_priced and 0 < in_units(quantity, units_each) <= MOST_UNITS


def price_of_one(own_price: Decimal | None, units_each: Decimal) -> Decimal | None:
    """Price of one unit of an item, from that of a member's own unit which holds some of them."""
    return None if own_price is None else rounded(own_price / units_each, PRICE_PLACES)


def pooled_price(
    paid_price: Decimal | None, quantity: Decimal, pool_quantity: Decimal
) -> Decimal | None:
    """Price of one unit of what a line is pooled as, from that of its own item."""
    return price_of_one(paid_price, pool_quantity / quantity)


def filled_packs(quantity: Decimal, pack_size: int) -> Decimal | None:
    """The next quantity that fills whole packs; None when this one does already."""
    packs = (quantity / pack_size).to_integral_value(ROUND_CEILING)
    return None if packs * pack_size == quantity else packs * pack_size


def check_figure(lines: Iterable[CheckedLine]) -> str:
    """Hash of the lines of a need, in any order: 64 hexadecimal digits.

    A free line counts with what the member wrote: harmonising it changes nothing of that.
    """
    return hashlib.sha256("\n".join(sorted(map(_written, lines))).encode()).hexdigest()


def _written(line: CheckedLine) -> str:
    item, site, quantity, paid, since, words, own_unit, declared, basis, own_price = line
    if words is None:
        return f"{item}|{site}|{_plain(quantity)}|{_plain(paid)}|{since or ''}"
    asked = f"{words}|{own_unit}|{site}|{_plain(declared)}|{basis}"
    return f"{asked}|{_plain(own_price)}|{since or ''}"


def _plain(value: Decimal | None) -> str:
    return "" if value is None else format(value.normalize(), "f")
