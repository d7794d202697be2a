"""Members down, items across: of a lot, or of the pool of a campaign."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import groupby

from flask_babel import gettext as _

from procurement.kernel.database import Record
from procurement.kernel.sheets import Cell, Column, Formula, Sheet, Streamed
from procurement.lots import queries
from procurement.lots.models import Lot
from procurement.lots.sheets.common import format_of, titled
from procurement.needs.models import Campaign

#: Columns before those of the items.
_KEPT = 3


def lot_matrix(lot: Lot, lines: Sequence[Record], said: Sequence[str]) -> Sheet:
    """Make the table of what goes to each member of a lot, and to the stock."""
    chosen = queries.of_lot(lot)
    asked, stock = queries.breakdown(chosen), queries.stock(chosen)
    members = queries.count_of(queries.members_of(chosen))

    def rows() -> Iterator[list[Cell]]:
        yield from _by_member(queries.streamed(asked), lines, _line_total)
        if stock:
            kept = {row.id: row.quantity for row in stock}
            yield [None, None, _("Stock of the centrale"), *(kept.get(one.id) for one in lines)]

    name = _("Member by item")
    table = Streamed(members + bool(stock), rows())
    return _matrix(name, titled(lot, name, *said), lines, table, _("Quantity of the lot"))


def campaign_matrix(campaign: Campaign, items: Sequence[Record], said: Sequence[str]) -> Sheet:
    """Make the table of what each member has in the pool of a campaign."""
    name = _("Member by item")
    asked = queries.streamed(queries.pooled_by_member(campaign.id))
    members = queries.count_of(queries.pooled_members(campaign.id))
    table = Streamed(members, _by_member(asked, items, _pooled))
    return _matrix(name, (name, campaign.title, *said), items, table, _("Quantity in the pool"))


def _line_total(row: Record) -> tuple[int, Decimal]:
    return row.id, row.needs + row.added


def _pooled(row: Record) -> tuple[int, Decimal]:
    return row.pool_item_id, row.quantity


def _by_member(
    rows: Iterable[Record],
    across: Sequence[Record],
    figure: Callable[[Record], tuple[int, Decimal]],
) -> Iterator[list[Cell]]:
    names = queries.member_names()
    for (departement, member_id), group in groupby(
        rows, key=lambda row: (row.departement, row.member_id)
    ):
        area, figures = None, {}
        for row in group:
            area = names.get(row.area_id)
            key, quantity = figure(row)
            figures[key] = quantity
        yield [departement, area, names[member_id], *(figures.get(one.id) for one in across)]


def _matrix(
    name: str, title: Sequence[str], across: Sequence[Record], rows: Streamed, wanted: str
) -> Sheet:
    quantity = format_of(across)
    columns = [
        Column(_("Département"), 14),
        Column(_("Intercommunality"), 36),
        Column(_("Member"), 30, is_strong=True),
        *(Column(f"{one.code} {one.designation}", 18, quantity) for one in across),
    ]
    sheet = Sheet(name, title, columns, rows, frozen_columns=_KEPT)
    below = sheet.first + len(rows)
    places = range(_KEPT + 1, _KEPT + 1 + len(across))
    sums = [Formula(f"SUM({sheet.span(column)})") for column in places]
    checks = [
        Formula(f"ROUND({sheet.cell(column, below)}-{sheet.cell(column, below + 1)},3)")
        for column in places
    ]
    totals: list[list[Cell]] = [
        [None, None, _("Total"), *sums],
        [None, None, wanted, *(one.quantity for one in across)],
        [None, None, _("Difference"), *checks],
    ]
    return replace(sheet, totals=totals)
