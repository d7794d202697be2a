"""What the doors of this room take in."""

from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import EXCLUDE, ValidationError, fields, pre_load, validate

from procurement.kernel.access import Role
from procurement.kernel.forms import Day, Input, Text, Whole, choice
from procurement.members import rules
from procurement.members.models import MemberKind, SiteKind


class Siren(Text):
    """A SIREN, spaces allowed."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        try:
            return rules.compact_siren(str(value))
        except ValueError:
            raise ValidationError(
                [_("This is not a SIREN: nine digits, the last of which checks the others.")]
            ) from None


class Siret(Text):
    """A SIRET, spaces allowed."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        try:
            return rules.compact_siret(str(value))
        except ValueError:
            raise ValidationError(
                [_("This is not a SIRET: fourteen digits, the last of which checks the others.")]
            ) from None


class Email(Text):
    """An e-mail address, in lower case."""

    def __init__(self, **options: Any) -> None:
        super().__init__(most=254, **options)
        self.validators.append(validate.Email(error=_("Write an address such as name@commune.fr.")))

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        text = super()._deserialize(value, attr, data, **options)
        return text.lower() if isinstance(text, str) else text


class MemberRow(Input):
    """One row of a file of members. Columns that we do not keep are left alone."""

    class Meta:
        unknown = EXCLUDE

    kind = choice(MemberKind, required=True)
    insee_code = Text(
        load_default=None,
        most=5,
    )
    siren = Siren(required=True)
    name = Text(required=True, most=120)
    departement = fields.String(
        required=True,
        validate=validate.OneOf(["78", "92"], error=_("Only 78 and 92 are served.")),
    )
    postcode = fields.String(
        load_default=None,
        validate=validate.Regexp(r"^\d{5}$", error=_("Write five digits.")),
    )
    population = Whole(required=True, least=0)
    intercommunality_siren = Siren(load_default=None)
    intercommunality_type = Text(load_default=None, most=8)

    @pre_load
    def _drop_empty(self, row: dict[str, Any], **_options: Any) -> dict[str, Any]:
        return {name: text for name, text in row.items() if text not in (None, "")}


class SignInInput(Input):
    """The sign-in form, with what waits to be sent again after it."""

    class Meta:
        unknown = EXCLUDE

    email = Text(required=True, most=254)
    password = Text(required=True, most=200)
    target = Text(load_default="", most=2000)


class PersonInput(Input):
    """A person to create."""

    email = Email(required=True)
    name = Text(required=True, most=120)
    role = choice(Role, required=True)
    member_id = Whole(load_default=None)
    password = fields.String(
        required=True,
        validate=validate.Length(12, 200, error=_("Choose 12 to 200 characters.")),
    )


class SiteInput(Input):
    """A delivery place to add."""

    kind = choice(SiteKind, required=True)
    name = Text(required=True, most=120)
    address = Text(load_default=None, most=200)
    postcode = fields.String(
        load_default=None,
        validate=validate.Regexp(r"^\d{5}$", error=_("Write five digits.")),
    )
    city = Text(required=True, most=120)


class CentralBodyInput(Input):
    """The centrale as it stands from a day on."""

    valid_from = Day(required=True)
    name = Text(required=True, most=120)
    siret = Siret(load_default=None)
    address = Text(load_default=None, most=300)
