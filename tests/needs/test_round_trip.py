"""A workbook goes out, is edited in LibreOffice, and comes back: exactly the edits."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import ViewportSize, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from procurement.kernel.pipeline import today
from procurement.needs.models import Basis, NeedLine
from procurement.needs.queries import Written
from procurement.needs.queries.importing import answers
from tests.browser import DESKTOP, PHONE, Visitors, axe_check
from tests.databases import on_sqlite
from tests.flat import FlatSheet
from tests.libreoffice import LibreOffice
from tests.make import make_campaign, make_item, make_line, make_need, make_site
from tests.needs.trip import COLUMNS, FIRST, Trip, counted, label, put, read, saved
from tests.people import People

D = Decimal
LATE = today() + timedelta(days=90)


@pytest.fixture
def trip(app, session: Session) -> Trip:
    """The way of a workbook."""
    return Trip(app, session)


def _lines(session: Session, need) -> list[Written]:
    [answer] = answers(need.campaign, [need.member_id])
    return list(answer.lines.values())


@pytest.mark.libreoffice
@on_sqlite
def test_what_libreoffice_edits_is_what_changes(
    trip: Trip, session: Session, people: People, libreoffice: LibreOffice, tmp_path: Path
) -> None:
    need = make_need(session, make_campaign(session), people.ada)
    items = [make_item(session, designation=f"Écran n° {number}") for number in range(5)]
    school = make_site(session, people.first, "École des Prés")
    for item in items[:4]:
        make_line(session, need, item, D("1.5"), paid_price=D("9.9"), paid_since=date(2024, 1, 1))
    make_line(session, need, None, 3, words="=Chaise <d’écolier>", own_unit="pièce")
    session.commit()
    kept = _lines(session, need)
    address = f"/needs/{need.id}/needs.xlsx"
    path = tmp_path / "besoins.xlsx"
    path.write_bytes(saved(trip.book(people.ada, address, "fr")))

    def change(sheet: FlatSheet) -> None:
        def typed(row: int, **values: object) -> None:
            for name, value in values.items():
                sheet.put(row, COLUMNS.index(name) + 1, value)  # type: ignore[arg-type]

        typed(FIRST, quantity=12, wanted_on=LATE, remark="Avec support, 2 m")
        typed(FIRST + 1, quantity="1 250,5", basis="Each year")
        typed(FIRST + 2, site="École des Prés", paid_price=None, paid_since=None)
        new = {"item": label(items[4]), "quantity": 7, "site": "Mairie"}
        typed(FIRST + 5, **new, paid_price=3.25, paid_since="01/02/2025")
        words = {"words": "Tapis d’éveil", "own_unit": "lot", "quantity": 2.5}
        typed(FIRST + 6, **words, site="École des Prés")
        sheet.remove(FIRST + 3)

    edited = libreoffice.edit(path, "Besoins", change)
    preview = trip.preview(people.ada, f"/needs/{need.id}/uploads", edited.read_bytes())
    expected = counted(new=2, changed=3, removed=1, unchanged=1)
    assert trip.counts(people.ada, preview) == expected
    assert _lines(session, need) == kept
    assert "“1 250,5” was read as 1250.50" in trip.get(people.ada, preview).text
    assert trip.apply(people.ada, preview, confirmed="1").status_code == 302
    one, two, three, _gone, free = kept
    assert sorted(_lines(session, need), key=str) == sorted(
        [
            one._replace(quantity=D(12), wanted_on=LATE, remark="Avec support, 2 m"),
            two._replace(quantity=D("1250.5"), basis=Basis.YEAR),
            three._replace(site_id=school.id, paid_price=None, paid_since=None),
            free,
            one._replace(
                item_id=items[4].id,
                quantity=D(7),
                paid_price=D("3.25"),
                paid_since=date(2025, 2, 1),
            ),
            free._replace(
                words="Tapis d’éveil", own_unit="lot", quantity=D("2.5"), site_id=school.id
            ),
        ],
        key=str,
    )
    again = trip.preview(people.ada, f"/needs/{need.id}/uploads", edited.read_bytes())
    assert trip.counts(people.ada, again) == counted(unchanged=6)


@pytest.mark.libreoffice
@on_sqlite
def test_saved_without_an_edit_it_changes_nothing(
    trip: Trip, session: Session, people: People, libreoffice: LibreOffice, tmp_path: Path
) -> None:
    need = make_need(session, make_campaign(session), people.ada)
    dates = {"paid_price": D("0.0001"), "paid_since": date(2024, 2, 29), "wanted_on": LATE}
    for quantity in ("0.001", "999999.999", "3"):
        make_line(session, need, make_item(session), D(quantity), **dates)
    make_line(session, need, None, 1, words="@SUM(A1)", own_unit="+1", remark="-5 °C\nligne 2")
    path = tmp_path / "besoins.xlsx"
    path.write_bytes(saved(trip.book(people.ada, f"/needs/{need.id}/needs.xlsx", "fr")))
    back = libreoffice.convert(path, "xlsx").read_bytes()
    preview = trip.preview(people.ada, f"/needs/{need.id}/uploads", back)
    assert trip.counts(people.ada, preview) == counted(unchanged=4)


@pytest.mark.libreoffice
@on_sqlite
def test_the_errors_open_in_libreoffice_and_come_back_corrected(
    trip: Trip, session: Session, people: People, libreoffice: LibreOffice, tmp_path: Path
) -> None:
    need = make_need(session, make_campaign(session), people.ada)
    item = make_item(session)
    book = trip.book(people.ada, f"/needs/{need.id}/needs.xlsx", "fr")
    put(book, FIRST, {"item": label(item), "quantity": "douze", "site": "Mairie"})
    uploads = f"/needs/{need.id}/uploads"
    preview = trip.preview(people.ada, uploads, book)
    path = tmp_path / "erreurs.xlsx"
    path.write_bytes(saved(trip.book(people.ada, f"{preview}/errors.xlsx", "fr")))
    edited = libreoffice.edit(path, "Besoins", lambda sheet: sheet.put(FIRST, 6, 12))
    assert read(load_workbook(BytesIO(edited.read_bytes())), FIRST)["quantity"] == 12
    preview = trip.preview(people.ada, uploads, edited.read_bytes())
    assert trip.counts(people.ada, preview) == counted(new=1)


def test_of_five_thousand_lines_the_good_ones_are_in_and_the_bad_ones_come_back(
    trip: Trip, session: Session, people: People
) -> None:
    need = make_need(session, make_campaign(session), people.ada)
    items = [make_item(session) for _item in range(100)]
    places = [make_site(session, people.first, f"Lieu {number:02}").name for number in range(50)]
    book = trip.book(people.ada, f"/needs/{need.id}/needs.xlsx")
    rows = [(item, place) for item in items for place in places]
    bad = range(0, 5000, 100)
    for number, (item, place) in enumerate(rows):
        quantity = "douze" if number in bad else number % 90 + 1
        put(book, FIRST + number, {"item": label(item), "quantity": quantity, "site": place})
    uploads = f"/needs/{need.id}/uploads"
    preview = trip.preview(people.ada, uploads, book)
    assert trip.counts(people.ada, preview) == counted(new=4950, refused=50)
    assert trip.apply(people.ada, preview).status_code == 302
    assert _count(session) == 4950
    errors = trip.book(people.ada, f"{preview}/errors.xlsx")
    for number in range(50):
        row = read(errors, FIRST + number)
        assert row["quantity"] == "douze"
        assert row["item"] == label(rows[bad[number]][0])
        assert row["errors"] == "Quantity: Write a number such as 1 234,56."
        put(errors, FIRST + number, {"quantity": 12})
    assert "errors" not in read(errors, FIRST + 50)
    preview = trip.preview(people.ada, uploads, errors)
    assert trip.counts(people.ada, preview) == counted(new=50, unchanged=4950)
    assert trip.apply(people.ada, preview).status_code == 302
    assert _count(session) == 5000
    total = session.scalar(select(func.sum(NeedLine.quantity)))
    assert total == sum(12 if number in bad else number % 90 + 1 for number in range(5000))


def _count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(NeedLine)) or 0


@pytest.mark.browser
@on_sqlite
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_person_sends_a_file_looks_and_writes(
    trip: Trip,
    session: Session,
    people: People,
    visit: Visitors,
    viewport: ViewportSize,
    tmp_path: Path,
) -> None:
    need = make_need(session, make_campaign(session), people.ada)
    for number in range(2):
        make_line(session, need, make_item(session, designation=f"Borne {number}"), 3)
    book = trip.book(people.ada, f"/needs/{need.id}/needs.xlsx")
    put(book, FIRST, {"quantity": "1 500", "remark": "Avec support"})
    book.worksheets[0].delete_rows(FIRST + 1)
    put(book, FIRST + 1, {"item": "XXX-001", "quantity": "douze"})
    put(book, FIRST + 2, {"words": "Tapis", "own_unit": "lot", "quantity": 2, "site": "Mairie"})
    path = tmp_path / "besoins.xlsx"
    path.write_bytes(saved(book))
    page = visit(viewport)
    cookie = trip.client(people.ada).get_cookie("session")
    assert cookie is not None
    page.goto("/sign-in")
    page.context.add_cookies([{"name": "session", "value": cookie.value, "url": page.url}])
    page.goto(f"/needs/{need.id}/uploads")
    axe_check(page)
    page.get_by_label("File").set_input_files(path)
    page.get_by_role("button", name="See what would change").click()
    for kind in ("Refused rows", "Removed lines", "Changed lines", "New lines"):
        page.get_by_role("link", name=f"{kind} (1)").click()
        axe_check(page)
    page.get_by_role("button", name="Write 3 lines").click()
    expect(page.get_by_text("Confirm that they are to be removed").first).to_be_visible()
    axe_check(page)
    page.get_by_label("Remove 1 line that is missing in the file").check()
    page.get_by_role("button", name="Write 3 lines").click()
    expect(page.get_by_text("1 new, 1 changed, 1 removed")).to_be_visible()
    axe_check(page)
    with page.expect_download() as errors:
        page.get_by_role("link", name="Download the rows to correct").click()
    assert (
        read(load_workbook(BytesIO(errors.value.path().read_bytes())), FIRST)["quantity"] == "douze"
    )
