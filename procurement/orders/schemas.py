"""What the doors of this room take in."""

from decimal import Decimal

from marshmallow import fields

from procurement.kernel import money
from procurement.kernel.forms import Input, Number, Text, Whole


class OrderLineInput(Input):
    """A quantity of one line of the price list; empty or 0 orders nothing of it."""

    price_id = Whole(required=True)
    quantity = Number(
        money.QUANTITY_PLACES, least=Decimal(0), most=Decimal(1_000_000), load_default=None
    )


class OrderInput(Input):
    """An order to place."""

    site_id = Whole(required=True)
    commitment_number = Text(load_default=None, most=50)
    service_code = Text(load_default=None, most=100)
    lines = fields.List(fields.Nested(OrderLineInput), load_default=list)


class OrderChangeInput(OrderInput):
    """A draft to change, with the version that the person was reading."""

    version = Whole(required=True)


class ReasonInput(Input):
    """Why an order is refused, withdrawn or cancelled."""

    reason = Text(required=True, most=1000)
