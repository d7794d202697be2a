"""The cells of our workbooks: what one may hold, how it looks, and how it is written.

One place decides what may become a formula: a :class:`Formula` of ours, and nothing else.
"""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from html import escape
from typing import Any

from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side

from procurement.kernel.charts import COLOURS

TEXT, WHOLE, THOUSANDTHS = "General", "#,##0", "#,##0.000"
AMOUNT, PRICE, PERCENT = "#,##0.00", "#,##0.00##", '0.0#" %"'
QUANTITY, DATE = "General;-General", "dd/mm/yyyy"
#: What a spreadsheet takes for the start of a formula when it reads text again.
_RISKY = ("=", "+", "-", "@", "\t", "\r")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: What spreadsheets would read as a character written by its number: _x0041_ as A.
_NUMBERED = re.compile("_(?=x[0-9A-Fa-f]+_)")
#: Characters that spreadsheets take in one cell.
_LONGEST = 32767
#: What spreadsheets count days from, since a leap day of 1900 that there never was.
_DAY_0 = date(1899, 12, 30)


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


class Look:
    """How some cells of a sheet look, and how they are written.

    openpyxl would take each cell through so many steps that a long sheet took four times as long.
    """

    def __init__(self, sheet: Any, styles: dict[str, object], *, shows_empty: bool = False) -> None:
        self._sheet, self._styles, self._shows_empty = sheet, styles, shows_empty

    def written(self, place: str, value: Cell) -> str:
        """Write a cell: the one guard between what people typed and what a spreadsheet executes.

        ``place`` is its name, such as A1. Nothing is written for an empty cell without a look.
        """
        if isinstance(value, str):
            return self._text(place, value)
        if value is None:
            return f'<c r="{place}" s="{self._plain}"/>' if self._shows_empty else ""
        if isinstance(value, Formula):
            return f'<c r="{place}" s="{self._plain}"><f>{_escaped(value.text)}</f></c>'
        if isinstance(value, Wrong):
            return self._wrong.written(place, value.value)
        number = (value - _DAY_0).days if isinstance(value, date) else value
        return f'<c r="{place}" s="{self._plain}"><v>{number}</v></c>'

    def _text(self, place: str, text: str) -> str:
        held = plain(text)[:_LONGEST]
        if not held:
            return self.written(place, None)
        style = self._as_text if held.startswith(_RISKY) else self._plain
        return (
            f'<c r="{place}" s="{style}" t="inlineStr">'
            f'<is><t xml:space="preserve">{_escaped(held)}</t></is></c>'
        )

    def _style(self, **more: object) -> int:
        cell = WriteOnlyCell(self._sheet)
        for name, style in {**self._styles, **more}.items():
            setattr(cell, name, style)
        return int(cell.style_id)

    @cached_property
    def _plain(self) -> int:
        """The style of what is what it seems."""
        return self._style()

    @cached_property
    def _as_text(self) -> int:
        """The style that also tells the spreadsheet that what the cell holds is text."""
        return self._style(quotePrefix=True)

    @cached_property
    def _wrong(self) -> "Look":
        """The look of what is to be corrected."""
        red = {
            "fill": PatternFill("solid", fgColor="F6B8B3"),
            "font": _font("8C1D18", is_bold=True),
            # All digits are seen: there may be too many of them.
            "number_format": DATE if self._styles["number_format"] == DATE else TEXT,
        }
        return Look(self._sheet, {**self._styles, **red}, shows_empty=True)


def plain(text: str) -> str:
    """Leave out the characters that no workbook may hold."""
    # Nearly every text is printable, which is much faster to see.
    return text if text.isprintable() else _NOT_XML.sub("", text)


def rgb(colour: str) -> str:
    """Six digits of one of ``COLOURS``."""
    return COLOURS[colour].removeprefix("#")


def title(sheet: Any, *, is_first: bool) -> Look:
    """How the lines above a table look."""
    return Look(
        sheet, {"font": _font(rgb("accent"), is_bold=is_first, size=15 if is_first else 11)}
    )


def heading(sheet: Any, colour: str, *, is_text: bool) -> Look:
    """How the heading of a column looks."""
    styles: dict[str, object] = {
        "font": _font("FFFFFF", is_bold=True),
        "fill": PatternFill("solid", fgColor=rgb(colour)),
        "alignment": Alignment("left" if is_text else "right", "center", wrap_text=True, indent=1),
    }
    return Look(sheet, styles)


def body(
    sheet: Any, number_format: str, *, is_strong: bool, is_asked: bool, is_total: bool
) -> Look:
    """How the cells of a column look: unlocked and coloured where people are asked to type."""
    is_text = number_format == TEXT
    styles: dict[str, object] = {
        "font": _font(is_bold=is_strong or is_total),
        "number_format": number_format,
        # Printing, LibreOffice forgets the indent of some figures: they would not stand in line.
        "alignment": Alignment("left", "top", wrap_text=True, indent=1)
        if is_text
        else Alignment("right", "top"),
    }
    if is_total:
        styles["border"] = Border(top=Side("thin", color="1B2430"))
    elif is_asked:
        styles["fill"] = PatternFill("solid", fgColor="FCF1D6")
        styles["protection"] = Protection(locked=False)
    return Look(sheet, styles, shows_empty=is_total or is_asked)


def _escaped(text: str) -> str:
    shown = escape(text, quote=False)
    if "_x" in shown:
        shown = _NUMBERED.sub("_x005F_", shown)
    # Whoever reads XML takes a bare carriage return for the end of a line.
    return shown.replace("\r", "&#13;") if "\r" in shown else shown


def _font(colour: str = "1B2430", *, is_bold: bool = False, size: int = 11) -> Font:
    return Font("Calibri", size, b=is_bold, color=colour)
