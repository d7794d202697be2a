"""Last campaign's need copied into the new one: what comes along, what does not, and why."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import today
from procurement.members.models import Site
from procurement.needs.models import (
    Basis,
    Campaign,
    CampaignFamily,
    Document,
    Need,
    NeedLine,
    NeedState,
    Purpose,
    Strength,
)
from tests.conftest import CountQueries, SignIn
from tests.door import Door
from tests.make import (
    make_campaign,
    make_family,
    make_item,
    make_line,
    make_member,
    make_need,
    make_site,
)
from tests.people import People

D = Decimal


def _campaign(session: Session, days_ago: int, title: str) -> Campaign:
    last = today() - timedelta(days=days_ago)
    return make_campaign(session, title=title, opens_on=last - timedelta(days=30), closes_on=last)


@pytest.fixture
def last(session: Session, people: People) -> Need:
    """What Ada's town hall declared last year."""
    campaign = _campaign(session, 300, "Survey 2025")
    return make_need(session, campaign, people.ada, NeedState.VALIDATED, people.alix)


@pytest.fixture
def need(session: Session, people: People) -> Need:
    """Its new draft, for a contract of two years."""
    campaign = make_campaign(session, title="Survey 2026", contract_months=24)
    return make_need(session, campaign, people.ada)


def _lines(session: Session, need: Need) -> list[NeedLine]:
    query = select(NeedLine).where(NeedLine.need_id == need.id).order_by(NeedLine.id)
    return list(session.scalars(query))


def _document(session: Session, need: Need, digest: str = "a" * 64) -> Document:
    made = Document(
        need_id=need.id,
        purpose=Purpose.EVIDENCE,
        digest=digest,
        name="facture.pdf",
        media_type="application/pdf",
        size=12,
        person_id=need.author_id,
        at=datetime.now(UTC),
    )
    session.add(made)
    session.flush()
    return made


def _copies(session: Session, sign_in: SignIn, people: People, need: Need) -> str:
    """Press the button, and read the page that follows."""
    address = f"/needs/{need.id}/copy"
    session.commit()
    ada = sign_in(people.ada)
    session.rollback()
    with ada.session_transaction() as cookie:
        cookie["language"] = "en"
    page = ada.post(address, follow_redirects=True).text
    session.rollback()
    return page


def test_lines_come_along_with_their_price_and_its_proof(
    session: Session, people: People, last: Need, need: Need, sign_in: SignIn
) -> None:
    invoice = _document(session, last)
    paid = {"paid_price": D("9.5"), "paid_since": date(2024, 1, 1), "evidence_id": invoice.id}
    item = make_item(session)
    make_line(
        session,
        last,
        item,
        8,
        declared_quantity=D(2),
        basis=Basis.YEAR,
        strength=Strength.FIRM,
        wanted_on=today(),
        remark="Salle 2",
        **paid,
    )
    school = make_site(session, people.first)
    make_line(session, last, item, 3, site_id=school.id, **paid)
    page = _copies(session, sign_in, people, need)
    assert "2 lines of “Survey 2025” were copied." in page
    yearly, other = _lines(session, need)
    # Two a year for two years, where it was for four.
    assert (yearly.declared_quantity, yearly.basis, yearly.quantity) == (D(2), Basis.YEAR, D(4))
    assert (yearly.strength, yearly.remark, yearly.wanted_on) == (Strength.FIRM, "Salle 2", None)
    assert (yearly.paid_price, yearly.paid_since) == (D("9.5"), date(2024, 1, 1))
    assert (yearly.is_validated, yearly.allotted, yearly.version) == (False, D(0), 1)
    assert (yearly.campaign_id, yearly.member_id) == (need.campaign_id, people.first.id)
    assert (other.quantity, other.site_id) == (D(3), school.id)
    # The file is this need's own now, and kept once.
    [own] = session.scalars(select(Document).where(Document.need_id == need.id))
    assert yearly.evidence_id == other.evidence_id == own.id != invoice.id
    assert (own.digest, own.name, own.size) == (invoice.digest, "facture.pdf", 12)
    [entry] = session.scalars(select(AuditEntry))
    assert entry.verb == "needs.copy_last"
    assert json.loads(entry.changes) == {"from_need_id": last.id, "lines": 2}


def test_free_lines_come_along_in_their_words_and_wait_for_the_buyer_again(
    door: Door, session: Session, people: People, last: Need, need: Need
) -> None:
    paid = {"paid_since": date(2024, 1, 1), "own_price": D(50)}
    make_line(
        session,
        last,
        make_item(session),
        200,
        words="Ramettes de papier, carton de 5",
        own_unit="carton",
        declared_quantity=D(40),
        units_each=D(5),
        paid_price=D(10),
        **paid,
    )
    door.post(people.ada, f"/needs/{need.id}/copy")
    [line] = _lines(session, need)
    assert (line.item_id, line.units_each) == (None, None)
    assert (line.words, line.own_unit) == ("Ramettes de papier, carton de 5", "carton")
    assert (line.quantity, line.paid_price, line.own_price) == (D(40), D(50), D(50))


def test_what_makes_no_sense_here_is_left_out_and_said(
    session: Session, people: People, last: Need, need: Need, sign_in: SignIn
) -> None:
    concerned, other = make_family(session), make_family(session)
    need.campaign.every_family = False
    session.add(CampaignFamily(campaign_id=need.campaign_id, family_id=concerned.id))
    good, here = make_item(session, concerned), make_item(session, concerned)
    make_line(session, last, good, 1)
    make_line(session, last, here, 2)
    make_line(session, need, here, 5)
    for _one in range(2):
        make_line(session, last, make_item(session, other), 1)
    # The place went to another body since.
    lost = make_site(session, people.first)
    make_line(session, last, good, 1, site_id=lost.id)
    session.get_one(Site, lost.id).member_id = people.second.id
    page = _copies(session, sign_in, people, need)
    assert [(line.item_id, line.quantity) for line in _lines(session, need)] == [
        (here.id, D(5)),
        (good.id, D(1)),
    ]
    for sentence in (
        "1 line of “Survey 2025” was copied.",
        "2 lines were left out: this campaign is not about their families.",
        "1 line was left out: its delivery place is no longer yours.",
        "1 line was left out: it is here already.",
    ):
        assert sentence in page
    # A second time nothing is left to copy, and nothing changes.
    assert "Nothing of “Survey 2025” could be copied." in _copies(session, sign_in, people, need)
    assert len(_lines(session, need)) == 2


def test_a_firm_campaign_binds_what_is_copied(
    door: Door, session: Session, people: People, last: Need, need: Need
) -> None:
    need.campaign.commitment = Strength.FIRM
    make_line(session, last, make_item(session), 1)
    door.post(people.ada, f"/needs/{need.id}/copy")
    assert [line.strength for line in _lines(session, need)] == [Strength.FIRM]


def test_the_latest_need_that_was_submitted_with_lines_is_the_one(
    door: Door, session: Session, people: People, last: Need, need: Need
) -> None:
    make_line(session, last, make_item(session), 1)
    for days_ago, state, lines in (
        (400, NeedState.VALIDATED, 1),
        (200, NeedState.DRAFT, 1),
        (100, NeedState.SUBMITTED, 0),
    ):
        campaign = _campaign(session, days_ago, f"Survey of {days_ago} days ago")
        other = make_need(session, campaign, people.ada, state, people.alix)
        for _one in range(lines):
            make_line(session, other, make_item(session), 9)
    assert "Survey 2025" in door.get(people.ada, f"/needs/{need.id}").text
    door.post(people.ada, f"/needs/{need.id}/copy")
    assert [line.quantity for line in _lines(session, need)] == [1]


def test_what_a_merged_body_declared_is_copied_too(
    door: Door, session: Session, people: People, need: Need
) -> None:
    merged = make_member(session, successor_id=people.first.id, merged_on=date(2026, 1, 1))
    old = Need(
        campaign=_campaign(session, 300, "Before the merger"),
        member_id=merged.id,
        author_id=people.ada.id,
        state=NeedState.SUBMITTED,
    )
    session.add(old)
    session.flush()
    session.refresh(old)
    make_line(session, old, make_item(session), 6)
    # Its places are the successor's now.
    merged.sites[0].name = "Ancienne mairie"
    session.flush()
    session.get_one(Site, merged.sites[0].id).member_id = people.first.id
    door.post(people.ada, f"/needs/{need.id}/copy")
    assert [line.quantity for line in _lines(session, need)] == [6]


def test_without_an_earlier_need_nothing_is_offered(
    door: Door, session: Session, people: People, need: Need
) -> None:
    assert "/copy" not in door.get(people.ada, f"/needs/{need.id}").text
    answer = door.post(people.ada, f"/needs/{need.id}/copy")
    assert answer.status_code == 409
    assert "There is no earlier need of your body to copy." in answer.text
    # Another body's is not one's own.
    other = make_need(
        session, _campaign(session, 300, "Theirs"), people.basile, NeedState.SUBMITTED
    )
    make_line(session, other, make_item(session), 1)
    assert door.post(people.ada, f"/needs/{need.id}/copy").status_code == 409
    assert _lines(session, need) == []


def test_a_long_need_is_copied_in_as_many_queries_as_a_short_one(
    session: Session, people: People, sign_in: SignIn, count_queries: CountQueries
) -> None:
    counts = []
    # The very first act of all also begins the journal.
    for days_ago, rows in ((500, 1), (400, 2), (300, 40)):
        campaign = _campaign(session, days_ago, f"Survey of {days_ago}")
        old = make_need(session, campaign, people.ada, NeedState.VALIDATED, people.alix)
        for number in range(rows):
            digest = f"{days_ago}{number:061d}"
            evidence = _document(session, old, digest).id
            make_line(session, old, make_item(session), 3, evidence_id=evidence)
        need = make_need(session, make_campaign(session), people.ada)
        address = f"/needs/{need.id}/copy"
        session.commit()
        ada = sign_in(people.ada)
        session.rollback()
        with count_queries() as statements:
            assert ada.post(address).status_code == 302
        counts.append(len(statements))
        session.rollback()
        copied = session.scalar(
            select(func.count()).select_from(NeedLine).where(NeedLine.need_id == need.id)
        )
        assert copied == rows
    assert counts[1] == counts[2]
