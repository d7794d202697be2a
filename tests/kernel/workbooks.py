"""Makers of workbooks: a good one, and the bad ones that people and their enemies send."""

import random
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.worksheet.worksheet import Worksheet

from procurement.kernel.intake import Table

SHEET, REFERENCES = "Besoins", "Références"
HEADINGS = ("Code", "Désignation", "Quantité", "Prix", "Date")
TABLE = Table(SHEET, HEADINGS, 3, most_rows=100)
ROWS = (
    ("VID-001", "Caméra dôme", 12, 249.9, date(2027, 3, 1)),
    ("VID-002", "  Mât & <crosse>\n6 m", 1.5, "1 234,56", "01/03/2027"),
    ("VID-003", "Ordinateur é€😀", "douze", None, None),
)
PLACE = "xl/worksheets/sheet1.xml"
Change = bytes | Callable[[bytes], bytes] | None


def book(rows: Iterable[Sequence[Any]] = ROWS, headings: Sequence[Any] = HEADINGS) -> Workbook:
    """Make the good workbook: a title, an empty row, the headings, the rows; the references."""
    made = Workbook()
    sheet = made.active
    assert isinstance(sheet, Worksheet)
    sheet.title = SHEET
    for row in (["Vos besoins"], [], headings, *rows):
        sheet.append(list(row))
    references = made.create_sheet(REFERENCES)
    references.append(["campagne", 7])
    references.append(["version", "a1b2"])
    return made


def saved(made: Workbook) -> bytes:
    """Give the bytes of a workbook."""
    out = BytesIO()
    made.save(out)
    return out.getvalue()


def good() -> bytes:
    """Give the bytes of the good workbook."""
    return saved(book())


def edited(change: Callable[[Any], object], rows: Iterable[Sequence[Any]] = ROWS) -> bytes:
    """Give the good workbook after a change of its first sheet."""
    made = book(rows)
    change(made.active)
    return saved(made)


def rezipped(
    content: bytes, changes: Mapping[str, Change], *, method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """Change parts of an archive: other bytes, a function of the bytes, or None to drop it."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(out, "w", method) as new:
        parts: dict[str, bytes] = {name: old.read(name) for name in old.namelist()}
        for name, change in changes.items():
            if callable(change):
                parts[name] = change(parts[name])
            elif change is None:
                del parts[name]
            else:
                parts[name] = change
        for name, part in parts.items():
            new.writestr(name, part)
    return out.getvalue()


def swapped(place: str, old: bytes, new: bytes, content: bytes | None = None) -> bytes:
    """Replace some bytes of a part of the good workbook. They must be there."""

    def change(part: bytes) -> bytes:
        assert old in part, part[:2000]
        return part.replace(old, new, 1)

    return rezipped(content or good(), {place: change})


def with_type(kind: str, part: str = "/xl/added.bin") -> Change:
    """Declare one more part among the content types."""
    line = f'<Override PartName="{part}" ContentType="{kind}"/></Types>'.encode()
    return lambda types: types.replace(b"</Types>", line)


def with_relation(kind: str, target: str, mode: str = "External") -> Change:
    """Point at one more part, or out of the workbook."""
    line = (
        f'<Relationship Id="rIdX" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        f'relationships/{kind}" Target="{target}" TargetMode="{mode}"/></Relationships>'
    ).encode()
    return lambda part: part.replace(b"</Relationships>", line)


def with_cells(cells: bytes) -> bytes:
    """Put cells, as XML, into a row below those of the table."""
    return swapped(PLACE, b"</sheetData>", b'<row r="7">' + cells + b"</row></sheetData>")


def long(rows: int, dimension: bytes | None = None) -> bytes:
    """Make a table of many rows, with a dimension that may lie."""
    cells = b"".join(
        b'<row r="%d"><c r="A%d" t="n"><v>1</v></c><c r="C%d"><v>2</v></c></row>' % (row, row, row)
        for row in range(7, rows + 4)
    )
    content = swapped(PLACE, b"</sheetData>", cells + b"</sheetData>")
    return swapped(PLACE, b'ref="A1:E6"', b'ref="' + (dimension or b"A1:E6") + b'"', content)


def ole(*names: str) -> bytes:
    """Make the beginning of a file of the old Office, with these streams."""
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    return header + b"".join(name.encode("utf-16-le").ljust(64, b"\0") for name in names)


def archive(parts: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Make an archive of these parts, in this order."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, part in parts.items():
            made.writestr(name, part)
    return out.getvalue()


def office(main: str, kind: str, extra: Mapping[str, bytes] | None = None) -> bytes:
    """Make the least of an Office file: what it says of itself, and its main part."""
    types = (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/{main}" ContentType="{kind}"/></Types>'
    )
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="a" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        f'relationships/officeDocument" Target="{main}"/></Relationships>'
    )
    parts = {"[Content_Types].xml": types.encode(), "_rels/.rels": relations.encode()}
    return archive({**parts, main: b"<main/>", **(extra or {})})


def word_file(extra: Mapping[str, bytes] | None = None) -> bytes:
    """Make the least of a Word file."""
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    return office("word/document.xml", kind, extra)


def open_document(kind: str, extra: Mapping[str, bytes] | None = None) -> bytes:
    """Make the least of an OpenDocument file: ``kind`` is "text" or "spreadsheet"."""
    mimetype = f"application/vnd.oasis.opendocument.{kind}".encode()
    parts = {"mimetype": mimetype, "content.xml": b"<content/>", **(extra or {})}
    return archive(parts, method=zipfile.ZIP_STORED)


def encrypted() -> bytes:
    """Make an archive whose parts say that they are encrypted."""
    content = bytearray(good())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = content.find(signature)
        while position >= 0:
            content[position + offset] |= 1
            position = content.find(signature, position + 4)
    return bytes(content)


def doubled() -> bytes:
    """Make a workbook with the sheet twice, the second time with other figures."""
    content = BytesIO(good())
    with zipfile.ZipFile(content, "a") as made, pytest.warns(UserWarning, match="Duplicate"):
        made.writestr(PLACE, b"<worksheet><sheetData></sheetData></worksheet>")
    return content.getvalue()


def overlapping() -> bytes:
    """Make a workbook whose last part lies upon the first."""
    content = bytearray(good())
    last = content.rfind(b"PK\x01\x02")
    content[last + 42 : last + 46] = bytes(4)
    return bytes(content)


def bomb(mebibytes: int) -> bytes:
    """Make a workbook whose sheet is a few kilobytes and unfolds to very many."""
    zeros = b'<row r="7"></row>' * (1024 * 1024 // 17) * mebibytes
    return swapped(PLACE, b"</sheetData>", zeros + b"</sheetData>")


def stretched(mebibytes: int) -> bytes:
    """Make a workbook whose sheet unfolds to very many mebibytes of cells in the same rows."""
    chance = random.Random(1)
    rows = b"".join(
        b'<row r="7"><c r="A7"><v>%d</v></c></row>' % chance.randrange(10) for _row in range(20_000)
    )
    many = rows * (mebibytes * 1024 * 1024 // len(rows))
    return swapped(PLACE, b"</sheetData>", many + b"</sheetData>")


def lying(size: int) -> bytes:
    """Make a workbook whose sheet says that it unfolds to ``size`` bytes, and unfolds to more."""
    content = bytearray(long(50_000))
    with zipfile.ZipFile(BytesIO(content)) as whole:
        entry = whole.getinfo(PLACE)
    true = entry.file_size.to_bytes(4, "little")
    said = size.to_bytes(4, "little")
    return bytes(content.replace(true, said))


def with_strings(cells: bytes, strings: bytes) -> bytes:
    """Put rows of cells below the table, and the texts that they share into their part."""
    return rezipped(
        swapped(PLACE, b"</sheetData>", cells + b"</sheetData>"),
        {
            "xl/sharedStrings.xml": strings,
            "xl/_rels/workbook.xml.rels": with_relation(
                "sharedStrings", "sharedStrings.xml", "Internal"
            ),
        },
    )


def amplified() -> bytes:
    """Make a workbook that shows one long text in each of many cells."""
    rows = b"".join(
        b'<row r="%d"><c r="A%d" t="s"><v>1</v></c></row>' % (row, row) for row in range(7, 100)
    )
    long = b"x" * 1_000_000
    return with_strings(rows, b"<sst><si><t>a</t></si><si><t>" + long + b"</t></si></sst>")


def commented() -> bytes:
    """Make the good workbook with a comment, an address to click on and a picture of nothing."""

    def change(sheet: Worksheet) -> None:
        sheet["B4"].comment = Comment("à vérifier", "Ana")
        sheet["B5"].hyperlink = "https://www.exemple.fr/a?b=c"
        sheet["B5"].value = ROWS[1][1]
        sheet.freeze_panes = "A4"
        sheet.auto_filter.ref = "A3:E6"

    return edited(change)
