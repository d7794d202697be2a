"""The Excel round trip: the workbook goes out, comes back, is looked at and applied."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from string import ascii_uppercase
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import ValidationError

from procurement.extensions import db
from procurement.kernel import files
from procurement.kernel.access import Permission
from procurement.kernel.forms import Input
from procurement.kernel.lists import SIZE, Page, page_of
from procurement.kernel.pipeline import actor, find, form, mark, today
from procurement.kernel.sheets import MIME_TYPE
from procurement.members.queries import central_body_on
from procurement.members.rules import plain
from procurement.needs import layout, operations, queries, sheets
from procurement.needs.imports import Plan
from procurement.needs.imports.reading import notes
from procurement.needs.imports.showing import Words, as_typed
from procurement.needs.models import Campaign, Need, Upload
from procurement.needs.operations.importing import look
from procurement.needs.pages import store
from procurement.needs.pages.stage import stage
from procurement.needs.schemas import ApplyInput

#: Texts that were read as numbers, shown one by one; of more, the first.
_MOST_NOTES = 20


@stage.get("/needs/<id:need_id>/needs.xlsx", allow=Permission.NEED_READ)
def need_workbook(need_id: int) -> ResponseReturnValue:
    """Send the workbook of one need."""
    need = find(Need, need_id)
    return _download(need.campaign, [need.member_id], need.member.name)


@stage.get("/campaigns/<id:campaign_id>/needs.xlsx", allow=Permission.NEED_DECLARE)
def campaign_workbook(campaign_id: int) -> ResponseReturnValue:
    """Send the workbook of all bodies that the actor may answer for, or of those it names."""
    campaign = find(Campaign, campaign_id)
    ids = list(db.session.scalars(queries.writable(campaign, actor(), today())))
    named = set(request.args.getlist("member"))
    return _download(
        campaign, [one for one in ids if not named or str(one) in named], campaign.title
    )


@stage.get("/needs/<id:need_id>/uploads", allow=Permission.NEED_DECLARE)
def need_uploads(need_id: int) -> ResponseReturnValue:
    """Show how a need is filled in by a workbook, and those that were sent."""
    need = find(Need, need_id)
    download = url_for("needs.need_workbook", need_id=need_id)
    return _uploads_page(need.campaign, download, url_for("needs.send_need", need_id=need_id))


@stage.get("/campaigns/<id:campaign_id>/uploads", allow=Permission.NEED_DECLARE)
def campaign_uploads(campaign_id: int) -> ResponseReturnValue:
    """Show how a campaign is answered by a workbook, and those that were sent."""
    campaign = find(Campaign, campaign_id)
    download = url_for("needs.campaign_workbook", campaign_id=campaign_id)
    to = url_for("needs.send_campaign", campaign_id=campaign_id)
    return _uploads_page(campaign, download, to)


@stage.post("/needs/<id:need_id>/uploads", allow=Permission.NEED_DECLARE)
@form(Input, shown_by=need_uploads)
def send_need(need_id: int) -> ResponseReturnValue:
    """Take in the workbook of a need."""
    return _received(find(Need, need_id).campaign)


@stage.post("/campaigns/<id:campaign_id>/uploads", allow=Permission.NEED_DECLARE)
@form(Input, shown_by=campaign_uploads)
def send_campaign(campaign_id: int) -> ResponseReturnValue:
    """Take in a workbook of several bodies."""
    return _received(find(Campaign, campaign_id))


@stage.get("/uploads/<id:upload_id>", allow=Permission.NEED_DECLARE)
def upload(upload_id: int) -> ResponseReturnValue:
    """Show what a workbook would change, or what it changed."""
    shown = find(Upload, upload_id)
    content = _content(shown)
    plan = look(shown.campaign, content, actor=actor(), today=today())
    read = list(notes(plan.file))
    kind = _kind(plan)
    return render_template(
        "needs/upload.html",
        upload=shown,
        outcome=json.loads(shown.outcome) if shown.outcome else None,
        plan=plan,
        counts=plan.counts,
        kind=kind,
        notes=read[:_MOST_NOTES],
        note_count=len(read),
        sheet=layout.lines_sheet(),
        headings=layout.headings(),
        as_typed=as_typed,
        letters=dict(zip(layout.headings(), ascii_uppercase, strict=False)),
        **_rows(shown.campaign, plan, kind),
    )


@stage.post("/uploads/<id:upload_id>/apply", allow=Permission.NEED_DECLARE)
@form(ApplyInput, shown_by=upload)
def apply_upload(upload_id: int, confirmed: bool) -> ResponseReturnValue:
    """Write what a workbook changes."""
    shown = find(Upload, upload_id)
    content = _content(shown)
    counts = operations.apply(
        shown, content, folder=store.folder(), confirmed=confirmed, actor=actor(), today=today()
    )
    if counts["new"] + counts["changed"] + counts["removed"]:
        flash(_("The lines of the file are saved."), "success")
    else:
        flash(_("This file is already in: nothing changed."), "info")
    return redirect(url_for("needs.upload", upload_id=upload_id))


@stage.get("/uploads/<id:upload_id>/errors.xlsx", allow=Permission.NEED_DECLARE)
def upload_errors(upload_id: int) -> ResponseReturnValue:
    """Send the workbook of now, with the rows that were refused on top, in red."""
    shown = find(Upload, upload_id)
    content = _content(shown)
    plan = look(shown.campaign, content, actor=actor(), today=today())
    writable = queries.writable(shown.campaign, actor(), today(), plan.file.bodies)
    ids = list(db.session.scalars(writable))
    return _download(shown.campaign, ids, shown.campaign.title, plan)


def _uploads_page(campaign: Campaign, download: str, to: str) -> ResponseReturnValue:
    page = page_of(queries.uploads(campaign, actor()), path=to)
    return render_template(
        "needs/uploads.html", campaign=campaign, download_url=download, upload_url=to, page=page
    )


def _received(campaign: Campaign) -> ResponseReturnValue:
    file = files.uploaded(request.files.get("file"), "file")
    if file is None:
        raise ValidationError({"file": [_("Choose a file.")]})
    made = operations.receive(
        campaign, file.name, file.content, folder=store.folder(), actor=actor(), today=today()
    )
    db.session.flush()  # The redirect names the new row.
    return redirect(url_for("needs.upload", upload_id=made.id))


def _content(shown: Upload) -> bytes:
    return files.place(store.folder(), shown.digest).read_bytes()


def _kind(plan: Plan) -> str:
    """The list that the address asks for, else the first that has something to look at."""
    lists = ("refused", "removed", "changed", "new")
    asked = request.args.get("kind", "")
    return asked if asked in lists else next((one for one in lists if plan.counts[one]), "new")


def _rows(campaign: Campaign, plan: Plan, kind: str) -> dict[str, Any]:
    concerned = {one.answer.member_id for one in plan.changes}
    concerned |= {one.answer.member_id for one in plan.barred}
    words = Words(queries.choices(campaign, concerned, today()))
    page = _page(plan.refusals if kind == "refused" else getattr(plan, kind))
    moments = {
        one.answer.need_id: one.stale_since
        for one in plan.barred
        if one.stale_since and one.answer.need_id
    }
    acts: dict[int, list[object]] = {}
    for entry in queries.acts_since(moments):
        acts.setdefault(entry.object_id, []).append(words.act(entry))
    changes = [] if kind == "refused" else [words.shown(one) for one in page.rows]  # type: ignore[arg-type]  # changes
    return {"page": page, "changes": changes, "acts": acts}


def _page(rows: Sequence[Any]) -> Page:
    number = request.args.get("page", 1, type=int)
    number = number if 1 <= number <= 100_000 else 1
    first = (number - 1) * SIZE
    path = request.script_root + request.path
    return Page(rows[first : first + SIZE], number, len(rows) > first + SIZE, path)


def _download(
    campaign: Campaign, member_ids: Sequence[int], name: str, plan: Plan | None = None
) -> ResponseReturnValue:
    answers = queries.answers(campaign, member_ids)
    content = sheets.Content(
        campaign,
        answers,
        queries.choices(campaign, member_ids, today()),
        datetime.now(UTC),
        mark(),
        plan.refusals if plan else (),
    )
    central = central_body_on(today())
    made = sheets.made(content, central.name if central else "")
    words = re.sub("[^a-z0-9]+", "-", plain(name)).strip("-")[:60].strip("-")
    file_name = f"{plain(layout.lines_sheet())}-{campaign.id}-{words}.xlsx"
    return send_file(BytesIO(made), MIME_TYPE, as_attachment=True, download_name=file_name)
