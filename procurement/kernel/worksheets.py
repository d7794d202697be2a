"""The cells of a sheet as the workbook writes them: searched, and nothing strange let through.

A library makes a table as large as the farthest cell that a sheet names, and reads a formula's
remembered result as if it had been typed. So each sheet is searched first, byte by byte, and what
is no plain cell within the bounds of its table is a fault.
"""

import re
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import NamedTuple

from flask_babel import lazy_gettext as _

#: A table lies within columns A to Z.
MOST_COLUMNS = 26
#: A sentence for each of the first faults of a kind: the others are mended in the same way.
MOST_FAULTS = 5
#: Tags in an order of their own that are looked at one by one.
_MOST_UNUSUAL = 1_000_000
#: The shortest cell that holds something.
_CELL = len('<c r="A1"><v>1</v></c>')

ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_OPENING = re.compile(rb"<sheetData(?:\s[^<>]*)?(/?)>")
_MERGED = re.compile(rb'<mergeCell\s[^<>]*?ref="(([A-Z]{1,3})(\d{1,7})(?::[A-Z]{1,3}(\d{1,7}))?)"')
_TAG = re.compile(rb"<([^\s<>/]+)([^<>]*)>(</c>)?")
_ATTRIBUTES = re.compile(rb'(?:\s+[a-zA-Z:]+="[^"<>]*")*\s*/?')
_ATTRIBUTE = re.compile(rb'([a-zA-Z:]+)="([^"<>]*)"')
_PLACE = re.compile(rb"([A-Z]{1,3})(\d{1,7})")
_CELL_PLACE = re.compile(rb'<c\s[^<>]*?r="([A-Z]{1,3})(\d{1,7})"')
#: What may stand in the text of a cell: its looks, and how it is pronounced.
_IN_TEXT = frozenset(
    b"b charset color condense extend family i is outline phoneticPr r rFont rPh rPr row scheme "
    b"shadow strike sz t u v vertAlign".split()
)


class Fault(NamedTuple):
    """What is wrong with a workbook, and where: nowhere in particular when it is the file."""

    sentence: object
    sheet: str | None = None
    row: int | None = None
    column: str | None = None


class _Place(NamedTuple):
    column: str
    row: int

    def __str__(self) -> str:
        return f"{self.column}{self.row}"


@cache
def _unusual(last_row: int) -> re.Pattern[bytes]:
    """Find the tags that are no plain cell down to ``last_row``, or to less than twice as far.

    Nothing may come before the place of a cell: so one quick pass tells where all of them stand.
    """
    digits = str(last_row)
    # Possessive quantifiers throughout: nothing here is worth a second try.
    row = rb"[1-%s]?+\d{0,%d}+" % (digits[0].encode(), len(digits) - 1)
    look = rb'(?: s="\d{1,5}+")?+'
    kind = rb'(?: t="[bdins][A-Za-z]{0,8}+")?+'
    return re.compile(
        rb'<(?!/[^s]|v>|is>|t>|c r="(?:[A-Z]%b"%b%b/?+>|[A-Z]{1,3}+\d{1,7}+"%b%b(?:/>|></c>))|row |'
        rb't xml:space="preserve">)' % (row, look, kind, look, kind)
    )


@dataclass
class Worksheet:
    """One sheet under search. No row below ``last_row`` may hold anything.

    ``heading_row`` is 0 in a sheet that holds no table. ``is_cut`` tells that ``content`` is but
    the beginning.
    """

    name: str
    content: bytearray
    heading_row: int
    last_row: int
    is_cut: bool = False
    faults: list[Fault] = field(default_factory=list)
    _start: int = 0
    _end: int = 0

    def is_plain(self) -> bool:
        """Search the sheet; tell whether :attr:`cells` may be read, else the faults say why not."""
        opening = _OPENING.search(self.content)
        if opening is None:
            self._add(self._strange())
            return False
        self._start = self._end = opening.end()
        if not opening[1]:
            self._search_cells()
        if not self.faults:
            self._search_merged()
        if ENTITIES.search(self.content, 0, self._start) or ENTITIES.search(
            self.content, self._end
        ):
            self._add(entities(self.name))
        return not self.faults

    @property
    def cells(self) -> memoryview:
        """Give what stands between the opening of the cells and their end."""
        return memoryview(self.content)[self._start : self._end]

    def _add(self, sentence: object, place: _Place | None = None) -> None:
        row, column = (place.row, place.column) if place else (None, None)
        self.faults.append(Fault(sentence, self.name, row, column))

    def _strange(self) -> object:
        return _(
            "Sheet %(sheet)s is not written as Excel or LibreOffice do. "
            "Open the workbook in one of them, save it and send it again.",
            sheet=self.name,
        )

    def _search_cells(self) -> None:
        """Look at each tag that is not usual, until the end of the cells.

        The search stops at the first fault that all further cells might repeat.
        """
        for count, one in enumerate(_unusual(self.last_row).finditer(self.content, self._start)):
            self._end = one.start()
            if self.content.startswith(b"</sheetData", self._end):
                break
            if count > _MOST_UNUSUAL or not self._is_tolerated(self._end):
                return
        else:
            self._add(too_large(self.name) if self.is_cut else self._strange())
            return
        most = self.last_row * MOST_COLUMNS
        # Cells that stand in the same place can be many more than the table has.
        if self._end - self._start > most * _CELL and self.content.count(b"<c ") > 2 * most:
            self._add(self._strange())

    def _is_tolerated(self, position: int) -> bool:
        """Tell whether the search goes on after the tag at ``position``."""
        tag = _TAG.match(self.content, position)
        name = tag[1] if tag else b""
        if tag and name == b"c":
            return self._is_cell(tag[2], is_empty=tag[2].endswith(b"/") or bool(tag[3]))
        place = self._cell_around(position)
        if name == b"f":
            self._add(
                _(
                    "Cell %(cell)s of sheet %(sheet)s holds a formula: "
                    "replace it by the value that it shows.",
                    cell=str(place or ""),
                    sheet=self.name,
                ),
                place,
            )
            return len(self.faults) < MOST_FAULTS
        if name not in _IN_TEXT:
            self._add(self._strange(), place)
        return name in _IN_TEXT

    def _is_cell(self, attributes: bytes, *, is_empty: bool) -> bool:
        """Tell whether the search goes on after a cell that is unusual at first sight."""
        given = _ATTRIBUTE.findall(attributes)
        values = dict(given)
        placed = _PLACE.fullmatch(values.get(b"r", b""))
        if not placed or len(values) < len(given) or not _ATTRIBUTES.fullmatch(attributes):
            self._add(self._strange())
            return False
        place = _Place(placed[1].decode(), int(placed[2]))
        if is_empty:
            return True
        if place.row > self.last_row:
            row, most = max(place.row, self._last_row()), self.last_row - self.heading_row
            self._add(too_long(self.name, row, most), place)
        elif len(place.column) > 1:
            self._add(
                _(
                    "Cell %(cell)s of sheet %(sheet)s is beside the table: empty its column.",
                    cell=str(place),
                    sheet=self.name,
                ),
                place,
            )
        elif values.get(b"t") == b"e":
            self._add(
                _(
                    "Cell %(cell)s of sheet %(sheet)s shows an error: replace it by a value.",
                    cell=str(place),
                    sheet=self.name,
                ),
                place,
            )
            return len(self.faults) < MOST_FAULTS
        else:
            return True
        return False

    def _cell_around(self, position: int) -> _Place | None:
        """Give the cell in which a tag stands, if it stands in one."""
        start = self.content.rfind(b"<c ", self._start, position)
        if start < 0 or self.content.find(b"</c>", start, position) >= 0:
            return None
        found = _CELL_PLACE.match(self.content, start)
        return _Place(found[1].decode(), int(found[2])) if found else None

    def _last_row(self) -> int:
        """Give the row of the last cell, which is the lowest as everybody writes them."""
        found = _CELL_PLACE.match(self.content, max(self.content.rfind(b"<c "), 0))
        return int(found[2]) if found else 0

    def _search_merged(self) -> None:
        """Find the first merged cells that reach into the table."""
        if not self.heading_row:
            return
        reaching = (
            one
            for one in _MERGED.finditer(self.content, self._end)
            if int(one[4] or one[3]) >= self.heading_row
        )
        for one in islice(reaching, MOST_FAULTS):
            self._add(
                _(
                    "Cells %(cells)s of sheet %(sheet)s are merged: unmerge them.",
                    cells=one[1].decode(),
                    sheet=self.name,
                ),
                _Place(one[2].decode(), int(one[3])),
            )


def entities(part: str) -> object:
    """Say that a part of a workbook declares entities."""
    return _(
        "Part %(part)s of this workbook declares entities, which no spreadsheet does. "
        "Open the workbook in Excel or LibreOffice, save it and send it again.",
        part=part,
    )


def too_large(part: str) -> object:
    """Say that a part of a workbook is longer than anybody typed."""
    return _(
        "Part %(part)s of this workbook is too large to be read. Keep only the lines of the table.",
        part=part,
    )


def too_long(sheet: str, row: int, most: int) -> object:
    """Say that something stands in a row below the last one of a table."""
    return _(
        "Sheet %(sheet)s goes down to row %(row)s: at most %(most)s rows are accepted.",
        sheet=sheet,
        row=row,
        most=most,
    )
