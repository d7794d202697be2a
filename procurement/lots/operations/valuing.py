"""A purchase project is valued, and a lot may be launched on what was decided."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _

from procurement.extensions import db
from procurement.kernel import audit, language
from procurement.kernel.access import Actor
from procurement.kernel.errors import Refused
from procurement.lots import queries
from procurement.lots.models import LEGAL_RULE_LABELS, Lot, Project
from procurement.lots.operations.holding import lock
from procurement.lots.operations.projects import check_open, is_open
from procurement.lots.queries.projects import TO_LAUNCH
from procurement.lots.rules.law import Law, LegalRule, Nature, Procedure, Small, small_lots, unknown
from procurement.lots.rules.valuing import Purchase, Span, Valuation, kept, valued

#: Lines named in a refusal; a sentence with a hundred of them is not read.
_NAMED = 5


def valuation(project: Project) -> Valuation:
    """Value a project as it stands now, under the law of its launch day.

    Raises Refused ``no_lot``, ``price_missing``, ``threshold_unknown``.
    """
    if not project.counted_lots:
        raise Refused("no_lot", _("This project has no lot: choose its lots first."))
    _check_prices(project)
    law = _law(project.launch_on, project.nature)
    families = queries.families_of(project)
    span = Span(project.months, project.campaign.contract_months, project.margin)
    return valued(
        Purchase(project.nature, project.launch_on, span, project.options_amount),
        queries.valued_lots(project),
        queries.other_parts(project, [one.id for one in families]),
        [(one.label_fr, one.label_en) for one in families],
        law,
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the valuation of a project is.

    ``now`` is what its figures give today, or ``refusal`` why they give nothing; ``kept`` is what
    was decided on. Once every lot is launched only what was kept counts.
    """

    now: Valuation | None
    refusal: Refused | None
    kept: Valuation | None

    @property
    def is_stale(self) -> bool:
        """Tell whether the figures are no longer those that it was valued on."""
        if self.kept is None or (self.now is None and self.refusal is None):
            return False
        return self.now is None or self.now.figures != self.kept.figures

    @property
    def shown(self) -> Valuation | None:
        """The valuation that its page opens."""
        return self.now or self.kept


def standing(project: Project) -> Standing:
    """Compare the valuation that was kept with what the figures give now."""
    decided = kept(project.statement) if project.statement else None
    if decided and not is_open(project):
        return Standing(None, None, decided)
    try:
        return Standing(valuation(project), None, decided)
    except Refused as refusal:
        return Standing(None, refusal, decided)


def value_project(project: Project, *, actor: Actor, today: date) -> Valuation:
    """Decide on the value of a project and on its procedure, and keep every part of it.

    Raises Refused as :func:`valuation`, ``small_lot`` when a lot that is ticked may not be.
    """
    db.session.flush()
    db.session.refresh(project, with_for_update=True)
    check_open(project)
    found = valuation(project)
    _check_small(found, {lot.id for lot in project.lots if lot.is_small_lot})
    before = (project.value, project.nature_value, project.procedure)
    project.valued_on, project.valued_by_id = today, actor.person_id
    project.value, project.nature_value = found.value, found.nature_value
    project.procedure, project.statement = found.procedure, found.to_json()
    audit.record(
        db.session(),
        actor,
        "lots.value_project",
        project,
        value=(before[0], found.value),
        nature_value=(before[1], found.nature_value),
        procedure=(before[2], found.procedure),
        launch_on=project.launch_on,
        # The next valuation takes the place of this one, which lots may have been launched on.
        statement=project.statement,
    )
    return found


def tick_small_lots(project: Project, lot_ids: Collection[int], *, actor: Actor) -> None:
    """Say which lots are passed by a lighter procedure than their project (R2123-1 2°).

    A lot that is out to tender stays as it is. Raises Refused ``small_lot`` when one may not be.
    """
    check_open(project)
    wanted = {
        lot.id: lot.is_small_lot if lot.state not in TO_LAUNCH else lot.id in lot_ids
        for lot in project.lots
    }
    _check_small(valuation(project), {lot_id for lot_id, is_small in wanted.items() if is_small})
    before = [lot.number for lot in project.lots if lot.is_small_lot]
    for lot in project.lots:
        lot.is_small_lot = wanted[lot.id]
    after = [lot.number for lot in project.lots if lot.is_small_lot]
    if before != after:
        audit.record(
            db.session(), actor, "lots.tick_small_lots", project, small_lots=(before, after)
        )


def obstacles(lot: Lot, today: date) -> list[Refused]:
    """List what keeps a frozen lot from being put out to tender today, the first things first."""
    project = lot.project
    if project is None:
        sentence = _("This lot is in no purchase project: form one with it, then value it.")
        return [Refused("not_valued", sentence)]
    return project_obstacles(project, standing(project), today)


def project_obstacles(project: Project, found: Standing, today: date) -> list[Refused]:
    """List what keeps the lots of a project from being put out to tender today."""
    if not is_open(project):
        return []
    missing = []
    if found.kept is None:
        missing.append(
            Refused("not_valued", _("This purchase project is not valued: value it (R2121-3)."))
        )
    elif found.is_stale:
        sentence = _("The figures have changed since it was valued: value it again (R2121-3).")
        missing.append(Refused("valuation_stale", sentence))
    if found.refusal:
        missing.append(found.refusal)
    return missing + _dated_obstacles(project, found, today) + _reason_obstacles(project)


def check_launch(lot: Lot, today: date) -> Project:
    """Give the project that a lot is launched on; each refusal says what to do first.

    Lot and project are kept until the end: neither prices nor dates change under the launch.
    """
    lock(lot)
    if lot.project is not None:
        db.session.refresh(lot.project, with_for_update=True)
    for refusal in obstacles(lot, today):
        raise refusal
    if lot.project is None:
        raise TypeError("a lot without a project is refused above")
    return lot.project


def _dated_obstacles(project: Project, found: Standing, today: date) -> list[Refused]:
    try:
        law, now = _law(project.launch_on, project.nature), _law(today, project.nature)
    except Refused as refusal:
        return [] if found.refusal else [refusal]
    if _values(law) != _values(now):
        sentence = _(
            "Other thresholds or duties hold today than on %(day)s, for which it was valued:"
            " change its launch day, then value it again (R2121-3).",
            day=language.day(project.launch_on),
        )
        return [Refused("launch_date", sentence), *_duties(project, found, now)]
    return _duties(project, found, now)


def _duties(project: Project, found: Standing, law: Law) -> list[Refused]:
    missing = []
    has_both = project.environmental_clause and project.environmental_criterion
    if LegalRule.ENVIRONMENT in law and not has_both:
        sentence = _(
            "An environmental clause and an environmental award criterion are compulsory: write"
            " them in the project (L2112-2, L2152-7)."
        )
        missing.append(Refused("environment_missing", sentence))
    is_formal = found.shown is not None and found.shown.procedure is Procedure.FORMAL
    is_said = project.social_clause or project.social_exemption
    if LegalRule.SOCIAL in law and is_formal and not is_said:
        sentence = _(
            "A formal procedure has a social clause, or a written reason for having none: write"
            " it in the project (L2112-2-1)."
        )
        missing.append(Refused("social_missing", sentence))
    return missing


def _reason_obstacles(project: Project) -> list[Refused]:
    if len(project.lots) != 1 or project.undivided_reason:
        return []
    sentence = _("It is not divided into lots: write the reason in the project (L2113-11).")
    return [Refused("reason_missing", sentence)]


def _values(law: Law) -> set[tuple[object, ...]]:
    return {(limit.rule, limit.value) for limit in law.values()}


def _law(day: date, nature: Nature) -> Law:
    law = queries.law_on(day, nature)
    missing = unknown(law)
    if missing:
        raise Refused(
            "threshold_unknown",
            _(
                "The table of thresholds says nothing for %(day)s about this: “%(rule)s”. Add the"
                " value that holds on that day.",
                day=language.day(day),
                rule=LEGAL_RULE_LABELS[missing[0]],
            ),
        )
    return law


def _check_prices(project: Project) -> None:
    missing = queries.unpriced_lines(project)
    if not missing:
        return
    named = "; ".join(f"{row.number}.{row.position} {row.designation}" for row in missing[:_NAMED])
    raise Refused(
        "price_missing",
        _(
            "%(count)s of the lines have no estimated price: %(lines)s. Give each a price, then"
            " value the project.",
            count=len(missing),
            lines=named + ("; …" if len(missing) > _NAMED else ""),
        ),
    )


def _check_small(found: Valuation, ticked: Collection[int]) -> None:
    values = {part.id: part.value for part in found.lots}
    may = small_lots(values, ticked, found.procedure, found.law)
    wrong = [str(part.number) for part in found.lots if part.id in ticked and _no(may[part.id])]
    if wrong:
        raise Refused(
            "small_lot",
            _(
                "These may not be small lots: %(lots)s. Each must be below the limit, and all of"
                " them together at most the share of the lots that the table says (R2123-1 2°).",
                lots=", ".join(wrong),
            ),
            field="small_lots",
        )


def _no(answer: Small) -> bool:
    return answer in (Small.TOO_LARGE, Small.OVER_SHARE)
