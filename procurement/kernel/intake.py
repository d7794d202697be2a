"""Tables read from the workbooks that people send: what is wrong has its sentence and its place.

What was searched and found plain is copied into a fresh workbook, and the library is given that one
alone: so no two readers can disagree about what a file holds.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from flask_babel import lazy_gettext as _
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from procurement.kernel.workbooks import DAMAGED, LARGEST, Book, Unreadable
from procurement.kernel.worksheets import MOST_COLUMNS, Fault, Worksheet, too_large, too_long

__all__ = [
    "LARGEST",
    "MOST_ROWS",
    "Cell",
    "Fault",
    "Rows",
    "Table",
    "Unreadable",
    "read",
    "text_of",
    "texts_of",
]

#: Rows of a table below its headings, unless it says otherwise.
MOST_ROWS = 60_000
#: Bytes of the texts of a sheet, each counted in every cell that shows it.
_MOST_TEXT = 64 * 1024 * 1024

Cell = str | int | float | bool | date | time | timedelta | None


@dataclass(frozen=True, slots=True)
class Table:
    """What a sheet is to hold: ``headings`` in row ``heading_row`` from column A on, rows below.

    Without headings (row 0) the sheet is read as it stands.
    """

    sheet: str
    headings: Sequence[str] = ()
    heading_row: int = 0
    most_rows: int = MOST_ROWS

    def __post_init__(self) -> None:
        if len(self.headings) > MOST_COLUMNS or bool(self.headings) != bool(self.heading_row):
            raise ValueError(f"{self} is no table")


@dataclass(frozen=True, slots=True)
class Rows:
    """What a sheet holds: the rows ``above`` its headings, then those of the table.

    ``first`` is the number of the first of them; each has a cell for each heading, "" when empty.
    The empty rows at the end are left out, those between others are not.
    """

    above: list[list[Cell]]
    first: int
    rows: list[list[Cell]]


def read(content: bytes, *tables: Table) -> list[Rows]:
    """Read these sheets of a workbook. Raises Unreadable with all that is wrong with them.

    Numbers come as floats, dates as dates: :func:`text_of` gives them as people type them.
    """
    book = Book(content)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "checked.xlsx"
        faults = [*book.faults, *_copy(book, tables, path)]
        if faults:
            raise Unreadable(*faults)
        found = list(_found(path, tables))
    faults = [
        fault
        for table, rows in zip(tables, found, strict=True)
        for fault in _misplaced(table, rows)
    ]
    if faults:
        raise Unreadable(*faults)
    return [_parted(table, rows) for table, rows in zip(tables, found, strict=True)]


def text_of(cell: Cell) -> str:
    """Give a cell as the text that a field loads: 12.0 as ``12``, dates as ``2026-11-21``.

    A number has the fewest digits that still tell it from its neighbours, never an exponent.
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else f"{Decimal(repr(cell)):f}"
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def texts_of(row: Sequence[Cell]) -> list[str]:
    """Give the cells of a row as :func:`text_of` does each of them."""
    # Most cells are texts, and need no call of their own: thousands of rows show it.
    return [cell if isinstance(cell, str) else text_of(cell) for cell in row]


def _copy(book: Book, tables: Sequence[Table], path: Path) -> list[Fault]:
    """Write the sheets that were found plain into a fresh workbook; give what the others lack."""
    faults: list[Fault] = []
    strings = book.strings()
    with ZipFile(path, "w") as fresh:
        for name, content in _frame(book, len(tables)).items():
            fresh.writestr(name, content)
        fresh.writestr("xl/sharedStrings.xml", strings)
        for position, table in enumerate(tables):
            try:
                sheet = _searched(book, table, strings)
            except Unreadable as missing:
                faults += missing.faults
                continue
            faults += sheet.faults
            with fresh.open(f"xl/{position}.xml", "w") as part:
                # The library looks for merged cells in the whole sheet, and stops at the first
                # list of them. This one is empty, because tables have none, and it comes at once.
                part.write(b"<worksheet><mergeCells></mergeCells><sheetData>")
                part.write(sheet.cells)
                part.write(b"</sheetData></worksheet>")
    return faults


def _searched(book: Book, table: Table, strings: bytes) -> Worksheet:
    content, is_cut = book.sheet(table.sheet)
    last_row = table.heading_row + table.most_rows
    sheet = Worksheet(table.sheet, content, table.heading_row, last_row, is_cut)
    if sheet.is_plain() and _shown(content, strings) > _MOST_TEXT:
        sheet.faults.append(Fault(too_large(table.sheet), table.sheet))
    return sheet


def _shown(content: bytearray, strings: bytes) -> int:
    """Count the bytes of the shared texts in all cells that show them, or an upper bound of it.

    The library writes a text once for each of its cells: a long one in each would fill the memory.
    """
    lengths = [len(one) for one in strings.split(b"<si")[1:]]
    longest = max(lengths, default=0)
    shared = content.count(b't="s"') if longest else 0
    if shared * longest <= _MOST_TEXT:
        return shared * longest
    texts = [int(one) for one in _TEXT.findall(content)]
    known = [lengths[one] for one in texts if one < len(lengths)]
    return sum(known) + (shared - len(known)) * longest


_TEXT = re.compile(rb't="s"[^<>]*><v>(\d{1,7})</v>')
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def _frame(book: Book, count: int) -> dict[str, bytes]:
    """Write the parts of a workbook around its sheets, which it names by their position."""

    def pointing(kind: str, targets: dict[str, str]) -> bytes:
        lines = "".join(
            f'<Relationship Id="{key}" Type="{_RELATED}/{kind}" Target="{target}"/>'
            for key, target in targets.items()
        )
        return f"<Relationships>{lines}</Relationships>".encode()

    names = [str(position) for position in range(count)]
    sheets = "".join(f'<sheet name="{name}" id="{name}"/>' for name in names)
    epoch = '<workbookPr date1904="1"/>' if book.is_1904 else ""
    return {
        "_rels/.rels": pointing("officeDocument", {"book": "xl/workbook.xml"}),
        "xl/_rels/workbook.xml.rels": pointing(
            "worksheet", {name: f"{name}.xml" for name in names}
        ),
        "xl/workbook.xml": f"<workbook>{epoch}<sheets>{sheets}</sheets></workbook>".encode(),
        "xl/styles.xml": book.styles() or b"<styleSheet></styleSheet>",
    }


def _found(path: Path, tables: Sequence[Table]) -> Iterator[list[list[Cell]]]:
    """Give all rows of each sheet, from the first row and column A on."""
    try:
        book = CalamineWorkbook.from_path(path)
        for position, table in enumerate(tables):
            yield _rows(book.get_sheet_by_name(str(position)), table)
    except CalamineError as fault:
        raise Unreadable(Fault(DAMAGED)) from fault


def _rows(sheet: CalamineSheet, table: Table) -> list[list[Cell]]:
    rows: list[list[Any]] = []
    if sheet.start is None:
        return rows
    try:
        rows.extend(sheet.iter_rows())
    except BaseException as fault:
        # A number shown as a day long before all calendars makes the library panic, which is no
        # Exception, and has no name to catch it by.
        if type(fault).__module__ != "pyo3_runtime" and not isinstance(fault, OverflowError):
            raise
        raise Unreadable(_no_day(table.sheet, len(rows) + 1)) from fault
    if left := sheet.start[1] * [""]:
        rows = [left + row for row in rows]
    while rows and not any(cell != "" for cell in rows[-1]):
        rows.pop()
    return rows


def _no_day(sheet: str, row: int) -> Fault:
    sentence = _(
        "Row %(row)s of sheet %(sheet)s has a number shown as a date or a duration, and that is "
        "none: correct it, or show it as a number.",
        row=row,
        sheet=sheet,
    )
    return Fault(sentence, sheet, row)


def _misplaced(table: Table, rows: list[list[Cell]]) -> Iterator[Fault]:
    """Say which headings are not where they belong, and whether there are too many rows."""
    if len(rows) > table.heading_row + table.most_rows:
        sentence = too_long(table.sheet, len(rows), table.most_rows)
        yield Fault(sentence, table.sheet, len(rows))
    line = rows[table.heading_row - 1] if 0 < table.heading_row <= len(rows) else []
    written = [" ".join(text_of(cell).split()) for cell in line]
    # A heading may have a no-break space, as French asks: whatever the space, it is the same.
    headings = [" ".join(heading.split()) for heading in table.headings]
    expected = {heading.casefold() for heading in headings}
    for position, (heading, says) in enumerate(zip_longest(headings, written, fillvalue="")):
        column = chr(ord("A") + position)
        place = {"column": column, "row": str(table.heading_row), "sheet": table.sheet}
        about = {**place, "heading": heading, "says": says}
        if heading.casefold() != says.casefold() and (heading or says.casefold() in expected):
            yield Fault(_misheaded(about), table.sheet, table.heading_row, column)


def _misheaded(about: dict[str, str]) -> object:
    if not about["heading"]:
        return _(
            "Column %(column)s of sheet %(sheet)s is beside the table and headed “%(says)s” too: "
            "delete it.",
            **about,
        )
    if not about["says"]:
        return _(
            "Column %(column)s of sheet %(sheet)s should be headed “%(heading)s” in row %(row)s; "
            "its heading is empty.",
            **about,
        )
    return _(
        "Column %(column)s of sheet %(sheet)s should be headed “%(heading)s” in row %(row)s; "
        "it says “%(says)s”.",
        **about,
    )


def _parted(table: Table, rows: list[list[Cell]]) -> Rows:
    wanted = len(table.headings)
    above, below = rows[: max(table.heading_row - 1, 0)], rows[table.heading_row :]
    # All rows that the library gives are of the same width.
    if wanted and below and len(below[0]) != wanted:
        more: list[Cell] = [""] * (wanted - len(below[0]))
        below = [row[:wanted] + more for row in below]
    return Rows(above, table.heading_row + 1, below)
