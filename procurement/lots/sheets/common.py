"""What the tables of lots have in common."""

from collections.abc import Sequence
from decimal import Decimal

from flask_babel import gettext as _

from procurement.catalogue.models import UNIT_LABELS, Unit
from procurement.kernel import language
from procurement.kernel.database import Record
from procurement.kernel.sheets import THOUSANDTHS, WHOLE
from procurement.lots.models import Lot
from procurement.lots.rules import printed


def lot_name(lot: Lot) -> str:
    """Name a lot as every sheet does."""
    return str(_("Lot %(number)s: %(title)s", number=lot.number, title=lot.title))


def titled(lot: Lot, name: str, *more: str) -> tuple[str, ...]:
    """The lines above a table of a lot: what it is, of which lot, and of which version of it."""
    if lot.is_draft:
        return name, lot_name(lot), _("Draft: the quantities may still change."), *more
    version = _(
        "Version %(version)s of %(day)s, check figure %(figure)s",
        version=lot.sheet_version,
        day=language.day(lot.frozen_on),
        figure=printed(lot.check_figure or ""),
    )
    return name, lot_name(lot), version, *more


def quoted(text: str) -> str:
    """Write a text as formulas do."""
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def format_of(lines: Sequence[Record]) -> str:
    """How the quantities of lines are shown: with decimals when one of them has some."""
    is_whole = all(_is_whole(line.quantity) for line in lines)
    return WHOLE if is_whole else THOUSANDTHS


def unit_of(unit: Unit) -> str:
    """Name a unit for the reader."""
    return str(UNIT_LABELS[unit])


def _is_whole(quantity: Decimal) -> bool:
    return quantity == quantity.to_integral_value()
