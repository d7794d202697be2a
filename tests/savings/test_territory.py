"""The page of finance: every table of it adds up to the same total."""

from decimal import Decimal

from sqlalchemy.orm import Session

from tests.conftest import CountQueries
from tests.savings.conftest import Reader
from tests.savings.scene import Scene
from tests.savings.test_member import columns, page

PATH = "/savings/territory"


def test_it_works(ordered: Scene, reader: Reader) -> None:
    shown = page(reader(ordered.people.dora), PATH)
    text = shown.text_content()
    for figure in ("17,922.02\u00a0€", "17,677.01\u00a0€", "-245.01\u00a0€", "-1.4%", "100.0%"):
        assert figure in text
    assert "1 member pays more than at its former prices: 600.00\u00a0€ in all." in text
    assert "By member: 3 members have ordered" in text
    drawings = shown.xpath('//figure[@class="chart"]/svg[@role="img"]')
    assert [one.findtext("title") for one in drawings] == [
        "Former and pooled prices by département",
        "Largest savings and losses by member",
    ]


def test_by_member_by_lot_by_agreement_by_departement_by_family(
    ordered: Scene, reader: Reader
) -> None:
    shown = page(reader(ordered.people.dora), PATH)
    totals = []
    for table in shown.xpath('//table[@class="ledger"]'):
        total = {}
        for label in ("Ordered", "Compared", "At former prices", "Saving"):
            total[label] = sum(columns(table, "tbody", label))
            assert columns(table, "tfoot", label) == [total[label]]
        assert total["At former prices"] - total["Compared"] == total["Saving"]
        totals.append(total)
    assert len(totals) == 5
    assert all(total == totals[0] for total in totals)
    assert totals[0]["Saving"] == Decimal("-245.01")
    assert "= total, -245.01\u00a0€ on 6 order lines." in shown.text_content()


def test_a_table_leads_down_to_what_it_sums(ordered: Scene, reader: Reader) -> None:
    links = page(reader(ordered.people.clara), PATH).xpath('//table[@class="ledger"]//a/@href')
    assert f"/savings/members/{ordered.people.first.id}" in links
    assert f"/agreements/{ordered.agreements[0].id}" in links
    assert f"/lots/{ordered.agreements[0].tender.lot_id}" in links


def test_an_unlikely_rate_asks_for_a_check(scene: Scene, reader: Reader) -> None:
    scene.order(0, 0, [("10", "4", "5")])
    scene.order(1, 0, [("10", "4", "9")])
    scene.session.commit()
    table = page(reader(scene.people.dora), PATH).xpath('//table[@class="ledger"]')[-1]
    rates = [cell.text_content() for cell in table.xpath('./tbody//td[@data-label="Rate"]')]
    assert rates == ["55.6% check the former prices", "20.0%"]


def test_one_year_may_be_chosen(ordered: Scene, reader: Reader) -> None:
    shown = page(reader(ordered.people.dora), PATH + "?year=2025")
    assert "= total, -0.01\u00a0€ on 1 order lines." in shown.text_content()
    assert shown.xpath("//option[@selected]/@value") == ["2025"]
    assert shown.xpath('//a[contains(@href, "report.pdf?year=2025")]')


def test_before_the_first_order_the_page_says_what_to_expect(scene: Scene, reader: Reader) -> None:
    shown = page(reader(scene.people.dora), PATH)
    assert "No confirmed order yet" in shown.text_content()
    assert not shown.xpath('//a[contains(@href, ".pdf")]')


def test_who_may_see_it(ordered: Scene, reader: Reader) -> None:
    expected = {"ada": 403, "alix": 403, "clara": 200, "dora": 200, "eli": 403}
    for path in (PATH, PATH + "/report.pdf"):
        answers = {
            name: reader(getattr(ordered.people, name)).get(path).status_code for name in expected
        }
        assert answers == expected


def test_more_orders_ask_no_more_of_the_database(
    scene: Scene, session: Session, reader: Reader, count_queries: CountQueries
) -> None:
    dora = reader(scene.people.dora)
    counts = []
    for buyers in (range(1), range(3)):
        for buyer in buyers:
            for lot in range(2):
                scene.order(buyer, lot, [("10", "4", "5"), ("3", "2.5", None)])
        session.commit()
        dora.get(PATH)
        with count_queries() as statements:
            dora.get(PATH)
        counts.append(len(statements))
        session.rollback()
    assert counts[0] == counts[1]
