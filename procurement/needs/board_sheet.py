"""The answer board as a workbook, with the filters of the page."""

import re
from collections.abc import Sequence
from datetime import date

from flask_babel import gettext as _

from procurement.kernel import language
from procurement.kernel.database import Record
from procurement.kernel.sheets import WHOLE, Cell, Column, Sheet, workbook
from procurement.members.models import MEMBER_KIND_LABELS
from procurement.members.rules import plain, spaced
from procurement.needs.board import STATUS_LABELS, Status
from procurement.needs.models import Campaign


def board_sheet(
    campaign: Campaign, rows: Sequence[Record], today: date, author: str, mark: str | None
) -> bytes:
    """Make the workbook: one row for each member. ``mark`` says that the figures are invented."""
    told = _("Answers on %(day)s", day=language.day(today))
    columns = [
        Column(_("Member"), 34, is_strong=True),
        Column(_("SIREN"), 13),
        Column(_("Kind"), 18),
        Column(_("Département"), 13),
        Column(_("Intercommunality"), 34),
        Column(_("Inhabitants"), 13, WHOLE),
        Column(_("Status"), 22),
        Column(_("Lines"), 9, WHOLE),
        Column(_("Last written in"), 17),
        Column(_("Last reminded"), 14),
        Column(_("Why not concerned"), 40),
    ]
    title = [campaign.title, told, *([mark] if mark else [])]
    sheet = Sheet(_("Board"), title, columns, [_cells(row) for row in rows], frozen_columns=1)
    return workbook([sheet], title=campaign.title, author=author)


def file_name(campaign: Campaign, today: date) -> str:
    """Name the workbook for a folder of many: ``board-survey-2027-2026-11-22.xlsx``."""
    words = re.sub("[^a-z0-9]+", "-", plain(campaign.title)).strip("-")[:60].strip("-")
    return f"{plain(_('Board'))}-{words}-{today:%Y-%m-%d}.xlsx".replace(" ", "-")


def _cells(row: Record) -> list[Cell]:
    is_left_out = row.status == Status.NOT_CONCERNED
    return [
        row.name,
        spaced(row.siren),
        str(MEMBER_KIND_LABELS[row.kind]),
        row.departement,
        row.intercommunality,
        row.population,
        str(STATUS_LABELS[Status(row.status)]),
        row.lines,
        language.moment(row.touched_at) if row.touched_at else None,
        language.day(row.reminded_on) if row.reminded_on else None,
        row.exempted_for or (_("No family of this campaign is for it.") if is_left_out else None),
    ]
