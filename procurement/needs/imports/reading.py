"""The sheets of a workbook of needs, and its rows as columns of what they mean."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask_babel import force_locale
from marshmallow import ValidationError

from procurement.config import DEFAULTS
from procurement.kernel import intake, language
from procurement.kernel.intake import Cell
from procurement.needs import layout
from procurement.needs.schemas import LineInput

_FIGURES = ("quantity", "paid_price", "wanted_on", "paid_since")


@dataclass(frozen=True, slots=True)
class Body:
    """What a workbook says of a body: which answer it holds, as it was then."""

    siren: str
    label: str
    version: str
    figure: str
    campaign_id: str
    made_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sent:
    """A workbook as it was sent. ``columns`` are those of the lines, by what they hold."""

    bodies: dict[str, Body]
    columns: Mapping[str, Sequence[Cell]]
    #: Number of each row in its sheet.
    rows: Sequence[int]


def sent(content: bytes) -> Sent:
    """Read a workbook in any of the platform's languages. Raises Unreadable."""
    mine = language.current()
    try:
        return _sent(*intake.read(content, *_tables()))
    except intake.Unreadable as refusal:
        # The names of its sheets tell in which language it was made.
        for locale in set(DEFAULTS["LANGUAGES"]) - {mine}:
            with force_locale(locale):
                tables = _tables()
            if _is_made_of(content, tables):
                return _sent(*intake.read(content, *tables))
        raise refusal from None


def _is_made_of(content: bytes, tables: Sequence[intake.Table]) -> bool:
    try:
        intake.read(content, *(intake.Table(table.sheet) for table in tables))
    except intake.Unreadable as refusal:
        return not any(one.row is None for one in refusal.faults)
    return True


def _tables() -> tuple[intake.Table, intake.Table]:
    row = layout.HEADING_ROW
    return (
        intake.Table(layout.bodies_sheet(), layout.body_headings(), row),
        intake.Table(layout.lines_sheet(), tuple(layout.headings().values()), row),
    )


def _sent(bodies: intake.Rows, lines: intake.Rows) -> Sent:
    names = tuple(layout.headings())
    # The number of a line and what was wrong with it are nothing that somebody typed.
    rows = [
        number
        for number, row in enumerate(lines.rows)
        if any(row[1:-1]) or any(cell == 0 for cell in row[1:-1])
    ]
    kept = [lines.rows[number] for number in rows]
    columns: list[Sequence[Cell]] = list(zip(*kept, strict=True)) if kept else [()] * len(names)
    return Sent(
        {one.siren: one for one in map(_body, bodies.rows) if one.siren},
        dict(zip(names, columns, strict=True)),
        [number + lines.first for number in rows],
    )


def _body(row: Sequence[Cell]) -> Body:
    label, _need, version, figure, _lines, campaign, made_at = map(intake.text_of, row)
    moment = None
    with suppress(ValueError):
        moment = datetime.fromisoformat(made_at).astimezone(UTC)
    number = campaign.partition(layout.BETWEEN)[0].strip()
    return Body(siren_of(label), label, version, figure.strip().upper(), number, moment)


def siren_of(text: str) -> str:
    """Give the SIREN that a body's name starts with; a spreadsheet may have eaten its zeros."""
    digits = text.partition(layout.BETWEEN)[0].replace(" ", "")
    return digits.zfill(9) if digits.isascii() and digits.isdigit() else ""


def notes(file: Sent) -> Iterator[tuple[int, str, str, str]]:
    """Say which texts were read as numbers and dates: row, column, what was typed, what it is."""
    schema = LineInput()
    for name in _FIGURES:
        known: dict[Cell, str] = {}
        for cell in set(file.columns[name]):
            if isinstance(cell, str) and cell.strip():
                with suppress(ValidationError):
                    value = schema.fields[name].deserialize(cell)
                    known[cell] = _shown(value)
        if known:
            for row, cell in zip(file.rows, file.columns[name], strict=True):
                if cell in known:
                    yield row, name, str(cell), known[cell]


def _shown(value: Any) -> str:
    return language.day(value) if hasattr(value, "year") else language.typed(value)
