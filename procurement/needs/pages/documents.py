"""Files of campaigns and needs: sent in, read as downloads, taken away."""

from flask import Response, flash, redirect, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import ValidationError

from procurement.kernel import files
from procurement.kernel.access import Permission
from procurement.kernel.forms import Input
from procurement.kernel.pipeline import actor, find, form, today
from procurement.needs import operations
from procurement.needs.models import Campaign, Document, Need, Purpose
from procurement.needs.pages import store
from procurement.needs.pages.campaigns import campaign
from procurement.needs.pages.declaring import need
from procurement.needs.pages.stage import stage

#: What a browser that shows a download all the same may do with it: nothing.
_POLICY = "default-src 'none'; sandbox"


@stage.get("/documents/<id:document_id>", allow=Permission.CAMPAIGN_READ)
def document(document_id: int) -> ResponseReturnValue:
    """Send a file to whoever sees its campaign or its need, as a download."""
    shown = find(Document, document_id)
    answer = send_file(
        files.place(store.folder(), shown.digest),
        shown.media_type,
        as_attachment=True,
        download_name=shown.name,
        max_age=0,
    )
    return _harmless(answer)


@stage.post("/campaigns/<id:campaign_id>/documents", allow=Permission.CAMPAIGN_RUN)
@form(Input, shown_by=campaign)
def attach_to_campaign(campaign_id: int) -> ResponseReturnValue:
    """Attach instructions to a campaign."""
    _attached(find(Campaign, campaign_id), Purpose.INSTRUCTIONS)
    return redirect(url_for("needs.campaign", campaign_id=campaign_id, _anchor="documents"))


@stage.post("/needs/<id:need_id>/documents", allow=Permission.NEED_DECLARE)
@form(Input, shown_by=need)
def attach_to_need(need_id: int) -> ResponseReturnValue:
    """Attach to a need what proves a price or, from another body, where it comes from."""
    owner = find(Need, need_id)
    is_own = actor().member_id == owner.member_id
    _attached(owner, Purpose.EVIDENCE if is_own else Purpose.SOURCE)
    return redirect(url_for("needs.need", need_id=need_id, _anchor="documents"))


def _owner_page(document_id: int) -> ResponseReturnValue:
    """Show again the page that the file stands on."""
    shown = find(Document, document_id)
    return campaign(shown.campaign_id) if shown.campaign_id else need(shown.need_id or 0)


@stage.post("/documents/<id:document_id>/remove", allow=Permission.NEED_DECLARE)
@form(Input, shown_by=_owner_page)
def remove_document(document_id: int) -> ResponseReturnValue:
    """Take a file away."""
    gone = find(Document, document_id)
    campaign_id, need_id = gone.campaign_id, gone.need_id
    operations.remove_document(gone, actor=actor(), today=today())
    flash(_("The file was removed."), "success")
    if need_id is None:
        return redirect(url_for("needs.campaign", campaign_id=campaign_id, _anchor="documents"))
    return redirect(url_for("needs.need", need_id=need_id, _anchor="documents"))


def _attached(owner: Campaign | Need, purpose: Purpose) -> None:
    if store.received(owner, purpose, "document") is None:
        raise ValidationError({"document": [_("Choose a file.")]})
    flash(_("The file is attached."), "success")


def _harmless(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
