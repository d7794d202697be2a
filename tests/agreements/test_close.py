"""POST /agreements/<id>/close."""

import pytest
from sqlalchemy.orm import Session

from procurement.agreements.models import Agreement, AgreementState
from tests.agreements.make import commit_amount, make_agreement
from tests.door import Door
from tests.people import People
from tests.tenders.make import Ground


def test_a_buyer_closes(session: Session, ground: Ground, door: Door) -> None:
    agreement = make_agreement(session, ground)
    commit_amount(session, agreement, ground.people.first, consumed="250")
    agreement_id = agreement.id
    answer = door.post(ground.people.clara, f"/agreements/{agreement_id}/close")
    assert answer.status_code == 302
    assert session.get_one(Agreement, agreement_id).state is AgreementState.CLOSED


@pytest.mark.parametrize("person", ["dora", "ada", "alix", "eli"])
def test_only_a_buyer_does(session: Session, ground: Ground, door: Door, person: str) -> None:
    address = f"/agreements/{make_agreement(session, ground).id}/close"
    assert door.post(getattr(ground.people, person), address).status_code == 403


def test_an_agreement_that_does_not_exist(people: People, door: Door) -> None:
    assert door.post(people.clara, "/agreements/999/close").status_code == 404


def test_a_draft_cannot_be_closed(session: Session, ground: Ground, door: Door) -> None:
    agreement = make_agreement(session, ground, is_notified=False)
    answer = door.post(ground.people.clara, f"/agreements/{agreement.id}/close")
    assert answer.status_code == 409
    assert "Only a notified agreement" in answer.text


def test_orders_that_wait_come_first(session: Session, ground: Ground, door: Door) -> None:
    agreement = make_agreement(session, ground)
    commit_amount(session, agreement, ground.people.first, reserved="12.34")
    address = f"/agreements/{agreement.id}"
    assert f'action="{address}/close"' not in door.get(ground.people.clara, address).text
    answer = door.post(ground.people.clara, f"{address}/close")
    assert answer.status_code == 409
    assert "12.34" in answer.text


def test_a_field_that_nobody_expects(session: Session, ground: Ground, door: Door) -> None:
    address = f"/agreements/{make_agreement(session, ground).id}/close"
    assert door.post(ground.people.clara, address, state="draft").status_code == 422
