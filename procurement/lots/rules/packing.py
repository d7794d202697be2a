"""Rounding up to whole packs: how much more that is, and who takes it."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import NamedTuple

_ZERO = Decimal(0)
_UNIT, _THOUSANDTH = Decimal(1), Decimal("0.001")


class Surplus(NamedTuple):
    """What rounding up adds: to each contribution, by its id, and to the stock."""

    shared: Mapping[int, Decimal]
    stock: Decimal


def pack_surplus(total: Decimal, pack_size: int) -> Decimal:
    """How much is missing to the next whole pack, in units: 0 at full packs."""
    packs = (total / pack_size).to_integral_value(ROUND_CEILING)
    return packs * pack_size - total


def _are_whole(quantities: Sequence[Decimal]) -> bool:
    """Tell whether none of the quantities has decimals."""
    return all(quantity == quantity.to_integral_value() for quantity in quantities)


def share_surplus(
    surplus: Decimal, contributions: Mapping[int, Decimal], tolerance: Decimal
) -> Surplus:
    """Share what rounding up adds among contributions, in proportion to them.

    ``contributions`` are quantities above zero by id, in units with at most 3 decimals; nobody
    gets more than ``tolerance`` percent of its own. What nobody may take goes to the stock. Shares
    are whole units, or thousandths where a contribution has decimals; what the division leaves goes
    by largest remainder, then to the larger contribution, then to the lower id.
    """
    step = _UNIT if _are_whole([surplus, *contributions.values()]) else _THOUSANDTH
    room = {
        one: int((quantity * tolerance / 100 / step).to_integral_value(ROUND_FLOOR))
        for one, quantity in contributions.items()
    }
    weights = {one: int(quantity / _THOUSANDTH) for one, quantity in contributions.items()}
    given = _filled(int(surplus / step), weights, {one: most for one, most in room.items() if most})
    shared = {one: steps * step for one, steps in sorted(given.items()) if steps}
    return Surplus(shared, surplus - sum(shared.values(), _ZERO))


def _filled(steps: int, weights: Mapping[int, int], room: Mapping[int, int]) -> dict[int, int]:
    """Share whole steps by weight; who is full steps aside, and the others share what is left."""
    given: dict[int, int] = {}
    open_to = dict(room)
    while open_to:
        whole = sum(weights[one] for one in open_to)
        full = {one: most for one, most in open_to.items() if steps * weights[one] >= most * whole}
        if not full:
            return given | _by_remainder(steps, {one: weights[one] for one in open_to})
        given |= full
        steps -= sum(full.values())
        open_to = {one: most for one, most in open_to.items() if one not in full}
    return given


def _by_remainder(steps: int, weights: Mapping[int, int]) -> dict[int, int]:
    whole = sum(weights.values())
    given = {one: steps * weight // whole for one, weight in weights.items()}
    order = sorted(weights, key=lambda one: (-(steps * weights[one] % whole), -weights[one], one))
    for one in order[: steps - sum(given.values())]:
        given[one] += 1
    return given
