"""The acts of this room: campaigns, and each member's need."""

from procurement.needs.operations.approving import (
    declare_nil,
    return_to_author,
    submit,
    validate,
)
from procurement.needs.operations.campaigns import (
    Plan,
    archive,
    change,
    close_campaign,
    extend,
    mark_pooled,
    open_campaign,
    prepare,
    reopen,
    resume_pooling,
)
from procurement.needs.operations.checks import LineEntry
from procurement.needs.operations.copying import Copied, copy_last
from procurement.needs.operations.declaring import (
    add_line,
    begin,
    change_line,
    delivery_place,
    remove_line,
)
from procurement.needs.operations.delegating import begin_by_mandate, enter_for, object_to
from procurement.needs.operations.documents import attach, remove_document
from procurement.needs.operations.harmonising import (
    Decision,
    confirm_remembered,
    harmonise,
    unharmonise,
)
from procurement.needs.operations.importing import apply, receive
from procurement.needs.operations.inviting import exempt, guests_named, unexempt
from procurement.needs.operations.reminding import Reminded, remind, remind_due

__all__ = [
    "Copied",
    "Decision",
    "LineEntry",
    "Plan",
    "Reminded",
    "add_line",
    "apply",
    "archive",
    "attach",
    "begin",
    "begin_by_mandate",
    "change",
    "change_line",
    "close_campaign",
    "confirm_remembered",
    "copy_last",
    "declare_nil",
    "delivery_place",
    "enter_for",
    "exempt",
    "extend",
    "guests_named",
    "harmonise",
    "mark_pooled",
    "object_to",
    "open_campaign",
    "prepare",
    "receive",
    "remind",
    "remind_due",
    "remove_document",
    "remove_line",
    "reopen",
    "resume_pooling",
    "return_to_author",
    "submit",
    "unexempt",
    "unharmonise",
    "validate",
]
