"""The catalogue, to be read and searched."""

from flask import render_template, request
from flask.typing import ResponseReturnValue

from procurement.catalogue import queries
from procurement.catalogue.models import Item
from procurement.kernel.access import Permission
from procurement.kernel.lists import asked_id, page_of
from procurement.kernel.pipeline import Stage, find

stage = Stage("catalogue", __name__, template_folder="templates")


@stage.get("/catalogue", allow=Permission.CATALOGUE_READ)
def item_list() -> ResponseReturnValue:
    """Search the catalogue by words and family."""
    text, family_id = request.args.get("q", ""), asked_id("family")
    return render_template(
        "catalogue/list.html",
        page=page_of(queries.item_list(text, family_id)),
        families=queries.families(),
        text=text,
        family_id=family_id,
    )


@stage.get("/catalogue/<id:item_id>", allow=Permission.CATALOGUE_READ)
def item(item_id: int) -> ResponseReturnValue:
    """Show one item."""
    return render_template("catalogue/item.html", item=find(Item, item_id))
