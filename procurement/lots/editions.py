"""The lot sheet in two editions: what firms fill in, and the same with who asked, for buyers."""

import re
from collections.abc import Sequence
from enum import StrEnum

from flask_babel import gettext as _

from procurement.kernel import language
from procurement.kernel.errors import Refused
from procurement.kernel.sheets import Cell, Column, Formula, Sheet, workbook
from procurement.lots import queries, sheets
from procurement.lots.models import Lot
from procurement.lots.rules import printed
from procurement.members.queries import central_body_on
from procurement.members.rules import plain, spaced

_Fact = tuple[str, Cell]


class Edition(StrEnum):
    """Whom a lot sheet is for: only buyers read who asked for what."""

    SUPPLIER = "supplier"
    BUYER = "buyer"


def lot_sheet(lot: Lot, edition: Edition, mark: str | None = None) -> bytes:
    """Make the workbook of a frozen lot: cover, price schedule, quantity estimate.

    The buyers' edition adds the breakdown by member and by département, checked against the
    estimate. ``mark`` is the warning that the figures are invented, when they are. Raises Refused
    ``lot_not_frozen`` for a draft, whose quantities may still change.
    """
    if lot.is_draft:
        raise Refused(
            "lot_not_frozen", _("This lot is a draft. Freeze it first: its sheet comes then.")
        )
    lines = queries.frozen_lines(lot)
    schedule = sheets.price_schedule(lot, lines)
    estimate = sheets.quantity_estimate(lot, lines, schedule)
    tables, facts = [schedule, estimate], _instructions()
    if edition is Edition.BUYER:
        by_member = sheets.by_member(lot, lines, estimate)
        by_departement = sheets.by_departement(lot, lines, estimate, by_member)
        tables += [by_member, by_departement]
        facts = _buyer_facts(len(by_member.rows), by_departement)
    central_name, buyer = _central_body(lot)
    warning = [(_("Warning"), mark)] if mark else []
    cover = _cover(lot, edition, [*warning, *buyer, *_facts(lot, len(lines)), *facts])
    return workbook([cover, *tables], title=sheets.lot_name(lot), author=central_name)


def file_name(lot: Lot, edition: Edition) -> str:
    """Name the workbook for a folder of many: ``lot-03-video-protection-supplier-v1.xlsx``."""
    words = re.sub("[^a-z0-9]+", "-", plain(lot.title)).strip("-")[:60].strip("-")
    whom = _("buyer") if edition is Edition.BUYER else _("supplier")
    return f"lot-{lot.number:02}-{words}-{plain(whom)}-v{lot.sheet_version}.xlsx"


def _cover(lot: Lot, edition: Edition, rows: Sequence[_Fact]) -> Sheet:
    whom = _("Buyers' edition") if edition is Edition.BUYER else _("Suppliers' edition")
    columns = [Column(_("Lot sheet"), 26, is_strong=True), Column(whom, 66)]
    return Sheet(_("Cover"), (sheets.lot_name(lot), lot.campaign.title), columns, rows)


def _central_body(lot: Lot) -> tuple[str, list[_Fact]]:
    """The centrale as it stood when the lot was frozen."""
    body = central_body_on(lot.frozen_on) if lot.frozen_on else None
    if body is None:
        return "", []
    siret = spaced(body.siret or "")
    known = [(_("Buyer"), body.name), (_("SIRET"), siret), (_("Address"), body.address)]
    return body.name, [(label, text) for label, text in known if text]


def _facts(lot: Lot, items: int) -> list[_Fact]:
    codes = "\n".join(f"{code} {label}" for code, label in queries.cpv_codes(lot))
    return [
        (_("Lot"), sheets.lot_name(lot)),
        (_("CPV"), codes),
        (_("Items"), str(items)),
        (_("Version"), str(lot.sheet_version)),
        (_("Date"), language.day(lot.frozen_on)),
        (_("Check figure"), printed(lot.check_figure or "")),
    ]


def _instructions() -> list[_Fact]:
    steps = [
        _("Fill in the coloured cells of the price schedule; all the others are locked."),
        _("Prices are in euros for one unit, before VAT, with at most four decimals."),
        _("Price every item: an offer with a line left empty cannot be chosen."),
        _("The quantity estimate computes itself. It serves to compare offers and binds nobody."),
        _("Send this same file back without adding or moving rows: its version is checked."),
    ]
    return [(_("How to fill in"), steps[0]), *(("", step) for step in steps[1:])]


def _buyer_facts(members: int, by_departement: Sheet) -> list[_Fact]:
    fits = sheets.quoted(_("The breakdown makes the quantities."))
    fails = sheets.quoted(_("The breakdown does NOT make the quantities."))
    differences = by_departement.span(len(by_departement.columns))
    return [
        (_("Members"), str(members)),
        (_("Check"), Formula(f"IF(SUMPRODUCT(ABS({differences}))=0,{fits},{fails})")),
        (_("Not for suppliers"), _("This edition names the members: keep it inside.")),
    ]
