"""A land to visit: the demonstration on a small scale, and purchases left off at every stage."""

from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import Select, case, exists, func, select
from sqlalchemy.orm import Session

from procurement.agreements import operations as agreements
from procurement.agreements.models import Agreement, AgreementPrice, Beneficiary
from procurement.agreements.rules import Naming
from procurement.catalogue.models import Item
from procurement.demo import accounts, territory
from procurement.demo import operations as demo
from procurement.extensions import db
from procurement.kernel import pipeline
from procurement.kernel.access import Actor, Role
from procurement.kernel.database import Base
from procurement.kernel.exports import Export
from procurement.kernel.pipeline import today
from procurement.lots import operations as lots
from procurement.lots.models import (
    Allocation,
    AllocationKind,
    Comparison,
    Lot,
    LotLine,
    Project,
)
from procurement.members import mandates
from procurement.members import operations as members
from procurement.members.models import Mandate, Member, Person, Site
from procurement.needs import operations as needs
from procurement.needs import queries, sheets
from procurement.needs.models import (
    Campaign,
    CampaignState,
    Entry,
    Need,
    NeedLine,
    NeedState,
    Omission,
    Upload,
)
from procurement.needs.pages import store
from procurement.orders import operations as orders
from procurement.orders.models import Order
from procurement.orders.operations import Draft, Wanted
from procurement.tenders import operations as tenders
from procurement.tenders.models import Offer, Supplier, Tender
from tests.agreements.make import make_terms
from tests.make import actor_for, make_campaign, make_line, make_need, make_plan, make_project
from tests.needs.trip import FIRST, put, saved
from tests.pages import bench

_DOMAIN = accounts.DOMAINS[accounts.DRAFTING]
ADDRESSES = {
    Role.REQUESTER: f"agent@{_DOMAIN}",
    Role.APPROVER: f"approver@{_DOMAIN}",
    **{role: address for role, (address, _name) in accounts.CENTRAL.items()},
}


#: One of each of the cast of the demonstration, and one that has not answered.
_ON_THE_BOARD = (*territory.CAST, accounts.DRAFTING, accounts.VALIDATING)


def settle_land(app: Flask) -> dict[Role, Actor]:
    """Write it all into empty tables; give one person of each role, the first two of a commune."""
    with app.app_context(), pytest.MonkeyPatch.context() as patch:
        # By the same method, without the slowness that protects real passwords.
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(members, "_hasher", quick)
        demo.load(today(), share=0.02)
        session = db.session()
        people = {
            role: session.scalars(select(Person).where(Person.email == address)).one()
            for role, address in ADDRESSES.items()
        }
        _leave_needs(session, people[Role.REQUESTER], people[Role.APPROVER])
        _leave_entered(session, people)
        _leave_uploads(session, actor_for(people[Role.REQUESTER]))
        agent, approver, buyer = (
            actor_for(people[role]) for role in (Role.REQUESTER, Role.APPROVER, Role.BUYER)
        )
        _leave_lots(session, people, buyer)
        bench.leave_bench(session, people[Role.REQUESTER], people[Role.APPROVER], buyer)
        _leave_orders(session, agent, approver)
        pipeline.commit()
        return {role: actor_for(person) for role, person in people.items()}


#: The campaigns whose needs have gone furthest apart, each of its own kind.
_POOLED = "Relevé à mutualiser"
_TITLE = case((Campaign.title.in_([_POOLED, bench.TITLE]), Campaign.title), else_="")
#: Whether rounding up to whole packs added something to a lot line.
_ADDED = exists().where(
    Allocation.lot_line_id == LotLine.id, Allocation.kind != AllocationKind.NEED
)


def rows_of(actor: Actor) -> dict[str, Select[int]]:
    """Say, for what an address asks, which rows the actor may see: one in each of its states."""

    def one_of_each(model: type[Base], *kinds: Any) -> Select[int]:
        return select(func.min(model.id)).where(model.visible_to(actor)).group_by(*kinds)

    def longest(model: type[Base], name: Any) -> Select[int]:
        query = select(model.id).where(model.visible_to(actor))
        return query.order_by(func.length(name).desc()).limit(1)

    return {
        "campaign_id": one_of_each(Campaign, Campaign.state),
        "need_id": one_of_each(Need, Need.state, Need.entry, Need.objection.is_(None)),
        "line_id": one_of_each(
            NeedLine, Need.state, NeedLine.words.is_(None), NeedLine.item_id.is_(None)
        ).join(Need, Need.id == NeedLine.need_id),
        "upload_id": one_of_each(Upload, Upload.applied_at.is_(None)),
        "lots.pool_line line_id": one_of_each(
            NeedLine,
            Need.state,
            NeedLine.is_pooled,
            NeedLine.allotted > 0,
            NeedLine.allotted == NeedLine.pool_quantity,
            exists().where(Omission.need_line_id == NeedLine.id),
        ).join(Need, Need.id == NeedLine.need_id),
        "lots.pool_item campaign_id": bench.campaigns(),
        "lots.pool_item item_id": bench.item_ids(),
        "lots.merge_form campaign_id": bench.campaigns(),
        "lots.merge_form item_id": bench.item_ids().limit(4),
        "lots.whereabouts need_id": one_of_each(Need, Need.state, _TITLE).join(
            Campaign, Campaign.id == Need.campaign_id
        ),
        "lot_id": one_of_each(Lot, Lot.state, Lot.sheet_version, Lot.released_on.is_(None)),
        "lots.lot_line line_id": one_of_each(LotLine, Lot.state, _ADDED).join(
            Lot, Lot.id == LotLine.lot_id
        ),
        "project_id": one_of_each(Project, Project.procedure, Project.valued_on.is_(None)),
        "comparison_id": one_of_each(Comparison, Comparison.chosen.is_(None)),
        "export_id": one_of_each(Export, Export.state),
        "tender_id": one_of_each(Tender, Tender.state),
        "offer_id": one_of_each(Offer, Tender.state).join(Tender, Tender.id == Offer.tender_id),
        "agreement_id": one_of_each(Agreement, Agreement.state),
        "beneficiary_id": one_of_each(Beneficiary, Beneficiary.ceiling_kind),
        "order_id": one_of_each(Order, Order.state),
        "member_id": longest(Member, Member.name),
        "needs.board_member member_id": select(Member.id).where(Member.siren.in_(_ON_THE_BOARD)),
        "item_id": longest(Item, Item.designation),
    }


def _leave_needs(session: Session, agent: Person, approver: Person) -> None:
    items = list(session.scalars(select(Item).limit(len(NeedState))))
    make_campaign(session, CampaignState.DRAFT, title="Campagne en préparation")
    make_campaign(session, CampaignState.ARCHIVED, title="Relevé abandonné")
    for state, item in zip(NeedState, items, strict=True):
        campaign = make_campaign(session, title=f"Relevé complémentaire ({state})")
        need = make_need(session, campaign, agent, state, approver)
        make_line(session, need, item, 12)
        own = {"words": "Ramettes de papier recyclé", "own_unit": "carton de 5"}
        make_line(session, need, None, 3, **own, remark="Livrées à la rentrée, par l'arrière")


def _leave_entered(session: Session, people: dict[Role, Person]) -> None:
    """Leave what others entered for the commune, an objection, and mandates on both sides."""
    agent, approver, buyer = (people[role] for role in (Role.REQUESTER, Role.APPROVER, Role.BUYER))
    for title, objection in (("sur papier", None), ("contesté", "Ce n'est pas notre école.")):
        campaign = make_campaign(session, title=f"Relevé {title}")
        objector_id = approver.id if objection else None
        said = dict[str, Any](objection=objection, objector_id=objector_id, entry=Entry.CENTRALE)
        need = make_need(session, campaign, agent, NeedState.SUBMITTED, **said)
        need.author_id = buyer.id
        make_line(session, need, session.scalars(select(Item).limit(1)).one(), 7)
    by_siren = {one.siren: one for one in session.scalars(select(Member))}
    group, other = by_siren[accounts.DELEGATE], by_siren[territory.SIGNED_LATE]
    mandates.grant(by_siren[accounts.DRAFTING], group.id, actor=actor_for(approver), today=today())
    # It stands for an intercommunality too, so that one person sees the pages of both sides.
    session.add(Mandate(member=other, delegate_id=agent.member_id, granted_on=today()))
    session.flush()


def _leave_uploads(session: Session, agent: Actor) -> None:
    """Leave a workbook that was applied, and one that was only looked at."""
    campaign = make_campaign(session, title="Relevé par tableur")
    needs.begin(campaign, actor=agent, today=today())
    session.flush()
    assert agent.member_id
    ids, on = [agent.member_id], dict[str, Any](actor=agent, today=today())
    answers, choices = queries.answers(campaign, ids), queries.choices(campaign, ids, today())
    content = sheets.made(sheets.Content(campaign, answers, choices, datetime.now(UTC)), "")
    place = session.scalars(select(Site.name).where(Site.member_id == agent.member_id)).first()
    asked = {"words": "Bobine de câble", "own_unit": "touret", "site": place}
    for quantity in ("12", "douze"):
        book = load_workbook(BytesIO(content))
        put(book, FIRST, {**asked, "quantity": quantity})
        sent = saved(book)
        upload = needs.receive(campaign, "besoins.xlsx", sent, folder=store.folder(), **on)
        session.flush()
        if quantity == "12":
            folder = store.folder()
            assert needs.apply(upload, sent, folder=folder, confirmed=False, **on)["new"]


def _leave_lots(session: Session, people: dict[Role, Person], buyer: Actor) -> None:
    """Leave a draft, and lots that are frozen, out to tender, unsuccessful and awarded."""
    campaign = make_campaign(session, CampaignState.CLOSED, title=_POOLED)
    need = make_need(
        session, campaign, people[Role.REQUESTER], NeedState.VALIDATED, people[Role.APPROVER]
    )
    items = list(session.scalars(select(Item).order_by(Item.id.desc()).limit(6)))
    for item in items:
        make_line(session, need, item, 1500)
    on: dict[str, Any] = {"actor": buyer, "today": today()}
    # The sixth item is left in the pool.
    made = [lots.form(campaign, one.designation, item_ids=[one.id], **on) for one in items[:5]]
    for lot in made[1:]:
        lots.freeze(lot, **on)
    make_project(session, made[2:])
    lots.form_project(
        campaign, make_plan(undivided_ground=None, undivided_reason=None), [made[1].id], actor=buyer
    )
    calls = [tenders.launch(lot, today(), **on) for lot in made[2:]]
    session.flush()
    for supplier in session.scalars(select(Supplier)):
        _leave_offer(session, calls[0], supplier, buyer)
    tenders.declare_unsuccessful(calls[1], **on)
    tenders.award(calls[2], _leave_offer(session, calls[2], supplier, buyer), **on)
    session.flush()
    agreements.draft(calls[2], make_terms(ceiling=Decimal(250_000)), Naming.EVERY, **on)


def _leave_offer(session: Session, tender: Tender, supplier: Supplier, buyer: Actor) -> Offer:
    offer = tenders.receive_offer(tender, supplier, today(), actor=buyer, today=today())
    session.flush()
    price = Decimal("1234.5678") + supplier.id
    tenders.price_offer(offer, {line.id: price for line in tender.lot.lines}, actor=buyer)
    session.flush()
    return offer


def _leave_orders(session: Session, agent: Actor, approver: Actor) -> None:
    """Leave an order in each state."""
    price, pack = session.execute(
        select(AgreementPrice, Item.pack_size)
        .join(Item, Item.id == AgreementPrice.item_id)
        .join(Beneficiary, Beneficiary.agreement_id == AgreementPrice.agreement_id)
        .where(Beneficiary.member_id == agent.member_id)
        .order_by(AgreementPrice.unit_price)
        .limit(1)
    ).one()
    agreement = session.get_one(Agreement, price.agreement_id)
    site = session.scalars(select(Site).where(Site.member_id == agent.member_id).limit(1)).one()
    draft = Draft(site, [Wanted(price.id, Decimal(pack))])
    made = [orders.place(agreement, draft, actor=agent, today=today()) for _state in range(5)]
    for order in made[1:]:
        orders.submit(order, actor=agent, today=today())
    orders.confirm(made[2], actor=approver, today=today())
    orders.refuse(made[3], "Crédits insuffisants", actor=approver)
    orders.withdraw(made[4], "Commande en double", actor=agent)
