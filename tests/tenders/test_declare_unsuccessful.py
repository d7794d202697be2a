"""POST /tenders/<id>/unsuccessful."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.kernel.audit import AuditEntry
from procurement.lots.models import Lot, LotState
from procurement.tenders.models import Tender, TenderState
from tests.door import Door
from tests.people import People
from tests.tenders.make import Ground, make_award, make_tender


def test_a_tender_ends_without_an_award(session: Session, ground: Ground, door: Door) -> None:
    tender_id, lot_id = make_tender(session, ground).id, ground.lot.id
    answer = door.post(ground.people.clara, f"/tenders/{tender_id}/unsuccessful")
    assert answer.status_code == 302
    assert session.get_one(Tender, tender_id).state is TenderState.UNSUCCESSFUL
    assert session.get_one(Lot, lot_id).state is LotState.UNSUCCESSFUL
    verbs = set(session.scalars(select(AuditEntry.verb)))
    assert {"tenders.declare_unsuccessful", "lots.declare_unsuccessful"} <= verbs


@pytest.mark.parametrize("person", ["dora", "ada", "alix", "eli"])
def test_only_a_buyer_does(session: Session, ground: Ground, door: Door, person: str) -> None:
    tender = make_tender(session, ground)
    answer = door.post(getattr(ground.people, person), f"/tenders/{tender.id}/unsuccessful")
    assert answer.status_code == 403


def test_a_tender_that_does_not_exist(people: People, door: Door) -> None:
    assert door.post(people.clara, "/tenders/999/unsuccessful").status_code == 404


def test_an_awarded_tender_stays_awarded(session: Session, ground: Ground, door: Door) -> None:
    tender_id = make_award(session, ground).id
    answer = door.post(ground.people.clara, f"/tenders/{tender_id}/unsuccessful")
    assert answer.status_code == 409
    assert session.get_one(Tender, tender_id).state is TenderState.AWARDED


def test_a_field_that_nobody_expects(session: Session, ground: Ground, door: Door) -> None:
    tender = make_tender(session, ground)
    address = f"/tenders/{tender.id}/unsuccessful"
    assert door.post(ground.people.clara, address, state="awarded").status_code == 422
