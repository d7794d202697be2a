"""The tables of the workbooks of lots, tied to each other by formulas."""

from procurement.lots.sheets.breakdown import breakdown, by_departement, check_of
from procurement.lots.sheets.campaign import campaign_tables
from procurement.lots.sheets.common import lot_name, quoted
from procurement.lots.sheets.matrix import campaign_matrix, lot_matrix
from procurement.lots.sheets.places import named_places, places_by_area
from procurement.lots.sheets.prices import price_schedule, quantity_estimate

__all__ = [
    "breakdown",
    "by_departement",
    "campaign_matrix",
    "campaign_tables",
    "check_of",
    "lot_matrix",
    "lot_name",
    "named_places",
    "places_by_area",
    "price_schedule",
    "quantity_estimate",
    "quoted",
]
