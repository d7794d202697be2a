"""The workbooks of this room that take long to make, as files that can be asked for."""

from collections.abc import Callable, Iterable
from functools import partial
from hashlib import sha256
from pathlib import Path

from flask import Flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_babel.speaklater import LazyString

from procurement.extensions import db
from procurement.kernel import exports, sheets
from procurement.kernel.errors import Absent
from procurement.kernel.exports import Kind, Tell
from procurement.kernel.pipeline import mark as warning
from procurement.kernel.sheets import Sheet
from procurement.lots import editions, queries
from procurement.lots import sheets as tables
from procurement.lots.editions import Edition
from procurement.lots.models import Lot
from procurement.needs.models import Campaign


def register(app: Flask) -> None:
    """Have these files made for whoever asks."""
    for name, kind in _KINDS.items():
        exports.register_kind(app, name, kind)


def _title(name: LazyString, _subject_id: int) -> str:
    return str(name)


def _lot(lot_id: int) -> Lot:
    """Give the lot. Raises Absent when it was dissolved since."""
    found = db.session.get(Lot, lot_id)
    if found is None:
        raise Absent
    return found


def _campaign(campaign_id: int) -> Campaign:
    found = db.session.get(Campaign, campaign_id)
    if found is None:
        raise Absent
    return found


def _make_edition(edition: Edition, lot_id: int, target: Path, tell: Tell) -> str:
    lot = _lot(lot_id)
    editions.write(lot, edition, target, mark=warning(), tell=tell)
    return editions.file_name(lot, edition)


def _mark_edition(lot_id: int) -> str:
    """A sheet is made of a version of its lot. Raises Refused ``lot_not_frozen`` for a draft."""
    lot = _lot(lot_id)
    editions.check_frozen(lot)
    return _figure([lot.title, lot.sheet_version, lot.check_figure])


def _make_matrix(lot_id: int, target: Path, tell: Tell) -> str:
    lot = _lot(lot_id)
    lines = queries.sheet_lines(queries.of_lot(lot))
    _write([tables.lot_matrix(lot, lines, _said())], target, tables.lot_name(lot), tell)
    version = f"v{lot.sheet_version}" if not lot.is_draft else _("draft")
    words = editions.slug(_("Member by item"))
    return f"lot-{lot.number:02}-{editions.slug(lot.title)}-{words}-{version}.xlsx"


def _mark_matrix(lot_id: int) -> str:
    lot = _lot(lot_id)
    return _figure(queries.lot_marks(queries.of_lot(lot)))


def _make_campaign_matrix(campaign_id: int, target: Path, tell: Tell) -> str:
    campaign = _campaign(campaign_id)
    items = queries.pooled_items(campaign_id)
    table = tables.campaign_matrix(campaign, items, _said())
    _write([table], target, campaign.title, tell)
    return f"{editions.slug(campaign.title)}-{editions.slug(_('Member by item'))}.xlsx"


def _mark_campaign_matrix(campaign_id: int) -> str:
    campaign = _campaign(campaign_id)
    pooled = [tuple(row[:3]) for row in queries.pool_marks(campaign_id)]
    return _figure([campaign.title, *pooled])


def _make_campaign(campaign_id: int, target: Path, tell: Tell) -> str:
    campaign = _campaign(campaign_id)
    _write(tables.campaign_tables(campaign, _said()), target, campaign.title, tell)
    return f"{editions.slug(campaign.title)}-{editions.slug(_('Whole campaign'))}.xlsx"


def _mark_campaign(campaign_id: int) -> str:
    """What is pooled and allotted, the lots as they stand, and what was left out."""
    campaign = _campaign(campaign_id)
    return _figure(
        [
            campaign.title,
            *queries.pool_marks(campaign_id),
            *queries.lot_marks(Lot.campaign_id == campaign_id),
            *queries.out_marks(campaign_id),
        ]
    )


def _write(made: Iterable[Sheet], target: Path, title: str, tell: Tell) -> None:
    sheets.write(made, target, title=title, author="", tell=tell)


def _said() -> list[str]:
    """The warning that figures are invented, when they are."""
    said = warning()
    return [said] if said else []


def _figure(parts: Iterable[object]) -> str:
    return sha256("\n".join(map(str, parts)).encode()).hexdigest()


def _edition(name: LazyString, edition: Edition) -> Kind:
    make = partial(_make_edition, edition)
    return Kind(partial(_title, name), make, _mark_edition, check=_mark_edition)


def _kind(
    name: LazyString, make: Callable[[int, Path, Tell], str], mark: Callable[[int], str]
) -> Kind:
    return Kind(partial(_title, name), make, mark)


_MATRIX = lazy_gettext("Member by item")
_KINDS = {
    "lot-supplier": _edition(lazy_gettext("Lot sheet, suppliers' edition"), Edition.SUPPLIER),
    "lot-buyer": _edition(lazy_gettext("Lot sheet, buyers' edition"), Edition.BUYER),
    "lot-matrix": _kind(_MATRIX, _make_matrix, _mark_matrix),
    "campaign-matrix": _kind(_MATRIX, _make_campaign_matrix, _mark_campaign_matrix),
    "campaign-workbook": _kind(lazy_gettext("Whole campaign"), _make_campaign, _mark_campaign),
}
