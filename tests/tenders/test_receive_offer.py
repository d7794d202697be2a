"""POST /tenders/<id>/offers."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.kernel.pipeline import today
from procurement.tenders import operations
from procurement.tenders.models import Offer
from tests.door import Door, refused
from tests.people import People
from tests.tenders.make import Ground, make_award, make_offer, make_supplier, make_tender


def test_a_buyer_enters_an_offer(session: Session, ground: Ground, door: Door) -> None:
    tender, firm = make_tender(session, ground), make_supplier(session)
    answer = door.post(
        ground.people.clara,
        f"/tenders/{tender.id}/offers",
        supplier_id=firm.id,
        received_on=f"{today():%d/%m/%Y}",
    )
    assert answer.status_code == 302
    offer = session.scalars(select(Offer)).one()
    assert answer.location == f"/offers/{offer.id}"
    assert (offer.supplier_id, offer.received_on) == (firm.id, today())


@pytest.mark.parametrize("person", ["dora", "ada", "alix", "eli"])
def test_only_a_buyer_enters_offers(
    session: Session, ground: Ground, door: Door, person: str
) -> None:
    tender = make_tender(session, ground)
    answer = door.post(getattr(ground.people, person), f"/tenders/{tender.id}/offers")
    assert answer.status_code == 403


def test_absent_tender_or_supplier(session: Session, ground: Ground, door: Door) -> None:
    fields = {"supplier_id": make_supplier(session).id, "received_on": today()}
    clara = ground.people.clara
    assert door.post(clara, "/tenders/999/offers", **fields).status_code == 404
    tender = make_tender(session, ground)
    fields["supplier_id"] = 999
    assert door.post(clara, f"/tenders/{tender.id}/offers", **fields).status_code == 404


@pytest.mark.parametrize(
    "field, typed", [("supplier_id", ""), ("supplier_id", "x"), ("received_on", "yesterday")]
)
def test_what_is_wrong_is_told_beside_its_field(
    session: Session, ground: Ground, door: Door, field: str, typed: str
) -> None:
    tender, firm = make_tender(session, ground), make_supplier(session)
    fields = {"supplier_id": firm.id, "received_on": today(), field: typed}
    answer = door.post(ground.people.clara, f"/tenders/{tender.id}/offers", **fields)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


def test_a_decided_tender_takes_no_offer(session: Session, ground: Ground, door: Door) -> None:
    tender, firm = make_award(session, ground), make_supplier(session)
    answer = door.post(
        ground.people.clara,
        f"/tenders/{tender.id}/offers",
        supplier_id=firm.id,
        received_on=today(),
    )
    assert answer.status_code == 409
    assert "This tender is decided" in answer.text


LAUNCHED, LAST, NOW = date(2026, 3, 2), date(2026, 4, 10), date(2026, 4, 20)


@pytest.mark.parametrize(
    "received_on, code",
    [
        (date(2026, 3, 1), "out_of_time"),
        (LAUNCHED, None),
        (LAST, None),
        (date(2026, 4, 11), "out_of_time"),
        (NOW + timedelta(days=1), "received_in_future"),
    ],
)
def test_an_offer_arrives_in_time_or_is_not_taken(
    session: Session, ground: Ground, received_on: date, code: str | None
) -> None:
    tender, firm = make_tender(session, ground), make_supplier(session)
    tender.launched_on, tender.answers_by = LAUNCHED, LAST
    session.flush()
    if code is None:
        operations.receive_offer(tender, firm, received_on, actor=ground.buyer, today=NOW)
        assert [offer.received_on for offer in tender.offers] == [received_on]
    else:
        with refused(code):
            operations.receive_offer(tender, firm, received_on, actor=ground.buyer, today=NOW)


def test_a_firm_answers_once(session: Session, ground: Ground) -> None:
    tender = make_tender(session, ground)
    offer = make_offer(session, tender, ["1", "2"])
    with refused("already_answered"):
        operations.receive_offer(tender, offer.supplier, today(), actor=ground.buyer, today=today())


def test_the_form_proposes_the_firms_that_have_not_answered(
    session: Session, ground: Ground, people: People, door: Door
) -> None:
    tender = make_tender(session, ground)
    make_offer(session, tender, ["1", "2"], name="Already here")
    make_supplier(session, "Not yet here")
    page = door.get(people.clara, f"/tenders/{tender.id}").text
    options = page.split('name="supplier_id"')[1].split("</select>")[0]
    assert "Not yet here" in options
    assert "Already here" not in options
