"""GET and POST /beneficiaries/<id>/quota."""

from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.agreements.models import AgreementState, Beneficiary, CeilingKind
from procurement.kernel.audit import AuditEntry
from tests.agreements.make import beneficiary_of, commit_amount, make_agreement
from tests.door import Door
from tests.people import People
from tests.tenders.make import Ground


@pytest.fixture
def beneficiary(session: Session, ground: Ground) -> Beneficiary:
    """The first member, which has ordered for 300 euros, 100 of which wait."""
    agreement = make_agreement(session, ground)
    commit_amount(session, agreement, ground.people.first, consumed="200", reserved="100")
    return beneficiary_of(session, agreement, ground.people.first)


@pytest.mark.parametrize(
    "typed, ceiling, kind",
    [
        ("300", Decimal(300), CeilingKind.AMOUNT),
        ("1 000,00", Decimal(1000), CeilingKind.AMOUNT),
        ("", None, CeilingKind.NONE),
    ],
)
def test_a_buyer_sets_a_quota(
    session: Session,
    ground: Ground,
    beneficiary: Beneficiary,
    door: Door,
    typed: str,
    ceiling: Decimal | None,
    kind: CeilingKind,
) -> None:
    row_id, agreement_id = beneficiary.id, beneficiary.agreement_id
    answer = door.post(ground.people.clara, f"/beneficiaries/{row_id}/quota", quota=typed)
    assert (answer.status_code, answer.location) == (302, f"/agreements/{agreement_id}")
    beneficiary = session.get_one(Beneficiary, row_id)
    assert (beneficiary.ceiling, beneficiary.ceiling_kind) == (ceiling, kind)
    assert "agreements.set_quota" in session.scalars(select(AuditEntry.verb)).all()


@pytest.mark.parametrize(
    "typed, sentence", [("299,99", "has already ordered"), ("1000,01", "cannot be higher")]
)
def test_a_quota_between_what_is_ordered_and_the_ceiling(
    session: Session,
    ground: Ground,
    beneficiary: Beneficiary,
    door: Door,
    typed: str,
    sentence: str,
) -> None:
    row_id = beneficiary.id
    answer = door.post(ground.people.clara, f"/beneficiaries/{row_id}/quota", quota=typed)
    assert answer.status_code == 409
    assert sentence in answer.text.split('id="quota-error"')[1].split("</p>")[0]
    assert f'value="{typed}"' in answer.text
    assert session.get_one(Beneficiary, row_id).ceiling is None


@pytest.mark.parametrize("typed", ["0", "-1", "half", "1.234"])
def test_a_wrong_amount(ground: Ground, beneficiary: Beneficiary, door: Door, typed: str) -> None:
    address = f"/beneficiaries/{beneficiary.id}/quota"
    answer = door.post(ground.people.clara, address, quota=typed)
    assert answer.status_code == 422
    assert 'id="quota-error"' in answer.text


@pytest.mark.parametrize("person", ["dora", "ada", "alix", "eli"])
def test_only_a_buyer_does(
    ground: Ground, beneficiary: Beneficiary, door: Door, person: str
) -> None:
    who, address = getattr(ground.people, person), f"/beneficiaries/{beneficiary.id}/quota"
    assert door.get(who, address).status_code == 403
    assert door.post(who, address, quota="500").status_code == 403


def test_a_beneficiary_that_does_not_exist(people: People, door: Door) -> None:
    assert door.get(people.clara, "/beneficiaries/999/quota").status_code == 404
    assert door.post(people.clara, "/beneficiaries/999/quota", quota="1").status_code == 404


def test_a_closed_agreement_keeps_its_quotas(
    session: Session, ground: Ground, beneficiary: Beneficiary, door: Door
) -> None:
    beneficiary.agreement.state = AgreementState.CLOSED
    session.flush()
    address = f"/beneficiaries/{beneficiary.id}/quota"
    assert "This quota is frozen" in door.get(ground.people.clara, address).text
    answer = door.post(ground.people.clara, address, quota="500")
    assert answer.status_code == 409
