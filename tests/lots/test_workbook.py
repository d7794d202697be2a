"""The maker of workbooks: what people typed never becomes a formula."""

import tempfile
from datetime import date
from decimal import Decimal
from io import BytesIO
from zipfile import ZipFile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from procurement.kernel.sheets import (
    AMOUNT,
    DATE,
    PRICE,
    WHOLE,
    Column,
    Formula,
    Sheet,
    Streamed,
    Wrong,
    listed,
    workbook,
    write,
)

TYPED = [
    "=1+1",
    "+33 1 23 45 67 89",
    "-5 °C",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    '=HYPERLINK("http://192.0.2.1","click")',
    "=cmd|' /C calc'!A0",
]


def written(*rows, totals=(), title=("Table", "Under it"), columns=None):
    columns = columns or [Column("Text", 20), Column("Price", 12, PRICE, asks="A price")]
    content = workbook([Sheet("One", title, columns, rows, totals)], title="T", author="A")
    return content, load_workbook(BytesIO(content))["One"]


@pytest.mark.parametrize("text", TYPED)
def test_text_that_starts_like_a_formula_stays_text(text):
    content, sheet = written((text, None))
    cell = sheet["A5"]
    assert cell.data_type == "s"
    assert cell.value.replace("\n", "\r") == text or cell.value == text
    # Excel keeps it text even when somebody edits the cell.
    assert cell.quotePrefix
    with ZipFile(BytesIO(content)) as parts:
        assert "<f>" not in parts.read("xl/worksheets/sheet1.xml").decode()


@pytest.mark.parametrize("text", TYPED)
def test_so_do_titles_headings_and_totals(text):
    content, _sheet = written(
        ("a", None), totals=[(text, None)], title=(text, text), columns=[Column(text), Column("b")]
    )
    with ZipFile(BytesIO(content)) as parts:
        assert "<f>" not in parts.read("xl/worksheets/sheet1.xml").decode()


@settings(deadline=None, max_examples=20)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=40), max_size=30))
def test_any_text_comes_back_as_text(texts):
    _content, sheet = written(*((text, None) for text in texts), ("last", None))
    for row in sheet.iter_rows(min_row=5, max_col=1):
        assert row[0].value is None or (row[0].data_type, type(row[0].value)) == ("s", str)


@pytest.mark.parametrize("text", ["#N/A", "#REF!", "TRUE", "12", "2026-11-21", "a\x00\x0bb\ufffe"])
def test_text_that_looks_like_something_else(text):
    _content, sheet = written((text, None))
    assert sheet["A5"].data_type == "s"


def test_a_formula_of_ours_is_one():
    _content, sheet = written((Formula("1+1"), None))
    assert (sheet["A5"].data_type, sheet["A5"].value) == ("f", "=1+1")


def test_numbers_are_numbers_as_they_were():
    _content, sheet = written(("a", Decimal("1234567.8905")), ("b", 3), ("c", Decimal(0)))
    assert [sheet[f"B{row}"].value for row in (5, 6, 7)] == [1234567.8905, 3, 0]
    assert sheet["B5"].number_format == PRICE


def test_all_is_locked_but_what_asks_to_be_filled():
    _content, sheet = written(("a", None), totals=[("Total", None)])
    assert sheet.protection.sheet
    assert not sheet["B5"].protection.locked
    for locked in ("A1", "A4", "B4", "A5", "A6", "B6"):
        assert sheet[locked].protection.locked
    (rule,) = sheet.data_validations.dataValidation
    assert (str(rule.sqref), rule.type, rule.operator) == ("B5", "decimal", "greaterThanOrEqual")


def test_it_opens_and_prints_as_a_table():
    columns = [Column("Text", 60), Column("Amount", 40, AMOUNT)]
    _content, sheet = written(("a", Decimal(1)), columns=columns)
    assert sheet.freeze_panes == "A5"
    assert sheet.print_title_rows == "$4:$4"
    assert sheet.page_setup.orientation == "landscape"
    assert (sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage) == (0, True)
    assert sheet.column_dimensions["A"].width == 60


def test_cells_are_named_for_formulas_of_other_sheets():
    sheet = Sheet("It's one", ("T",), [Column("A"), Column("B")], [("a", 1), ("b", 2)])
    assert sheet.first == 4
    assert sheet.cell(2, 5) == "'It''s one'!$B$5"
    assert sheet.span(2) == "'It''s one'!$B$4:$B$5"


def test_what_is_asked_for_depends_on_the_column():
    columns = [
        Column("Word", 12, asks="A word", choices=listed(["one", 'a "b"'])),
        Column("Day", 12, DATE, asks="A day"),
        Column("Text", 12, asks="Some text"),
        Column("Number", 12, PRICE, asks="A number"),
        Column("Locked", 12),
    ]
    _content, sheet = written((None,) * 5, columns=columns)
    rules = {str(one.sqref): one for one in sheet.data_validations.dataValidation}
    assert {place: rule.type for place, rule in rules.items()} == {
        "A5": "list",
        "B5": "date",
        "C5": None,
        "D5": "decimal",
    }
    assert rules["A5"].formula1 == '"one,a ""b"""'
    assert [cell.protection.locked for cell in sheet[5]] == [False] * 4 + [True]


def test_an_open_sheet_lets_people_add_and_sort_rows():
    sheet = Sheet("One", ("T",), [Column("A", asks="a")], [("a",)], is_open=True)
    content = workbook([sheet], title="T", author="A")
    assert not load_workbook(BytesIO(content))["One"].protection.sheet


def test_a_day_is_a_day():
    _content, sheet = written((date(2026, 11, 21), None), columns=[Column("D", 12, DATE)] * 2)
    assert sheet["A5"].value.date() == date(2026, 11, 21)
    assert sheet["A5"].number_format == "dd/mm/yyyy"


@pytest.mark.parametrize("value", [*TYPED, "douze", Decimal("1.5"), date(2026, 1, 2), None])
def test_what_is_wrong_is_red_and_as_it_was_typed(value):
    _content, sheet = written((Wrong(value), None), ("right", None))
    assert sheet["A5"].fill.fgColor.rgb == "00F6B8B3"
    assert sheet["A6"].fill.fgColor.rgb != "00F6B8B3"
    if isinstance(value, str):
        assert sheet["A5"].data_type == "s"
        assert str(sheet["A5"].value).replace("\n", "\r") == value or sheet["A5"].value == value


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """A folder of the test's own for what openpyxl writes on the way."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def streaming(count, rows):
    return Sheet("One", ("T",), [Column("A", 12, WHOLE)], Streamed(count, rows))


def test_rows_are_read_as_they_are_written(tmp_path):
    told, read = [], []

    def rows():
        for number in range(2500):
            read.append(number)
            yield (number,)

    def tell(done, total):
        told.append((done, total, len(read)))

    write([streaming(2500, rows())], tmp_path / "a.xlsx", title="T", author="A", tell=tell)
    assert [done for done, _total, _read in told] == [1000, 2000, 2500]
    assert {total for _done, total, _read in told} == {2500}
    # What was told was true when it was told.
    assert all(known == done for done, _total, known in told)
    sheet = load_workbook(tmp_path / "a.xlsx")["One"]
    assert [row[0].value for row in sheet.iter_rows(min_row=4)] == list(range(2500))


@pytest.mark.parametrize("count", [2, 4])
def test_rows_that_are_not_as_many_as_was_said_are_a_fault(tmp_path, scratch, count):
    with pytest.raises(LookupError, match=f"3 rows were read where {count} were counted"):
        write([streaming(count, [(1,)] * 3)], tmp_path / "a.xlsx", title="T", author="A")
    assert list(scratch.iterdir()) == []


def test_what_is_cancelled_leaves_nothing(tmp_path, scratch):
    def halt(_done, _total):
        raise KeyboardInterrupt

    sheet = streaming(5000, ((number,) for number in range(5000)))
    with pytest.raises(KeyboardInterrupt):
        write([sheet], tmp_path / "a.xlsx", title="T", author="A", tell=halt)
    assert list(scratch.iterdir()) == []
    assert list(tmp_path.iterdir()) == [scratch]


def test_a_wide_table_prints_over_pages_that_repeat_who_it_is_about():
    columns = [Column("Who", 30), *(Column(f"Item {number}", 16) for number in range(40))]
    row = ("a", *["b"] * 40)
    sheet = Sheet("One", ("T",), columns, [row], frozen_columns=1)
    made = load_workbook(BytesIO(workbook([sheet], title="T", author="A")))["One"]
    assert made.page_setup.fitToWidth == 4
    assert made.print_title_cols == "$A:$A"


def test_a_filtered_table_lets_its_readers_narrow_it():
    sheet = Sheet("One", ("T",), [Column("A"), Column("B")], [("a", "b")] * 3, is_filtered=True)
    made = load_workbook(BytesIO(workbook([sheet], title="T", author="A")))["One"]
    assert made.auto_filter.ref == "A3:B6"
    assert not made.protection.autoFilter
    assert made.protection.sheet


@pytest.mark.parametrize(
    "text", ["a_x0041_b", "_x000D_", "_x12_", "_x_ __x005F_", "ref_x", "=_x0031_"]
)
def test_no_text_is_read_as_characters_written_by_their_numbers(text):
    content, _sheet = written((text, None))
    rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_name("One").to_python()
    assert rows[-1][0] == text


def test_what_no_workbook_may_hold_hides_no_equals_sign():
    _content, sheet = written(("\x01=1+1", None))
    assert (sheet["A5"].value, sheet["A5"].data_type) == ("=1+1", "s")
    assert sheet["A5"].quotePrefix


def test_text_is_written_as_it_is():
    text = " <b>&amp; ]]> \u00a0 é\n\tend "
    _content, sheet = written((text, None))
    assert sheet["A5"].value == text
    # No spreadsheet takes more in a cell.
    _content, sheet = written(("a" * 40000, None))
    assert len(sheet["A5"].value) == 32767


def test_headings_have_room_for_their_words():
    columns = [Column("Complément de conditionnement", 18, WHOLE), Column("A", 20)]
    _content, sheet = written((1, "a"), columns=columns)
    # On two lines, each fifteen points high.
    assert sheet.row_dimensions[4].height == 30
