"""What stands in the database once the demonstration is story."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from procurement.agreements.models import Agreement, AgreementPrice
from procurement.catalogue.models import Item
from procurement.demo import accounts, answers, operations, queries
from procurement.extensions import db
from procurement.kernel import audit, pipeline
from procurement.kernel.access import Role
from procurement.kernel.errors import Refused
from procurement.lots import verification as lots
from procurement.lots.models import Lot, LotState
from procurement.members.models import Member, MemberKind, Person, Site
from procurement.members.operations import authenticate
from procurement.members.queries import central_body_on
from procurement.needs.models import Campaign, CampaignState, Need, NeedLine, NeedState
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
    over, under_way = story.scalars(select(Campaign).order_by(Campaign.opens_on)).all()
    assert (over.state, under_way.state) == (CampaignState.CLOSED, CampaignState.OPEN)
    assert under_way.takes_answers(TODAY)
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


def test_nobody_signs_in_to_an_access_that_only_signs_the_story(story):
    closed = story.scalars(select(Person).where(Person.is_active.is_(False))).all()
    assert len(closed) > 500
    for password in ("", "!", accounts.PASSWORD):
        with pytest.raises(Refused):
            authenticate(closed[0].email, password)


def test_every_lot_is_bought_and_every_agreement_takes_orders(story):
    assert set(story.scalars(select(Lot.state))) == {LotState.AWARDED}
    agreements = story.scalars(select(Agreement)).all()
    assert len(agreements) == story.scalar(select(func.count()).select_from(Lot)) == 8
    for agreement in agreements:
        assert agreement.is_in_force(TODAY)
        assert agreement.beneficiaries
        assert agreement.remaining > 0
    offers = [len(tender.offers) for tender in story.scalars(select(Tender))]
    assert set(offers) <= {3, 4}


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
        )
        .join(Item, Item.id == NeedLine.item_id)
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
    over = session.scalar(select(Campaign.id).where(Campaign.state == CampaignState.CLOSED))
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
