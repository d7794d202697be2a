"""The stage on which orders are played: an agreement in force, and what the members declared."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from procurement.agreements.models import (
    Agreement,
    AgreementPrice,
    AgreementState,
    Beneficiary,
    CeilingKind,
    Holder,
)
from procurement.catalogue.models import Item, Unit
from procurement.extensions import db
from procurement.kernel import database, pipeline
from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import today
from procurement.lots.models import Allocation, Lot, LotLine, LotState
from procurement.members.models import Member, Site
from procurement.needs.models import CampaignState, Need, NeedLine, NeedState
from procurement.orders import operations
from procurement.orders.models import EntryKind, LedgerEntry, Order
from procurement.orders.operations import Draft, Wanted
from procurement.tenders.models import Offer, OfferLine, Supplier, Tender, TenderState
from tests.make import (
    actor_for,
    make_campaign,
    make_item,
    make_line,
    make_need,
    make_site,
    some_siret,
)
from tests.people import People

#: What the price list says: unit price net of VAT.
CAMERA, CABLE, PAPER = Decimal(100), Decimal("2.5050"), Decimal("8.40")


@dataclass
class Scene:
    """The agreement, its three prices (camera, cable by 10, paper at 2.1 %), and who is there."""

    people: People
    agreement: Agreement
    holder: Holder
    beneficiary: Beneficiary
    prices: list[AgreementPrice]
    school: Site
    #: The first member's camera needs: at the town hall for 130, at the school for 120.
    town_need: NeedLine
    school_need: NeedLine

    @property
    def town_hall(self) -> Site:
        """The first delivery place of the first member."""
        return self.people.first.sites[0]

    def draft(self, cameras: object = 2, cables: object = None, site: Site | None = None) -> Draft:
        """Write what Ada may order."""
        wanted = [
            Wanted(price.id, None if quantity is None else Decimal(str(quantity)))
            for price, quantity in zip(self.prices, (cameras, cables), strict=False)
        ]
        return Draft(site or self.town_hall, wanted)

    def place(self, cameras: object = 2, cables: object = None, site: Site | None = None) -> Order:
        """Have Ada place a draft."""
        begin()
        order = operations.place(
            self.agreement,
            self.draft(cameras, cables, site),
            actor=actor_for(self.people.ada),
            today=today(),
        )
        pipeline.commit()
        return order

    def submit(self, order: Order) -> Order:
        """Have Ada submit it."""
        begin()
        operations.submit(order, actor=actor_for(self.people.ada), today=today())
        pipeline.commit()
        return order

    def confirm(self, order: Order) -> Order:
        """Have Alix confirm it."""
        begin()
        operations.confirm(order, actor=actor_for(self.people.alix), today=today())
        pipeline.commit()
        return order

    def submitted(self, cameras: object = 2) -> Order:
        """Give an order that waits for Alix."""
        return self.submit(self.place(cameras))

    def confirmed(self, cameras: object = 2) -> Order:
        """Give an order that Alix confirmed."""
        return self.confirm(self.submitted(cameras))


def set_scene(
    session: Session,
    people: People,
    ceiling: object = 10_000,
    quota: object = None,
    holder_ceiling: object = None,
) -> Scene:
    """Make the whole of it and commit."""
    school = make_site(session, people.first, "École Prévert")
    items = [
        make_item(session, designation="Caméra IP"),
        make_item(session, designation="Câble", unit=Unit.METRE, pack_size=10),
        make_item(session, designation="Presse", unit=Unit.YEAR, vat_rate=Decimal("2.1")),
    ]
    first, second = _needs(session, people)
    town_need = make_line(
        session, first, items[0], 5, paid_price=Decimal(130), paid_since=date(2024, 1, 1)
    )
    school_need = make_line(
        session,
        first,
        items[0],
        3,
        site_id=school.id,
        paid_price=Decimal(120),
        paid_since=date(2025, 1, 1),
    )
    cable_need = make_line(session, first, items[1], 40)
    foreign = make_line(
        session, second, items[0], 2, paid_price=Decimal(90), paid_since=date(2025, 6, 1)
    )
    lot_lines = _lot(session, first, items, [town_need, school_need, cable_need, foreign])
    agreement, holder = _agreement(session, lot_lines[0].lot, items, ceiling, holder_ceiling)
    named = [_name(session, agreement, one, quota) for one in (people.first, people.second)]
    prices = [
        AgreementPrice(
            agreement_id=agreement.id,
            lot_line_id=line.id,
            item_id=line.item_id,
            position=line.position,
            valid_from=agreement.starts_on,
            unit_price=price,
            vat_rate=item.vat_rate,
        )
        for line, item, price in zip(lot_lines, items, (CAMERA, CABLE, PAPER), strict=True)
    ]
    session.add_all(prices)
    # What is listed is what was offered.
    agreement.tender.offers[0].lines = [
        OfferLine(lot_line_id=price.lot_line_id, unit_price=price.unit_price) for price in prices
    ]
    pipeline.commit()
    return Scene(people, agreement, holder, named[0], prices, school, town_need, school_need)


def _needs(session: Session, people: People) -> tuple[Need, Need]:
    campaign = make_campaign(session, CampaignState.CLOSED)
    first = make_need(session, campaign, people.ada, NeedState.VALIDATED, people.alix)
    second = make_need(session, campaign, people.basile, NeedState.VALIDATED, people.blanche)
    return first, second


def _lot(
    session: Session, need: Need, items: list[Item], need_lines: list[NeedLine]
) -> list[LotLine]:
    lot = Lot(
        campaign_id=need.campaign_id,
        number=1,
        title="Vidéoprotection",
        state=LotState.AWARDED,
        sheet_version=1,
        check_figure="0" * 64,
        frozen_on=today(),
    )
    totals: dict[int | None, Decimal] = {}
    for line in need_lines:
        totals[line.item_id] = totals.get(line.item_id, Decimal(0)) + line.quantity
        line.allotted = line.quantity
    lot.lines = [
        LotLine(item_id=item.id, position=at, quantity=totals.get(item.id, Decimal(1)))
        for at, item in enumerate(items, 1)
    ]
    session.add(lot)
    session.flush()
    by_item: dict[int | None, int] = {line.item_id: line.id for line in lot.lines}
    session.add_all(
        Allocation(lot_line_id=by_item[line.item_id], need_line_id=line.id, quantity=line.quantity)
        for line in need_lines
    )
    return list(lot.lines)


def _agreement(
    session: Session, lot: Lot, items: list[Item], ceiling: object, holder_ceiling: object
) -> tuple[Agreement, Holder]:
    tender = Tender(
        lot_id=lot.id,
        sheet_version=1,
        launched_on=today(),
        answers_by=today(),
        state=TenderState.OPEN,
    )
    supplier = Supplier(siret=some_siret(), name="Fournitures d'Essai", address="1 rue du Test")
    offer = Offer(tender=tender, supplier=supplier, received_on=today())
    session.add(offer)
    session.flush()
    offer.is_chosen, tender.state, tender.awarded_on = True, TenderState.AWARDED, today()
    agreement = Agreement(
        tender=tender,
        number="2026-VID-01",
        title="Vidéoprotection des communes",
        state=AgreementState.NOTIFIED,
        notified_on=today(),
        starts_on=today() - timedelta(days=10),
        ends_on=today() + timedelta(days=700),
        ceiling=Decimal(str(ceiling)),
    )
    holder = Holder(agreement=agreement, supplier=supplier, rank=1, **_capped(holder_ceiling))
    session.add(holder)
    session.flush()
    return agreement, holder


def _name(session: Session, agreement: Agreement, member: Member, quota: object) -> Beneficiary:
    named = Beneficiary(agreement_id=agreement.id, member_id=member.id, **_capped(quota))
    session.add(named)
    session.flush()
    return named


def _capped(ceiling: object) -> dict[str, object]:
    if ceiling is None:
        return {"ceiling_kind": CeilingKind.NONE}
    return {"ceiling_kind": CeilingKind.AMOUNT, "ceiling": Decimal(str(ceiling))}


def begin() -> None:
    """Begin an act as a request does: in a transaction of its own, that will write."""
    db.session.rollback()
    database.begin_write(db.session())


def send_order(
    client: FlaskClient, scene: Scene, *quantities: str, address: str = "", **over: Any
) -> TestResponse:
    """Send the form of an order, a quantity for each line of the price list from the first."""
    fields: dict[str, object] = {"site_id": scene.town_hall.id, **over}
    for at, (price, quantity) in enumerate(zip(scene.prices, quantities, strict=False)):
        fields[f"lines-{at}-price_id"] = price.id
        fields[f"lines-{at}-quantity"] = quantity
    address = address or f"/agreements/{scene.agreement.id}/orders/new"
    db.session.rollback()  # What the test reads next is read after the request.
    return client.post(address, data=fields)


def balances() -> tuple[object, ...]:
    """Read (reserved, consumed), which is the same on the three levels of the first member."""
    db.session.rollback()
    levels = (Agreement, Holder, Beneficiary)
    rows = [
        tuple(db.session.execute(select(one.reserved, one.consumed).order_by(one.id)).first() or ())
        for one in levels
    ]
    assert rows[0] == rows[1] == rows[2]
    return rows[0]


def entries(order: Order) -> list[tuple[EntryKind, object]]:
    """Read what the ledger has of an order."""
    query = select(LedgerEntry.kind, LedgerEntry.amount).where(LedgerEntry.order_id == order.id)
    return [(row[0], row[1]) for row in db.session.execute(query.order_by(LedgerEntry.id))]


def history(order: Order) -> list[str]:
    """Read what the journal has of an order."""
    query = select(AuditEntry.verb).where(
        AuditEntry.object_type == "purchase_order", AuditEntry.object_id == order.id
    )
    return list(db.session.scalars(query.order_by(AuditEntry.id)))


def end_period(scene: Scene) -> None:
    """Have the agreement end yesterday."""
    scene.agreement.ends_on = today() - timedelta(days=1)
    pipeline.commit()
