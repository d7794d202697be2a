"""Two people in one line: what each wrote, in words, side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _

from procurement.kernel import language, money
from procurement.kernel.forms import Form
from procurement.needs.queries import LineChange

Choices = Mapping[str, Mapping[Any, object]]

#: The fields of a line as the form calls them.
LABELS = {
    "words": _("What you need, in your own words"),
    "own_unit": _("Counted in"),
    "quantity": _("Quantity"),
    "basis": _("This quantity is"),
    "site_id": _("Delivered to"),
    "new_place": _("Name of the new place"),
    "wanted_on": _("Wanted by"),
    "strength": _("How sure is it?"),
    "paid_price": _("Unit price paid today"),
    "paid_since": _("Since"),
    "evidence_id": _("Invoice or other evidence"),
    "file": _("Send a file"),
    "remark": _("Remark"),
}
_DAYS = frozenset({"wanted_on", "paid_since"})
_NUMBERS = frozenset({"quantity", "paid_price"})
_OF_JOURNAL = {"declared_quantity": "quantity"}


@dataclass(frozen=True, slots=True)
class Difference:
    """A field with two values, as people read them."""

    label: object
    first: object
    second: object


def differences(saved: Form, typed: Form, choices: Choices) -> list[Difference]:
    """List the fields in which what is saved now and what was typed differ."""
    pairs = ((name, saved.value(name), typed.value(name)) for name in LABELS)
    return [
        Difference(LABELS[name], _read(name, first, choices), _read(name, second, choices))
        for name, first, second in pairs
        if not _is_same(name, str(first).strip(), str(second).strip())
    ]


def changed(change: LineChange, choices: Choices) -> list[Difference]:
    """List what somebody changed, before and after."""
    return [
        Difference(LABELS[name], _read(name, before, choices), _read(name, after, choices))
        for kept, (before, after) in change.changes.items()
        if (name := _OF_JOURNAL.get(kept, kept)) in LABELS
    ]


def _is_same(name: str, first: str, second: str) -> bool:
    if name in _NUMBERS and first and second:
        try:
            return money.parsed(first) == money.parsed(second)
        except ValueError:
            return False
    return first == second


def _read(name: str, value: object, choices: Choices) -> object:
    text = "" if value is None else str(value)
    if name in choices:
        return next((label for key, label in choices[name].items() if str(key) == text), text)
    if name in _DAYS:
        try:
            return language.day(date.fromisoformat(text))
        except ValueError:
            return text
    return text
