"""What a lot is measured by: its check figure, and the shares of its départements."""

import hashlib
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

#: Item and frozen quantity of a line, in the order of the sheet.
CheckedLine = tuple[int, Decimal]


class CheckedAllocation(NamedTuple):
    """What a check figure covers of an allocation; need line and member are None for the stock."""

    kind: str
    need_line_id: int | None
    item_id: int
    member_id: int | None
    departement: str | None
    quantity: Decimal


def check_figure(lines: Iterable[CheckedLine], allocations: Iterable[CheckedAllocation]) -> str:
    """Hash of a lot's lines, in their order, and of its allocations, in any order.

    Quantities have at most 3 decimals; 12, 12.0 and 12.000 are the same. 64 hexadecimal digits.
    """
    written = [f"line|{item}|{quantity:.3f}" for item, quantity in lines]
    written += sorted(
        f"{one.kind}|{one.need_line_id}|{one.item_id}|{one.member_id}|{one.departement}"
        f"|{one.quantity:.3f}"
        for one in allocations
    )
    return hashlib.sha256("\n".join(written).encode()).hexdigest()


def printed(figure: str) -> str:
    """The check figure as sheets and pages show it: its first 12 digits."""
    return figure[:12].upper()


def segments(parts: Sequence[Decimal], length: int) -> list[tuple[int, int]]:
    """Start and length of each part on a bar of ``length`` units, without gap or overlap.

    Nothing at all gives parts of length zero.
    """
    whole = sum(parts)
    drawn, start, taken = [], 0, Decimal(0)
    for part in parts:
        taken += part
        end = int((taken * length / whole).to_integral_value()) if whole else 0
        drawn.append((start, end - start))
        start = end
    return drawn
