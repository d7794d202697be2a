"""What the forms of this room take in."""

from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import ValidationError, validates_schema

from procurement.kernel.forms import Day, Input, Text, Whole, choice, quantity, unit_price
from procurement.needs.models import Basis, Strength


class CampaignInput(Input):
    """A campaign to prepare."""

    title = Text(required=True, most=160)
    opens_on = Day(required=True)
    closes_on = Day(required=True)
    instructions = Text(load_default=None, most=4000)
    contract_months = Whole(load_default=48, most=120)
    contract_starts_on = Day(load_default=None)
    commitment = choice(Strength, load_default=Strength.INDICATIVE)

    @validates_schema(skip_on_field_errors=True)
    def _check_period(self, entry: dict[str, Any], **_options: Any) -> None:
        if entry["closes_on"] < entry["opens_on"]:
            raise ValidationError(
                {"closes_on": [_("A campaign cannot close before it opens.")]},
            )


class LineInput(Input):
    """How much of an item, where, by when, and what is paid for it today."""

    quantity = quantity(required=True)
    site_id = Whole(required=True)
    basis = choice(Basis, load_default=Basis.PERIOD)
    strength = choice(Strength, load_default=Strength.INDICATIVE)
    remark = Text(load_default=None, most=500)
    wanted_on = Day(load_default=None)
    paid_price = unit_price(load_default=None)
    paid_since = Day(load_default=None)

    @validates_schema(skip_on_field_errors=True)
    def _check_paid(self, entry: dict[str, Any], **_options: Any) -> None:
        if entry["paid_price"] is not None and entry["paid_since"] is None:
            raise ValidationError(
                {"paid_since": [_("Since when is this price paid? The saving is measured on it.")]}
            )
        if entry["paid_price"] is None and entry["paid_since"] is not None:
            raise ValidationError({"paid_price": [_("Which price is paid since then?")]})


class NewLineInput(LineInput):
    """A line to add, with its item."""

    item_id = Whole(required=True)


class ChangedLineInput(LineInput):
    """A line to change, as its writer saw it."""

    version = Whole(required=True)


class ReturnInput(Input):
    """Why a need goes back to its author."""

    reason = Text(required=True, most=1000)
