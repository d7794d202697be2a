"""The pictures of a comparison, and how its plans and their lots are called."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from reportlab.graphics.shapes import Drawing

from procurement.catalogue.models import TRADE_LABELS, Trade
from procurement.kernel.charts import Axis, Bar, Row, bars, curve
from procurement.kernel.language import euros, price, quantity
from procurement.lots.rules.plans import EQUAL, ONE
from procurement.lots.rules.questions import CUTS, OUTSIDE
from procurement.lots.rules.scale import Curve
from procurement.needs.board import DEPARTEMENTS, Departement

#: Width in points, narrow enough to be read on a phone.
NARROW = 300.0
#: How many short lines a curve is drawn with.
_STEPS = 40

#: A comparison is drawn as it was kept: plain values.
_Kept = Mapping[str, Any]


def plan_label(key: str) -> str:
    """Call a plan by its key."""
    if key == ONE:
        return str(_("One lot"))
    if key.startswith(EQUAL):
        count = int(key.removeprefix(EQUAL))
        return str(ngettext("%(num)s equal lot", "%(num)s equal lots", count))
    return str(CUTS[key])


def lot_label(plan: str, lot: _Kept, locale: str) -> str:
    """Call one lot of a plan as the plan cuts it."""
    key, name = lot["key"], lot[f"name_{locale}"]
    if key == OUTSIDE:
        return str(_("In no lot yet") if plan == "lots" else _("Outside any"))
    if plan == "departement":
        return f"{DEPARTEMENTS[Departement(key)]} ({key})"
    if plan == "trade":
        return str(TRADE_LABELS[Trade(key)])
    if plan == "lots":
        return str(_("Lot %(number)s: %(title)s", number=key, title=name))
    if plan.startswith(EQUAL):
        return str(_("Lot %(number)s", number=key))
    return str(name or _("All of it"))


def differences(outcomes: Sequence[_Kept]) -> Drawing:
    """Draw how much more or less each plan costs than one lot, from low to high elasticity."""
    one = outcomes[0]

    def row(outcome: _Kept) -> Row:
        low, central, high = (outcome[end] - one[end] for end in ("low", "central", "high"))
        span = min(low, central, high), max(low, central, high)
        text = ("+" if central > 0 else "") + euros(central)
        return Row(plan_label(outcome["key"]), [Bar(central, text, is_hollow=True, span=span)])

    return bars([row(outcome) for outcome in outcomes[1:]], NARROW)


def prices(
    found: Curve | None,
    points: Sequence[tuple[Decimal, Decimal]],
    quantities: Sequence[Decimal],
    unit: str,
    up: str,
) -> Drawing:
    """Draw a curve over some quantities, if there is one, and marks at what was observed.

    ``points`` are (quantity, price) pairs; ``unit`` and ``up`` say what the two axes measure.
    """
    least, most = min(quantities), max(quantities)
    if least == most:
        least, most = least / 2, most * 2
    factor = (most / least).ln() / _STEPS
    steps = [least * (factor * step).exp() for step in range(_STEPS + 1)]
    line = [(one, found.price(one)) for one in steps] if found else []
    tallest = max(one for _quantity, one in (*line, *points))
    return curve(
        line,
        points,
        NARROW,
        Axis(unit, quantity(least), quantity(most)),
        Axis(up, price(Decimal(0)), price(tallest)),
    )
