"""What the pages, the sheets and the acts of this room read."""

from procurement.lots.queries.lots import (
    campaign_choices,
    codes_without_line,
    contributions,
    cpv_codes,
    lot_lines,
    lot_list,
    member_count,
    next_number,
    own_lines,
)
from procurement.lots.queries.pool import Pooled, Share, pool, pooled
from procurement.lots.queries.sheets import breakdown, frozen_lines

__all__ = [
    "Pooled",
    "Share",
    "breakdown",
    "campaign_choices",
    "codes_without_line",
    "contributions",
    "cpv_codes",
    "frozen_lines",
    "lot_lines",
    "lot_list",
    "member_count",
    "next_number",
    "own_lines",
    "pool",
    "pooled",
]
