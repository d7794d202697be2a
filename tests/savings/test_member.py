"""The page of one member: what buying together changed for it, line by line."""

import re
from decimal import Decimal

from flask.testing import FlaskClient
from lxml import html
from sqlalchemy.orm import Session

from tests.conftest import CountQueries
from tests.savings.conftest import Reader
from tests.savings.scene import Scene


def page(client: FlaskClient, path: str) -> html.HtmlElement:
    """Read a page that is shown."""
    answer = client.get(path)
    assert answer.status_code == 200
    return html.fromstring(answer.text)


def columns(table: html.HtmlElement, part: str, label: str) -> list[Decimal]:
    """Read the figures of one column in the body or the foot of a table, written in English."""
    cells = table.xpath(f'./{part}//td[@data-label="{label}"]')
    return [Decimal(cell.text_content().replace(",", "")) for cell in cells]


def own(scene: Scene, buyer: int) -> str:
    return f"/savings/members/{scene.buyers[buyer].member.id}"


def test_it_works(ordered: Scene, reader: Reader) -> None:
    shown = page(reader(ordered.people.ada), own(ordered, 0)).text_content()
    for figure in ("47.01\u00a0€", "57.00\u00a0€", "9.99\u00a0€", "17.5%", "86.2%"):
        assert figure in shown
    assert "You pay 9.99\u00a0€ less than at your former prices: 17.5% less." in shown
    assert "Computed on 2 of the 3 lines of 2 confirmed orders." in shown
    assert "paid since dates from 01/01/2024 to 03/01/2024" in shown
    assert "of 54.51\u00a0€ ordered; lines without a former price are left out" in shown
    assert "three figures that are never added together" in shown


def test_every_table_adds_up_across_and_down(ordered: Scene, reader: Reader) -> None:
    shown = page(reader(ordered.people.ada), own(ordered, 0))
    families, lots, lines = shown.xpath('//table[@class="ledger"]')
    for table in (families, lots):
        sums = {}
        for label in ("Ordered", "Compared", "At former prices", "Saving"):
            sums[label] = sum(columns(table, "tbody", label))
            assert columns(table, "tfoot", label) == [sums[label]]
        assert sums["At former prices"] - sums["Compared"] == sums["Saving"] == Decimal("9.99")
    amounts = columns(lines, "tbody", "Amount")
    assert columns(lines, "tfoot", "Amount") == [Decimal("47.01"), Decimal("7.50"), sum(amounts)]
    assert sum(columns(lines, "tbody", "Saving")) == Decimal("9.99")


def test_each_line_leads_to_its_order_and_to_its_proof(ordered: Scene, reader: Reader) -> None:
    who = ordered.buyers[0]
    shown = page(reader(ordered.people.ada), own(ordered, 0))
    links = set(shown.xpath('//table[@class="ledger"][3]//a/@href'))
    proofs = {int(link.rsplit("/", 1)[1]) for link in links if link.startswith("/need-lines/")}
    assert len(proofs) == 2
    assert proofs <= {proof.id for proof in who.proofs.values()}
    assert sum(link.startswith("/orders/") for link in links) == 2
    assert "since 01/01/2024" in shown.text_content()


def test_a_loss_is_told_in_plain_words(ordered: Scene, reader: Reader) -> None:
    shown = page(reader(ordered.people.basile), own(ordered, 1))
    text = shown.text_content()
    assert "You pay 600.00\u00a0€ more than at your former prices: 4.8% more." in text
    assert columns(shown.xpath("//table")[0], "tfoot", "Saving") == [-600]
    assert "-600.00" in text


def test_a_gain_of_nothing_and_an_unknown_one_are_said(scene: Scene, reader: Reader) -> None:
    scene.order(0, 0, [("2", "5", "5")])
    scene.order(1, 0, [("2", "5", None)])
    scene.session.commit()
    even = page(reader(scene.people.ada), own(scene, 0)).text_content()
    assert "You pay exactly what you would have paid" in even
    unknown = page(reader(scene.people.basile), own(scene, 1))
    assert "None of the lines ordered has a former price" in unknown.text_content()
    assert not unknown.xpath('//figure[@class="chart"]')


def test_before_the_first_order_the_page_says_what_to_expect(scene: Scene, reader: Reader) -> None:
    shown = page(reader(scene.people.ada), own(scene, 0))
    assert "No confirmed order yet" in shown.text_content()
    assert not shown.xpath('//a[contains(@href, ".pdf")]')


def test_one_year_may_be_chosen_and_nonsense_shows_all(ordered: Scene, reader: Reader) -> None:
    ada = reader(ordered.people.ada)
    chosen = page(ada, own(ordered, 0) + "?year=2025")
    assert "You pay 0.01\u00a0€ more" in chosen.text_content()
    assert chosen.xpath('//a[contains(@href, "statement.pdf?year=2025")]')
    for nonsense in ("x", "1999", "99999999999", ""):
        shown = page(ada, f"{own(ordered, 0)}?year={nonsense}").text_content()
        assert "You pay 9.99\u00a0€ less" in shown


def test_a_name_is_shown_as_typed(ordered: Scene, reader: Reader) -> None:
    shown = page(reader(ordered.people.dora), own(ordered, 2))
    assert "Savings statement: Saint-Rémy & <Fils>" in shown.text_content()


def test_who_may_see_it(ordered: Scene, reader: Reader) -> None:
    expected = {"ada": 200, "alix": 200, "basile": 404, "blanche": 404}
    expected |= {"clara": 200, "dora": 200, "eli": 403}
    for paper in ("", "/statement.pdf"):
        path = own(ordered, 0) + paper
        answers = {
            name: reader(getattr(ordered.people, name)).get(path).status_code for name in expected
        }
        assert answers == expected
        assert reader(ordered.people.dora).get("/savings/members/999999" + paper).status_code == 404


def test_the_stranger_signs_in_first(ordered: Scene, client: FlaskClient) -> None:
    assert client.get(own(ordered, 0)).status_code == 401


def test_the_own_page_leads_each_to_its_savings(ordered: Scene, reader: Reader) -> None:
    answer = reader(ordered.people.ada).get("/savings")
    assert (answer.status_code, answer.location) == (302, own(ordered, 0))
    answer = reader(ordered.people.dora).get("/savings")
    assert (answer.status_code, answer.location) == (302, "/savings/territory")
    assert reader(ordered.people.eli).get("/savings").status_code == 403


def test_more_lines_ask_no_more_of_the_database(
    scene: Scene, session: Session, reader: Reader, count_queries: CountQueries
) -> None:
    ada, path = reader(scene.people.ada), own(scene, 0)
    counts = []
    for orders in (1, 20):
        for _order in range(orders):
            scene.order(0, 0, [("10", "4", "5"), ("3", "2.5", None)])
        session.commit()
        ada.get(path)
        with count_queries() as statements:
            shown = ada.get(path).text
        counts.append(len(statements))
        session.rollback()
    assert counts[0] == counts[1]
    assert len(re.findall(r"/need-lines/", shown)) == 21
