"""What the forms of this room take in."""

from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import ValidationError, fields, post_load, validates_schema

from procurement.kernel.forms import Input, Text, Whole, choice
from procurement.lots.rules import Territory


class TickInput(Input):
    """One box of the pool: the item when it is ticked, nothing when it is not."""

    item_id = Whole()


class LotInput(Input):
    """A lot to form: from a whole family, or from the ticked items."""

    title = Text(required=True, most=160)
    family_id = Whole(load_default=None)
    territory = choice(Territory, load_default=Territory.ALL)
    items = fields.List(fields.Nested(TickInput), load_default=list)

    @validates_schema(skip_on_field_errors=True)
    def _check_one_way(self, entry: dict[str, Any], **_options: Any) -> None:
        is_ticked = any(entry["items"])
        if entry["family_id"] is None and not is_ticked:
            sentence = _("Choose a family here, or tick items in the list.")
            raise ValidationError({"family_id": [sentence]})
        if entry["family_id"] is not None and is_ticked:
            sentence = _("Choose a family or tick items, not both: which of the two is meant?")
            raise ValidationError({"family_id": [sentence]})

    @post_load
    def _keep_ticked(self, entry: dict[str, Any], **_options: Any) -> dict[str, Any]:
        ticked = {one["item_id"] for one in entry.pop("items") if one}
        return {**entry, "item_ids": sorted(ticked)}
