"""What this room calculates and compares, on plain values."""

from procurement.lots.rules.areas import (
    START,
    Area,
    Body,
    may_be_coded,
    may_be_named,
)
from procurement.lots.rules.merging import units_each
from procurement.lots.rules.offers import (
    Offered,
    dqe_total,
    price_for,
)
from procurement.lots.rules.packing import Surplus, pack_surplus, share_surplus
from procurement.lots.rules.proposing import CUTTING_LABELS, SPREAD_LABELS, Cutting, Spread
from procurement.lots.rules.sheets import (
    CheckedAllocation,
    CheckedLine,
    check_figure,
    printed,
    segments,
)
from procurement.lots.rules.territories import DEPARTEMENTS, TERRITORY_LABELS, Territory
from procurement.lots.rules.versions import Difference, differences

__all__ = [
    "CUTTING_LABELS",
    "DEPARTEMENTS",
    "SPREAD_LABELS",
    "START",
    "TERRITORY_LABELS",
    "Area",
    "Body",
    "CheckedAllocation",
    "CheckedLine",
    "Cutting",
    "Difference",
    "Offered",
    "Spread",
    "Surplus",
    "Territory",
    "check_figure",
    "differences",
    "dqe_total",
    "may_be_coded",
    "may_be_named",
    "pack_surplus",
    "price_for",
    "printed",
    "segments",
    "share_surplus",
    "units_each",
]
