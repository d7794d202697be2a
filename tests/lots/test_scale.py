"""Discount curves, their fit, and what plans of lots are predicted to cost."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.kernel.money import apportioned, rounded
from procurement.lots.rules.plans import (
    Firm,
    Market,
    Part,
    Plan,
    average_reach,
    compare,
    equal_plans,
    evaluate,
    verdict,
    within_reach,
)
from procurement.lots.rules.scale import Curve, Fault, Origin, Point, basis, fit, recover

D = Decimal
#: 8 + 40 / √q, as the cases of the simulation take it.
CURVE = Curve(D(8), D(40), D("0.5"))
QUANTITIES = ["4900", "2500", "1600", "900", "100"]


def points(*pairs: tuple[object, object]) -> list[Point]:
    return [Point(D(str(quantity)), D(str(price))) for quantity, price in pairs]


def market(curve: Curve = CURVE, **over: object) -> Market:
    values: dict[str, object] = {
        "held_at": None,
        "reference_bidders": D(3),
        "elasticities": (D("0.05"), D("0.1"), D("0.15")),
        "cost_per_lot": D(0),
        "months": 12,
        "firms": [],
        "turnover_ratio": None,
    }
    return Market(curve=curve, **{**values, **over})  # type: ignore[arg-type]  # as given


def plan(*quantities: str, key: str = "departement") -> Plan:
    parts = [Part(f"D{number}", D(one)) for number, one in enumerate(quantities, 1)]
    return Plan(key, parts)


def percent(share: Decimal, places: int = 2) -> str:
    return f"{rounded(share * 100, places)}"


# ------------------------------------------------------------------ the curve
@pytest.mark.parametrize(
    "quantity, price",
    [("4900", "8.5714"), ("2500", "8.8"), ("1600", "9"), ("100", "12"), ("10000", "8.4")],
)
def test_the_curve_gives_a_price(quantity: str, price: str) -> None:
    assert rounded(CURVE.price(D(quantity)), 4) == D(price)


@pytest.mark.parametrize("times, gain", [("2", "6.6967"), ("10", "20.5672"), ("50", "32.3757")])
def test_what_an_elasticity_without_floor_means(times: str, gain: str) -> None:
    assert percent(Curve(D(0), D(100), D("0.10")).gain(D(100), D(times)), 4) == gain


@pytest.mark.parametrize(
    "members, gain",
    [(1, "0.00"), (4, "18.75"), (9, "25.00"), (25, "30.00"), (100, "33.75"), (295, "35.32")],
)
def test_the_last_members_add_little(members: int, gain: str) -> None:
    assert percent(Curve(D(10), D(60), D("0.5")).gain(D(100), D(members))) == gain


def test_the_floor_is_the_limit_of_the_gain() -> None:
    gain = Curve(D(10), D(60), D("0.5")).gain(D(100), D(10) ** 20)
    assert percent(gain) == "37.50"


@pytest.mark.parametrize("eta, price", [("0", "48"), ("1", "8.4")])
def test_the_ends_of_the_exponent(eta: str, price: str) -> None:
    assert Curve(D(8), D(40), D(eta)).price(D(100)) == D(price)


# ------------------------------------------------------------------ recovered from three prices
def test_three_prices_in_geometric_progression_give_the_curve() -> None:
    found = recover(points((100, 16), (1600, "11.50"), (400, 13)))
    assert found == Curve(D(10), D(60), D("0.5"))


@pytest.mark.parametrize(
    "seen",
    [
        [(100, 16), (400, 13)],
        [(100, 16), (300, 13), (1600, "11.5")],
        [(100, 13), (400, 13), (1600, 13)],
        [(100, 11), (400, 13), (1600, 16)],
        # The fall grows: no such curve.
        [(100, 16), (400, 15), (1600, 11)],
        # It would go below nothing.
        [(100, 16), (400, 8), (1600, "0.5")],
        # It falls faster than a fixed cost spread over the units.
        [(100, 16), (200, 11), (400, "10.9")],
    ],
)
def test_three_prices_that_give_no_curve(seen: list[tuple[object, object]]) -> None:
    assert recover(points(*seen)) is None


# ------------------------------------------------------------------ fitted
def observed(curve: Curve, *quantities: int, wobble: str = "0") -> list[Point]:
    """Prices on the curve, alternately above and below it."""
    return [
        Point(D(one), rounded(curve.price(D(one)) + D(wobble) * (-1) ** at, 4))
        for at, one in enumerate(quantities)
    ]


@pytest.mark.parametrize(
    "curve",
    [
        CURVE,
        Curve(D(10), D(60), D("0.25")),
        Curve(D("0.75"), D(20), D("0.9")),
        Curve(D(0), D(30), D("0.12")),
    ],
)
def test_a_fit_finds_the_curve_that_made_the_prices(curve: Curve) -> None:
    found = fit(observed(curve, 50, 100, 200, 400, 900, 2500, 6000))
    assert found.faults == []
    assert found.r_squared > D("0.9999")
    for quantity in (50, 1000, 6000):
        assert abs(found.curve.price(D(quantity)) - curve.price(D(quantity))) < D("0.01")


def test_a_fit_is_no_worse_than_any_curve_near_it() -> None:
    seen = observed(CURVE, 50, 100, 200, 400, 900, 2500, 6000, wobble="0.3")

    def error(curve: Curve) -> Decimal:
        return sum((point.price - curve.price(point.quantity)) ** 2 for point in seen)  # type: ignore[return-value]  # never empty

    best = fit(seen).curve
    for change in (D("-0.02"), D("0.02")):
        assert error(best) <= error(Curve(best.floor + change, best.scale, best.eta))
        assert error(best) <= error(Curve(best.floor, best.scale + change, best.eta))
        assert error(best) <= error(Curve(best.floor, best.scale, best.eta + change))


@pytest.mark.parametrize(
    "quantities, wobble, faults",
    [
        ((100, 200, 300, 400, 500, 600), "0", []),
        ((100, 200, 300, 400, 500), "0", [Fault.QUANTITIES]),
        ((100, 200, 300, 300, 400, 500), "0", [Fault.QUANTITIES]),
        ((100, 150, 200, 250, 300, 400), "0", []),
        ((100, 150, 200, 250, 300, 399), "0", [Fault.FACTOR]),
        ((100, 200, 300, 400, 500, 600), "3", [Fault.R_SQUARED]),
        ((100, 110), "0", [Fault.QUANTITIES, Fault.FACTOR]),
    ],
)
def test_the_rule_of_the_fit(quantities: tuple[int, ...], wobble: str, faults: list[Fault]) -> None:
    assert fit(observed(CURVE, *quantities, wobble=wobble)).faults == faults


@pytest.mark.parametrize("price", ["10", "0"])
def test_prices_that_are_all_the_same_show_no_effect(price: str) -> None:
    found = fit(points(*((quantity, price) for quantity in (10, 20, 40, 80, 160, 320))))
    assert (found.r_squared, found.faults) == (D(0), [Fault.R_SQUARED])
    assert found.curve.scale == 0


def test_prices_that_rise_show_no_effect() -> None:
    found = fit(points((10, 1), (20, 2), (40, 3), (80, 4), (160, 5), (320, 6)))
    assert (found.curve.scale, found.faults) == (D(0), [Fault.R_SQUARED])


def test_one_price_is_no_fit() -> None:
    assert fit(points((10, 5))).faults == [Fault.QUANTITIES, Fault.FACTOR, Fault.R_SQUARED]


def test_the_spread_is_that_of_the_prices_around_the_curve() -> None:
    found = fit(observed(CURVE, 50, 100, 200, 400, 900, 2500, 6000, wobble="0.3"))
    # Seven errors of about 0.3, over seven prices less three parameters.
    assert D("0.3") < found.spread < D("0.4")


def test_the_fitted_curve_is_used_and_held_beyond_what_was_seen() -> None:
    chosen = basis(CURVE, observed(Curve(D(10), D(60), D("0.5")), 50, 100, 200, 400, 900, 1600))
    assert (chosen.origin, chosen.held_at) == (Origin.FITTED, D(3200))
    assert chosen.curve is not None
    assert rounded(chosen.curve.floor, 1) == 10


def test_the_typed_curve_is_used_when_the_fit_fails() -> None:
    chosen = basis(CURVE, observed(Curve(D(10), D(60), D("0.5")), 50, 100, 200, 400))
    assert (chosen.curve, chosen.origin, chosen.held_at) == (CURVE, Origin.TYPED, None)
    assert chosen.fit is not None
    assert chosen.fit.faults == [Fault.QUANTITIES]


def test_three_prices_are_an_input_not_a_fit() -> None:
    chosen = basis(None, points((100, 16), (400, 13), (1600, "11.50")))
    assert (chosen.origin, chosen.fit) == (Origin.THREE, None)


def test_without_prices_or_a_typed_curve_there_is_none() -> None:
    assert basis(None, []).curve is None
    assert basis(None, points((1, 1))).curve is None


# ------------------------------------------------------------------ plans
def test_the_scale_that_a_split_loses() -> None:
    outcome = evaluate(plan(*QUANTITIES), D(3), market())
    assert (outcome.central, outcome.premium) == (D("88000.00"), D("4000.00"))
    assert percent(outcome.premium_rate) == "4.76"


def test_scale_against_competition() -> None:
    outcome = evaluate(plan(*QUANTITIES), [D(n) for n in (6, 5, 5, 4, 3)], market())
    assert [f"{lot.price}" for lot in outcome.lots] == [
        "7.9974",
        "8.3618",
        "8.5518",
        "9.0687",
        "12.0000",
    ]
    assert [f"{lot.cost}" for lot in outcome.lots] == [
        "39187.39",
        "20904.40",
        "13682.88",
        "8161.79",
        "1200.00",
    ]
    assert outcome.central == D("83136.46")
    assert [f"{lot.break_even}" for lot in outcome.lots] == [
        "3.67",
        "4.78",
        "5.98",
        "8.60",
        "106.20",
    ]
    pooled = evaluate(plan("10000", key="one"), D(3), market())
    assert (pooled.central, outcome.central - pooled.central) == (D("84000.00"), D("-863.54"))


def test_how_many_equal_lots() -> None:
    bidders = dict(
        zip((f"equal-{n}" for n in range(2, 9)), map(D, (4, 6, 7, 8, 8, 8, 8)), strict=True)
    )
    plans = [plan("10000", key="one"), *equal_plans(D(10000))]
    on = market(reference_bidders=D(2), cost_per_lot=D(600))
    outcomes = compare(plans, bidders, D(2), on)
    assert [f"{one.central}" for one in outcomes] == [
        "84600.00",
        "81120.67",
        "79684.06",
        "80038.27",
        "80430.49",
        "81773.66",
        "83057.09",
        "84293.20",
    ]
    assert verdict(outcomes).best_equal == "equal-3"
    for one in outcomes:
        assert sum(lot.cost for lot in one.lots) == one.purchases


def test_low_and_high_bidder_elasticity() -> None:
    outcome = evaluate(plan("5000", "5000"), D(6), market())
    scale = 5000 * 2 * CURVE.price(D(5000))
    for total, power in ((outcome.low, "0.05"), (outcome.high, "0.15")):
        assert total == rounded(scale * D(2) ** -D(power))
    assert outcome.high < outcome.central < outcome.low


@pytest.mark.parametrize(
    "reference, elasticity, expected",
    [("3", "0", None), ("3", "0.01", None), ("3", "0.1", "106.20")],
)
def test_no_number_of_bidders_may_make_up_for_it(
    reference: str, elasticity: str, expected: str | None
) -> None:
    on = market(reference_bidders=D(reference), elasticities=(D(0), D(elasticity), D(elasticity)))
    lot = evaluate(plan(*QUANTITIES), D(3), on).lots[-1]
    assert lot.break_even == (D(expected) if expected else None)


def test_one_lot_breaks_even_with_the_bidders_it_is_compared_on() -> None:
    on = market(elasticities=(D(0), D(0), D(0)))
    assert evaluate(plan("100", key="one"), D(5), on).lots[0].break_even == 3


def test_beyond_what_was_observed_the_price_is_held() -> None:
    outcome = evaluate(plan("10000", "100"), D(3), market(held_at=D(2500)))
    assert [lot.is_held for lot in outcome.lots] == [True, False]
    assert outcome.lots[0].price == D("8.8")


def test_the_share_of_the_largest_lot() -> None:
    assert percent(evaluate(plan(*QUANTITIES), D(3), market()).largest_share) == "49.00"


def test_no_equal_lot_is_smaller_than_one() -> None:
    assert [one.key for one in equal_plans(D(3))] == ["equal-2", "equal-3"]
    assert sum(part.quantity for part in list(equal_plans(D(10)))[1].parts) == pytest.approx(D(10))


FIRMS = [
    Firm(D(turnover), D(capacity))
    for turnover, capacity in (
        (5_000_000, 500_000),
        (1_700_000, 120_000),
        (900_000, 60_000),
        (450_000, 30_000),
        (200_000, 12_000),
        (90_000, 4_000),
    )
]


def test_who_can_bid() -> None:
    on = market(firms=FIRMS, turnover_ratio=D(2))
    single = within_reach(D(840_000), D(100_000), on)
    values = [D(one) for one in ("420000", "220000", "144000", "84000", "12000")]
    volumes = [D(one) for one in ("49000", "25000", "16000", "9000", "1000")]
    split = [within_reach(*lot, on) for lot in zip(values, volumes, strict=True)]
    assert (single, split) == (2, [3, 4, 4, 5, 6])
    assert average_reach(list(zip(values, split, strict=True))) == D("3.65")


def test_what_is_bought_in_four_years_is_measured_by_the_year() -> None:
    firm = [Firm(D(500_000), D(25_000))]
    for months, count in ((12, 0), (48, 1), (47, 0)):
        on = market(firms=firm, turnover_ratio=D(2), months=months)
        assert within_reach(D(1_000_000), D(100_000), on) == count


def test_a_firm_without_a_limit_of_capacity() -> None:
    on = market(firms=[Firm(D(100))], turnover_ratio=None)
    assert within_reach(D(1_000_000), D(1_000_000), on) == 1


def test_the_plans_that_stand_out() -> None:
    on = market(firms=FIRMS, turnover_ratio=D("1.5"))
    plans = [plan("10000", key="one"), plan(*QUANTITIES)]
    found = verdict(compare(plans, {"departement": D(6)}, D(3), on))
    assert (found.cheapest, found.cheapest_low) == ("departement", "one")
    assert (found.most_open, found.best_equal) == ("departement", "one")
    assert verdict(compare(plans, {}, D(3), market())).most_open is None


@given(
    st.lists(
        st.decimals(min_value=0, max_value=10**7, places=5, allow_nan=False), min_size=1, max_size=9
    )
)
def test_parts_add_up_to_their_rounded_sum(parts: list[Decimal]) -> None:
    shown = apportioned(parts)
    assert sum(shown) == rounded(sum(parts, D(0)))
    for exact, part in zip(parts, shown, strict=True):
        assert abs(part - exact) < D("0.01")
