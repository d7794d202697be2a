"""The tables of a lot sheet, tied to each other by formulas."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from flask_babel import gettext as _

from procurement.catalogue.models import UNIT_LABELS
from procurement.kernel import language
from procurement.kernel.database import Record
from procurement.kernel.sheets import (
    AMOUNT,
    PERCENT,
    PRICE,
    THOUSANDTHS,
    WHOLE,
    Cell,
    Column,
    Formula,
    Sheet,
)
from procurement.lots import queries
from procurement.lots.models import Lot
from procurement.lots.rules import DEPARTEMENTS, printed


def lot_name(lot: Lot) -> str:
    """Name a lot as every sheet does."""
    return str(_("Lot %(number)s: %(title)s", number=lot.number, title=lot.title))


def quoted(text: str) -> str:
    """Write a text as formulas do."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def _title(lot: Lot, name: str) -> tuple[str, ...]:
    version = _(
        "Version %(version)s of %(day)s, check figure %(figure)s",
        version=lot.sheet_version,
        day=language.day(lot.frozen_on),
        figure=printed(lot.check_figure or ""),
    )
    return name, lot_name(lot), version


def _quantities(lines: Sequence[Record]) -> str:
    """Decimals are shown when one quantity of the lot has some."""
    is_whole = all(line.quantity == line.quantity.to_integral_value() for line in lines)
    return WHOLE if is_whole else THOUSANDTHS


def price_schedule(lot: Lot, lines: Sequence[Record]) -> Sheet:
    """Make the table of unit prices to fill in (BPU): no quantity, and who asks is not said."""
    name = _("Price schedule")
    asked = _("A price in euros before VAT for one unit: zero or more, four decimals.")
    columns = [
        Column(_("No."), 6, WHOLE),
        Column(_("Code"), 11),
        Column(_("Item"), 32, is_strong=True),
        Column(_("Specification"), 56),
        Column(_("Unit"), 13),
        Column(_("Pack of"), 8, WHOLE),
        Column(_("VAT"), 9, PERCENT),
        Column(_("Unit price before VAT, in euros"), 17, PRICE, asks=asked),
    ]
    rows = [
        (
            line.position,
            line.code,
            line.designation,
            line.specification,
            str(UNIT_LABELS[line.unit]),
            line.pack_size,
            line.vat_rate,
            None,
        )
        for line in lines
    ]
    return Sheet(name, _title(lot, name), columns, rows, frozen_columns=3)


def quantity_estimate(lot: Lot, lines: Sequence[Record], schedule: Sheet) -> Sheet:
    """Make the table that multiplies the prices of the schedule by the quantities (DQE)."""
    name = _("Quantity estimate")
    columns = [
        Column(_("No."), 6, WHOLE),
        Column(_("Code"), 11),
        Column(_("Item"), 44, is_strong=True),
        Column(_("Unit"), 13),
        Column(_("Quantity"), 12, _quantities(lines)),
        Column(_("Unit price before VAT, in euros"), 15, PRICE),
        Column(_("Amount before VAT, in euros"), 17, AMOUNT),
    ]
    # The titles of all tables have as many lines: an item stands in the same row on each.
    rows = [
        (
            line.position,
            line.code,
            line.designation,
            str(UNIT_LABELS[line.unit]),
            line.quantity,
            *_priced(schedule.cell(8, row), f"$E${row}"),
        )
        for row, line in enumerate(lines, schedule.first)
    ]
    sheet = Sheet(name, _title(lot, name), columns, rows, frozen_columns=3)
    empty, missing = f"COUNTBLANK({schedule.span(8)})", quoted(_("Prices still missing:"))
    totals: list[list[Cell]] = [
        [None, None, _("Total before VAT"), None, None, None, Formula(f"SUM({sheet.span(7)})")],
        [None, None, Formula(f'IF({empty}=0,"",{missing}&" "&{empty})'), *[None] * 4],
    ]
    return replace(sheet, totals=totals)


def _priced(price: str, quantity: str) -> tuple[Formula, Formula]:
    """A price that is not typed yet is shown as nothing, not as zero: zero is a price."""
    return (
        Formula(f'IF(ISNUMBER({price}),{price},"")'),
        Formula(f'IF(ISNUMBER({price}),ROUND({quantity}*{price},2),"")'),
    )


def by_member(lot: Lot, lines: Sequence[Record], estimate: Sheet) -> Sheet:
    """Make the table of who asked for how much: members down, items across, and the check."""
    name, quantity = _("By member"), _quantities(lines)
    columns = [
        Column(_("Département"), 16),
        Column(_("Member"), 34, is_strong=True),
        *(Column(f"{line.code} {line.designation}", 16, quantity) for line in lines),
    ]
    rows: list[list[Cell]] = []
    for _member_id, group in groupby(queries.breakdown(lot), key=lambda row: row.member_id):
        asked = {row.position: row for row in group}
        who = next(iter(asked.values()))
        found = [asked.get(line.position) for line in lines]
        rows.append([who.departement, who.name, *(one.quantity if one else None for one in found)])
    sheet = Sheet(name, _title(lot, name), columns, rows, frozen_columns=2)
    sums = [f"SUM({sheet.span(column)})" for column, _line in enumerate(lines, 3)]
    wanted = [estimate.cell(5, row) for row, _line in enumerate(lines, estimate.first)]
    checks = [f"ROUND({one}-{other},3)" for one, other in zip(sums, wanted, strict=True)]
    totals: list[list[Cell]] = [
        [None, _("Total"), *map(Formula, sums)],
        [None, _("Quantity estimate"), *map(Formula, wanted)],
        [None, _("Difference"), *map(Formula, checks)],
    ]
    return replace(sheet, totals=totals)


def by_departement(lot: Lot, lines: Sequence[Record], estimate: Sheet, members: Sheet) -> Sheet:
    """Make the table of the shares of the départements, computed from the one by member."""
    name, quantity = _("By département"), _quantities(lines)
    columns = [
        Column(_("No."), 6, WHOLE),
        Column(_("Code"), 11),
        Column(_("Item"), 40, is_strong=True),
        Column(_("Unit"), 13),
        Column(_("Members"), 10, WHOLE),
        *(Column(code, 11, quantity, colour=code) for code in DEPARTEMENTS),
        Column(_("Total"), 11, quantity),
        Column(_("Quantity estimate"), 12, quantity),
        Column(_("Difference"), 12, quantity),
    ]
    rows = [
        (
            line.position,
            line.code,
            line.designation,
            str(UNIT_LABELS[line.unit]),
            *_shared(row, members.span(1), members.span(column), estimate),
        )
        for column, (row, line) in enumerate(enumerate(lines, estimate.first), 3)
    ]
    return Sheet(name, _title(lot, name), columns, rows, frozen_columns=3)


def _shared(row: int, departements: str, quantities: str, estimate: Sheet) -> list[Formula]:
    """The figures of an item, from its column in the table by member."""
    shares = [f'SUMIF({departements},"{code}",{quantities})' for code in DEPARTEMENTS]
    total, wanted, check = (
        f"SUM($F{row}:$G{row})",
        estimate.cell(5, row),
        f"ROUND($H{row}-$I{row},3)",
    )
    return [Formula(one) for one in (f"COUNT({quantities})", *shares, total, wanted, check)]
