"""Plans of lots are compared, kept with what they stood on, and one of them is chosen."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _

from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.database import Record
from procurement.kernel.errors import Refused
from procurement.kernel.money import rounded
from procurement.lots.models import Comparison
from procurement.lots.queries import law_on
from procurement.lots.queries.comparing import Material, material
from procurement.lots.rules import plans
from procurement.lots.rules.law import LegalRule, Nature
from procurement.lots.rules.plans import ONE, Market, Part, Plan
from procurement.lots.rules.questions import (
    OUTSIDE,
    Inputs,
    Question,
    Results,
    Scope,
    ScopeKind,
    Used,
    kept,
    opened,
)
from procurement.needs.models import Campaign

_ZERO = Decimal(0)
#: How far the page tells what the curve says: twice the quantity, and ten times.
_TIMES = (2, 10)


class Compared(NamedTuple):
    """A comparison as it is shown and kept."""

    inputs: Inputs
    results: Results


def compare(campaign: Campaign, question: Question, today: date) -> Compared:
    """Predict what each plan of lots would cost. Nothing is written.

    Raises Refused ``nothing_to_compare`` when the pool has nothing of the scope, or when no item of
    it has an indicative price to value it by.
    """
    found = material(campaign, question.scope)
    weights = _weights(found, question.scope)
    pooled = list(_plans(found, weights))
    if not pooled:
        raise Refused(
            "nothing_to_compare",
            _("The pool has nothing of this that could be compared: choose something else."),
            "scope",
        )
    law = law_on(today, Nature.SUPPLIES)
    percent = law[LegalRule.TURNOVER].value if LegalRule.TURNOVER in law else None
    on = _market(question, campaign, percent)
    outcomes = plans.compare(pooled, question.bidders, question.otherwise, on)
    whole = pooled[0].parts[0].quantity
    return Compared(
        _inputs(campaign, question, found, weights, whole, percent, today),
        Results(
            outcomes,
            plans.verdict(outcomes),
            {f"{one}": rounded(on.curve.gain(whole, Decimal(one)), 6) for one in _TIMES},
        ),
    )


def keep(
    campaign: Campaign, title: str, question: Question, *, actor: Actor, today: date
) -> Comparison:
    """Keep a comparison with the quantities that it used. Refuses as :func:`compare` does."""
    inputs, results = compare(campaign, question, today)
    made = Comparison(
        campaign_id=campaign.id,
        title=title,
        inputs=kept(inputs),
        results=kept(results),
        person_id=actor.person_id,
        at=datetime.now(UTC),
    )
    db.session.add(made)
    audit.record(
        db.session(),
        actor,
        "lots.keep_comparison",
        made,
        campaign_id=campaign.id,
        title=title,
        scope=f"{question.scope}",
    )
    return made


def choose(comparison: Comparison, plan: str, reason: str, *, actor: Actor, today: date) -> None:
    """Choose one of the plans that were compared, with a reason; anew with another reason.

    Raises Refused ``unknown_plan`` for a plan that was not compared, ``same_choice`` when neither
    the plan nor the reason differs from what was chosen before.
    """
    known = {one["key"] for one in opened(comparison.results)["outcomes"]}
    if plan not in known:
        raise Refused("unknown_plan", _("Choose one of the plans that were compared."), "plan")
    if reason == comparison.choice_reason:
        raise Refused(
            "same_choice",
            _("This reason was given before: a choice that is made anew needs its own."),
            "reason",
        )
    before = comparison.chosen, comparison.choice_reason
    comparison.chosen, comparison.choice_reason = plan, reason
    comparison.chosen_on, comparison.chosen_by_id = today, actor.person_id
    audit.record(
        db.session(),
        actor,
        "lots.choose_plan",
        comparison,
        plan=(before[0], plan),
        reason=(before[1], reason),
    )


def _weights(found: Material, scope: Scope) -> dict[int, Decimal]:
    """What one unit of each item counts for: itself, or its indicative price."""
    if scope.is_priced_by_unit:
        return dict.fromkeys(found.items, Decimal(1))
    return {row.id: row.indicative_price for row in found.items.values() if row.indicative_price}


def _market(question: Question, campaign: Campaign, percent: Decimal | None) -> Market:
    return plans.market(
        question.basis,
        reference_bidders=question.reference_bidders,
        elasticities=question.elasticities,
        cost_per_lot=question.cost_per_lot,
        months=campaign.contract_months,
        firms=question.firms,
        turnover_ratio=None if percent is None else percent / 100,
    )


def _plans(found: Material, weights: dict[int, Decimal]) -> Iterator[Plan]:
    """One lot first; then each cut that makes several, and so many equal lots."""
    cells = [cell for cell in found.cells if cell.pool_item_id in weights]
    whole = sum((cell.quantity * weights[cell.pool_item_id] for cell in cells), _ZERO)
    if not whole:
        return
    yield Plan(ONE, [Part(ONE, whole)])
    for key, name in _cuts(found).items():
        parts = list(_parts(cells, weights, name))
        if len(parts) > 1:
            yield Plan(key, parts)
    stand = list(_standing(found.lots, weights, whole))
    if len(stand) > 1:
        yield Plan("lots", stand)
    yield from plans.equal_plans(whole)


def _cuts(found: Material) -> dict[str, Callable[[Record], tuple[str, str, str]]]:
    """Say of each cut which lot a cell goes to: its key, and its name in both languages."""

    def body(cell: Record) -> tuple[str, str, str]:
        if cell.body_id is None:
            return OUTSIDE, "", ""
        return f"{cell.body_id}", found.bodies[cell.body_id], found.bodies[cell.body_id]

    def family(cell: Record) -> tuple[str, str, str]:
        item = found.items[cell.pool_item_id]
        return f"{item.family_id}", item.family_fr, item.family_en

    return {
        "departement": lambda cell: (cell.departement, "", ""),
        "intercommunality": body,
        "family": family,
        "trade": lambda cell: (found.items[cell.pool_item_id].trade.value, "", ""),
    }


def _parts(
    cells: Sequence[Record],
    weights: dict[int, Decimal],
    name: Callable[[Record], tuple[str, str, str]],
) -> Iterator[Part]:
    sums: dict[tuple[str, str, str], Decimal] = {}
    for cell in cells:
        lot = name(cell)
        sums[lot] = sums.get(lot, _ZERO) + cell.quantity * weights[cell.pool_item_id]
    for (key, name_fr, name_en), quantity in sorted(sums.items(), key=lambda one: (-one[1], one)):
        yield Part(key, quantity, name_fr, name_en)


def _standing(
    rows: Sequence[Record], weights: dict[int, Decimal], whole: Decimal
) -> Iterator[Part]:
    """Give the lots as they stand, and what stands in none yet."""
    sums: dict[tuple[int, str], Decimal] = {}
    for _lot_id, number, title, item_id, quantity in rows:
        worth = quantity * weights.get(item_id, _ZERO)
        sums[number, title] = sums.get((number, title), _ZERO) + worth
    for (number, title), worth in sums.items():
        if worth:
            yield Part(f"{number}", worth, title, title)
    left = whole - sum(sums.values(), _ZERO)
    if left > 0:
        yield Part(OUTSIDE, left)


def _inputs(
    campaign: Campaign,
    question: Question,
    found: Material,
    weights: dict[int, Decimal],
    whole: Decimal,
    percent: Decimal | None,
    today: date,
) -> Inputs:
    sums: dict[int, Decimal] = dict.fromkeys(found.items, _ZERO)
    for cell in found.cells:
        sums[cell.pool_item_id] += cell.quantity
    first = next(iter(found.items.values()))
    names: dict[ScopeKind, tuple[Any, Any]] = {
        ScopeKind.POOL: ("", ""),
        ScopeKind.FAMILY: (first.family_fr, first.family_en),
        ScopeKind.ITEM: (first.designation, first.designation),
    }
    return Inputs(
        question=question,
        day=today.isoformat(),
        name_fr=names[question.scope.kind][0],
        name_en=names[question.scope.kind][1],
        quantity=whole,
        used=[
            Used(
                row.id,
                row.code,
                row.designation,
                row.unit.value,
                sums[row.id],
                row.indicative_price,
            )
            for row in found.items.values()
        ],
        unpriced=len(found.items) - len(weights),
        months=campaign.contract_months,
        turnover_percent=percent,
        figure=found.figure,
    )
