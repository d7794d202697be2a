"""The files of this room that take long to make: asked for, followed, cancelled, downloaded."""

from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import ValidationError

from procurement.kernel import exports, language
from procurement.kernel.access import Permission
from procurement.kernel.errors import Absent, Refused
from procurement.kernel.exports import Export, ExportState
from procurement.kernel.forms import Input
from procurement.kernel.lists import page_of
from procurement.kernel.pipeline import actor, find, form
from procurement.lots import queries
from procurement.lots.models import Lot
from procurement.lots.pages.lots import lot
from procurement.lots.pages.pool import pool
from procurement.lots.pages.stage import stage
from procurement.lots.schemas import ExportInput
from procurement.needs.models import Campaign


@dataclass(frozen=True, slots=True)
class Offer:
    """A file that can be asked for, the last one made of it, and why none can be made now."""

    kind: str
    title: str
    export: Export | None
    is_stale: bool
    refusal: Refused | None


def exports_of(subject: Lot | Campaign) -> list[Offer]:
    """Give the panel of a page the files that are made of its subject."""
    kinds = exports.kinds_of("lot" if isinstance(subject, Lot) else "campaign")
    last = exports.latest(kinds, subject.id, language.current())
    return [_offer(kind, subject.id, last.get(kind)) for kind in kinds]


def _offer(kind: str, subject_id: int, export: Export | None) -> Offer:
    is_stale = export is not None and exports.is_stale(export)
    refusal = _refusal(kind, subject_id)
    return Offer(kind, exports.title_of(kind, subject_id), export, is_stale, refusal)


def _refusal(kind: str, subject_id: int) -> Refused | None:
    try:
        exports.kind_of(kind).check(subject_id)
    except Refused as refusal:
        return refusal
    return None


stage.add_app_template_global(exports_of, "exports_of")


@stage.get("/exports", allow=Permission.POOL_READ)
def export_list() -> ResponseReturnValue:
    """List the files that were asked for, by the reader and by others."""
    own = request.args.get("own") == "1"
    page = page_of(queries.export_list(actor(), own=own))
    return render_template("lots/exports.html", page=page, own=own)


@stage.get("/exports/<id:export_id>", allow=Permission.POOL_READ)
def export(export_id: int) -> ResponseReturnValue:
    """Show how far a file is, and whether it is stale once made."""
    shown = find(Export, export_id)
    return render_template(
        "lots/export.html",
        export=shown,
        about=queries.about_export(shown),
        is_stale=exports.is_stale(shown),
        refusal=_refusal(shown.kind, shown.subject_id),
    )


@stage.get("/exports/<id:export_id>/download", allow=Permission.POOL_READ)
def export_file(export_id: int) -> ResponseReturnValue:
    """Send a file that was made."""
    shown = find(Export, export_id)
    made = exports.file_of(shown)
    if made is None:
        raise Absent
    answer = send_file(made, as_attachment=True, download_name=shown.file_name, max_age=0)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@stage.post("/exports/<id:export_id>/cancel", allow=Permission.POOL_READ)
@form(Input, shown_by=export)
def cancel_export(export_id: int) -> ResponseReturnValue:
    """Cancel a file that is on its way."""
    gone = find(Export, export_id)
    exports.cancel(gone, actor=actor())
    flash(_("The file is no longer being made."), "success")
    return redirect(_subject_url(gone))


@stage.post("/lots/<id:lot_id>/exports", allow=Permission.POOL_READ)
@form(ExportInput, shown_by=lot)
def export_lot(lot_id: int, kind: str) -> ResponseReturnValue:
    """Ask for a file of a lot."""
    return _asked(kind, "lot", find(Lot, lot_id).id)


@stage.post("/campaigns/<id:campaign_id>/exports", allow=Permission.POOL_READ)
@form(ExportInput, shown_by=pool)
def export_campaign(campaign_id: int, kind: str) -> ResponseReturnValue:
    """Ask for a file of a campaign."""
    return _asked(kind, "campaign", find(Campaign, campaign_id).id)


def _asked(kind: str, subject: str, subject_id: int) -> ResponseReturnValue:
    if kind not in exports.kinds_of(subject):
        raise ValidationError({"kind": [_("Choose one of the listed values.")]})
    asked = exports.ask(kind, subject_id, actor=actor(), language=language.current())
    if asked.state is ExportState.DONE:
        flash(_("This file was made already, from the same figures: it is ready."), "success")
    else:
        flash(_("The file is being made. You can leave this page and come back."), "success")
    return redirect(_subject_url(asked))


def _subject_url(shown: Export) -> str:
    """Address of the page that a file was asked for on."""
    address: dict[str, Any] = {"_anchor": "exports"}
    if shown.kind in exports.kinds_of("lot"):
        return url_for("lots.lot", lot_id=shown.subject_id, **address)
    return url_for("lots.pool", campaign_id=shown.subject_id, **address)
