"""A workbook of needs comes back: what it would change, what is refused, what is written."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError
from openpyxl import Workbook
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from procurement.catalogue.models import Unit
from procurement.kernel import pipeline
from procurement.kernel.audit import AuditEntry
from procurement.kernel.database import begin_write
from procurement.kernel.forms import messages_of
from procurement.kernel.forms import read as form_of
from procurement.kernel.intake import text_of
from procurement.kernel.mail import Letter
from procurement.kernel.pipeline import today
from procurement.members.models import Mandate, Membership
from procurement.needs import operations
from procurement.needs.imports.columns import check_rows, loaded
from procurement.needs.models import (
    Basis,
    CampaignFamily,
    CampaignState,
    Document,
    Entry,
    Need,
    NeedLine,
    NeedState,
    Purpose,
    Strength,
    Upload,
)
from procurement.needs.schemas import LineInput
from tests.conftest import CountQueries
from tests.databases import on_postgresql, on_sqlite
from tests.kernel import workbooks
from tests.make import (
    actor_for,
    make_campaign,
    make_family,
    make_item,
    make_line,
    make_member,
    make_need,
    make_person,
    make_site,
)
from tests.needs.trip import FIRST, Trip, counted, label, put, read, saved
from tests.people import People

D = Decimal
LATE = today() + timedelta(days=90)
PLACE = "Mairie"


@pytest.fixture
def trip(app: Flask, session: Session) -> Trip:
    """The way of a workbook."""
    return Trip(app, session)


@pytest.fixture
def need(session: Session, people: People) -> Need:
    """Ada's draft."""
    return make_need(session, make_campaign(session), people.ada)


def _book(trip: Trip, need: Need, people: People, *rows: dict[str, Any]) -> Workbook:
    """Download Ada's workbook and type rows below what it holds."""
    book = trip.book(people.ada, f"/needs/{need.id}/needs.xlsx")
    for number, row in enumerate(rows, FIRST + len(need.lines)):
        put(book, number, row)
    return book


def _lines(session: Session) -> list[NeedLine]:
    return list(session.scalars(select(NeedLine).order_by(NeedLine.id)))


def _sent(trip: Trip, need: Need, people: People, book: Workbook | bytes) -> str:
    return trip.preview(people.ada, f"/needs/{need.id}/uploads", book)


def test_nothing_is_written_before_it_is_applied(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    item = make_item(session, unit=Unit.METRE)
    wanted = {"wanted_on": LATE, "paid_price": 12.5, "paid_since": date(2024, 1, 1)}
    row = {"item": label(item), "quantity": 2.5, "site": PLACE, "strength": "Firm", **wanted}
    book = _book(trip, need, people, {**row, "basis": "Each year", "remark": " Le plus tôt "})
    preview = _sent(trip, need, people, book)
    assert trip.counts(people.ada, preview) == counted(new=1)
    assert _lines(session) == []
    version, author = need.version, need.author_id
    assert trip.apply(people.ada, preview).location == preview
    [line] = _lines(session)
    assert (line.declared_quantity, line.basis, line.quantity) == (D("2.5"), Basis.YEAR, D(10))
    assert (line.item_id, line.strength, line.remark) == (item.id, Strength.FIRM, "Le plus tôt")
    assert (line.wanted_on, line.paid_price, line.paid_since) == (LATE, D("12.5"), date(2024, 1, 1))
    assert (line.need_id, line.departement, line.version) == (need.id, "78", 1)
    assert (need.version > version, need.author_id, need.entry) == (True, author, Entry.OWN)
    upload = session.scalars(select(Upload)).one()
    assert json.loads(upload.outcome or "") == counted(new=1)
    assert "1 new, 0 changed, 0 removed" in trip.get(people.ada, preview).text


def test_the_journal_tells_each_line_once_for_the_need(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    changed = make_line(session, need, make_item(session), 3, remark="a")
    removed = make_line(session, need, make_item(session), 4)
    new = make_item(session)
    book = _book(trip, need, people, {"item": label(new), "quantity": 5, "site": PLACE})
    put(book, FIRST, {"quantity": 6})
    book.worksheets[0].delete_rows(FIRST + 1)
    changed_id, removed_id = changed.id, removed.id
    trip.apply(people.ada, _sent(trip, need, people, book), confirmed="1")
    verb = AuditEntry.verb == "needs.import_lines"
    [entry] = session.execute(select(AuditEntry).where(verb)).scalars()
    told = json.loads(entry.changes)
    assert (entry.object_type, entry.object_id) == ("need", need.id)
    assert (told["new"], told["changed"], told["removed"]) == (1, 1, 1)
    by_line = {one.get("line_id"): one for one in told["lines"]}
    assert by_line[changed_id] == {"line_id": changed_id, "quantity": ["3", "6"]}
    assert by_line[removed_id]["quantity"] == ["4", None]
    assert (by_line[None]["item_id"], by_line[None]["quantity"]) == (new.id, "5")


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"quantity": "douze"}, "F", "Write a number such as 1 234,56."),
    ({"quantity": None}, "F", "This field is needed."),
    ({"quantity": 0}, "F", "At least 0.001."),
    ({"quantity": -1}, "F", "At least 0.001."),
    ({"quantity": 1.2345}, "F", "At most 3 decimals."),
    ({"quantity": 1e9}, "F", "This is too large: at most 1000000."),
    ({"quantity": True}, "F", "Write a number such as 1 234,56."),
    ({"quantity": "1,234.5"}, "F", "Write a number such as 1 234,56."),
    ({"item": "XXX-001"}, "C", "This item is not in the catalogue of this campaign."),
    ({"item": None}, "C", "Choose an item of the catalogue, or write what you need"),
    ({"words": "Chaise"}, "D", "Leave this empty with an item of the catalogue"),
    ({"words": "x" * 301, "item": None, "own_unit": "pièce"}, "D", "At most 300 characters."),
    ({"item": None, "words": "Chaise"}, "E", "Write by which unit you count."),
    ({"own_unit": "palette"}, "E", "This item is counted by the unit “piece”."),
    ({"basis": "par siècle"}, "G", "Choose one of the listed values."),
    ({"site": None}, "H", "Choose one of the delivery places of this body."),
    ({"site": "Ailleurs"}, "H", "Choose one of the delivery places of this body."),
    ({"wanted_on": "demain"}, "I", "Write a date such as 21/11/2026."),
    ({"wanted_on": "31/02/2027"}, "I", "Write a date such as 21/11/2026."),
    ({"wanted_on": today() - timedelta(days=1)}, "I", "Choose a day that is still to come."),
    ({"strength": "Peut-être"}, "J", "Choose one of the listed values."),
    ({"paid_price": 3}, "L", "Since when is this price paid?"),
    ({"paid_since": date(2024, 1, 1)}, "K", "Which price is paid since then?"),
    ({"paid_price": "cher", "paid_since": date(2024, 1, 1)}, "K", "Write a number such as"),
    (
        {"paid_price": 3, "paid_since": today() + timedelta(days=1)},
        "L",
        "A price paid today started today or before.",
    ),
    ({"remark": "x" * 501}, "M", "At most 500 characters."),
    ({"member": "000000000 · Nowhere"}, "B", "This file was not made for this body."),
    ({"member": "Amboise"}, "B", "Choose the body that this line is for."),
    ({"line": 999}, "A", "No line of this body has this number."),
    ({"line": "x"}, "A", "This is not the number of a line."),
]


@on_sqlite
def test_each_bad_row_has_its_sentence_with_row_and_column(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    items = [make_item(session, unit=Unit.PIECE) for _bad in BAD]
    rows = [
        {"item": label(item), "quantity": 1, "site": PLACE, **wrong}
        for item, (wrong, _column, _sentence) in zip(items, BAD, strict=True)
    ]
    good = {"item": label(make_item(session)), "quantity": 1, "site": PLACE}
    preview = _sent(trip, need, people, _book(trip, need, people, *rows, good))
    assert trip.counts(people.ada, preview) == counted(new=1, refused=len(BAD))
    page = " ".join(trip.get(people.ada, preview).text.split())
    errors = trip.book(people.ada, f"{preview}/errors.xlsx")
    headings = [str(cell.value) for cell in errors.worksheets[0][FIRST - 1]]
    for number, (wrong, column, sentence) in enumerate(BAD):
        assert f'<th scope="row">{FIRST + number}</th>' in page
        said = str(errors.worksheets[0].cell(FIRST + number, 14).value)
        assert sentence in said, (wrong, said)
        assert headings["ABCDEFGHIJKLM".index(column)] in said, (wrong, said)
        assert f"Column {column}," in page
        typed = read(errors, FIRST + number)
        for name, value in wrong.items():
            if name != "line" and isinstance(value, str):
                assert typed[name] == value
    assert _lines(session) == []


@on_sqlite
def test_a_wrong_cell_is_red_and_the_others_are_not(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    row = {"item": label(make_item(session)), "quantity": "douze", "site": PLACE}
    preview = _sent(trip, need, people, _book(trip, need, people, row))
    sheet = trip.book(people.ada, f"{preview}/errors.xlsx").worksheets[0]
    fills = {cell.coordinate: cell.fill.fgColor.rgb for cell in sheet[FIRST]}
    red = {place for place, colour in fills.items() if colour == "00F6B8B3"}
    assert red == {f"F{FIRST}", f"N{FIRST}"}


@on_sqlite
def test_what_is_wrong_is_seen_whole(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    item = {"item": label(make_item(session)), "site": PLACE}
    rows = (
        {**item, "quantity": 1.23456789, "wanted_on": date(2020, 1, 31), "paid_price": 5},
        {**item, "quantity": True, "remark": "x" * 505},
    )
    preview = _sent(trip, need, people, _book(trip, need, people, *rows))
    sheet = trip.book(people.ada, f"{preview}/errors.xlsx").worksheets[0]
    assert sheet.cell(FIRST, 6).number_format == "General"
    assert sheet.cell(FIRST, 9).number_format == "dd/mm/yyyy"
    # The row is as high as what is wrong in it: three sentences in one cell, a long text.
    assert [sheet.row_dimensions[FIRST + one].height for one in range(2)] == [2 * 15, 16 * 15]
    assert sheet.cell(FIRST + 1, 6).value == "TRUE"
    shown = trip.client(people.ada, "fr").get(preview).text
    assert "«\xa01,23456789\xa0»" in shown
    assert "«\xa031/01/2020\xa0»" in shown
    assert f"«\xa0{'x' * 120}…\xa0»" in shown


@on_sqlite
def test_a_remark_of_several_lines_comes_back_as_it_went(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    line = make_line(session, need, make_item(session), 3)
    entry = {
        "version": str(line.version),
        "quantity": "3",
        "site_id": str(line.site_id),
        "remark": "Deux étages.\r\nAccès par la cour.",
    }
    answer = trip.client(people.ada).post(f"/need-lines/{line.id}/edit", data=entry)
    assert answer.status_code == 302, answer.text
    session.rollback()
    book = _book(trip, need, people)
    assert read(book, FIRST)["remark"] == "Deux étages.\nAccès par la cour."
    # As Excel writes the line breaks of other systems.
    put(book, FIRST, {"remark": "Deux étages._x000D_\nAccès par la cour."})
    preview = _sent(trip, need, people, book)
    assert trip.counts(people.ada, preview) == counted(unchanged=1)


def test_french_numbers_and_dates_as_text_are_read_and_said(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    items = [make_item(session) for _item in range(3)]
    rows = [
        {"item": items[0].code.lower(), "quantity": "1,5", "site": PLACE},
        {"item": label(items[1]), "quantity": "1 500", "site": f" {PLACE} "},
        {
            "item": label(items[2]),
            "quantity": "1\u202f234,5",
            "site": PLACE,
            "wanted_on": f"{LATE:%d/%m/%Y}",
        },
    ]
    preview = _sent(trip, need, people, _book(trip, need, people, *rows))
    page = trip.get(people.ada, preview).text
    assert "4 texts were read" in page
    assert f"Row {FIRST + 1}, Quantity: “1 500” was read as 1500." in page
    trip.apply(people.ada, preview)
    assert [line.quantity for line in _lines(session)] == [D("1.5"), D(1500), D("1234.5")]
    assert _lines(session)[2].wanted_on == LATE


def test_the_same_file_twice_changes_nothing(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    make_line(session, need, make_item(session), 3)
    item = make_item(session)
    words = {"words": "Chaise", "own_unit": "pièce", "quantity": 2, "site": PLACE}
    book = _book(
        trip, need, people, {"item": label(item), "quantity": 1, "site": PLACE}, words, words
    )
    put(book, FIRST, {"quantity": 9})
    content = saved(book)
    first = _sent(trip, need, people, content)
    assert trip.counts(people.ada, first) == counted(new=3, changed=1)
    trip.apply(people.ada, first)
    before = [(line.id, line.version, line.quantity) for line in _lines(session)]
    entries = session.scalar(select(func.count()).select_from(AuditEntry)) or 0
    second = _sent(trip, need, people, content)
    assert trip.counts(people.ada, second) == counted(unchanged=4)
    assert "there is nothing to write" in trip.get(people.ada, second).text
    for preview in (first, second):
        assert trip.apply(people.ada, preview).status_code == 302
    assert [(line.id, line.version, line.quantity) for line in _lines(session)] == before
    # Receiving the file is an act of its own; writing nothing is none.
    assert session.scalar(select(func.count()).select_from(AuditEntry)) == entries + 1


def test_lines_that_are_missing_go_only_when_that_is_confirmed(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    for _line in range(2):
        make_line(session, need, make_item(session), 3)
    book = _book(trip, need, people)
    book.worksheets[0].delete_rows(FIRST)
    preview = _sent(trip, need, people, book)
    assert trip.counts(people.ada, preview) == counted(removed=1, unchanged=1)
    answer = trip.apply(people.ada, preview)
    assert answer.status_code == 409
    assert "Confirm that they are to be removed" in answer.text
    assert len(_lines(session)) == 2
    assert trip.apply(people.ada, preview, confirmed="1").status_code == 302
    assert len(_lines(session)) == 1


def test_a_refused_row_keeps_the_line_that_it_names(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    make_line(session, need, make_item(session), 3)
    item = make_item(session)
    make_line(session, need, item, 4)
    book = _book(trip, need, people)
    put(book, FIRST, {"quantity": "douze"})
    # Without its number too: the item and the place tell which line it is.
    put(book, FIRST + 1, {"line": None, "quantity": "treize"})
    preview = _sent(trip, need, people, book)
    assert trip.counts(people.ada, preview) == counted(refused=2)
    errors = trip.book(people.ada, f"{preview}/errors.xlsx")
    assert [read(errors, FIRST + one).get("line") for one in (0, 1, 2)] == [
        _lines(session)[0].id,
        _lines(session)[1].id,
        None,
    ]


def test_two_lines_swap_their_places(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    item, school = make_item(session), make_site(session, people.first, "École")
    one = make_line(session, need, item, 1)
    two = make_line(session, need, item, 2, site_id=school.id)
    places, numbers = [one.site_id, two.site_id], [one.id, two.id]
    book = _book(trip, need, people)
    put(book, FIRST, {"site": "École"})
    put(book, FIRST + 1, {"site": PLACE})
    preview = _sent(trip, need, people, book)
    assert trip.counts(people.ada, preview) == counted(changed=2)
    assert trip.apply(people.ada, preview).status_code == 302
    lines = _lines(session)
    assert [line.id for line in lines] == numbers
    assert [line.site_id for line in lines] == places[::-1]


def test_an_item_is_declared_once_for_a_place_even_when_another_row_is_refused(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    item, school = make_item(session), make_site(session, people.first, "École")
    make_line(session, need, item, 1)
    make_line(session, need, item, 2, site_id=school.id)
    other = {"item": label(make_item(session)), "quantity": 1, "site": PLACE}
    book = _book(trip, need, people, other, other)
    # The first takes the place of the second, which cannot leave it.
    put(book, FIRST, {"site": "École"})
    put(book, FIRST + 1, {"site": PLACE, "quantity": "douze"})
    preview = _sent(trip, need, people, book)
    assert trip.counts(people.ada, preview) == counted(new=1, refused=3)
    assert trip.apply(people.ada, preview).status_code == 302
    assert [line.quantity for line in _lines(session)] == [1, 2, 1]


def test_a_row_that_was_copied_with_its_number_is_told(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    line = make_line(session, need, make_item(session), 3)
    row = {"line": line.id, "item": label(make_item(session)), "quantity": 1, "site": PLACE}
    preview = _sent(trip, need, people, _book(trip, need, people, row))
    assert trip.counts(people.ada, preview) == counted(unchanged=1, refused=1)
    assert f"Row {FIRST} has this number too" in trip.get(people.ada, preview).text


def test_what_the_buyer_understood_and_the_evidence_stay_with_a_line(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    item = make_item(session)
    proof = Document(
        need_id=need.id,
        purpose=Purpose.EVIDENCE,
        digest="0" * 64,
        name="facture.pdf",
        media_type="application/pdf",
        size=1,
        person_id=people.ada.id,
        at=datetime.now(UTC),
    )
    session.add(proof)
    session.flush()
    price = {"own_price": D(10), "paid_price": D("2.5"), "paid_since": date(2024, 1, 1)}
    free = {"words": "Papier", "own_unit": "carton", "units_each": D(4), **price}
    line = make_line(session, need, item, 3, evidence_id=proof.id, **free)
    line.quantity = D(12)
    book = _book(trip, need, people)
    assert read(book, FIRST)["own_unit"] == "carton"
    version = line.version
    put(book, FIRST, {"quantity": 5, "paid_price": 20})
    trip.apply(people.ada, _sent(trip, need, people, book))
    [line] = _lines(session)
    assert (line.item_id, line.units_each, line.evidence_id) == (item.id, D(4), proof.id)
    assert (line.declared_quantity, line.quantity) == (D(5), D(20))
    assert (line.own_price, line.paid_price, line.version) == (D(20), D(5), version + 1)
    book = _book(trip, need, people)
    put(book, FIRST, {"words": "Papier recyclé"})
    trip.apply(people.ada, _sent(trip, need, people, book))
    [line] = _lines(session)
    assert (line.item_id, line.units_each, line.evidence_id) == (None, None, None)
    assert (line.quantity, line.paid_price, line.words) == (D(5), D(20), "Papier recyclé")


def test_a_file_that_is_out_of_date_says_what_changed_since(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    item = make_item(session, designation="Tablette")
    make_line(session, need, item, 3)
    book = _book(trip, need, people)
    put(book, FIRST, {"quantity": 7})
    other = make_item(session, designation="Borne")
    entry = operations.LineEntry(D(1), people.first.sites[0].id)
    operations.add_line(need, other.id, entry, actor=actor_for(people.ada), today=today())
    pipeline.commit()
    preview = _sent(trip, need, people, book)
    assert trip.counts(people.ada, preview) == counted(refused=1)
    page = trip.get(people.ada, preview).text
    assert "This need has changed since the file was made" in page
    assert "A line was added: " in page
    assert "Borne" in page
    assert trip.apply(people.ada, preview).status_code == 302
    assert [line.quantity for line in _lines(session)] == [3, 1]
    errors = trip.book(people.ada, f"{preview}/errors.xlsx")
    assert read(errors, FIRST)["quantity"] == 7
    assert read(errors, FIRST + 1)["item"] == label(other)
    preview = _sent(trip, need, people, errors)
    assert trip.counts(people.ada, preview) == counted(changed=1, unchanged=1)


@on_sqlite
def test_what_another_file_did_meanwhile_is_counted(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    make_line(session, need, make_item(session), 3)
    first, second = _book(trip, need, people), _book(trip, need, people)
    put(first, FIRST, {"quantity": 4})
    put(first, FIRST + 1, {"item": label(make_item(session)), "quantity": 1, "site": PLACE})
    trip.apply(people.ada, _sent(trip, need, people, first))
    put(second, FIRST, {"quantity": 5})
    page = trip.get(people.ada, _sent(trip, need, people, second)).text
    assert "Lines were written from a workbook: 1 new, 1 changed, 0 removed." in page


@pytest.mark.parametrize("state", [NeedState.SUBMITTED, NeedState.VALIDATED])
def test_a_submitted_need_refuses_the_file_and_shows_it_all_the_same(
    trip: Trip, session: Session, people: People, need: Need, state: NeedState
) -> None:
    make_line(session, need, make_item(session), 3)
    book = _book(trip, need, people)
    same = saved(book)
    put(book, FIRST, {"quantity": 7})
    need.state, need.check_figure, need.approver_id = state, "0" * 64, people.alix.id
    assert trip.counts(people.ada, _sent(trip, need, people, same)) == counted(unchanged=1)
    preview = _sent(trip, need, people, book)
    assert trip.counts(people.ada, preview) == counted(refused=1)
    assert "This need was submitted and no longer changes" in trip.get(people.ada, preview).text
    trip.apply(people.ada, preview)
    assert [line.quantity for line in _lines(session)] == [3]


def _closed(_session: Session, need: Need, _people: People) -> None:
    need.campaign.state = CampaignState.CLOSED


def _left(session: Session, _need: Need, people: People) -> None:
    query = select(Membership).where(Membership.member_id == people.first.id)
    session.scalars(query).one().left_on = today()


@pytest.mark.parametrize(
    "change, sentence",
    [
        (_closed, "This campaign takes no answers today"),
        (_left, "You may not answer this campaign for this body."),
    ],
)
def test_nothing_is_written_when_the_moment_is_past(
    trip: Trip,
    session: Session,
    people: People,
    need: Need,
    change: Callable[[Session, Need, People], None],
    sentence: str,
) -> None:
    make_line(session, need, make_item(session), 3)
    book = _book(trip, need, people)
    put(book, FIRST, {"quantity": 7})
    before = _sent(trip, need, people, book)
    change(session, need, people)
    for preview in (before, _sent(trip, need, people, book)):
        assert trip.counts(people.ada, preview) == counted(refused=1)
        assert sentence in trip.get(people.ada, preview).text
        trip.apply(people.ada, preview)
    assert [line.quantity for line in _lines(session)] == [3]


def test_a_firm_campaign_binds_and_says_so(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    need.campaign.commitment = Strength.FIRM
    items = [make_item(session), make_item(session)]
    rows = [{"item": label(item), "quantity": 1, "site": PLACE} for item in items]
    rows[1]["strength"] = "Indicative"
    preview = _sent(trip, need, people, _book(trip, need, people, *rows))
    assert trip.counts(people.ada, preview) == counted(new=1, refused=1)
    assert "This campaign is firm" in trip.get(people.ada, preview).text
    trip.apply(people.ada, preview)
    assert [line.strength for line in _lines(session)] == [Strength.FIRM]


def test_items_of_other_families_are_neither_offered_nor_taken(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    family, other = make_family(session), make_item(session)
    item = make_item(session, family)
    need.campaign.every_family = False
    session.add(CampaignFamily(campaign_id=need.campaign_id, family_id=family.id))
    rows = [{"item": label(one), "quantity": 1, "site": PLACE} for one in (item, other)]
    book = _book(trip, need, people, *rows)
    offered = [row[0].value for row in book["Catalogue"].iter_rows(min_row=FIRST)]
    assert offered == [label(item)]
    preview = _sent(trip, need, people, book)
    assert trip.counts(people.ada, preview) == counted(new=1, refused=1)


BOOKS: list[tuple[str, Callable[[Workbook], object], str]] = [
    (
        "formula",
        lambda book: book.worksheets[0].cell(FIRST, 6, "=1+1"),
        f"F{FIRST}",
    ),
    ("merged", lambda book: book.worksheets[0].merge_cells(f"A{FIRST}:B{FIRST}"), f"A{FIRST}:B"),
    ("renamed", lambda book: book.worksheets[0].cell(FIRST - 1, 6, "Combien"), "Quantity"),
    ("moved", lambda book: book.worksheets[0].insert_cols(3), "Column C"),
    ("hidden", lambda book: setattr(book.worksheets[1], "sheet_state", "hidden"), "is hidden"),
    ("no sheet", lambda book: book.remove(book["Bodies"]), "Bodies"),
    (
        "campaign",
        lambda book: book["Bodies"].cell(FIRST, 6, "999 · Une autre"),
        "made for another campaign",
    ),
]


@on_sqlite
@pytest.mark.parametrize(
    "change, sentence", [one[1:] for one in BOOKS], ids=[one[0] for one in BOOKS]
)
def test_a_workbook_that_was_bent_is_refused_with_the_place(
    trip: Trip,
    session: Session,
    people: People,
    need: Need,
    change: Callable[[Workbook], object],
    sentence: str,
) -> None:
    book = _book(trip, need, people)
    change(book)
    for address in (f"/needs/{need.id}/uploads", f"/campaigns/{need.campaign_id}/uploads"):
        answer = trip.send(people.ada, address, book)
        assert answer.status_code == 422
        assert sentence in answer.text
    assert session.scalar(select(func.count()).select_from(Upload)) == 0


FILES: list[tuple[str, Callable[[], bytes]]] = [
    ("empty", bytes),
    ("text", lambda: b"Article;Quantite\nVID-001;12\n"),
    ("pdf", lambda: b"%PDF-1.7\n"),
    ("old", lambda: workbooks.ole("Workbook")),
    ("word", workbooks.word_file),
    ("ods", lambda: workbooks.open_document("spreadsheet")),
    ("encrypted", workbooks.encrypted),
    ("bomb", lambda: workbooks.bomb(300)),
    ("long", lambda: workbooks.long(200_000)),
    ("large", lambda: b"PK\x03\x04" + bytes(10 * 1024 * 1024)),
]


@on_sqlite
@pytest.mark.parametrize("make", [one[1] for one in FILES], ids=[one[0] for one in FILES])
def test_a_file_that_is_no_such_workbook_is_refused(
    trip: Trip, session: Session, people: People, need: Need, make: Callable[[], bytes]
) -> None:
    answer = trip.send(people.ada, f"/needs/{need.id}/uploads", make())
    assert answer.status_code == 422
    assert 'class="field-error"' in answer.text
    assert session.scalar(select(func.count()).select_from(Upload)) == 0


def test_no_file_at_all(trip: Trip, people: People, need: Need) -> None:
    answer = trip.client(people.ada).post(f"/needs/{need.id}/uploads", data={})
    assert answer.status_code == 422
    assert "Choose a file." in answer.text


def test_a_body_answers_for_those_that_mandated_it(
    trip: Trip, session: Session, people: People
) -> None:
    campaign, item = make_campaign(session), make_item(session)
    communes = [make_member(session, f"Commune {name}") for name in "ABC"]
    for commune in communes[:2]:
        granted = today() - timedelta(days=9)
        mandate = Mandate(member_id=commune.id, delegate_id=people.first.id, granted_on=granted)
        session.add(mandate)
    own = make_need(session, campaign, make_person(session, member=communes[1]))
    make_line(session, own, item, 8)
    address = f"/campaigns/{campaign.id}"
    book = trip.book(people.ada, f"{address}/needs.xlsx")
    bodies = [str(row[0].value) for row in book["Bodies"].iter_rows(min_row=FIRST)]
    siren = {one.name: f"{one.siren} · {one.name}" for one in (people.first, *communes)}
    assert bodies == [siren[one] for one in ("Amboise-la-Petite", "Commune A", "Commune B")]
    new = {"item": label(item), "quantity": 1}
    places = {name: f"{name} · {PLACE}" for name in siren}
    for row, name in enumerate(("Amboise-la-Petite", "Commune A", "Commune C"), FIRST + 1):
        put(book, row, {**new, "member": siren[name], "site": places[name]})
    put(book, FIRST + 4, {**new, "site": PLACE})
    put(book, FIRST + 5, {**new, "member": siren["Commune A"], "site": places["Commune B"]})
    preview = trip.preview(people.ada, f"{address}/uploads", book)
    assert trip.counts(people.ada, preview) == counted(new=2, unchanged=1, refused=3)
    trip.apply(people.ada, preview)
    needs = {one.member.name: one for one in session.scalars(select(Need))}
    assert {name: (one.entry, len(one.lines)) for name, one in needs.items()} == {
        "Amboise-la-Petite": (Entry.OWN, 1),
        "Commune A": (Entry.DELEGATE, 1),
        "Commune B": (Entry.OWN, 1),
    }
    session.execute(update(Mandate).values(revoked_on=today()))
    assert trip.counts(people.ada, preview)["refused"] == 5
    page = trip.get(people.ada, preview).text
    assert "You may not answer this campaign for this body." in page


def test_the_members_of_a_file_stand_by_themselves(
    trip: Trip, session: Session, people: People
) -> None:
    campaign, item = make_campaign(session), make_item(session)
    commune = make_member(session, "Commune A")
    session.add(Mandate(member_id=commune.id, delegate_id=people.first.id, granted_on=today()))
    theirs = make_need(session, campaign, make_person(session, member=commune))
    make_line(session, theirs, item, 8)
    address = f"/campaigns/{campaign.id}"
    book = trip.book(people.ada, f"{address}/needs.xlsx")
    put(book, FIRST, {"quantity": 9})
    new = {"item": label(item), "quantity": 1, "site": f"Amboise-la-Petite · {PLACE}"}
    put(book, FIRST + 1, {**new, "member": f"{people.first.siren} · Amboise-la-Petite"})
    theirs.state = NeedState.SUBMITTED
    preview = trip.preview(people.ada, f"{address}/uploads", book)
    assert trip.counts(people.ada, preview) == counted(new=1, refused=1)
    trip.apply(people.ada, preview)
    assert sorted(line.quantity for line in _lines(session)) == [1, 8]


def test_the_centrale_enters_needs_and_the_file_is_their_source(
    trip: Trip, session: Session, people: People
) -> None:
    campaign, item = make_campaign(session), make_item(session)
    own = make_need(session, campaign, people.basile)
    make_line(session, own, item, 8)
    address = f"/campaigns/{campaign.id}"
    book = trip.book(people.clara, f"{address}/needs.xlsx?member={people.first.id}")
    bodies = [str(row[0].value) for row in book["Bodies"].iter_rows(min_row=FIRST)]
    assert bodies == [f"{people.first.siren} · Amboise-la-Petite"]
    put(book, FIRST, {"item": label(item), "quantity": 4, "site": PLACE})
    preview = trip.preview(people.clara, f"{address}/uploads", book)
    trip.apply(people.clara, preview)
    need = session.scalars(select(Need).where(Need.member_id == people.first.id)).one()
    assert (need.entry, need.author_id) == (Entry.CENTRALE, people.clara.id)
    [source] = session.scalars(select(Document))
    assert (source.need_id, source.purpose) == (need.id, Purpose.SOURCE)
    operations.submit(need, actor=actor_for(people.clara), today=today())
    session.rollback()
    # What a member began by itself is neither read nor written by the centrale.
    whole = trip.book(people.clara, f"{address}/needs.xlsx")
    assert people.second.siren not in str(saved(whole))
    bodies = [str(row[0].value) for row in whole["Bodies"].iter_rows(min_row=FIRST)]
    assert not any(people.second.siren in one for one in bodies)
    assert trip.get(people.ada, preview).status_code == 404


@on_sqlite
def test_a_member_reads_its_own_rows_alone_of_a_file_of_several(
    trip: Trip, session: Session, people: People
) -> None:
    campaign, item = make_campaign(session), make_item(session)
    address = f"/campaigns/{campaign.id}"
    book = trip.book(people.clara, f"{address}/needs.xlsx")
    for row, member in enumerate((people.first, people.second), FIRST):
        place = f"{member.name} · {PLACE}"
        own = {"member": f"{member.siren} · {member.name}", "site": place, "remark": member.name}
        put(book, row, {**own, "item": label(item), "quantity": row})
    trip.apply(people.clara, trip.preview(people.clara, f"{address}/uploads", book))
    sources = {
        one.need_id: one
        for one in session.scalars(select(Document).where(Document.purpose == Purpose.SOURCE))
    }
    needs = {one.member_id: one for one in session.scalars(select(Need))}
    theirs = {
        member.id: sources[needs[member.id].id].id for member in (people.first, people.second)
    }
    assert trip.get(people.ada, f"/documents/{theirs[people.second.id]}").status_code == 404
    book = trip.book(people.ada, f"/documents/{theirs[people.first.id]}")
    sheet = book.worksheets[0]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=FIRST)]
    assert [(row[0], row[6], row[13]) for row in rows] == [(FIRST, FIRST, people.first.name)]
    everything = "".join(str(row) for row in book["Needs"].iter_rows(values_only=True))
    assert people.first.siren in everything
    assert people.second.siren not in everything


def test_who_may_do_what(trip: Trip, session: Session, people: People, need: Need) -> None:
    make_line(session, need, make_item(session), 3)
    campaign_id = need.campaign_id
    preview = _sent(trip, need, people, _book(trip, need, people))
    expected = {
        # address: ada, alix, basile, clara, dora, eli
        f"/needs/{need.id}/needs.xlsx": (200, 200, 404, 404, 404, 403),
        f"/needs/{need.id}/uploads": (200, 403, 404, 404, 403, 403),
        f"/campaigns/{campaign_id}/needs.xlsx": (200, 403, 200, 200, 403, 403),
        f"/campaigns/{campaign_id}/uploads": (200, 403, 200, 200, 403, 403),
        preview: (200, 403, 404, 404, 403, 403),
        f"{preview}/errors.xlsx": (200, 403, 404, 404, 403, 403),
    }
    everybody = (
        people.ada, people.alix, people.basile, people.clara, people.dora, people.eli,
    )  # fmt: skip
    for address, statuses in expected.items():
        found = tuple(trip.get(one, address).status_code for one in everybody)
        assert found == statuses, address
    sent = tuple(trip.apply(one, preview).status_code for one in everybody)
    assert sent == (302, 403, 404, 404, 403, 403)
    posts = tuple(trip.send(one, f"/needs/{need.id}/uploads", b"").status_code for one in everybody)
    assert posts == (422, 403, 404, 404, 403, 403)


def test_queries_do_not_grow_with_the_file(
    trip: Trip, session: Session, people: People, need: Need, count_queries: CountQueries
) -> None:
    counts = []
    # The very first act of all also begins the journal.
    for rows in (1, 3, 60):
        items = [make_item(session) for _item in range(rows)]
        typed = [{"item": label(item), "quantity": 1, "site": PLACE} for item in items]
        book = _book(trip, need, people, *typed)
        if need.lines:
            put(book, FIRST, {"quantity": len(need.lines) + 1})
        content = BytesIO(saved(book))
        client = trip.client(people.ada)
        session.rollback()
        with count_queries() as statements:
            sent = client.post(f"/needs/{need.id}/uploads", data={"file": (content, "n.xlsx")})
            assert client.get(sent.location).status_code == 200
            assert client.post(f"{sent.location}/apply").status_code == 302
        counts.append(len(statements))
        session.rollback()
    assert counts[1] == counts[2]


@on_postgresql
def test_a_need_that_is_being_submitted_meanwhile_is_not_written(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    make_line(session, need, make_item(session), 3)
    book = _book(trip, need, people)
    put(book, FIRST, {"quantity": 7})
    preview = _sent(trip, need, people, book)
    client = trip.client(people.ada)
    ada, need_id = actor_for(people.ada), need.id
    session.commit()
    answers: list[int] = []
    begin_write(session)
    operations.submit(session.get_one(Need, need_id), actor=ada, today=today())
    session.flush()
    late = threading.Thread(
        target=lambda: answers.append(client.post(f"{preview}/apply").status_code)
    )
    late.start()
    late.join(0.5)
    assert answers == []
    pipeline.commit()
    late.join(10)
    assert answers == [302]
    assert [line.quantity for line in _lines(session)] == [3]


_CELLS: dict[str, st.SearchStrategy[Any]] = {
    "quantity": st.sampled_from(
        ["", None, 0.0, 1.0, 1.5, 1.2345, "1,5", "1 500", "douze", True, -2.0, 1e7, "  ", "12"]
    ),
    "basis": st.sampled_from(["", "period", "year", "par an", 1.0]),
    "strength": st.sampled_from(["", "firm", "indicative", "x"]),
    "wanted_on": st.sampled_from(["", date(2027, 1, 2), "21/11/2026", "31/02/2027", 46000.0]),
    "paid_price": st.sampled_from(["", 0.0, 1.00001, 9.99, "1 234,56", "x"]),
    "paid_since": st.sampled_from(["", date(2024, 1, 1), "1/1/2024", "hier"]),
    "remark": st.sampled_from(["", "a", " b ", "x" * 501, 12.0, "a\x00b"]),
}


@on_sqlite
@pytest.mark.usefixtures("english")
def test_columns_are_loaded_as_the_form_loads_rows() -> None:
    names = list(_CELLS)

    @settings(deadline=None, max_examples=200)
    @given(st.lists(st.tuples(*_CELLS.values()), max_size=8))
    def holds(rows: list[tuple[Any, ...]]) -> None:
        columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
        faults: dict[int, dict[str, list[str]]] = {}
        values = loaded(LineInput(), columns, faults)
        check_rows(LineInput(), columns, range(len(rows)), faults, site_id=1)
        for number, row in enumerate(rows):
            typed = {name: text_of(cell) for name, cell in zip(names, row, strict=True)}
            expected, entry = None, {}
            try:
                entry = LineInput().load({**form_of(typed), "site_id": 1})
            except ValidationError as fault:
                expected = messages_of(fault)
            assert faults.get(number) == expected
            if expected is None:
                assert {name: values[name][number] for name in names} == {
                    name: entry[name] for name in names
                }

    holds()


def test_a_member_that_objects_keeps_its_need_from_others(
    trip: Trip, session: Session, people: People
) -> None:
    campaign, item = make_campaign(session), make_item(session)
    need = make_need(session, campaign, people.ada, entry=Entry.CENTRALE)
    make_line(session, need, item, 3)
    book = trip.book(people.clara, f"/campaigns/{campaign.id}/needs.xlsx?member={people.first.id}")
    put(book, FIRST, {"quantity": 7})
    need.objection, need.objector_id = "Not ours", people.alix.id
    uploads = f"/campaigns/{campaign.id}/uploads"
    assert trip.counts(people.clara, trip.preview(people.clara, uploads, book)) == counted(
        refused=1
    )
    preview = trip.preview(people.ada, uploads, book)
    assert trip.counts(people.ada, preview) == counted(changed=1)
    trip.apply(people.ada, preview)
    assert (_lines(session)[0].quantity, need.entry) == (D(7), Entry.OWN)


def test_a_yearly_quantity_must_leave_something_of_a_short_contract(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    need.campaign.contract_months = 1
    row = {"quantity": 0.005, "basis": "each year", "site": PLACE}
    rows = [{**row, "item": label(make_item(session))} for _row in range(2)]
    rows[1]["quantity"] = 0.006
    preview = _sent(trip, need, people, _book(trip, need, people, *rows))
    assert trip.counts(people.ada, preview) == counted(new=1, refused=1)
    assert "This comes to nothing over the whole contract." in trip.get(people.ada, preview).text
    assert trip.apply(people.ada, preview).status_code == 302
    assert [line.quantity for line in _lines(session)] == [D("0.001")]


def test_a_member_is_told_that_somebody_else_declares_its_needs(
    trip: Trip, session: Session, people: People
) -> None:
    campaign, item = make_campaign(session), make_item(session)
    book = trip.book(people.clara, f"/campaigns/{campaign.id}/needs.xlsx?member={people.first.id}")
    put(book, FIRST, {"item": label(item), "quantity": 4, "site": PLACE})
    preview = trip.preview(people.clara, f"/campaigns/{campaign.id}/uploads", book)
    assert session.scalar(select(func.count()).select_from(Letter)) == 0
    trip.apply(people.clara, preview)
    told = set(session.scalars(select(Letter.to_address)))
    assert told == {"ada@example.org", "alix@example.org"}


def test_places_that_differ_by_a_capital_are_two(
    trip: Trip, session: Session, people: People, need: Need
) -> None:
    places = [make_site(session, people.first, name) for name in ("École", "école")]
    item = label(make_item(session))
    rows = [{"item": item, "quantity": 1, "site": one.name} for one in places]
    rows.append({"item": item, "quantity": 1, "site": "MAIRIE "})
    trip.apply(people.ada, _sent(trip, need, people, _book(trip, need, people, *rows)))
    expected = [places[0].id, places[1].id, people.first.sites[0].id]
    assert [line.site_id for line in _lines(session)] == expected
