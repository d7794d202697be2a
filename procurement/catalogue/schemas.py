"""What the doors of this room take in."""

from decimal import Decimal

from flask_babel import lazy_gettext as _
from marshmallow import validate

from procurement.catalogue.models import Unit
from procurement.kernel.forms import Day, Input, Number, Text, Whole, choice, unit_price

#: The rates of metropolitan France (articles 278 and following of the CGI), and none.
_VAT_RATES = [Decimal(20), Decimal(10), Decimal("5.5"), Decimal("2.1"), Decimal(0)]
_OTHER_RATE = _("The rates of VAT are 20, 10, 5.5 and 2.1; write 0 for what bears none.")


class DescriptionInput(Input):
    """What may be said of an item at any time."""

    designation = Text(required=True)
    specification = Text(required=True, most=1000)
    cpv_id = Whole(load_default=None)
    pack_size = Whole(required=True, most=100_000)
    vat_rate = Number(
        2,
        least=Decimal(0),
        most=Decimal(100),
        required=True,
        validate=validate.OneOf(_VAT_RATES, error=_OTHER_RATE),
    )
    indicative_price = unit_price(load_default=None)
    priced_on = Day(load_default=None)


class NewItemInput(DescriptionInput):
    """An item to add."""

    family_id = Whole(required=True)
    unit = choice(Unit, required=True)


class ChangedItemInput(DescriptionInput):
    """An item described anew, with the version that the person was reading."""

    version = Whole(required=True)
