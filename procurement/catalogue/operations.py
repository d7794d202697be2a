"""The acts of this room: items are added and changed, never removed."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from flask_babel import lazy_gettext as _

from procurement.catalogue import queries, rules
from procurement.catalogue.models import Cpv, Family, Item, Unit
from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.errors import Refused, Stale


class Described(NamedTuple):
    """What may be said of an item at any time. The price is net of VAT, of one unit."""

    designation: str
    specification: str
    #: None takes the code of the family.
    cpv_id: int | None
    pack_size: int
    vat_rate: Decimal
    indicative_price: Decimal | None
    priced_on: date | None


def add_item(
    family_id: int, unit: Unit, described: Described, *, actor: Actor, today: date
) -> Item:
    """Add an item to a family, under the family's next code.

    Raises Refused when the family or the CPV code does not exist, when an item of the family has
    the designation already, and when the price has no day or one that is still to come.
    """
    family = db.session.get(Family, family_id)
    if family is None:
        raise Refused("no_such_family", _("This family does not exist."), "family_id")
    _lock(family)
    item = Item(
        code=rules.next_code(family.code, queries.codes_of(family)), family_id=family.id, unit=unit
    )
    written = _write(item, family, described, today)
    db.session.add(item)
    facts = {"code": item.code, "family": family.code, "unit": unit}
    audit.record(db.session(), actor, "catalogue.add_item", item, **facts, **written)
    return item


def change_item(
    item: Item, version: int, described: Described, *, actor: Actor, today: date
) -> None:
    """Describe an item anew; ``version`` is the one that the person was reading.

    Its code, family and unit stay: quantities were declared in that unit. Raises Stale when
    somebody else changed it since, and Refused as ``add_item`` does.
    """
    _lock(item.family)
    db.session.refresh(item)
    if item.version != version:
        raise Stale
    before = {name: getattr(item, name) for name in Described._fields}
    after = _write(item, item.family, described, today)
    changes = {name: (old, after[name]) for name, old in before.items() if old != after[name]}
    if changes:
        audit.record(db.session(), actor, "catalogue.change_item", item, **changes)


def _lock(family: Family) -> None:
    """Keep the family: its next code and its designations are looked up before one is written."""
    db.session.refresh(family, with_for_update=True)


def _write(item: Item, family: Family, described: Described, today: date) -> dict[str, object]:
    """Write the description; give it as it is written."""
    _check_price(described, today)
    cpv_id = described.cpv_id or family.cpv_id
    if db.session.get(Cpv, cpv_id) is None:
        raise Refused("no_such_cpv", _("This CPV code is not in the vocabulary."), "cpv_id")
    taken = queries.same_item(family.id, described.designation, but=item.id)
    if taken:
        sentence = _("%(code)s of this family already has this designation.", code=taken)
        raise Refused("designation_taken", sentence, "designation")
    priced_on = None if described.indicative_price is None else described.priced_on
    written = described._replace(cpv_id=cpv_id, priced_on=priced_on)._asdict()
    for name, value in written.items():
        setattr(item, name, value)
    item.search_text = rules.search_text(item.code, item.designation, item.specification)
    return written


def _check_price(described: Described, today: date) -> None:
    if described.indicative_price is None:
        return
    if described.priced_on is None:
        raise Refused("price_without_day", _("Say on which day this was the price."), "priced_on")
    if described.priced_on > today:
        raise Refused("price_to_come", _("This day is still to come."), "priced_on")
