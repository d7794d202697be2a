"""A lot line: who asked for how much of it, what it takes of each, and rounding up to packs."""

from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from procurement.kernel.access import Permission
from procurement.kernel.forms import Form, Input
from procurement.kernel.lists import Page, page_of
from procurement.kernel.pipeline import actor, find, form, shown_form
from procurement.lots import operations, queries
from procurement.lots.models import Lot, LotLine
from procurement.lots.operations import Effect, Take
from procurement.lots.pages.lots import lot
from procurement.lots.pages.stage import stage
from procurement.lots.schemas import MoveInput, RoundInput, TakesInput


@stage.get("/lot-lines/<id:line_id>", allow=Permission.LOT_READ)
def lot_line(line_id: int) -> ResponseReturnValue:
    """Show who asked for how much of one item of a lot, need line by need line."""
    line, who = find(LotLine, line_id), actor()
    may_split = line.lot.is_draft and who.may(Permission.LOT_FORM)
    needs = queries.line_needs(line, who, with_left=may_split)
    page = page_of(needs, path=url_for("lots.lot_line", line_id=line_id))
    return render_template(
        "lots/line.html",
        line=line,
        pooled=queries.lot_lines(LotLine.id == line.id, who)[0],
        page=page,
        added=queries.added(line, who),
        may_split=may_split,
        others=queries.other_drafts(line.lot) if may_split else [],
        form=_known(page),
    )


def _known(page: Page) -> Form:
    """What was typed for these needs or in another form of the page, else what the line takes."""
    typed = shown_form()
    known: dict[str, object] = {
        name: typed.value(name) for name in ("tolerance", "reason", "lot_id")
    }
    for at, row in enumerate(page.rows):
        name = f"contributions-{at}-quantity"
        is_typed = typed.value(f"contributions-{at}-need_line_id") == str(row.id)
        known[name] = typed.value(name) if is_typed else row.taken
    return Form(known, typed.errors, typed.refusal)


@stage.post("/lot-lines/<id:line_id>/contributions", allow=Permission.LOT_FORM)
@form(TakesInput, shown_by=lot_line)
def take(line_id: int, contributions: list[dict[str, Any]]) -> ResponseReturnValue:
    """Set how much the line takes of each need of a page."""
    line = find(LotLine, line_id)
    takes = [
        Take(**one, field=f"contributions-{at}-quantity") for at, one in enumerate(contributions)
    ]
    effect = operations.take(line, takes, actor=actor())
    flash(_("The quantities of the line are recorded."), "success")
    _tell(effect)
    if effect.is_gone:
        flash(_("The line takes nothing any more: it is gone from the lot."), "warning")
        return redirect(url_for("lots.lot", lot_id=line.lot_id))
    return redirect(url_for("lots.lot_line", line_id=line_id, page=request.args.get("page")))


@stage.post("/lot-lines/<id:line_id>/move", allow=Permission.LOT_FORM)
@form(MoveInput, shown_by=lot_line)
def move_line(line_id: int, lot_id: int) -> ResponseReturnValue:
    """Move the line to another draft lot."""
    line, into = find(LotLine, line_id), find(Lot, lot_id)
    left = line.lot.number
    effect = operations.move(line, into, actor=actor())
    flash(_("The line stands in lot %(number)s now.", number=into.number), "success")
    _tell(effect)
    if effect.is_gone:
        flash(_("Lot %(number)s lost its last line: it is dissolved.", number=left), "warning")
    return redirect(url_for("lots.lot", lot_id=into.id))


@stage.post("/lot-lines/<id:line_id>/round", allow=Permission.LOT_FORM)
@form(RoundInput, shown_by=lot_line)
def round_up(line_id: int, tolerance: Decimal, reason: str) -> ResponseReturnValue:
    """Round a line up to whole packs."""
    operations.round_up(find(LotLine, line_id), tolerance, reason, actor=actor())
    flash(_("The line makes whole packs now."), "success")
    return redirect(url_for("lots.lot_line", line_id=line_id))


@stage.post("/lot-lines/<id:line_id>/unround", allow=Permission.LOT_FORM)
@form(Input, shown_by=lot_line)
def unround(line_id: int) -> ResponseReturnValue:
    """Take back what rounding up added to a line."""
    operations.unround(find(LotLine, line_id), actor=actor())
    flash(_("The line is what the members need, and no more."), "success")
    return redirect(url_for("lots.lot_line", line_id=line_id))


@stage.post("/lots/<id:lot_id>/round", allow=Permission.LOT_FORM)
@form(RoundInput, shown_by=lot)
def round_up_lot(lot_id: int, tolerance: Decimal, reason: str) -> ResponseReturnValue:
    """Round every line of a lot up to whole packs."""
    found = find(Lot, lot_id)
    lines = operations.round_up_lot(found, tolerance, reason, actor=actor())
    flash(
        ngettext(
            "%(num)s line was rounded up to whole packs.",
            "%(num)s lines were rounded up to whole packs.",
            lines,
        ),
        "success",
    )
    return redirect(url_for("lots.lot", lot_id=lot_id))


@stage.post("/lots/<id:lot_id>/unround", allow=Permission.LOT_FORM)
@form(Input, shown_by=lot)
def unround_lot(lot_id: int) -> ResponseReturnValue:
    """Take back what rounding up added to the lines of a lot."""
    operations.unround_lot(find(Lot, lot_id), actor=actor())
    flash(_("The lot is what the members need, and no more."), "success")
    return redirect(url_for("lots.lot", lot_id=lot_id))


def _tell(effect: Effect) -> None:
    if effect.is_unrounded:
        flash(
            _("What rounding up to whole packs had added was taken back: round it up again."),
            "warning",
        )
