"""What a workbook would change, line by line, before anything is written."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from flask_babel import lazy_gettext as _

from procurement.kernel import intake
from procurement.kernel.errors import Refused
from procurement.kernel.sheets import Cell
from procurement.needs.imports.matching import (
    check_days,
    check_families,
    check_numbers,
    check_places,
    check_quantities,
    match,
)
from procurement.needs.imports.meaning import Typed, understood
from procurement.needs.imports.reading import Body, Sent
from procurement.needs.layout import Refusal
from procurement.needs.models import Campaign, NeedState, Strength
from procurement.needs.queries import Answer, Choices, Written

_EDITABLE = (None, NeedState.DRAFT, NeedState.RETURNED)


class Change(NamedTuple):
    """A line that would be added, changed or removed; ``row`` is 0 for one that no row names."""

    row: int
    answer: Answer
    line_id: int | None
    before: Written | None
    after: Written | None


@dataclass(frozen=True, slots=True)
class Barred:
    """An answer in which the file may write nothing, why, and since when it is out of date."""

    answer: Answer
    sentence: object
    stale_since: datetime | None


Barrier = Callable[[Answer, Body], Barred | None]


@dataclass
class Plan:
    """What a workbook would do, in its own order."""

    file: Sent
    typed: Typed
    #: Positions of the rows that are new lines.
    fresh: list[int] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    removed: list[Change] = field(default_factory=list)
    unchanged: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    barred: list[Barred] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many lines are of each kind."""
        return {
            "new": len(self.fresh),
            "changed": len(self.changed),
            "removed": len(self.removed),
            "unchanged": self.unchanged,
            "refused": len(self.refusals),
        }

    @cached_property
    def new(self) -> list[Change]:
        """The lines that would be added."""
        rows, typed = self.file.rows, self.typed
        found = ((one, typed.answers[one]) for one in self.fresh)
        return [
            Change(rows[one], answer, None, None, Written._make(typed.values[one]))
            for one, answer in found
            if answer
        ]

    @property
    def changes(self) -> list[Change]:
        """All that would be written."""
        return [*self.removed, *self.changed, *self.new]


def planned(
    file: Sent,
    campaign: Campaign,
    answers: Sequence[Answer],
    choices: Choices,
    *,
    member_id: int | None,
    today: date,
) -> Plan:
    """Compare a workbook with the answers that its sender, of body ``member_id``, may write.

    Raises Refused ``other_campaign`` when it was made for another one.
    """
    for body in file.bodies.values():
        if body.campaign_id != str(campaign.id):
            sentence = _("This file was made for another campaign. Download the one of this one.")
            raise Refused("other_campaign", sentence, "file")
    concerned = [one for one in answers if one.siren in file.bodies]
    standing = {line: one for one in concerned for line in one.lines}
    typed = understood(file, concerned, choices, campaign.commitment is Strength.FIRM)
    check_numbers(typed, standing, file.rows)
    claimed = match(typed)
    check_families(typed, standing, choices)
    check_days(typed, standing, today)
    check_quantities(typed, campaign.contract_months)
    check_places(typed, standing)
    plan = _compared(file, typed)
    plan.removed = [
        Change(0, answer, line, answer.lines[line], None)
        for line, answer in standing.items()
        if line not in claimed
    ]
    _bar(plan, file, typed, _barrier(campaign, member_id, today))
    plan.refusals += _refusals(file, typed)
    plan.refusals.sort(key=lambda one: one.row)
    return plan


def _compared(file: Sent, typed: Typed) -> Plan:
    plan = Plan(file, typed)
    columns = zip(typed.answers, typed.lines, typed.values, strict=True)
    for position, (answer, line, after) in enumerate(columns):
        if position in typed.faults or answer is None:
            continue
        if line is None:
            plan.fresh.append(position)
        elif (before := answer.lines[line]) == after:
            plan.unchanged += 1
        else:
            change = Change(file.rows[position], answer, line, before, Written._make(after))
            plan.changed.append(change)
    return plan


def _bar(plan: Plan, file: Sent, typed: Typed, barrier: Barrier) -> None:
    """Refuse what would be written where nothing may be written now."""
    touched = {one.answer.siren: one.answer for one in (*plan.changed, *plan.removed)}
    for owner in {
        id(one): one for position in plan.fresh if (one := typed.answers[position])
    }.values():
        touched[owner.siren] = owner
    found = (barrier(one, file.bodies[siren]) for siren, one in touched.items())
    barred = {one.answer.member_id: one for one in found if one}
    if not barred:
        return
    plan.barred = list(barred.values())
    positions = {row: position for position, row in enumerate(file.rows)}
    refused = [*plan.fresh, *(positions[one.row] for one in plan.changed)]
    for position in refused:
        answer = typed.answers[position]
        if answer and answer.member_id in barred:
            typed.faults[position] = {"member": [str(barred[answer.member_id].sentence)]}
    plan.fresh = [one for one in plan.fresh if one not in typed.faults]
    plan.changed = [one for one in plan.changed if one.answer.member_id not in barred]
    plan.removed = [one for one in plan.removed if one.answer.member_id not in barred]


def _barrier(campaign: Campaign, member_id: int | None, today: date) -> Barrier:
    """Tell of an answer why nothing may be written in it, as a form would; None when it may."""

    def barred(answer: Answer, body: Body) -> Barred | None:
        if not campaign.takes_answers(today):
            return Barred(answer, _closed(campaign), None)
        if answer.state not in _EDITABLE:
            return Barred(answer, _FROZEN, None)
        if answer.is_objected and answer.member_id != member_id:
            return Barred(answer, _OBJECTED, None)
        is_same = answer.figure == body.figure
        return None if is_same else Barred(answer, _stale(answer, body), body.made_at)

    return barred


_FROZEN = _("This need was submitted and no longer changes, unless its approver returns it.")
_OBJECTED = _("This member objects to what was entered for it, and takes its need over itself.")


def _closed(campaign: Campaign) -> object:
    return _(
        "This campaign takes no answers today: it is open from %(first)s to %(last)s.",
        first=f"{campaign.opens_on:%d/%m/%Y}",
        last=f"{campaign.closes_on:%d/%m/%Y}",
    )


def _stale(answer: Answer, body: Body) -> object:
    return _(
        "This need has changed since the file was made: it was version %(then)s, it is now "
        "version %(now)s. Download it again and enter your changes there.",
        then=body.version,
        now=answer.version,
    )


def _refusals(file: Sent, typed: Typed) -> Iterable[Refusal]:
    for position, faults in typed.faults.items():
        answer = typed.answers[position]
        yield Refusal(
            file.rows[position],
            _row_as_typed(file, position),
            faults,
            typed.lines[position] if answer else None,
            answer.member_id if answer else None,
        )


def rows_as_typed(
    plan: Plan, member_ids: Iterable[int]
) -> dict[int, list[tuple[int, Mapping[str, Cell]]]]:
    """Give the rows of these bodies as they were typed, each with its number, by the body's id."""
    found: dict[int, list[tuple[int, Mapping[str, Cell]]]] = {one: [] for one in member_ids}
    for position, answer in enumerate(plan.typed.answers):
        if answer and answer.member_id in found:
            row = plan.file.rows[position], _row_as_typed(plan.file, position)
            found[answer.member_id].append(row)
    return found


def _row_as_typed(file: Sent, position: int) -> dict[str, Cell]:
    return {name: _as_typed(column[position]) for name, column in file.columns.items()}


def _as_typed(cell: intake.Cell) -> Cell:
    """Give a cell as a workbook takes it again."""
    if isinstance(cell, bool):
        return str(_("TRUE") if cell else _("FALSE"))
    if isinstance(cell, int | float):
        return Decimal(intake.text_of(cell))
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date | str):
        return cell
    return intake.text_of(cell) or None
