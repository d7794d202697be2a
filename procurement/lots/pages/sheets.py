"""The lot sheets."""

from io import BytesIO

from flask import send_file
from flask.typing import ResponseReturnValue

from procurement.kernel.access import Permission
from procurement.kernel.pipeline import find, mark
from procurement.kernel.sheets import MIME_TYPE
from procurement.lots import editions
from procurement.lots.editions import Edition
from procurement.lots.models import Lot
from procurement.lots.pages.stage import stage


@stage.get("/lots/<id:lot_id>/supplier.xlsx", allow=Permission.POOL_READ)
def supplier_sheet(lot_id: int) -> ResponseReturnValue:
    """Send the lot sheet for firms to fill in."""
    return _download(find(Lot, lot_id), Edition.SUPPLIER)


@stage.get("/lots/<id:lot_id>/buyer.xlsx", allow=Permission.POOL_READ)
def buyer_sheet(lot_id: int) -> ResponseReturnValue:
    """Send the lot sheet with the breakdown by member."""
    return _download(find(Lot, lot_id), Edition.BUYER)


def _download(shown: Lot, edition: Edition) -> ResponseReturnValue:
    content = BytesIO(editions.lot_sheet(shown, edition, mark()))
    name = editions.file_name(shown, edition)
    return send_file(content, MIME_TYPE, as_attachment=True, download_name=name)
