"""Forms of purchase projects, of estimated prices, and of the table of thresholds."""

from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import ValidationError, fields, post_load, validates_schema

from procurement.kernel.forms import Day, Input, Number, Text, Whole, amount, choice, unit_price
from procurement.lots.models import UndividedGround
from procurement.lots.rules.law import LegalRule, Nature


class LotTick(Input):
    """One box of a list of lots: the lot when it is ticked, nothing when it is not."""

    lot_id = Whole()


class LotTicks(Input):
    """Boxes ticked in a list of lots."""

    lots = fields.List(fields.Nested(LotTick), load_default=list)

    @post_load
    def _keep_ticked(self, entry: dict[str, Any], **_options: Any) -> dict[str, Any]:
        ticked = {one["lot_id"] for one in entry.pop("lots") if one}
        return {**entry, "lot_ids": ticked}


class ProjectInput(LotTicks):
    """A purchase project."""

    title = Text(required=True, most=160)
    nature = choice(Nature, load_default=Nature.SUPPLIES)
    launch_on = Day(required=True)
    initial_months = Whole(required=True, most=120)
    renewals = Whole(least=0, most=20, load_default=0)
    renewal_months = Whole(least=0, most=60, load_default=0)
    margin = Number(2, least=Decimal(0), most=Decimal(500), load_default=Decimal(0))
    options_amount = Number(2, least=Decimal(0), load_default=Decimal(0))
    long_reason = Text(load_default=None, most=1000)
    undivided_ground = choice(UndividedGround, load_default=None)
    undivided_reason = Text(load_default=None, most=1000)
    environmental_clause = Text(load_default=None, most=1000)
    environmental_criterion = Text(load_default=None, most=1000)
    social_clause = Text(load_default=None, most=1000)
    social_exemption = Text(load_default=None, most=1000)

    @validates_schema(skip_on_field_errors=True)
    def _check_pairs(self, entry: dict[str, Any], **_options: Any) -> None:
        if bool(entry["renewals"]) != bool(entry["renewal_months"]):
            sentence = _("Write how many renewals there are and how many months each lasts.")
            raise ValidationError({"renewal_months": [sentence]})
        if (entry["undivided_ground"] is None) != (entry["undivided_reason"] is None):
            sentence = _("Choose the case of the law and write the reason, both or neither.")
            raise ValidationError({"undivided_reason": [sentence]})
        if entry["social_clause"] and entry["social_exemption"]:
            sentence = _("Write the clause or why there is none, not both.")
            raise ValidationError({"social_exemption": [sentence]})


class ChangedProjectInput(ProjectInput):
    """A purchase project as somebody changed it, and the version that was changed."""

    version = Whole(required=True)


class LinePrice(Input):
    """The estimated price of a lot line; left blank, the line has none."""

    line_id = Whole(required=True)
    estimated_price = unit_price(load_default=None)


class LotPricesInput(Input):
    """The estimated prices of some lines of a lot."""

    lines = fields.List(fields.Nested(LinePrice), load_default=list)


class ThresholdInput(Input):
    """What the law says from a day on."""

    rule = choice(LegalRule, required=True)
    nature = choice(Nature, required=True)
    valid_from = Day(required=True)
    valid_until = Day(load_default=None)
    value = amount(load_default=None)
    article = Text(required=True, most=60)
    source = Text(required=True, most=200)
