"""The prices that firms offered for an item, by the quantity that they were asked for."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.database import Record
from procurement.lots.models import Lot, LotLine
from procurement.lots.rules.scale import MOST_POINTS, Fit, Point, fit
from procurement.needs.models import Campaign
from procurement.tenders.models import Offer, OfferLine, Supplier, Tender


class Observed(NamedTuple):
    """The prices, the latest first, whether there are older ones, and the curve nearest to them."""

    rows: Sequence[Record]
    has_older: bool
    fit: Fit | None

    @property
    def points(self) -> list[Point]:
        """What a comparison of plans takes."""
        return [Point(row.quantity, row.unit_price) for row in self.rows]


def observed_prices(item: Item) -> Observed:
    """Read what firms offered for an item, in every tender, and fit the curve."""
    found = db.session.execute(
        select(
            LotLine.quantity,
            OfferLine.unit_price,
            Offer.id.label("offer_id"),
            Offer.received_on,
            Offer.is_chosen,
            Supplier.name.label("supplier_name"),
            Tender.id.label("tender_id"),
            Lot.number,
            Lot.title,
            Campaign.title.label("campaign_title"),
        )
        .join(LotLine, LotLine.id == OfferLine.lot_line_id)
        .join(Offer, Offer.id == OfferLine.offer_id)
        .join(Supplier, Supplier.id == Offer.supplier_id)
        .join(Tender, Tender.id == Offer.tender_id)
        .join(Lot, Lot.id == Tender.lot_id)
        .join(Campaign, Campaign.id == Lot.campaign_id)
        .where(LotLine.item_id == item.id, LotLine.quantity.is_not(None))
        .order_by(Offer.received_on.desc(), Offer.id.desc())
        .limit(MOST_POINTS + 1)
    ).all()
    # The latest are listed: older prices say little of today's.
    rows = found[:MOST_POINTS]
    points = [Point(row.quantity, row.unit_price) for row in rows]
    return Observed(rows, len(found) > MOST_POINTS, fit(points) if points else None)
