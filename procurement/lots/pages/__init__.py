"""The pages of this room: the pool, lots and their sheets."""

from procurement.lots.pages import (
    comparing,
    exports,
    forming,
    lots,
    pool,
    pooling,
    projects,
    sheets,
    splitting,
    thresholds,
    whereabouts,
)
from procurement.lots.pages.stage import stage

__all__ = [
    "comparing",
    "exports",
    "forming",
    "lots",
    "pool",
    "pooling",
    "projects",
    "sheets",
    "splitting",
    "stage",
    "thresholds",
    "whereabouts",
]
