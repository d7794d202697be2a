"""Purchase projects: their list, one of them, its form, its prices, its value."""

from collections.abc import Set
from dataclasses import fields
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.kernel.access import Permission
from procurement.kernel.forms import Input
from procurement.kernel.lists import asked_id, page_of
from procurement.kernel.pipeline import actor, find, form, shown_form, today
from procurement.lots import operations, queries, statements
from procurement.lots.models import (
    NATURE_LABELS,
    PROCEDURE_LABELS,
    UNDIVIDED_GROUND_LABELS,
    Lot,
    Project,
)
from procurement.lots.operations import ProjectPlan, Standing
from procurement.lots.pages.stage import stage
from procurement.lots.queries.projects import TO_LAUNCH
from procurement.lots.rules.law import small_lots
from procurement.lots.schemas import ChangedProjectInput, LotPricesInput, LotTicks, ProjectInput
from procurement.needs.models import Campaign


@stage.get("/projects", allow=Permission.POOL_READ)
def project_list() -> ResponseReturnValue:
    """List the purchase projects."""
    campaign_id = asked_id("campaign")
    return render_template(
        "lots/projects.html",
        page=page_of(queries.project_list(campaign_id)),
        campaigns=queries.project_campaigns(),
        campaign_id=campaign_id,
        procedures=PROCEDURE_LABELS,
    )


@stage.get("/campaigns/<id:campaign_id>/projects/new", allow=Permission.LOT_FORM)
def project_form(campaign_id: int) -> ResponseReturnValue:
    """Show the form of a new purchase project."""
    campaign = find(Campaign, campaign_id)
    known = {"initial_months": min(campaign.contract_months, 48), "launch_on": today()}
    chosen = {asked_id("lot")}
    return _form_page(campaign, None, known, chosen)


@stage.post("/campaigns/<id:campaign_id>/projects", allow=Permission.LOT_FORM)
@form(ProjectInput, shown_by=project_form)
def form_project(campaign_id: int, lot_ids: set[int], **plan: Any) -> ResponseReturnValue:
    """Form a purchase project."""
    campaign = find(Campaign, campaign_id)
    made = operations.form_project(campaign, ProjectPlan(**plan), lot_ids, actor=actor())
    flash(_("The purchase project is formed. Check its figures, then value it."), "success")
    return redirect(url_for("lots.project", project_id=made.id))


@stage.get("/projects/<id:project_id>", allow=Permission.POOL_READ)
def project(project_id: int) -> ResponseReturnValue:
    """Show a purchase project, what it is worth and why, and what it still lacks."""
    shown = find(Project, project_id)
    found = operations.standing(shown)
    return render_template(
        "lots/project.html",
        project=shown,
        found=found,
        sentences=list(statements.sentences(found.shown, shown)) if found.shown else [],
        obstacles=operations.project_obstacles(shown, found, today()),
        unpriced=queries.unpriced_lines(shown),
        small=_small(shown, found),
        is_open=operations.is_open(shown),
        may_tick={lot.id for lot in shown.lots if lot.state in TO_LAUNCH},
        natures=NATURE_LABELS,
        procedures=PROCEDURE_LABELS,
        grounds=UNDIVIDED_GROUND_LABELS,
    )


@stage.get("/projects/<id:project_id>/edit", allow=Permission.LOT_FORM)
def edit_project(project_id: int) -> ResponseReturnValue:
    """Show the form of a purchase project to change."""
    shown = find(Project, project_id)
    known = {one.name: getattr(shown, one.name) for one in fields(ProjectPlan)}
    chosen = {lot.id for lot in shown.lots}
    return _form_page(shown.campaign, shown, {**known, "version": shown.version}, chosen)


@stage.post("/projects/<id:project_id>/edit", allow=Permission.LOT_FORM)
@form(ChangedProjectInput, shown_by=edit_project)
def change_project(
    project_id: int, version: int, lot_ids: set[int], **plan: Any
) -> ResponseReturnValue:
    """Change a purchase project."""
    changed = find(Project, project_id)
    operations.change_project(changed, ProjectPlan(**plan), lot_ids, version, actor=actor())
    flash(_("The purchase project is changed."), "success")
    return redirect(url_for("lots.project", project_id=project_id))


@stage.post("/projects/<id:project_id>/value", allow=Permission.LOT_FORM)
@form(Input, shown_by=project)
def value_project(project_id: int) -> ResponseReturnValue:
    """Value a purchase project."""
    operations.value_project(find(Project, project_id), actor=actor(), today=today())
    flash(_("The purchase project is valued: what was decided is kept with its parts."), "success")
    return redirect(url_for("lots.project", project_id=project_id))


@stage.post("/projects/<id:project_id>/small-lots", allow=Permission.LOT_FORM)
@form(LotTicks, shown_by=project)
def tick_small_lots(project_id: int, lot_ids: set[int]) -> ResponseReturnValue:
    """Say which lots are passed by a lighter procedure."""
    operations.tick_small_lots(find(Project, project_id), lot_ids, actor=actor())
    flash(_("The small lots are noted: value the project again."), "success")
    return redirect(url_for("lots.project", project_id=project_id))


@stage.get("/lots/<id:lot_id>/prices", allow=Permission.LOT_FORM)
def lot_prices(lot_id: int) -> ResponseReturnValue:
    """Show the estimated prices of a lot, as fields while they may change."""
    lot = find(Lot, lot_id)
    only_missing = request.args.get("missing") == "1"
    page = page_of(queries.priced_lines(lot, only_missing))
    names = {f"lines-{at}-estimated_price": row for at, row in enumerate(page.rows)}
    return render_template(
        "lots/prices.html",
        lot=lot,
        page=page,
        only_missing=only_missing,
        may_edit=lot.state in TO_LAUNCH,
        known={name: row.estimated_price for name, row in names.items()},
        labels={name: f"{row.position}. {row.designation}" for name, row in names.items()},
    )


@stage.post("/lots/<id:lot_id>/prices", allow=Permission.LOT_FORM)
@form(LotPricesInput, shown_by=lot_prices)
def price_lot(lot_id: int, lines: list[dict[str, Any]]) -> ResponseReturnValue:
    """Write the estimated prices of some lines of a lot."""
    lot = find(Lot, lot_id)
    prices: dict[int, Decimal | None] = {one["line_id"]: one["estimated_price"] for one in lines}
    operations.price_lines(lot, prices, actor=actor())
    flash(_("The estimated prices are saved."), "success")
    if lot.project_id is not None:
        return redirect(url_for("lots.project", project_id=lot.project_id))
    return redirect(url_for("lots.lot_prices", lot_id=lot_id))


def _small(shown: Project, found: Standing) -> dict[int, str]:
    """Tell of each lot whether it may be a small lot."""
    if found.now is None:
        return {}
    values = {part.id: part.value for part in found.now.lots}
    ticked = {part.id for part in found.now.lots if part.is_small}
    answers = small_lots(values, ticked, found.now.procedure, found.now.law)
    return {lot_id: statements.small(answer, found.now) for lot_id, answer in answers.items()}


def _form_page(
    campaign: Campaign, shown: Project | None, known: dict[str, Any], chosen: Set[int | None]
) -> ResponseReturnValue:
    lots = queries.lots_to_choose(campaign.id, shown.id if shown else None)
    ticks = {f"lots-{at}-lot_id": row.id for at, row in enumerate(lots) if row.id in chosen}
    return render_template(
        "lots/project_form.html",
        campaign=campaign,
        project=shown,
        form=shown_form(**known, **ticks),
        lots=lots,
        kept=[lot for lot in shown.lots if lot.state not in TO_LAUNCH] if shown else [],
        natures=NATURE_LABELS,
        grounds=UNDIVIDED_GROUND_LABELS,
    )
