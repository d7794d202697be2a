"""What the acts in the life of a lot take in."""

from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import ValidationError, fields, post_load, validate

from procurement.kernel.forms import Input, Text, quantity

#: From how many quantities on firms may be asked for lower prices: one more column of prices each.
MOST_TIERS = 3


class ThawInput(Input):
    """Why a frozen lot is thawed."""

    reason = Text(required=True, most=500)


class TierInput(Input):
    """A quantity from which another price may be offered; nothing where the field is empty."""

    from_quantity = quantity()


class SheetOptionsInput(Input):
    """What the suppliers' edition of a lot sheet tells, and which prices it asks for."""

    names_members = fields.Boolean(load_default=False)
    tiers = fields.List(
        fields.Nested(TierInput),
        load_default=list,
        validate=validate.Length(
            max=MOST_TIERS, error=_("At most %(most)s quantities.", most=MOST_TIERS)
        ),
    )

    @post_load
    def _keep_tiers(self, entry: dict[str, Any], **_options: Any) -> dict[str, Any]:
        tiers: list[Decimal] = []
        for place, one in enumerate(entry["tiers"]):
            if one and one["from_quantity"] in tiers:
                sentence = _("This quantity is there twice.")
                raise ValidationError({"tiers": {place: {"from_quantity": [sentence]}}})
            tiers += one.values()
        return {**entry, "tiers": tiers}
