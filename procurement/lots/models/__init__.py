"""Lots, what they are valued by, and the plans that were compared for them."""

from procurement.lots.models.comparisons import Comparison
from procurement.lots.models.lots import (
    ALLOCATION_KIND_LABELS,
    LOT_STATE_LABELS,
    Allocation,
    AllocationKind,
    Lot,
    LotLine,
    LotState,
    PriceTier,
    SheetVersion,
)
from procurement.lots.models.projects import (
    NATURE_LABELS,
    PROCEDURE_LABELS,
    UNDIVIDED_GROUND_LABELS,
    Project,
    UndividedGround,
)
from procurement.lots.models.thresholds import LEGAL_RULE_LABELS, Threshold
from procurement.lots.rules.law import LegalRule, Nature, Procedure

__all__ = [
    "ALLOCATION_KIND_LABELS",
    "LEGAL_RULE_LABELS",
    "LOT_STATE_LABELS",
    "NATURE_LABELS",
    "PROCEDURE_LABELS",
    "UNDIVIDED_GROUND_LABELS",
    "Allocation",
    "AllocationKind",
    "Comparison",
    "LegalRule",
    "Lot",
    "LotLine",
    "LotState",
    "Nature",
    "PriceTier",
    "Procedure",
    "Project",
    "SheetVersion",
    "Threshold",
    "UndividedGround",
]
