"""Plans of lots beside one another: what each is predicted to cost, and whom it leaves out.

The price of a lot is p(q) × (n / n_ref)^-g: the curve's at its quantity, lower the more bidders n
there are, with the bidder elasticity g an input. Everything is an input here, nothing an estimate.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

from procurement.kernel.money import PRICE_PLACES, apportioned, rounded
from procurement.lots.rules.scale import Basis, Curve

#: The plan of one lot, which every other is compared with, and the plans of so many equal lots.
ONE, EQUAL = "one", "equal-"
MOST_EQUAL = 8
#: More bidders than any market has: beyond, the number itself says nothing.
MOST_BIDDERS = Decimal(1000)

_ZERO, _YEAR = Decimal(0), 12
_PRECISE = Context(prec=34)


@dataclass(frozen=True, slots=True)
class Part:
    """What a plan makes one lot of: a quantity, named by a key and perhaps in both languages."""

    key: str
    quantity: Decimal
    name_fr: str = ""
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to cut what is bought into lots."""

    key: str
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Firm:
    """A size of firm: yearly turnover, and what it can deliver in a year, if that is a limit."""

    turnover: Decimal
    capacity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Market:
    """What the predictions stand on, beside the quantities.

    ``elasticities``: low, central and high. ``turnover_ratio``: how many times the yearly value of
    a lot the turnover must be, None when the law sets no limit. ``months``: what they cover.
    """

    curve: Curve
    held_at: Decimal | None
    reference_bidders: Decimal
    elasticities: tuple[Decimal, Decimal, Decimal]
    cost_per_lot: Decimal
    months: int
    firms: Sequence[Firm]
    turnover_ratio: Decimal | None

    def price(self, quantity: Decimal) -> Decimal:
        """Unit price at a quantity with the reference number of bidders, not rounded."""
        if self.held_at is not None:
            quantity = min(quantity, self.held_at)
        return self.curve.price(quantity)

    def bidding(self, bidders: Decimal, elasticity: Decimal) -> Decimal:
        """What so many bidders multiply a price by."""
        with localcontext(_PRECISE):
            return (bidders / self.reference_bidders) ** -elasticity


@dataclass(frozen=True, slots=True)
class LotOutcome:
    """One lot of a plan at the central elasticity.

    ``break_even``: how many bidders make up for the scale that is lost against one lot; None when
    no number does. ``firms``: how many of the sizes given can bid, None when none was given.
    """

    key: str
    name_fr: str
    name_en: str
    quantity: Decimal
    price: Decimal
    cost: Decimal
    break_even: Decimal | None
    firms: int | None
    is_held: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a plan comes to. Totals hold the cost of the procedures, at each elasticity."""

    key: str
    bidders: Decimal
    lots: list[LotOutcome]
    purchases: Decimal
    procedures: Decimal
    low: Decimal
    central: Decimal
    high: Decimal
    premium: Decimal
    premium_rate: Decimal
    largest_share: Decimal
    within_reach: int | None
    firms_average: Decimal | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The plans that stand out, by key: the cheapest at each elasticity, the most open one."""

    cheapest: str
    cheapest_low: str
    cheapest_high: str
    most_open: str | None
    best_equal: str


def market(
    basis: Basis,
    *,
    reference_bidders: Decimal,
    elasticities: tuple[Decimal, Decimal, Decimal],
    cost_per_lot: Decimal,
    months: int,
    firms: Sequence[Firm] = (),
    turnover_ratio: Decimal | None = None,
) -> Market:
    """Put together what plans are compared on. Raises ValueError without a curve."""
    if basis.curve is None:
        raise ValueError("no curve to compare on")
    return Market(
        basis.curve,
        basis.held_at,
        reference_bidders,
        elasticities,
        cost_per_lot,
        months,
        firms,
        turnover_ratio,
    )


def equal_plans(quantity: Decimal) -> Iterator[Plan]:
    """Cut a quantity into 2 to 8 equal lots, none of them smaller than one."""
    for count in range(2, MOST_EQUAL + 1):
        with localcontext(_PRECISE):
            each = quantity / count
        if each >= 1:
            yield Plan(f"{EQUAL}{count}", [Part(f"{n + 1}", each) for n in range(count)])


def evaluate(plan: Plan, bidders: Decimal | Sequence[Decimal], on: Market) -> Outcome:
    """Predict what a plan costs with so many bidders for each lot, or for all of them alike."""
    counts = [bidders] * len(plan.parts) if isinstance(bidders, Decimal) else list(bidders)
    with localcontext(_PRECISE):
        quantities = [part.quantity for part in plan.parts]
        whole = sum(quantities, _ZERO)
        alone = [quantity * on.price(quantity) for quantity in quantities]
        together = whole * on.price(whole)
        costs = [
            [one * on.bidding(n, g) for one, n in zip(alone, counts, strict=True)]
            for g in on.elasticities
        ]
        low, central, high = (rounded(sum(parts, _ZERO)) for parts in costs)
        premium = sum(alone, _ZERO) - together
        largest = max(quantities) / whole
        lots = list(_lots(plan, costs[1], on))
    procedures = rounded(on.cost_per_lot * len(lots))
    return Outcome(
        key=plan.key,
        bidders=max(counts),
        lots=lots,
        purchases=central,
        procedures=procedures,
        low=low + procedures,
        central=central + procedures,
        high=high + procedures,
        premium=rounded(premium),
        premium_rate=rounded(premium / together, 6),
        largest_share=rounded(largest, 6),
        within_reach=sum(1 for lot in lots if lot.firms) if on.firms else None,
        firms_average=_average(lots) if on.firms else None,
    )


def _lots(plan: Plan, exact: Sequence[Decimal], on: Market) -> Iterator[LotOutcome]:
    whole = sum((part.quantity for part in plan.parts), _ZERO)
    for part, cost, owed in zip(plan.parts, exact, apportioned(exact), strict=True):
        with localcontext(_PRECISE):
            price = cost / part.quantity
        yield LotOutcome(
            key=part.key,
            name_fr=part.name_fr,
            name_en=part.name_en,
            quantity=rounded(part.quantity, 3),
            price=rounded(price, PRICE_PLACES),
            cost=owed,
            break_even=break_even(part.quantity, whole, on),
            firms=within_reach(owed, part.quantity, on) if on.firms else None,
            is_held=on.held_at is not None and part.quantity > on.held_at,
        )


def break_even(quantity: Decimal, whole: Decimal, on: Market) -> Decimal | None:
    """How many bidders bring the price of a lot to that of one lot: n_ref (p(q) / p(Q))^(1/g).

    Two decimals. None when bidders change no price, or when it would take more than a thousand.
    """
    elasticity = on.elasticities[1]
    with localcontext(_PRECISE):
        ratio = on.price(quantity) / on.price(whole)
        if ratio == 1:
            return on.reference_bidders
        # The logarithm first: a small elasticity would make a number beyond all digits.
        needed = on.reference_bidders.ln() + ratio.ln() / elasticity if elasticity else None
        if needed is None or needed > MOST_BIDDERS.ln():
            return None
        return rounded(needed.exp(), 2)


def within_reach(cost: Decimal, quantity: Decimal, on: Market) -> int:
    """Count the firms that can bid: turnover for the lot's yearly value, and its yearly volume.

    The turnover that may be asked is limited by law to so many times the value (R2142-7).
    """
    with localcontext(_PRECISE):
        turnover = cost * _YEAR / on.months * (on.turnover_ratio or _ZERO)
        volume = quantity * _YEAR / on.months
    return sum(
        firm.turnover >= turnover and (firm.capacity is None or firm.capacity >= volume)
        for firm in on.firms
    )


def _average(lots: Sequence[LotOutcome]) -> Decimal:
    """Average the firms of the lots by what each costs."""
    return average_reach([(lot.cost, lot.firms or 0) for lot in lots])


def average_reach(lots: Sequence[tuple[Decimal, int]]) -> Decimal:
    """Average numbers of firms, each weighted by the value of its lot, to two decimals."""
    value = sum((value for value, _firms in lots), _ZERO)
    weighted = sum((value * firms for value, firms in lots), _ZERO)
    return rounded(weighted / value, 2) if value else _ZERO


def compare(
    plans: Sequence[Plan], bidders: Mapping[str, Decimal], otherwise: Decimal, on: Market
) -> list[Outcome]:
    """Evaluate plans in their order, with the bidders expected for each, or ``otherwise``."""
    return [evaluate(plan, bidders.get(plan.key, otherwise), on) for plan in plans]


def verdict(outcomes: Sequence[Outcome]) -> Verdict:
    """Name the plans that stand out; of two alike the first, which has fewer lots."""
    equal = [one for one in outcomes if one.key == ONE or one.key.startswith(EQUAL)]
    measured = [one for one in outcomes if one.firms_average is not None]
    most_open = max(measured, key=lambda one: one.firms_average or _ZERO, default=None)
    return Verdict(
        cheapest=min(outcomes, key=lambda one: one.central).key,
        cheapest_low=min(outcomes, key=lambda one: one.low).key,
        cheapest_high=min(outcomes, key=lambda one: one.high).key,
        most_open=most_open.key if most_open else None,
        best_equal=min(equal, key=lambda one: one.central).key,
    )
