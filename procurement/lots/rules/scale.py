"""What a quantity does to a price: a discount curve, typed or fitted to prices that were offered.

p(q) = floor + scale × q^-eta, with 0 <= eta <= 1: what is bought costs less by the unit the more of
it there is, down to a floor. Without a floor it is the straight line of the logarithms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from enum import StrEnum
from typing import NamedTuple

from procurement.kernel.money import rounded

#: A fitted curve is shown only from so many different quantities on, so far apart, and when it
#: explains so much of the differences between the prices.
LEAST_QUANTITIES, LEAST_FACTOR, LEAST_R_SQUARED = 6, Decimal(4), Decimal("0.8")
#: More prices make the search slow and the curve no better, and the address of a comparison, which
#: holds them, longer than servers read.
MOST_POINTS = 60
#: Beyond so many times the largest quantity that was observed, the curve says nothing.
FARTHEST = 2

_ZERO = Decimal(0)
#: Powers are no exact numbers: enough digits for the last cent of any purchase.
_PRECISE = Context(prec=34)
_PLACES, _ETA_PLACES = 6, 4
#: Each search around the best exponent so far, ten steps to either side.
_STEPS = tuple(Decimal(step) for step in ("0.05", "0.005", "0.0005", "0.0001"))
#: Floor, scale and exponent take three observations: the spread is of what remains.
_PARAMETERS = 3


class Point(NamedTuple):
    """A unit price that was seen at a quantity."""

    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Curve:
    """A quantity discount function: ``floor`` and ``scale`` in euros, ``eta`` from 0 to 1."""

    floor: Decimal
    scale: Decimal
    eta: Decimal

    def price(self, quantity: Decimal) -> Decimal:
        """Unit price at a quantity above zero, not rounded."""
        with localcontext(_PRECISE):
            return self.floor + self.scale * quantity**-self.eta

    def gain(self, quantity: Decimal, times: Decimal) -> Decimal:
        """How much lower, as a share, the price is at ``times`` the quantity."""
        with localcontext(_PRECISE):
            return 1 - self.price(quantity * times) / self.price(quantity)


class Fault(StrEnum):
    """Why a fitted curve is not to be relied on."""

    QUANTITIES = "quantities"
    FACTOR = "factor"
    R_SQUARED = "r_squared"


@dataclass(frozen=True, slots=True)
class Fit:
    """The curve nearest to some prices, how near it is, and which conditions it fails.

    ``spread`` is the standard deviation of the prices around the curve, in euros.
    """

    curve: Curve
    prices: int
    quantities: int
    smallest: Decimal
    largest: Decimal
    r_squared: Decimal
    spread: Decimal
    faults: list[Fault]


class Origin(StrEnum):
    """Where the curve of a comparison comes from."""

    TYPED = "typed"
    #: Through exactly three prices, which leaves nothing to judge it by.
    THREE = "three"
    FITTED = "fitted"


@dataclass(frozen=True, slots=True)
class Basis:
    """The curve that is used, where it comes from, and what was made of the observed prices.

    ``curve`` is None when none was typed and the prices allow none. Beyond ``held_at`` the price
    is held: nothing was observed there.
    """

    curve: Curve | None
    origin: Origin
    fit: Fit | None = None
    held_at: Decimal | None = None


def basis(typed: Curve | None, points: Sequence[Point]) -> Basis:
    """Choose the curve: the fitted one when its rule holds, else the typed one."""
    if not points:
        return Basis(typed, Origin.TYPED)
    recovered = recover(points)
    if recovered:
        return Basis(recovered, Origin.THREE)
    found = fit(points)
    if found.faults:
        return Basis(typed, Origin.TYPED, found)
    return Basis(found.curve, Origin.FITTED, found, FARTHEST * found.largest)


def recover(points: Sequence[Point]) -> Curve | None:
    """Give the one curve through three prices at q, rq and r²q; None where there is none.

    r^eta = (p1 - p2) / (p2 - p3), scale × q^-eta = (p1 - p2) / (1 - r^-eta).
    """
    if len(points) != _PARAMETERS:
        return None
    first, second, third = sorted(points)
    is_geometric = second.quantity**2 == first.quantity * third.quantity
    if not is_geometric or not first.price > second.price > third.price:
        return None
    with localcontext(_PRECISE):
        power = (first.price - second.price) / (second.price - third.price)
        if power <= 1:
            return None
        eta = power.ln() / (second.quantity / first.quantity).ln()
        drop = (first.price - second.price) / (1 - 1 / power)
        floor, scale = first.price - drop, drop * first.quantity**eta
    if eta > 1 or floor < 0:
        return None
    found = Curve(*(rounded(part, _PLACES) for part in (floor, scale, eta)))
    # Prices of less than a millionth leave nothing to compare by.
    return found if found.floor or found.scale else None


def fit(points: Sequence[Point]) -> Fit:
    """Find the curve nearest to one or more prices by least squares, and judge it.

    For each exponent, floor and scale are a straight line on q^-eta; the exponent is searched. A
    curve neither rises with the quantity nor falls below zero.
    """
    eta = Decimal("0.5")
    with localcontext(_PRECISE):
        logs = [point.quantity.ln() for point in points]
        prices = [point.price for point in points]
        for step in _STEPS:
            around = (eta + step * count for count in range(-10, 11))
            eta = min(
                (one for one in around if 0 < one <= 1),
                key=lambda one: _error(_line(one, logs, prices), one, logs, prices),
            )
        eta = rounded(eta, _ETA_PLACES)
        floor, scale = (rounded(part, _PLACES) for part in _line(eta, logs, prices))
        error = _error((floor, scale), eta, logs, prices)
    return _judged(Curve(floor, scale, eta), points, error)


def _line(eta: Decimal, logs: list[Decimal], prices: list[Decimal]) -> tuple[Decimal, Decimal]:
    """Floor and scale that leave the least squares at one exponent, none of them below zero."""
    powers = [(-eta * log).exp() for log in logs]
    count, across, up = len(powers), sum(powers, _ZERO), sum(prices, _ZERO)
    squares = sum((power * power for power in powers), _ZERO)
    pairs = zip(powers, prices, strict=True)
    products = sum((power * price for power, price in pairs), _ZERO)
    width = count * squares - across * across
    scale = (count * products - across * up) / width if width else _ZERO
    if scale <= 0:
        return up / count, _ZERO
    floor = (up - scale * across) / count
    return (floor, scale) if floor >= 0 else (_ZERO, products / squares)


def _error(
    line: tuple[Decimal, Decimal], eta: Decimal, logs: list[Decimal], prices: list[Decimal]
) -> Decimal:
    """Sum of the squares of what the line leaves unexplained."""
    floor, scale = line
    pairs = zip(logs, prices, strict=True)
    return sum(((price - floor - scale * (-eta * log).exp()) ** 2 for log, price in pairs), _ZERO)


def _judged(curve: Curve, points: Sequence[Point], error: Decimal) -> Fit:
    quantities = {point.quantity for point in points}
    smallest, largest = min(quantities), max(quantities)
    with localcontext(_PRECISE):
        mean = sum((point.price for point in points), _ZERO) / len(points)
        differences = sum(((point.price - mean) ** 2 for point in points), _ZERO)
        # Prices that are all the same leave nothing to explain, and no effect to see.
        r_squared = max(1 - error / differences, _ZERO) if differences else _ZERO
        spread = (error / max(len(points) - _PARAMETERS, 1)).sqrt()
    conditions = {
        Fault.QUANTITIES: len(quantities) >= LEAST_QUANTITIES,
        Fault.FACTOR: largest >= LEAST_FACTOR * smallest,
        Fault.R_SQUARED: r_squared >= LEAST_R_SQUARED,
    }
    return Fit(
        curve,
        len(points),
        len(quantities),
        smallest,
        largest,
        rounded(r_squared, 4),
        rounded(spread, 4),
        [fault for fault, is_met in conditions.items() if not is_met],
    )
