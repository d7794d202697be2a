"""A need goes to its approver, and comes back or becomes what is pooled."""

import json
from datetime import UTC, date, datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import insert, update

from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.database import Record
from procurement.kernel.errors import Forbidden, Refused, Stale
from procurement.needs import queries, rules
from procurement.needs.models import Entry, Need, NeedLine, NeedState, NeedVersion
from procurement.needs.operations import notices, pooling
from procurement.needs.operations.declaring import open_to_writing
from procurement.needs.operations.delegating import take_back
from procurement.needs.operations.documents import check_source


def submit(need: Need, *, actor: Actor, today: date) -> None:
    """Send the need to the member's approver; its lines are frozen from here on."""
    open_to_writing(need, actor, today)
    lines = queries.written_lines(need)
    if not lines:
        raise Refused(
            "nothing_declared",
            _("There is no line yet. Add one, or answer that nothing is needed."),
        )
    _send(need, lines, actor)


def declare_nil(need: Need, *, actor: Actor, today: date) -> None:
    """Answer that the member needs nothing: an answer too, validated like the others."""
    open_to_writing(need, actor, today)
    if queries.written_lines(need):
        raise Refused(
            "lines_declared",
            _("This need has lines. Remove them before answering that nothing is needed."),
        )
    _send(need, [], actor)


def validate(need: Need, seen: int | None = None, *, actor: Actor) -> None:
    """Validate a submitted need: from here on it may be pooled.

    ``seen`` is the number of the version that was read, where it is known. Raises Stale when that
    was returned and submitted anew since, Refused ``own_need`` for whoever wrote in it and
    ``no_longer_pooled``; Forbidden for whoever :func:`queries.decides_on` leaves out.
    """
    db.session.refresh(need, with_for_update=True)
    if actor.person_id is None or not queries.decides_on(need, actor):
        raise Forbidden
    if actor.person_id == need.author_id:
        raise Refused(
            "own_need", _("Somebody other than its author must validate or return this need.")
        )
    if queries.has_written(need, actor):
        raise Refused(
            "own_need", _("You wrote in this need: somebody who did not must validate it.")
        )
    # Somebody may be ending the pooling, or merging items: what they do comes before or after.
    db.session.refresh(need.campaign, with_for_update=True)
    if need.campaign.state not in queries.TAKES_VALIDATION:
        raise Refused(
            "no_longer_pooled",
            _("The pooling of this campaign is over: what would be validated now is in no lot."),
        )
    if seen is not None and seen != need.submissions:
        raise Stale
    need.approver_id = actor.person_id
    figure = rules.check_figure(queries.checked_lines(need))
    moved = need.move(NeedState.VALIDATED)
    need.check_figure = figure
    of_need = NeedLine.need_id == need.id
    db.session.execute(update(NeedLine).where(of_need).values(is_validated=True))
    pooling.enter(of_need)
    audit.record(db.session(), actor, "needs.validate", need, state=moved, check_figure=figure)


def return_to_author(need: Need, reason: str, *, actor: Actor, today: date) -> None:
    """Send a need back to its author, saying why, while it can still be corrected.

    A validated one too, as long as no part of it stands in a lot: by the member's own approver, or
    by the buyer. Raises Refused ``too_late_to_return``, ``already_allotted``, ``own_need``.
    """
    db.session.refresh(need, with_for_update=True)
    is_validated = need.state is NeedState.VALIDATED
    decides = queries.returns_validated if is_validated else queries.decides_on
    if actor.person_id is None or not decides(need, actor):
        raise Forbidden
    if need.can_move(NeedState.RETURNED) and not need.can_return(today):
        raise Refused(
            "too_late_to_return",
            _(
                "The campaign takes no more answers: a returned need could not be corrected."
                " Ask the buyer to open the campaign again first."
            ),
        )
    moved = take_back(need, reason, actor)
    notices.returned(need, reason, actor)
    audit.record(db.session(), actor, "needs.return_to_author", need, state=moved, reason=reason)


def _send(need: Need, lines: list[Record], actor: Actor) -> None:
    """Freeze the need with its lines; without any it answers that nothing is needed."""
    if need.entry is Entry.CENTRALE:
        check_source(need)
    need.is_nil, need.return_reason, need.approver_id = not lines, None, None
    need.objection = need.objector_id = None
    moved = need.move(NeedState.SUBMITTED)
    need.submissions += 1
    version = {
        "need_id": need.id,
        "number": need.submissions,
        "person_id": actor.person_id,
        "at": datetime.now(UTC),
        "lines": json.dumps(queries.snapshot(lines), ensure_ascii=False),
    }
    # One writing of the need, however many columns changed since it was opened.
    db.session.flush()
    db.session.execute(insert(NeedVersion.__table__), version)  # type: ignore[arg-type]  # it is a table
    departement = need.member.departement
    if any(line.departement != departement for line in lines):
        # The place of the member on the map is frozen with its lines.
        of_need = NeedLine.need_id == need.id
        db.session.execute(update(NeedLine).where(of_need).values(departement=departement))
    notices.submitted(need, actor)
    audit.record(
        db.session(),
        actor,
        "needs.submit" if lines else "needs.declare_nil",
        need,
        state=moved,
        lines=len(lines),
    )
