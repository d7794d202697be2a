"""What the doors of this room take in."""

import re
from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import ValidationError

from procurement.agreements.rules import Naming
from procurement.kernel.forms import Day, Input, Text, amount, choice

_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9-]{0,15}")


class AgreementNumber(Text):
    """The number of an agreement, as the essential data take it; small letters become capitals."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        text = str(super()._deserialize(value, attr, data, **options)).upper()
        if not _NUMBER.fullmatch(text):
            raise ValidationError(
                [_("At most 16 letters, digits and hyphens, such as 2026-AC-03.")]
            )
        return text


class TermsInput(Input):
    """The terms of an agreement, and whom it names."""

    number = AgreementNumber(required=True)
    title = Text(required=True, most=200)
    ceiling = amount(required=True)
    starts_on = Day(required=True)
    ends_on = Day(required=True)
    duration_reason = Text(load_default=None, most=1000)
    holder_ceiling = amount(load_default=None)
    naming = choice(Naming, required=True)


class QuotaInput(Input):
    """The quota of one beneficiary; left blank, it has none."""

    quota = amount(load_default=None)
