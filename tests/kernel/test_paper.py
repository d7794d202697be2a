"""Documents on paper: text as typed, totals in place, numbered pages, the same file again."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader
from reportlab.platypus import Flowable

from procurement.kernel import paper

NASTY = "<b>Dupont</b> & Fils 4 < 5 &amp; œuvre"


def cover(**over: object) -> paper.Cover:
    values: dict[str, object] = {
        "letterhead": paper.Letterhead("Centrale d’essai", "12345678900011", "1 rue\n78000 Ville"),
        "title": "Bon de commande",
        "subject": "Pour essai",
        "reference": "2026-00042",
        "dated": "21/11/2026",
        "language": "fr",
    }
    return paper.Cover(**values | over)  # type: ignore[arg-type]  # the defaults fit


def read(story: Sequence[Flowable] = (), **over: object) -> PdfReader:
    return PdfReader(BytesIO(paper.build(cover(**over), story)))


def words(document: PdfReader, page: int = 0) -> str:
    return " ".join(document.pages[page].extract_text().split())


def table(rows: int) -> Flowable:
    columns = [paper.Column("Article", 3, is_number=False), paper.Column("Montant")]
    lines = [(f"Ligne {row}", f"{row},00") for row in range(rows)]
    return paper.ledger(columns, lines, [("Total", "99,00"), ("TVA", "19,80")])


@pytest.mark.parametrize(
    "typed, printed",
    [
        ("1\u202f234,56\u00a0€", "1\u00a0234,56\u00a0€"),
        ("cœur, Œuvre, Ÿ, ≤ 4, « x », l’été…", "cœur, Œuvre, Ÿ, ≤ 4, « x », l’été…"),
        ("non\u2011coupé", "non-coupé"),
        ("e\u0301te\u0301", "été"),
        ("\U0001f600 x", "? x"),
        ("a\nb", "a\nb"),
        (12, "12"),
    ],
)
def test_only_signs_of_the_font_are_printed(typed: object, printed: str) -> None:
    assert paper.printed(typed) == printed


def test_french_amounts_come_out_whole() -> None:
    story = [paper.figures([("Payé", "1\u202f234,56\u00a0€", "net ≤ 2\u202f000\u00a0€")])]
    assert "1 234,56 € net ≤ 2 000 €" in words(read(story))


def test_what_people_type_is_never_markup() -> None:
    columns = [paper.Column(NASTY, is_number=False), paper.Column("N")]
    story = [
        paper.paragraph(NASTY),
        *paper.section(NASTY),
        paper.figures([(NASTY, NASTY, NASTY)]),
        paper.blocks([[(NASTY, "body")]]),
        paper.ledger(columns, [(NASTY, NASTY)], [(NASTY, NASTY)]),
    ]
    head = paper.Letterhead(NASTY, address=NASTY)
    document = read(story, letterhead=head, title=NASTY, subject=NASTY, reference=NASTY, mark=NASTY)
    text = " ".join(words(document, page) for page in range(len(document.pages)))
    assert text.count(NASTY) >= 14
    assert document.metadata is not None
    assert document.metadata.title == NASTY


def test_each_page_says_where_it_belongs() -> None:
    document = read([table(150)], mark="Données inventées")
    pages = len(document.pages)
    assert pages == 4
    for page in range(pages):
        text = words(document, page)
        assert "Centrale d’essai · 2026-00042 · 21/11/2026" in text
        assert f"Page {page + 1} / {pages}" in text
        assert "Données inventées" in text
        # The head of the table comes again on each page.
        assert "Article Montant" in text


@pytest.mark.parametrize("rows", range(30, 50))
def test_totals_stay_with_the_last_row(rows: int) -> None:
    document = read([table(rows)])
    last = words(document, len(document.pages) - 1)
    assert f"Ligne {rows - 1} {rows - 1},00 Total 99,00 TVA 19,80" in last


def test_a_table_may_be_empty() -> None:
    assert "Total 99,00" in words(read([table(0)]))


def test_the_document_describes_itself() -> None:
    document = read()
    known = document.metadata
    assert known is not None
    assert (known.title, known.author, known.subject) == (
        "Bon de commande",
        "Centrale d’essai",
        "Pour essai",
    )
    assert str(document.root_object["/Lang"]) == "fr"
    assert document.viewer_preferences is not None
    assert document.viewer_preferences.display_doctitle
    assert "SIRET 12345678900011" in words(document)


def test_its_fonts_travel_with_it() -> None:
    resources: Any = read().pages[0]["/Resources"]
    fonts = [font.get_object() for font in resources["/Font"].values()]
    vera = [font for font in fonts if "Vera" in font["/BaseFont"]]
    assert len(vera) == 2
    assert all("/FontFile2" in font["/FontDescriptor"] for font in vera)


def test_the_same_content_makes_the_same_file() -> None:
    first = paper.build(cover(), [table(60)])
    paper.build(cover(title="Autre"), [table(3)])
    assert paper.build(cover(), [table(60)]) == first


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("size", [(600, 200), (100, 400), (2000, 100)])
def test_a_logo_keeps_its_shape(kind: str, size: tuple[int, int]) -> None:
    logo = BytesIO()
    Image.new("RGB", size, "teal").save(logo, kind)
    document = read(letterhead=paper.Letterhead("Centrale d’essai", logo=logo.getvalue()))
    assert [image.image.size for image in document.pages[0].images if image.image] == [size]
    assert "Centrale d’essai" in words(document)


def test_a_heading_does_not_stand_alone_at_the_foot_of_a_page() -> None:
    for rows in range(30, 46):
        document = read([table(rows), *paper.section("Suite"), table(2)])
        at = next(page for page in document.pages if "Suite" in page.extract_text())
        assert "Ligne 0" in at.extract_text().partition("Suite")[2]
