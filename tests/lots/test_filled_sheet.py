"""A lot sheet as a firm fills it in: its total is the platform's, to the cent."""

import math
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from procurement.kernel.money import line_amount
from procurement.lots import editions
from procurement.lots.editions import Edition
from procurement.lots.models import PriceTier
from procurement.lots.rules import Offered, dqe_total, price_for
from tests.databases import on_sqlite
from tests.make import make_item, make_line

#: Quantities and unit prices whose products end on half a cent, or a hair below or above it.
AWKWARD = [
    ("1", "1.005"),
    ("1", "0.005"),
    ("3", "0.335"),
    ("0.001", "5"),
    ("0.001", "4.9999"),
    ("1.15", "1.3"),
    ("2.675", "1"),
    ("10.075", "1"),
    ("1.115", "0.5"),
    ("9.995", "0.3"),
    ("1001.5", "4.35"),
    ("14", "0.1075"),
    ("9.75", "1.8"),
    ("12345.678", "8070.9215"),
    ("99999.999", "999.9995"),
    ("250000", "0.0001"),
    ("50", "0.0001"),
    ("49", "0.0001"),
    ("7", "0"),
    ("33.333", "0.0333"),
]
FIRST = 6


def ieee_round(value):
    """Round half up a binary fraction that is not below zero, without any of Excel's mercy."""
    return math.floor(value + 0.5)


def formula(quantity, price):
    """The amount as the sheet reckons it, in plain binary fractions."""
    exact = ieee_round(quantity * 1000) * ieee_round(price * 10000)
    return ieee_round(exact / 100000) / 100


@given(
    st.decimals(0, 10**6, places=3),
    st.decimals(0, 10**5, places=4),
)
def test_the_formula_rounds_as_the_platform_does(quantity, price):
    assume(quantity * price < 10**8)
    assert Decimal(repr(formula(float(quantity), float(price)))) == line_amount(quantity, price)


_ODD = st.integers(0, 20000).map(lambda half: 2 * half + 1)
_DIVISORS = [one for one in range(1, 50001) if 50000 % one == 0]


@given(st.sampled_from(_DIVISORS), _ODD, _ODD)
def test_the_formula_rounds_half_cents_up(divisor, one, other):
    """Products on half a cent are those that go wrong: they are made, not waited for.

    Thousandths of a unit times hundredths of a cent: an odd number of half cents is one of 50,000.
    """
    quantity = Decimal(divisor * one) / 1000
    price = Decimal(50000 // divisor * other) / 10000
    assume(quantity * price < 10**8)
    amount = line_amount(quantity, price)
    assert amount - quantity * price == Decimal("0.005")
    assert Decimal(repr(formula(float(quantity), float(price)))) == amount


def test_without_the_whole_numbers_it_would_not():
    # What a product of binary fractions gives: 1.005 is a little less than it.
    assert ieee_round(1 * 1.005 * 100) / 100 == 1.0
    assert formula(1, 1.005) == 1.01


@pytest.mark.parametrize(
    "quantity, price, tiers, expected",
    [
        ("10", "5", {}, "5"),
        ("10", None, {}, None),
        ("10", "5", {"20": "4"}, "5"),
        ("20", "5", {"20": "4"}, "4"),
        ("19.999", "5", {"20": "4"}, "5"),
        ("60", "5", {"20": "4", "50": "3"}, "3"),
        ("60", "5", {"50": "3", "20": "4"}, "3"),
        # A tier that is left empty is none: the next below it counts.
        ("60", "5", {"20": "4"}, "4"),
        ("60", None, {"20": "4"}, "4"),
        ("60", "5", {"20": "0"}, "0"),
    ],
)
def test_the_price_is_that_of_the_highest_tier_reached(quantity, price, tiers, expected):
    offered = Offered(
        Decimal(quantity),
        None if price is None else Decimal(price),
        {Decimal(start): Decimal(lower) for start, lower in tiers.items()},
    )
    assert price_for(offered) == (None if expected is None else Decimal(expected))


def test_a_total_is_a_sum_of_rounded_lines():
    half = Offered(Decimal(1), Decimal("0.005"))
    assert dqe_total([half, half]) == Decimal("0.02")
    assert dqe_total([]) == 0
    assert dqe_total([Offered(Decimal(3), None), half]) == Decimal("0.01")


@pytest.fixture
def lot(session, ground):
    """A frozen lot with a line for each of the awkward quantities, and two tiers."""

    def form(*tiers):
        for number, (quantity, _price) in enumerate(AWKWARD):
            item = make_item(session, ground.video, code=f"VID-1{number:02}")
            make_line(session, ground.first_need, item, quantity)
        made = ground.form()
        made.tiers = [PriceTier(from_quantity=Decimal(one)) for one in tiers]
        session.flush()
        return ground.freeze(made)

    return form


def estimate(path):
    found = CalamineWorkbook.from_path(path).get_sheet_by_name("Quantity estimate")
    return found.to_python()[FIRST - 1 :]


def offers(lot, tiers):
    """What the firm offers: the awkward prices, and lower ones from some tiers on for some items.

    The cameras and the cable of the ground come first.
    """
    quantities = [line.quantity for line in sorted(lot.lines, key=lambda line: line.position)]
    prices = ["1249.4950", "0.335", *(price for _quantity, price in AWKWARD)]
    return [
        Offered(
            quantity,
            Decimal(price),
            {
                start: round(Decimal(price) * Decimal("0.9173") / (at + 1), 4)
                for at, start in enumerate(tiers)
                if (number + at) % 3
            },
        )
        for number, (quantity, price) in enumerate(zip(quantities, prices, strict=True))
    ]


@pytest.mark.libreoffice
@on_sqlite
@pytest.mark.parametrize("tiers", [(), (Decimal("9.995"), Decimal(1000))])
def test_filled_in_by_hand_it_shows_the_total_of_the_platform(
    lot, english, libreoffice, tmp_path, tiers
):
    frozen = lot(*tiers)
    editions.write(frozen, Edition.SUPPLIER, tmp_path / "offer.xlsx")
    offered = offers(frozen, tiers)

    def fill(sheet):
        for row, one in enumerate(offered, FIRST):
            sheet.put(row, 8, one.price)
            for column, start in enumerate(tiers, 9):
                sheet.put(row, column, one.tiers.get(start))

    rows = estimate(libreoffice.edit(tmp_path / "offer.xlsx", "Price schedule", fill))
    for one, row in zip(offered, rows, strict=False):
        assert Decimal(str(row[5])) == price_for(one)
        assert Decimal(str(row[6])) == line_amount(one.quantity, price_for(one)), one
    total = rows[len(offered)][6]
    assert Decimal(str(total)) == dqe_total(offered)
    assert rows[len(offered) + 1][2] == ""
    if tiers:
        # The tiers change something, or this would show nothing.
        assert dqe_total(offered) < dqe_total(one._replace(tiers={}) for one in offered)


@pytest.mark.libreoffice
@on_sqlite
def test_what_is_no_price_is_missing(lot, english, libreoffice, tmp_path):
    frozen = lot(Decimal(5))
    editions.write(frozen, Edition.SUPPLIER, tmp_path / "offer.xlsx")

    def fill(sheet):
        sheet.put(FIRST, 8, "12,50 euros")
        sheet.put(FIRST + 1, 9, Decimal(2))

    rows = estimate(libreoffice.edit(tmp_path / "offer.xlsx", "Price schedule", fill))
    count = len(AWKWARD) + 2
    # The cable has a price from 5 on, which it reaches: it counts, and its first price is missing.
    assert [row[6] for row in rows[:3]] == ["", 19.5, ""]
    assert rows[count][6] == 19.5
    assert rows[count + 1][2] == f"Prices still missing: {count}"


def test_only_the_cells_of_prices_are_unlocked(lot, english):
    frozen = lot(Decimal(10), Decimal("12.5"))
    book = load_workbook(BytesIO(editions.lot_sheet(frozen, Edition.SUPPLIER)))
    count = len(AWKWARD) + 2
    unlocked = {
        (sheet.title, cell.coordinate)
        for sheet in book
        for row in sheet
        for cell in row
        if not cell.protection.locked
    }
    assert all(sheet.protection.sheet for sheet in book)
    assert unlocked == {
        ("Price schedule", f"{column}{row}")
        for column in "HIJ"
        for row in range(FIRST, FIRST + count)
    }
    headings = [cell.value for cell in book["Price schedule"][FIRST - 1]][7:]
    assert headings == [
        "Unit price before VAT, in euros",
        "From 10 units on: unit price before VAT, in euros",
        "From 12.5 units on: unit price before VAT, in euros",
    ]
    rules = book["Price schedule"].data_validations.dataValidation
    assert {str(rule.sqref)[0] for rule in rules} == {"H", "I", "J"}
    assert {(rule.type, rule.operator, rule.formula1) for rule in rules} == {
        ("decimal", "greaterThanOrEqual", "0")
    }
