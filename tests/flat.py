"""A flat OpenDocument spreadsheet edited cell by cell, as a person would in LibreOffice."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

from lxml import etree

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_ROWS, _COLUMNS = f"{_TABLE}number-rows-repeated", f"{_TABLE}number-columns-repeated"


class FlatSheet:
    """One sheet of a .fods file. Rows and columns count from 1."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._document = etree.parse(path, etree.XMLParser(huge_tree=True))
        tables = self._document.iter(f"{_TABLE}table")
        self._table = next(one for one in tables if one.get(f"{_TABLE}name") == name)

    def put(self, row: int, column: int, value: str | int | float | date | None) -> None:
        """Type a value into a cell; None empties it."""
        cell = _one(self._row(row), f"{_TABLE}table-cell", column, _COLUMNS)
        _empty(cell)
        if value is None:
            return
        kind = (
            "string" if isinstance(value, str) else "date" if isinstance(value, date) else "float"
        )
        cell.set(f"{_OFFICE}value-type", kind)
        if kind != "string":
            cell.set(f"{_OFFICE}date-value" if kind == "date" else f"{_OFFICE}value", str(value))
        etree.SubElement(cell, f"{_TEXT}p").text = str(value)

    def remove(self, row: int) -> None:
        """Delete a row; those below move up."""
        gone = self._row(row)
        gone.getparent().remove(gone)

    def save(self) -> None:
        """Write the file without the results of its formulas, which are of what was before."""
        for cell in self._document.iter(f"{_TABLE}table-cell"):
            if cell.get(f"{_TABLE}formula"):
                _empty(cell)
        self._document.write(self._path, encoding="UTF-8", xml_declaration=True)

    def _row(self, number: int) -> Any:
        return _one(self._table, f"{_TABLE}table-row", number, _ROWS)


def _empty(cell: Any) -> None:
    """Take away what a cell shows, and leave its formula if it has one."""
    for name in [one for one in cell.attrib if one.startswith((_OFFICE, _CALC))]:
        del cell.attrib[name]
    for inner in list(cell):
        cell.remove(inner)


def _one(parent: Any, kind: str, number: int, repeated: str) -> Any:
    """Give the row or the cell of this number, taken out of the ones that it is repeated with."""
    last = 0
    for element in _of_kind(parent, kind):
        count = int(element.get(repeated, "1"))
        last += count
        if last < number:
            continue
        before, after = number - (last - count) - 1, last - number
        for left, add in ((before, element.addprevious), (after, element.addnext)):
            if left:
                twin = deepcopy(element)
                twin.set(repeated, str(left))
                add(twin)
        element.attrib.pop(repeated, None)
        return element
    raise LookupError(number)


def _of_kind(parent: Any, kind: str) -> Iterator[Any]:
    """Rows stand in groups too, such as those that are repeated on each printed page."""
    return iter(list(parent.iter(kind)))
