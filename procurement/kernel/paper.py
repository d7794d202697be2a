"""Documents on paper: letterhead, tables, key figures, page numbers (reportlab).

A stage says what a document holds; how it looks is said here, once. Every text is taken as typed:
``&`` and ``<b>`` in a name print as such. The same content gives the same file, byte for byte.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from flask_babel import lazy_gettext as _
from reportlab import platypus
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

# Vera comes with reportlab and is embedded; its figures all have one width.
VERA, BOLD = "Vera", "VeraBd"
_FONTS = [TTFont(name, f"{name}.ttf") for name in (VERA, BOLD)]
for _font in _FONTS:
    registerFont(_font)

MARGIN, TOP, FOOT = 16 * mm, 15 * mm, 19 * mm
#: Width of what stands between the margins, in points.
WIDTH = A4[0] - 2 * MARGIN
INK, QUIET, RULE = HexColor("#1b2430"), HexColor("#566070"), HexColor("#c3c9d0")
ACCENT, SOFT = HexColor("#0b5c63"), HexColor("#f4f6f7")
_SMALL = 7.5
_SIGNS = str.maketrans("\u202f\u2009\u2011\u2010", "\u00a0\u00a0--")


def _style(size: float, **look: Any) -> ParagraphStyle:
    known = {"fontName": VERA, "textColor": INK, "leading": size * 1.35, **look}
    return ParagraphStyle("", fontSize=size, **known)


STYLES = {
    "title": _style(17, fontName=BOLD, spaceBefore=14, spaceAfter=3),
    "heading": _style(11, fontName=BOLD, spaceBefore=8, spaceAfter=5),
    "body": _style(9, spaceAfter=5),
    "strong": _style(9, fontName=BOLD, spaceAfter=5),
    "note": _style(_SMALL, textColor=QUIET, spaceAfter=4),
    "aside": _style(_SMALL, textColor=QUIET, alignment=TA_RIGHT),
    "figure": _style(12, fontName=BOLD),
    "cell": _style(_SMALL),
    "total": _style(_SMALL, fontName=BOLD),
    "head": _style(_SMALL, fontName=BOLD),
    "number_head": _style(_SMALL, fontName=BOLD, alignment=TA_RIGHT),
}


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who sends the document, as it stood on the document's date. The logo is a PNG or a JPEG."""

    name: str
    siret: str | None = None
    address: str | None = None
    logo: bytes | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """What a document says of itself.

    ``reference`` and ``dated`` stand at its head and at the foot of every page; ``mark`` is a
    warning on top of every page, such as that the figures are invented.
    """

    letterhead: Letterhead
    title: str
    subject: str
    reference: str
    dated: str
    language: str
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. ``width`` is relative to the others'; numbers stand to the right."""

    label: object
    width: float = 1
    is_number: bool = True


def printed(text: object) -> str:
    """Keep to the signs that the font has: narrow spaces become plain ones, an emoji a ``?``."""
    composed = unicodedata.normalize("NFC", str(text)).translate(_SIGNS)
    known = _FONTS[0].face.charToGlyph
    return "".join(sign if ord(sign) in known or sign == "\n" else "?" for sign in composed)


def paragraph(text: object, style: str = "body") -> platypus.Paragraph:
    """Words that wrap; a line break in them is kept. ``style`` is a name in STYLES."""
    return platypus.Paragraph(escape(printed(text)).replace("\n", "<br/>"), STYLES[style])


def section(text: object, room: float = 40 * mm) -> list[platypus.Flowable]:
    """A heading; it goes to the next page when less than ``room`` would follow it."""
    return [platypus.CondPageBreak(room), paragraph(text, "heading")]


def _table(cells: Sequence[list[Any]], widths: Sequence[float], *look: Any) -> platypus.Table:
    whole, flat = ((0, 0), (-1, -1)), [("TOPPADDING", 2), ("BOTTOMPADDING", 2), ("VALIGN", "TOP")]
    plain = [(name, *whole, value) for name, value in [*flat, ("LEFTPADDING", 0)]]
    scale = WIDTH / sum(widths)
    table = platypus.Table(
        cells, [width * scale for width in widths], style=[*plain, *look], repeatRows=1
    )
    table.spaceAfter = 3 * mm
    return table


def blocks(parts: Iterable[Sequence[tuple[object, str]]], *look: Any) -> platypus.Table:
    """Blocks side by side, each a column of (text, style): addresses, facts."""
    cells = [[paragraph(text, style) for text, style in lines] for lines in parts]
    return _table([cells], [1] * len(cells), *look)


def figures(tiles: Iterable[tuple[object, object, object]]) -> platypus.Table:
    """A row of key figures: what it is, the figure, and a remark below it."""
    edges = ("LINEABOVE", (0, 0), (-1, 0), 1.2, INK), ("LINEBELOW", (0, 0), (-1, 0), 0.5, RULE)
    parts = [[(label, "note"), (value, "figure"), (note, "note")] for label, value, note in tiles]
    return blocks(parts, *edges)


def ledger(
    columns: Sequence[Column],
    rows: Sequence[Sequence[object]],
    totals: Sequence[Sequence[object]] = (),
) -> platypus.Table:
    """A table whose head is repeated on each page; the totals stay with the last row."""
    cells: list[list[object]] = [
        [paragraph(one.label, "number_head" if one.is_number else "head") for one in columns]
    ]
    for style, row in [*(("cell", row) for row in rows), *(("total", row) for row in totals)]:
        pairs = zip(columns, row, strict=True)
        cells.append([printed(one) if c.is_number else paragraph(one, style) for c, one in pairs])
    first, last = 1 + len(rows), len(cells) - 1
    look: list[Any] = [
        ("FONT", (0, 1), (-1, -1), VERA, _SMALL, _SMALL * 1.35),
        ("TEXTCOLOR", (0, 0), (-1, -1), INK),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("LINEBELOW", (0, 0), (-1, 0), 1, INK),
        ("LINEBELOW", (0, last), (-1, last), 0.6, INK),
        *(("BACKGROUND", (0, at), (-1, at), SOFT) for at in range(2, first, 2)),
        *(("ALIGN", (at, 1), (at, -1), "RIGHT") for at, c in enumerate(columns) if c.is_number),
    ]
    if totals:
        look.append(("FONT", (0, first), (-1, -1), BOLD, _SMALL, _SMALL * 1.35))
        look.append(("LINEABOVE", (0, first), (-1, first), 0.6, INK))
        look.append(("NOSPLIT", (0, max(1, first - 1)), (-1, -1)))
    return _table(cells, [one.width for one in columns], *look)


def _opening(cover: Cover) -> list[platypus.Flowable]:
    head = cover.letterhead
    where = head.address or ""
    siret = _("SIRET %(number)s", number=head.siret) if head.siret else ""
    cells: list[Any] = [
        [paragraph(head.name, "heading"), paragraph(f"{where}\n{siret}".strip(), "note")],
        paragraph(f"{cover.reference}\n{cover.dated}", "aside"),
    ]
    widths = [WIDTH * 0.6, WIDTH * 0.4]
    if head.logo:
        wide, high = ImageReader(BytesIO(head.logo)).getSize()
        scale = min(14 * mm / high, 40 * mm / wide)
        cells.insert(0, platypus.Image(BytesIO(head.logo), wide * scale, high * scale))
        widths = [wide * scale + 6 * mm, WIDTH * 0.6 - wide * scale - 6 * mm, WIDTH * 0.4]
    edge = ("LINEBELOW", (0, 0), (-1, 0), 1.5, ACCENT)
    named = [paragraph(cover.title, "title"), paragraph(cover.subject)]
    return [_table([cells], widths, edge), *named]


class _End(platypus.Flowable):
    """The end of the story, where the number of pages is known; every foot refers to it."""

    def draw(self) -> None:
        self.canv.beginForm("pages")
        self.canv.setFont(VERA, _SMALL)
        self.canv.setFillColor(QUIET)
        self.canv.drawString(0, 0, str(self.canv.getPageNumber()))
        self.canv.endForm()


def _foot(canvas: Canvas, cover: Cover) -> None:
    canvas.saveState()
    canvas.setStrokeColor(RULE)
    canvas.line(MARGIN, FOOT - 4 * mm, MARGIN + WIDTH, FOOT - 4 * mm)
    canvas.setFont(VERA, _SMALL)
    canvas.setFillColor(QUIET)
    canvas.drawCentredString(A4[0] / 2, A4[1] - 9 * mm, printed(cover.mark or ""))
    low, end = FOOT - 8 * mm, MARGIN + WIDTH - stringWidth("000", VERA, _SMALL)
    named = f"{cover.letterhead.name} · {cover.reference} · {cover.dated}"
    canvas.drawString(MARGIN, low, printed(named))
    canvas.drawRightString(end, low, f"{_('Page')} {canvas.getPageNumber()} / ")
    canvas.translate(end, low)
    canvas.doForm("pages")
    canvas.restoreState()


def build(cover: Cover, story: Sequence[platypus.Flowable]) -> bytes:
    """Make the PDF of a document from its cover and what follows it."""
    out = BytesIO()
    author = cover.letterhead.name
    document = platypus.BaseDocTemplate(
        out,
        pagesize=A4,
        title=cover.title,
        subject=cover.subject,
        author=author,
        creator=author,
        lang=cover.language,
        displayDocTitle=True,
        invariant=1,
    )
    frame = platypus.Frame(MARGIN, FOOT, WIDTH, A4[1] - TOP - FOOT, 0, 0, 0, 0)
    page = platypus.PageTemplate(frames=[frame], onPage=lambda canvas, _doc: _foot(canvas, cover))
    document.addPageTemplates(page)
    document.build([*_opening(cover), *story, _End()])
    return out.getvalue()
