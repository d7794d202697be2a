"""What quantities come to, and the check figure of a validated need."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.needs.rules import (
    CheckedLine,
    check_figure,
    filled_packs,
    period_quantity,
    price_of_one,
)

D = Decimal
ONE = D(1)


def _line(
    item_id: int | None,
    site_id: int,
    quantity: Decimal,
    paid_price: Decimal | None,
    paid_since: date | None,
    words: str | None = None,
    own_unit: str | None = None,
    declared: Decimal = ONE,
    basis: str = "period",
    own_price: Decimal | None = None,
) -> CheckedLine:
    """Write a line; the last five count for a free one alone."""
    first = (item_id, site_id, quantity, paid_price, paid_since)
    return (*first, words, own_unit, declared, basis, own_price)


LINES: list[CheckedLine] = [
    _line(1, 1, D(10), D("12.5"), date(2025, 1, 1)),
    _line(2, 1, D("0.5"), None, None),
    _line(2, 3, D(7), D(0), date(2024, 2, 29)),
]
FREE = _line(None, 3, D(8), D(50), date(2024, 2, 29), "Un banc", "pièce", D(2), "year", D(50))


def test_the_order_of_lines_and_trailing_zeros_do_not_count() -> None:
    same = [_line(2, 3, D("7.000"), D("0.0000"), date(2024, 2, 29)), LINES[1], LINES[0]]
    assert check_figure(LINES) == check_figure(same)
    assert len(check_figure([])) == 64


@pytest.mark.parametrize(
    "changed",
    [
        _line(3, 3, D(7), D(0), date(2024, 2, 29)),
        _line(2, 2, D(7), D(0), date(2024, 2, 29)),
        _line(2, 3, D("7.001"), D(0), date(2024, 2, 29)),
        _line(2, 3, D(7), D("0.0001"), date(2024, 2, 29)),
        _line(2, 3, D(7), None, None),
        _line(2, 3, D(7), D(0), date(2024, 2, 28)),
    ],
)
def test_every_fact_of_a_line_counts(changed: CheckedLine) -> None:
    assert check_figure([*LINES[:2], changed]) != check_figure(LINES)
    assert check_figure(LINES[:2]) != check_figure(LINES)
    assert check_figure([*LINES, LINES[2]]) != check_figure(LINES)


@given(st.permutations(LINES))
def test_any_order_gives_the_same_figure(lines: list[CheckedLine]) -> None:
    assert check_figure(lines) == check_figure(LINES)


def test_a_free_line_counts_with_what_the_member_wrote_whatever_it_is_mapped_to() -> None:
    mapped = (5, 3, D(16), D(25), *FREE[4:])
    assert check_figure([mapped]) == check_figure([FREE])
    for changed in (
        (*FREE[:1], 4, *FREE[2:]),
        (*FREE[:5], "Un bac", *FREE[6:]),
        (*FREE[:6], "lot", *FREE[7:]),
        (*FREE[:7], D(3), *FREE[8:]),
        (*FREE[:8], "period", *FREE[9:]),
        (*FREE[:9], D(51)),
    ):
        assert check_figure([changed]) != check_figure([FREE])


@pytest.mark.parametrize(
    "quantity, pack_size, filled",
    [
        (D(20), 10, None),
        (D(14), 10, D(20)),
        (D("0.5"), 10, D(10)),
        (D(10), 1, None),
        (D("1.5"), 1, D(2)),
        (D(1_000_000), 3, D(1_000_002)),
    ],
)
def test_a_quantity_that_fills_no_whole_packs_has_a_next_one_that_does(
    quantity: Decimal, pack_size: int, filled: Decimal | None
) -> None:
    assert filled_packs(quantity, pack_size) == filled


@pytest.mark.parametrize(
    "declared, is_yearly, months, quantity",
    [
        (D(2), True, 48, D(8)),
        (D(2), False, 48, D(2)),
        (D(2), True, 18, D(3)),
        (D(1), True, 7, D("0.583")),
        (D("0.001"), True, 6, D("0.001")),
    ],
)
def test_a_yearly_quantity_is_for_the_whole_period(
    declared: Decimal, is_yearly: bool, months: int, quantity: Decimal
) -> None:
    assert period_quantity(declared, is_yearly, months) == quantity


@pytest.mark.parametrize(
    "own_price, units_each, price",
    [(D(50), D(5), D(10)), (D(10), D(3), D("3.3333")), (D(0), D(2), D(0)), (None, D(5), None)],
)
def test_the_price_of_an_own_unit_gives_that_of_one(
    own_price: Decimal | None, units_each: Decimal, price: Decimal | None
) -> None:
    assert price_of_one(own_price, units_each) == price
