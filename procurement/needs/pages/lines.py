"""The form of one line: added, changed, removed, by one person or by two at once."""

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.catalogue.models import UNIT_LABELS, Item
from procurement.extensions import db
from procurement.kernel.access import Permission
from procurement.kernel.database import LARGEST_ID
from procurement.kernel.errors import Absent, Forbidden, Refused
from procurement.kernel.forms import Form
from procurement.kernel.pipeline import actor, find, form, shown_form, today
from procurement.members import queries as members
from procurement.members.models import SITE_KIND_LABELS, SiteKind
from procurement.needs import operations, queries, rules
from procurement.needs.models import BASIS_LABELS, STRENGTH_LABELS, Need, NeedLine
from procurement.needs.operations import LineEntry
from procurement.needs.pages import evidence
from procurement.needs.pages.conflicts import LABELS, Choices, changed, differences
from procurement.needs.pages.stage import stage
from procurement.needs.schemas import (
    ChangedLineInput,
    FreeLineInput,
    NewLineInput,
    RemovalInput,
)


@stage.get("/needs/<id:need_id>/lines/new", allow=Permission.NEED_DECLARE)
def line_form(need_id: int) -> ResponseReturnValue:
    """Show the form of a new line, for the item that the address or the form names."""
    item_id = request.values.get("item_id", 0, type=int)
    need, item = find(Need, need_id), find(Item, item_id)
    if request.method == "GET" and not _may_write(need):
        return _frozen(need)
    return _line_page(need, item, None, shown_form(site_id=queries.usual_site_id(need)))


@stage.post("/needs/<id:need_id>/lines", allow=Permission.NEED_DECLARE)
@form(NewLineInput, shown_by=line_form)
def add_line(need_id: int, item_id: int, details: int | None, **typed: Any) -> ResponseReturnValue:
    """Add a line."""
    need = find(Need, need_id)
    line = operations.add_line(need, item_id, _entry(need, **typed), actor=actor(), today=today())
    return _saved(line, details)


def free_line_form(need_id: int) -> ResponseReturnValue:
    """Show the form of a new line in the member's own words."""
    return _line_page(find(Need, need_id), None, None, shown_form())


@stage.post("/needs/<id:need_id>/free-lines", allow=Permission.NEED_DECLARE)
@form(FreeLineInput, shown_by=free_line_form)
def add_free_line(need_id: int, details: int | None, **typed: Any) -> ResponseReturnValue:
    """Add a line in the member's own words."""
    need = find(Need, need_id)
    line = operations.add_line(need, None, _entry(need, **typed), actor=actor(), today=today())
    return _saved(line, details)


@stage.get("/need-lines/<id:line_id>/edit", allow=Permission.NEED_DECLARE)
def edit_line(line_id: int) -> ResponseReturnValue:
    """Show the form of a line that stands, or of what was typed for one that stands no more."""
    try:
        line = find(NeedLine, line_id)
    except Absent:
        return _gone(line_id)
    if request.method == "GET" and not _may_write(line.need):
        return _frozen(line.need)
    return _line_page(line.need, line.item, line, shown_form(**_known(line)))


@stage.post("/need-lines/<id:line_id>/edit", allow=Permission.NEED_DECLARE)
@form(ChangedLineInput, shown_by=edit_line)
def change_line(
    line_id: int, version: int, need_id: int | None, item_id: int | None, **typed: Any
) -> ResponseReturnValue:
    """Change a line."""
    line = _standing(line_id, need_id)
    entry = _entry(line.need, **typed)
    operations.change_line(line, entry, version, actor=actor(), today=today())
    return _saved(line, None)


def _unchanged(line_id: int) -> ResponseReturnValue:
    """Show a line as it stands, with the reason why it was not removed."""
    line = find(NeedLine, line_id)
    return _line_page(line.need, line.item, line, Form(_known(line), refusal=g.form.refusal))


@stage.post("/need-lines/<id:line_id>/remove", allow=Permission.NEED_DECLARE)
@form(RemovalInput, shown_by=_unchanged)
def remove_line(line_id: int, version: int, need_id: int | None) -> ResponseReturnValue:
    """Remove a line."""
    try:
        line = _standing(line_id, need_id)
    except Refused as gone:
        if gone.code != "line_removed":
            raise
    else:
        need_id = line.need_id
        operations.remove_line(line, version, actor=actor(), today=today())
    flash(_("The line was removed."), "success")
    return redirect(url_for("needs.need", need_id=need_id))


def _entry(
    need: Need,
    *,
    new_place: str | None,
    new_place_kind: SiteKind,
    site_id: int,
    evidence_id: int | None,
    kept_file: str | None,
    **typed: Any,
) -> LineEntry:
    """Build what is typed for a line, with the place and the file that came along."""
    if new_place:
        site_id = operations.delivery_place(need, new_place, new_place_kind, actor=actor())
    # The note on a kept file is read, and its signature checked, where files are.
    evidence_id = evidence.attached(need) or evidence_id
    return LineEntry(site_id=site_id, evidence_id=evidence_id, **typed)


def _saved(line: NeedLine, details: int | None) -> ResponseReturnValue:
    """Go back to the search, or on to the other details of the line."""
    db.session.flush()  # The redirect names the row.
    if details:
        flash(_("The line is saved in your draft. Its other details are all optional."), "success")
        return redirect(url_for("needs.edit_line", line_id=line.id, added=1))
    return redirect(url_for("needs.need", need_id=line.need_id, saved=line.id))


def _standing(line_id: int, need_id: int | None) -> NeedLine:
    """Find a line that may have been removed from its need in the meantime."""
    try:
        return find(NeedLine, line_id)
    except Absent:
        if need_id is None:
            raise
        find(Need, need_id)
    raise Refused("line_removed", _("This line was removed in the meantime."))


def _gone(line_id: int) -> ResponseReturnValue:
    """Show what was typed for a line that is gone, to be added again."""
    need = find(Need, request.form.get("need_id", 0, type=int))
    item_id = request.form.get("item_id", 0, type=int)
    item = find(Item, item_id) if item_id and "words" not in request.form else None
    return _line_page(need, item, None, shown_form(), removed_id=line_id)


def _may_write(need: Need) -> bool:
    """Tell whether a form would be of use. Raises Forbidden where writing is up to others."""
    if not queries.writes(need, actor()):
        raise Forbidden
    return need.takes_lines(today())


def _frozen(need: Need) -> ResponseReturnValue:
    flash(
        _("This need takes no changes now: it was submitted, or its campaign is over."), "warning"
    )
    return redirect(url_for("needs.need", need_id=need.id))


def _known(line: NeedLine) -> dict[str, object]:
    kept = (
        *("site_id", "basis", "strength", "remark", "wanted_on", "paid_since", "evidence_id"),
        *("words", "own_unit", "version"),
    )
    price = line.paid_price if line.words is None else line.own_price
    typed = {"quantity": line.declared_quantity, "paid_price": price}
    return {name: getattr(line, name) for name in kept} | typed


def _line_page(
    need: Need,
    item: Item | None,
    line: NeedLine | None,
    form: Form,
    removed_id: int | None = None,
) -> ResponseReturnValue:
    choices: Choices = {
        "site_id": dict(members.site_choices(need.member_id)),
        "basis": BASIS_LABELS,
        "strength": STRENGTH_LABELS,
        "evidence_id": dict(queries.evidence_choices(need)),
    }
    return render_template(
        "needs/line.html",
        need=need,
        item=item,
        line=line,
        form=form,
        labels=LABELS,
        kept=evidence.kept(need) if request.method == "POST" else None,
        choices=choices,
        # A body has its town hall already: what it adds is something else.
        site_kinds=sorted(SITE_KIND_LABELS.items(), key=lambda kind: kind[0] is SiteKind.TOWN_HALL),
        units=UNIT_LABELS,
        takes_lines=need.takes_lines(today()),
        filled_packs=rules.filled_packs,
        is_added="added" in request.args,
        is_removed=removed_id is not None,
        same_line_id=_same_line_id(need, item, line, form),
        **_conflict(need, line or removed_id, form, choices),
    )


def _same_line_id(need: Need, item: Item | None, line: NeedLine | None, form: Form) -> int | None:
    """Find the line that a refused one would repeat."""
    site_id = request.form.get("site_id", 0, type=int)
    if item is None or not form.error("site_id") or not 0 < site_id <= LARGEST_ID:
        return None
    same = queries.same_line_id(need, item.id, site_id)
    return same if line is None or same != line.id else None


def _conflict(
    need: Need, line: NeedLine | int | None, form: Form, choices: Choices
) -> dict[str, object]:
    """Tell who wrote in the line since it was opened, and what differs from what was typed."""
    if isinstance(line, int):
        return {"change": queries.line_change(need.id, line, 1)}
    seen = request.form.get("version", 0, type=int)
    if line is None or not 0 < seen < line.version:
        return {}
    change = queries.line_change(need.id, line.id, line.version - seen)
    return {
        "change": change,
        "changed": changed(change, choices) if change else [],
        "differences": differences(Form(_known(line)), form, choices),
    }
