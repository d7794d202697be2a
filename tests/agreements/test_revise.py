"""GET and POST /agreements/<id>/terms."""

import json
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from procurement.agreements import operations
from procurement.agreements.models import Agreement, AgreementPrice, AgreementState
from procurement.agreements.rules import Naming
from procurement.kernel import pipeline
from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import today
from tests.agreements.make import beneficiary_of, make_agreement, make_terms
from tests.door import Door, refused
from tests.people import People
from tests.tenders.make import Ground

FIELDS = {
    "number": "2026-AC-99",
    "title": "Another title",
    "ceiling": "2000",
    "starts_on": "2027-02-01",
    "ends_on": "2028-01-31",
    "holder_ceiling": "1500",
    "naming": "every",
}


def test_a_buyer_changes_the_terms_of_a_draft(session: Session, ground: Ground, door: Door) -> None:
    agreement_id = make_agreement(session, ground, is_notified=False).id
    address = f"/agreements/{agreement_id}/terms"
    page = door.get(ground.people.clara, address).text
    assert 'value="1000"' in page
    answer = door.post(ground.people.clara, address, **FIELDS)
    assert answer.status_code == 302
    agreement = session.get_one(Agreement, agreement_id)
    assert (agreement.number, agreement.title) == ("2026-AC-99", "Another title")
    assert agreement.holders[0].ceiling == Decimal(1500)
    assert len(agreement.beneficiaries) == 2
    starts = set(session.scalars(select(AgreementPrice.valid_from)))
    assert starts == {date(2027, 2, 1)}


def test_who_stays_named_keeps_its_quota(session: Session, ground: Ground) -> None:
    agreement = make_agreement(session, ground, is_notified=False)
    named = beneficiary_of(session, agreement, ground.people.first)
    operations.set_quota(named, Decimal(300), actor=ground.buyer)
    terms = make_terms(number=agreement.number)
    for naming in (Naming.EVERY, Naming.KEEP, Naming.NEEDS):
        operations.revise(agreement, terms, naming, actor=ground.buyer, today=today())
        kept = beneficiary_of(session, agreement, ground.people.first)
        assert (kept.id, kept.ceiling) == (named.id, Decimal(300))


@pytest.mark.parametrize("person", ["dora", "ada", "alix", "eli"])
def test_only_a_buyer_does(session: Session, ground: Ground, door: Door, person: str) -> None:
    address = f"/agreements/{make_agreement(session, ground, is_notified=False).id}/terms"
    who = getattr(ground.people, person)
    assert door.get(who, address).status_code == 403
    assert door.post(who, address, **FIELDS).status_code == 403


def test_an_agreement_that_does_not_exist(people: People, door: Door) -> None:
    assert door.get(people.clara, "/agreements/999/terms").status_code == 404
    assert door.post(people.clara, "/agreements/999/terms", **FIELDS).status_code == 404


def test_a_notified_agreement_is_frozen(session: Session, ground: Ground, door: Door) -> None:
    agreement_id = make_agreement(session, ground).id
    address = f"/agreements/{agreement_id}/terms"
    assert "These terms are frozen" in door.get(ground.people.clara, address).text
    answer = door.post(ground.people.clara, address, **FIELDS)
    assert answer.status_code == 409
    assert session.get_one(Agreement, agreement_id).ceiling == Decimal(1000)


def test_wrong_terms_are_shown_again(session: Session, ground: Ground, door: Door) -> None:
    agreement_id = make_agreement(session, ground, is_notified=False).id
    fields = {**FIELDS, "ceiling": "much"}
    answer = door.post(ground.people.clara, f"/agreements/{agreement_id}/terms", **fields)
    assert answer.status_code == 422
    assert 'value="much"' in answer.text
    assert 'value="Another title"' in answer.text


def test_the_journal_says_what_the_terms_were_and_who_came_and_went(
    session: Session, ground: Ground
) -> None:
    agreement = make_agreement(session, ground, is_notified=False)
    number = agreement.number
    for naming, ceiling in ((Naming.EVERY, 2000), (Naming.NEEDS, 1500)):
        terms = make_terms(number=number, ceiling=Decimal(ceiling))
        operations.revise(agreement, terms, naming, actor=ground.buyer, today=today())
    pipeline.commit()
    query = select(AuditEntry.changes).where(AuditEntry.verb == "agreements.revise")
    first, last = map(json.loads, session.scalars(query.order_by(AuditEntry.id)))
    assert (first["ceiling"], last["ceiling"]) == (["1000", "2000"], ["2000", "1500"])
    assert last["number"] == [number, number]
    second = ground.people.second.id
    assert (first["members_added"], first["members_removed"]) == ([second], [])
    assert (last["members_added"], last["members_removed"]) == ([], [second])


@pytest.mark.parametrize("verb", ["revise", "notify"])
def test_what_counts_is_what_the_agreement_is_now(
    session: Session, ground: Ground, verb: str
) -> None:
    agreement = make_agreement(session, ground, is_notified=False)
    terms = make_terms(number=agreement.number)
    given = (terms, Naming.KEEP) if verb == "revise" else ()
    # Somebody else notifies it after it was read here.
    session.flush()
    session.connection().execute(
        update(Agreement).values(state=AgreementState.NOTIFIED, notified_on=today())
    )
    assert agreement.is_draft
    with refused("already_notified"):
        getattr(operations, verb)(agreement, *given, actor=ground.buyer, today=today())
