"""A planned change, and what happened to a need meanwhile, in words that people read."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from procurement.catalogue.models import Unit
from procurement.kernel import language
from procurement.kernel.database import Record
from procurement.kernel.sheets import Cell
from procurement.needs import layout
from procurement.needs.imports.planning import Change
from procurement.needs.models import BASIS_LABELS, STRENGTH_LABELS, Basis, Strength
from procurement.needs.queries import Choices, Written

#: Characters of what was typed that are shown; the file has the others.
_MOST_TYPED = 120
#: What a line that comes or goes says besides what it is about, which is its name.
_BESIDE = tuple(one for one in Written._fields if one not in {"item_id", "words"})
#: The column that says what each part of a line is.
_COLUMNS = {"item_id": "item", "site_id": "site"}
_WORDS: dict[Any, object] = {**BASIS_LABELS, **STRENGTH_LABELS}
_ACTS = {
    "needs.begin": lazy_gettext("The need was begun."),
    "needs.add_line": lazy_gettext("A line was added: %(what)s."),
    "needs.change_line": lazy_gettext("A line was changed: %(what)s."),
    "needs.remove_line": lazy_gettext("A line was removed: %(what)s."),
    "needs.copy_last": lazy_gettext("Lines of the last campaign were copied."),
    "needs.import_lines": lazy_gettext(
        "Lines were written from a workbook: %(new)s new, %(changed)s changed, %(removed)s removed."
    ),
    "needs.submit": lazy_gettext("The need was submitted."),
    "needs.declare_nil": lazy_gettext("The answer was that nothing is needed."),
    "needs.validate": lazy_gettext("The need was validated."),
    "needs.return_to_author": lazy_gettext("The need went back to its author."),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a line: what it was and what it would be, as text."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A change as the preview shows it."""

    row: int
    body: str
    what: str
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done to a need meanwhile."""

    at: datetime
    name: str
    sentence: str


@dataclass
class Words:
    """The words for what lines name by its id."""

    choices: Choices
    _items: dict[int, str] = field(init=False)
    _sites: dict[int, str] = field(init=False)
    _units: dict[int, Unit] = field(init=False)
    _headings: dict[str, str] = field(default_factory=layout.headings)

    def __post_init__(self) -> None:
        """Read the names."""
        rows = self.choices.items
        self._items = {one.id: layout.item_label(one.code, one.designation) for one in rows}
        self._units = {one.id: one.unit for one in rows}
        self._sites = {one.id: one.name for one in self.choices.sites}

    def shown(self, change: Change) -> Shown:
        """Tell a change: a new or removed line by all that it says, another by what differs."""
        before, after = change.before, change.after
        said = after or before
        parts = [
            Part(self._headings[_COLUMNS.get(name, name)], *pair)
            for name in (Written._fields if before and after else _BESIDE)
            if (pair := (self._text(name, before), self._text(name, after)))[0] != pair[1]
        ]
        what = self._text("item_id", said) or self._text("words", said)
        return Shown(change.row, change.answer.label, what, parts)

    def act(self, entry: Record) -> Act:
        """Tell an entry of the journal."""
        told = json.loads(entry.changes)
        item = told.get("item_id")
        item_id = next((one for one in item if one), None) if isinstance(item, list) else item
        words = told.get("words")
        words = next((one for one in words if one), None) if isinstance(words, list) else words
        what = str(words or self._items.get(item_id or 0, ""))
        sentence = _ACTS.get(entry.verb)
        said = str(sentence) if sentence else _("Something else was done.")
        counts = {kind: told.get(kind, 0) for kind in ("new", "changed", "removed")}
        named = {"what": what, **counts}
        return Act(entry.at, entry.actor_name, said % named if sentence else said)

    def _text(self, name: str, line: Written | None) -> str:
        value = getattr(line, name) if line else None
        if value is None:
            return ""
        if name == "item_id":
            return self._items.get(value, str(value))
        if name == "site_id":
            return self._sites.get(value, str(value))
        return _written(value)


def as_typed(cell: Cell) -> str:
    """Write what somebody typed as its reader would type it, or its beginning."""
    text = "" if cell is None else _written(cell)
    return text if len(text) <= _MOST_TYPED else f"{text[:_MOST_TYPED]}…"


def _written(value: Any) -> str:
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    return str(value)


def _word(value: StrEnum) -> str:
    return str(_WORDS[value])


_WRITERS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (Decimal, language.typed),
    (date, language.day),
    (Basis, _word),
    (Strength, _word),
)
