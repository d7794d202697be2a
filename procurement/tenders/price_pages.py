"""The prices offered for one item, and the curve that they make."""

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.catalogue.models import Item
from procurement.kernel import language
from procurement.kernel.access import Permission
from procurement.kernel.charts import svg
from procurement.kernel.pipeline import find
from procurement.lots import charts
from procurement.lots.queries.comparing import campaigns_with
from procurement.lots.schemas.comparing import FAULT_SENTENCES
from procurement.tenders.pages import stage
from procurement.tenders.prices import Observed, observed_prices


@stage.get("/items/<id:item_id>/offers", allow=Permission.TENDER_READ)
def item_offers(item_id: int) -> ResponseReturnValue:
    """Show the prices that firms offered for an item, and the curve fitted to them."""
    item = find(Item, item_id)
    observed = observed_prices(item)
    return render_template(
        "tenders/item_offers.html",
        item=item,
        observed=observed,
        faults=FAULT_SENTENCES,
        chart=_chart(observed),
        compare_urls=[
            (row.title, _compare_url(row.id, item, observed)) for row in campaigns_with(item)
        ]
        if observed.rows
        else [],
    )


def _chart(observed: Observed) -> object:
    """Draw the prices, and their curve unless it fails the rule."""
    if observed.fit is None:
        return None
    quantities = [point.quantity for point in observed.points]
    curve = None if observed.fit.faults else observed.fit.curve
    drawn = charts.prices(curve, observed.points, quantities, _("Quantity"), _("Unit price (€)"))
    said = _("The same figures stand in the table beside it.")
    return svg(drawn, _("Prices offered, by quantity"), said)


def _compare_url(campaign_id: int, item: Item, observed: Observed) -> str:
    written = (
        f"{language.typed(one.quantity)}; {language.typed(one.price)}" for one in observed.points
    )
    return url_for(
        "lots.compare",
        campaign_id=campaign_id,
        scope=f"item-{item.id}",
        points="\n".join(written),
    )
