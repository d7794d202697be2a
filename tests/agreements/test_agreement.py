"""GET /agreements and /agreements/<id>: who sees which agreement, and what of it."""

from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from procurement.agreements.models import AgreementState, Beneficiary
from procurement.agreements.rules import Naming
from tests.agreements.make import commit_amount, make_agreement, make_past_agreement
from tests.conftest import CountQueries
from tests.door import Door
from tests.make import make_member
from tests.people import People
from tests.tenders.make import Ground, make_ground


@pytest.mark.parametrize(
    "person, naming, status",
    [
        ("clara", Naming.NEEDS, 200),
        ("dora", Naming.NEEDS, 200),
        ("eli", Naming.NEEDS, 200),
        ("ada", Naming.NEEDS, 200),
        ("alix", Naming.NEEDS, 200),
        ("basile", Naming.NEEDS, 404),
        ("basile", Naming.EVERY, 200),
    ],
)
def test_a_member_sees_the_agreements_that_name_it(
    session: Session, ground: Ground, door: Door, person: str, naming: Naming, status: int
) -> None:
    agreement = make_agreement(session, ground, naming=naming)
    who, number = getattr(ground.people, person), agreement.number
    assert door.get(who, f"/agreements/{agreement.id}").status_code == status
    assert (number in door.get(who, "/agreements").text) == (status == 200)


@pytest.mark.parametrize("person, status", [("clara", 200), ("ada", 404)])
def test_a_draft_is_the_business_of_the_centrale(
    session: Session, ground: Ground, door: Door, person: str, status: int
) -> None:
    agreement = make_agreement(session, ground, is_notified=False)
    who, number = getattr(ground.people, person), agreement.number
    assert door.get(who, f"/agreements/{agreement.id}").status_code == status
    assert (number in door.get(who, "/agreements").text) == (status == 200)


def test_an_agreement_that_does_not_exist(people: People, door: Door) -> None:
    assert door.get(people.clara, "/agreements/999").status_code == 404


def test_a_member_sees_what_it_ordered_and_nobody_else(
    session: Session, ground: Ground, door: Door
) -> None:
    agreement = make_agreement(session, ground, naming=Naming.EVERY)
    commit_amount(session, agreement, ground.people.first, consumed="222.22", reserved="33.33")
    address = f"/agreements/{agreement.id}"
    page = door.get(ground.people.ada, address).text
    assert "222.22" in page
    assert "Bourg-Neuf" not in page
    page = door.get(ground.people.clara, address).text
    assert "Amboise-la-Petite" in page
    assert "Bourg-Neuf" in page


def test_the_ceiling_is_told_in_four_figures(session: Session, ground: Ground, door: Door) -> None:
    agreement = make_agreement(session, ground)
    commit_amount(session, agreement, ground.people.first, consumed="222.22", reserved="33.33")
    gauge = door.get(ground.people.clara, f"/agreements/{agreement.id}").text
    gauge = gauge.split('<figure class="gauge">')[1].split("</figure>")[0]
    for figure in ("222.22", "33.33", "744.45", "1,000.00"):
        assert figure in gauge


@pytest.mark.parametrize("ceiling, is_warned", [("424.99", True), ("425", False)])
def test_a_ceiling_below_the_award_is_told_to_the_centrale(
    session: Session, ground: Ground, door: Door, ceiling: str, is_warned: bool
) -> None:
    agreement = make_agreement(session, ground, is_notified=False, ceiling=Decimal(ceiling))
    page = door.get(ground.people.clara, f"/agreements/{agreement.id}").text
    assert ("is below the value of the award" in page) == is_warned


@pytest.mark.parametrize(
    "person, state, wanted",
    [
        ("clara", "draft", "/notify"),
        ("clara", "notified", "/close"),
        ("ada", "notified", "/orders/new"),
        ("dora", "draft", None),
        ("dora", "notified", None),
        ("alix", "notified", None),
        ("clara", "closed", None),
        ("ada", "closed", None),
        ("ada", "expired", None),
    ],
)
def test_the_next_step_is_offered_to_who_may_take_it(
    session: Session, ground: Ground, door: Door, person: str, state: str, wanted: str | None
) -> None:
    if state == "expired":
        agreement = make_past_agreement(session, ground)
    else:
        agreement = make_agreement(session, ground, is_notified=state != "draft")
    if state == "closed":
        agreement.state = AgreementState.CLOSED
        session.flush()
    address = f"/agreements/{agreement.id}"
    page = door.get(getattr(ground.people, person), address).text
    offered = [step for step in ("/notify", "/close", "/orders/new") if f"{address}{step}" in page]
    assert offered == ([wanted] if wanted else [])


@pytest.mark.parametrize(
    "question, is_found",
    [
        ("q=écrans", True),
        ("q=val", True),
        ("q=2026-ac", True),
        ("q=fibre", False),
        ("standing=in_force", True),
        ("standing=expired", False),
        ("standing=draft", False),
        ("standing=upcoming", False),
        ("standing=closed", False),
        ("standing=somewhere", True),
    ],
)
def test_the_list_is_searched(
    session: Session, ground: Ground, door: Door, question: str, is_found: bool
) -> None:
    agreement = make_agreement(session, ground)
    page = door.get(ground.people.clara, f"/agreements?{question}").text
    assert (agreement.number in page) == is_found


def test_an_expired_agreement_is_found_as_such(
    session: Session, ground: Ground, door: Door
) -> None:
    agreement = make_past_agreement(session, ground)
    number = agreement.number
    assert number in door.get(ground.people.clara, "/agreements?standing=expired").text
    assert number not in door.get(ground.people.clara, "/agreements?standing=in_force").text


def test_beneficiaries_are_paged_and_searched_and_a_refused_form_keeps_their_pager(
    session: Session, ground: Ground, door: Door
) -> None:
    for number in range(60):
        make_member(session, f"Village {number:02d}")
    agreement = make_agreement(session, ground, naming=Naming.EVERY)
    address, clara = f"/agreements/{agreement.id}", ground.people.clara
    page = door.get(clara, address).text
    assert "Who may order (62)" in page
    assert f'href="{address}?page=2"' in page
    assert "Village 59" in door.get(clara, f"{address}?page=2").text
    assert "Village 59" in door.get(clara, f"{address}?q=village+59").text
    refused = door.post(clara, f"{address}/notify")
    assert refused.status_code == 409
    assert f'href="{address}?page=2"' in refused.text


@pytest.mark.parametrize("person", ["clara", "ada"])
def test_no_page_asks_more_for_more_rows(
    session: Session, ground: Ground, door: Door, count_queries: CountQueries, person: str
) -> None:
    who = getattr(ground.people, person)
    agreement = make_agreement(session, ground, naming=Naming.EVERY)
    addresses = ("/agreements", f"/agreements/{agreement.id}")
    counts = []
    for _round in range(2):
        asked = []
        for address in addresses:
            door.get(who, address)
            with count_queries() as statements:
                door.get(who, address)
            asked.append(len(statements))
        counts.append(asked)
        member = make_member(session)
        session.add(Beneficiary(agreement_id=agreement.id, member_id=member.id))
        make_agreement(session, make_ground(session, ground.people), naming=Naming.EVERY)
    assert counts[0] == counts[1]
