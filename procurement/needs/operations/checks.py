"""What is typed for a line, and what it must agree with before it is written."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.errors import Refused
from procurement.members.models import COMPETENCE_LABELS, Site
from procurement.needs import queries, rules
from procurement.needs.models import Basis, Document, Need, NeedLine, Strength


@dataclass(frozen=True, slots=True)
class LineEntry:
    """What is typed for a line. ``quantity`` is for the period or a year, as ``basis`` says.

    ``paid_price`` is for one unit of the item, or for one ``own_unit`` of a free line.
    """

    quantity: Decimal
    site_id: int
    basis: Basis = Basis.PERIOD
    strength: Strength = Strength.INDICATIVE
    wanted_on: date | None = None
    paid_price: Decimal | None = None
    paid_since: date | None = None
    evidence_id: int | None = None
    remark: str | None = None
    words: str | None = None
    own_unit: str | None = None


def check_item(need: Need, item_id: int, today: date) -> None:
    """Check that the catalogue has the item, in a family that the member may declare.

    Raises Refused ``no_such_item``, ``family_not_concerned`` for one that the campaign is not
    about, ``not_transferred`` for one that is for other members.
    """
    family_id = db.session.scalar(select(Item.family_id).where(Item.id == item_id))
    if family_id is None:
        raise Refused("no_such_item", _("This item is not in the catalogue."), "item_id")
    families = queries.family_ids(need.campaign, need.member_id, today)
    if families is None or family_id in families:
        return
    competence = queries.reserved_for(need.campaign).get(family_id)
    if competence is None:
        raise Refused(
            "family_not_concerned", _("This campaign is not about items of this family."), "item_id"
        )
    raise Refused(
        "not_transferred",
        _(
            "This family is for the members that transferred %(competence)s.",
            competence=COMPETENCE_LABELS[competence],
        ),
        "item_id",
    )


def check_entry(need: Need, line: NeedLine, entry: LineEntry, today: date) -> None:
    """Check what is typed for a line against the need that it is, or will be, part of."""
    site = db.session.get(Site, entry.site_id)
    if site is None or site.member_id != need.member_id:
        raise Refused("foreign_site", _("Choose one of your own delivery places."), "site_id")
    if entry.paid_since is not None and entry.paid_since > today:
        raise Refused("paid_later", _("A price paid today started today or before."), "paid_since")
    if entry.wanted_on is not None and entry.wanted_on < today:
        raise Refused("wanted_past", _("Choose a day that is still to come."), "wanted_on")
    months = need.campaign.contract_months
    if not rules.period_quantity(entry.quantity, entry.basis is Basis.YEAR, months):
        raise Refused(
            "too_little",
            _("Over %(months)s months this comes to nothing.", months=months),
            "quantity",
        )
    _check_evidence(need, entry)
    others = (
        (one.item_id, one.site_id) for one in need.lines if one is not line and one.words is None
    )
    if entry.words is None and (line.item_id, entry.site_id) in others:
        raise Refused(
            "same_item_and_site",
            _("This item is already declared for this place: change its quantity instead."),
            "site_id",
        )


def check_words(line: NeedLine, entry: LineEntry) -> None:
    """Check that a free line keeps words and a unit, and that no other line gets them."""
    for field, is_given in (("words", entry.words), ("own_unit", entry.own_unit)):
        if line.words is not None and not is_given:
            raise Refused("words_needed", _("Say it in your own words."), field)
        if line.words is None and is_given:
            raise Refused("no_words", _("An item of the catalogue has its own words."), field)


def _check_evidence(need: Need, entry: LineEntry) -> None:
    if entry.evidence_id is None:
        return
    of_need = (Document.id == entry.evidence_id) & (Document.need_id == need.id)
    if db.session.scalar(select(Document.id).where(of_need)) is None:
        raise Refused("foreign_evidence", _("Choose a file of this need."), "evidence_id")
