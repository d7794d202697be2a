"""Months of a period, and where an agreement is on a day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.agreements.rules import Standing, months, months_later, needs_reason, standing


@pytest.mark.parametrize(
    "day, count, expected",
    [
        (date(2026, 1, 1), 48, date(2030, 1, 1)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 5, 31), 0, date(2026, 5, 31)),
    ],
)
def test_the_same_day_some_months_later(day: date, count: int, expected: date) -> None:
    assert months_later(day, count) == expected


@pytest.mark.parametrize(
    "starts_on, ends_on, expected",
    [
        (date(2026, 1, 1), date(2029, 12, 31), 48),
        (date(2026, 1, 1), date(2030, 1, 1), 49),
        (date(2026, 1, 1), date(2026, 1, 1), 1),
        (date(2026, 1, 1), date(2026, 1, 31), 1),
        (date(2026, 1, 1), date(2026, 2, 1), 2),
        (date(2026, 1, 15), date(2026, 2, 14), 1),
        (date(2026, 1, 15), date(2026, 2, 15), 2),
        (date(2026, 7, 15), date(2030, 7, 14), 48),
        (date(2026, 7, 15), date(2030, 7, 15), 49),
        (date(2026, 1, 31), date(2026, 2, 27), 1),
        (date(2026, 1, 31), date(2026, 2, 28), 2),
        (date(2028, 2, 29), date(2032, 2, 28), 48),
        (date(2028, 2, 29), date(2032, 2, 29), 49),
        (date(2026, 8, 31), date(2030, 8, 30), 48),
        (date(2026, 8, 31), date(2030, 8, 31), 49),
    ],
)
def test_months_of_a_period(starts_on: date, ends_on: date, expected: int) -> None:
    assert months(starts_on, ends_on) == expected
    assert needs_reason(starts_on, ends_on) == (expected > 48)


@given(st.dates(date(1990, 1, 1), date(2095, 12, 31)), st.integers(1, 60))
def test_the_day_before_some_months_later_ends_that_many(starts_on: date, count: int) -> None:
    end = months_later(starts_on, count) - timedelta(days=1)
    assert months(starts_on, end) == count
    assert months(starts_on, end + timedelta(days=1)) == count + 1


FIRST, LAST = date(2026, 3, 1), date(2030, 2, 28)


@pytest.mark.parametrize(
    "state, today, expected",
    [
        ("draft", FIRST, Standing.DRAFT),
        ("closed", FIRST, Standing.CLOSED),
        ("notified", date(2026, 2, 28), Standing.UPCOMING),
        ("notified", FIRST, Standing.IN_FORCE),
        ("notified", LAST, Standing.IN_FORCE),
        ("notified", date(2030, 3, 1), Standing.EXPIRED),
    ],
)
def test_where_an_agreement_is_on_a_day(state: str, today: date, expected: Standing) -> None:
    assert standing(state, FIRST, LAST, today) is expected
