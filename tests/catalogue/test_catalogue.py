"""The shipped catalogue, its list and its items."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from procurement.catalogue import queries
from procurement.catalogue.imports import load_shipped
from procurement.catalogue.models import Cpv, Family, Item
from tests.browse import tree
from tests.conftest import CountQueries
from tests.door import Door
from tests.make import make_family, make_item
from tests.people import People


def _found(page: str) -> list[str]:
    return list(tree(page).xpath("//tbody//th/small/text()"))


def test_the_shipped_catalogue_is_complete(session: Session) -> None:
    assert 60 <= load_shipped() <= 100
    session.commit()
    assert session.scalar(select(func.count()).select_from(Family)) == 7
    for item in session.scalars(select(Item)):
        assert item.indicative_price is not None
        assert item.indicative_price > 0
        assert item.priced_on is not None
        assert date(2025, 1, 1) <= item.priced_on <= date(2026, 12, 31)
        assert item.vat_rate in (Decimal("2.1"), Decimal("5.5"), Decimal(10), Decimal(20))
        assert item.pack_size >= 1
        assert item.specification
    assert len(session.scalars(select(Cpv.id)).all()) >= 30
    used = set(session.scalars(select(Item.family_id).distinct()))
    assert used == set(session.scalars(select(Family.id)))


def test_loading_it_again_adds_nothing(session: Session) -> None:
    first = load_shipped()
    session.commit()
    assert load_shipped() == first
    session.commit()
    assert session.scalar(select(func.count(Item.id))) == first


@pytest.mark.parametrize(
    "question, found",
    [
        ("q=camera", ["CAM-1"]),
        ("q=CAMÉRAS", ["CAM-1"]),
        ("q=cam-1", ["CAM-1"]),
        ("q=exterieure camera", ["CAM-1"]),
        ("q=camera intérieure", []),
        ("q=tablettes", ["TAB-1"]),
        ("q=%25", []),
        ("q=_", []),
        ("q=%27%22--", []),
        ("q=" + "a" * 3000, []),
        ("", ["CAM-1", "TAB-1"]),
        ("family=1", ["CAM-1"]),
        ("family=2&q=camera", []),
        ("family=word", ["CAM-1", "TAB-1"]),
    ],
)
def test_items_are_found(
    door: Door, session: Session, people: People, question: str, found: list[str]
) -> None:
    video, school = make_family(session), make_family(session)
    make_item(session, video, code="CAM-1", designation="Caméra extérieure")
    make_item(session, school, code="TAB-1", designation="Tablette")
    assert _found(door.get(people.ada, f"/catalogue?{question}").text) == found


def test_an_item_is_shown(door: Door, session: Session, people: People) -> None:
    item = make_item(
        session, designation="Caméra <dôme>", vat_rate=Decimal("5.5"), indicative_price=None
    )
    for person in (people.ada, people.alix, people.clara, people.dora, people.eli):
        page = door.get(person, f"/catalogue/{item.id}")
        assert page.status_code == 200
        assert "Caméra &lt;dôme&gt;" in page.text
        assert "5.5 %" in page.text
        assert "not recorded" in page.text
    assert door.get(people.ada, "/catalogue/999").status_code == 404


def test_a_price_is_written_for_its_reader(door: Door, session: Session, people: People) -> None:
    make_item(session, indicative_price=Decimal("1234.5"))
    assert "1,234.50" in door.get(people.ada, "/catalogue").text
    assert "1,234.50 € on 15/01/2026" in door.get(people.ada, "/catalogue/1").text


def test_an_empty_search_says_what_to_do(door: Door, people: People) -> None:
    page = door.get(people.ada, "/catalogue?q=nothing").text
    assert "Nothing found" in page
    assert "Try fewer words" in page
    assert "/catalogue/new" not in page


def test_an_empty_search_offers_the_buyer_to_add_an_item(door: Door, people: People) -> None:
    (link,) = tree(door.get(people.clara, "/catalogue?q=cam%C3%A9ra dôme").text).xpath(
        "//div[@id='items']//a/@href"
    )
    page = tree(door.get(people.clara, link).text)
    assert page.get_element_by_id("designation").get("value") == "caméra dôme"


def test_an_empty_catalogue_says_what_it_is_for(door: Door, people: People) -> None:
    assert "No item yet" in door.get(people.ada, "/catalogue").text


def test_what_nobody_spells_so_finds_what_resembles_it(
    door: Door, session: Session, people: People
) -> None:
    video, school = make_family(session), make_family(session)
    make_item(session, video, code="CAM-1", designation="Caméra extérieure")
    make_item(session, video, code="CAM-2", designation="Support de caméra")
    make_item(session, video, code="CAM-3", designation="Caméra dôme")
    make_item(session, school, code="TAB-1", designation="Tablette avec caméra")
    near = door.get(people.ada, "/catalogue?q=camra").text
    assert "Nothing has exactly these words; this resembles them." in near
    assert _found(near) == ["CAM-1", "CAM-3", "CAM-2", "TAB-1"]
    assert _found(door.get(people.ada, "/catalogue?q=camra+dom&page=2").text) == []
    assert _found(door.get(people.ada, f"/catalogue?q=camra&family={school.id}").text) == ["TAB-1"]
    exact = door.get(people.ada, "/catalogue?q=camera").text
    assert "resembles" not in exact
    assert "resembles" not in door.get(people.ada, "/catalogue?q=chaise").text


def test_at_most_twenty_resemble(door: Door, session: Session, people: People) -> None:
    family = make_family(session)
    for number in range(25):
        make_item(session, family, code=f"CAM-{number:02}", designation="Caméra")
    found = _found(door.get(people.ada, "/catalogue?q=camra").text)
    assert found == [f"CAM-{number:02}" for number in range(20)]


def test_what_was_just_written_is_found(door: Door, session: Session, people: People) -> None:
    item = make_item(session, code="CAM-1", designation="Caméra")
    assert _found(door.get(people.ada, "/catalogue?q=camra").text) == ["CAM-1"]
    make_item(session, code="CAM-2", designation="Caméra")
    assert _found(door.get(people.ada, "/catalogue?q=camra").text) == ["CAM-1", "CAM-2"]
    # By whatever hand: the index has no other source than the rows themselves.
    session.execute(update(Item).where(Item.id == item.id).values(search_text="cam-1 tablette"))
    assert _found(door.get(people.ada, "/catalogue?q=camra").text) == ["CAM-2"]
    assert _found(door.get(people.ada, "/catalogue?q=tablete").text) == ["CAM-1"]


def test_other_rooms_look_within_families(session: Session) -> None:
    video, school = make_family(session), make_family(session)
    camera = make_item(session, video, designation="Caméra dôme")
    tablet = make_item(session, school, designation="Tablette à caméra")
    both, none = frozenset({video.id, school.id}), frozenset[int]()

    def found(*asked: Any) -> tuple[list[int], bool]:
        query, is_near = queries.search(*asked)
        return [row.id for row in session.execute(query)], is_near

    assert found("camera", both) == ([camera.id, tablet.id], False)
    assert found("camra", both) == ([camera.id, tablet.id], True)
    assert found("camra", {school.id}) == ([tablet.id], True)
    assert found("camra", {school.id}, video.id) == ([], False)
    assert found("camra", both, video.id) == ([camera.id], True)
    assert found("camera", none) == found("camra", none) == found("", none) == ([], False)
    assert found("", {school.id}) == ([tablet.id], False)
    assert queries.near_items("camra pour la mairie", None, 5) == [camera.id, tablet.id]
    assert queries.near_items("camra pour la mairie", {school.id}, 5) == [tablet.id]
    assert queries.near_items("camra", both, 1) == [camera.id]
    assert queries.near_items("chaise", both, 5) == []


def test_queries_do_not_grow_with_the_rows(
    door: Door, session: Session, people: People, count_queries: CountQueries
) -> None:
    def grow(rows: int) -> int:
        for _row in range(rows):
            make_item(session, make_family(session))
        session.commit()
        door.get(people.ada, "/catalogue")
        with count_queries() as statements:
            door.get(people.ada, "/catalogue")
        return len(statements)

    few, many = grow(3), grow(57)
    assert few == many <= 4


def test_a_search_that_forgives_asks_two_queries_more(
    door: Door, session: Session, people: People, count_queries: CountQueries
) -> None:
    def asked(question: str) -> int:
        door.get(people.ada, "/catalogue")
        with count_queries() as statements:
            door.get(people.ada, f"/catalogue?q={question}")
        return len(statements)

    make_item(session, designation="Caméra")
    few = [asked(question) for question in ("", "camera", "camra")]
    for _row in range(30):
        make_item(session, make_family(session), designation="Caméra")
    assert [asked(question) for question in ("", "camera", "camra")] == few
    assert few == [few[0], few[0] + 1, few[0] + 2]
