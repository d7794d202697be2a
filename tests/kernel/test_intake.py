"""Workbooks that people send: what is read of them, and the sentence for each bad one."""

import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from procurement.kernel import archives, intake, workbooks
from procurement.kernel.intake import Rows, Table, Unreadable, read, text_of, texts_of
from tests.databases import on_sqlite
from tests.kernel import workbooks as made
from tests.kernel.workbooks import HEADINGS, PLACE, SHEET, TABLE
from tests.libreoffice import LibreOffice

pytestmark = [on_sqlite, pytest.mark.usefixtures("english")]
REFERENCES = Table(made.REFERENCES)
GOOD = made.good()
Make = Callable[[], bytes]
ROWS: list[list[intake.Cell]] = [
    ["VID-001", "Caméra dôme", 12.0, 249.9, date(2027, 3, 1)],
    ["VID-002", "  Mât & <crosse>\n6 m", 1.5, "1 234,56", "01/03/2027"],
    ["VID-003", "Ordinateur é€😀", "douze", "", ""],
]


def refused(content: bytes, *tables: Table) -> tuple[intake.Fault, ...]:
    """Give what is wrong with a workbook."""
    with pytest.raises(Unreadable) as caught:
        read(content, *(tables or (TABLE,)))
    assert caught.value.code == "unreadable_workbook"
    assert caught.value.status == 409
    return caught.value.faults


def test_a_table_and_a_small_sheet_are_read_as_they_stand() -> None:
    table, references = read(GOOD, TABLE, REFERENCES)
    assert table == Rows([["Vos besoins", "", "", "", ""], [""] * 5], 4, ROWS)
    assert references == Rows([], 1, [["campagne", 7.0], ["version", "a1b2"]])


def test_a_workbook_saved_by_libreoffice_is_read_alike(
    libreoffice: LibreOffice, tmp_path: Path
) -> None:
    source = tmp_path / "besoins.xlsx"
    source.write_bytes(made.commented())
    saved = libreoffice.recalculate(source).read_bytes()
    (table,) = read(saved, TABLE)
    assert table.rows == ROWS
    source.write_bytes(GOOD)
    spreadsheet = libreoffice.convert(source, "ods").read_bytes()
    assert "OpenDocument format (.ods)" in str(refused(spreadsheet)[0].sentence)
    assert "old Excel format" in str(
        refused(libreoffice.convert(source, "xls").read_bytes())[0].sentence
    )


HARMLESS: dict[str, Make] = {
    "a comment, an address to click on, a filter": made.commented,
    "attributes of the rows, as Excel has them": lambda: made.swapped(
        PLACE, b'<row r="4"', b'<row r="4" spans="1:5" ht="15" x14ac:dyDescent="0.25"'
    ),
    "attributes of a cell in another order": lambda: made.swapped(
        PLACE, b'<c r="C4" t="n">', b'<c t="n" r="C4">'
    ),
    "empty cells far away": lambda: made.with_cells(b'<c r="XFD7" s="1"/><c s="0" r="BA7"></c>'),
    "an empty row far below": lambda: made.swapped(
        PLACE, b"</sheetData>", b'<row r="1048576" ht="12"></row></sheetData>'
    ),
    "a merged title": lambda: made.edited(lambda sheet: sheet.merge_cells("A1:E1")),
    "a note beside the table": lambda: made.edited(lambda sheet: sheet.cell(4, 8, "une note")),
    "a column of one's own": lambda: made.edited(lambda sheet: sheet.cell(3, 7, "Mes notes")),
    "a heading in capitals": lambda: made.edited(
        lambda sheet: sheet.cell(3, 2, " DÉSIGNATION\u00a0")
    ),
    "formulas in a sheet of one's own": lambda: made.edited(
        lambda sheet: sheet.parent.create_sheet("Calculs").append(["=1+1"])
    ),
    "parts that are not compressed": lambda: made.rezipped(GOOD, {}, method=zipfile.ZIP_STORED),
    "relations without an end": lambda: made.rezipped(
        GOOD, {"xl/_rels/other.xml.rels": b'<Relationship "' * 60_000}
    ),
    "a part in another encoding": lambda: made.rezipped(
        GOOD, {"customXml/item1.xml": "<?xml version='1.0'?><a/>".encode("utf-16")}
    ),
}


@pytest.mark.parametrize("make", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_does_no_harm_is_read(make: Make) -> None:
    (table,) = read(make(), TABLE)
    assert table.rows == ROWS


def test_texts_that_cells_share_are_read() -> None:
    rows = b'<row r="7"><c r="A7" t="s"><v>0</v></c><c r="B7" s="1" t="s"><v>2</v></c></row>'
    strings = (
        b'<?xml version="1.0"?><sst count="9" uniqueCount="99999999999999"><si><t>a&amp;b</t></si>'
        b"<si/><si><r><t>ri</t></r><r><rPr><b/></rPr><t>che</t></r></si></sst>"
    )
    (table,) = read(made.with_strings(rows, strings), TABLE)
    assert table.rows[3] == ["a&b", "riche", "", "", ""]


def test_columns_and_rows_that_are_empty_keep_their_place() -> None:
    table = Table("Feuil", ("A", "B", "C", "D"), 4, 10)
    book = Workbook()
    book.remove(book["Sheet"])
    sheet = book.create_sheet("Feuil")
    for cell, value in {"A4": "A", "B4": "B", "C4": "C", "D4": "D", "C6": 0, "A7": " "}.items():
        sheet[cell] = value
    sheet["D12"] = ""
    (rows,) = read(made.saved(book), table)
    assert rows == Rows([[""] * 4] * 3, 5, [[""] * 4, ["", "", 0.0, ""], [" ", "", "", ""]])
    (whole,) = read(made.saved(book), Table("Feuil"))
    assert whole.rows[3] == ["A", "B", "C", "D"]


def test_dates_are_counted_from_the_year_that_the_workbook_says() -> None:
    book = made.book()
    book.epoch = datetime(1904, 1, 1)  # noqa: DTZ001  # a spreadsheet's dates have no zone
    (table,) = read(made.saved(book), TABLE)
    assert table.rows[0][4] == date(2027, 3, 1)


def cell(kind: str, place: str) -> str:
    """Write the sentence of a cell as a test expects it."""
    return {
        "formula": f"Cell {place} of sheet Besoins holds a formula: replace it",
        "error": f"Cell {place} of sheet Besoins shows an error",
        "beside": f"Cell {place} of sheet Besoins is beside the table",
    }[kind]


STRANGE = "Sheet Besoins is not written as Excel or LibreOffice do."
NO_WORKBOOK = "This file is not an Excel workbook (.xlsx)."
DAMAGED = "This workbook is damaged or incomplete."
BOMB = "This workbook unfolds to far more than a table needs"
MACROS = "This workbook carries macros."
LINKED = "This workbook has links to other files or to data sources."
EMBEDDED = "This workbook has embedded objects or controls."
LOCKED = "This workbook is protected by a password."
LONG = "Sheet Besoins goes down to row %s: at most 100 rows are accepted."
TYPES, RELS, BOOK = "[Content_Types].xml", "xl/_rels/workbook.xml.rels", "xl/workbook.xml"
DOCTYPE = b'<!DOCTYPE a [<!ENTITY e "eeee">]><'
#: What it is: the bytes, the beginning of the sentence, the row, the column.
Case = tuple[Make, str, int | None, str | None]


def plain(make: Make, sentence: str) -> Case:
    """Name a fault that stands nowhere in particular."""
    return make, sentence, None, None


NOT_READ: dict[str, Case] = {
    "nothing": plain(lambda: b"", "This file is empty."),
    "a text": plain(lambda: b"code;quantit\xe9\nVID;2\n", NO_WORKBOOK),
    "a page": plain(lambda: b"<html><table><tr><td>2</td></tr></table></html>", NO_WORKBOOK),
    "a PDF": plain(lambda: b"%PDF-1.7\n%\xe2\xe3\n", NO_WORKBOOK),
    "any bytes": plain(lambda: bytes(range(256)) * 40, NO_WORKBOOK),
    "an archive of something else": plain(lambda: made.archive({"a.txt": b"a"}), NO_WORKBOOK),
    "a Word file": plain(made.word_file, NO_WORKBOOK),
    "an ODS": plain(
        lambda: made.open_document("spreadsheet"), "This file is in the OpenDocument format (.ods)."
    ),
    "an XLS": plain(
        lambda: made.ole("Root Entry", "Workbook"), "This file is in the old Excel format"
    ),
    "an older XLS": plain(
        lambda: made.ole("Root Entry", "Book"), "This file is in the old Excel format"
    ),
    "an XLSB": plain(
        lambda: made.office(
            "xl/workbook.bin", "application/vnd.ms-excel.sheet.binary.macroEnabled.main"
        ),
        "This file is in the binary Excel format",
    ),
    "another file of the old Office": plain(lambda: made.ole("WordDocument"), NO_WORKBOOK),
    "a password": plain(lambda: made.ole("EncryptedPackage"), LOCKED),
    "encrypted parts": plain(made.encrypted, LOCKED),
    "too many bytes": plain(
        lambda: GOOD + bytes(intake.LARGEST), "This file is too large: at most 10 MB."
    ),
    "half of it": plain(lambda: GOOD[: len(GOOD) // 2], DAMAGED),
    "without its end": plain(lambda: GOOD[:-30], DAMAGED),
    "without its beginning": plain(lambda: GOOD[100:], NO_WORKBOOK),
    "a wrong byte": plain(lambda: GOOD[:60] + b"\xff\xff" + GOOD[62:], DAMAGED),
    "an unknown compression": plain(
        lambda: made.rezipped(GOOD, {}, method=zipfile.ZIP_LZMA), DAMAGED
    ),
    "a part twice": plain(made.doubled, DAMAGED),
    "a part twice in another case": plain(
        lambda: made.rezipped(GOOD, {"XL\\Worksheets/Sheet1.xml": b"<a/>"}), DAMAGED
    ),
    "a broken list of sheets": plain(lambda: made.swapped(BOOK, b"</workbook>", b""), DAMAGED),
    "broken texts": plain(lambda: made.with_strings(b"", b"<sst><si><t>a</si>"), DAMAGED),
    "no shared texts at all": plain(lambda: made.with_strings(b"", b"<other/>"), DAMAGED),
    "a text that is not there": plain(
        lambda: made.with_strings(b'<row r="7"><c r="A7" t="s"><v>3</v></c></row>', b"<sst/>"),
        DAMAGED,
    ),
    "a bomb": plain(lambda: made.bomb(64), BOMB),
    "a bomb of many parts": plain(
        lambda: made.rezipped(GOOD, {f"xl/{one}.bin": b"" for one in range(1000)}), BOMB
    ),
    "a bomb of parts that share their bytes": plain(made.overlapping, BOMB),
    "a bomb that lies about its size": plain(lambda: made.lying(1000), DAMAGED),
    "more cells than a table has": (
        lambda: made.stretched(100),
        "Part Besoins of this workbook is too large",
        None,
        None,
    ),
    "one text in every cell": (
        made.amplified,
        "Part Besoins of this workbook is too large",
        None,
        None,
    ),
    "macros": plain(lambda: made.rezipped(GOOD, {"xl/vbaProject.bin": b"\xd0\xcf"}), MACROS),
    "macros of a workbook": plain(
        lambda: made.swapped(
            TYPES,
            b"openxmlformats-officedocument.spreadsheetml.sheet.main",
            b"ms-excel.spreadsheetml.sheet.macroEnabled.main",
        ),
        MACROS,
    ),
    "macros under another name": plain(
        lambda: made.rezipped(
            GOOD, {TYPES: made.with_type("application/vnd.ms-office.vbaProject")}
        ),
        MACROS,
    ),
    "a sheet of macros": plain(
        lambda: made.rezipped(GOOD, {"xl/macrosheets/sheet1.xml": b"<xm:macrosheet/>"}), MACROS
    ),
    "a link to another workbook": plain(
        lambda: made.rezipped(GOOD, {"xl/externalLinks/externalLink1.xml": b"<externalLink/>"}),
        LINKED,
    ),
    "a link to a running program": plain(
        lambda: made.rezipped(
            GOOD,
            {
                "xl/links/one.xml": b'<externalLink><ddeLink ddeService="cmd"/></externalLink>',
                TYPES: made.with_type(
                    "application/vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml"
                ),
            },
        ),
        LINKED,
    ),
    "a link to a template": plain(
        lambda: made.rezipped(
            GOOD, {RELS: made.with_relation("attachedTemplate", "https://a.example/")}
        ),
        LINKED,
    ),
    "a source of data": plain(lambda: made.rezipped(GOOD, {"xl/connections.xml": b"<a/>"}), LINKED),
    "an embedded object": plain(
        lambda: made.rezipped(GOOD, {"xl/embeddings/oleObject1.bin": b"\xd0"}), EMBEDDED
    ),
    "a control": plain(lambda: made.rezipped(GOOD, {"xl/activeX/activeX1.xml": b"<a/>"}), EMBEDDED),
    "entities in the sheet": plain(
        lambda: made.swapped(PLACE, b"<", DOCTYPE),
        "Part Besoins of this workbook declares entities",
    ),
    "entities after the cells": plain(
        lambda: made.swapped(PLACE, b"<pageMargins", DOCTYPE + b"pageMargins"),
        "Part Besoins of this workbook declares entities",
    ),
    "entities among the cells": plain(
        lambda: made.swapped(PLACE, b'<row r="4"', DOCTYPE + b'row r="4"'), STRANGE
    ),
    "entities in the styles": plain(
        lambda: made.swapped("xl/styles.xml", b"<", DOCTYPE),
        "Part xl/styles.xml of this workbook declares",
    ),
    "entities in the list of sheets": plain(
        lambda: made.swapped(BOOK, b"<", DOCTYPE), "Part xl/workbook.xml of this workbook declares"
    ),
    "entities in another encoding": plain(
        lambda: made.rezipped(GOOD, {"docProps/app.xml": DOCTYPE.decode().encode("utf-16-le")}),
        "Part docprops/app.xml of this workbook declares",
    ),
    "a hidden sheet": plain(
        lambda: made.edited(
            lambda sheet: setattr(sheet.parent[made.REFERENCES], "sheet_state", "hidden")
        ),
        "Sheet Références is hidden: show it, or delete it.",
    ),
    "a very hidden sheet": plain(
        lambda: made.swapped(BOOK, b'state="visible"', b'state="veryHidden"'),
        "Sheet Besoins is hidden",
    ),
    "no such sheet": plain(
        lambda: made.edited(lambda sheet: setattr(sheet, "title", "Feuil1")),
        "This workbook has no sheet named “Besoins”. Its sheets are: Feuil1, Références.",
    ),
    "200,000 rows": (lambda: made.long(200_000), LONG % 200003, 200, "A"),
    "200,000 rows, whatever the dimension says": (
        lambda: made.long(200_000, b"A1"),
        LONG % 200003,
        200,
        "A",
    ),
    "a row too many": (lambda: made.long(101), LONG % 104, 104, None),
    "a cell in the last row": (
        lambda: made.edited(lambda sheet: sheet.cell(1_048_576, 2, "x")),
        LONG % 1048576,
        1048576,
        "B",
    ),
    "a wide row": (
        lambda: made.edited(lambda sheet: sheet.cell(5, 16_384, "x")),
        cell("beside", "XFD5"),
        5,
        "XFD",
    ),
    "a formula": (
        lambda: made.edited(lambda sheet: sheet.cell(5, 3, "=SUM(C4)*2")),
        cell("formula", "C5"),
        5,
        "C",
    ),
    "a formula with its result": (
        lambda: made.with_cells(b'<c r="D7"><f>NOW()</f><v>46000</v></c>'),
        cell("formula", "D7"),
        7,
        "D",
    ),
    "a formula that others share": (
        lambda: made.with_cells(b'<c r="D7"><f t="shared" si="0"/><v>1</v></c>'),
        cell("formula", "D7"),
        7,
        "D",
    ),
    "an error": (
        lambda: made.edited(lambda sheet: sheet.cell(6, 4, "#N/A")),
        cell("error", "D6"),
        6,
        "D",
    ),
    "merged cells": (
        lambda: made.edited(lambda sheet: sheet.merge_cells("B4:C5")),
        "Cells B4:C5 of sheet Besoins are merged: unmerge them.",
        4,
        "B",
    ),
    "headings merged with the title": (
        lambda: made.edited(lambda sheet: sheet.merge_cells("A1:A3")),
        "Cells A1:A3 of sheet Besoins are merged",
        1,
        "A",
    ),
    "a heading renamed": (
        lambda: made.edited(lambda sheet: sheet.cell(3, 4, "Tarif")),
        "Column D of sheet Besoins should be headed “Prix” in row 3; it says “Tarif”.",
        3,
        "D",
    ),
    "a heading missing": (
        lambda: made.edited(lambda sheet: sheet.cell(3, 5).__setattr__("value", None)),
        "Column E of sheet Besoins should be headed “Date” in row 3; its heading is empty.",
        3,
        "E",
    ),
    "a heading twice": (
        lambda: made.edited(lambda sheet: sheet.cell(3, 7, "prix")),
        "Column G of sheet Besoins is beside the table and headed “prix” too: delete it.",
        3,
        "G",
    ),
    "a column inserted": (
        lambda: made.edited(lambda sheet: sheet.insert_cols(5)),
        "Column E of sheet Besoins should be headed “Date” in row 3; its heading is empty.",
        3,
        "E",
    ),
    "a number that is no day": (
        lambda: made.edited(
            lambda sheet: sheet.cell(5, 5, -1e15).__setattr__("number_format", "dd/mm/yyyy")
        ),
        "Row 5 of sheet Besoins has a number shown as a date",
        5,
        None,
    ),
    "a span of time without end": (
        lambda: made.edited(
            lambda sheet: sheet.cell(5, 5, 1e12).__setattr__("number_format", "[h]:mm")
        ),
        "Row 5 of sheet Besoins has a number shown as a date",
        5,
        None,
    ),
    "names with a prefix": plain(
        lambda: made.swapped(PLACE, b'<row r="4"', b'<x:row r="4"'), STRANGE
    ),
    "a prefix on everything": plain(
        lambda: made.rezipped(GOOD, {PLACE: lambda part: part.replace(b"<", b"<x:")}), STRANGE
    ),
    "a cell without its place": plain(lambda: made.with_cells(b"<c><v>1</v></c>"), STRANGE),
    "a cell with two places": plain(
        lambda: made.with_cells(b'<c r="A7" r="ZZZ9999999"><v>1</v></c>'), STRANGE
    ),
    "a place in another kind of quotes": plain(
        lambda: made.with_cells(b"<c r='XFD1048576'><v>1</v></c>"), STRANGE
    ),
    "a place that goes round": plain(
        lambda: made.with_cells(b'<c r="A4294967297"><v>1</v></c>'), STRANGE
    ),
    "cells that are no text": plain(lambda: made.with_cells(b"<c r='\x00'/>"), STRANGE),
    "a comment in the XML": (
        lambda: made.with_cells(b'<c r="A7"><!-- <v>1</v> --></c>'),
        STRANGE,
        7,
        "A",
    ),
    "a sheet without an end": plain(lambda: made.swapped(PLACE, b"</sheetData>", b""), STRANGE),
}


@pytest.mark.parametrize("make, sentence, row, column", NOT_READ.values(), ids=NOT_READ.keys())
def test_each_bad_workbook_has_its_sentence(
    make: Make, sentence: str, row: int | None, column: str | None
) -> None:
    fault = refused(make())[0]
    assert str(fault.sentence).startswith(sentence)
    assert (fault.row, fault.column) == (row, column)
    assert row is None or fault.sheet == SHEET


@pytest.mark.parametrize(
    "module, limit, sentence",
    [
        (archives, "MOST_BYTES", BOMB),
        (archives, "MOST_PARTS", BOMB),
        (workbooks, "LARGEST", "This file is too large"),
        (workbooks, "_LARGEST_TREE", "Part _rels/.rels of this workbook is too large"),
        (workbooks, "_LARGEST_PART", "Part xl/styles.xml of this workbook is too large"),
        (workbooks, "_LARGEST_STRINGS", "Part xl/sharedstrings.xml of this workbook is too large"),
        (workbooks, "_MOST_STRINGS", "Part xl/sharedstrings.xml of this workbook is too large"),
    ],
)
def test_each_limit_is_held(
    module: ModuleType, limit: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = made.with_strings(b"", b"<sst><si><t>one</t></si></sst>")
    assert read(content, TABLE)
    monkeypatch.setattr(module, limit, 0)
    assert str(refused(content)[0].sentence).startswith(sentence)


def test_all_that_is_wrong_is_said_at_once() -> None:
    def change(sheet: Any) -> None:
        for row in range(4, 90):
            sheet.cell(row, 3, "=1")
        sheet.parent.create_sheet("Cachée").sheet_state = "hidden"

    content = made.rezipped(made.edited(change), {"xl/vbaProject.bin": b"x"})
    faults = refused(content, TABLE, Table("Absente"))
    assert [(fault.sheet, fault.row, fault.column) for fault in faults] == [
        (None, None, None),
        ("Cachée", None, None),
        *((SHEET, row, "C") for row in range(4, 9)),
        ("Absente", None, None),
    ]
    with pytest.raises(Unreadable) as caught:
        read(content, TABLE)
    said = str(caught.value.sentence)
    assert said.startswith("This workbook carries macros.")
    assert said.endswith(
        "Cell C4 of sheet Besoins holds a formula: replace it by the value that it shows."
    )


def test_faults_of_a_table_are_all_said() -> None:
    headings = ("Prix", "Désignation", None, "Code", "Date")
    faults = refused(made.saved(made.book(headings=headings)))
    assert [(fault.row, fault.column) for fault in faults] == [(3, "A"), (3, "C"), (3, "D")]
    assert {fault.sheet for fault in faults} == {SHEET}


def test_a_table_must_fit_its_columns() -> None:
    with pytest.raises(ValueError, match="no table"):
        Table(SHEET, [str(one) for one in range(27)], 1)
    with pytest.raises(ValueError, match="no table"):
        Table(SHEET, HEADINGS)


@pytest.mark.parametrize(
    "value, text",
    [
        ("VID-001", "VID-001"),
        (" texte ", " texte "),
        ("", ""),
        (None, ""),
        (12.0, "12"),
        (-3.0, "-3"),
        (1.5, "1.5"),
        (0.1, "0.1"),
        (0.30000000000000004, "0.30000000000000004"),
        (1e-7, "0.0000001"),
        (1e21, "1000000000000000000000"),
        (7, "7"),
        (True, "True"),
        (date(2026, 11, 21), "2026-11-21"),
        (datetime(2026, 11, 21, 14, 5), "2026-11-21"),  # noqa: DTZ001  # as the library gives it
        (time(14, 5), "14:05:00"),
        (timedelta(hours=30), "1 day, 6:00:00"),
    ],
)
def test_a_cell_becomes_what_a_field_loads(value: intake.Cell, text: str) -> None:
    assert text_of(value) == text
    assert texts_of([value, "x"]) == [text, "x"]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_digit_of_a_number_is_lost(value: float) -> None:
    text = text_of(value)
    assert float(text) == value
    assert "e" not in text


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=2000), st.booleans())
def test_no_bytes_break_the_reading(content: bytes, is_archive: bool) -> None:
    refused(b"PK\x03\x04" + content if is_archive else content)


def outcome(content: bytes) -> Rows | str:
    """Give the table that is read, or the sentence that says why none is."""
    try:
        return read(content, TABLE)[0]
    except Unreadable as fault:
        return str(fault.sentence)


def parts() -> st.SearchStrategy[str]:
    with zipfile.ZipFile(BytesIO(GOOD)) as whole:
        return st.sampled_from(whole.namelist())


#: What could mean something to a reader of workbooks, put where it is not expected.
FRAGMENTS = st.sampled_from(
    b"< > \" ' & / <c </c> <v> </v> <is> <t> <row </row> <f> <!-- --> <![CDATA[ <?x?> &#0; &x; "
    b'\0 \xff - nan 1e999 999999999999999999999 </sheetData> <sheetData> r="A1" t="s" '
    b't="d" s="99" <c\tr="B9"><v>1e300</v></c> <mergeCell\tref="A1:B9"/> <sst> <si> </si>'.split(
        b" "
    )
)


@settings(max_examples=300, deadline=None)
@given(
    parts(), st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 40), FRAGMENTS), max_size=4)
)
def test_no_part_breaks_the_reading(part: str, edits: list[tuple[int, int, bytes]]) -> None:
    def change(content: bytes) -> bytes:
        for position, length, fragment in edits:
            start = position % (len(content) + 1)
            content = content[:start] + fragment + content[start + length :]
        return content

    found = outcome(made.rezipped(GOOD, {part: change}))
    if isinstance(found, str):
        assert found
    else:
        assert all(len(row) == len(HEADINGS) for row in found.rows)
        assert len(found.rows) <= TABLE.most_rows


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.binary(max_size=4)), min_size=1))
def test_no_corruption_breaks_the_reading(edits: list[tuple[int, bytes]]) -> None:
    content = GOOD
    for position, other in edits:
        content = content[:position] + other + content[position + len(other) :]
    assert outcome(content)


#: Reads a workbook alone, so that only its memory counts, and says how many mebibytes it took.
_ALONE = """
import re, sys
from pathlib import Path
from types import ModuleType
from procurement.kernel import archives, intake, workbooks

def peak():
    return int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024

content, before = Path(sys.argv[1]).read_bytes(), peak()
try:
    intake.read(content, intake.Table("Besoins", ("Code",), 3))
except intake.Unreadable:
    print(peak() - before)
"""


@pytest.mark.parametrize(
    "make, most",
    [
        (lambda: made.bomb(250), 60),
        (lambda: made.stretched(200), 150),
        (made.amplified, 60),
        (lambda: made.long(200_000), 100),
    ],
    ids=["bomb", "stretched", "amplified", "long"],
)
def test_no_workbook_fills_the_memory(make: Make, most: int, tmp_path: Path) -> None:
    path = tmp_path / "besoins.xlsx"
    path.write_bytes(make())
    command = [sys.executable, "-c", _ALONE, str(path)]
    took = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    assert int(took.stdout) <= most
