"""What firms fill in: the price schedule (BPU), and the quantity estimate that it prices (DQE)."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from flask_babel import gettext as _

from procurement.kernel import language
from procurement.kernel.database import Record
from procurement.kernel.sheets import (
    AMOUNT,
    PERCENT,
    PRICE,
    WHOLE,
    Cell,
    Column,
    Formula,
    Sheet,
)
from procurement.lots.models import Lot
from procurement.lots.sheets.common import format_of, quoted, titled, unit_of

#: The column of the schedule with the price of any quantity; those of the tiers follow it.
_PRICE = 8


def price_schedule(lot: Lot, lines: Sequence[Record]) -> Sheet:
    """Make the table of unit prices to fill in (BPU): no quantity, and who asks is not said."""
    name = _("Price schedule")
    asked = _("A price in euros before VAT for one unit: zero or more, four decimals.")
    optional = _("Only if the price is lower from that many units on: zero or more, four decimals.")
    columns = [
        Column(_("No."), 6, WHOLE),
        Column(_("Code"), 13),
        Column(_("Item"), 32, is_strong=True),
        Column(_("Specification"), 56),
        Column(_("Unit"), 13),
        Column(_("Pack of"), 8, WHOLE),
        Column(_("VAT"), 9, PERCENT),
        Column(_("Unit price before VAT, in euros"), 17, PRICE, asks=asked),
        *(Column(_from(tier.from_quantity), 17, PRICE, asks=optional) for tier in lot.tiers),
    ]
    rows = [
        (
            line.position,
            line.code,
            line.designation,
            line.specification,
            unit_of(line.unit),
            line.pack_size,
            line.vat_rate,
            *[None] * (1 + len(lot.tiers)),
        )
        for line in lines
    ]
    return Sheet(name, titled(lot, name), columns, rows, frozen_columns=3)


def quantity_estimate(lot: Lot, lines: Sequence[Record], schedule: Sheet) -> Sheet:
    """Make the table that multiplies the prices of the schedule by the quantities (DQE)."""
    name = _("Quantity estimate")
    columns = [
        Column(_("No."), 6, WHOLE),
        Column(_("Code"), 13),
        Column(_("Item"), 44, is_strong=True),
        Column(_("Unit"), 13),
        Column(_("Quantity"), 13, format_of(lines)),
        Column(_("Unit price before VAT, in euros"), 17, PRICE),
        Column(_("Amount before VAT, in euros"), 18, AMOUNT),
    ]
    # The titles of both tables have as many lines: an item stands in the same row on each.
    rows = [
        (
            line.position,
            line.code,
            line.designation,
            unit_of(line.unit),
            line.quantity,
            _picked(lot, line, schedule, row),
            _amount(f"$E{row}", f"$F{row}"),
        )
        for row, line in enumerate(lines, schedule.first)
    ]
    sheet = Sheet(name, titled(lot, name), columns, rows, frozen_columns=3)
    missing = f"({len(lines)}-COUNT({schedule.span(_PRICE)}))"
    sentence = quoted(_("Prices still missing:"))
    totals: list[list[Cell]] = [
        [None, None, _("Total before VAT"), *[None] * 3, _sum_of(sheet.span(7))],
        [None, None, Formula(f'IF({missing}=0,"",{sentence}&" "&{missing})'), *[None] * 4],
    ]
    return replace(sheet, totals=totals)


def _from(quantity: Decimal) -> str:
    shown = language.quantity(quantity)
    return str(_("From %(quantity)s units on: unit price before VAT, in euros", quantity=shown))


def _picked(lot: Lot, line: Record, schedule: Sheet, row: int) -> Formula:
    """The price of the highest tier that the quantity reaches and that has one, else the first.

    A price that is not typed yet is shown as nothing, not as zero: zero is a price.
    """
    reached = [one for one in lot.tiers if one.from_quantity <= line.quantity]
    picked = '""'
    for column in range(_PRICE, _PRICE + len(reached) + 1):
        price = schedule.cell(column, row)
        picked = f"IF(ISNUMBER({price}),{price},{picked})"
    return Formula(picked)


def _amount(quantity: str, price: str) -> Formula:
    """Multiply whole thousandths by whole hundredths of a cent, and round once.

    Spreadsheets reckon in binary fractions, where 1.005 is a little less than it: multiplied as
    they are, a product that ends on half a cent might be rounded down. Whole numbers are exact,
    for lines of less than a hundred million euros.
    """
    exact = f"ROUND({quantity}*1000,0)*ROUND({price}*10000,0)"
    return Formula(f'IF(ISNUMBER({price}),ROUND({exact}/100000,0)/100,"")')


def _sum_of(amounts: str) -> Formula:
    return Formula(f"ROUND(SUM({amounts}),2)")
