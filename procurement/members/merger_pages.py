"""The page on which the administrator records that bodies merged."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.kernel.access import Permission
from procurement.kernel.pipeline import actor, find, form, today
from procurement.members import mergers, queries
from procurement.members.models import Member
from procurement.members.pages import stage
from procurement.members.schemas import MergerInput

#: Bodies that one form takes; the next ones join the same body by another.
_AT_ONCE = 4


@stage.get("/members/<id:member_id>/merger", allow=Permission.MEMBER_MERGE)
def merger_form(member_id: int) -> ResponseReturnValue:
    """Show the form to record a merger into, or with, one body."""
    body = find(Member, member_id)
    queries.check_stands(body)
    return render_template(
        "members/merger.html", member=body, bodies=mergers.candidates(body), at_once=_AT_ONCE
    )


@stage.post("/members/<id:member_id>/merger", allow=Permission.MEMBER_MERGE)
@form(MergerInput, shown_by=merger_form)
def merge(member_id: int, bodies: list[int], **entry: Any) -> ResponseReturnValue:
    """Record a merger."""
    body = find(Member, member_id)
    made = mergers.merge_with(body, bodies, **entry, actor=actor(), today=today())
    flash(_("The merger into %(name)s is recorded.", name=made.name), "success")
    return redirect(url_for("members.member", member_id=made.id))
