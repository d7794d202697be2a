"""The member's statement and the report on the territory, on paper: the figures of the pages."""

from collections.abc import Iterable, Sequence
from datetime import date

from flask_babel import gettext as _
from reportlab.platypus import Flowable, PageBreak, Table

from procurement.kernel import language
from procurement.kernel.database import Record
from procurement.kernel.language import amount, day, euros, percent, price, quantity
from procurement.kernel.paper import (
    WIDTH,
    Column,
    Cover,
    build,
    figures,
    ledger,
    paragraph,
    section,
)
from procurement.orders.paper import letterhead_on
from procurement.savings import charts, sentences
from procurement.savings.queries import Part, Report, Statement
from procurement.savings.rules import Saving, line_saving, summed

#: How a part is named in the first column of its table.
_LABEL, _PLACE = "%(label)s", "%(label)s (%(mark)s)"
_LOT, _NUMBERED = "%(mark)s. %(label)s", "%(mark)s\n%(label)s"
#: Room that a picture needs below its heading, in points.
_HEADED = 30.0


def _cover(title: str, year: int | None, today: date, mark: str | None) -> Cover:
    return Cover(
        letterhead=letterhead_on(today),
        title=title,
        subject=_("Committed savings, net of VAT. %(period)s.", period=sentences.period(year)),
        reference=title,
        dated=day(today),
        language=language.current(),
        mark=mark,
    )


def _key_figures(saving: Saving, labels: Sequence[str]) -> Table:
    paid, before, difference = labels
    return figures(
        [
            (paid, euros(saving.amount), _("lines with a former price")),
            (before, euros(saving.reference_amount), _("the same lines, at former prices")),
            (difference, euros(saving.saving), percent(saving.rate) or _("not known")),
            (_("Coverage"), percent(saving.coverage), sentences.coverage_note(saving)),
        ]
    )


def _cells(saving: Saving) -> tuple[str, ...]:
    return (
        amount(saving.ordered),
        amount(saving.amount),
        amount(saving.reference_amount),
        amount(saving.saving),
        percent(saving.rate),
        percent(saving.coverage),
    )


def _table(first: str, parts: Iterable[Part], named: str) -> Table:
    """Write parts with their total; ``named`` joins the label and the mark of each."""
    columns = [
        Column(first, 119, is_number=False),
        Column(_("Ordered\n€ net"), 75),
        Column(_("Compared\n€ net"), 75),
        Column(_("Before\n€ net"), 75),
        Column(_("Saving\n€ net"), 66),
        Column(_("Rate"), 38),
        Column(_("Coverage"), 56),
    ]
    shown = list(parts)
    rows = [
        (named % {"label": part.label, "mark": part.mark}, *_cells(part.saving)) for part in shown
    ]
    total = summed(part.saving for part in shown)
    return ledger(columns, rows, [(_("Total"), *_cells(total))])


def _lines(statement: Statement) -> Table:
    columns = [
        Column(_("Item\nOrder, confirmed on"), 154, is_number=False),
        Column(_("Quantity"), 46),
        Column(_("Price\n€ net"), 54),
        Column(_("Before\n€ net, since"), 60),
        Column(_("Amount\n€ net"), 66),
        Column(_("Before\n€ net"), 66),
        Column(_("Saving\n€ net"), 58),
    ]
    total = statement.summary.saving
    compared = (amount(total.amount), amount(total.reference_amount), amount(total.saving))
    totals = [(_("Lines with a former price"), "", "", "", *compared)]
    if total.lines != total.referenced_lines:
        rest = amount(total.ordered - total.amount)
        totals.append((_("Lines without a former price"), "", "", "", rest, "", ""))
        totals.append((_("Ordered"), "", "", "", amount(total.ordered), "", ""))
    return ledger(columns, [_line(row) for row in statement.lines], totals)


def _line(row: Record) -> tuple[str, ...]:
    before = f"{price(row.reference_price)}\n{day(row.paid_since)}".strip()
    return (
        f"{row.designation}\n{row.order_number}, {day(row.confirmed_on)}",
        quantity(row.quantity),
        price(row.unit_price),
        before or _("not known"),
        amount(row.amount),
        amount(row.reference_amount),
        amount(line_saving(row.amount, row.reference_amount)),
    )


def statement(member: str, found: Statement, today: date, mark: str | None = None) -> bytes:
    """Write the statement of the member so called: two pages or more when it has ordered."""
    saving = found.summary.saving
    cover = _cover(_("Savings statement: %(member)s", member=member), found.year, today, mark)
    labels = (_("What you pay"), _("What you would have paid"), _("Difference"))
    story: list[Flowable] = [
        paragraph(sentences.verdict(saving), "strong"),
        _key_figures(saving, labels),
        paragraph(sentences.basis(found.summary)),
        paragraph(sentences.stage_note(), "note"),
    ]
    if saving.referenced_lines:
        picture = charts.by_family(found, WIDTH)
        title = _("Former and pooled prices by family")
        story += [*section(title, picture.height + _HEADED), picture]
    if saving.lines:
        story += [*section(_("By family")), _table(_("Family"), found.families, _LABEL)]
        story += [*section(_("By lot")), _table(_("Lot"), found.lots, _LOT)]
        story += [PageBreak(), *section(_("Order lines, each with its proof")), _lines(found)]
    return build(cover, story)


def report(found: Report, today: date, mark: str | None = None) -> bytes:
    """Write the report on the territory for finance: two pages or more once there are orders."""
    saving = found.summary.saving
    cover = _cover(_("Savings report on the territory"), found.year, today, mark)
    labels = (_("What members pay"), _("What they would have paid"), _("Difference"))
    story: list[Flowable] = [
        _key_figures(saving, labels),
        paragraph(sentences.control(found), "strong"),
        paragraph(sentences.losers(found)),
        paragraph(sentences.stage_note(), "note"),
    ]
    if saving.lines:
        story += _groupings(found)
        story += [PageBreak(), *section(_("By member"))]
        story.append(_table(_("Member"), found.members, _PLACE))
    return build(cover, story)


def _groupings(found: Report) -> list[Flowable]:
    places, members = charts.by_departement(found, WIDTH), charts.by_member(found, WIDTH)
    return [
        *section(_("Former and pooled prices by département"), places.height + _HEADED),
        places,
        _table(_("Département"), found.departements, _PLACE),
        *section(_("By lot")),
        _table(_("Lot"), found.lots, _LOT),
        *section(_("By agreement")),
        _table(_("Agreement"), found.agreements, _NUMBERED),
        *section(_("By family")),
        _table(_("Family"), found.families, _LABEL),
        *section(_("Largest savings and losses by member"), members.height + _HEADED),
        members,
    ]
