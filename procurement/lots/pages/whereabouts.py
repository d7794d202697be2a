"""Where the needs of a member are."""

from flask import render_template
from flask.typing import ResponseReturnValue

from procurement.kernel.access import Permission
from procurement.kernel.lists import page_of
from procurement.kernel.pipeline import actor, find
from procurement.lots import queries
from procurement.lots.pages.stage import stage
from procurement.needs.models import Need


@stage.get("/needs/<id:need_id>/whereabouts", allow=Permission.NEED_READ)
def whereabouts(need_id: int) -> ResponseReturnValue:
    """Say of each line of a need where it is at this moment."""
    need = find(Need, need_id)
    page = page_of(queries.need_lines(need))
    return render_template(
        "lots/whereabouts.html",
        need=need,
        page=page,
        lines=queries.located(page.rows, actor()),
    )
