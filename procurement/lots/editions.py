"""The lot sheet in two editions: what firms fill in, and the same with who asked, for buyers."""

import re
from collections.abc import Sequence
from enum import StrEnum
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from flask_babel import gettext as _

from procurement.kernel import language
from procurement.kernel import sheets as workbooks
from procurement.kernel.errors import Refused
from procurement.kernel.sheets import Cell, Column, Formula, Sheet, Tell
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


def write(
    lot: Lot,
    edition: Edition,
    target: Path | BinaryIO,
    *,
    mark: str | None = None,
    tell: Tell | None = None,
) -> None:
    """Write the workbook of a frozen lot: cover, price schedule, quantity estimate, places.

    The buyers' edition adds the breakdown by member and by département, checked against the
    estimate. ``mark`` is the warning that the figures are invented, when they are. Raises Refused
    ``lot_not_frozen`` for a draft, whose quantities may still change.
    """
    check_frozen(lot)
    lines = queries.sheet_lines(queries.of_lot(lot))
    schedule = sheets.price_schedule(lot, lines)
    estimate = sheets.quantity_estimate(lot, lines, schedule)
    places = sheets.named_places if lot.names_members else sheets.places_by_area
    tables, facts = [schedule, estimate, places(lot, lines)], _instructions(lot)
    if edition is Edition.BUYER:
        by_member = sheets.breakdown(lot, lines, estimate)
        by_departement = sheets.by_departement(lot, lines, estimate, by_member)
        tables += [by_member, by_departement]
        facts = _buyer_facts(lot, by_member, by_departement)
    central_name, buyer = _central_body(lot)
    warning = [(_("Warning"), mark)] if mark else []
    cover = _cover(lot, edition, [*warning, *buyer, *_facts(lot, len(lines)), *facts])
    title = sheets.lot_name(lot)
    workbooks.write([cover, *tables], target, title=title, author=central_name, tell=tell)


def lot_sheet(lot: Lot, edition: Edition, mark: str | None = None) -> bytes:
    """Make the workbook of a frozen lot in memory, as :func:`write` does in a file."""
    content = BytesIO()
    write(lot, edition, content, mark=mark)
    return content.getvalue()


def check_frozen(lot: Lot) -> None:
    """Raise Refused ``lot_not_frozen`` for a draft: it has no sheet."""
    if lot.is_draft:
        raise Refused(
            "lot_not_frozen", _("This lot is a draft. Freeze it first: its sheet comes then.")
        )


def file_name(lot: Lot, edition: Edition) -> str:
    """Name the workbook for a folder of many: ``lot-03-video-protection-supplier-v1.xlsx``."""
    words = slug(lot.title)
    whom = _("buyer") if edition is Edition.BUYER else _("supplier")
    return f"lot-{lot.number:02}-{words}-{plain(whom)}-v{lot.sheet_version}.xlsx"


def slug(text: str) -> str:
    """Write a title as a part of a file's name: without accents, spaces and signs."""
    return re.sub("[^a-z0-9]+", "-", plain(text)).strip("-")[:60].strip("-")


def _cover(lot: Lot, edition: Edition, rows: Sequence[_Fact]) -> Sheet:
    whom = _("Buyers' edition") if edition is Edition.BUYER else _("Suppliers' edition")
    columns = [Column(_("Lot sheet"), 26, is_strong=True), Column(whom, 66)]
    return Sheet(_("Cover"), (sheets.lot_name(lot), whom), columns, rows)


def _central_body(lot: Lot) -> tuple[str, list[_Fact]]:
    """The centrale as it stood when the lot was frozen."""
    body = central_body_on(lot.frozen_on) if lot.frozen_on else None
    if body is None:
        return "", []
    siret = spaced(body.siret or "")
    known = [(_("Buyer"), body.name), (_("SIRET"), siret), (_("Address"), body.address)]
    return body.name, [(label, text) for label, text in known if text]


def _facts(lot: Lot, items: int) -> list[_Fact]:
    project = [(_("Purchase project"), lot.project.title)] if lot.project else []
    codes = "\n".join(f"{code} {label}" for code, label in queries.cpv_codes(lot))
    return [
        (_("Lot"), sheets.lot_name(lot)),
        *project,
        (_("Campaign"), lot.campaign.title),
        (_("CPV"), codes),
        (_("Items"), str(items)),
        (_("Version"), str(lot.sheet_version)),
        (_("Date"), language.day(lot.frozen_on)),
        (_("Check figure"), printed(lot.check_figure or "")),
    ]


def _instructions(lot: Lot) -> list[_Fact]:
    steps = [
        _("Fill in the coloured cells of the price schedule; all the others are locked."),
        _("Prices are in euros for one unit, before VAT, with at most four decimals."),
        _("Price every item: an offer with a line left empty cannot be chosen."),
        *(
            [
                _("Prices from a number of units on are optional: leave empty what is not lower."),
                _("The estimate takes the price that the quantity of each item reaches."),
            ]
            if lot.tiers
            else []
        ),
        _("The quantity estimate computes itself. It serves to compare offers and binds nobody."),
        _("Send this same file back without adding or moving rows: its version is checked."),
    ]
    return [(_("How to fill in"), steps[0]), *(("", step) for step in steps[1:])]


def _buyer_facts(lot: Lot, by_member: Sheet, by_departement: Sheet) -> list[_Fact]:
    return [
        (_("Members"), str(queries.count_of(queries.members_of(queries.of_lot(lot))))),
        (_("Check by member"), Formula(sheets.check_of(by_member))),
        (_("Check by département"), Formula(sheets.check_of(by_departement))),
        (_("Not for suppliers"), _("This edition names the members: keep it inside.")),
    ]
