"""Columns of a sheet through the fields of a form: the same answers as row by row, much sooner.

A column repeats itself: each of its distinct values is loaded once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, ValidationError, missing

from procurement.kernel.forms import messages_of
from procurement.kernel.intake import Cell, text_of

#: By row, then by field: the sentences about what is wrong there.
Faults = dict[int, dict[str, list[str]]]


def loaded(
    schema: Schema, columns: Mapping[str, Sequence[Cell]], faults: Faults
) -> dict[str, list[Any]]:
    """Load columns of cells as ``schema`` loads rows of them; what is wrong goes to ``faults``.

    A wrong value is None in the answer. Rules between fields are not asked: see
    :func:`check_rows`.
    """
    return {
        name: mapped(column, _loader(schema.fields[name]), name, faults)
        for name, column in columns.items()
    }


def check_rows(
    schema: Schema,
    columns: Mapping[str, Sequence[Cell]],
    rows: Sequence[int],
    faults: Faults,
    **given: object,
) -> None:
    """Ask the rules between the fields about these rows, those that may break one.

    ``given`` are values that each row has besides, which its sheet says in another way.
    """
    for row in rows:
        if row in faults:
            continue
        texts = {name: text_of(column[row]) for name, column in columns.items()}
        try:
            schema.load({**given, **{name: text for name, text in texts.items() if text.strip()}})
        except ValidationError as fault:
            faults[row] = messages_of(fault)


def mapped(column: Sequence[Cell], load: Any, name: str, faults: Faults) -> list[Any]:
    """Give what ``load`` makes of each text of a column; it raises ValidationError for a wrong one.

    An empty cell is an empty text.
    """
    if not {bool}.isdisjoint(set(map(type, column))):
        # True would be found under 1.
        column = [text_of(cell) if isinstance(cell, bool) else cell for cell in column]
    known: dict[Cell, Any] = {}
    wrong: dict[Cell, list[str]] = {}
    for cell in set(column):
        try:
            known[cell] = load(text_of(cell).strip())
        except ValidationError as fault:
            known[cell], wrong[cell] = None, _sentences(fault)
    if wrong:
        for row, cell in enumerate(column):
            if cell in wrong:
                faults.setdefault(row, {})[name] = wrong[cell]
    return list(map(known.__getitem__, column))


def _loader(field: Any) -> Any:
    return lambda text: field.deserialize(text or missing)


def _sentences(fault: ValidationError) -> list[str]:
    # A lazy sentence is to marshmallow neither a text nor a list, and comes as it is.
    messages = fault.messages
    return [str(one) for one in messages] if isinstance(messages, list) else [str(messages)]
