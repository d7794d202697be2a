"""What a saving is, on plain figures."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.kernel.money import line_amount, rounded
from procurement.savings.rules import Saving, line_saving, summed

CENTS = st.decimals(0, 10**7, places=2)


def saving_of(quantity: str, before: str, paid: str) -> Saving:
    """Write one line, with its amounts rounded as an order freezes them."""
    amount = line_amount(Decimal(quantity), Decimal(paid))
    return Saving(amount, amount, line_amount(Decimal(quantity), Decimal(before)), 1, 1)


@pytest.mark.parametrize(
    "quantity, before, paid, saving, percent",
    [
        ("1250", "3.48", "3.05", "537.50", "12.36"),
        ("4000", "3.10", "3.25", "-600.00", "-4.84"),
        ("1500", "3.48", "3.25", "345.00", "6.61"),
        ("900", "3.62", "3.25", "333.00", "10.22"),
        ("300", "4.05", "3.25", "240.00", "19.75"),
        ("7", "2.50", "2.50", "0.00", "0.00"),
        ("3", "10", "0", "30.00", "100.00"),
        # Each amount is rounded to the cent before the difference is taken.
        ("0.5", "0.01", "0.00", "0.01", "100.00"),
        ("1", "0.0150", "0.0049", "0.02", "100.00"),
    ],
)
def test_a_line_saves_what_it_would_have_cost_less_what_it_costs(
    quantity: str, before: str, paid: str, saving: str, percent: str
) -> None:
    line = saving_of(quantity, before, paid)
    assert line.saving == Decimal(saving)
    assert line.saving == line_saving(line.amount, line.reference_amount)
    assert line.rate is not None
    assert rounded(line.rate * 100) == Decimal(percent)


def test_losers_are_added_and_never_clipped() -> None:
    bought = [("4000", "3.10"), ("1500", "3.48"), ("900", "3.62"), ("300", "4.05")]
    members = [saving_of(quantity, before, "3.25") for quantity, before in bought]
    assert summed(members).saving == Decimal("318.00")
    assert sum(one.saving for one in members if one.saving > 0) == Decimal("918.00")
    assert sum(one.saving for one in members if one.saving < 0) == Decimal("-600.00")


def test_a_line_without_reference_counts_in_the_coverage_alone() -> None:
    assert line_saving(Decimal("8.00"), None) is None
    known, unknown = saving_of("10", "5", "4"), Saving(Decimal("8.00"), lines=1)
    both = known + unknown
    assert (both.saving, both.rate) == (known.saving, known.rate)
    assert both.coverage == Decimal(40) / Decimal(48)
    assert (both.lines, both.referenced_lines) == (2, 1)


def test_nothing_ordered_has_no_rate_and_no_coverage() -> None:
    nothing = summed([])
    assert nothing.saving == 0
    assert nothing.rate is None
    assert nothing.coverage is None
    assert not nothing.is_doubtful


@pytest.mark.parametrize("paid, doubtful", [("7.01", False), ("7", False), ("6.99", True)])
def test_a_saving_above_30_percent_asks_for_a_check(paid: str, doubtful: bool) -> None:
    assert saving_of("10", "10", paid).is_doubtful is doubtful


@given(st.lists(st.tuples(CENTS, CENTS), max_size=20), st.integers(0, 20))
def test_parts_add_up_to_the_whole(lines: list[tuple[Decimal, Decimal]], cut: int) -> None:
    savings = [Saving(paid, paid, before, 1, 1) for paid, before in lines]
    whole = summed(savings)
    assert summed(savings[:cut]) + summed(savings[cut:]) == whole
    assert whole.saving == sum((before - paid for paid, before in lines), Decimal(0))
