"""Exact amounts, unit prices and quantities, and the only rounding of the platform.

Amounts have 2 decimals, unit prices 4, quantities 3. Everything is :class:`~decimal.Decimal`;
a float is never accepted, because 0.1 + 0.2 is not 0.3 in one.
"""

import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

AMOUNT_PLACES = 2
PRICE_PLACES = 4
QUANTITY_PLACES = 3

#: Beyond this no amount of the platform's trade is plausible, and the sums of a territory still
#: fit 64 bits in cents.
LARGEST = Decimal(10) ** 11

_NUMBER = re.compile(r"^[+-]?\d+(?:[.,]\d+)?$")
_GROUPED = re.compile(r"^[+-]?\d{1,3}(?: \d{3})+(?:[.,]\d+)?$")
#: People, spreadsheets and word processors all write the thousands with another space.
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u202f\u2009", " "))


def rounded(value: Decimal, places: int = AMOUNT_PLACES) -> Decimal:
    """Round half up, away from zero, to ``places`` decimals: 0.005 gives 0.01, -0.005 -0.01."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def line_amount(quantity: Decimal, unit_price: Decimal) -> Decimal:
    """Amount of one line net of VAT, in euros rounded to the cent."""
    return rounded(quantity * unit_price)


def apportioned(exact: Sequence[Decimal], places: int = AMOUNT_PLACES) -> list[Decimal]:
    """Round parts so that they add up to their rounded sum: by largest remainder.

    Of two equal remainders the larger part comes first, then the earlier one.
    """
    smallest = Decimal(1).scaleb(-places)
    parts = [one.quantize(smallest, rounding=ROUND_FLOOR) for one in exact]
    missing = rounded(sum(exact, Decimal(0)), places) - sum(parts, Decimal(0))
    by_remainder = sorted(range(len(parts)), key=lambda at: (parts[at] - exact[at], -exact[at], at))
    for at in by_remainder[: int(missing / smallest)]:
        parts[at] += smallest
    return parts


def vat_by_rate(lines: Iterable[tuple[Decimal, Decimal]]) -> dict[Decimal, Decimal]:
    """VAT in euros of each rate in percent, from (net amount, rate) pairs.

    The tax is computed once a rate on the sum of its lines, as an invoice shows it
    (article D2192-2 of the Code de la commande publique: totals by rate).
    """
    bases: dict[Decimal, Decimal] = {}
    for amount, rate in lines:
        bases[rate] = bases.get(rate, Decimal(0)) + amount
    return {rate: rounded(base * rate / 100) for rate, base in sorted(bases.items())}


def parsed(text: str) -> Decimal:
    """Read a number as people type it: ``1 234,56``, ``1234.56``, ``1234,5``.

    Raises ValueError on anything else, ``1,234.56`` included: guessing which mark is the
    decimal one could be wrong by a factor of a thousand.
    """
    cleaned = text.translate(_SPACES).strip()
    if not (_NUMBER.match(cleaned) or _GROUPED.match(cleaned)):
        raise ValueError(text)
    return Decimal(cleaned.replace(" ", "").replace(",", "."))


def places_of(value: Decimal) -> int:
    """Count the decimals that a value really uses: 1.50 uses one."""
    # Decimal's own normalize() would round what has more digits than its context.
    return len(f"{value:f}".partition(".")[2].rstrip("0"))


def shown(value: Decimal, locale: str, least: int, most: int | None = None) -> str:
    """Write a number for a reader of ``locale`` with ``least`` to ``most`` decimals.

    French groups thousands with a narrow no-break space and marks decimals with a comma. Babel
    does the same thirty times as slowly, which a page of fifty rows shows.
    """
    places = max(least, min(places_of(value), most)) if most is not None else least
    text = f"{rounded(value, places):,.{places}f}"
    if locale == "en":
        return text
    return text.translate(_FRENCH)


_FRENCH = str.maketrans({",": "\u202f", ".": ","})
