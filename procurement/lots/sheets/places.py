"""Where a lot is delivered: by area for firms, or place by place where the buyer chose so."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from flask_babel import gettext as _

from procurement.kernel.database import Query, Record
from procurement.kernel.sheets import WHOLE, Cell, Column, Sheet, Streamed
from procurement.lots import queries, rules
from procurement.lots.models import Lot
from procurement.lots.sheets.common import format_of, titled, unit_of

#: A département, and within it an intercommunality, the start of postcodes, or what is left.
_Key = tuple[str, int | str | None]


def places_by_area(lot: Lot, lines: Sequence[Record]) -> Sheet:
    """Make the table of places and quantities by area: no name of it gives a member away."""
    name = _("Delivery places")
    said = _("An area whose name would tell who is delivered to is told by its postcodes.")
    columns = [
        Column(_("Département"), 14),
        Column(_("Area"), 36, is_strong=True),
        Column(_("No."), 6, WHOLE),
        Column(_("Code"), 13),
        Column(_("Item"), 44),
        Column(_("Unit"), 13),
        Column(_("Places"), 9, WHOLE),
        Column(_("Quantity"), 13, format_of(lines)),
    ]
    title = titled(lot, name, said)
    return Sheet(
        name, title, columns, list(_by_area(lot, lines)), frozen_columns=2, is_filtered=True
    )


def named_places(lot: Lot, lines: Sequence[Record]) -> Sheet:
    """Make the table of every place with its member and address, line by line."""
    name = _("Delivery places")
    columns = [
        Column(_("Département"), 14),
        Column(_("Intercommunality"), 24),
        Column(_("Member"), 26, is_strong=True),
        Column(_("Delivery place"), 26),
        Column(_("Address"), 30),
        Column(_("Postcode"), 10),
        Column(_("Town"), 20),
        Column(_("No."), 6, WHOLE),
        Column(_("Code"), 12),
        Column(_("Item"), 36),
        Column(_("Unit"), 12),
        Column(_("Quantity"), 13, format_of(lines)),
    ]
    found = queries.named_places(lot)
    kept = queries.stock(queries.of_lot(lot))
    rows = Streamed(queries.count_of(found) + len(kept), _named(found, kept, lines))
    return Sheet(name, titled(lot, name), columns, rows, frozen_columns=3, is_filtered=True)


def _by_area(lot: Lot, lines: Sequence[Record]) -> Iterator[tuple[Cell, ...]]:
    areas = [rules.Area(*row) for row in queries.areas(lot)]
    named = rules.may_be_named(areas, queries.delivered_to(lot))
    bodies = [rules.Body(*row) for row in queries.bodies(lot)]
    coded = rules.may_be_coded(bodies, named, queries.communes_by_start())
    folded: dict[tuple[_Key, int], tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))
    for row in queries.places_by_area(lot):
        shown: _Key = (row.departement, None)
        if (row.departement, row.area_id) in named:
            shown = (row.departement, row.area_id)
        elif (row.departement, row.start) in coded:
            shown = (row.departement, row.start)
        places, quantity = folded[shown, row.line_id]
        folded[shown, row.line_id] = places + row.places, quantity + row.quantity
    for key, label in _labels(areas, named, coded).items():
        for line in lines:
            if (key, line.id) in folded:
                yield key[0], label, *_item(line), *folded[key, line.id]
    known = {line.id: line for line in lines}
    for line_id, quantity in queries.stock(queries.of_lot(lot)):
        yield None, _("Stock of the centrale"), *_item(known[line_id]), None, quantity


def _labels(
    areas: Sequence[rules.Area], named: set[tuple[str, int | None]], coded: set[tuple[str, str]]
) -> Mapping[_Key, str]:
    """Name the areas in their order, then the postcodes; what is left of a département is last."""
    labels: dict[_Key, str] = {}
    for code in rules.DEPARTEMENTS:
        told: dict[_Key, str] = {
            (code, area.id): area.name or ""
            for area in areas
            if area.departement == code and (code, area.id) in named
        }
        for departement, start in sorted(coded):
            if departement == code:
                told[code, start] = _("Postcodes that start with %(start)s", start=start)
        labels |= told
        rest = _("Elsewhere in département %(code)s", code=code)
        labels[code, None] = rest if told else _("Département %(code)s", code=code)
    return labels


def _named(
    found: Query, kept: Sequence[Record], lines: Sequence[Record]
) -> Iterator[tuple[Cell, ...]]:
    names = queries.member_names()
    labels = {line.id: _item(line) for line in lines}
    for departement, area_id, member_id, line_id, *place, quantity in queries.streamed(found):
        area, member = names.get(area_id), names[member_id]
        yield departement, area, member, *place, *labels[line_id], quantity
    whose = _("Stock of the centrale")
    for line_id, quantity in kept:
        yield None, None, whose, *[None] * 4, *labels[line_id], quantity


def _item(line: Record) -> tuple[Cell, ...]:
    return line.position, line.code, line.designation, unit_of(line.unit)
