"""Plans of lots compared: what they are compared on, what comes of it, and the one chosen."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from marshmallow import ValidationError

from procurement.extensions import db
from procurement.kernel import charts as drawings
from procurement.kernel import language
from procurement.kernel.access import Permission
from procurement.kernel.errors import Refused
from procurement.kernel.forms import Form, messages_of, read
from procurement.kernel.pipeline import actor, find, form, today
from procurement.lots import charts
from procurement.lots.models import Comparison
from procurement.lots.operations import comparing as operations
from procurement.lots.pages.stage import stage
from procurement.lots.queries import comparing as queries
from procurement.lots.rules.plans import EQUAL, ONE
from procurement.lots.rules.questions import Question, Scope, ScopeKind, kept, opened
from procurement.lots.rules.scale import Curve
from procurement.lots.schemas.comparing import (
    ASKED_PLANS,
    FAULT_SENTENCES,
    ChooseInput,
    CompareInput,
    KeepInput,
)
from procurement.needs.models import Campaign

#: Rows of the form for sizes of firms, and the first of them: the upper limits of micro, small and
#: medium enterprises (Recommendation 2003/361/EC).
_FIRMS = 6
_TURNOVERS = (2_000_000, 10_000_000, 50_000_000)
#: What the page proposes to begin with. A procedure: 19 days of work, the direct cost alone.
_DEFAULTS: Mapping[str, Decimal | str] = {
    "scope": "pool",
    "elasticity_low": Decimal("0.05"),
    "elasticity": Decimal("0.10"),
    "elasticity_high": Decimal("0.15"),
    "reference_bidders": Decimal(3),
    "cost_per_lot": Decimal(3162),
}
#: How the proposal of lots makes the cut of a plan: what a lot holds, and for whom.
_PROPOSALS = {
    ONE: ("whole", "together"),
    "departement": ("whole", "apart"),
    "intercommunality": ("whole", "intercommunality"),
    "family": ("family", "together"),
    "trade": ("trade", "together"),
}


class _Asked(NamedTuple):
    """What the address or the form asks, as it is shown again, and what came of it."""

    form: Form
    typed: Mapping[str, str]
    status: int = 200
    compared: operations.Compared | None = None


@stage.get("/campaigns/<id:campaign_id>/compare", allow=Permission.POOL_READ)
def compare(campaign_id: int) -> ResponseReturnValue:
    """Ask what plans of lots are compared on, and show what comes of it."""
    campaign = find(Campaign, campaign_id)
    asked = _asked(campaign)
    figures = asked.compared and _figures(*(opened(kept(one)) for one in asked.compared))
    page = render_template(
        "lots/compare.html",
        campaign=campaign,
        form=asked.form,
        typed=asked.typed,
        items=queries.scope_choices(campaign),
        plans=[(key, charts.plan_label(key)) for key in ASKED_PLANS],
        firms=range(_FIRMS),
        comparisons=queries.comparisons(campaign),
        plan_label=charts.plan_label,
        **(figures or {"inputs": None}),
    )
    return make_response(page, asked.status)


@stage.post("/campaigns/<id:campaign_id>/comparisons", allow=Permission.LOT_FORM)
@form(KeepInput, shown_by=compare)
def keep_comparison(campaign_id: int, question: Question, title: str) -> ResponseReturnValue:
    """Keep a comparison."""
    campaign = find(Campaign, campaign_id)
    made = operations.keep(campaign, title, question, actor=actor(), today=today())
    db.session.flush()  # The redirect names the new row.
    flash(_("The comparison is kept, with everything that it stands on."), "success")
    return redirect(url_for("lots.comparison", comparison_id=made.id))


@stage.get("/comparisons/<id:comparison_id>", allow=Permission.POOL_READ)
def comparison(comparison_id: int) -> ResponseReturnValue:
    """Show a comparison as it was kept, and whether the pool has changed since."""
    shown = find(Comparison, comparison_id)
    inputs, results = opened(shown.inputs), opened(shown.results)
    scope = _scope(inputs)
    return render_template(
        "lots/comparison.html",
        comparison=shown,
        has_changed=queries.figure_now(shown.campaign, scope) != inputs["figure"],
        again=url_for("lots.compare", campaign_id=shown.campaign_id, **_again(inputs["question"])),
        propose_url=_propose_url(shown, scope),
        plan_label=charts.plan_label,
        **_figures(inputs, results),
    )


@stage.post("/comparisons/<id:comparison_id>/choose", allow=Permission.LOT_FORM)
@form(ChooseInput, shown_by=comparison)
def choose_plan(comparison_id: int, plan: str, reason: str) -> ResponseReturnValue:
    """Choose one of the plans compared."""
    found = find(Comparison, comparison_id)
    operations.choose(found, plan, reason, actor=actor(), today=today())
    flash(_("The choice is recorded, with its reason."), "success")
    return redirect(url_for("lots.comparison", comparison_id=comparison_id))


def _asked(campaign: Campaign) -> _Asked:
    """Read what is asked; an address that only fills the form in asks nothing yet."""
    sent = (request.form or request.args).to_dict()
    is_asked = "elasticity" in sent
    typed = {**_defaults(is_asked), **sent}
    for name in ("csrf_token", "title"):
        typed.pop(name, None)
    if not is_asked:
        return _Asked(Form(typed), typed)
    try:
        question = CompareInput().load(read(typed))["question"]
        compared = operations.compare(campaign, question, today())
    except ValidationError as invalid:
        return _Asked(Form(typed, errors=messages_of(invalid)), typed, 422)
    except Refused as refused:
        beside = {refused.field: [refused.sentence]}
        return _Asked(Form(typed, errors=beside), typed, refused.status)
    return _Asked(Form(typed), typed, compared=compared)


def _defaults(is_asked: bool) -> dict[str, str]:
    given = {name: _written(value) for name, value in _DEFAULTS.items()}
    if is_asked:
        return given
    turnovers = enumerate(_TURNOVERS)
    return given | {f"firms-{at}-turnover": _written(Decimal(one)) for at, one in turnovers}


def _written(value: Decimal | str) -> str:
    return language.typed(value) if isinstance(value, Decimal) else value


def _figures(inputs: dict[str, Any], results: dict[str, Any]) -> dict[str, Any]:
    """Give the templates what a comparison shows, from what is kept of it."""
    locale, outcomes = language.current(), results["outcomes"]
    best = results["verdict"]["best_equal"]
    described = _("The same figures stand in the table beside it.")
    scope = _scope(inputs)
    return {
        "inputs": inputs,
        "results": results,
        "scope": scope,
        "shown": [one for one in outcomes if not _is_equal(one) or one["key"] == best],
        "equal": [one for one in outcomes if one["key"] == ONE or _is_equal(one)],
        "lot_label": lambda plan, lot: charts.lot_label(plan, lot, locale),
        "faults": {str(fault): sentence for fault, sentence in FAULT_SENTENCES.items()},
        "chart": drawings.svg(charts.differences(outcomes), _("Cost against one lot"), described)
        if len(outcomes) > 1
        else None,
        "curve_chart": drawings.svg(_curve(inputs, outcomes, scope), _("The curve"), described),
    }


def _is_equal(outcome: dict[str, Any]) -> bool:
    return str(outcome["key"]).startswith(EQUAL)


def _curve(inputs: dict[str, Any], outcomes: list[dict[str, Any]], scope: Scope) -> Any:
    question = inputs["question"]
    lots = [lot["quantity"] for outcome in outcomes for lot in outcome["lots"]]
    seen = [tuple(point) for point in question["points"]]
    # Where the price is held the curve is not drawn either: nothing was observed there.
    most = question["basis"]["held_at"] or max(*lots, *(one for one, _price in seen), 0)
    by_unit = scope.is_priced_by_unit
    return charts.prices(
        Curve(**question["basis"]["curve"]),
        seen,
        [min(one, most) for one in (*lots, *(quantity for quantity, _price in seen)) if one],
        _("Quantity") if by_unit else _("Reference value (€)"),
        _("Unit price (€)") if by_unit else _("Coefficient"),
    )


def _scope(inputs: dict[str, Any]) -> Scope:
    kept_scope = inputs["question"]["scope"]
    return Scope(ScopeKind(kept_scope["kind"]), kept_scope["id"])


def _again(question: dict[str, Any]) -> dict[str, Any]:
    """Write the question as the form sends it, to ask the same of today's pool."""
    low, central, high = question["elasticities"]
    points = (f"{language.typed(one)}; {language.typed(at)}" for one, at in question["points"])
    numbers = {
        **(question["typed"] or {}),
        "elasticity_low": low,
        "elasticity": central,
        "elasticity_high": high,
        "reference_bidders": question["reference_bidders"],
        "bidders": question["otherwise"],
        "cost_per_lot": question["cost_per_lot"],
    }
    for at, firm in enumerate(question["firms"]):
        numbers |= {f"firms-{at}-{name}": firm[name] for name in ("turnover", "capacity")}
    for at, key in enumerate(ASKED_PLANS):
        numbers[f"plans-{at}-bidders"] = question["bidders"].get(key)
    written = {name: language.typed(one) for name, one in numbers.items() if one is not None}
    keys = {f"plans-{at}-plan": key for at, key in enumerate(ASKED_PLANS)}
    scope = Scope(ScopeKind(question["scope"]["kind"]), question["scope"]["id"])
    return {"scope": str(scope), "points": "\n".join(points), **keys, **written}


def _propose_url(shown: Comparison, scope: Scope) -> str:
    """Where the lots of the chosen plan can be formed: proposed by the same cut, or by hand."""
    cut = _PROPOSALS.get(shown.chosen or "")
    if cut is None or scope.is_priced_by_unit:
        return url_for("lots.pool", campaign_id=shown.campaign_id)
    held, whose = cut
    if scope.kind is ScopeKind.FAMILY and held == "whole":
        held = "family"
    return url_for("lots.propose", campaign_id=shown.campaign_id, cut=held, spread=whose)
