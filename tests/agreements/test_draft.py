"""GET and POST /tenders/<id>/agreement."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from procurement.agreements import operations
from procurement.agreements.models import (
    Agreement,
    AgreementPrice,
    AgreementState,
    Beneficiary,
    CeilingKind,
    Holder,
)
from procurement.agreements.rules import Naming
from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import today
from procurement.members.models import Membership
from procurement.tenders.models import Tender
from tests.agreements.make import make_agreement, make_terms
from tests.door import Door, refused
from tests.make import make_member
from tests.people import People
from tests.tenders.make import Ground, make_award, make_tender

FIELDS = {
    "number": "2026-ac-03",
    "title": "Écrans des écoles",
    "ceiling": "1 234 567,89",
    "starts_on": "01/01/2027",
    "ends_on": "2030-12-31",
    "duration_reason": "",
    "holder_ceiling": "",
    "naming": "needs",
}


def test_a_buyer_drafts_the_agreement_of_an_award(
    session: Session, ground: Ground, door: Door
) -> None:
    tender = make_award(session, ground)
    supplier_id = tender.awarded_offer.supplier_id if tender.awarded_offer else 0
    answer = door.post(ground.people.clara, f"/tenders/{tender.id}/agreement", **FIELDS)
    assert answer.status_code == 302
    agreement = session.scalars(select(Agreement)).one()
    assert answer.location == f"/agreements/{agreement.id}"
    assert (agreement.number, agreement.ceiling) == ("2026-AC-03", Decimal("1234567.89"))
    assert agreement.state is AgreementState.DRAFT
    assert (agreement.starts_on, agreement.ends_on) == (date(2027, 1, 1), date(2030, 12, 31))
    holder = session.scalars(select(Holder)).one()
    assert (holder.rank, holder.supplier_id, holder.ceiling) == (1, supplier_id, None)
    assert holder.ceiling_kind is CeilingKind.NONE
    query = select(AuditEntry.object_id).where(AuditEntry.verb == "agreements.draft")
    assert session.scalars(query).one() == agreement.id


def test_the_price_list_is_the_awarded_offer_with_the_vat_of_each_item(
    session: Session, ground: Ground
) -> None:
    ground.items[1].vat_rate = Decimal("5.5")
    session.flush()
    make_agreement(session, ground, is_notified=False, starts_on=date(2027, 1, 1))
    rows = session.execute(
        select(
            AgreementPrice.lot_line_id,
            AgreementPrice.item_id,
            AgreementPrice.position,
            AgreementPrice.price_version,
            AgreementPrice.valid_from,
            AgreementPrice.unit_price,
            AgreementPrice.vat_rate,
        ).order_by(AgreementPrice.position)
    ).all()
    first, second = ground.line_ids
    start = date(2027, 1, 1)
    assert [tuple(row) for row in rows] == [
        (first, ground.items[0].id, 1, 1, start, Decimal("12.5"), Decimal(20)),
        (second, ground.items[1].id, 2, 1, start, Decimal(100), Decimal("5.5")),
    ]


def test_it_names_the_members_whose_needs_are_in_the_lot_or_every_one(
    session: Session, ground: Ground
) -> None:
    people = ground.people
    make_member(session, "Never joined", is_member=False)
    gone = make_member(session, "Left yesterday", is_member=False)
    session.add(
        Membership(
            member_id=gone.id, signed_on=date(2020, 1, 1), left_on=today(), terms_version="1"
        )
    )
    agreement = make_agreement(session, ground, is_notified=False)
    named = select(Beneficiary.member_id).where(Beneficiary.agreement_id == agreement.id)
    assert set(session.scalars(named)) == {people.first.id}
    terms = make_terms(number=agreement.number)
    operations.revise(agreement, terms, Naming.EVERY, actor=ground.buyer, today=today())
    assert set(session.scalars(named)) == {people.first.id, people.second.id}


def test_a_member_that_left_is_not_named_for_its_needs(session: Session, ground: Ground) -> None:
    session.execute(
        update(Membership)
        .where(Membership.member_id == ground.people.first.id)
        .values(left_on=today())
    )
    agreement = make_agreement(session, ground, is_notified=False)
    assert agreement.beneficiaries == []


def test_a_ceiling_for_the_holder(session: Session, ground: Ground) -> None:
    agreement = make_agreement(session, ground, holder_ceiling=Decimal(800))
    holder = agreement.holders[0]
    assert (holder.ceiling_kind, holder.ceiling) == (CeilingKind.AMOUNT, Decimal(800))


@pytest.mark.parametrize("person", ["dora", "ada", "alix", "eli"])
def test_only_a_buyer_drafts(session: Session, ground: Ground, door: Door, person: str) -> None:
    who, address = getattr(ground.people, person), f"/tenders/{make_award(session, ground).id}"
    assert door.get(who, f"{address}/agreement").status_code == 403
    assert door.post(who, f"{address}/agreement", **FIELDS).status_code == 403


def test_a_tender_that_does_not_exist(people: People, door: Door) -> None:
    assert door.get(people.clara, "/tenders/999/agreement").status_code == 404
    assert door.post(people.clara, "/tenders/999/agreement", **FIELDS).status_code == 404


def test_a_tender_that_is_not_awarded(session: Session, ground: Ground, door: Door) -> None:
    address = f"/tenders/{make_tender(session, ground).id}/agreement"
    assert "This tender has no award" in door.get(ground.people.clara, address).text
    answer = door.post(ground.people.clara, address, **FIELDS)
    assert answer.status_code == 409
    assert "award it first" in answer.text
    assert session.scalar(select(Agreement.id)) is None


def test_a_tender_has_one_agreement(session: Session, ground: Ground, door: Door) -> None:
    agreement = make_agreement(session, ground)
    address, agreement_id = f"/tenders/{agreement.tender_id}/agreement", agreement.id
    answer = door.post(ground.people.clara, address, **FIELDS)
    assert answer.status_code == 409
    assert "already has its agreement" in answer.text
    answer = door.get(ground.people.clara, address)
    assert answer.location == f"/agreements/{agreement_id}"


@pytest.mark.parametrize(
    "field, typed, sentence",
    [
        ("number", "", "This field is needed."),
        ("number", "A" * 17, "At most 16"),
        ("number", "AC/2026", "At most 16 letters, digits and hyphens"),
        ("number", "É2026", "At most 16 letters, digits and hyphens"),
        ("title", "", "This field is needed."),
        ("ceiling", "", "This field is needed."),
        ("ceiling", "0", "At least 0.01."),
        ("ceiling", "-5", "At least 0.01."),
        ("ceiling", "a million", "Write a number"),
        ("ceiling", "10,005", "At most 2 decimals."),
        ("starts_on", "the first of January", "Write a date"),
        ("ends_on", "", "This field is needed."),
        ("holder_ceiling", "none", "Write a number"),
        ("naming", "nobody", "Choose one of the listed values."),
        ("naming", "", "This field is needed."),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_the_rest_is_kept(
    session: Session, ground: Ground, door: Door, field: str, typed: str, sentence: str
) -> None:
    address = f"/tenders/{make_award(session, ground).id}/agreement"
    answer = door.post(ground.people.clara, address, **{**FIELDS, field: typed})
    assert answer.status_code == 422
    error = answer.text.split(f'id="{field}-error"')[1].split("</p>")[0]
    assert sentence in error
    kept = "title" if field == "ceiling" else "ceiling"
    assert f'value="{FIELDS[kept]}"' in answer.text
    assert session.scalar(select(Agreement.id)) is None


@pytest.mark.parametrize(
    "over, code, field",
    [
        ({"ends_on": date(2026, 12, 31)}, "period_backwards", "ends_on"),
        ({"ends_on": date(2027, 1, 1)}, None, None),
        ({"ends_on": date(2030, 12, 31)}, None, None),
        ({"ends_on": date(2031, 1, 1)}, "too_long", "duration_reason"),
        ({"ends_on": date(2031, 1, 1), "duration_reason": "Fibre is buried once."}, None, None),
        ({"holder_ceiling": Decimal("1000.01")}, "holder_ceiling_above", "holder_ceiling"),
        ({"holder_ceiling": Decimal(1000)}, None, None),
    ],
)
def test_terms_that_make_sense(
    session: Session, ground: Ground, over: dict[str, object], code: str | None, field: str | None
) -> None:
    tender = make_award(session, ground)
    terms = make_terms(starts_on=date(2027, 1, 1), **over)
    if code is None:
        operations.draft(tender, terms, Naming.NEEDS, actor=ground.buyer, today=today())
    else:
        with refused(code) as caught:
            operations.draft(tender, terms, Naming.NEEDS, actor=ground.buyer, today=today())
        assert caught.value.field == field


def test_a_number_is_given_once(session: Session, ground: Ground, people: People) -> None:
    from tests.tenders.make import make_ground

    taken = make_agreement(session, ground)
    tender = make_award(session, make_ground(session, people))
    with refused("number_taken"):
        terms = make_terms(number=taken.number)
        operations.draft(tender, terms, Naming.NEEDS, actor=ground.buyer, today=today())


def test_the_form_shows_what_the_award_is_worth_and_how_many_it_would_name(
    session: Session, ground: Ground, door: Door
) -> None:
    tender: Tender = make_award(session, ground)
    page = door.get(ground.people.clara, f"/tenders/{tender.id}/agreement").text
    assert "425.00" in page
    assert "Members whose needs are in the lot (1)" in page
    assert "Every member of the centrale today (2)" in page
