"""The pictures of a statement and of a report: drawn once, for the page and for the paper."""

from flask_babel import gettext as _
from reportlab.graphics.shapes import Drawing

from procurement.kernel.charts import Bar, Key, Row, bars
from procurement.kernel.language import euros
from procurement.savings.queries import DEPARTEMENTS, Part, Report, Statement

#: Width in points of a drawing on a page, narrow enough to be read on a phone.
NARROW = 300.0
#: The members with the largest savings and those with the largest losses that are drawn.
_BEST, _WORST = 8, 4


def _compared(label: str, part: Part, colour: str) -> Row:
    reference, amount = part.saving.reference_amount, part.saving.amount
    return Row(
        label,
        [
            Bar(reference, euros(reference), colour, is_hollow=True),
            Bar(amount, euros(amount), colour),
        ],
    )


def by_family(statement: Statement, width: float = NARROW) -> Drawing:
    """Draw for each family what its lines would have cost, and what they cost."""
    rows = [
        _compared(part.label, part, "accent")
        for part in statement.families
        if part.saving.referenced_lines
    ]
    keys = [Key(_("At your former prices"), is_hollow=True), Key(_("At the pooled prices"))]
    return bars(rows, width, keys)


def by_departement(report: Report, width: float = NARROW) -> Drawing:
    """Draw for each département what its members would have paid, and what they pay."""
    rows = [
        _compared(f"{part.label} ({part.mark})", part, part.mark) for part in report.departements
    ]
    keys = [
        Key(_("At the former prices"), "quiet", is_hollow=True),
        Key(_("At the pooled prices"), "quiet"),
    ]
    return bars(rows, width, keys)


def by_member(report: Report, width: float = NARROW) -> Drawing:
    """Draw the largest savings of members, and their largest losses left of zero."""
    gains = [part for part in report.members if part.saving.saving > 0]
    shown = [*gains[:_BEST], *report.losers[-_WORST:]]
    rows = [
        Row(
            f"{part.label} ({part.mark})",
            [Bar(part.saving.saving, euros(part.saving.saving), part.mark)],
        )
        for part in shown
    ]
    return bars(rows, width, [Key(name, code) for code, name in DEPARTEMENTS.items()])
