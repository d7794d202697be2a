"""Holding a lot: one act on it at a time."""

from flask_babel import lazy_gettext as _
from sqlalchemy.exc import InvalidRequestError

from procurement.extensions import db
from procurement.kernel.database import Base
from procurement.kernel.errors import Absent, Refused
from procurement.lots.models import Lot, LotLine
from procurement.needs.models import Campaign


def lock(lot: Lot) -> None:
    """Read the lot again and keep it: somebody may just have frozen or dissolved it."""
    _reread(lot)


def lock_campaign(campaign: Campaign) -> None:
    """Read the campaign again and keep it: whoever allots its needs comes before or after."""
    _reread(campaign)


def lock_drafts(*lots: Lot) -> None:
    """Keep the lots of one campaign while their quantities change, and their campaign first.

    Raises Refused ``lot_frozen`` when one of them is no draft.
    """
    lock_campaign(lots[0].campaign)
    for lot in sorted(lots, key=lambda one: one.id):
        lock(lot)
        refuse_frozen(lot)


def lock_line(line: LotLine, *others: Lot) -> None:
    """Keep a line of a draft lot, with its lot, others and their campaign, as `lock_drafts`."""
    lock_drafts(line.lot, *others)
    _reread(line)


def _reread(row: Base) -> None:
    """Read a row again and keep it; it may be gone since it was found, which is told as such."""
    db.session.flush()  # Reading again would drop what is not written yet.
    try:
        db.session.refresh(row, with_for_update=True)
    except InvalidRequestError:
        raise Absent from None


def refuse_frozen(lot: Lot) -> None:
    """Raise Refused ``lot_frozen`` once firms may hold the sheet of the lot."""
    if not lot.is_draft:
        raise Refused("lot_frozen", _("This lot is frozen: firms may already hold its sheet."))
