"""The workbook of needs as people receive it."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from flask import Flask
from openpyxl import load_workbook
from openpyxl.worksheet.datavalidation import DataValidation
from sqlalchemy.orm import Session

from procurement.catalogue.models import Unit
from procurement.kernel.pipeline import today
from procurement.members.models import Mandate
from procurement.needs.models import Basis, Need, Strength
from tests.databases import on_sqlite
from tests.libreoffice import LibreOffice
from tests.make import make_campaign, make_item, make_line, make_member, make_need, make_site
from tests.needs.trip import COLUMNS, FIRST, Trip, label, read, saved
from tests.people import People

D = Decimal
LATE = today() + timedelta(days=90)


@pytest.fixture
def trip(app: Flask, session: Session) -> Trip:
    """The way of a workbook."""
    return Trip(app, session)


@pytest.fixture
def need(session: Session, people: People) -> Need:
    """Ada's draft: a catalogue line and one in her own words."""
    made = make_need(session, make_campaign(session), people.ada)
    prices = {"paid_price": D("12.3456"), "paid_since": date(2024, 1, 31)}
    item = make_item(session, designation="=Caméra", unit=Unit.METRE)
    make_line(session, made, item, D("1.125"), basis=Basis.YEAR, wanted_on=LATE, **prices)
    make_line(session, made, None, 3, words="@Chaise", own_unit="pièce", strength=Strength.FIRM)
    return made


def test_it_holds_the_lines_as_they_stand(trip: Trip, people: People, need: Need) -> None:
    book = trip.book(people.ada, f"/needs/{need.id}/needs.xlsx")
    body = f"{people.first.siren} · Amboise-la-Petite"
    first, second = need.lines
    assert first.item is not None
    shown = read(book, FIRST)
    assert shown.pop("wanted_on").date() == LATE
    assert shown.pop("paid_since").date() == date(2024, 1, 31)
    assert shown == {
        "line": first.id,
        "member": body,
        "item": label(first.item),
        "own_unit": "metre",
        "quantity": 1.125,
        "basis": "each year",
        "site": "Mairie",
        "strength": "Indicative",
        "paid_price": 12.3456,
    }
    assert read(book, FIRST + 1) == {
        "line": second.id,
        "member": body,
        "words": "@Chaise",
        "own_unit": "pièce",
        "quantity": 3,
        "basis": "for the whole period",
        "site": "Mairie",
        "strength": "Firm",
    }
    formats = dict(
        zip(COLUMNS, (cell.number_format for cell in book.worksheets[0][FIRST]), strict=True)
    )
    assert (formats["wanted_on"], formats["paid_price"]) == ("dd/mm/yyyy", "#,##0.00##")


def test_it_says_which_answer_it_is(trip: Trip, people: People, need: Need) -> None:
    address = f"/needs/{need.id}/needs.xlsx"
    row = [cell.value for cell in trip.book(people.ada, address)["Bodies"][FIRST]]
    assert row[:3] == [f"{people.first.siren} · Amboise-la-Petite", str(need.id), need.version]
    assert row[4:6] == [2, f"{need.campaign_id} · {need.campaign.title}"]
    need.lines[0].quantity = need.lines[0].declared_quantity = D(9)
    other = [cell.value for cell in trip.book(people.ada, address)["Bodies"][FIRST]]
    assert other[3] != row[3]


def test_choices_are_offered_and_values_asked_for_down_to_the_spare_rows(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    make_site(session, people.first, "École")
    book = trip.book(people.ada, f"/needs/{need.id}/needs.xlsx")
    rules: dict[str, DataValidation] = {
        str(one.sqref).rstrip("0123456789").split(":", maxsplit=1)[0][0]: one
        for one in book.worksheets[0].data_validations.dataValidation
    }
    last = FIRST + 2 + 200 - 1
    assert str(rules["C"].sqref) == f"C{FIRST}:C{last}"
    assert {one: rules[one].type for one in "BCGHIJFKL"} == {
        **dict.fromkeys("BCGHJ", "list"),
        **dict.fromkeys("IL", "date"),
        **dict.fromkeys("FK", "decimal"),
    }
    assert rules["C"].formula1 == f"'Catalogue'!$A${FIRST}:$A${FIRST}"
    assert rules["H"].formula1 == f"'Delivery places'!$A${FIRST}:$A${FIRST + 1}"
    assert rules["G"].formula1 == '"for the whole period,each year"'
    assert not book.worksheets[0].protection.sheet
    assert all(sheet.protection.sheet for sheet in book.worksheets[1:])


def test_what_people_typed_is_no_formula_and_nothing_is_hidden(
    trip: Trip, people: People, need: Need
) -> None:
    content = saved(trip.book(people.ada, f"/needs/{need.id}/needs.xlsx"))
    raw = trip.get(people.ada, f"/needs/{need.id}/needs.xlsx").data
    for one in (content, raw):
        with ZipFile(BytesIO(one)) as parts:
            sheets = [name for name in parts.namelist() if name.startswith("xl/worksheets/")]
            assert len(sheets) == 5
            assert not any(b"<f>" in parts.read(name) for name in sheets)
            assert not any(b"<mergeCell" in parts.read(name) for name in sheets)
    book = load_workbook(BytesIO(raw))
    assert {sheet.sheet_state for sheet in book} == {"visible"}
    cell = book.worksheets[0].cell(FIRST + 1, 4)
    assert (cell.data_type, cell.quotePrefix) == ("s", True)


def test_places_of_several_bodies_bear_their_names(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    commune = make_member(session, "Commune A")
    granted = {"delegate_id": people.first.id, "granted_on": today()}
    session.add(Mandate(member_id=commune.id, **granted))
    book = trip.book(people.ada, f"/campaigns/{need.campaign_id}/needs.xlsx")
    places = [row[0].value for row in book["Delivery places"].iter_rows(min_row=FIRST)]
    assert places == ["Amboise-la-Petite · Mairie", "Commune A · Mairie"]
    assert read(book, FIRST)["site"] == "Amboise-la-Petite · Mairie"


@on_sqlite
def test_a_file_made_in_one_language_is_read_in_the_other(
    trip: Trip, people: People, need: Need
) -> None:
    french = trip.book(people.ada, f"/needs/{need.id}/needs.xlsx", "fr")
    assert french.sheetnames[0] == "Besoins"
    preview = trip.preview(people.ada, f"/needs/{need.id}/uploads", french)
    assert trip.counts(people.ada, preview)["unchanged"] == 2


@pytest.mark.libreoffice
@on_sqlite
def test_libreoffice_opens_it(
    trip: Trip, people: People, need: Need, libreoffice: LibreOffice, tmp_path: Path
) -> None:
    path = tmp_path / "needs.xlsx"
    path.write_bytes(trip.get(people.ada, f"/needs/{need.id}/needs.xlsx").data)
    shown = libreoffice.convert(path, "fods").read_text(encoding="utf-8")
    assert "=Caméra" in shown
    assert "@Chaise" in shown
