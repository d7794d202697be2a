"""What the forms of lots take in: what a lot is made of, and what is split or rounded up."""

import re
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import ValidationError, fields, post_load, validates_schema

from procurement.catalogue.models import Trade
from procurement.kernel.forms import Input, Number, Text, Whole, choice
from procurement.kernel.money import QUANTITY_PLACES
from procurement.lots.rules import Territory


class Whose(fields.Field[tuple[Territory, int | None]]):
    """A territory by its word, or an intercommunality by its id: ``body-12``."""

    default_error_messages = {"unknown": _("Choose one of the listed values.")}

    def _deserialize(
        self, value: Any, attr: Any, data: Any, **_options: Any
    ) -> tuple[Territory, int | None]:
        body = re.fullmatch(r"body-([1-9]\d{0,8})", str(value), re.ASCII)
        if body:
            return Territory.ALL, int(body[1])
        if value not in set(Territory):
            raise self.make_error("unknown")
        return Territory(value), None


class CutInput(Input):
    """For whom a lot buys, and what: a family, or what one kind of firm sells."""

    title = Text(required=True, most=160)
    family_id = Whole(load_default=None)
    trade = choice(Trade, load_default=None)
    territory = Whose(load_default=(Territory.ALL, None))

    @post_load
    def _tell_apart(self, entry: dict[str, Any], **_options: Any) -> dict[str, Any]:
        territory, intercommunality_id = entry["territory"]
        return {**entry, "territory": territory, "intercommunality_id": intercommunality_id}


class TickInput(Input):
    """One box of the pool: the item when it is ticked, nothing when it is not."""

    item_id = Whole()


class LotInput(CutInput):
    """A lot to form: from a whole family, from what a kind of firm sells, or from ticked items."""

    share = Whole(most=100, load_default=100)
    project_id = Whole(load_default=None)
    items = fields.List(fields.Nested(TickInput), load_default=list)

    @validates_schema(skip_on_field_errors=True)
    def _check_one_way(self, entry: dict[str, Any], **_options: Any) -> None:
        ways = [entry["family_id"], entry["trade"], any(entry["items"]) or None]
        chosen = sum(way is not None for way in ways)
        if chosen == 0:
            sentence = _("Choose a family or a kind of firm here, or tick items in the list.")
            raise ValidationError({"family_id": [sentence]})
        if chosen > 1:
            sentence = _("Choose a family, a kind of firm or items, only one of them: which one?")
            raise ValidationError({"family_id": [sentence]})

    @post_load
    def _keep_ticked(self, entry: dict[str, Any], **_options: Any) -> dict[str, Any]:
        ticked = {one["item_id"] for one in entry.pop("items") if one}
        return {**entry, "item_ids": sorted(ticked)}


class ProposedInput(CutInput):
    """A proposed lot as the buyer sends it back: under its title, ticked or not."""

    is_chosen = fields.Boolean(load_default=False)


class ProposalInput(Input):
    """The proposed lots: at least one is ticked."""

    project_id = Whole(load_default=None)
    lots = fields.List(fields.Nested(ProposedInput), load_default=list)

    @validates_schema(skip_on_field_errors=True)
    def _check_chosen(self, entry: dict[str, Any], **_options: Any) -> None:
        if not any(one["is_chosen"] for one in entry["lots"]):
            raise ValidationError({"lots-0-is_chosen": [_("Tick one lot at least.")]})


class TakeInput(Input):
    """How much a lot line takes of a need, and how much it took as the form was shown."""

    need_line_id = Whole(required=True)
    quantity = Number(QUANTITY_PLACES, least=Decimal(0), most=Decimal(10**9), required=True)
    was = Number(QUANTITY_PLACES, least=Decimal(0), most=Decimal(10**9), required=True)


class TakesInput(Input):
    """The contributions of a page, each with what the lot line is to take of it."""

    contributions = fields.List(fields.Nested(TakeInput), required=True)


class MoveInput(Input):
    """The lot that a line moves to."""

    lot_id = Whole(required=True)


class RoundInput(Input):
    """How much more than it asked for a member may be given, in percent, and why."""

    tolerance = Number(2, least=Decimal(0), most=Decimal(100), required=True)
    reason = Text(required=True, most=500)
