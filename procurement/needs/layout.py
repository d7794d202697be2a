"""How a workbook of needs is laid out: its sheets, its columns, and how it names things."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from procurement.catalogue.models import UNIT_LABELS, Unit
from procurement.kernel.sheets import Cell

#: Between a code, or a name, and what explains it.
BETWEEN = " · "
#: Lines above the headings of every sheet, and the row of the headings.
_TITLES = 3
HEADING_ROW = _TITLES + 2


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was not taken: what was typed in each column, and what is wrong, by column.

    ``line_id`` is the line that it was about, None for a new one.
    """

    row: int
    typed: Mapping[str, Cell]
    faults: Mapping[str, Sequence[str]]
    line_id: int | None = None
    member_id: int | None = None


def headings() -> dict[str, str]:
    """Name the columns of the sheet of lines, in their order, by what they hold."""
    return {
        "line": _("Line"),
        "member": _("Body"),
        "item": _("Item"),
        "words": _("In your own words"),
        "own_unit": _("Unit"),
        "quantity": _("Quantity"),
        "basis": _("Counted"),
        "site": _("Delivery place"),
        "wanted_on": _("Wanted by"),
        "strength": _("Strength"),
        "paid_price": _("Price paid today, net"),
        "paid_since": _("Paid since"),
        "remark": _("Remark"),
        "errors": _("Errors"),
    }


def body_headings() -> tuple[str, ...]:
    """Name the columns of the sheet by which a workbook is recognised."""
    return (
        _("Body"),
        _("Need"),
        _("Version"),
        _("Check figure"),
        _("Lines"),
        _("Campaign"),
        _("Made at"),
    )


def lines_sheet() -> str:
    """Name the sheet of the lines."""
    return str(_("Needs"))


def bodies_sheet() -> str:
    """Name the sheet of the bodies."""
    return str(_("Bodies"))


def item_label(code: str, designation: str) -> str:
    """Name an item as people choose it."""
    return f"{code}{BETWEEN}{designation}"


def place_label(name: str, body: str) -> str:
    """Name a delivery place where several bodies have one of that name."""
    return f"{body}{BETWEEN}{name}"


def unit_label(unit: Unit) -> str:
    """Name the unit of an item."""
    return str(UNIT_LABELS[unit])
