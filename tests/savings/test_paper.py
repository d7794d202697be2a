"""The two documents: the figures of the pages, on two pages or more, with a drawn chart."""

from io import BytesIO

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader

from procurement.demo import mark
from tests.savings.conftest import Reader
from tests.savings.scene import Scene


def paper(client: FlaskClient, path: str) -> PdfReader:
    """Download a document."""
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=savings-")
    return PdfReader(BytesIO(answer.data))


def text_of(document: PdfReader) -> str:
    """Give its words, with plain spaces between them."""
    return " ".join(" ".join(page.extract_text().split()) for page in document.pages)


def statement(scene: Scene, buyer: int) -> str:
    return f"/savings/members/{scene.buyers[buyer].member.id}/statement.pdf"


def test_the_statement_tells_what_the_page_tells(ordered: Scene, reader: Reader) -> None:
    document = paper(reader(ordered.people.ada), statement(ordered, 0))
    assert len(document.pages) >= 2
    text = text_of(document)
    for figure in ("47.01 €", "57.00 €", "9.99 €", "17.5%", "86.2%", "54.51"):
        assert figure in text
    assert "Lines without a former price" in text
    assert "Page 1 / 2" in text
    assert "Centrale d’essai" in text
    for line in ordered.buyers[0].proofs.values():
        day = f"{line.paid_since:%d/%m/%Y}"
        assert (day in text) is (day in {"01/01/2024", "03/01/2024"})


def test_the_report_adds_up_in_each_of_its_tables(ordered: Scene, reader: Reader) -> None:
    document = paper(reader(ordered.people.dora), "/savings/territory/report.pdf")
    assert len(document.pages) >= 2
    text = text_of(document)
    total = "Total 17,929.52 17,922.02 17,677.01 -245.01 -1.4% 100.0%"
    assert text.count(total) == 5
    assert "-600.00" in text
    for name in ("Amboise-la-Petite (78)", "Bourg-Neuf (92)", "Saint-Rémy & <Fils> (78)"):
        assert name in text


def test_a_document_says_what_it_is(ordered: Scene, reader: Reader) -> None:
    document = paper(reader(ordered.people.dora), statement(ordered, 2))
    assert document.metadata is not None
    assert document.metadata.title == "Savings statement: Saint-Rémy & <Fils>"
    assert document.metadata.author == "Centrale d’essai"
    assert document.metadata.subject == "Committed savings, net of VAT. All years."
    assert str(document.root_object["/Lang"]) == "en"


def test_a_document_is_of_one_year_when_asked(ordered: Scene, reader: Reader) -> None:
    ada = reader(ordered.people.ada)
    text = text_of(paper(ada, statement(ordered, 0) + "?year=2025"))
    assert "Year 2025" in text
    assert "You pay 0.01 € more" in text


def test_the_same_figures_make_the_same_file(ordered: Scene, reader: Reader) -> None:
    dora = reader(ordered.people.dora)
    for path in (statement(ordered, 0), "/savings/territory/report.pdf"):
        assert dora.get(path).data == dora.get(path).data


def test_before_the_first_order_it_is_one_page(scene: Scene, reader: Reader) -> None:
    assert len(paper(reader(scene.people.ada), statement(scene, 0)).pages) == 1
    assert len(paper(reader(scene.people.dora), "/savings/territory/report.pdf").pages) == 1


def test_invented_figures_are_marked_on_every_page(
    ordered: Scene, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    warning = "Demonstration: invented data"
    dora, path = reader(ordered.people.dora), "/savings/territory/report.pdf"
    assert warning not in text_of(paper(dora, path))
    monkeypatch.setattr(mark, "is_demo", lambda: True)
    assert all(warning in page.extract_text() for page in paper(dora, path).pages)
