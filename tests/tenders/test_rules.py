"""Ranking on price: tables of offers, and what holds for any of them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.tenders.rules import amounts, lowest, ranked

D = Decimal
QUANTITIES = {1: D(10), 2: D(3)}


def test_an_amount_is_rounded_to_the_cent_line_by_line() -> None:
    found = amounts({1: D("0.5"), 2: D(3), 3: D(1)}, {1: D("0.0100"), 2: D("0.3350")})
    assert found == {1: D("0.01"), 2: D("1.01")}


@pytest.mark.parametrize(
    "offers, expected",
    [
        pytest.param({}, [], id="nobody answered"),
        pytest.param(
            {7: {1: D("12.5"), 2: D(100)}},
            [(7, 1, D(425), D(0), ())],
            id="one complete offer",
        ),
        pytest.param(
            {7: {1: D(13), 2: D(100)}, 8: {1: D(12), 2: D(101)}},
            [(8, 1, D(423), D(0), ()), (7, 2, D(430), D(7), ())],
            id="the lowest total first, whatever the lines",
        ),
        pytest.param(
            {7: {1: D(10), 2: D(10)}, 8: {1: D(10), 2: D(10)}, 9: {1: D(11), 2: D(10)}},
            [(7, 1, D(130), D(0), ()), (8, 1, D(130), D(0), ()), (9, 3, D(140), D(10), ())],
            id="equal totals share a rank and the next is skipped",
        ),
        pytest.param(
            {7: {1: D(1)}, 8: {1: D(90), 2: D(90)}},
            [(8, 1, D(1170), D(0), ()), (7, None, D(10), None, (2,))],
            id="a gap is not a low price",
        ),
        pytest.param(
            {7: {1: D(0), 2: D(0)}, 8: {1: D(1), 2: D(1)}},
            [(7, 1, D(0), D(0), ()), (8, 2, D(13), D(13), ())],
            id="zero is a price",
        ),
        pytest.param(
            {6: {}, 7: {2: D(9)}, 8: {1: D(1)}},
            [
                (8, None, D(10), None, (2,)),
                (7, None, D(27), None, (1,)),
                (6, None, D(0), None, (1, 2)),
            ],
            id="incomplete offers: the fewest gaps first",
        ),
    ],
)
def test_ranking(
    offers: dict[int, dict[int, Decimal]],
    expected: list[tuple[int, int | None, Decimal, Decimal | None, tuple[int, ...]]],
) -> None:
    found = [
        (one.offer_id, one.rank, one.total, one.gap, one.missing)
        for one in ranked(QUANTITIES, offers)
    ]
    assert found == expected


def test_the_lowest_price_of_a_line_needs_two_offers_to_compare() -> None:
    offers = [{1: D(10), 2: D(5)}, {1: D(9)}, {1: D(9)}]
    assert lowest(offers) == {1: D(9)}


_price = st.decimals(0, 10_000, places=4)


@given(st.dictionaries(st.integers(1, 9), st.dictionaries(st.sampled_from([1, 2]), _price)))
def test_every_offer_is_ranked_once_and_complete_ones_in_the_order_of_their_totals(
    offers: dict[int, dict[int, Decimal]],
) -> None:
    found = ranked(QUANTITIES, offers)
    assert sorted(one.offer_id for one in found) == sorted(offers)
    complete = [one for one in found if one.is_complete]
    assert found[: len(complete)] == complete
    assert [one.total for one in complete] == sorted(one.total for one in complete)
    assert all((one.rank is None) != one.is_complete for one in found)
