"""Which standing line each row of a workbook is about, and what rows do to each other."""

import operator
from collections.abc import Sequence
from datetime import date

from flask_babel import lazy_gettext as _

from procurement.members.models import COMPETENCE_LABELS
from procurement.needs import rules
from procurement.needs.imports.meaning import Typed
from procurement.needs.models import Basis
from procurement.needs.queries import Answer, Choices, Written

#: Stands for a line that keeps its item and place because its row was refused.
_KEPT = -1


def check_numbers(typed: Typed, standing: dict[int, Answer], rows: Sequence[int]) -> None:
    """Refuse the rows that name a line of another body, none at all, or one named before."""
    first: dict[int, int] = {}
    for position, line in enumerate(typed.lines):
        owner = typed.answers[position]
        if line is None or owner is None:
            continue
        if standing.get(line) is not owner:
            sentence = _("No line of this body has this number. New lines have none.")
        elif first.setdefault(line, position) != position:
            sentence = _(
                "Row %(row)s has this number too. New lines have none.", row=rows[first[line]]
            )
        else:
            continue
        typed.lines[position] = None
        typed.faults.setdefault(position, {})["line"] = [str(sentence)]


#: Item, words, unit and place: what tells a line from the others of its answer.
_key = operator.itemgetter(
    *(Written._fields.index(one) for one in ("item_id", "words", "own_unit", "site_id"))
)


def match(typed: Typed) -> set[int]:
    """Find what stands already for the rows without a number; give the lines that rows name.

    So the same file changes nothing the second time.
    """
    claimed = {line for line in typed.lines if line is not None}
    open_lines: dict[int, dict[tuple[object, ...], list[int]]] = {}
    for answer in {id(one): one for one in typed.answers if one and one.lines}.values():
        kept = open_lines.setdefault(answer.member_id, {})
        for line, written in reversed(answer.lines.items()):
            if line not in claimed:
                kept.setdefault(_key(written), []).append(line)
    if any(open_lines.values()):
        for position, owner in enumerate(typed.answers):
            if owner is None or typed.lines[position] or owner.member_id not in open_lines:
                continue
            same = open_lines[owner.member_id].get(_key(typed.values[position]))
            if same:
                typed.lines[position] = same.pop()
    return claimed | {line for line in typed.lines if line is not None}


def check_families(typed: Typed, standing: dict[int, Answer], choices: Choices) -> None:
    """Refuse items of families that are for other members, but where they stand already."""
    if choices.families is None:
        return
    families = {one.id: one.family_id for one in choices.items}
    named = zip(typed.answers, typed.lines, typed.column("item_id"), strict=True)
    for position, (owner, line, item) in enumerate(named):
        if owner is None or item is None or families[item] in choices.families[owner.member_id]:
            continue
        if line in standing and standing[line].lines[line].item_id == item:
            continue
        sentence = _(
            "This family is for the members that transferred %(competence)s.",
            competence=COMPETENCE_LABELS[choices.reserved[families[item]]],
        )
        typed.faults.setdefault(position, {})["item"] = [str(sentence)]


def check_days(typed: Typed, standing: dict[int, Answer], today: date) -> None:
    """Refuse days that are on the wrong side of today, but where nothing changes."""
    days = (
        ("wanted_on", operator.lt, _("Choose a day that is still to come.")),
        ("paid_since", operator.gt, _("A price paid today started today or before.")),
    )
    for name, is_wrong, sentence in days:
        wrong = {day for day in set(typed.column(name)) if day is not None and is_wrong(day, today)}
        if not wrong:
            continue
        for position, day in enumerate(typed.column(name)):
            if day not in wrong:
                continue
            line = typed.lines[position]
            stands = standing[line].lines[line] if line in standing and line else None
            if stands != typed.values[position]:
                typed.faults.setdefault(position, {})[name] = [str(sentence)]


def check_quantities(typed: Typed, months: int) -> None:
    """Refuse quantities for a year of which a contract of less than one leaves nothing."""
    known = {one for one in set(typed.column("quantity")) if one is not None}
    none = {one for one in known if not rules.period_quantity(one, True, months)}
    if not none:
        return
    pairs = zip(typed.column("quantity"), typed.column("basis"), strict=True)
    for position, (quantity, basis) in enumerate(pairs):
        if quantity in none and basis is Basis.YEAR:
            sentence = _("This comes to nothing over the whole contract.")
            typed.faults.setdefault(position, {})["quantity"] = [str(sentence)]


def check_places(typed: Typed, standing: dict[int, Answer]) -> None:
    """Refuse an item that is declared twice for one place, counting what refused rows leave."""
    pairs = list(zip(typed.column("item_id"), typed.column("site_id"), strict=True))
    named = [pair for pair in pairs if pair[0] is not None]
    if len(set(named)) == len(named) and not (typed.faults and standing):
        return
    holders: dict[tuple[object, ...], int] = {}
    for position in typed.faults:
        _keep(typed, standing, position, holders)
    sentence = str(_("This item is already declared for this place: change its quantity instead."))
    for position, pair in enumerate(pairs):
        if pair[0] is None or position in typed.faults:
            continue
        if holders.setdefault(pair, position) == position:
            continue
        refused = [position]
        while refused:
            one = refused.pop()
            typed.faults[one] = {"site": [sentence]}
            # What stands for it stays, and may be in the way of a row that was taken before.
            refused += _keep(typed, standing, one, holders)


def _keep(
    typed: Typed,
    standing: dict[int, Answer],
    position: int,
    holders: dict[tuple[object, ...], int],
) -> list[int]:
    line = typed.lines[position]
    if line is None or line not in standing:
        return []
    written = standing[line].lines[line]
    if written.item_id is None:
        return []
    before = holders.get((written.item_id, written.site_id), _KEPT)
    holders[written.item_id, written.site_id] = _KEPT
    return [before] if before not in {_KEPT, position} and before not in typed.faults else []
