"""What the law sets and changes."""

from datetime import date
from decimal import Decimal

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from procurement.kernel.access import Permission
from procurement.kernel.pipeline import actor, form, today
from procurement.lots import operations, queries, statements
from procurement.lots.models import LEGAL_RULE_LABELS, NATURE_LABELS
from procurement.lots.pages.stage import stage
from procurement.lots.rules.law import LegalRule, Nature
from procurement.lots.schemas import ThresholdInput


@stage.get("/thresholds", allow=Permission.POOL_READ)
def thresholds() -> ResponseReturnValue:
    """Show the table of thresholds with its history, and the form of a new value."""
    return render_template(
        "lots/thresholds.html",
        rows=queries.threshold_rows(),
        rules=LEGAL_RULE_LABELS,
        natures=NATURE_LABELS,
        written=statements.value,
        day=today(),
    )


@stage.post("/thresholds", allow=Permission.LOT_FORM)
@form(ThresholdInput, shown_by=thresholds)
def add_threshold(
    rule: LegalRule,
    nature: Nature,
    valid_from: date,
    valid_until: date | None,
    value: Decimal | None,
    article: str,
    source: str,
) -> ResponseReturnValue:
    """Enter what the law says from a day on."""
    operations.add_threshold(
        rule,
        nature,
        valid_from,
        value=value,
        valid_until=valid_until,
        article=article,
        source=source,
        actor=actor(),
    )
    flash(_("The new value is in the table."), "success")
    return redirect(url_for("lots.thresholds"))
