"""Rounding, reading and writing of amounts: tables, and what holds for any number."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procurement.kernel.money import (
    line_amount,
    parsed,
    places_of,
    rounded,
    shown,
    vat_by_rate,
)

D = Decimal


@pytest.mark.parametrize(
    "value, expected",
    [
        ("0.005", "0.01"),
        ("-0.005", "-0.01"),
        ("0.004999", "0.00"),
        ("0.015", "0.02"),
        ("0.025", "0.03"),
        ("-0.025", "-0.03"),
        ("2.675", "2.68"),
        ("1.004", "1.00"),
        ("1", "1.00"),
        ("99999999999.995", "100000000000.00"),
    ],
)
def test_halves_round_away_from_zero(value: str, expected: str) -> None:
    assert rounded(D(value)) == D(expected)


@pytest.mark.parametrize(
    "value, places, expected",
    [("1.23455", 4, "1.2346"), ("0.0005", 3, "0.001"), ("12.5", 0, "13"), ("-12.5", 0, "-13")],
)
def test_rounding_to_other_places(value: str, places: int, expected: str) -> None:
    assert str(rounded(D(value), places)) == expected


@pytest.mark.parametrize(
    "quantity, unit_price, expected",
    [
        ("3", "19.99", "59.97"),
        ("0.5", "0.01", "0.01"),
        ("0.333", "10", "3.33"),
        ("1000000", "10000000", "10000000000000.00"),
        ("7", "0", "0.00"),
        ("1.5", "0.0033", "0.00"),
        ("1.6", "0.0033", "0.01"),
    ],
)
def test_a_line_is_rounded_to_the_cent(quantity: str, unit_price: str, expected: str) -> None:
    assert line_amount(D(quantity), D(unit_price)) == D(expected)


def test_vat_is_computed_once_a_rate() -> None:
    # Three lines of 0.33 at 20 % are 0.198: rounded line by line they would make 0.21.
    lines = [(D("0.33"), D(20))] * 3 + [(D("10"), D("5.5"))]
    assert vat_by_rate(lines) == {D("5.5"): D("0.55"), D(20): D("0.20")}
    assert vat_by_rate([]) == {}


@pytest.mark.parametrize(
    "typed, expected",
    [
        ("1 234,56", "1234.56"),
        ("1234.56", "1234.56"),
        ("1234,5", "1234.5"),
        ("1\u00a0234,56", "1234.56"),
        ("1\u202f234\u202f567,8", "1234567.8"),
        ("1\u2009234", "1234"),
        ("  12  ", "12"),
        ("0", "0"),
        ("007", "7"),
        ("-3,5", "-3.5"),
        ("+3.5", "3.5"),
        ("12 345 678.90", "12345678.90"),
    ],
)
def test_numbers_are_read_as_people_type_them(typed: str, expected: str) -> None:
    assert parsed(typed) == D(expected)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "douze",
        "1,234.56",
        "1.234,56",
        "1e5",
        "--1",
        "NaN",
        "Infinity",
        "-",
        "1.",
        ".5",
        "1,2,3",
        "12 34",
        "1 2345",
        "1 234 56",
        "0x10",
        "12 €",
        "1_000",
        "1\n2",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  it says what was typed, and no more
        parsed(typed)


@pytest.mark.parametrize(
    "value, places",
    [("1.50", 1), ("1", 0), ("100", 0), ("0.001", 3), ("0", 0), ("0.00", 0), ("1E+2", 0)],
)
def test_only_decimals_that_count_are_counted(value: str, places: int) -> None:
    assert places_of(D(value)) == places


def test_no_decimal_is_too_small_to_be_counted() -> None:
    assert places_of(D("1234." + "0" * 40 + "1")) == 41


@pytest.mark.parametrize(
    "value, locale, least, most, expected",
    [
        ("1234.5", "fr", 2, None, "1\u202f234,50"),
        ("1234.5", "en", 2, None, "1,234.50"),
        ("1234567.891", "fr", 2, None, "1\u202f234\u202f567,89"),
        ("-1234.5", "fr", 2, None, "-1\u202f234,50"),
        ("0.005", "fr", 2, None, "0,01"),
        ("12", "fr", 0, 3, "12"),
        ("12.5", "fr", 0, 3, "12,5"),
        ("12.5004", "fr", 2, 4, "12,5004"),
        ("12.5", "fr", 2, 4, "12,50"),
        ("12.3456789", "en", 2, 4, "12.3457"),
    ],
)
def test_numbers_are_written_for_their_reader(
    value: str, locale: str, least: int, most: int | None, expected: str
) -> None:
    assert shown(D(value), locale, least, most) == expected


amounts = st.decimals(-(10**11), 10**11, allow_nan=False, allow_infinity=False, places=4)


@given(amounts)
def test_what_is_shown_in_french_is_read_back(value: Decimal) -> None:
    assert parsed(shown(value, "fr", 2, 4)) == value


@given(amounts)
def test_rounding_moves_by_half_a_cent_at_most_and_once(value: Decimal) -> None:
    once = rounded(value)
    assert abs(once - value) <= D("0.005")
    assert rounded(once) == once
    assert rounded(-value) == -once
