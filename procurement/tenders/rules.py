"""Ranking of offers on price, on plain values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from procurement.kernel.money import line_amount


@dataclass(frozen=True, slots=True)
class Ranked:
    """Where one offer stands: its total in euros net of VAT, and the lines without a price.

    ``rank`` and ``gap`` (euros above the first) are None for an offer that lacks a price: its
    total covers fewer lines, so it compares with nothing.
    """

    offer_id: int
    total: Decimal
    missing: tuple[int, ...]
    rank: int | None = None
    gap: Decimal | None = None

    @property
    def is_complete(self) -> bool:
        """Tell whether every line has a price."""
        return not self.missing


def amounts(quantities: Mapping[int, Decimal], prices: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """Give the amount of each priced line: quantity × unit price, rounded to the cent.

    The mappings go by lot line; a line without a price is left out.
    """
    return {
        line: line_amount(quantity, prices[line])
        for line, quantity in quantities.items()
        if line in prices
    }


def ranked(
    quantities: Mapping[int, Decimal], offers: Mapping[int, Mapping[int, Decimal]]
) -> list[Ranked]:
    """Rank offers (offer → lot line → unit price net of VAT) on their total for ``quantities``.

    Complete offers come first, the lowest total before the others; equal totals share a rank and
    the next one is skipped. Incomplete offers follow without a rank, the fewest gaps first. What
    remains equal stays in the order given, which is that of arrival.
    """
    found = [_measured(offer, quantities, prices) for offer, prices in offers.items()]
    complete = sorted((one for one in found if one.is_complete), key=lambda one: one.total)
    incomplete = sorted(
        (one for one in found if not one.is_complete),
        key=lambda one: (len(one.missing), one.total),
    )
    totals = [one.total for one in complete]
    placed = [
        Ranked(one.offer_id, one.total, (), totals.index(one.total) + 1, one.total - totals[0])
        for one in complete
    ]
    return placed + incomplete


def _measured(
    offer: int, quantities: Mapping[int, Decimal], prices: Mapping[int, Decimal]
) -> Ranked:
    total = sum(amounts(quantities, prices).values(), Decimal(0))
    return Ranked(offer, total, tuple(line for line in quantities if line not in prices))


def lowest(offers: Iterable[Mapping[int, Decimal]]) -> dict[int, Decimal]:
    """Give the lowest unit price of each lot line that at least two offers price."""
    by_line: dict[int, list[Decimal]] = {}
    for prices in offers:
        for line, price in prices.items():
            by_line.setdefault(line, []).append(price)
    return {line: min(prices) for line, prices in by_line.items() if len(prices) > 1}
