"""A purchase project is made of lots and described; its lines are given estimated prices."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.errors import Refused, Stale
from procurement.lots.models import Lot, LotLine, Nature, Project, UndividedGround
from procurement.lots.operations.holding import lock
from procurement.lots.queries.projects import TO_LAUNCH
from procurement.lots.rules.valuing import LONGEST_MONTHS
from procurement.needs.models import Campaign


@dataclass(frozen=True, slots=True)
class ProjectPlan:
    """What a buyer writes of a purchase: dates, duration, reasons and clauses."""

    title: str
    nature: Nature
    launch_on: date
    initial_months: int
    renewals: int = 0
    renewal_months: int = 0
    margin: Decimal = Decimal(0)
    options_amount: Decimal = Decimal(0)
    long_reason: str | None = None
    undivided_ground: UndividedGround | None = None
    undivided_reason: str | None = None
    environmental_clause: str | None = None
    environmental_criterion: str | None = None
    social_clause: str | None = None
    social_exemption: str | None = None


def form_project(
    campaign: Campaign, plan: ProjectPlan, lot_ids: Collection[int], *, actor: Actor
) -> Project:
    """Make a purchase project of lots of a campaign.

    Raises Refused ``no_lot``, ``lot_taken`` when a lot is in another project or out to tender,
    ``long_reason`` when it lasts more than four years without a reason.
    """
    _check_duration(plan)
    values = {one.name: getattr(plan, one.name) for one in fields(plan)}
    project = Project(campaign_id=campaign.id, **values)
    db.session.add(project)
    db.session.flush()  # The lots name it.
    _take(project, lot_ids)
    audit.record(
        db.session(),
        actor,
        "lots.form_project",
        project,
        campaign_id=campaign.id,
        lots=sorted(lot_ids),
        **values,
    )
    return project


def change_project(
    project: Project, plan: ProjectPlan, lot_ids: Collection[int], version: int, *, actor: Actor
) -> None:
    """Change what was written of a project, and which lots it has.

    A lot that is out to tender stays in it. Raises Refused ``project_launched`` once all are.
    """
    if project.version != version:
        raise Stale
    check_open(project)
    _check_duration(plan)
    changes: dict[str, object] = {}
    for one in fields(plan):
        old, new = getattr(project, one.name), getattr(plan, one.name)
        if old != new:
            setattr(project, one.name, new)
            changes[one.name] = (old, new)
    before = sorted(lot.id for lot in project.lots)
    launched = {lot.id for lot in project.lots if lot.state not in TO_LAUNCH}
    after = sorted({*lot_ids, *launched})
    if before != after:
        _take(project, after)
        changes["lots"] = (before, after)
    if changes:
        audit.record(db.session(), actor, "lots.change_project", project, **changes)


def price_lines(lot: Lot, prices: Mapping[int, Decimal | None], *, actor: Actor) -> None:
    """Write the estimated unit prices of a lot by line, net of VAT; None leaves a line without.

    Raises Refused ``lot_launched`` once firms were called, ``foreign_line``.
    """
    lock(lot)
    if lot.state not in TO_LAUNCH:
        raise Refused(
            "lot_launched", _("This lot is out to tender: its estimated prices no longer change.")
        )
    found = db.session.scalars(
        select(LotLine).where(LotLine.lot_id == lot.id, LotLine.id.in_(list(prices)))
    ).all()
    if len(found) < len(prices):
        raise Refused("foreign_line", _("One of these lines is no longer in this lot."))
    changes = []
    for line in found:
        old, new = line.estimated_price, prices[line.id]
        if old != new:
            line.estimated_price = new
            changes.append((line.id, old, new))
    if changes:
        audit.record(db.session(), actor, "lots.price", lot, prices=changes)


def is_open(project: Project) -> bool:
    """Tell whether a project still has lots to launch, or none yet."""
    return not project.lots or any(lot.state in TO_LAUNCH for lot in project.lots)


def check_open(project: Project) -> None:
    """Refuse to touch what was decided before its calls for offers were sent (R2121-3)."""
    if not is_open(project):
        raise Refused(
            "project_launched",
            _("Every lot of this project has gone out to tender: what was decided is kept."),
        )


def _check_duration(plan: ProjectPlan) -> None:
    months = plan.initial_months + plan.renewals * plan.renewal_months
    if months > LONGEST_MONTHS and not plan.long_reason:
        raise Refused(
            "long_reason",
            _(
                "%(months)s months are more than four years: write the reason (L2125-1).",
                months=months,
            ),
            field="long_reason",
        )


def _take(project: Project, lot_ids: Collection[int]) -> None:
    """Make the lots of a project exactly these."""
    if not lot_ids:
        raise Refused("no_lot", _("Choose at least one lot."), field="lots")
    wanted = db.session.scalars(
        select(Lot).where(Lot.id.in_(list(lot_ids)), Lot.campaign_id == project.campaign_id)
    ).all()
    free = [
        lot
        for lot in wanted
        if lot.project_id == project.id or (lot.project_id is None and lot.state in TO_LAUNCH)
    ]
    if len(free) < len(lot_ids):
        raise Refused(
            "lot_taken",
            _("One of these lots is in another project, out to tender, or gone: choose again."),
            field="lots",
        )
    for lot in [*project.lots]:
        if lot not in free:
            lot.project_id, lot.is_small_lot = None, False
    for lot in free:
        lot.project_id = project.id
    db.session.flush()
    db.session.expire(project, ["lots"])
