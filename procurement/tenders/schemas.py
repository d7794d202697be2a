"""What the doors of this room take in."""

from marshmallow import fields

from procurement.kernel.forms import Day, Input, Text, Whole, unit_price
from procurement.members.schemas import Email, Siret


class SupplierInput(Input):
    """A firm to register."""

    siret = Siret(required=True)
    name = Text(required=True, most=160)
    address = Text(load_default=None, most=300)
    email = Email(load_default=None)


class LaunchInput(Input):
    """A call for offers to launch."""

    answers_by = Day(required=True)


class ReceiveInput(Input):
    """An offer that arrived."""

    supplier_id = Whole(required=True)
    received_on = Day(required=True)


class PriceLine(Input):
    """The price of one lot line; left blank, the line is not priced."""

    lot_line_id = Whole(required=True)
    unit_price = unit_price(load_default=None)


class PricesInput(Input):
    """The prices of an offer, line by line."""

    lines = fields.List(fields.Nested(PriceLine), load_default=list)


class AwardInput(Input):
    """The offer that is chosen."""

    offer_id = Whole(required=True)
