"""How a campaign could be cut into lots: each with its title, its needs and what it may cost."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _

from procurement.catalogue.models import TRADE_LABELS, Trade, Unit
from procurement.kernel import language
from procurement.kernel.database import Record
from procurement.kernel.money import line_amount
from procurement.lots import queries
from procurement.lots.queries import CutPool
from procurement.lots.rules import DEPARTEMENTS, Cutting, Spread, Territory

_ZERO = Decimal(0)
_LONGEST_TITLE = 160


@dataclass
class Proposal:
    """A lot that could be formed, as the form sends it back, with what it would hold."""

    title: str
    family_id: int | None
    trade: Trade | None
    #: A territory, or an intercommunality, as the form of a lot names it.
    territory: str
    members: int
    #: By département, how much in each unit: pieces are not added to metres.
    quantities: dict[str, dict[Unit, Decimal]] = field(default_factory=dict)
    items: int = 0
    #: Items without an indicative price: the value says nothing of them.
    unpriced: int = 0
    #: At the indicative prices of the catalogue, in euros before VAT.
    value: Decimal = _ZERO
    #: Its part of the value of all the proposed lots; None while that is nothing.
    share: Decimal | None = None


def proposals(campaign_id: int, cutting: Cutting, spread: Spread) -> list[Proposal]:
    """Cut what is left of a campaign into lots: by family or trade, then by département or name."""
    pool = queries.cut_pool(campaign_id, cutting, spread)
    rows: dict[tuple[Any, Any], list[Record]] = defaultdict(list)
    for row in pool.items:
        rows[row.key, row.place].append(row)
    order = sorted(rows, key=lambda one: _rank(pool, cutting, spread, *one))
    found = [_summed(_named(pool, cutting, spread, *one), rows[one]) for one in order]
    whole = sum((one.value for one in found), _ZERO)
    for one in found:
        one.share = one.value / whole if whole else None
    return found


def _rank(pool: CutPool, cutting: Cutting, spread: Spread, key: Any, place: Any) -> tuple[Any, ...]:
    """Families by id and trades as listed; places by code or name, those of no body last."""
    first = list(Trade).index(key) if cutting is Cutting.TRADE else key
    if spread is Spread.INTERCOMMUNALITY:
        return first, place is None, pool.bodies.get(place, "")
    return first, place


def _named(pool: CutPool, cutting: Cutting, spread: Spread, key: Any, place: Any) -> Proposal:
    what, where = _what(pool, cutting, key), _where(pool, spread, place)
    title = _("%(what)s – %(where)s", what=what, where=where) if where else what
    return Proposal(
        title=title[:_LONGEST_TITLE],
        family_id=key if cutting is Cutting.FAMILY else None,
        trade=key if cutting is Cutting.TRADE else None,
        territory=_territory(spread, place),
        members=pool.members[key, place],
        quantities={code: defaultdict(Decimal) for code in DEPARTEMENTS},
    )


def _what(pool: CutPool, cutting: Cutting, key: Any) -> str:
    if cutting is Cutting.FAMILY:
        family = pool.families[key]
        return str(family.label_en if language.current() == "en" else family.label_fr)
    return str(TRADE_LABELS[key] if cutting is Cutting.TRADE else _("All needs"))


def _where(pool: CutPool, spread: Spread, place: Any) -> str:
    if spread is Spread.INTERCOMMUNALITY:
        return pool.bodies[place] if place else str(_("outside any intercommunality"))
    return str(place) if spread is Spread.APART else ""


def _territory(spread: Spread, place: Any) -> str:
    if spread is Spread.INTERCOMMUNALITY:
        return f"body-{place}" if place else Territory.OUTSIDE.value
    return str(place) if spread is Spread.APART else Territory.ALL.value


def _summed(lot: Proposal, rows: list[Record]) -> Proposal:
    totals: dict[int, Decimal] = defaultdict(Decimal)
    prices: dict[int, Decimal | None] = {}
    for row in rows:
        lot.quantities[row.departement][row.unit] += row.quantity
        totals[row.id] += row.quantity
        prices[row.id] = row.indicative_price
    for item_id, quantity in totals.items():
        price = prices[item_id]
        if price is None:
            lot.unpriced += 1
        else:
            lot.value += line_amount(quantity, price)
    lot.items = len(totals)
    return lot
