"""GET /tenders and /tenders/<id>: the comparison of offers."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from procurement.kernel.pipeline import today
from procurement.tenders import queries
from tests.conftest import CountQueries
from tests.door import Door
from tests.people import People
from tests.tenders.make import (
    Ground,
    make_award,
    make_ground,
    make_offer,
    make_supplier,
    make_tender,
)


@pytest.mark.parametrize("person, status", [("clara", 200), ("dora", 200), ("ada", 403)])
def test_the_centrale_compares(
    session: Session, ground: Ground, door: Door, person: str, status: int
) -> None:
    tender = make_tender(session, ground)
    who = getattr(ground.people, person)
    assert door.get(who, f"/tenders/{tender.id}").status_code == status
    assert door.get(who, "/tenders").status_code == status


def test_a_tender_that_does_not_exist(people: People, door: Door) -> None:
    assert door.get(people.clara, "/tenders/999").status_code == 404


def test_the_comparison_shows_ranks_gaps_and_the_lowest(
    session: Session, ground: Ground, door: Door
) -> None:
    tender = make_tender(session, ground)
    make_offer(session, tender, ["13", "100"], name="Second")
    make_offer(session, tender, ["12", "101"], name="First")
    make_offer(session, tender, ["11", None], name="Third")
    comparison = queries.compare(tender)
    assert [column.offer.name for column in comparison.columns] == ["First", "Second", "Third"]
    assert [column.offer.name for column in comparison.complete] == ["First", "Second"]
    page = door.get(ground.people.clara, f"/tenders/{tender.id}").text
    for shown in ("423.00", "430.00", "7.00", "No price", "lowest", "Incomplete"):
        assert shown in page
    # Only complete offers can be chosen.
    options = page.split('name="offer_id"')[1].split("</select>")[0]
    assert "First" in options
    assert "Third" not in options


def test_nothing_can_be_decided_before_the_last_day(
    session: Session, ground: Ground, door: Door
) -> None:
    tender = make_tender(session, ground, today() + timedelta(days=3))
    make_offer(session, tender, ["1", "1"])
    make_supplier(session, "Not yet here")
    page = door.get(ground.people.clara, f"/tenders/{tender.id}").text
    assert "Firms may answer until" in page
    assert "offer_id" not in page
    assert "received_on" in page


def test_finance_sees_no_button(session: Session, ground: Ground, door: Door) -> None:
    tender = make_tender(session, ground)
    make_offer(session, tender, ["1", "1"])
    page = door.get(ground.people.dora, f"/tenders/{tender.id}").text
    assert "<form" not in page.split("<main")[1]


def test_the_next_step_of_an_award_is_its_agreement(
    session: Session, ground: Ground, door: Door
) -> None:
    tender = make_award(session, ground)
    page = door.get(ground.people.clara, f"/tenders/{tender.id}").text
    assert f'href="/tenders/{tender.id}/agreement"' in page


@pytest.mark.parametrize(
    "question, is_found",
    [("q=écr", True), ("q=nothing", False), ("state=awarded", True), ("state=open", False)],
)
def test_the_list_is_searched(
    session: Session, ground: Ground, door: Door, question: str, is_found: bool
) -> None:
    make_award(session, ground)
    page = door.get(ground.people.clara, f"/tenders?{question}").text
    assert ("Fournitures du Val" in page) == is_found


def test_a_state_that_does_not_exist_filters_nothing(
    session: Session, ground: Ground, door: Door
) -> None:
    make_award(session, ground)
    assert "Fournitures du Val" in door.get(ground.people.clara, "/tenders?state=lost").text


def test_comparing_many_offers_asks_as_much_as_comparing_one(
    session: Session, people: People, door: Door, count_queries: CountQueries
) -> None:
    tender = make_tender(session, make_ground(session, people, ["1", "2", "3", "4"]))
    make_offer(session, tender, ["1"] * 4)
    address = f"/tenders/{tender.id}"
    door.get(people.clara, address)
    with count_queries() as few:
        door.get(people.clara, address)
    for number in range(6):
        make_offer(session, tender, ["1"] * 4, name=f"Maison {number}")
    with count_queries() as many:
        door.get(people.clara, address)
    assert len(many) == len(few)
