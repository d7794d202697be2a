"""POST /lots/<id>/tender."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import today
from procurement.lots.models import Lot, LotState
from procurement.tenders import operations
from procurement.tenders.models import Tender, TenderState
from tests.door import Door, refused
from tests.people import People
from tests.tenders.make import Ground, make_ground, make_tender

SOON = today() + timedelta(days=35)


def test_a_buyer_launches_a_tender_on_a_frozen_lot(
    session: Session, ground: Ground, door: Door
) -> None:
    lot_id = ground.lot.id
    answer = door.post(ground.people.clara, f"/lots/{lot_id}/tender", answers_by=SOON.isoformat())
    assert answer.status_code == 302
    tender = session.scalars(select(Tender)).one()
    assert answer.location == f"/tenders/{tender.id}"
    assert (tender.lot_id, tender.sheet_version, tender.state) == (lot_id, 1, TenderState.OPEN)
    assert (tender.launched_on, tender.answers_by) == (today(), SOON)
    assert session.get_one(Lot, lot_id).state is LotState.TENDERED
    verbs = set(session.scalars(select(AuditEntry.verb)))
    assert {"tenders.launch", "lots.tender"} <= verbs


@pytest.mark.parametrize("person", ["dora", "ada", "alix", "eli"])
def test_only_a_buyer_launches(ground: Ground, door: Door, person: str) -> None:
    who, address = getattr(ground.people, person), f"/lots/{ground.lot.id}/tender"
    assert door.get(who, address).status_code == 403
    assert door.post(who, address, answers_by=SOON.isoformat()).status_code == 403


def test_a_lot_that_does_not_exist(people: People, door: Door) -> None:
    answer = door.post(people.clara, "/lots/999/tender", answers_by=SOON.isoformat())
    assert answer.status_code == 404


def test_a_lot_that_is_not_frozen(session: Session, people: People, door: Door) -> None:
    ground = make_ground(session, people, freeze=False)
    address = f"/lots/{ground.lot.id}/tender"
    assert "This lot cannot go out to tender" in door.get(people.clara, address).text
    answer = door.post(people.clara, address, answers_by=SOON.isoformat())
    assert answer.status_code == 409
    assert "Only a frozen lot" in answer.text
    assert session.scalar(select(Tender.id)) is None


def test_a_lot_is_tendered_once(session: Session, ground: Ground) -> None:
    make_tender(session, ground)
    with refused("lot_not_frozen"):
        operations.launch(ground.lot, SOON, actor=ground.buyer, today=today())


@pytest.mark.parametrize("typed", ["", "next Friday", "31/02/2027", "2026-13-01"])
def test_a_wrong_date_is_told_and_kept(ground: Ground, door: Door, typed: str) -> None:
    address = f"/lots/{ground.lot.id}/tender"
    answer = door.post(ground.people.clara, address, answers_by=typed)
    assert answer.status_code == 422
    assert 'id="answers_by-error"' in answer.text
    assert f'value="{typed}"' in answer.text


@pytest.mark.parametrize("days, is_taken", [(-1, False), (0, True), (1, True)])
def test_the_last_day_is_today_or_later(
    session: Session, ground: Ground, days: int, is_taken: bool
) -> None:
    answers_by = today() + timedelta(days=days)
    if is_taken:
        operations.launch(ground.lot, answers_by, actor=ground.buyer, today=today())
    else:
        with refused("answers_by_past"):
            operations.launch(ground.lot, answers_by, actor=ground.buyer, today=today())
