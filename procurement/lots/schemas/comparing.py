"""What the forms of a comparison of plans take in."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _
from marshmallow import ValidationError, fields, post_load, validates_schema

from procurement.kernel import money
from procurement.kernel.forms import Input, Number, Text, amount
from procurement.lots.rules.plans import EQUAL, MOST_BIDDERS, MOST_EQUAL, Firm
from procurement.lots.rules.questions import CUTS, Question, Scope
from procurement.lots.rules.scale import MOST_POINTS, Curve, Fault, Point, basis

_LARGEST = Decimal(10) ** 9
_ZERO = Decimal(0)

FAULT_SENTENCES = {
    Fault.QUANTITIES: _("Fewer than 6 different quantities."),
    Fault.FACTOR: _("The largest quantity is less than 4 times the smallest."),
    Fault.R_SQUARED: _("The curve explains less than 0.8 of the differences between the prices."),
}


class ScopeField(fields.Field[Scope]):
    """The whole pool, a family or an item of it: ``pool``, ``family-3``, ``item-7``."""

    default_error_messages = {"required": _("This field is needed.")}

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Scope:
        try:
            return Scope.read(str(value))
        except ValueError:
            raise ValidationError([_("Choose one of the listed values.")]) from None


class Points(fields.Field[list[Point]]):
    """Observed prices as text, one a line: a quantity, a semicolon, a unit price."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> list[Point]:
        lines = [line for line in enumerate(str(value).splitlines(), 1) if line[1].strip()]
        if len(lines) > MOST_POINTS:
            raise ValidationError([_("At most %(most)s prices.", most=MOST_POINTS)])
        return [self._point(number, line) for number, line in lines]

    def _point(self, number: int, line: str) -> Point:
        parts = re.split(r"[;\t]", line)
        try:
            quantity, price = (money.parsed(part) for part in parts)
        except ValueError:
            sentence = _(
                "Line %(line)s cannot be read: write a quantity, a semicolon and a price, "
                "such as 1 200; 13,50.",
                line=number,
            )
            raise ValidationError([sentence]) from None
        if not 0 < quantity <= _LARGEST or not 0 <= price <= _LARGEST:
            sentence = _(
                "Line %(line)s: the quantity must be above zero, and the price not below it.",
                line=number,
            )
            raise ValidationError([sentence])
        places = money.places_of(quantity), money.places_of(price)
        if places[0] > money.QUANTITY_PLACES or places[1] > money.PRICE_PLACES:
            sentence = _(
                "Line %(line)s: the quantity has at most 3 decimals, and the price at most 4.",
                line=number,
            )
            raise ValidationError([sentence])
        return Point(quantity, price)


class FirmInput(Input):
    """A size of firm; left blank, there is none. Without a capacity only the turnover counts."""

    turnover = amount(load_default=None)
    capacity = Number(3, least=Decimal("0.001"), load_default=None)


def _bidders(**options: Any) -> Number:
    return Number(1, least=Decimal(1), most=MOST_BIDDERS, **options)


class BiddersInput(Input):
    """How many bidders are expected for a lot of one plan; left blank, as for the others."""

    plan = fields.String(required=True)
    bidders = _bidders(load_default=None)


def _part(places: int, most: Decimal = _LARGEST, **options: Any) -> Number:
    return Number(places, least=_ZERO, most=most, **options)


#: The plans whose bidders may be told apart, in the order in which they are asked for.
ASKED_PLANS = (*CUTS, *(f"{EQUAL}{count}" for count in range(2, MOST_EQUAL + 1)))
_ONE = Decimal(1)


class CompareInput(Input):
    """What plans are to be compared on."""

    scope = ScopeField(required=True)
    floor = _part(6, load_default=None)
    scale = _part(6, load_default=None)
    eta = _part(6, _ONE, load_default=None)
    points = Points(load_default=list)
    elasticity_low = _part(4, _ONE, required=True)
    elasticity = _part(4, _ONE, required=True)
    elasticity_high = _part(4, _ONE, required=True)
    reference_bidders = _bidders(required=True)
    bidders = _bidders(load_default=None)
    plans = fields.List(fields.Nested(BiddersInput), load_default=list)
    cost_per_lot = _part(money.AMOUNT_PLACES, required=True)
    firms = fields.List(fields.Nested(FirmInput), load_default=list)

    @validates_schema(skip_on_field_errors=True)
    def _check(self, entry: dict[str, Any], **_options: Any) -> None:
        errors = dict(self._faults(entry))
        if errors:
            raise ValidationError(errors)

    def _faults(self, entry: dict[str, Any]) -> Iterator[tuple[str, list[Any]]]:
        if not entry["elasticity_low"] <= entry["elasticity"] <= entry["elasticity_high"]:
            yield "elasticity", [_("It must lie between the low and the high one.")]
        if entry["floor"] == entry["scale"] == 0:
            yield "scale", [_("The price would be zero: type a floor, a scale or both.")]
        if any(one["plan"] not in ASKED_PLANS for one in entry["plans"]):
            yield "plans", [_("Choose one of the listed values.")]
        for number, firm in enumerate(entry["firms"]):
            if firm.get("capacity") is not None and firm.get("turnover") is None:
                yield f"firms-{number}-turnover", [_("This field is needed.")]

    @post_load
    def _ask(self, entry: dict[str, Any], **_options: Any) -> dict[str, Any]:
        rest = {name: entry.pop(name) for name in list(entry) if name not in _ASKED}
        typed = _typed_curve(entry)
        chosen = basis(typed, entry["points"])
        if chosen.curve is None:
            faults = chosen.fit.faults if chosen.fit else []
            raise ValidationError(dict(_without_curve(entry, faults)))
        otherwise = entry["bidders"] or entry["reference_bidders"]
        expected = {one["plan"]: one["bidders"] for one in entry["plans"] if one["bidders"]}
        question = Question(
            scope=entry["scope"],
            typed=typed,
            points=entry["points"],
            basis=chosen,
            elasticities=(entry["elasticity_low"], entry["elasticity"], entry["elasticity_high"]),
            reference_bidders=entry["reference_bidders"],
            bidders=expected,
            otherwise=otherwise,
            cost_per_lot=entry["cost_per_lot"],
            firms=[
                Firm(one["turnover"], one["capacity"])
                for one in entry["firms"]
                if one.get("turnover")
            ],
        )
        return {"question": question, **rest}


_ASKED = frozenset(CompareInput().fields)


def _typed_curve(entry: dict[str, Any]) -> Curve | None:
    parts = [entry[name] for name in ("floor", "scale", "eta")]
    return None if None in parts else Curve(*parts)


def _without_curve(entry: dict[str, Any], faults: list[Fault]) -> Iterator[tuple[str, list[Any]]]:
    """Say which part of the curve is missing, and why observed prices do not stand in for it."""
    sentence = _("Type this part of the curve, or enough observed prices to fit one.")
    for name in ("floor", "scale", "eta"):
        if entry[name] is None:
            yield name, [sentence]
    if faults:
        yield "points", [FAULT_SENTENCES[fault] for fault in faults]


class KeepInput(CompareInput):
    """A comparison to keep under a title."""

    title = Text(required=True, most=160)


class ChooseInput(Input):
    """The plan that is chosen, and why."""

    plan = Text(required=True, most=40)
    reason = Text(required=True, most=1000)
