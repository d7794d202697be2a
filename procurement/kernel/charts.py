"""Drawings of amounts as bars, and of prices as a curve, for the PDF (vector) and the web (SVG).

A row has its label above its bars, and each bar its figure to the right: the picture reads at
phone width and in black, and says nothing by colour or length alone.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal, cast
from xml.sax.saxutils import escape

from markupsafe import Markup
from reportlab.graphics.shapes import Drawing, Line, Rect, Shape, String
from reportlab.lib.colors import HexColor, white
from reportlab.pdfbase.pdfmetrics import stringWidth

from procurement.kernel.paper import INK, QUIET, VERA, printed

#: The accent, one colour for each département, and a neutral one: the same on every page.
COLOURS = {"accent": "#0b5c63", "78": "#1d4a94", "92": "#b4540c", "quiet": "#566070"}

_SIZE, _LABEL, _BAR, _PITCH, _GAP, _LEGEND = 8.5, 12.0, 7.0, 10.0, 7.0, 16.0
#: How high a curve rises, and how large a mark beside it is.
_HIGH, _MARK = 130.0, 4.5
_ZERO = Decimal(0)
#: Pixels for a point: large enough to read, and a phone still shows a narrow drawing whole.
_SCREEN = 1.6


@dataclass(frozen=True, slots=True)
class Bar:
    """An amount, how the reader writes it, and its look; a hollow bar is what is compared with.

    ``span``: the lowest and the highest that the amount may be, drawn as a whisker.
    """

    value: Decimal
    text: str
    colour: str = "accent"
    is_hollow: bool = False
    span: tuple[Decimal, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One or more bars under one label."""

    label: str
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Key:
    """What a look stands for, in the legend."""

    label: str
    colour: str = "accent"
    is_hollow: bool = False


def _width(text: str) -> float:
    return stringWidth(printed(text), VERA, _SIZE)


def _text(x: float, y: float, text: str, anchor: Literal["start", "end"] = "start") -> String:
    look: dict[str, Any] = {"fontName": VERA, "fontSize": _SIZE, "fillColor": INK}
    return String(x, y, printed(text), textAnchor=anchor, **look)


def _box(x: float, y: float, width: float, look: Bar | Key) -> Rect:
    box: Any = Rect(x, y, width, _BAR)
    box.strokeColor, box.strokeWidth = HexColor(COLOURS[look.colour]), 0.8
    box.fillColor = white if look.is_hollow else box.strokeColor
    return cast(Rect, box)


def _shortened(text: str, room: float) -> str:
    while _width(text) > room:
        text = text.removesuffix("…")[:-1] + "…"
    return text


def _legend(keys: Sequence[Key], top: float) -> Iterator[Shape]:
    x = 1.0
    for key in keys:
        yield _box(x, top - _BAR - 1, 12, key)
        yield _text(x + 17, top - _SIZE + 0.5, key.label)
        x += _width(key.label) + 34


def _row(row: Row, top: float, width: float, unit: float, zero: float) -> Iterator[Shape]:
    yield _text(0, top - _SIZE, _shortened(row.label, width))
    for at, bar in enumerate(row.bars):
        y = top - _LABEL - _BAR - at * _PITCH
        long = abs(float(bar.value)) * unit
        if bar.value:
            yield _box(zero - long if bar.value < 0 else zero, y, max(long, 0.5), bar)
        yield from _whisker(bar, y + _BAR / 2, unit, zero)
        yield _text(width, y + 0.5, bar.text, "end")
    foot = top - _LABEL - len(row.bars) * _PITCH + 1
    yield Line(zero, foot, zero, top - _LABEL + 0.5, strokeColor=QUIET, strokeWidth=0.8)


def _whisker(bar: Bar, y: float, unit: float, zero: float) -> Iterator[Shape]:
    if bar.span is None or bar.span[0] == bar.span[1]:
        return
    low, high = (zero + float(end) * unit for end in bar.span)
    look: dict[str, Any] = {"strokeColor": INK, "strokeWidth": 1}
    yield Line(low, y, high, y, **look)
    for end in (low, high):
        yield Line(end, y - _BAR / 2, end, y + _BAR / 2, **look)


def bars(rows: Sequence[Row], width: float, legend: Sequence[Key] = ()) -> Drawing:
    """Draw horizontal bars on one scale, ``width`` points wide. A loss goes left of zero."""
    all_bars = [bar for row in rows for bar in row.bars]
    ends = [end for bar in all_bars for end in bar.span or ()]
    values = [_ZERO, *(bar.value for bar in all_bars), *ends]
    plot = width - max((_width(bar.text) for bar in all_bars), default=0.0) - 8
    # Points for a euro: the only float near money, since each figure is also written out.
    unit = plot / (float(max(values) - min(values)) or 1.0)
    zero = -float(min(values)) * unit
    heights = [_LABEL + len(row.bars) * _PITCH + _GAP for row in rows]
    top = sum(heights) + (_LEGEND if legend else 0.0)
    drawing = Drawing(width, top)
    shapes = list(_legend(legend, top))
    top -= _LEGEND if legend else 0.0
    for row, height in zip(rows, heights, strict=True):
        shapes += _row(row, top, width, unit, zero)
        top -= height
    for shape in shapes:
        drawing.add(shape)
    return drawing


def shares(rows: Sequence[Row], width: float) -> Drawing:
    """Draw bars whose values are percents, each on a track as long as the whole."""
    figures = (_width(bar.text) for row in rows for bar in row.bars)
    plot = width - max(figures, default=0.0) - 8
    high = [_LABEL + len(row.bars) * _PITCH + _GAP for row in rows]
    top = sum(high)
    drawing = Drawing(width, top)
    for row, height in zip(rows, high, strict=True):
        drawing.add(_text(0, top - _SIZE, _shortened(row.label, width)))
        for at, bar in enumerate(row.bars):
            y = top - _LABEL - _BAR - at * _PITCH
            drawing.add(_box(0, y, plot, Key("", bar.colour, is_hollow=True)))
            if bar.value:
                drawing.add(_box(0, y, plot * float(bar.value) / 100, bar))
            drawing.add(_text(width, y + 0.5, bar.text, "end"))
        top -= height
    return drawing


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis measures, and how the reader writes its ends."""

    label: str
    low: str
    high: str


def curve(
    line: Sequence[tuple[Decimal, Decimal]],
    marks: Sequence[tuple[Decimal, Decimal]],
    width: float,
    across: Axis,
    up: Axis,
) -> Drawing:
    """Draw a line and marks around it: across by factors from the least, up from zero.

    Both are (across, up) pairs; what is across is above zero.
    """
    points = [*line, *marks]
    logs = [math.log(x) for x, _y in points]
    least, room = min(logs), max(logs) - min(logs) or 1.0
    tallest = float(max(y for _x, y in points)) or 1.0
    left = max(_width(up.low), _width(up.high)) + 6
    foot, top = 2 * _LABEL, 2 * _LABEL + _HIGH

    def place(point: tuple[Decimal, Decimal]) -> tuple[float, float]:
        share = (math.log(point[0]) - least) / room
        return left + share * (width - left - _BAR), foot + float(point[1]) / tallest * _HIGH

    drawing = Drawing(width, top + _LABEL + _GAP)
    for shape in _axes(left, foot, top, width, across, up):
        drawing.add(shape)
    for start, end in pairwise(place(point) for point in line):
        drawing.add(Line(*start, *end, strokeColor=HexColor(COLOURS["accent"]), strokeWidth=1.5))
    for point in marks:
        drawing.add(_mark(*place(point)))
    return drawing


def _axes(
    left: float, foot: float, top: float, width: float, across: Axis, up: Axis
) -> Iterator[Shape]:
    look: dict[str, Any] = {"strokeColor": QUIET, "strokeWidth": 0.8}
    yield Line(left, foot, width, foot, **look)
    yield Line(left, foot, left, top, **look)
    yield _text(0, top + _GAP, up.label)
    yield _text(left - 4, top - _SIZE / 2, up.high, "end")
    yield _text(left - 4, foot - _SIZE / 2 + 1, up.low, "end")
    yield _text(left, foot - _LABEL, across.low)
    yield _text(width, foot - _LABEL, across.high, "end")
    yield _text(left, 2, across.label)


def _mark(x: float, y: float) -> Rect:
    box: Any = Rect(x - _MARK / 2, y - _MARK / 2, _MARK, _MARK)
    box.strokeColor, box.strokeWidth, box.fillColor = HexColor(COLOURS["92"]), 1, white
    return cast(Rect, box)


def _tone(color: Any) -> str:
    return f"#{color.hexval()[2:]}"


def _element(shape: Any, high: float) -> str:
    # In SVG the vertical axis runs down.
    if isinstance(shape, String):
        return (
            f'<text x="{shape.x:.2f}" y="{high - shape.y:.2f}" text-anchor="{shape.textAnchor}"'
            f' font-size="{shape.fontSize}" fill="{_tone(shape.fillColor)}">'
            f"{escape(shape.text)}</text>"
        )
    line = f'stroke="{_tone(shape.strokeColor)}" stroke-width="{shape.strokeWidth}"'
    if isinstance(shape, Line):
        ends = f'x1="{shape.x1:.2f}" x2="{shape.x2:.2f}"'
        return f'<line {ends} y1="{high - shape.y1:.2f}" y2="{high - shape.y2:.2f}" {line}/>'
    corner = f'x="{shape.x:.2f}" y="{high - shape.y - shape.height:.2f}"'
    size = f'width="{shape.width:.2f}" height="{shape.height:.2f}"'
    return f'<rect {corner} {size} fill="{_tone(shape.fillColor)}" {line}/>'


def svg(drawing: Drawing, title: str, description: str) -> Markup:
    """Write a drawing as SVG for a page: it scales, has a name, and carries no inline style."""
    wide, high = drawing.width, drawing.height
    head = (
        f'<svg role="img" width="{wide * _SCREEN:.0f}" height="{high * _SCREEN:.0f}"'
        f' viewBox="0 0 {wide:.2f} {high:.2f}">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>"
    )
    body = "".join(_element(shape, high) for shape in drawing.contents)
    return Markup(f"{head}{body}</svg>")  # noqa: S704  every text in it was escaped above
