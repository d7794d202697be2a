"""A need goes to its approver, and comes back or becomes what is pooled."""

import json
from datetime import UTC, date, datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import update

from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.errors import Forbidden, Refused
from procurement.members.models import Member
from procurement.needs import queries, rules
from procurement.needs.models import Need, NeedLine, NeedState, NeedVersion
from procurement.needs.operations.declaring import open_to_writing


def submit(need: Need, *, actor: Actor, today: date) -> None:
    """Send the need to the member's approver; its lines are frozen from here on."""
    open_to_writing(need, actor, today)
    if not need.lines:
        raise Refused(
            "nothing_declared",
            _("There is no line yet. Add one, or answer that nothing is needed."),
        )
    _send(need, actor, is_nil=False)


def declare_nil(need: Need, *, actor: Actor, today: date) -> None:
    """Answer that the member needs nothing: an answer too, validated like the others."""
    open_to_writing(need, actor, today)
    if need.lines:
        raise Refused(
            "lines_declared",
            _("This need has lines. Remove them before answering that nothing is needed."),
        )
    _send(need, actor, is_nil=True)


def validate(need: Need, *, actor: Actor) -> None:
    """Validate a submitted need: from here on it may be pooled."""
    _approve(need, actor)
    figure = rules.check_figure(queries.checked_lines(need))
    moved = need.move(NeedState.VALIDATED)
    need.check_figure = figure
    db.session.execute(
        update(NeedLine).where(NeedLine.need_id == need.id).values(is_validated=True)
    )
    audit.record(db.session(), actor, "needs.validate", need, state=moved, check_figure=figure)


def return_to_author(need: Need, reason: str, *, actor: Actor, today: date) -> None:
    """Send a submitted need back to its author, saying why, while it can still be corrected."""
    _approve(need, actor)
    if need.state is NeedState.SUBMITTED and not need.can_return(today):
        raise Refused(
            "too_late_to_return",
            _(
                "The campaign takes no more answers: a returned need could not be corrected."
                " Validate it, or ask the buyer."
            ),
        )
    moved = need.move(NeedState.RETURNED)
    need.return_reason = reason
    audit.record(db.session(), actor, "needs.return_to_author", need, state=moved, reason=reason)


def _send(need: Need, actor: Actor, *, is_nil: bool) -> None:
    member = db.session.get_one(Member, need.member_id)
    for line in need.lines:
        line.departement = member.departement
    need.is_nil, need.return_reason, need.approver_id = is_nil, None, None
    moved = need.move(NeedState.SUBMITTED)
    need.submissions += 1
    db.session.add(
        NeedVersion(
            need_id=need.id,
            number=need.submissions,
            person_id=actor.person_id,
            at=datetime.now(UTC),
            lines=json.dumps(queries.snapshot(need), ensure_ascii=False),
        )
    )
    audit.record(
        db.session(),
        actor,
        "needs.declare_nil" if is_nil else "needs.submit",
        need,
        state=moved,
        lines=len(need.lines),
    )


def _approve(need: Need, actor: Actor) -> None:
    if actor.person_id is None or actor.member_id != need.member_id:
        raise Forbidden
    if actor.person_id == need.author_id:
        raise Refused(
            "own_need", _("Somebody other than its author must validate or return this need.")
        )
    need.approver_id = actor.person_id
