"""The history of a need: its versions, what was decided, and what was written since."""

from flask import render_template
from flask.typing import ResponseReturnValue

from procurement.kernel.access import Permission
from procurement.kernel.lists import page_of
from procurement.kernel.pipeline import actor, find
from procurement.needs import queries, sentences
from procurement.needs.models import Need
from procurement.needs.pages.stage import stage
from procurement.needs.queries.history import Act, Names


@stage.get("/needs/<id:need_id>/history", allow=Permission.NEED_READ)
def history(need_id: int) -> ResponseReturnValue:
    """Show who changed what in a need; to the centrale only what was submitted."""
    shown = find(Need, need_id)
    page = None
    if queries.may_read_acts(shown, actor()):
        page = page_of(queries.acts_since_version(shown))
    acts = queries.read_acts(page.rows) if page else []
    known = queries.names_in(shown, acts)
    return render_template(
        "needs/history.html",
        need=shown,
        page=page,
        acts=[(one, *_told(one, known)) for one in acts],
        events=queries.history(shown),
        known=known,
        sentences=sentences,
    )


def _told(act: Act, known: Names) -> tuple[str, list[sentences.Told]]:
    changes = sentences.changes(act.told) if act.verb == "needs.change_line" else ()
    return sentences.act(act, known), sentences.fields(changes, known)
