"""The acts of this room: a lot is formed, perhaps dissolved, then frozen."""

from procurement.lots.operations.forming import Cut, can_form, dissolve, form
from procurement.lots.operations.living import freeze, release, set_sheet_options, thaw
from procurement.lots.operations.packing import round_up, round_up_lot, unround, unround_lot
from procurement.lots.operations.pooling import leave_out, merge, put_back, unmerge
from procurement.lots.operations.projects import (
    ProjectPlan,
    change_project,
    form_project,
    is_open,
    price_lines,
)
from procurement.lots.operations.proposing import Chosen, form_all
from procurement.lots.operations.splitting import Effect, Take, move, take
from procurement.lots.operations.thresholds import add_threshold
from procurement.lots.operations.valuing import (
    Standing,
    check_launch,
    obstacles,
    project_obstacles,
    standing,
    tick_small_lots,
    value_project,
)

__all__ = [
    "Chosen",
    "Cut",
    "Effect",
    "ProjectPlan",
    "Standing",
    "Take",
    "add_threshold",
    "can_form",
    "change_project",
    "check_launch",
    "dissolve",
    "form",
    "form_all",
    "form_project",
    "freeze",
    "is_open",
    "leave_out",
    "merge",
    "move",
    "obstacles",
    "price_lines",
    "project_obstacles",
    "put_back",
    "release",
    "round_up",
    "round_up_lot",
    "set_sheet_options",
    "standing",
    "take",
    "thaw",
    "tick_small_lots",
    "unmerge",
    "unround",
    "unround_lot",
    "value_project",
]
