"""POST /offers/<id>/prices."""

import json
from concurrent.futures import ThreadPoolExecutor, wait
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.extensions import db
from procurement.kernel import database, pipeline
from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import today
from procurement.tenders import operations
from procurement.tenders.models import Offer, OfferLine
from tests.door import Door, refused
from tests.people import People
from tests.tenders.make import Ground, make_award, make_ground, make_offer, make_tender


@pytest.fixture
def offer(session: Session, ground: Ground) -> Offer:
    return make_offer(session, make_tender(session, ground), ["12.50", None])


def _fields(ground: Ground, *prices: str) -> dict[str, object]:
    fields: dict[str, object] = {}
    for number, (line_id, price) in enumerate(zip(ground.line_ids, prices, strict=True)):
        fields[f"lines-{number}-lot_line_id"] = line_id
        fields[f"lines-{number}-unit_price"] = price
    return fields


def _prices(session: Session) -> list[Decimal]:
    return list(session.scalars(select(OfferLine.unit_price).order_by(OfferLine.lot_line_id)))


@pytest.mark.parametrize(
    "typed, kept",
    [
        (("1 234,56", "0,0001"), ["1234.56", "0.0001"]),
        (("1234.56", "0"), ["1234.56", "0"]),
        (("", "3"), ["3"]),
        (("", ""), []),
    ],
)
def test_prices_are_typed_as_people_write_them_and_blank_is_no_price(
    session: Session,
    ground: Ground,
    offer: Offer,
    door: Door,
    typed: tuple[str, str],
    kept: list[str],
) -> None:
    address = f"/offers/{offer.id}/prices"
    answer = door.post(ground.people.clara, address, **_fields(ground, *typed))
    assert answer.status_code == 302
    assert _prices(session) == [Decimal(price) for price in kept]


def test_the_journal_keeps_old_and_new_prices(
    session: Session, ground: Ground, offer: Offer, door: Door
) -> None:
    fields = _fields(ground, "13", "7,5")
    door.post(ground.people.clara, f"/offers/{offer.id}/prices", **fields)
    query = select(AuditEntry.changes).where(AuditEntry.verb == "tenders.price_offer")
    first, second = ground.line_ids
    expected = [[first, "12.5", "13"], [second, None, "7.5"]]
    assert json.loads(session.scalars(query).one())["prices"] == expected
    # Sent again unchanged, it says nothing.
    door.post(ground.people.clara, f"/offers/{offer.id}/prices", **fields)
    assert len(session.scalars(query).all()) == 1


@pytest.mark.parametrize("person", ["dora", "ada", "alix", "eli"])
def test_only_a_buyer_types_prices(ground: Ground, offer: Offer, door: Door, person: str) -> None:
    answer = door.post(getattr(ground.people, person), f"/offers/{offer.id}/prices")
    assert answer.status_code == 403


def test_an_offer_that_does_not_exist(people: People, door: Door) -> None:
    assert door.post(people.clara, "/offers/999/prices").status_code == 404
    assert door.get(people.clara, "/offers/999").status_code == 404


@pytest.mark.parametrize(
    "typed, sentence",
    [
        ("twelve", "Write a number such as"),
        ("-1", "At least 0."),
        ("1,234.56", "Write a number such as"),
        ("0,00001", "At most 4 decimals."),
        ("100000000000", "This is too large"),
    ],
)
def test_a_wrong_price_is_told_beside_its_line_and_the_others_are_kept(
    session: Session, ground: Ground, offer: Offer, door: Door, typed: str, sentence: str
) -> None:
    address = f"/offers/{offer.id}/prices"
    answer = door.post(ground.people.clara, address, **_fields(ground, "13,75", typed))
    assert answer.status_code == 422
    assert 'id="lines-0-unit_price-error"' not in answer.text
    error = answer.text.split('id="lines-1-unit_price-error"')[1].split("</p>")[0]
    assert sentence in error
    assert 'value="13,75"' in answer.text
    assert f'value="{typed}"' in answer.text
    assert _prices(session) == [Decimal("12.5")]


def test_the_prices_of_a_decided_tender_no_longer_change(
    session: Session, ground: Ground, door: Door
) -> None:
    tender = make_award(session, ground)
    address = f"/offers/{tender.offers[0].id}"
    assert "<input" not in door.get(ground.people.clara, address).text.split("<main")[1]
    answer = door.post(ground.people.clara, f"{address}/prices", **_fields(ground, "1", "1"))
    assert answer.status_code == 409
    assert "This tender is decided" in answer.text
    assert _prices(session) == [Decimal("12.5"), Decimal(100)]


def test_a_line_of_another_lot_is_refused(
    session: Session, ground: Ground, offer: Offer, people: People
) -> None:
    stranger = make_ground(session, people)
    with refused("foreign_line"):
        prices = {stranger.line_ids[0]: Decimal(1)}
        operations.price_offer(offer, prices, actor=ground.buyer)


def test_finance_reads_the_prices_without_fields(ground: Ground, offer: Offer, door: Door) -> None:
    page = door.get(ground.people.dora, f"/offers/{offer.id}")
    assert page.status_code == 200
    assert "12.50" in page.text
    assert "No price" in page.text
    assert "unit_price" not in page.text


def test_a_price_waits_for_the_award_and_comes_too_late(
    app: Flask, session: Session, ground: Ground, offer: Offer
) -> None:
    line_ids, buyer = ground.line_ids, ground.buyer
    operations.price_offer(offer, {line_ids[1]: Decimal(9)}, actor=buyer)
    pipeline.commit()
    database.begin_write(session)
    operations.award(offer.tender, offer, actor=buyer, today=today())
    session.flush()

    def price(offer_id: int) -> None:
        with app.app_context():
            late = db.session.get_one(Offer, offer_id)
            db.session.rollback()
            database.begin_write(db.session())
            operations.price_offer(late, {line_ids[0]: Decimal(1)}, actor=buyer)
            pipeline.commit()

    with ThreadPoolExecutor(1) as another:
        late = another.submit(price, offer.id)
        assert not wait([late], timeout=0.3).done
        pipeline.commit()
        with refused("tender_decided"):
            late.result(timeout=20)
    assert _prices(session) == [Decimal("12.50"), Decimal(9)]
