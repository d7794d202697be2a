"""The history of a need: versions with their differences, decisions, and what was written since."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from procurement.kernel import pipeline
from procurement.kernel.pipeline import today
from procurement.needs import operations
from procurement.needs.models import Basis, Entry, Need, NeedLine, NeedState, Strength
from procurement.needs.operations import LineEntry
from procurement.needs.versions import Kind, differences
from tests.browse import tree
from tests.conftest import CountQueries
from tests.door import Door
from tests.make import (
    actor_for,
    make_campaign,
    make_item,
    make_line,
    make_need,
    make_site,
)
from tests.people import People

A = {
    "id": 1,
    "code": "CAM-1",
    "designation": "Caméra",
    "words": None,
    "own_unit": None,
    "site_name": "Mairie",
    "declared_quantity": "2",
    "basis": "period",
    "strength": "indicative",
    "wanted_on": None,
    "paid_price": "10",
    "own_price": None,
    "paid_since": "2026-01-01",
    "evidence_id": None,
    "remark": None,
    "quantity": "2",
    "unit": "piece",
}
FREE = {**A, "id": 2, "words": "Chaises", "own_unit": "lot", "own_price": "40", "paid_price": "40"}


@pytest.mark.parametrize(
    "before, after, expected",
    [
        ([], [], []),
        ([A], [A], []),
        ([], [A], [(Kind.ADDED, 1, ())]),
        ([A], [], [(Kind.REMOVED, 1, ())]),
        (
            [A],
            [{**A, "declared_quantity": "3", "quantity": "3"}],
            [(Kind.CHANGED, 1, (("declared_quantity", "2", "3"),))],
        ),
        (
            [A],
            [{**A, "basis": "year", "quantity": "8", "remark": "Urgent"}],
            [(Kind.CHANGED, 1, (("basis", "period", "year"), ("remark", None, "Urgent")))],
        ),
        ([A], [{**A, "paid_price": "9"}], [(Kind.CHANGED, 1, (("price", "10", "9"),))]),
        # The centrale says what a free line is, and a price of one unit: nothing that was declared.
        ([FREE], [{**FREE, "code": "CH-1", "quantity": "8", "paid_price": "10"}], []),
        ([FREE], [{**FREE, "own_price": "41"}], [(Kind.CHANGED, 2, (("price", "40", "41"),))]),
        # A line that was removed and typed again is another line.
        ([A], [{**A, "id": 9}], [(Kind.REMOVED, 1, ()), (Kind.ADDED, 9, ())]),
        # SQLite gives it the number of the one that is gone.
        (
            [A],
            [{**A, "code": "TAB-1", "designation": "Tablette"}],
            [(Kind.REMOVED, 1, ()), (Kind.ADDED, 1, ())],
        ),
        (
            [FREE],
            [{**FREE, "words": "Bancs"}],
            [(Kind.CHANGED, 2, (("words", "Chaises", "Bancs"),))],
        ),
        ([A, FREE], [FREE, A], []),
    ],
)
def test_what_differs(before, after, expected) -> None:
    found = differences(before, after)
    assert [(one.kind, one.line["id"], one.fields) for one in found] == expected


@pytest.fixture
def need(session: Session, people: People) -> Need:
    """Ada's need of two lines, submitted, returned by Alix, and corrected by Ada since."""
    ada, alix = actor_for(people.ada), actor_for(people.alix)
    made = make_need(session, make_campaign(session), people.ada)
    first = make_line(session, made, make_item(session, designation="Caméra dôme"), 2)
    second = make_line(session, made, make_item(session, designation="Écran"), 1)
    operations.submit(made, actor=ada, today=today())
    pipeline.commit()
    operations.return_to_author(made, "Trop peu", actor=alix, today=today())
    pipeline.commit()
    _correct(session, people, made, first, second)
    return made


def _correct(
    session: Session, people: People, need: Need, first: NeedLine, second: NeedLine
) -> None:
    ada, site = actor_for(people.ada), make_site(session, people.first, "École Jules-Ferry")
    entry = LineEntry(
        quantity=Decimal("2.5"),
        site_id=site.id,
        basis=Basis.YEAR,
        strength=Strength.FIRM,
        wanted_on=today() + timedelta(days=10),
        paid_price=Decimal("12.5"),
        paid_since=date(2026, 2, 1),
        remark="Avec support",
    )
    operations.change_line(first, entry, first.version, actor=ada, today=today())
    operations.remove_line(second, second.version, actor=ada, today=today())
    added = LineEntry(quantity=Decimal(7), site_id=people.first.sites[0].id)
    item = make_item(session, designation="Tablette")
    operations.add_line(need, item.id, added, actor=ada, today=today())
    pipeline.commit()


def _text(page: str) -> str:
    return " ".join(tree(page).text_content().split())


def test_what_was_written_since_the_last_version_is_told(
    door: Door, people: People, need: Need
) -> None:
    text = _text(door.get(people.alix, f"/needs/{need.id}/history").text)
    assert "Since the last version" in text
    assert "Added Tablette: 7." in text
    assert "Removed Écran: 1." in text
    assert "Changed Caméra dôme." in text
    assert "Delivered to Mairie → École Jules-Ferry" in text
    assert "This quantity is for the whole period → each year" in text
    assert "Strength Indicative → Firm" in text
    assert f"Wanted by nothing → {today() + timedelta(days=10):%d/%m/%Y}" in text
    assert "Unit price paid today nothing → 12.50\u00a0€" in text.replace("12.50 €", "12.50\u00a0€")
    assert "Remark nothing → Avec support" in text
    assert "Returned By Alix on" in text
    assert "Trop peu" in text
    assert "Version 1 Submitted by Ada on" in text
    assert "{" not in text


def test_versions_tell_what_differs(
    door: Door, session: Session, people: People, need: Need
) -> None:
    door.post(people.ada, f"/needs/{need.id}/submit")
    door.post(people.alix, f"/needs/{need.id}/validate")
    for person in (people.ada, people.clara, people.dora):
        text = _text(door.get(person, f"/needs/{need.id}/history").text)
        assert "Since the last version" not in text
        assert "Validated By Alix on" in text
        assert text.index("Version 2") < text.index("Returned By") < text.index("Version 1")
        assert "Removed; it was asked for 1" in text
        assert "Added: 7" in text
        assert "Delivered to Mairie → École Jules-Ferry" in text
        assert "Lines: 2" in text


def test_the_centrale_sees_no_draft(
    door: Door, session: Session, people: People, need: Need
) -> None:
    address = f"/needs/{need.id}/history"
    for person in (people.clara, people.dora):
        text = _text(door.get(person, address).text)
        assert "Version 1" in text
        assert "Returned By Alix on" in text
        assert "Trop peu" in text
        assert "Tablette" not in text
    # What the centrale enters itself it sees as it is written.
    need.entry = Entry.CENTRALE
    assert "Tablette" in door.get(people.clara, address).text


def test_who_reads_the_history(door: Door, session: Session, people: People, need: Need) -> None:
    address = f"/needs/{need.id}/history"
    everyone = (people.ada, people.alix, people.basile, people.clara, people.eli)
    assert [door.get(one, address).status_code for one in everyone] == [200, 200, 404, 200, 403]
    draft = make_need(session, make_campaign(session), people.ada)
    page = door.get(people.ada, f"/needs/{draft.id}/history").text
    assert "No version yet" in page
    assert door.get(people.clara, f"/needs/{draft.id}/history").status_code == 404
    assert f"/needs/{draft.id}/history" in door.get(people.ada, f"/needs/{draft.id}").text


def test_a_version_of_nothing_and_an_objection_are_told(
    door: Door, session: Session, people: People
) -> None:
    need = make_need(session, make_campaign(session), people.ada)
    operations.declare_nil(need, actor=actor_for(people.ada), today=today())
    pipeline.commit()
    need.entry, need.author_id = Entry.CENTRALE, people.clara.id
    session.commit()
    door.post(
        people.ada, f"/needs/{need.id}/objection", objection="Il nous faut\ndes <b>écrans</b>"
    )
    assert need.state is NeedState.RETURNED
    page = door.get(people.ada, f"/needs/{need.id}/history").text
    assert "<h2>Objection</h2>" in page
    assert "&lt;b&gt;écrans&lt;/b&gt;" in page
    assert "Nothing needed" in page
    door.post(people.ada, f"/needs/{need.id}/nil")
    assert "No line differs" in door.get(people.ada, f"/needs/{need.id}/history").text


def test_the_history_reads_as_much_however_long_it_is(
    door: Door, session: Session, people: People, count_queries: CountQueries
) -> None:
    need = make_need(session, make_campaign(session), people.ada)
    address, ada, alix = f"/needs/{need.id}/history", actor_for(people.ada), actor_for(people.alix)

    def grow(times: int) -> int:
        for _time in range(times):
            for _line in range(3):
                entry = LineEntry(quantity=Decimal(1), site_id=people.first.sites[0].id)
                item_id = make_item(session).id
                operations.add_line(need, item_id, entry, actor=ada, today=today())
            operations.submit(need, actor=ada, today=today())
            operations.return_to_author(need, "Again", actor=alix, today=today())
            pipeline.commit()
        entry = LineEntry(quantity=Decimal(1), site_id=people.first.sites[0].id)
        operations.add_line(need, make_item(session).id, entry, actor=ada, today=today())
        pipeline.commit()
        door.get(people.ada, address)
        with count_queries() as statements:
            assert door.get(people.ada, address).status_code == 200
        return len(statements)

    assert grow(1) == grow(9) <= 12
