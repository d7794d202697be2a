"""What the pages, the papers and the acts of this room read."""

from procurement.needs.queries.campaigns import (
    answers_by_state,
    campaign_list,
    family_ids,
    invited,
    is_invited,
)
from procurement.needs.queries.needs import (
    CHECKED,
    checked_lines,
    lines_of,
    need_list,
    need_of,
    snapshot,
)

__all__ = [
    "CHECKED",
    "answers_by_state",
    "campaign_list",
    "checked_lines",
    "family_ids",
    "invited",
    "is_invited",
    "lines_of",
    "need_list",
    "need_of",
    "snapshot",
]
