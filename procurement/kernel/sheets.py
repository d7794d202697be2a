"""Rows to .xlsx: the domain gives headings, rows and formats; this module makes the file."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from textwrap import wrap
from typing import Any, BinaryIO

from flask_babel import get_locale
from lxml import etree
from openpyxl import Workbook
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Border, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter
from openpyxl.workbook.properties import CalcProperties
from openpyxl.worksheet._writer import ALL_TEMP_FILES, WorksheetWriter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from procurement.kernel import cells
from procurement.kernel.cells import (
    AMOUNT,
    DATE,
    PERCENT,
    PRICE,
    QUANTITY,
    TEXT,
    THOUSANDTHS,
    WHOLE,
    Cell,
    Formula,
    Look,
    Wrong,
    plain,
)
from procurement.kernel.tables import Column, Rows, Sheet, Streamed, listed

__all__ = [
    "AMOUNT",
    "DATE",
    "MIME_TYPE",
    "PERCENT",
    "PRICE",
    "QUANTITY",
    "TEXT",
    "THOUSANDTHS",
    "WHOLE",
    "Cell",
    "Column",
    "Formula",
    "Rows",
    "Sheet",
    "Streamed",
    "Tell",
    "Wrong",
    "listed",
    "workbook",
    "write",
]

MIME_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Widest table, in characters, that reads well on an upright page, and on one that lies.
_PORTRAIT, _LANDSCAPE = 95, 230
#: Height of one line, in points.
_LINE = 15
#: Rows between two words on how far the file is.
_PACE = 1000

#: Is told how many rows are written, of how many.
Tell = Callable[[int, int], None]


def workbook(sheets: Iterable[Sheet], *, title: str, author: str) -> bytes:
    """Make a workbook in memory, as :func:`write` does in a file."""
    out = BytesIO()
    write(sheets, out, title=title, author=author)
    return out.getvalue()


def write(
    sheets: Iterable[Sheet],
    target: Path | BinaryIO,
    *,
    title: str,
    author: str,
    tell: Tell | None = None,
) -> None:
    """Write a workbook. Every cell is locked, without a password, but those that ask for a value.

    Rows are read as they are written, and the memory that this takes does not grow with them.
    What ``tell`` raises ends the writing, and leaves nothing behind but the file at ``target``.
    """
    tables, written = list(sheets), []
    book = Workbook(write_only=True)
    book.properties.title, book.properties.creator = plain(title), plain(author)
    book.properties.language = str(get_locale() or "")
    book.calculation = CalcProperties(fullCalcOnLoad=True)
    progress = _Progress(sum(len(one.rows) for one in tables), tell)
    try:
        for sheet in tables:
            place = _prepared(book.create_sheet(sheet.name), sheet)
            rows = progress.followed(sheet.rows)
            written.append(_Table(place, _rows(place, sheet, rows)))
            written[-1].write_top()
            place.close()
        book.save(target)
        progress.end()
    finally:
        for table in written:
            table.drop()


@dataclass
class _Progress:
    """How many rows are written."""

    total: int
    tell: Tell | None
    done: int = 0

    def followed(self, rows: Iterable[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
        """Give the rows on, and tell now and then how far that is."""
        for row in rows:
            yield row
            self.done += 1
            if self.tell and self.done % _PACE == 0:
                self.tell(self.done, self.total)

    def end(self) -> None:
        """Tell that all is written."""
        if self.tell:
            self.tell(self.total, self.total)


class _Table(WorksheetWriter):
    """Writes a sheet whose rows come as XML; all around them is openpyxl's."""

    def __init__(self, target: Any, rows: Iterable[str]) -> None:
        super().__init__(target)
        self._rows = rows
        # Where openpyxl looks for what wrote the sheet.
        target._writer = self  # noqa: SLF001

    def write_rows(self) -> None:
        """Write the table itself: called by openpyxl between what goes before and after it."""
        stream: Any = self.xf.send(True)
        with stream.element("sheetData"):
            for row in self._rows:
                stream.write(etree.fromstring(row))
        self.xf.send(None)

    def drop(self) -> None:
        """Remove the rows on the way: they are in the workbook, or nowhere."""
        self.close()
        if self.out in ALL_TEMP_FILES:
            self.cleanup()


def _prepared(target: Any, sheet: Sheet) -> Any:
    """Set widths, locks and paper: a sheet that is written as it goes wants them first."""
    for index, column in enumerate(sheet.columns, 1):
        target.column_dimensions[get_column_letter(index)].width = column.width
        if column.asks:
            target.data_validations.append(_asked(column, sheet.span(index).rpartition("!")[2]))
    target.protection.sheet = not sheet.is_open
    target.protection.formatColumns = target.protection.formatRows = False
    target.freeze_panes = f"{get_column_letter(sheet.frozen_columns + 1)}{sheet.first}"
    if len(sheet.rows):
        _rule(target, sheet)
    if sheet.is_filtered:
        target.auto_filter.ref = _area(sheet, sheet.first - 1)
        target.protection.autoFilter = False
    _paper(target, sheet)
    return target


def _paper(target: Any, sheet: Sheet) -> None:
    """Set how it prints: as wide as fits, and over several pages what would be too small."""
    width = sum(column.width for column in sheet.columns)
    kept = sum(column.width for column in sheet.columns[: sheet.frozen_columns])
    target.page_setup.orientation = "landscape" if width > _PORTRAIT else "portrait"
    target.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    target.page_setup.fitToHeight, target.sheet_properties.pageSetUpPr.fitToPage = 0, True
    target.print_title_rows = f"{sheet.first - 1}:{sheet.first - 1}"
    if width > _LANDSCAPE:
        target.page_setup.fitToWidth = -(-(width - kept) // (_LANDSCAPE - kept))
        if sheet.frozen_columns:
            target.print_title_cols = f"A:{get_column_letter(sheet.frozen_columns)}"
    said = plain(" · ".join(sheet.title[:3])[: _footer(width)]).replace("&", "&&")
    target.oddFooter.left.text, target.oddFooter.right.text = said, "&P / &N"
    target.oddFooter.left.size = target.oddFooter.right.size = 8


def _footer(width: int) -> int:
    """Characters of the footer that leave room for the number of the page."""
    return 150 if width > _PORTRAIT else 100


def _area(sheet: Sheet, top: int) -> str:
    last = f"{get_column_letter(len(sheet.columns))}{sheet.first + len(sheet.rows) - 1}"
    return f"A{top}:{last}"


def _rule(target: Any, sheet: Sheet) -> None:
    """Draw a rule under each row at once: as styles of cells it would have to be written empty."""
    under = DifferentialStyle(border=Border(bottom=Side("thin", color="D8DDE2")))
    rule = Rule("expression", formula=["TRUE"], dxf=under)
    target.conditional_formatting.add(_area(sheet, sheet.first), rule)


def _asked(column: Column, span: str) -> DataValidation:
    """What the cells accept, and the sentence that is shown beside them."""
    if column.choices:
        asked = DataValidation("list", column.choices, sqref=span)
    elif column.number_format == DATE:
        # Day 1 of spreadsheets: anything that is a date.
        asked = DataValidation("date", "1", operator="greaterThanOrEqual", sqref=span)
    elif column.number_format == TEXT:
        asked = DataValidation(sqref=span)
    else:
        asked = DataValidation("decimal", "0", operator="greaterThanOrEqual", sqref=span)
    asked.allowBlank = asked.showInputMessage = asked.showErrorMessage = True
    asked.prompt = asked.error = column.asks[:255]
    return asked


def _rows(target: Any, sheet: Sheet, rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Write what the sheet holds, row by row; a blank one stands between titles and table."""
    for number, line in enumerate(sheet.title, 1):
        look, height = cells.title(target, is_first=number == 1), 1.4 if number == 1 else 1
        yield _row(number, look.written(f"A{number}", line), height)
    yield _headings(target, sheet)
    # Figures stand on one line, however wide.
    wraps = [
        (index, one.width) for index, one in enumerate(sheet.columns) if one.number_format == TEXT
    ]
    yield from _table(sheet.first, rows, _looks(target, sheet, are_totals=False), wraps)
    below = sheet.first + len(sheet.rows)
    yield from _table(below, sheet.totals, _looks(target, sheet, are_totals=True), wraps)


def _headings(target: Any, sheet: Sheet) -> str:
    number, written, lines = sheet.first - 1, "", 1
    for index, one in enumerate(sheet.columns, 1):
        look = cells.heading(target, one.colour, is_text=one.number_format == TEXT)
        written += look.written(f"{get_column_letter(index)}{number}", one.heading)
        # Headings are bold, indented, and few: room for a wider font than ours costs nothing.
        room = max(1, one.width * 3 // 4)
        lines = max(lines, len(wrap(one.heading, room, break_long_words=False)))
    return _row(number, written, lines)


def _looks(target: Any, sheet: Sheet, *, are_totals: bool) -> list[Look]:
    return [
        cells.body(
            target,
            one.number_format,
            is_strong=one.is_strong,
            is_asked=bool(one.asks),
            is_total=are_totals,
        )
        for one in sheet.columns
    ]


def _table(
    first: int, rows: Iterable[Sequence[Cell]], looks: Sequence[Look], wraps: list[tuple[int, int]]
) -> Iterator[str]:
    columns = [(get_column_letter(index), look.written) for index, look in enumerate(looks, 1)]
    for number, row in enumerate(rows, first):
        written = "".join(
            [
                write_cell(f"{letter}{number}", value)
                for (letter, write_cell), value in zip(columns, row, strict=True)
            ]
        )
        yield _row(
            number, written, max([_lines(row[index], width) for index, width in wraps], default=1)
        )


def _row(number: int, written: str, lines: float) -> str:
    # What opens or prints the file does not always find the height of wrapped text itself.
    height = f' ht="{_LINE * lines:g}" customHeight="1"' if lines > 1 else ""
    return f'<row r="{number}"{height}>{written}</row>'


def _lines(value: Cell, width: int) -> int:
    """Estimate how many lines a text takes in a column; figures take one."""
    text = value.value if isinstance(value, Wrong) else value
    if not isinstance(text, str) or (len(text) < width and "\n" not in text):
        return 1
    return sum(-(-len(part) // (width - 3)) or 1 for part in text.split("\n"))
