"""Holding a lot: one act on it at a time."""

from procurement.extensions import db
from procurement.lots.models import Lot


def lock(lot: Lot) -> None:
    """Read the lot again and keep it: somebody may just have frozen or dissolved it."""
    db.session.flush()  # Reading again would drop what is not written yet.
    db.session.refresh(lot, with_for_update=True)
