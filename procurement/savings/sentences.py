"""What is said of a saving in plain words, the same on the page and on paper."""

from collections.abc import Callable

from flask_babel import gettext, ngettext

from procurement.kernel.language import day, euros, percent, whole
from procurement.savings.queries import Report, Summary
from procurement.savings.rules import ZERO, Saving

# flask_babel ships no types.
_: Callable[..., str] = gettext


def period(year: int | None) -> str:
    """Name the period of a statement."""
    return _("All years") if year is None else _("Year %(year)s", year=year)


def verdict(saving: Saving) -> str:
    """Tell a member what it gains or loses."""
    if saving.rate is None:
        return _(
            "None of the lines ordered has a former price: what buying together changed for you"
            " is not known."
        )
    figures = {"amount": euros(abs(saving.saving)), "rate": percent(abs(saving.rate))}
    if saving.saving > 0:
        return _("You pay %(amount)s less than at your former prices: %(rate)s less.", **figures)
    if saving.saving == 0:
        return _("You pay exactly what you would have paid at your former prices.")
    return _(
        "You pay %(amount)s more than at your former prices: %(rate)s more. For what you ordered,"
        " the prices that you had before were lower than the pooled ones.",
        **figures,
    )


def basis(summary: Summary) -> str:
    """Tell a member what its figures rest on, so that it can check them."""
    saving = summary.saving
    counted = ngettext(
        "Computed on %(referenced)s of the %(lines)s lines of %(num)s confirmed order.",
        "Computed on %(referenced)s of the %(lines)s lines of %(num)s confirmed orders.",
        summary.orders,
        referenced=whole(saving.referenced_lines),
        lines=whole(saving.lines),
    )
    if summary.paid_since is None:
        return str(counted)
    first, last = (day(one) for one in summary.paid_since)
    if first == last:
        declared = _(
            "Former prices: those that you declared with your needs, paid since %(day)s.", day=first
        )
    else:
        declared = _(
            "Former prices: those that you declared with your needs, paid since dates from"
            " %(first)s to %(last)s.",
            first=first,
            last=last,
        )
    return f"{counted} {declared}"


def stage_note() -> str:
    """Say which of the three figures this is."""
    return _(
        "These are committed savings, net of VAT: confirmed orders at the prices frozen when they"
        " were submitted. Savings are estimated at award, committed by orders and realised by"
        " invoices: three figures that are never added together."
    )


def coverage_note(saving: Saving) -> str:
    """Say what the coverage leaves out."""
    return _(
        "of %(ordered)s ordered; lines without a former price are left out",
        ordered=euros(saving.ordered),
    )


def control(report: Report) -> str:
    """Say whether the groupings of a report add up to its total."""
    if report.agrees:
        return _(
            "Checked: by member = by lot = by agreement = by département = by family = total,"
            " %(saving)s on %(lines)s order lines.",
            saving=euros(report.summary.saving.saving),
            lines=whole(report.summary.saving.lines),
        )
    return _("The groupings do not add up to the total: do not publish this report.")


def losers(report: Report) -> str:
    """Say how many members pay more than before, and how much."""
    count = len(report.losers)
    if not count:
        return _("No member pays more than at its former prices.")
    loss = sum((part.saving.saving for part in report.losers), start=ZERO)
    return str(
        ngettext(
            "%(num)s member pays more than at its former prices: %(loss)s in all.",
            "%(num)s members pay more than at their former prices: %(loss)s in all.",
            count,
            loss=euros(-loss),
        )
    )
