"""Rows to .xlsx: the domain gives headings, rows and formats; this module makes the file.

One place decides what may become a formula: a :class:`Formula` of ours, and nothing else.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.workbook.properties import CalcProperties
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from procurement.kernel.charts import COLOURS

MIME_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
TEXT, WHOLE, THOUSANDTHS = "General", "#,##0", "#,##0.000"
AMOUNT, PRICE, PERCENT = "#,##0.00", "#,##0.00##", '0.0#" %"'
#: Widest table, in characters, that reads well on an upright page.
_PORTRAIT = 95
#: What a spreadsheet takes for the start of a formula when it reads text again.
_RISKY = ("=", "+", "-", "@", "\t", "\r")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula of ours, with English function names and without its equals sign."""

    text: str


Cell = str | int | Decimal | Formula | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``width`` counts characters; ``colour`` names one of ``COLOURS``."""

    heading: str
    width: int = 12
    number_format: str = TEXT
    colour: str = "accent"
    is_strong: bool = False
    #: What the reader is to type, said beside the cell: zero or more. Empty locks the column.
    asks: str = ""


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
            cells = sheet.span(index).rpartition("!")[2]
            rule = DataValidation("decimal", "0", operator="greaterThanOrEqual", sqref=cells)
            rule.allowBlank = rule.showInputMessage = rule.showErrorMessage = True
            rule.prompt = rule.error = column.asks[:255]
            target.data_validations.append(rule)
    target.protection.sheet = True
    target.protection.formatColumns = target.protection.formatRows = False
    target.freeze_panes = f"{get_column_letter(sheet.frozen_columns + 1)}{sheet.first}"
    target.print_title_rows = f"{sheet.first - 1}:{sheet.first - 1}"
    is_wide = sum(column.width for column in sheet.columns) > _PORTRAIT
    target.page_setup.orientation = "landscape" if is_wide else "portrait"
    target.page_setup.paperSize = Worksheet.PAPERSIZE_A4
    target.page_setup.fitToHeight, target.sheet_properties.pageSetUpPr.fitToPage = 0, True
    target.oddFooter.left.text = _plain(" · ".join(sheet.title)[:120]).replace("&", "&&")
    target.oddFooter.right.text = "&P / &N"
    return target


def _fill(target: Any, sheet: Sheet) -> None:
    for position, line in enumerate(sheet.title):
        font = Font(size=11 if position else 15, bold=not position, color=_rgb("accent"))
        target.append([_filled(_pair(target, font=font), line)])
    target.append([])
    target.append([_filled(_heading(target, one), one.heading) for one in sheet.columns])
    # One pair of cells for each column serves all its rows: styling each anew would cost most of
    # the time that a long sheet takes.
    for rows, are_totals in ((sheet.rows, False), (sheet.totals, True)):
        pairs = [_body(target, column, are_totals) for column in sheet.columns]
        for row in rows:
            target.append([_filled(pair, value) for pair, value in zip(pairs, row, strict=True)])


def _pair(target: Any, **styles: object) -> tuple[Any, Any]:
    """Make a cell for plain values, and one that also says that what it holds is text."""
    pair = WriteOnlyCell(target), WriteOnlyCell(target)
    for cell in pair:
        for name, style in styles.items():
            setattr(cell, name, style)
    pair[1].quotePrefix = True
    return pair


def _heading(target: Any, column: Column) -> tuple[Any, Any]:
    fill = PatternFill("solid", fgColor=_rgb(column.colour))
    alignment = Alignment(wrap_text=True, vertical="center")
    return _pair(target, font=Font(bold=True, color="FFFFFF"), fill=fill, alignment=alignment)


def _body(target: Any, column: Column, is_total: bool) -> tuple[Any, Any]:
    is_open = bool(column.asks) and not is_total
    top = Side("thin", color="1B2430") if is_total else None
    return _pair(
        target,
        font=Font(bold=is_total or column.is_strong),
        number_format=column.number_format,
        alignment=Alignment(wrap_text=column.number_format == TEXT, vertical="top"),
        border=Border(top=top, bottom=Side("hair", color="7D8794")),
        fill=PatternFill("solid", fgColor="FCF1D6") if is_open else PatternFill(),
        protection=Protection(locked=not is_open),
    )


def _filled(pair: tuple[Any, Any], value: Cell) -> Any:
    """Fill a cell: the one guard between what people typed and what a spreadsheet executes."""
    if not isinstance(value, str):
        pair[0].value = f"={value.text}" if isinstance(value, Formula) else value
        return pair[0]
    text = _plain(value)
    cell = pair[text.startswith(_RISKY)]
    cell.value = text or None
    # openpyxl takes "=…" for a formula and "#N/A" for an error, whoever typed it.
    cell.data_type = "s" if text else "n"
    return cell
