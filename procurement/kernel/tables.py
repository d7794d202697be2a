"""A table of a workbook: its columns, its rows, and how formulas name its cells."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from openpyxl.utils import get_column_letter, quote_sheetname

from procurement.kernel.cells import TEXT, Cell


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


class Rows(Protocol):
    """The rows of a table, in memory or not, and how many there are."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Sequence[Cell]]: ...


@dataclass(frozen=True, slots=True)
class Streamed:
    """Rows that are read while they are written: there may be more than memory holds."""

    count: int
    rows: Iterable[Sequence[Cell]]

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Sequence[Cell]]:
        """Give the rows. Raises LookupError when there are more or fewer: formulas count on it."""
        found = 0
        for row in self.rows:
            found += 1
            yield row
        if found != self.count:
            raise LookupError(f"{found} rows were read where {self.count} were counted")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: title lines, a blank line, headings, rows, totals.

    ``name`` has at most 31 characters, no brackets, colon, slash, star or question mark:
    spreadsheets accept no other.
    """

    name: str
    title: Sequence[str]
    columns: Sequence[Column]
    rows: Rows
    totals: Sequence[Sequence[Cell]] = ()
    frozen_columns: int = 0
    #: Whether people may add, remove and sort rows: then nothing of it is locked.
    is_open: bool = False
    #: Whether people may narrow the rows by what the columns hold.
    is_filtered: bool = False

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
