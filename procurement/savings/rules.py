"""What a saving is: the reference amount less the amount ordered, over lines that have both."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce

ZERO = Decimal(0)

#: A rate above this share of the reference asks for a check of the reference before it is told:
#: published savings of pooled purchasing lie between 2 and 28 %.
DOUBTFUL_RATE = Decimal("0.30")


@dataclass(frozen=True, slots=True)
class Saving:
    """The committed saving of some lines of confirmed orders; amounts net of VAT, to the cent.

    ``ordered`` is the amount of all the lines, ``amount`` that of the lines with a reference, and
    ``reference_amount`` what these would have cost at the price that the member paid before.
    A loss is a saving below zero, never clipped. Savings add up: every field is a plain sum.
    """

    ordered: Decimal = ZERO
    amount: Decimal = ZERO
    reference_amount: Decimal = ZERO
    lines: int = 0
    referenced_lines: int = 0

    @property
    def saving(self) -> Decimal:
        """The reference amount less the amount: what was not spent, or below zero a loss."""
        return self.reference_amount - self.amount

    @property
    def rate(self) -> Decimal | None:
        """The saving as a share of the reference amount; None where there is no reference."""
        return self.saving / self.reference_amount if self.reference_amount else None

    @property
    def coverage(self) -> Decimal | None:
        """The share of the amount ordered that has a reference; None where nothing was ordered."""
        return self.amount / self.ordered if self.ordered else None

    @property
    def is_doubtful(self) -> bool:
        """Tell whether the rate is so high that the reference should be checked first."""
        return self.rate is not None and self.rate > DOUBTFUL_RATE

    def __add__(self, other: "Saving") -> "Saving":
        """Add two savings over different lines."""
        return Saving(
            self.ordered + other.ordered,
            self.amount + other.amount,
            self.reference_amount + other.reference_amount,
            self.lines + other.lines,
            self.referenced_lines + other.referenced_lines,
        )


def line_saving(amount: Decimal, reference_amount: Decimal | None) -> Decimal | None:
    """Saving of one order line, both amounts rounded to the cent; None without a reference."""
    return None if reference_amount is None else reference_amount - amount


def summed(savings: Iterable[Saving]) -> Saving:
    """Add up savings; nothing adds up to zero."""
    return reduce(Saving.__add__, savings, Saving())
