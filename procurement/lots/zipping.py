"""All lot sheets of a campaign in one file: both editions of each lot that is not a draft."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

from flask import Flask
from flask_babel import gettext as _

from procurement.extensions import db
from procurement.kernel import exports
from procurement.kernel.database import Record
from procurement.kernel.errors import Absent, Refused
from procurement.kernel.exports import Kind, Tell
from procurement.lots import editions, queries
from procurement.needs.models import Campaign

#: What the zip holds of each lot, by the kinds under which either is made alone.
EDITIONS = ("lot-supplier", "lot-buyer")


def title(_campaign_id: int) -> str:
    """Name the file for its reader."""
    return str(_("All lot sheets, both editions (zip)"))


def mark(campaign_id: int) -> str:
    """Give a figure that changes when a lot is frozen, thawed or dissolved.

    Raises Refused ``no_frozen_lot`` while the campaign has none.
    """
    shown = [str(tuple(lot)) for lot in _frozen(campaign_id)]
    return sha256("\n".join(shown).encode()).hexdigest()


def make(campaign_id: int, target: Path, tell: Tell) -> str:
    """Write the zip, one sheet after the other; give its name. Progress counts lines of lots."""
    campaign = _campaign(campaign_id)
    parts = [(lot, edition) for lot in _frozen(campaign_id) for edition in EDITIONS]
    whole, before = sum(lot.lines for lot, _edition in parts), 0
    with ZipFile(target, "w") as archive:
        for lot, edition in parts:
            told = _part_of(tell, before, lot.lines, whole)
            part = target.with_name(f"{target.name}.part")
            with _taken_away(part):
                name = exports.kind_of(edition).make(lot.id, part, told)
                # Workbooks are compressed already: they are put in as they are.
                archive.write(part, name)
            before += lot.lines
            tell(before, whole)
    name = f"{campaign.title} {_('lot-sheets')}"
    return f"{editions.slug(name)}.zip"


def register(app: Flask) -> None:
    """Have these files made for whoever asks."""
    exports.register_kind(app, "campaign-zip", Kind(title, make, mark, check=mark))


def _campaign(campaign_id: int) -> Campaign:
    campaign = db.session.get(Campaign, campaign_id)
    if campaign is None:
        raise Absent
    return campaign


def _frozen(campaign_id: int) -> Sequence[Record]:
    lots = queries.frozen_lots(_campaign(campaign_id).id)
    if not lots:
        sentence = _("No lot of this campaign is frozen yet: there is no sheet to put together.")
        raise Refused("no_frozen_lot", sentence)
    return lots


def _part_of(tell: Tell, before: int, lines: int, whole: int) -> Tell:
    """Tell of a part as of so many lines of the whole."""
    return lambda done, total: tell(before + lines * min(done, total) // max(total, 1), whole)


@contextmanager
def _taken_away(part: Path) -> Iterator[None]:
    try:
        yield
    finally:
        part.unlink(missing_ok=True)
