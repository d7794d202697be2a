"""The lot sheet in both editions, and what LibreOffice makes of it."""

import re
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from procurement.kernel.charts import COLOURS
from procurement.kernel.money import line_amount
from procurement.lots import editions
from procurement.lots.editions import Edition
from procurement.lots.models import Allocation, AllocationKind, Project
from procurement.members.models import CentralBody
from tests.databases import on_sqlite
from tests.door import refused
from tests.lots.ground import Ground

#: Unit prices whose line amounts end on half a cent, and one that is a gift.
PRICES = [Decimal("0.1075"), Decimal("1.8")]


@pytest.fixture
def lot(session, ground):
    """A frozen lot: 14 cameras and 9.75 of cable, of two members."""
    ground.camera.designation = "=Caméra & <fixe>"
    session.add(
        CentralBody(valid_from=ground.campaign.opens_on.replace(year=2019), name="Centrale")
    )
    return ground.freeze(ground.form(title="Vidéoprotection"))


@pytest.fixture
def made(app, lot):
    """Make an edition, in English."""

    def make(edition):
        with app.test_request_context():
            from flask import session as cookie

            cookie["language"] = "en"
            return editions.lot_sheet(lot, edition)

    return make


def grid(content, name):
    return CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_name(name).to_python()


def parts(content):
    with ZipFile(BytesIO(content)) as found:
        return {name: found.read(name).decode(errors="replace") for name in found.namelist()}


def test_the_suppliers_edition_asks_for_a_price_for_each_item(made, lot):
    book = load_workbook(BytesIO(made(Edition.SUPPLIER)))
    assert book.sheetnames == ["Cover", "Price schedule", "Quantity estimate", "Delivery places"]
    schedule = book["Price schedule"]
    assert [cell.value for cell in schedule[6]] == [
        1, "VID-001", "=Caméra & <fixe>", "Décrit sans marque.", "piece", 1, 20, None,
    ]  # fmt: skip
    assert schedule["C6"].data_type == "s"
    unlocked = [cell.coordinate for row in schedule for cell in row if not cell.protection.locked]
    assert unlocked == ["H6", "H7"]
    for name in ("Cover", "Quantity estimate", "Delivery places"):
        assert all(cell.protection.locked for row in book[name] for cell in row)
        assert book[name].protection.sheet
    assert schedule.protection.sheet


def test_the_cover_tells_what_the_sheet_is(made, lot):
    text = "\n".join(str(cell) for row in grid(made(Edition.SUPPLIER), "Cover") for cell in row)
    for expected in (
        "Lot 1: Vidéoprotection",
        "Centrale",
        "Vocabulaire",
        f"{lot.frozen_on:%d/%m/%Y}",
        lot.check_figure[:12].upper(),
        "How to fill in",
    ):
        assert expected in text


def test_the_same_lot_makes_the_same_tables(made):
    first, again = parts(made(Edition.BUYER)), parts(made(Edition.BUYER))
    tables = [name for name in first if name.startswith("xl/worksheets/")]
    assert len(tables) == 6
    assert [first[name] for name in tables] == [again[name] for name in tables]


def test_nothing_in_it_leads_elsewhere(made):
    files = parts(made(Edition.BUYER))
    assert not [name for name in files if "external" in name or name.endswith(".bin")]
    assert "TargetMode" not in "".join(files.values())


def test_a_draft_has_no_sheet(app, ground):
    lot = ground.form()
    with app.test_request_context(), refused("lot_not_frozen"):
        editions.lot_sheet(lot, Edition.SUPPLIER)


def test_departements_have_the_colours_of_the_pages(made, app):
    book = load_workbook(BytesIO(made(Edition.BUYER)))
    sheet = book["By département"]
    css = Path(app.root_path, "web", "static", "app.css").read_text(encoding="utf-8")
    for column, code in (("F", "78"), ("G", "92")):
        assert sheet[f"{column}5"].value == code
        colour = sheet[f"{column}5"].fill.fgColor.rgb[-6:].lower()
        assert f"#{colour}" == COLOURS[code] == re.search(f"--dep-{code}: (#\\w+)", css)[1]


@pytest.mark.libreoffice
@on_sqlite
def test_priced_and_recalculated_it_shows_the_totals_of_the_platform(made, libreoffice, tmp_path):
    book = load_workbook(BytesIO(made(Edition.SUPPLIER)))
    for row, price in enumerate(PRICES, 6):
        book["Price schedule"][f"H{row}"] = price
    book.save(tmp_path / "offer.xlsx")
    content = libreoffice.recalculate(tmp_path / "offer.xlsx").read_bytes()
    rows = grid(content, "Quantity estimate")[-4:]
    quantities = [Decimal(14), Decimal("9.75")]
    amounts = [line_amount(*pair) for pair in zip(quantities, PRICES, strict=True)]
    assert [Decimal(str(row[4])) for row in rows[:2]] == quantities
    assert [Decimal(str(row[6])) for row in rows[:2]] == amounts
    assert Decimal(str(rows[2][6])) == sum(amounts)
    assert rows[3][2] == ""


@pytest.mark.libreoffice
@on_sqlite
def test_with_a_price_missing_it_says_so(made, libreoffice, tmp_path):
    book = load_workbook(BytesIO(made(Edition.SUPPLIER)))
    book["Price schedule"]["H7"] = 0
    book.save(tmp_path / "offer.xlsx")
    content = libreoffice.recalculate(tmp_path / "offer.xlsx").read_bytes()
    rows = grid(content, "Quantity estimate")[-4:]
    # A price of zero is a price; none is none.
    assert [row[6] for row in rows[:3]] == ["", 0, 0]
    assert rows[3][2] == "Prices still missing: 1"


@pytest.fixture
def rounded(session, ground):
    """Round the cameras of a draft up to 20: 4 more for the first member, 2 for the stock."""
    lot = ground.form(title="Vidéoprotection")
    line, need = lot.lines[0], ground.lines[0]
    for kind, fed, quantity in (("shared", need.id, 4), ("stock", None, 2)):
        added = {"need_line_id": fed, "quantity": Decimal(quantity), "reason": "Cartons of 20"}
        session.add(Allocation(lot_line_id=line.id, kind=AllocationKind(kind), **added))
    session.flush()
    return ground.freeze(lot)


@pytest.mark.libreoffice
@on_sqlite
def test_the_breakdown_recalculated_makes_the_quantities(rounded, english, libreoffice, tmp_path):
    editions.write(rounded, Edition.BUYER, tmp_path / "lot.xlsx")
    content = libreoffice.recalculate(tmp_path / "lot.xlsx").read_bytes()
    by_member = grid(content, "By member")[5:]
    assert [[*row[:5], *row[7:]] for row in by_member[:4]] == [
        ["78", "", "Amboise-la-Petite", 1, "VID-001", 10, 4, 14],
        ["78", "", "Amboise-la-Petite", 2, "VID-002", 9.75, "", 9.75],
        ["92", "", "Bourg-Neuf", 1, "VID-001", 4, "", 4],
        ["Stock", "", "Stock of the centrale", 1, "VID-001", "", 2, 2],
    ]
    assert by_member[4][4:6] == ["Check", "The breakdown makes the quantities."]
    by_departement = grid(content, "By département")[5:]
    assert [row[4:] for row in by_departement[:2]] == [
        [2, 14, 4, 2, 20, 20, 0],
        [1, 9.75, 0, 0, 9.75, 9.75, 0],
    ]
    assert by_departement[2][1:3] == ["Check", "The breakdown makes the quantities."]
    assert [row[4] for row in grid(content, "Quantity estimate")[5:7]] == [20, 9.75]
    cover = {row[0]: row[1] for row in grid(content, "Cover")}
    assert cover["Check by member"] == "The breakdown makes the quantities."
    assert cover["Check by département"] == "The breakdown makes the quantities."
    assert cover["Members"] == "2"


@pytest.mark.libreoffice
@on_sqlite
@pytest.mark.parametrize(
    "cell, value, by_member, by_departement",
    [("J6", 11, False, False), ("A6", "93", True, False), ("D6", 2, False, False)],
)
def test_a_breakdown_that_was_tampered_with_says_so(
    made, libreoffice, tmp_path, cell, value, by_member, by_departement
):
    book = load_workbook(BytesIO(made(Edition.BUYER)))
    book["By member"][cell] = value
    book.save(tmp_path / "lot.xlsx")
    content = libreoffice.recalculate(tmp_path / "lot.xlsx").read_bytes()
    cover = {row[0]: row[1] for row in grid(content, "Cover")}
    said = {True: "The breakdown makes the quantities."}
    fails = "The breakdown does NOT make the quantities."
    assert cover["Check by member"] == said.get(by_member, fails)
    assert cover["Check by département"] == said.get(by_departement, fails)


def test_the_cover_names_the_purchase(session, ground, english):
    lot = ground.freeze(ground.form())
    day = ground.campaign.opens_on
    lot.project = Project(
        campaign_id=lot.campaign_id, title="Voir et savoir", launch_on=day, initial_months=48
    )
    session.flush()
    cover = {row[0]: row[1] for row in grid(editions.lot_sheet(lot, Edition.SUPPLIER), "Cover")}
    assert cover["Purchase project"] == "Voir et savoir"
    assert cover["Campaign"] == ground.campaign.title


@pytest.mark.parametrize("edition", ["supplier", "buyer"])
@pytest.mark.parametrize("name", ["clara", "dora"])
def test_by_the_page(ground, door, edition, name):
    lot = ground.freeze(ground.form(title="Vidéo-protection n° 1 / côté Seine"))
    answer = door.get(getattr(ground.people, name), f"/lots/{lot.id}/{edition}.xlsx")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == (
        f"attachment; filename=lot-01-video-protection-n-1-cote-seine-{edition}-v1.xlsx"
    )
    assert answer.data.startswith(b"PK")


@pytest.mark.parametrize("edition", ["supplier", "buyer"])
def test_who_may_not_and_when(ground: Ground, door, edition):
    lot = ground.form()
    address = f"/lots/{lot.id}/{edition}.xlsx"
    assert door.get(ground.people.clara, address).status_code == 409
    assert door.get(ground.people.ada, address).status_code == 403
    assert door.get(ground.people.eli, address).status_code == 403
    assert door.get(ground.people.clara, f"/lots/999/{edition}.xlsx").status_code == 404


def test_its_queries_do_not_grow_with_the_lot(app, session, ground, count_queries):
    counts = []
    for lot in (ground.form(ground.tablet), ground.form()):
        ground.freeze(lot)
        session.commit()
        with app.test_request_context(), count_queries() as statements:
            editions.lot_sheet(lot, Edition.BUYER)
        counts.append(len(statements))
    assert counts[0] == counts[1]
