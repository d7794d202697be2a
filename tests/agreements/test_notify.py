"""POST /agreements/<id>/notify."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from procurement.agreements import operations
from procurement.agreements.models import Agreement, AgreementPrice, AgreementState, Beneficiary
from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import today
from tests.agreements.make import make_agreement
from tests.door import Door, refused
from tests.people import People
from tests.tenders.make import Ground


@pytest.fixture
def draft(session: Session, ground: Ground) -> Agreement:
    return make_agreement(session, ground, is_notified=False)


def test_a_buyer_notifies(session: Session, ground: Ground, draft: Agreement, door: Door) -> None:
    agreement_id = draft.id
    answer = door.post(ground.people.clara, f"/agreements/{agreement_id}/notify")
    assert answer.status_code == 302
    agreement = session.get_one(Agreement, agreement_id)
    assert (agreement.state, agreement.notified_on) == (AgreementState.NOTIFIED, today())
    assert "agreements.notify" in session.scalars(select(AuditEntry.verb)).all()


@pytest.mark.parametrize("person", ["dora", "ada", "alix", "eli"])
def test_only_a_buyer_does(ground: Ground, draft: Agreement, door: Door, person: str) -> None:
    who = getattr(ground.people, person)
    assert door.post(who, f"/agreements/{draft.id}/notify").status_code == 403


def test_an_agreement_that_does_not_exist(people: People, door: Door) -> None:
    assert door.post(people.clara, "/agreements/999/notify").status_code == 404


def test_a_field_that_nobody_expects(ground: Ground, draft: Agreement, door: Door) -> None:
    address = f"/agreements/{draft.id}/notify"
    assert door.post(ground.people.clara, address, notified_on="2020-01-01").status_code == 422


def test_it_is_notified_once(session: Session, ground: Ground, door: Door) -> None:
    agreement = make_agreement(session, ground)
    answer = door.post(ground.people.clara, f"/agreements/{agreement.id}/notify")
    assert answer.status_code == 409
    assert "its terms no longer change" in answer.text


def test_the_table_keeps_an_agreement_from_losing_its_maximum(
    session: Session, draft: Agreement
) -> None:
    draft.ceiling = None
    with pytest.raises(IntegrityError, match="ck_agreement_maximum"):
        session.flush()
    session.rollback()


@pytest.mark.parametrize(
    "ends_on, reason, is_refused",
    [
        (date(2029, 12, 31), None, False),
        (date(2030, 1, 1), None, True),
        (date(2030, 1, 1), "", True),
        (date(2030, 1, 1), "Fibre is buried once.", False),
    ],
)
def test_beyond_48_months_it_needs_a_written_reason(
    session: Session,
    ground: Ground,
    draft: Agreement,
    ends_on: date,
    reason: str | None,
    is_refused: bool,
) -> None:
    draft.starts_on, draft.ends_on, draft.duration_reason = date(2026, 1, 1), ends_on, reason
    session.flush()
    if is_refused:
        with refused("too_long"):
            operations.notify(draft, actor=ground.buyer, today=date(2026, 1, 1))
    else:
        operations.notify(draft, actor=ground.buyer, today=date(2026, 1, 1))


def test_without_a_beneficiary_it_is_refused_and_the_page_says_so(
    session: Session, ground: Ground, draft: Agreement, door: Door
) -> None:
    session.execute(delete(Beneficiary))
    address = f"/agreements/{draft.id}"
    assert "name them first" in door.get(ground.people.clara, address).text
    answer = door.post(ground.people.clara, f"{address}/notify")
    assert answer.status_code == 409
    assert "nobody could order" in answer.text
    with refused("no_beneficiary"):
        operations.notify(
            session.scalars(select(Agreement)).one(), actor=ground.buyer, today=today()
        )


def test_with_a_line_without_price_it_is_refused(
    session: Session, ground: Ground, draft: Agreement
) -> None:
    session.execute(delete(AgreementPrice).where(AgreementPrice.position == 2))
    with refused("no_price"):
        operations.notify(draft, actor=ground.buyer, today=today())


@pytest.mark.parametrize("days, is_refused", [(0, False), (1, True)])
def test_a_period_that_is_over_is_refused(
    ground: Ground, draft: Agreement, days: int, is_refused: bool
) -> None:
    on = draft.ends_on + timedelta(days=days)
    if is_refused:
        with refused("period_over"):
            operations.notify(draft, actor=ground.buyer, today=on)
    else:
        operations.notify(draft, actor=ground.buyer, today=on)
