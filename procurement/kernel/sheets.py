"""Rows to .xlsx: the domain gives headings, rows and formats; this module makes the file.

One place decides what may become a formula: a :class:`Formula` of ours, and nothing else.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, cached_property, partial
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import Cell as SheetCell
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.workbook.properties import CalcProperties
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from procurement.kernel.charts import COLOURS

MIME_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEXT, WHOLE, THOUSANDTHS = "General", "#,##0", "#,##0.000"
AMOUNT, PRICE, PERCENT = "#,##0.00", "#,##0.00##", '0.0#" %"'
QUANTITY, DATE = "General;-General", "dd/mm/yyyy"
#: Widest table, in characters, that reads well on an upright page.
_PORTRAIT = 95
#: What a spreadsheet takes for the start of a formula when it reads text again.
_RISKY = ("=", "+", "-", "@", "\t", "\r")
#: Height of one line, in points.
_LINE = 15
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula of ours, with English function names and without its equals sign."""

    text: str


_Value = str | int | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Wrong:
    """What somebody typed and is to correct, shown in red."""

    value: _Value


Cell = _Value | Formula | Wrong


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``width`` counts characters; ``colour`` names one of ``COLOURS``."""

    heading: str
    width: int = 12
    number_format: str = TEXT
    colour: str = "accent"
    is_strong: bool = False
    #: What the reader is to type, said beside the cell: text where the format is one of text, a
    #: date, else zero or more. Empty locks the column.
    asks: str = ""
    #: The cells that list what may be typed, as :meth:`Sheet.span` names them, or the words
    #: themselves, as :func:`listed` does.
    choices: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: title lines, a blank line, headings, rows, totals.

    ``name`` has at most 31 characters, no brackets, colon, slash, star or question mark:
    spreadsheets accept no other.
    """

    name: str
    title: Sequence[str]
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    totals: Sequence[Sequence[Cell]] = ()
    frozen_columns: int = 0
    #: Whether people may add, remove and sort rows: then nothing of it is locked.
    is_open: bool = False

    @property
    def first(self) -> int:
        """Number of the first row below the headings."""
        return len(self.title) + 3

    def cell(self, column: int, row: int) -> str:
        """Name a cell for a formula of any sheet of the workbook. Columns count from 1."""
        return f"{quote_sheetname(self.name)}!${get_column_letter(column)}${row}"

    def span(self, column: int) -> str:
        """Name the cells of one column, totals left out, as :meth:`cell` does."""
        end = f"${get_column_letter(column)}${self.first + len(self.rows) - 1}"
        return f"{self.cell(column, self.first)}:{end}"


def listed(words: Iterable[str]) -> str:
    """Write a few words, free of commas, as the choices of a column: 255 characters at most."""
    return '"{}"'.format(",".join(words).replace('"', '""'))


def workbook(sheets: Iterable[Sheet], *, title: str, author: str) -> bytes:
    """Make the file. Every cell is locked, without a password, but those that ask for a value."""
    book = Workbook(write_only=True)
    book.properties.title, book.properties.creator = _plain(title), _plain(author)
    book.calculation = CalcProperties(fullCalcOnLoad=True)
    for sheet in sheets:
        _fill(_prepared(book.create_sheet(sheet.name), sheet), sheet)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _rgb(colour: str) -> str:
    return COLOURS[colour].removeprefix("#")


def _plain(text: str) -> str:
    return _NOT_XML.sub("", text)


def _prepared(target: Any, sheet: Sheet) -> Any:
    """Set widths, locks and paper: a sheet that is written as it goes wants them first."""
    for index, column in enumerate(sheet.columns, 1):
        target.column_dimensions[get_column_letter(index)].width = column.width
        if column.asks:
            target.data_validations.append(_asked(column, sheet.span(index).rpartition("!")[2]))
    target.protection.sheet = not sheet.is_open
    target.protection.formatColumns = target.protection.formatRows = False
    target.freeze_panes = f"{get_column_letter(sheet.frozen_columns + 1)}{sheet.first}"
    target.print_title_rows = f"{sheet.first - 1}:{sheet.first - 1}"
    is_wide = sum(column.width for column in sheet.columns) > _PORTRAIT
    target.page_setup.orientation = "landscape" if is_wide else "portrait"
    target.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    target.page_setup.fitToHeight, target.sheet_properties.pageSetUpPr.fitToPage = 0, True
    if sheet.rows:
        _rule(target, sheet)
    target.oddFooter.left.text = _plain(" · ".join(sheet.title)[:120]).replace("&", "&&")
    target.oddFooter.right.text = "&P / &N"
    return target


def _rule(target: Any, sheet: Sheet) -> None:
    """Draw a rule under each row at once: as styles of cells it would have to be written empty."""
    under = DifferentialStyle(border=Border(bottom=Side("thin", color="D8DDE2")))
    rule = Rule("expression", formula=["TRUE"], dxf=under)
    last = f"{get_column_letter(len(sheet.columns))}{sheet.first + len(sheet.rows) - 1}"
    target.conditional_formatting.add(f"A{sheet.first}:{last}", rule)


def _asked(column: Column, cells: str) -> DataValidation:
    """What the cells accept, and the sentence that is shown beside them."""
    if column.choices:
        asked = DataValidation("list", column.choices, sqref=cells)
    elif column.number_format == DATE:
        # Day 1 of spreadsheets: anything that is a date.
        asked = DataValidation("date", "1", operator="greaterThanOrEqual", sqref=cells)
    elif column.number_format == TEXT:
        asked = DataValidation(sqref=cells)
    else:
        asked = DataValidation("decimal", "0", operator="greaterThanOrEqual", sqref=cells)
    asked.allowBlank = asked.showInputMessage = asked.showErrorMessage = True
    asked.prompt = asked.error = column.asks[:255]
    return asked


def _fill(target: Any, sheet: Sheet) -> None:
    widths = [column.width for column in sheet.columns]
    for number, (looks, row) in enumerate(_rows(target, sheet), 1):
        # What opens or prints the file does not always find the height of wrapped text itself.
        lines = max(map(_lines, row, widths)) if number >= sheet.first - 1 else 1
        if lines > 1 or number == 1:
            target.row_dimensions[number].height = _LINE * max(lines, 1.4)
        # One by one: the same cell is filled and written again and again, because styling a new
        # one each time would cost most of the time that a long sheet takes.
        target.append(look.filled(value) for look, value in zip(looks, row, strict=True))
        target.row_dimensions.pop(number, None)


def _lines(value: Cell, width: int) -> int:
    """Estimate how many lines a text takes in a column; figures take one."""
    text = value.value if isinstance(value, Wrong) else value
    if not isinstance(text, str) or (len(text) < width and "\n" not in text):
        return 1
    return sum(-(-len(part) // (width - 3)) or 1 for part in text.split("\n"))


def _rows(target: Any, sheet: Sheet) -> Iterator[tuple[Sequence["_Look"], Sequence[Cell]]]:
    for position, line in enumerate(sheet.title):
        font = _font(_rgb("accent"), is_bold=not position, size=11 if position else 15)
        yield [_Look(target, {"font": font})], [line]
    yield [], []
    heading, body = cache(partial(_heading, target)), cache(partial(_body, target))
    looks = [heading(one.colour, one.number_format == TEXT) for one in sheet.columns]
    yield looks, [one.heading for one in sheet.columns]
    for rows, are_totals in ((sheet.rows, False), (sheet.totals, True)):
        looks = [
            body(one.number_format, one.is_strong or are_totals, bool(one.asks), are_totals)
            for one in sheet.columns
        ]
        yield from ((looks, row) for row in rows)


class _Cell(SheetCell):
    __slots__ = ()

    def __repr__(self) -> str:
        """Be brief: openpyxl names each cell in an exception that it drops, a tenth of its time."""
        return ""


@dataclass
class _Look:
    """How some cells look, and the one cell that is filled and written again for each of them."""

    target: Any
    styles: dict[str, object]
    shows_empty: bool = False

    @cached_property
    def plain(self) -> Any:
        """The cell for what is what it seems."""
        cell = _Cell(self.target, row=1, column=1)
        for name, style in self.styles.items():
            setattr(cell, name, style)
        return cell

    @cached_property
    def as_text(self) -> Any:
        """The cell that also tells the spreadsheet that what it holds is text."""
        cell = _Look(self.target, self.styles).plain
        cell.quotePrefix = True
        return cell

    @cached_property
    def wrong(self) -> "_Look":
        """The look of what is to be corrected."""
        red = {
            "fill": PatternFill("solid", fgColor="F6B8B3"),
            "font": _font("8C1D18", is_bold=True),
            # All digits are seen: there may be too many of them.
            "number_format": DATE if self.styles["number_format"] == DATE else TEXT,
        }
        return _Look(self.target, {**self.styles, **red}, shows_empty=True)

    def filled(self, value: Cell) -> Any:
        """Fill a cell: the one guard between what people typed and what a spreadsheet executes."""
        if isinstance(value, Wrong):
            return self.wrong.filled(value.value)
        if value is None and not self.shows_empty:
            return None
        if not isinstance(value, str):
            self.plain.value = f"={value.text}" if isinstance(value, Formula) else value
            return self.plain
        text = _plain(value)
        cell = self.as_text if text.startswith(_RISKY) else self.plain
        cell.value = text or None
        # openpyxl takes "=…" for a formula and "#N/A" for an error, whoever typed it.
        cell.data_type = "s" if text else "n"
        return cell


def _font(colour: str = "1B2430", *, is_bold: bool = False, size: int = 11) -> Font:
    return Font("Calibri", size, b=is_bold, color=colour)


def _heading(target: Any, colour: str, is_text: bool) -> _Look:
    styles: dict[str, object] = {
        "font": _font("FFFFFF", is_bold=True),
        "fill": PatternFill("solid", fgColor=_rgb(colour)),
        "alignment": Alignment("left" if is_text else "right", "center", wrap_text=True, indent=1),
    }
    return _Look(target, styles)


def _body(target: Any, number_format: str, is_bold: bool, is_asked: bool, is_total: bool) -> _Look:
    is_text = number_format == TEXT
    styles: dict[str, object] = {
        "font": _font(is_bold=is_bold),
        "number_format": number_format,
        "alignment": Alignment("left" if is_text else "right", "top", wrap_text=is_text, indent=1),
    }
    if is_total:
        styles["border"] = Border(top=Side("thin", color="1B2430"))
    elif is_asked:
        styles["fill"] = PatternFill("solid", fgColor="FCF1D6")
        styles["protection"] = Protection(locked=False)
    return _Look(target, styles, shows_empty=is_total or is_asked)
