"""What stands in the database once the demonstration is story."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select

from procurement.agreements.models import Agreement, AgreementPrice
from procurement.catalogue.models import Item
from procurement.demo import (
    accounts,
    answers,
    operations,
    projects,
    queries,
    territory,
    wordings,
)
from procurement.demo.timetable import Timetable
from procurement.extensions import db
from procurement.kernel import audit, files, pipeline
from procurement.kernel.access import Actor, Role
from procurement.kernel.errors import Refused
from procurement.kernel.mail import Letter
from procurement.kernel.money import rounded
from procurement.lots import operations as lots_operations
from procurement.lots import queries as lot_queries
from procurement.lots import verification as lots
from procurement.lots.models import Lot, LotState, Project
from procurement.lots.rules.law import LegalRule, Nature, Procedure, unknown
from procurement.members.models import Mandate, Member, MemberKind, Person, Site
from procurement.members.operations import authenticate
from procurement.members.queries import central_body_on
from procurement.needs import queries as needs
from procurement.needs import rules
from procurement.needs.board import Status
from procurement.needs.models import (
    Basis,
    Campaign,
    CampaignState,
    Document,
    Entry,
    Need,
    NeedLine,
    NeedState,
    NeedVersion,
    Occasion,
    Purpose,
    Reminder,
)
from procurement.needs.pages import store
from procurement.needs.queries import harmonising
from procurement.needs.queries.history import history
from procurement.needs.versions import Kind
from procurement.orders import verification as orders
from procurement.orders.models import Order, OrderLine, OrderState
from procurement.savings import queries as savings
from procurement.savings.queries import Scope
from procurement.savings.rules import summed
from procurement.tenders.models import Supplier, Tender
from tests.databases import on_sqlite
from tests.demo.conftest import SHARE, TODAY
from tests.make import make_member


def test_the_territory_is_whole_and_real(story):
    counted = dict(story.execute(select(Member.kind, func.count()).group_by(Member.kind)).all())
    assert counted == {
        MemberKind.COMMUNE: 295,
        MemberKind.INTERCOMMUNALITY: 15,
        MemberKind.DEPARTEMENT: 2,
    }
    assert central_body_on(TODAY).name == "Seine et Yvelines Numérique"


def test_needs_are_as_many_as_announced_and_answers_stand_in_every_state(story):
    over, pooling, under_way = story.scalars(select(Campaign).order_by(Campaign.opens_on)).all()
    states = (CampaignState.POOLED, CampaignState.CLOSED, CampaignState.OPEN)
    assert (over.state, pooling.state, under_way.state) == states
    assert under_way.takes_answers(TODAY)
    assert (over.every_family, under_way.every_family) == (False, True)
    assert over.contract_months == under_way.contract_months == 48
    lines = story.scalar(select(func.count()).where(NeedLine.campaign_id == over.id))
    wanted = answers.SURVEYED * SHARE
    assert abs(lines - wanted) <= wanted * 0.02
    states = select(Need.state).where(Need.campaign_id == under_way.id).distinct()
    assert set(story.scalars(states)) >= {
        NeedState.DRAFT,
        NeedState.SUBMITTED,
        NeedState.VALIDATED,
    }
    unpriced = select(func.count()).where(NeedLine.paid_price.is_(None))
    assert 0 < story.scalar(unpriced) < lines / 4


def test_what_the_guides_announce_waits_for_each_account(story):
    state = dict(
        story.execute(
            select(Member.siren, Need.state)
            .join(Need, Need.member_id == Member.id)
            .join(Campaign, Campaign.id == Need.campaign_id)
            .where(Campaign.state == CampaignState.OPEN)
        ).all()
    )
    assert state[accounts.DRAFTING] is NeedState.DRAFT
    assert state[accounts.VALIDATING] is NeedState.SUBMITTED
    for account in accounts.TOLD:
        assert authenticate(account.email, accounts.PASSWORD).role is account.role
    for siren in (accounts.DRAFTING, accounts.VALIDATING):
        found = select(Order.state).join(Order.member).where(Member.siren == siren)
        assert {OrderState.DRAFT, OrderState.SUBMITTED} <= set(story.scalars(found))


def test_quantities_are_what_was_declared_for_the_period(story):
    rows = story.execute(
        select(
            NeedLine.declared_quantity,
            NeedLine.basis,
            NeedLine.units_each,
            NeedLine.quantity,
            NeedLine.own_price,
            NeedLine.paid_price,
        )
    ).all()
    for declared, basis, each, quantity, own_price, paid_price in rows:
        years = 4 if basis is Basis.YEAR else 1
        assert quantity == declared * years * (each or 1)
        assert own_price is None or paid_price == rounded(own_price / (each or 1), 4)
    assert {row.basis for row in rows} == set(Basis)
    assert len(set(story.scalars(select(NeedLine.strength)))) == 2
    assert story.scalar(select(func.count()).where(NeedLine.remark.is_not(None)))


def test_words_of_the_first_campaign_are_understood_and_remembered_for_the_second(story):
    over, _pooling, under_way = story.scalars(select(Campaign).order_by(Campaign.opens_on)).all()
    assert harmonising.waiting(over) == {}
    understood = {one.asked.key for one in harmonising.understood(over)}
    waiting = harmonising.waiting(under_way)
    remembered = harmonising.remembered(waiting, None)
    assert len(understood) == len(wordings.UNDERSTOOD)
    assert remembered.keys() < understood
    assert len(remembered) == 1
    near = [key for key in waiting if harmonising.alike(key, waiting)]
    assert len(near) > 3
    bought = select(func.count()).where(NeedLine.words.is_not(None), NeedLine.allotted > 0)
    assert story.scalar(bought) >= len(understood)


def test_each_need_has_the_versions_that_it_was_submitted_in(story):
    kept = (
        select(NeedVersion.need_id, func.count().label("versions"))
        .group_by(NeedVersion.need_id)
        .subquery()
    )
    rows = story.execute(
        select(Need, kept.c.versions).outerjoin(kept, kept.c.need_id == Need.id)
    ).all()
    for need, versions in rows:
        assert (versions or 0) == need.submissions
        assert (need.submissions == 0) == (need.state is NeedState.DRAFT)
        assert need.touched_at is not None
        if need.state is NeedState.VALIDATED:
            assert need.check_figure == rules.check_figure(needs.checked_lines(need))
    corrected = _need_of(story, territory.CORRECTED)
    last, returned, first = [one for one in history(corrected) if _is_told(one)]
    assert (first.number, returned.verb, last.number) == (1, "needs.return_to_author", 2)
    assert [change.kind for change in last.changes] == [Kind.CHANGED]


def _is_told(one):
    return getattr(one, "verb", "") != "needs.validate"


def test_needs_are_entered_by_mandate_and_by_the_centrale(story):
    mandates = story.scalars(select(Mandate).order_by(Mandate.id)).all()
    assert [one.delegate.siren for one in mandates] == [accounts.DELEGATE] * 2
    answered, to_answer = (one.member for one in mandates)
    assert (answered.siren, to_answer.siren) == territory.CAST[:2]
    by_mandate = _need_of(story, answered.siren)
    assert (by_mandate.entry, by_mandate.state) == (Entry.DELEGATE, NeedState.SUBMITTED)
    assert by_mandate.author.member.siren == accounts.DELEGATE
    assert _need_of(story, to_answer.siren) is None
    entered = _need_of(story, territory.WROTE_A_LETTER)
    assert (entered.entry, entered.state) == (Entry.CENTRALE, NeedState.SUBMITTED)
    assert entered.author.role is Role.BUYER


def test_files_are_in_the_store_and_say_that_they_are_invented(story):
    documents = story.scalars(select(Document)).all()
    assert {one.purpose for one in documents} == {Purpose.INSTRUCTIONS, Purpose.SOURCE}
    for document in documents:
        assert "inventé" in document.name
        content = files.place(store.folder(), document.digest).read_bytes()
        assert files.type_of(content) == document.media_type == "application/pdf"
        pages = PdfReader(BytesIO(content)).pages
        assert all("Document inventé" in page.extract_text() for page in pages)


def test_the_board_shows_every_status_that_an_open_campaign_has(story):
    under_way = story.scalars(select(Campaign).where(Campaign.state == CampaignState.OPEN)).one()
    counts = needs.counts(under_way, TODAY, needs.Filter())
    assert counts.members(Status.NOT_CONCERNED) == 1
    assert counts.members(Status.LATE) == 0
    for status in (Status.ANSWERED, Status.DRAFT, Status.NO_ANSWER):
        assert counts.members(status)


def test_members_were_reminded_and_no_letter_waits_to_be_sent(story):
    reminders = story.scalars(select(Reminder)).all()
    assert {(one.occasion, one.sent_on) for one in reminders} == {
        (Occasion.BY_HAND, TODAY - timedelta(days=2))
    }
    assert story.scalar(select(func.count()).select_from(Letter)) == 0


def _need_of(story, siren):
    return story.scalar(
        select(Need)
        .join(Member, Member.id == Need.member_id)
        .join(Campaign, Campaign.id == Need.campaign_id)
        .where(Member.siren == siren, Campaign.state == CampaignState.OPEN)
    )


def test_nobody_signs_in_to_an_access_that_only_signs_the_story(story):
    closed = story.scalars(select(Person).where(Person.is_active.is_(False))).all()
    assert len(closed) > 500
    for password in ("", "!", accounts.PASSWORD):
        with pytest.raises(Refused):
            authenticate(closed[0].email, password)


def _bought(story):
    """Give the lots of the campaign that is over."""
    over = Campaign.state == CampaignState.POOLED
    return story.scalars(select(Lot).join(Campaign, Campaign.id == Lot.campaign_id).where(over))


def test_every_lot_is_bought_and_every_agreement_takes_orders(story):
    lots_bought = _bought(story).all()
    assert {lot.state for lot in lots_bought} == {LotState.AWARDED}
    agreements = story.scalars(select(Agreement)).all()
    assert len(agreements) == len(lots_bought) == 8
    for agreement in agreements:
        assert agreement.is_in_force(TODAY)
        assert agreement.beneficiaries
        assert agreement.remaining > 0
    offers = [len(tender.offers) for tender in story.scalars(select(Tender))]
    assert set(offers) <= {3, 4}


def test_every_lot_was_launched_on_a_valued_project(story):
    ids = {lot.project_id for lot in _bought(story)}
    made = story.scalars(select(Project).where(Project.id.in_(ids))).all()
    assert len(made) == len(ids)
    for project in made:
        found = lots_operations.standing(project).kept
        assert found.procedure is Procedure.FORMAL
        assert found.value == sum(part.value for part in found.lots) == project.value
        assert "inventé" in project.environmental_clause
        assert "inventé" in project.environmental_criterion
        assert (project.undivided_reason is None) == (len(project.lots) == 2)
    assert sorted(len(one.lots) for one in made) == [1] * (len(made) - 1) + [2]


@on_sqlite
def test_the_story_can_be_told_after_the_law_that_is_known(session):
    timetable = Timetable(TODAY.replace(year=2031))
    assert unknown(lot_queries.law_on(timetable.launched, Nature.SUPPLIES))
    projects.know_the_law(timetable.launched, Actor.command("tests"))
    session.flush()
    law = lot_queries.law_on(timetable.launched, Nature.SUPPLIES)
    assert unknown(law) == []
    assert law[LegalRule.FORMAL].value == 216_000


def test_what_is_invented_says_so(story):
    for supplier in story.scalars(select(Supplier)):
        assert "fictif" in supplier.name
        assert supplier.siret.startswith("000000")
    people = story.scalars(select(Person)).all()
    assert all("démonstration" in one.name for one in people)
    assert all(one.email.endswith(".example") for one in people)
    schools = story.scalars(select(Site.name).where(Site.name.contains("n° ")))
    assert all("(démonstration)" in name for name in schools)


def test_orders_ended_in_several_ways_and_some_members_lose(story):
    states = dict(story.execute(select(Order.state, func.count()).group_by(Order.state)).all())
    assert states[OrderState.CONFIRMED] > 20
    lost = select(func.count()).where(OrderLine.reference_amount < OrderLine.amount)
    assert story.scalar(lost)


def test_savings_add_up(story):
    total = savings.summary(Scope()).saving
    assert total.saving > 0
    assert Decimal("0.5") < total.coverage < 1
    for parts in (savings.by_member, savings.by_lot, savings.by_agreement, savings.by_departement):
        assert summed(part.saving for part in parts(Scope())) == total


def test_a_database_of_real_members_is_left_alone(session):
    make_member(session, "Une commune")
    with pytest.raises(Refused) as refused:
        operations.load(TODAY, share=SHARE)
    assert refused.value.code == "not_a_demonstration"
    assert not queries.is_loaded()


def _figures(session) -> list[list[tuple[object, ...]]]:
    """Needs, prices and orders, in an order that no database's alphabet changes."""
    needed = (
        select(
            Member.siren,
            Item.code,
            Site.name,
            NeedLine.quantity,
            NeedLine.paid_price,
            NeedLine.paid_since,
            NeedLine.allotted,
            NeedLine.declared_quantity,
            NeedLine.basis,
            NeedLine.strength,
            NeedLine.remark,
            NeedLine.words,
            NeedLine.own_unit,
            NeedLine.units_each,
        )
        .outerjoin(Item, Item.id == NeedLine.item_id)
        .join(Member, Member.id == NeedLine.member_id)
        .join(Site, Site.id == NeedLine.site_id)
    )
    priced = (
        select(Agreement.number, Agreement.ceiling, Item.code, AgreementPrice.unit_price)
        .join(AgreementPrice, AgreementPrice.agreement_id == Agreement.id)
        .join(Item, Item.id == AgreementPrice.item_id)
    )
    ordered = (
        select(
            Order.number,
            Order.state,
            Order.submitted_on,
            Member.siren,
            Item.code,
            OrderLine.quantity,
            OrderLine.amount,
            OrderLine.reference_amount,
        )
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Member, Member.id == Order.member_id)
        .join(Item, Item.id == OrderLine.item_id)
    )
    return [
        sorted((tuple(row) for row in session.execute(query)), key=str)
        for query in (needed, priced, ordered)
    ]


def test_both_databases_hold_the_same_story_and_its_proofs(session, told):
    with told.app_context():
        elsewhere = _figures(db.session())
    operations.load(TODAY, share=SHARE)
    pipeline.commit()
    assert _figures(session) == elsewhere
    assert list(lots.faults()) == list(orders.faults()) == list(audit.faults(session)) == []
    before = queries.counted()
    with pytest.raises(Refused) as refused:
        operations.load(TODAY, share=SHARE)
    assert refused.value.code == "already_loaded"
    assert queries.counted() == before


@on_sqlite
def test_another_seed_tells_another_story(session, told):
    with told.app_context():
        elsewhere = _figures(db.session())
    operations.load(TODAY, seed=1, share=SHARE)
    for mine, other in zip(_figures(session), elsewhere, strict=True):
        assert mine != other


@on_sqlite
def test_the_whole_story_is_as_large_as_announced(session):
    operations.load(TODAY)
    pipeline.commit()
    over = session.scalar(select(Campaign.id).where(Campaign.state == CampaignState.POOLED))
    lines = session.scalar(select(func.count()).where(NeedLine.campaign_id == over))
    assert abs(lines - 11_800) <= 236
    answered = (
        select(func.count())
        .select_from(Need)
        .join(Member, Member.id == Need.member_id)
        .where(Need.campaign_id == over, Member.kind == MemberKind.COMMUNE)
    )
    assert session.scalar(answered) == 295
    assert set(session.scalars(select(Order.state))) == set(OrderState)
    assert len(set(session.scalars(select(Person.role)))) == len(Role)
    assert any(part.saving.saving < 0 for part in savings.by_member(Scope()))
    assert list(lots.faults()) == list(orders.faults()) == list(audit.faults(session)) == []
