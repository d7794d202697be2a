"""What an order is worth, what it may hold, and the figure that proves it did not change."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from procurement.kernel.money import vat_by_rate


class RateTotal(NamedTuple):
    """What one VAT rate in percent applies to, and the tax that it makes, in euros."""

    rate: Decimal
    net: Decimal
    vat: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """The foot of an order in euros: net of VAT, VAT by rate, and with VAT (D2192-2, 9°)."""

    net: Decimal
    rates: tuple[RateTotal, ...]

    @property
    def vat(self) -> Decimal:
        """All the tax."""
        return sum((one.vat for one in self.rates), Decimal(0))

    @property
    def gross(self) -> Decimal:
        """What is to be paid."""
        return self.net + self.vat


def totals(lines: Iterable[tuple[Decimal, Decimal]]) -> Totals:
    """Sum (net amount in euros, VAT rate in percent) pairs, which are already rounded."""
    pairs = list(lines)
    nets: dict[Decimal, Decimal] = {}
    for amount, rate in pairs:
        nets[rate] = nets.get(rate, Decimal(0)) + amount
    taxes = vat_by_rate(pairs)
    rates = tuple(RateTotal(rate, nets[rate], vat) for rate, vat in taxes.items())
    return Totals(sum(nets.values(), Decimal(0)), rates)


def order_number(year: int, rank: int) -> str:
    """Write the number of the ``rank``-th order of a year: 2026-00042."""
    return f"{year}-{rank:05}"


def fits_packs(quantity: Decimal, pack_size: int) -> bool:
    """Tell whether a quantity is a whole number of packs."""
    return quantity % pack_size == 0


def packs_around(quantity: Decimal, pack_size: int) -> tuple[int, int]:
    """Give the quantities of whole packs just below and just above; the lower may be 0."""
    below = int(quantity // pack_size) * pack_size
    return below, below + pack_size


class FrozenHead(NamedTuple):
    """What an order says above its lines once it is submitted."""

    number: str | None
    agreement_id: int
    holder_id: int
    member_id: int
    site_id: int
    submitted_on: date | None
    commitment_number: str | None
    service_code: str | None


class FrozenLine(NamedTuple):
    """What a line says once its order is submitted."""

    position: int
    price_id: int
    item_id: int
    quantity: Decimal
    unit_price: Decimal
    vat_rate: Decimal
    amount: Decimal
    reference_price: Decimal | None
    reference_amount: Decimal | None
    reference_line_id: int | None


def check_figure(head: FrozenHead, lines: Iterable[FrozenLine]) -> str:
    """Hash an order as it was submitted, in 64 hexadecimal digits.

    The lines are taken by position, and a number in its shortest writing, so that 1.50 and 1.5
    are one value.
    """
    rows = [_plain(head), *(_plain(line) for line in sorted(lines))]
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(row: Iterable[object]) -> list[str | None]:
    return [_text(value) for value in row]


def _text(value: object) -> str | None:
    if value is None:
        return None
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)
