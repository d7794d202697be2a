"""The lists of this room, and the comparison of offers."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Row, func, or_, select

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.database import Query, Record
from procurement.lots.models import Lot, LotLine
from procurement.needs.models import Campaign
from procurement.tenders import rules
from procurement.tenders.models import Offer, OfferLine, Supplier, Tender


def suppliers(text: str) -> Query:
    """Select the rows of the list of suppliers, by name."""
    offers = select(func.count()).where(Offer.supplier_id == Supplier.id).scalar_subquery()
    query = select(
        Supplier.id,
        Supplier.name,
        Supplier.siret,
        Supplier.address,
        Supplier.email,
        offers.label("offers"),
    ).order_by(Supplier.name, Supplier.id)
    if text:
        query = query.where(
            or_(
                func.lower(Supplier.name).contains(text.lower(), autoescape=True),
                Supplier.siret.startswith(text.replace(" ", ""), autoescape=True),
            )
        )
    return query


def absent_suppliers(tender_id: int) -> Sequence[Row[int, str, str]]:
    """List the suppliers that have not answered a tender, by name."""
    answered = select(Offer.supplier_id).where(Offer.tender_id == tender_id)
    return db.session.execute(
        select(Supplier.id, Supplier.name, Supplier.siret)
        .where(Supplier.id.not_in(answered))
        .order_by(Supplier.name, Supplier.id)
    ).all()


def tenders(text: str, state: str) -> Query:
    """Select the rows of the list of tenders, the latest first."""
    chosen = select(Supplier.name).where(
        Supplier.id == Offer.supplier_id, Offer.tender_id == Tender.id, Offer.is_chosen
    )
    offers = select(func.count()).where(Offer.tender_id == Tender.id)
    query = (
        select(
            Tender.id,
            Tender.state,
            Tender.launched_on,
            Tender.answers_by,
            Tender.awarded_on,
            Lot.number.label("lot_number"),
            Lot.title.label("lot_title"),
            Campaign.title.label("campaign_title"),
            offers.scalar_subquery().label("offers"),
            chosen.scalar_subquery().label("supplier_name"),
        )
        .join(Lot, Lot.id == Tender.lot_id)
        .join(Campaign, Campaign.id == Lot.campaign_id)
        .order_by(Tender.launched_on.desc(), Tender.id.desc())
    )
    if text:
        titles = (Lot.title, Campaign.title)
        found = (func.lower(one).contains(text.lower(), autoescape=True) for one in titles)
        query = query.where(or_(*found))
    if state:
        query = query.where(Tender.state == state)
    return query


def sheet_lines(lot_id: int) -> Sequence[Record]:
    """List the lines of a frozen lot sheet, in its order."""
    return db.session.execute(
        select(
            LotLine.id,
            LotLine.position,
            LotLine.quantity,
            Item.code,
            Item.designation,
            Item.unit,
        )
        .join(Item, Item.id == LotLine.item_id)
        .where(LotLine.lot_id == lot_id)
        .order_by(LotLine.position)
    ).all()


@dataclass(frozen=True, slots=True)
class OfferSheet:
    """The lot sheet as one offer fills it: prices and rounded amounts by lot line."""

    lines: Sequence[Record]
    prices: dict[int, Decimal]
    amounts: dict[int, Decimal]

    @property
    def total(self) -> Decimal:
        """What the offer is worth at the quantities of the sheet, net of VAT."""
        return sum(self.amounts.values(), Decimal(0))


def offer_sheet(offer: Offer) -> OfferSheet:
    """Read the lot sheet with the prices of one offer."""
    lines = sheet_lines(offer.tender.lot_id)
    rows = db.session.execute(
        select(OfferLine.lot_line_id, OfferLine.unit_price).where(OfferLine.offer_id == offer.id)
    )
    prices = {row.lot_line_id: row.unit_price for row in rows}
    amounts = rules.amounts({line.id: line.quantity for line in lines}, prices)
    return OfferSheet(lines, prices, amounts)


def unpriced(offer: Offer) -> Sequence[Row[int, str]]:
    """List position and designation of the lot lines that an offer leaves without a price."""
    priced = select(OfferLine.lot_line_id).where(OfferLine.offer_id == offer.id)
    return db.session.execute(
        select(LotLine.position, Item.designation)
        .join(Item, Item.id == LotLine.item_id)
        .where(LotLine.lot_id == offer.tender.lot_id, LotLine.id.not_in(priced))
        .order_by(LotLine.position)
    ).all()


@dataclass(frozen=True, slots=True)
class Column:
    """One offer in a comparison: who, when, its rank, and its prices by lot line."""

    offer: Record
    ranked: rules.Ranked
    prices: dict[int, Decimal]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The lines of a lot sheet, the offers by rank, and the lowest price of each line."""

    lines: Sequence[Record]
    columns: list[Column]
    lowest: dict[int, Decimal]

    @property
    def complete(self) -> list[Column]:
        """The offers that may be awarded."""
        return [column for column in self.columns if column.ranked.is_complete]


def compare(tender: Tender) -> Comparison:
    """Compare the offers of a tender: three queries, whatever their number."""
    lines = sheet_lines(tender.lot_id)
    offers = db.session.execute(
        select(Offer.id, Offer.received_on, Offer.is_chosen, Supplier.name, Supplier.siret)
        .join(Supplier, Supplier.id == Offer.supplier_id)
        .where(Offer.tender_id == tender.id)
        .order_by(Offer.id)
    ).all()
    by_offer: dict[int, dict[int, Decimal]] = {offer.id: {} for offer in offers}
    for row in db.session.execute(
        select(OfferLine.offer_id, OfferLine.lot_line_id, OfferLine.unit_price)
        .join(Offer, Offer.id == OfferLine.offer_id)
        .where(Offer.tender_id == tender.id)
    ):
        by_offer[row.offer_id][row.lot_line_id] = row.unit_price
    named = {offer.id: offer for offer in offers}
    columns = [
        Column(named[place.offer_id], place, by_offer[place.offer_id])
        for place in rules.ranked({line.id: line.quantity for line in lines}, by_offer)
    ]
    return Comparison(lines, columns, rules.lowest(by_offer.values()))
