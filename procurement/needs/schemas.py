"""What the forms of this room take in."""

from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import ValidationError, fields, post_load, validates_schema

from procurement.kernel.forms import Day, Input, Text, Whole, choice, quantity, unit_price
from procurement.members.models import Competence, SiteKind
from procurement.needs.board import Departement
from procurement.needs.models import Basis, Invitation, Strength


class FamilyTick(Input):
    """One box of the families: its id when it is ticked, and which of the members it is for."""

    family_id = Whole(load_default=None)
    competence = choice(Competence, load_default=None)

    @validates_schema(skip_on_field_errors=True)
    def _check_ticked(self, entry: dict[str, Any], **_options: Any) -> None:
        if entry["competence"] and entry["family_id"] is None:
            raise ValidationError(
                {"competence": [_("Tick the family too, or let every member answer for it.")]}
            )


class CampaignInput(Input):
    """A campaign to prepare: what about, who is asked, when, for which contract."""

    title = Text(required=True, most=160)
    opens_on = Day(required=True)
    closes_on = Day(required=True)
    instructions = Text(load_default=None, most=4000)
    contract_months = Whole(load_default=48, most=120)
    contract_starts_on = Day(load_default=None)
    commitment = choice(Strength, load_default=Strength.INDICATIVE)
    invitation = choice(Invitation, load_default=Invitation.ALL)
    invited_departement = choice(Departement, load_default=None)
    invited_competence = choice(Competence, load_default=None)
    #: Bodies by SIREN or name, one a line.
    guests = Text(load_default="", most=30_000)
    families = fields.List(fields.Nested(FamilyTick), load_default=list)

    @validates_schema(skip_on_field_errors=True)
    def _check_period(self, entry: dict[str, Any], **_options: Any) -> None:
        if entry["closes_on"] < entry["opens_on"]:
            raise ValidationError(
                {"closes_on": [_("A campaign cannot close before it opens.")]},
            )

    @validates_schema(skip_on_field_errors=True)
    def _check_invitation(self, entry: dict[str, Any], **_options: Any) -> None:
        field = _INVITATION_FIELDS.get(entry["invitation"])
        if field and not entry[field]:
            raise ValidationError({field: [_("Say which: this is how members are chosen.")]})

    @post_load
    def _keep_what_counts(self, entry: dict[str, Any], **_options: Any) -> dict[str, Any]:
        """Drop what belongs to another way of inviting, which may stay filled in on the page."""
        for way, field in _INVITATION_FIELDS.items():
            if entry["invitation"] is not way:
                entry[field] = "" if field == "guests" else None
        ticked = {one["family_id"]: one["competence"] for one in entry["families"]}
        ticked.pop(None, None)
        return {**entry, "families": ticked}


_INVITATION_FIELDS = {
    Invitation.DEPARTEMENT: "invited_departement",
    Invitation.COMPETENCE: "invited_competence",
    Invitation.LIST: "guests",
}


class ChangedCampaignInput(CampaignInput):
    """A campaign to change, as its writer saw it."""

    version = Whole(required=True)


class ExtensionInput(Input):
    """Until when a campaign takes answers, and why longer than it was said."""

    closes_on = Day(required=True)
    reason = Text(required=True, most=1000)


class ReasonInput(Input):
    """Why."""

    reason = Text(required=True, most=500)


class LineInput(Input):
    """How much is needed, where, by when, and what is paid for it today."""

    quantity = quantity(required=True)
    basis = choice(Basis, load_default=Basis.PERIOD)
    site_id = Whole(load_default=None)
    #: The name of a place that the member's list does not have yet, and what sort it is.
    new_place = Text(load_default=None, most=120)
    new_place_kind = choice(SiteKind, load_default=SiteKind.OTHER)
    strength = choice(Strength, load_default=Strength.INDICATIVE)
    remark = Text(load_default=None, most=500)
    wanted_on = Day(load_default=None)
    paid_price = unit_price(load_default=None)
    paid_since = Day(load_default=None)
    #: A file that the need has already, and one that came with a form that was refused.
    evidence_id = Whole(load_default=None)
    kept_file = Text(load_default=None, most=800)

    @validates_schema(skip_on_field_errors=True)
    def _check_paid(self, entry: dict[str, Any], **_options: Any) -> None:
        if entry["paid_price"] is not None and entry["paid_since"] is None:
            raise ValidationError(
                {"paid_since": [_("Since when is this price paid? The saving is measured on it.")]}
            )
        if entry["paid_price"] is None and entry["paid_since"] is not None:
            raise ValidationError({"paid_price": [_("Which price is paid since then?")]})

    @validates_schema(skip_on_field_errors=True)
    def _check_place(self, entry: dict[str, Any], **_options: Any) -> None:
        if entry["site_id"] is None and entry["new_place"] is None:
            raise ValidationError(
                {"new_place": [_("Name the place, or choose one of the list above.")]}
            )


class NewLineInput(LineInput):
    """A line to add, with its item."""

    item_id = Whole(required=True)
    #: Given when its other details come next.
    details = Whole(load_default=None, most=1)


class WordedInput(LineInput):
    """What the catalogue does not have, in the member's own words and unit."""

    words = Text(required=True, most=300)
    own_unit = Text(required=True, most=40)


class FreeLineInput(WordedInput):
    """A free line to add."""

    #: Given when its other details come next.
    details = Whole(load_default=None, most=1)


class ChangedLineInput(LineInput):
    """A line to change, as its writer saw it; the words and the unit are those of a free line.

    The need and the item are the line's own: they tell where to add it again if it is gone.
    """

    version = Whole(required=True)
    words = Text(load_default=None, most=300)
    own_unit = Text(load_default=None, most=40)
    need_id = Whole(load_default=None)
    item_id = Whole(load_default=None)


class RemovalInput(Input):
    """A line to remove, as it was seen, and the need that it is, or was, part of."""

    version = Whole(required=True)
    need_id = Whole(load_default=None)


class ObjectionInput(Input):
    """What is wrong with a need that was entered for one's body."""

    objection = Text(required=True, most=1000)


class ApplyInput(Input):
    """A workbook to write; ``confirmed`` lets go of the lines that it no longer has."""

    confirmed = fields.Boolean(load_default=False)


class ValidationInput(Input):
    """A need to validate, with the number of the version that its reader saw."""

    seen = Whole(least=0, load_default=None)


class ReturnInput(Input):
    """Why a need goes back to its author."""

    reason = Text(required=True, most=1000)


class AlikeInput(Input):
    """A wording like the one that is decided on, ticked when the decision is for it too."""

    words = Text(required=True, most=320)
    unit = Text(required=True, most=50)
    units_each = quantity(load_default=None)
    chosen = Whole(load_default=None, most=1)


class HarmoniseInput(Input):
    """Which item some words mean, and how many of it one of the members' own units holds."""

    words = Text(required=True, most=320)
    unit = Text(required=True, most=50)
    item_id = Whole(required=True)
    units_each = quantity(load_default=None)
    alike = fields.List(fields.Nested(AlikeInput), load_default=list)


class UnharmoniseInput(Input):
    """A decision to take back: the words, and the item that they were understood as."""

    words = Text(required=True, most=320)
    unit = Text(required=True, most=50)
    item_id = Whole(required=True)
