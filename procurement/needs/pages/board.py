"""The answer board of a campaign: who has answered, who has not, and reminding them."""

from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from flask import flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from procurement.extensions import db
from procurement.kernel import language
from procurement.kernel.access import Permission
from procurement.kernel.charts import svg
from procurement.kernel.database import Record
from procurement.kernel.errors import Absent
from procurement.kernel.forms import Input
from procurement.kernel.lists import asked_id, page_of
from procurement.kernel.pipeline import actor, find, form, mark, today
from procurement.kernel.sheets import MIME_TYPE
from procurement.members.queries import central_body_on
from procurement.needs import operations, queries
from procurement.needs.board import DEPARTEMENTS, SIZE_LABELS, STATUS_LABELS, Counts
from procurement.needs.board_charts import completion
from procurement.needs.board_sheet import board_sheet, file_name
from procurement.needs.models import Campaign
from procurement.needs.pages.stage import stage
from procurement.needs.queries import Filter
from procurement.needs.schemas import ReasonInput


@stage.get("/campaigns/<id:campaign_id>/board", allow=Permission.BOARD_READ)
def board(campaign_id: int) -> ResponseReturnValue:
    """Show every invited member with where its answer is."""
    shown, chosen = find(Campaign, campaign_id), _asked_filter()
    counts = queries.counts(shown, today(), chosen)
    address = url_for("needs.board", campaign_id=campaign_id)
    return render_template(
        "needs/board.html",
        campaign=shown,
        page=page_of(queries.board_rows(shown, today(), chosen), path=address),
        counts=counts,
        chart=_chart(counts, language.current()),
        chosen=chosen,
        others=urlencode({name: value for name, value in _words(chosen) if name != "status"}),
        filters=urlencode(_words(chosen)),
        address=address,
        statuses=_written(STATUS_LABELS),
        sizes=_written(SIZE_LABELS),
        departements=DEPARTEMENTS,
        intercommunalities=db.session.execute(queries.INTERCOMMUNALITIES).all(),
        may_remind=actor().may(Permission.CAMPAIGN_RUN) and shown.takes_answers(today()),
    )


@stage.get("/campaigns/<id:campaign_id>/board.xlsx", allow=Permission.BOARD_READ)
def board_workbook(campaign_id: int) -> ResponseReturnValue:
    """Send the board as a workbook, with the same filters."""
    shown, body = find(Campaign, campaign_id), central_body_on(today())
    rows = db.session.execute(queries.board_rows(shown, today(), _asked_filter())).all()
    content = board_sheet(shown, rows, today(), body.name if body else "", mark())
    name = file_name(shown, today())
    return send_file(BytesIO(content), MIME_TYPE, as_attachment=True, download_name=name)


@stage.post("/campaigns/<id:campaign_id>/remind", allow=Permission.CAMPAIGN_RUN)
@form(Input, shown_by=board)
def remind(campaign_id: int) -> ResponseReturnValue:
    """Remind all who have not answered."""
    done = operations.remind(find(Campaign, campaign_id), actor=actor(), today=today())
    if done.members:
        flash(
            ngettext(
                "%(num)s member is reminded. Letters written: %(letters)s.",
                "%(num)s members are reminded. Letters written: %(letters)s.",
                done.members,
                letters=done.letters,
            ),
            "success",
        )
    else:
        flash(_("Nobody was left to remind today."), "success")
    return redirect(url_for("needs.board", campaign_id=campaign_id))


@stage.get(
    "/campaigns/<id:campaign_id>/members/<id:member_id>",
    allow=Permission.BOARD_READ,
)
def board_member(campaign_id: int, member_id: int) -> ResponseReturnValue:
    """Show where one member is, and what the buyer can do about it."""
    shown = find(Campaign, campaign_id)
    return render_template(
        "needs/board_member.html",
        campaign=shown,
        row=_row(shown, member_id),
        people=queries.people_of(member_id),
        reminders=queries.reminders(shown, member_id),
        labels=_written(STATUS_LABELS),
        takes_answers=shown.takes_answers(today()),
    )


@stage.post(
    "/campaigns/<id:campaign_id>/members/<id:member_id>/exempt",
    allow=Permission.CAMPAIGN_RUN,
)
@form(ReasonInput, shown_by=board_member)
def exempt(campaign_id: int, member_id: int, reason: str) -> ResponseReturnValue:
    """Mark a member as not concerned."""
    shown = find(Campaign, campaign_id)
    operations.exempt(shown, _row(shown, member_id).id, reason, actor=actor())
    flash(_("The member is marked as not concerned: it is not reminded."), "success")
    return redirect(url_for("needs.board_member", campaign_id=campaign_id, member_id=member_id))


@stage.post(
    "/campaigns/<id:campaign_id>/members/<id:member_id>/unexempt",
    allow=Permission.CAMPAIGN_RUN,
)
@form(Input, shown_by=board_member)
def unexempt(campaign_id: int, member_id: int) -> ResponseReturnValue:
    """Count a member among those concerned again."""
    shown = find(Campaign, campaign_id)
    operations.unexempt(shown, _row(shown, member_id).id, actor=actor())
    flash(_("The member counts among those concerned again."), "success")
    return redirect(url_for("needs.board_member", campaign_id=campaign_id, member_id=member_id))


def _written(labels: Mapping[Any, object]) -> dict[str, str]:
    """Translate labels once for a page that repeats them."""
    return {str(word): str(label) for word, label in labels.items()}


@lru_cache(maxsize=64)
def _chart(counts: Counts, _locale: str) -> Markup:
    """Draw the completion, once for the same counts and language."""
    said = _("The same figures stand in the table beside it.")
    return svg(completion(counts), _("Completion"), said)


def _row(shown: Campaign, member_id: int) -> Record:
    """Give the board's row of a member; to a body that is not asked there is none."""
    row = queries.board_row(shown, member_id, today())
    if row is None:
        raise Absent
    return row


def _asked_filter() -> Filter:
    return Filter(
        status=request.args.get("status", ""),
        departement=request.args.get("departement", ""),
        intercommunality_id=asked_id("intercommunality"),
        size=request.args.get("size", ""),
        text=request.args.get("q", "").strip(),
    )


def _words(chosen: Filter) -> list[tuple[str, str]]:
    """Give a filter as the address writes it, without what leaves nothing out."""
    written = [
        ("status", chosen.status),
        ("departement", chosen.departement),
        ("intercommunality", str(chosen.intercommunality_id or "")),
        ("size", chosen.size),
        ("q", chosen.text),
    ]
    return [(name, value) for name, value in written if value]
