"""The acts of this room: campaigns, and each member's need."""

from procurement.needs.operations.approving import (
    declare_nil,
    return_to_author,
    submit,
    validate,
)
from procurement.needs.operations.campaigns import (
    Plan,
    close_campaign,
    open_campaign,
    prepare,
)
from procurement.needs.operations.declaring import (
    LineEntry,
    add_line,
    begin,
    change_line,
    remove_line,
)

__all__ = [
    "LineEntry",
    "Plan",
    "add_line",
    "begin",
    "change_line",
    "close_campaign",
    "declare_nil",
    "open_campaign",
    "prepare",
    "remove_line",
    "return_to_author",
    "submit",
    "validate",
]
