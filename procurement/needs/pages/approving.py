"""A need goes to its approver, and comes back."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.kernel.access import Permission
from procurement.kernel.forms import Input
from procurement.kernel.pipeline import actor, find, form, today
from procurement.needs import operations
from procurement.needs.models import Need
from procurement.needs.pages.declaring import need
from procurement.needs.pages.stage import stage
from procurement.needs.schemas import ReturnInput, ValidationInput


@stage.post("/needs/<id:need_id>/submit", allow=Permission.NEED_DECLARE)
@form(Input, shown_by=need)
def submit(need_id: int) -> ResponseReturnValue:
    """Submit the need to the member's approver."""
    operations.submit(find(Need, need_id), actor=actor(), today=today())
    flash(_("The need is submitted: somebody else validates it next."), "success")
    return redirect(url_for("needs.need", need_id=need_id))


@stage.post("/needs/<id:need_id>/nil", allow=Permission.NEED_DECLARE)
@form(Input, shown_by=need)
def declare_nil(need_id: int) -> ResponseReturnValue:
    """Answer that nothing is needed."""
    operations.declare_nil(find(Need, need_id), actor=actor(), today=today())
    flash(_("Your answer is noted: nothing is needed this time."), "success")
    return redirect(url_for("needs.need", need_id=need_id))


@stage.post("/needs/<id:need_id>/validate", allow=Permission.NEED_VALIDATE)
@form(ValidationInput, shown_by=need)
def validate(need_id: int, seen: int | None) -> ResponseReturnValue:
    """Validate a need."""
    operations.validate(find(Need, need_id), seen, actor=actor())
    flash(_("The need is validated: the centrale can pool it."), "success")
    return redirect(url_for("needs.need", need_id=need_id))


@stage.post("/needs/<id:need_id>/return", allow=Permission.NEED_VALIDATE)
@form(ReturnInput, shown_by=need)
def return_to_author(need_id: int, reason: str) -> ResponseReturnValue:
    """Send a need back to its author."""
    operations.return_to_author(find(Need, need_id), reason, actor=actor(), today=today())
    flash(_("The need went back to its author, with your reason."), "success")
    return redirect(url_for("needs.need", need_id=need_id))
