"""What the doors of this room take in."""

import re
from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import (
    EXCLUDE,
    ValidationError,
    fields,
    post_load,
    pre_load,
    validate,
    validates_schema,
)

from procurement.kernel.access import Role
from procurement.kernel.forms import Day, Input, Text, Whole, choice
from procurement.members import rules
from procurement.members.models import Competence, MemberKind, SiteKind


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


class Departement(Text):
    """One of the two that the centrale serves."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        text = super()._deserialize(value, attr, data, **options)
        if text not in ("78", "92"):
            raise ValidationError([_("Only 78 and 92 are served.")])
        return text


class Postcode(Text):
    """Five digits."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        text = str(super()._deserialize(value, attr, data, **options))
        if not re.fullmatch(r"\d{5}", text, re.ASCII):
            raise ValidationError([_("Write five digits.")])
        return text


class Password(Text):
    """A password, not trimmed: a space at its end belongs to it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(most=200, **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        return str(value)


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
    departement = Departement(required=True)
    postcode = Postcode(load_default=None)
    population = Whole(required=True, least=0)
    intercommunality_siren = Siren(load_default=None)
    intercommunality_type = Text(load_default=None, most=8)

    @pre_load
    def _drop_empty(self, row: dict[str, Any], **_options: Any) -> dict[str, Any]:
        return {name: text for name, text in row.items() if text not in (None, "")}


class SignInInput(Input):
    """The sign-in form; what it carries along for afterwards is not read here."""

    class Meta:
        unknown = EXCLUDE

    email = Text(required=True, most=254)
    password = Password(required=True)


class NewPassword(Password):
    """A password that somebody chooses."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Any:
        password = str(value)
        if len(password) < 12:
            raise ValidationError([_("Choose 12 to 200 characters.")])
        return password


class PersonInput(Input):
    """A person to create."""

    email = Email(required=True)
    name = Text(required=True, most=120)
    role = choice(Role, required=True)
    member_id = Whole(load_default=None)
    password = NewPassword(required=True)


class JoinInput(Input):
    """A membership that was signed."""

    signed_on = Day(required=True)
    terms_version = Text(required=True, most=20)


class LeaveInput(Input):
    """The day from which a body is no member."""

    left_on = Day(required=True)


class TransferInput(Input):
    """A competence transferred from a day on."""

    competence = choice(Competence, required=True)
    from_on = Day(required=True)


class SiteInput(Input):
    """A delivery place to add."""

    kind = choice(SiteKind, required=True)
    name = Text(required=True, most=120)
    address = Text(load_default=None, most=200)
    postcode = Postcode(load_default=None)
    city = Text(required=True, most=120)


class MergingInput(Input):
    """One of the bodies that merge; nothing where none is chosen."""

    member_id = Whole()


class IntoInput(Input):
    """When bodies merge, and into which one; a name if the merger creates it."""

    siren = Siren(required=True)
    name = Text(load_default=None, most=120)
    merged_on = Day(required=True)


class MergerInput(IntoInput):
    """A merger with the body that the page is about; into it, unless a SIREN is given."""

    siren = Siren(load_default=None)
    bodies = fields.List(fields.Nested(MergingInput), load_default=list)
    adds_inhabitants = fields.Boolean(load_default=False)

    @post_load
    def _keep_chosen(self, entry: dict[str, Any], **_options: Any) -> dict[str, Any]:
        return {**entry, "bodies": [one["member_id"] for one in entry["bodies"] if one]}

    @validates_schema(skip_on_field_errors=True)
    def _check_both(self, entry: dict[str, Any], **_options: Any) -> None:
        if entry["name"] and not entry["siren"]:
            raise ValidationError({"siren": [_("A new body has a SIREN of its own: type it.")]})


class MandateInput(Input):
    """The body that is to declare another's needs."""

    delegate_id = Whole(required=True)


class CentralBodyInput(Input):
    """The centrale as it stands from a day on."""

    valid_from = Day(required=True)
    name = Text(required=True, most=120)
    siret = Siret(load_default=None)
    address = Text(load_default=None, most=300)
