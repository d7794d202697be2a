"""For buyers only: who asked for what, and the checks that it makes the quantities."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from flask_babel import gettext as _

from procurement.kernel.database import Query, Record
from procurement.kernel.sheets import WHOLE, Cell, Column, Formula, Sheet, Streamed
from procurement.lots import queries
from procurement.lots.models import Lot
from procurement.lots.rules import DEPARTEMENTS
from procurement.lots.sheets.common import format_of, quoted, titled, unit_of

#: Columns of the breakdown that formulas read.
_DEPARTEMENT, _POSITION, _TOTAL = 1, 4, 10


def breakdown(lot: Lot, lines: Sequence[Record], estimate: Sheet) -> Sheet:
    """Make the table of what goes to each member of each item, and to the stock.

    Its rows are read from the database as they are written. Below them stands the check.
    """
    name, quantity = _("By member"), format_of(lines)
    columns = [
        Column(_("Département"), 14),
        Column(_("Intercommunality"), 36),
        Column(_("Member"), 32, is_strong=True),
        Column(_("No."), 6, WHOLE),
        Column(_("Code"), 13),
        Column(_("Item"), 46),
        Column(_("Unit"), 13),
        Column(_("Needs"), 12, quantity),
        Column(_("Added by rounding"), 18, quantity),
        Column(_("Total"), 12, quantity, is_strong=True),
    ]
    chosen = queries.of_lot(lot)
    asked, kept = queries.breakdown(chosen), queries.stock(chosen)
    known = {line.id: line for line in lines}
    rows = Streamed(queries.count_of(asked) + len(kept), _rows(asked, kept, known))
    sheet = Sheet(name, titled(lot, name), columns, rows, frozen_columns=3, is_filtered=True)
    check = Formula(_makes_quantities(_difference(sheet, estimate)))
    return replace(sheet, totals=[[*[None] * 4, _("Check"), check, *[None] * 4]])


def by_departement(lot: Lot, lines: Sequence[Record], estimate: Sheet, members: Sheet) -> Sheet:
    """Make the table of the shares of the départements, computed from the one by member."""
    name, quantity = _("By département"), format_of(lines)
    columns = [
        Column(_("No."), 6, WHOLE),
        Column(_("Code"), 13),
        Column(_("Item"), 40, is_strong=True),
        Column(_("Unit"), 13),
        Column(_("Members"), 12, WHOLE),
        *(Column(code, 12, quantity, colour=code) for code in DEPARTEMENTS),
        Column(_("Stock"), 12, quantity, colour="quiet"),
        Column(_("Total"), 12, quantity),
        Column(_("Quantity estimate"), 12, quantity),
        Column(_("Difference"), 12, quantity),
    ]
    rows = [
        (
            line.position,
            line.code,
            line.designation,
            unit_of(line.unit),
            *_shared(row, members, estimate),
        )
        for row, line in enumerate(lines, estimate.first)
    ]
    sheet = Sheet(name, titled(lot, name), columns, rows, frozen_columns=3)
    check = Formula(_makes_quantities(sheet.span(len(columns))))
    return replace(sheet, totals=[[None, _("Check"), check, *[None] * 8]])


def check_of(sheet: Sheet) -> str:
    """Formula that repeats what the check below one of these tables says."""
    place = next(at for at, one in enumerate(sheet.totals[0], 1) if isinstance(one, Formula))
    return sheet.cell(place, sheet.first + len(sheet.rows))


def _makes_quantities(differences: str) -> str:
    """Formula that says whether all of these differences are nought."""
    fits = quoted(_("The breakdown makes the quantities."))
    fails = quoted(_("The breakdown does NOT make the quantities."))
    return f"IF(SUMPRODUCT(ABS({differences}))=0,{fits},{fails})"


def _difference(members: Sheet, estimate: Sheet) -> str:
    """For each item, what the breakdown makes less what the estimate says."""
    positions, totals = members.span(_POSITION), members.span(_TOTAL)
    made = f"SUMIF({positions},{estimate.span(1)},{totals})"
    return f"ROUND({made}-{estimate.span(5)},3)"


def _shared(row: int, members: Sheet, estimate: Sheet) -> list[Formula]:
    """The figures of an item, from its rows in the table by member."""
    positions, totals = members.span(_POSITION), members.span(_TOTAL)
    departements = members.span(_DEPARTEMENT)
    stock = quoted(_("Stock"))
    places = [*map(quoted, DEPARTEMENTS), stock]
    counted = f'COUNTIFS({positions},$A{row},{departements},"<>"&{stock})'
    shares = [f"SUMIFS({totals},{positions},$A{row},{departements},{one})" for one in places]
    total, wanted = f"SUM($F{row}:$H{row})", estimate.cell(5, row)
    check = f"ROUND($I{row}-$J{row},3)"
    return [Formula(one) for one in (counted, *shares, total, wanted, check)]


def _rows(
    asked: Query, kept: Sequence[Record], lines: Mapping[int, Record]
) -> Iterator[tuple[Cell, ...]]:
    names = queries.member_names()
    labels = {key: _label(line) for key, line in lines.items()}
    for line_id, departement, area_id, member_id, needs, added in queries.streamed(asked):
        area, member = names.get(area_id), names[member_id]
        total = needs + added
        yield departement, area, member, *labels[line_id], needs, added or None, total
    stock, whose = _("Stock"), _("Stock of the centrale")
    for line_id, quantity in kept:
        yield stock, None, whose, *labels[line_id], None, quantity, quantity


def _label(line: Record) -> tuple[Cell, ...]:
    return line.position, line.code, line.designation, unit_of(line.unit)
