"""What an order is worth, whole packs, numbers, and the check figure."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from procurement.kernel.money import line_amount
from procurement.orders import rules


@pytest.mark.parametrize(
    "quantity, unit_price, amount",
    [
        ("1", "10", "10.00"),
        ("3", "0.3333", "1.00"),
        # Half a cent goes up.
        ("5", "0.001", "0.01"),
        ("1", "0.0049", "0.00"),
        ("0.001", "5", "0.01"),
        ("10", "2.5050", "25.05"),
        ("1000000", "9999999.9999", "9999999999900.00"),
        ("7", "0", "0.00"),
    ],
)
def test_a_line_is_rounded_half_up_to_the_cent(quantity: str, unit_price: str, amount: str) -> None:
    assert line_amount(Decimal(quantity), Decimal(unit_price)) == Decimal(amount)


@pytest.mark.parametrize(
    "lines, net, rates, gross",
    [
        ([], "0", [], "0"),
        ([("100", "20")], "100", [("20", "100", "20")], "120"),
        # The tax is computed on the sum of a rate, not line by line: 0.50 and not 0.60.
        (
            [("0.82", "20"), ("0.83", "20"), ("0.83", "20")],
            "2.48",
            [("20", "2.48", "0.50")],
            "2.98",
        ),
        (
            [("100", "20"), ("50", "2.1"), ("10", "5.5"), ("1", "20")],
            "161",
            [("2.1", "50", "1.05"), ("5.5", "10", "0.55"), ("20", "101", "20.20")],
            "182.80",
        ),
        ([("10", "0")], "10", [("0", "10", "0")], "10"),
    ],
)
def test_totals_are_given_by_rate(
    lines: list[tuple[str, str]], net: str, rates: list[tuple[str, str, str]], gross: str
) -> None:
    totals = rules.totals((Decimal(amount), Decimal(rate)) for amount, rate in lines)
    assert totals.net == Decimal(net)
    assert [tuple(one) for one in totals.rates] == [
        tuple(Decimal(part) for part in one) for one in rates
    ]
    assert totals.gross == totals.net + totals.vat == Decimal(gross)


def test_equal_rates_written_differently_are_one() -> None:
    totals = rules.totals([(Decimal(1), Decimal("20")), (Decimal(1), Decimal("20.00"))])
    assert len(totals.rates) == 1


@pytest.mark.parametrize(
    "quantity, pack_size, fits, around",
    [
        ("1", 1, True, (1, 2)),
        ("1.5", 1, False, (1, 2)),
        ("10", 10, True, (10, 20)),
        ("12", 10, False, (10, 20)),
        ("3", 10, False, (0, 10)),
        ("0.001", 24, False, (0, 24)),
        ("999999", 24, False, (999984, 1000008)),
    ],
)
def test_packs(quantity: str, pack_size: int, fits: bool, around: tuple[int, int]) -> None:
    assert rules.fits_packs(Decimal(quantity), pack_size) is fits
    assert rules.packs_around(Decimal(quantity), pack_size) == around


@pytest.mark.parametrize(
    "rank, number", [(1, "2026-00001"), (42, "2026-00042"), (123_456, "2026-123456")]
)
def test_order_numbers(rank: int, number: str) -> None:
    assert rules.order_number(2026, rank) == number


HEAD = rules.FrozenHead("2026-00001", 1, 1, 1, 1, date(2026, 11, 21), "EJ-1", None)
LINE = rules.FrozenLine(
    1, 10, 20, Decimal(2), Decimal(100), Decimal(20), Decimal(200), Decimal(130), Decimal(260), 5
)


def test_the_check_figure_ignores_how_a_number_is_written_and_how_lines_come() -> None:
    other = LINE._replace(position=2, price_id=11)
    written = LINE._replace(quantity=Decimal("2.000"), amount=Decimal("200.00"))
    assert rules.check_figure(HEAD, [LINE, other]) == rules.check_figure(HEAD, [other, written])


@pytest.mark.parametrize("field", rules.FrozenLine._fields)
def test_the_check_figure_covers_every_field_of_a_line(field: str) -> None:
    changed = LINE._replace(**{field: getattr(LINE, field) + 1})
    assert rules.check_figure(HEAD, [changed]) != rules.check_figure(HEAD, [LINE])


@pytest.mark.parametrize("field", ["reference_price", "reference_amount", "reference_line_id"])
def test_the_check_figure_tells_unknown_from_zero(field: str) -> None:
    values: dict[str, Any] = {field: None}
    unknown, zero = LINE._replace(**values), LINE._replace(**{**values, field: 0})
    assert rules.check_figure(HEAD, [unknown]) != rules.check_figure(HEAD, [zero])


@pytest.mark.parametrize("field", rules.FrozenHead._fields)
def test_the_check_figure_covers_what_stands_above_the_lines(field: str) -> None:
    other: dict[str, Any] = {field: "something else"}
    changed = HEAD._replace(**other)
    assert rules.check_figure(changed, [LINE]) != rules.check_figure(HEAD, [LINE])


def test_the_check_figure_covers_the_number_of_lines() -> None:
    figures = {rules.check_figure(HEAD, [LINE] * count) for count in range(4)}
    assert len(figures) == 4
