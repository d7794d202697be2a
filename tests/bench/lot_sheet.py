"""Writing the demonstration's largest lot sheet, against openpyxl writing the same cells."""

import io
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from sqlalchemy import func, select

from procurement.extensions import db
from procurement.lots.editions import Edition, lot_sheet
from procurement.lots.models import Allocation, Lot, LotLine
from tests.bench.measure import Result, compared

Written = tuple[str, list[list[tuple[Any, str]]]]


def run() -> Result:
    """Measure the buyers' edition from the database to the bytes of the file."""
    lot = db.session.scalars(
        select(Lot)
        .join(LotLine, LotLine.lot_id == Lot.id)
        .join(Allocation, Allocation.lot_line_id == LotLine.id)
        .where(Lot.sheet_version > 0)
        .group_by(Lot.id)
        .order_by(func.count().desc())
    ).first()
    if lot is None:
        raise LookupError("the demonstration has no frozen lot")
    tables = _cells(lot_sheet(lot, Edition.BUYER))
    count = sum(len(row) for _title, rows in tables for row in rows)
    name = f"largest lot sheet, {count} cells"
    return compared(name, 1.3, lambda: lot_sheet(lot, Edition.BUYER), lambda: _bare(tables), 10)


def _cells(content: bytes) -> list[Written]:
    book = load_workbook(io.BytesIO(content))
    return [
        (sheet.title, [[(cell.value, cell.number_format) for cell in row] for row in sheet.rows])
        for sheet in book.worksheets
    ]


def _bare(tables: list[Written]) -> bytes:
    """Write the cells, a value and a number format each, in openpyxl's fastest mode."""
    book = Workbook(write_only=True)
    for title, rows in tables:
        sheet = book.create_sheet(title)
        for row in rows:
            cells = []
            for value, number_format in row:
                cell = WriteOnlyCell(sheet, value)
                cell.number_format = number_format
                cells.append(cell)
            sheet.append(cells)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
