"""The catalogue, to be read and searched, and kept by the buyer."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.catalogue import operations, queries, rules
from procurement.catalogue.models import UNIT_LABELS, Item, Unit
from procurement.catalogue.operations import Described
from procurement.catalogue.schemas import ChangedItemInput, NewItemInput
from procurement.extensions import db
from procurement.kernel.access import Permission
from procurement.kernel.lists import asked_id, page_of
from procurement.kernel.pipeline import Stage, actor, find, form, today

stage = Stage("catalogue", __name__, template_folder="templates")


@stage.get("/catalogue", allow=Permission.CATALOGUE_READ)
def item_list() -> ResponseReturnValue:
    """Search the catalogue by words and family."""
    text, family_id = request.args.get("q", "").strip(), asked_id("family")
    found, is_near = queries.search(text, family_id=family_id)
    return render_template(
        "catalogue/list.html",
        page=page_of(found),
        is_near=is_near,
        families=queries.families(),
        text=text,
        family_id=family_id,
    )


@stage.get("/catalogue/<id:item_id>", allow=Permission.CATALOGUE_READ)
def item(item_id: int) -> ResponseReturnValue:
    """Show one item."""
    return render_template("catalogue/item.html", item=find(Item, item_id))


@stage.get("/catalogue/new", allow=Permission.CATALOGUE_KEEP)
def new_item() -> ResponseReturnValue:
    """Show the form of a new item, with the words and the unit that the address brings along."""
    known = {
        "designation": request.args.get("designation", "").strip()[:200],
        "unit": rules.unit_named(request.args.get("unit", "")),
        "family_id": asked_id("family"),
        "pack_size": 1,
        "vat_rate": 20,
        "priced_on": today(),
    }
    return _item_page(None, known)


@stage.post("/catalogue/new", allow=Permission.CATALOGUE_KEEP)
@form(NewItemInput, shown_by=new_item)
def add_item(family_id: int, unit: Unit, **described: Any) -> ResponseReturnValue:
    """Add an item."""
    made = operations.add_item(
        family_id, unit, Described(**described), actor=actor(), today=today()
    )
    db.session.flush()  # The redirect names the new row.
    flash(_("%(code)s is in the catalogue: members can choose it.", code=made.code), "success")
    return redirect(url_for("catalogue.item", item_id=made.id))


@stage.get("/catalogue/<id:item_id>/edit", allow=Permission.CATALOGUE_KEEP)
def edit_item(item_id: int) -> ResponseReturnValue:
    """Show the form of an item that stands."""
    shown = find(Item, item_id)
    return _item_page(shown, {name: getattr(shown, name) for name in Described._fields})


@stage.post("/catalogue/<id:item_id>/edit", allow=Permission.CATALOGUE_KEEP)
@form(ChangedItemInput, shown_by=edit_item)
def change_item(item_id: int, version: int, **described: Any) -> ResponseReturnValue:
    """Describe an item anew."""
    operations.change_item(
        find(Item, item_id), version, Described(**described), actor=actor(), today=today()
    )
    flash(_("The item is saved."), "success")
    return redirect(url_for("catalogue.item", item_id=item_id))


def _item_page(shown: Item | None, known: dict[str, Any]) -> ResponseReturnValue:
    return render_template(
        "catalogue/form.html",
        item=shown,
        known=known,
        families=queries.families(),
        vocabulary=queries.vocabulary(),
        units=UNIT_LABELS,
    )
