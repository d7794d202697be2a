"""The acts by which a body gives a mandate and takes it back, on the page of the body."""

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.kernel.access import Permission
from procurement.kernel.forms import Input
from procurement.kernel.pipeline import actor, find, form, today
from procurement.members import mandates
from procurement.members.models import Mandate, Member
from procurement.members.pages import member, stage
from procurement.members.schemas import MandateInput


@stage.post("/members/<id:member_id>/mandates", allow=Permission.MANDATE_KEEP)
@form(MandateInput, shown_by=member)
def grant_mandate(member_id: int, delegate_id: int) -> ResponseReturnValue:
    """Give a mandate."""
    mandates.grant(find(Member, member_id), delegate_id, actor=actor(), today=today())
    flash(_("The mandate is given. It holds until you revoke it."), "success")
    return redirect(url_for("members.member", member_id=member_id, _anchor="mandates"))


@stage.post("/mandates/<id:mandate_id>/revoke", allow=Permission.MANDATE_KEEP)
@form(Input, shown_by=lambda mandate_id: member(find(Mandate, mandate_id).member_id))
def revoke_mandate(mandate_id: int) -> ResponseReturnValue:
    """Take a mandate back."""
    mandate = find(Mandate, mandate_id)
    mandates.revoke(mandate, actor=actor(), today=today())
    flash(_("The mandate is revoked."), "success")
    return redirect(url_for("members.member", member_id=mandate.member_id, _anchor="mandates"))
