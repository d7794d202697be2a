"""A whole campaign: its lots, their lines and who asked for them, and what is in no lot."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from flask_babel import gettext as _
from sqlalchemy import ColumnElement

from procurement.kernel import language
from procurement.kernel.database import Query, Record
from procurement.kernel.money import line_amount
from procurement.kernel.sheets import (
    AMOUNT,
    DATE,
    PRICE,
    QUANTITY,
    WHOLE,
    Cell,
    Column,
    Formula,
    Sheet,
    Streamed,
)
from procurement.lots import queries
from procurement.lots.models import LOT_STATE_LABELS, Lot
from procurement.lots.rules import printed
from procurement.lots.sheets.common import format_of, unit_of
from procurement.needs.models import Campaign

#: What is added to the title of each table, such as the warning that its figures are invented.
_Said = Sequence[str]


def campaign_tables(campaign: Campaign, said: _Said) -> list[Sheet]:
    """Make the tables of a campaign: lots, lot lines, breakdown, left in the pool, left out."""
    chosen = Lot.campaign_id == campaign.id
    lines = queries.sheet_lines(chosen)
    title = (campaign.title, *said)
    return [
        _lots(campaign, title),
        _lines(lines, title),
        _breakdown(chosen, lines, title),
        _remaining(campaign, title),
        _left_out(campaign, title),
    ]


def _lots(campaign: Campaign, title: _Said) -> Sheet:
    """The contents: one row for each lot."""
    name, lots = _("Lots"), queries.campaign_lots(campaign.id)
    worth = queries.worth([lot.id for lot in lots])
    columns = [
        Column(_("Lot"), 6, WHOLE),
        Column(_("Title"), 40, is_strong=True),
        Column(_("Purchase project"), 30),
        Column(_("State"), 16),
        Column(_("Version"), 9, WHOLE),
        Column(_("Frozen on"), 13, DATE),
        Column(_("Check figure"), 16),
        Column(_("Items"), 9, WHOLE),
        Column(_("Members"), 12, WHOLE),
        Column(_("Estimated amount before VAT, in euros"), 18, AMOUNT),
        Column(_("Lines without an estimated price"), 16, WHOLE),
    ]
    rows = [
        (
            lot.number,
            lot.title,
            lot.project,
            str(LOT_STATE_LABELS[lot.state]),
            lot.sheet_version or None,
            lot.frozen_on,
            printed(lot.check_figure) if lot.check_figure else None,
            lot.lines,
            lot.members,
            worth[lot.id].amount if lot.id in worth else None,
            worth[lot.id].unpriced if lot.id in worth else None,
        )
        for lot in lots
    ]
    sheet = Sheet(name, (name, *title), columns, rows, frozen_columns=2)
    total: list[Cell] = [None, _("Total"), *[None] * 7, Formula(f"SUM({sheet.span(10)})"), None]
    return replace(sheet, totals=[total] if rows else [])


def _lines(lines: Sequence[Record], title: _Said) -> Sheet:
    name = _("Lot lines")
    columns = [
        *_lot_columns(),
        Column(_("No."), 6, WHOLE),
        *_item_columns(),
        Column(_("Pack of"), 9, WHOLE),
        Column(_("Quantity"), 13, format_of(lines)),
        Column(_("Estimated unit price before VAT, in euros"), 17, PRICE),
        Column(_("Estimated amount before VAT, in euros"), 17, AMOUNT),
    ]
    rows = [
        (
            *_lot(line),
            line.position,
            *_item(line),
            line.pack_size,
            line.quantity,
            line.estimated_price,
            _amount(line),
        )
        for line in lines
    ]
    return Sheet(name, (name, *title), columns, rows, frozen_columns=3, is_filtered=True)


def _amount(line: Record) -> Cell:
    price = line.estimated_price
    return None if price is None else line_amount(line.quantity, price)


def _breakdown(chosen: ColumnElement[bool], lines: Sequence[Record], title: _Said) -> Sheet:
    name, quantity = _("By member"), format_of(lines)
    columns = [
        *_lot_columns(),
        *_member_columns(),
        Column(_("No."), 6, WHOLE),
        *_item_columns(),
        Column(_("Needs"), 12, quantity),
        Column(_("Added by rounding"), 18, quantity),
        Column(_("Total"), 12, quantity, is_strong=True),
    ]
    asked, kept = queries.breakdown(chosen), queries.stock(chosen)
    rows = Streamed(queries.count_of(asked) + len(kept), _shares(asked, kept, lines))
    return Sheet(name, (name, *title), columns, rows, frozen_columns=2, is_filtered=True)


def _shares(
    asked: Query, kept: Sequence[Record], lines: Sequence[Record]
) -> Iterator[tuple[Cell, ...]]:
    names = queries.member_names()
    lots = {line.id: _lot(line) for line in lines}
    items = {line.id: (line.position, *_item(line)) for line in lines}
    for line_id, departement, area_id, member_id, needs, added in queries.streamed(asked):
        who = departement, names.get(area_id), names[member_id]
        yield *lots[line_id], *who, *items[line_id], needs, added or None, needs + added
    whose = _("Stock"), None, _("Stock of the centrale")
    for line_id, quantity in kept:
        yield *lots[line_id], *whose, *items[line_id], None, quantity, quantity


def _remaining(campaign: Campaign, title: _Said) -> Sheet:
    name = _("Still in the pool")
    columns = [
        *_item_columns(),
        *_member_columns(),
        Column(_("In the pool"), 13, QUANTITY),
        Column(_("In lots"), 13, QUANTITY),
        Column(_("Remaining"), 13, QUANTITY, is_strong=True),
    ]
    found = queries.remaining_by_item(campaign.id)
    items = {item.id: _item(item) for item in queries.pooled_items(campaign.id)}
    rows = Streamed(queries.count_of(found), _left(found, items))
    return Sheet(name, (name, *title), columns, rows, frozen_columns=2, is_filtered=True)


def _left(found: Query, items: Mapping[int, tuple[Cell, ...]]) -> Iterator[tuple[Cell, ...]]:
    names = queries.member_names()
    for item_id, departement, area_id, member_id, quantity, allotted in queries.streamed(found):
        who = departement, names.get(area_id), names[member_id]
        yield *items[item_id], *who, quantity, allotted, quantity - allotted


def _left_out(campaign: Campaign, title: _Said) -> Sheet:
    name = _("Left out of the pool")
    columns = [
        *_member_columns(),
        Column(_("Delivery place"), 22),
        *_item_columns(),
        Column(_("Quantity"), 12, QUANTITY),
        Column(_("Why"), 34),
        Column(_("By"), 16),
        Column(_("When"), 16),
    ]
    found = queries.left_out(campaign.id)
    rows = Streamed(queries.count_of(found), _omitted(found))
    return Sheet(name, (name, *title), columns, rows, frozen_columns=3, is_filtered=True)


def _omitted(found: Query) -> Iterator[tuple[Cell, ...]]:
    names, waits = queries.member_names(), _("Not harmonised yet: no item of the catalogue.")
    for row in queries.streamed(found):
        yield (
            row.departement,
            names.get(row.area_id),
            names[row.member_id],
            row.site,
            row.code,
            row.designation,
            unit_of(row.unit) if row.unit else row.own_unit,
            row.quantity,
            waits if row.code is None else row.reason,
            row.person,
            language.moment(row.at),
        )


def _lot_columns() -> list[Column]:
    return [
        Column(_("Lot"), 6, WHOLE),
        Column(_("Title"), 26, is_strong=True),
        Column(_("State"), 13),
    ]


def _member_columns() -> list[Column]:
    return [
        Column(_("Département"), 14),
        Column(_("Intercommunality"), 26),
        Column(_("Member"), 28, is_strong=True),
    ]


def _item_columns() -> list[Column]:
    return [Column(_("Code"), 12), Column(_("Item"), 38), Column(_("Unit"), 12)]


def _lot(line: Record) -> tuple[Cell, ...]:
    return line.number, line.title, str(LOT_STATE_LABELS[line.state])


def _item(line: Record) -> tuple[Cell, ...]:
    return line.code, line.designation, unit_of(line.unit)
