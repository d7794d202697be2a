"""POST /tenders/<id>/award."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask_babel import force_locale
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import today
from procurement.lots.models import Lot, LotState
from procurement.tenders import operations
from procurement.tenders.models import Tender, TenderState
from tests.door import Door, refused
from tests.people import People
from tests.tenders.make import Ground, make_award, make_ground, make_offer, make_tender


def test_a_buyer_awards_a_complete_offer(session: Session, ground: Ground, door: Door) -> None:
    tender = make_tender(session, ground)
    offer = make_offer(session, tender, ["12.50", "100"])
    tender_id, offer_id, lot_id = tender.id, offer.id, ground.lot.id
    answer = door.post(ground.people.clara, f"/tenders/{tender_id}/award", offer_id=offer_id)
    assert answer.status_code == 302
    tender = session.get_one(Tender, tender_id)
    assert tender.state is TenderState.AWARDED
    assert [one.id for one in tender.offers if one.is_chosen] == [offer_id]
    assert tender.awarded_on == today()
    assert session.get_one(Lot, lot_id).state is LotState.AWARDED
    assert {"tenders.award", "lots.award"} <= set(session.scalars(select(AuditEntry.verb)))


def test_the_offer_chosen_need_not_be_the_cheapest(session: Session, ground: Ground) -> None:
    tender = make_tender(session, ground)
    make_offer(session, tender, ["1", "1"], name="Cheap")
    dear = make_offer(session, tender, ["2", "2"], name="Dear")
    operations.award(tender, dear, actor=ground.buyer, today=today())
    session.flush()
    assert tender.awarded_offer is dear


@pytest.mark.parametrize("person", ["dora", "ada", "alix", "eli"])
def test_only_a_buyer_awards(session: Session, ground: Ground, door: Door, person: str) -> None:
    tender = make_tender(session, ground)
    offer = make_offer(session, tender, ["1", "1"])
    address = f"/tenders/{tender.id}/award"
    answer = door.post(getattr(ground.people, person), address, offer_id=offer.id)
    assert answer.status_code == 403


def test_absent_tender_or_offer(session: Session, ground: Ground, door: Door) -> None:
    tender = make_tender(session, ground)
    offer = make_offer(session, tender, ["1", "1"])
    clara = ground.people.clara
    assert door.post(clara, "/tenders/999/award", offer_id=offer.id).status_code == 404
    assert door.post(clara, f"/tenders/{tender.id}/award", offer_id=999).status_code == 404


@pytest.mark.parametrize("typed", ["", "the first"])
def test_no_offer_chosen(session: Session, ground: Ground, door: Door, typed: str) -> None:
    tender = make_tender(session, ground)
    make_offer(session, tender, ["1", "1"])
    answer = door.post(ground.people.clara, f"/tenders/{tender.id}/award", offer_id=typed)
    assert answer.status_code == 422
    assert 'id="offer_id-error"' in answer.text


def test_a_line_without_price_is_named(session: Session, ground: Ground, door: Door) -> None:
    tender = make_tender(session, ground)
    offer = make_offer(session, tender, ["12.50", None])
    missing, tender_id = ground.items[1].designation, tender.id
    answer = door.post(ground.people.clara, f"/tenders/{tender_id}/award", offer_id=offer.id)
    assert answer.status_code == 409
    assert f"no price for 1 of the lines: 2. {missing}." in answer.text
    assert session.get_one(Tender, tender_id).state is TenderState.OPEN
    tender = session.get_one(Tender, tender_id)
    with refused("line_without_price"):
        operations.award(tender, tender.offers[0], actor=ground.buyer, today=today())


def test_many_lines_without_price_are_counted_and_the_first_named(
    session: Session, people: People
) -> None:
    ground = make_ground(session, people, ["1"] * 7)
    tender = make_tender(session, ground)
    offer = make_offer(session, tender, [None] * 7)
    with refused("line_without_price") as caught:
        operations.award(tender, offer, actor=ground.buyer, today=today())
    with force_locale("en"):
        sentence = str(caught.value.sentence)
    assert "7 of the lines" in sentence
    assert ground.items[4].designation in sentence
    assert ground.items[5].designation not in sentence


def test_zero_is_a_price(session: Session, ground: Ground) -> None:
    tender = make_tender(session, ground)
    operations.award(
        tender, make_offer(session, tender, ["0", "1"]), actor=ground.buyer, today=today()
    )
    assert tender.state is TenderState.AWARDED


def test_a_stale_sheet_is_refused(session: Session, ground: Ground) -> None:
    tender = make_tender(session, ground)
    offer = make_offer(session, tender, ["1", "1"])
    ground.lot.sheet_version += 1
    session.flush()
    with refused("stale_sheet"):
        operations.award(tender, offer, actor=ground.buyer, today=today())


def test_the_offer_of_another_tender_is_refused(
    session: Session, ground: Ground, people: People
) -> None:
    tender = make_tender(session, ground)
    other = make_tender(session, make_ground(session, people))
    offer = make_offer(session, other, ["1", "1"])
    with refused("foreign_offer"):
        operations.award(tender, offer, actor=ground.buyer, today=today())


def test_a_tender_is_awarded_once(session: Session, ground: Ground, door: Door) -> None:
    tender = make_award(session, ground)
    address = f"/tenders/{tender.id}/award"
    answer = door.post(ground.people.clara, address, offer_id=tender.offers[0].id)
    assert answer.status_code == 409
    assert "This tender is decided" in answer.text


@pytest.mark.parametrize("days_left, is_too_early", [(1, True), (0, False), (-1, False)])
@pytest.mark.parametrize("verb", ["award", "declare_unsuccessful"])
def test_nothing_is_decided_before_the_last_day_to_answer(
    session: Session, ground: Ground, days_left: int, is_too_early: bool, verb: str
) -> None:
    tender = make_tender(session, ground, today() + timedelta(days=days_left))
    offer = make_offer(session, tender, ["1", "1"])
    objects = (tender, offer) if verb == "award" else (tender,)
    decide = getattr(operations, verb)
    if is_too_early:
        with refused("still_answering"):
            decide(*objects, actor=ground.buyer, today=today())
    else:
        decide(*objects, actor=ground.buyer, today=today())
        assert not tender.is_open


@pytest.mark.parametrize("verb", ["award", "declare_unsuccessful", "receive_offer", "price_offer"])
def test_what_counts_is_what_the_tender_is_now(session: Session, ground: Ground, verb: str) -> None:
    tender = make_tender(session, ground)
    offer = make_offer(session, tender, ["1", "1"])
    on: dict[str, Any] = {"actor": ground.buyer, "today": today()}
    acts = {
        "award": lambda: operations.award(tender, offer, **on),
        "declare_unsuccessful": lambda: operations.declare_unsuccessful(tender, **on),
        "receive_offer": lambda: operations.receive_offer(tender, offer.supplier, today(), **on),
        "price_offer": lambda: operations.price_offer(
            offer, {ground.line_ids[0]: Decimal(2)}, actor=ground.buyer
        ),
    }
    # Somebody else decides it after it was read here.
    assert offer.tender.is_open
    session.connection().execute(text("UPDATE tender SET state = 'unsuccessful'"))
    assert tender.is_open
    with refused("tender_decided"):
        acts[verb]()
