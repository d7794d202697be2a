"""What the forms of this room take in."""

from procurement.lots.schemas.exporting import ExportInput
from procurement.lots.schemas.forming import (
    LotInput,
    MoveInput,
    ProposalInput,
    RoundInput,
    TakesInput,
)
from procurement.lots.schemas.living import SheetOptionsInput, ThawInput
from procurement.lots.schemas.pooling import MergeInput, PoolReasonInput, UnmergeInput
from procurement.lots.schemas.projects import (
    ChangedProjectInput,
    LotPricesInput,
    LotTicks,
    ProjectInput,
    ThresholdInput,
)

__all__ = [
    "ChangedProjectInput",
    "ExportInput",
    "LotInput",
    "LotPricesInput",
    "LotTicks",
    "MergeInput",
    "MoveInput",
    "PoolReasonInput",
    "ProjectInput",
    "ProposalInput",
    "RoundInput",
    "SheetOptionsInput",
    "TakesInput",
    "ThawInput",
    "ThresholdInput",
    "UnmergeInput",
]
