"""The pages of this room: the pool, lots and their sheets."""

from procurement.lots.pages import lots, pool, sheets
from procurement.lots.pages.stage import stage

__all__ = ["lots", "pool", "sheets", "stage"]
