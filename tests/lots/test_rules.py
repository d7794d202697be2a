"""The check figure, and the shares drawn."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.lots.rules import CheckedAllocation, check_figure, printed, segments

LINES = [(7, Decimal(14)), (9, Decimal("2.5"))]
ALLOCATIONS = [
    CheckedAllocation("need", 1, 7, 3, "78", Decimal(10)),
    CheckedAllocation("need", 2, 7, 4, "92", Decimal(4)),
    CheckedAllocation("need", 3, 9, 3, "78", Decimal("2.5")),
]


def test_the_check_figure_is_a_hash_of_64_digits_and_prints_12():
    figure = check_figure(LINES, ALLOCATIONS)
    assert len(figure) == 64
    assert printed(figure) == figure[:12].upper()


def test_the_order_of_allocations_and_trailing_zeros_change_nothing():
    rewritten = [(item, Decimal(f"{quantity:.3f}")) for item, quantity in LINES]
    assert check_figure(rewritten, reversed(ALLOCATIONS)) == check_figure(LINES, ALLOCATIONS)


@pytest.mark.parametrize(
    "changed",
    [
        CheckedAllocation("need", 1, 7, 3, "78", Decimal("10.001")),
        CheckedAllocation("need", 1, 7, 3, "92", Decimal(10)),
        CheckedAllocation("need", 1, 7, 5, "78", Decimal(10)),
        CheckedAllocation("need", 1, 9, 3, "78", Decimal(10)),
        CheckedAllocation("need", 5, 7, 3, "78", Decimal(10)),
    ],
)
def test_any_change_of_an_allocation_changes_it(changed):
    other = check_figure(LINES, [changed, *ALLOCATIONS[1:]])
    assert other != check_figure(LINES, ALLOCATIONS)


def test_any_change_of_the_lines_changes_it():
    figure = check_figure(LINES, ALLOCATIONS)
    assert check_figure(LINES[::-1], ALLOCATIONS) != figure
    assert check_figure([(7, Decimal(13)), LINES[1]], ALLOCATIONS) != figure
    assert check_figure(LINES[:1], ALLOCATIONS) != figure


@pytest.mark.parametrize(
    "parts,drawn",
    [
        (["3", "1"], [(0, 75), (75, 25)]),
        (["1", "2"], [(0, 33), (33, 67)]),
        (["0", "5"], [(0, 0), (0, 100)]),
        (["0", "0"], [(0, 0), (0, 0)]),
    ],
)
def test_segments(parts, drawn):
    assert segments([Decimal(part) for part in parts], 100) == drawn


@given(st.lists(st.decimals(0, 10**6, places=3), min_size=1, max_size=5))
def test_segments_fill_the_bar_without_gap_or_overlap(parts):
    drawn = segments(parts, 1000)
    ends = [start + length for start, length in drawn]
    assert [start for start, _length in drawn] == [0, *ends[:-1]]
    assert all(length >= 0 for _start, length in drawn)
    assert ends[-1] == (1000 if any(parts) else 0)
