"""Makers of what these rooms stand on: frozen lots, tenders, offers and awards."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from procurement.catalogue.models import Item
from procurement.kernel.access import Actor
from procurement.kernel.pipeline import today
from procurement.lots import operations as lots
from procurement.lots.models import Lot, LotState
from procurement.needs.models import CampaignState, NeedState
from procurement.tenders.models import Offer, OfferLine, Supplier, Tender, TenderState
from tests.make import actor_for, make_campaign, make_item, make_line, make_need, some_siret
from tests.people import People

Prices = Sequence[str | None]


@dataclass
class Ground:
    """A lot with two lines, fed by the needs of the first member, and who acts on it."""

    people: People
    lot: Lot
    items: list[Item]
    buyer: Actor

    @property
    def line_ids(self) -> list[int]:
        """The lines of the lot, in the order of its sheet."""
        return [line.id for line in self.lot.lines]


def make_ground(
    session: Session,
    people: People,
    quantities: Sequence[str] = ("10", "3"),
    *,
    freeze: bool = True,
) -> Ground:
    """Make a campaign that is over, a validated need for each quantity, and a lot of them."""
    campaign = make_campaign(session, CampaignState.CLOSED)
    need = make_need(session, campaign, people.ada, NeedState.VALIDATED, people.alix)
    items = [make_item(session) for _quantity in quantities]
    for item, quantity in zip(items, quantities, strict=True):
        make_line(session, need, item, quantity)
    buyer = actor_for(people.clara)
    item_ids = [item.id for item in items]
    lot = lots.form(campaign, "Écrans", item_ids=item_ids, actor=buyer, today=today())
    if freeze:
        lots.freeze(lot, actor=buyer, today=today())
    session.flush()
    return Ground(people, lot, items, buyer)


def make_supplier(session: Session, name: str = "Fournitures du Val", **over: object) -> Supplier:
    """Make a firm."""
    supplier = Supplier(**{"siret": some_siret(), "name": name, **over})
    session.add(supplier)
    session.flush()
    return supplier


def make_tender(session: Session, ground: Ground, answers_by: date | None = None) -> Tender:
    """Make an open tender on the lot, launched ten days ago, to be answered by today."""
    ground.lot.state = LotState.TENDERED
    tender = Tender(
        lot_id=ground.lot.id,
        sheet_version=ground.lot.sheet_version,
        launched_on=today() - timedelta(days=10),
        answers_by=answers_by or today(),
    )
    session.add(tender)
    session.flush()
    return tender


def make_offer(
    session: Session, tender: Tender, prices: Prices, name: str = "Fournitures du Val"
) -> Offer:
    """Make an offer with a price for each line of the sheet, in its order; None leaves a gap."""
    offer = Offer(
        tender_id=tender.id,
        supplier=make_supplier(session, name),
        received_on=tender.launched_on,
    )
    for line, price in zip(tender.lot.lines, prices, strict=True):
        if price is not None:
            offer.lines.append(OfferLine(lot_line_id=line.id, unit_price=Decimal(price)))
    session.add(offer)
    session.flush()
    return offer


def make_award(session: Session, ground: Ground, prices: Prices = ("12.50", "100")) -> Tender:
    """Make a tender awarded to its only offer: with two lines of 10 and 3, worth 425 euros."""
    tender = make_tender(session, ground)
    offer = make_offer(session, tender, prices)
    offer.is_chosen, tender.awarded_on = True, today()
    tender.state, ground.lot.state = TenderState.AWARDED, LotState.AWARDED
    session.flush()
    return tender
