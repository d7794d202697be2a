"""Drawings: the same shapes on paper and on the page, losses left of zero, no inline style."""

import re
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from pypdf import PdfReader
from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.pdfbase.pdfmetrics import stringWidth

from procurement import web
from procurement.kernel import charts, paper
from procurement.kernel.charts import Bar, Key, Row

WIDTH = 300.0


def bar(value: str, **look: object) -> Bar:
    return Bar(Decimal(value), f"{value}\u00a0€", **look)  # type: ignore[arg-type]  # as Bar takes it


def drawn(*values: str) -> Drawing:
    return charts.bars([Row(f"Ligne {value}", [bar(value)]) for value in values], WIDTH)


def shapes(drawing: Drawing, kind: type) -> list[Any]:
    return [shape for shape in drawing.contents if isinstance(shape, kind)]


def test_bars_are_as_long_as_their_amounts() -> None:
    long, short = shapes(drawn("1000", "250"), Rect)
    assert long.width == pytest.approx(4 * short.width)
    assert long.x == short.x == 0


def test_a_loss_goes_left_of_zero_and_is_not_clipped() -> None:
    drawing = drawn("1000", "-500", "-2000")
    gain, loss, worst = shapes(drawing, Rect)
    zero = shapes(drawing, Line)[0].x1
    assert gain.x == zero
    assert loss.x + loss.width == pytest.approx(zero)
    assert worst.x == pytest.approx(0)
    assert worst.width == pytest.approx(2 * gain.width) == pytest.approx(4 * loss.width)


def test_a_whisker_goes_from_the_lowest_to_the_highest_that_a_bar_may_be() -> None:
    spans = [(Decimal(-500), Decimal(1500)), (Decimal(200), Decimal(200))]
    rows = [Row("Plan", [bar("1000", span=span)]) for span in spans]
    drawing = charts.bars(rows, WIDTH)
    box = shapes(drawing, Rect)[0]
    across, low, high, *_zeros = shapes(drawing, Line)
    assert (across.x1, across.x2) == (low.x1, high.x1)
    assert across.x1 == pytest.approx(0)
    assert across.x2 - across.x1 == pytest.approx(2 * box.width)
    # Where nothing is uncertain there is none, only the line of zero.
    assert len(shapes(drawing, Line)) == 5


def test_a_curve_goes_by_factors_across_and_from_zero_up() -> None:
    line = [(Decimal(x), Decimal(y)) for x, y in ((1, 40), (10, 20), (100, 10))]
    axis = charts.Axis("Quantité", "1", "100"), charts.Axis("Prix", "0", "40")
    drawing = charts.curve(line, [(Decimal(10), Decimal(30))], WIDTH, *axis)
    (mark,) = shapes(drawing, Rect)
    across, _up, first, second = shapes(drawing, Line)
    assert first.x2 - first.x1 == pytest.approx(second.x2 - second.x1)
    assert first.y1 - across.y1 == pytest.approx(4 * (second.y2 - across.y1))
    assert mark.x + mark.width / 2 == pytest.approx(first.x2)
    assert "Quantité" in charts.svg(drawing, "Courbe", "Prix par quantité")


def test_every_bar_has_its_figure_and_every_row_its_label() -> None:
    texts = [text.text for text in shapes(drawn("1000", "-500", "0"), String)]
    expected = [(f"Ligne {value}", f"{value}\u00a0€") for value in ("1000", "-500", "0")]
    assert texts == [text for pair in expected for text in pair]


def test_a_share_stands_on_a_track_as_long_as_the_whole() -> None:
    rows = [Row(f"Part {value}", [bar(value)]) for value in ("25", "100", "0")]
    drawing = charts.shares(rows, WIDTH)
    track, quarter, _track, whole, last = shapes(drawing, Rect)
    assert quarter.width == pytest.approx(track.width / 4)
    assert whole.width == pytest.approx(track.width)
    # Nobody yet: the track alone.
    assert last.width == pytest.approx(track.width)
    texts = [text.text for text in shapes(drawing, String)]
    assert texts == [
        text for value in ("25", "100", "0") for text in (f"Part {value}", f"{value}\u00a0€")
    ]
    assert charts.shares([], WIDTH).contents == []


def test_nothing_is_drawn_for_nothing() -> None:
    drawing = drawn("0", "0")
    assert shapes(drawing, Rect) == []
    assert len(shapes(drawing, Line)) == 2
    assert charts.bars([], WIDTH).contents == []


def test_everything_stays_inside() -> None:
    rows = [Row("Une famille au nom sans fin, " * 9, [bar("123456789.12"), bar("-98765432.10")])]
    drawing = charts.bars(rows, WIDTH, [Key("Avant", is_hollow=True), Key("Après")])
    for box in shapes(drawing, Rect):
        assert 0 <= box.x <= box.x + box.width <= WIDTH
        assert 0 <= box.y <= box.y + box.height <= drawing.height
    for text in shapes(drawing, String):
        length = stringWidth(text.text, paper.VERA, text.fontSize)
        start = text.x - length if text.textAnchor == "end" else text.x
        assert -0.01 <= start <= start + length <= WIDTH + 0.01
    assert any(text.text.endswith("…") for text in shapes(drawing, String))


def test_what_is_compared_with_is_hollow() -> None:
    row = Row("x", [bar("2", is_hollow=True), bar("1", colour="78")])
    hollow, full = shapes(charts.bars([row], WIDTH), Rect)
    assert hollow.fillColor.hexval() == "0xffffff"
    assert full.fillColor.hexval() == "0x1d4a94" == full.strokeColor.hexval()


def test_the_colours_are_those_of_the_pages() -> None:
    style = (Path(web.__file__).parent / "static" / "app.css").read_text()
    tokens = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", style))
    names = {"accent": "accent", "quiet": "quiet", "78": "dep-78", "92": "dep-92"}
    assert {name: tokens[token] for name, token in names.items()} == charts.COLOURS
    assert f"#{paper.ACCENT.hexval()[2:]}" == tokens["accent"]
    assert f"#{paper.INK.hexval()[2:]}" == tokens["ink"]


def test_the_svg_shows_the_same_shapes_and_scales() -> None:
    drawing = drawn("1000", "-500")
    root = etree.fromstring(charts.svg(drawing, "Titre & <suite>", "Ce que l’on voit"))
    assert root.get("viewBox") == f"0 0 {WIDTH:.2f} {drawing.height:.2f}"
    assert root.get("role") == "img"
    assert (root.findtext("title"), root.findtext("desc")) == (
        "Titre & <suite>",
        "Ce que l’on voit",
    )
    for kind, name in ((Rect, "rect"), (Line, "line"), (String, "text")):
        assert len(root.findall(name)) == len(shapes(drawing, kind))
    for box, found in zip(shapes(drawing, Rect), root.findall("rect"), strict=True):
        assert float(found.get("width", "")) == pytest.approx(box.width, abs=0.01)
        top = drawing.height - box.y - box.height
        assert float(found.get("y", "")) == pytest.approx(top, abs=0.01)


def test_the_svg_carries_nothing_that_the_policy_forbids() -> None:
    rows = [Row('<script>alert("x")</script> & "suite"', [bar("12")])]
    text = charts.svg(charts.bars(rows, WIDTH, [Key("<b>")]), "<i>", "</desc>")
    assert "<script" not in text
    names = {name for one in etree.fromstring(text).iter() for name in one.attrib}
    assert names.isdisjoint({"style", "onload", "href", "class"})


def test_the_paper_takes_the_drawing_as_vectors() -> None:
    cover = paper.Cover(paper.Letterhead("Centrale"), "T", "S", "R", "D", "fr")
    document = PdfReader(BytesIO(paper.build(cover, [drawn("1000", "-500")])))
    assert len(document.pages[0].images) == 0
    assert "Ligne -500" in document.pages[0].extract_text()
