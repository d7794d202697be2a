"""The check figure of a validated need."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.needs.rules import CheckedLine, check_figure

D = Decimal
LINES: list[CheckedLine] = [
    (1, 1, D(10), D("12.5"), date(2025, 1, 1)),
    (2, 1, D("0.5"), None, None),
    (2, 3, D(7), D(0), date(2024, 2, 29)),
]


def test_the_order_of_lines_and_trailing_zeros_do_not_count() -> None:
    same = [(2, 3, D("7.000"), D("0.0000"), date(2024, 2, 29)), LINES[1], LINES[0]]
    assert check_figure(LINES) == check_figure(same)
    assert len(check_figure([])) == 64


@pytest.mark.parametrize(
    "changed",
    [
        (3, 3, D(7), D(0), date(2024, 2, 29)),
        (2, 2, D(7), D(0), date(2024, 2, 29)),
        (2, 3, D("7.001"), D(0), date(2024, 2, 29)),
        (2, 3, D(7), D("0.0001"), date(2024, 2, 29)),
        (2, 3, D(7), None, None),
        (2, 3, D(7), D(0), date(2024, 2, 28)),
    ],
)
def test_every_fact_of_a_line_counts(changed: CheckedLine) -> None:
    assert check_figure([*LINES[:2], changed]) != check_figure(LINES)
    assert check_figure(LINES[:2]) != check_figure(LINES)
    assert check_figure([*LINES, LINES[2]]) != check_figure(LINES)


@given(st.permutations(LINES))
def test_any_order_gives_the_same_figure(lines: list[CheckedLine]) -> None:
    assert check_figure(lines) == check_figure(LINES)
