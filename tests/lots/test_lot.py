"""The list of lots, a lot, and a lot line down to who asked."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html

from procurement.kernel.money import line_amount
from procurement.kernel.pipeline import today
from procurement.lots import operations, queries
from procurement.lots.models import LotLine, LotState, Project
from tests.make import make_item, make_line, make_member, make_person, make_site
from tests.people import People


def test_the_list(ground, door):
    ground.form(title="Caméras et câbles")
    page = door.get(ground.people.clara, "/lots").text
    assert "1. Caméras et câbles" in page
    assert "Draft" in page


def test_the_list_narrowed_to_a_state_and_a_campaign(ground, door):
    ground.freeze(ground.form(title="Gelé"))
    ground.form(ground.tablet, title="Brouillon")
    address = f"/lots?campaign={ground.campaign.id}&state=frozen"
    page = door.get(ground.people.clara, address).text
    assert "Gelé" in page
    assert "Brouillon" not in page
    assert "No lot found" in door.get(ground.people.clara, "/lots?campaign=999").text


def test_the_list_leads_buyers_to_what_stands_beside_the_lots(ground, door):
    links = ('href="/projects"', 'href="/thresholds"', 'href="/exports"')
    page = door.get(ground.people.clara, "/lots").text
    assert all(link in page for link in links)
    chosen = door.get(ground.people.clara, f"/lots?campaign={ground.campaign.id}").text
    assert f'href="/projects?campaign={ground.campaign.id}"' in chosen
    page = door.get(ground.people.ada, "/lots").text
    assert not any(link in page for link in links)


def test_a_member_lists_the_lots_that_it_feeds(ground, door):
    ground.form(title="Caméras et câbles")
    ground.form(ground.tablet, title="Tablettes")
    page = door.get(ground.people.ada, "/lots").text
    assert "Caméras et câbles" in page
    assert "Tablettes" not in page


@pytest.mark.parametrize("name,sentence", [("ada", "pooled them"), ("clara", "closed campaign")])
def test_an_empty_list_says_what_comes_next(people: People, door, name, sentence):
    assert sentence in door.get(getattr(people, name), "/lots").text


def test_the_list_counts_the_lines_that_a_member_feeds(ground, door):
    ground.form(title="Caméras et câbles")
    assert (
        '<td class="num" data-label="Items">1</td>' in door.get(ground.people.basile, "/lots").text
    )
    assert (
        '<td class="num" data-label="Items">2</td>' in door.get(ground.people.clara, "/lots").text
    )


def test_a_draft(ground, door):
    lot = ground.form()
    page = door.get(ground.people.clara, f"/lots/{lot.id}").text
    for expected in ("Freeze the lot", "Dissolve the lot", "Caméra fixe", "14", "9.75"):
        assert expected in page
    assert "supplier.xlsx" not in page


def test_a_frozen_lot(ground, door):
    lot = ground.freeze(ground.form())
    page = door.get(ground.people.clara, f"/lots/{lot.id}").text
    assert lot.check_figure[:12].upper() in page
    for link in (f"/lots/{lot.id}/supplier.xlsx", f"/lots/{lot.id}/tender"):
        assert f'href="{link}"' in page
    assert "Dissolve the lot" not in page


@pytest.mark.parametrize("state", [LotState.TENDERED, LotState.AWARDED, LotState.UNSUCCESSFUL])
@pytest.mark.parametrize("name", ["ada", "clara", "dora"])
def test_every_state_shows_to_everybody(ground, door, state, name):
    lot = ground.freeze(ground.form())
    lot.state = state
    page = door.get(getattr(ground.people, name), f"/lots/{lot.id}")
    assert page.status_code == 200
    assert "Freeze the lot" not in page.text


def test_finance_is_offered_no_act(ground, door):
    lot = ground.form()
    offered = {}
    for name in ("clara", "dora"):
        page = door.get(getattr(ground.people, name), f"/lots/{lot.id}").text
        sent = html.fromstring(page).xpath("//main//form[@method='post']/@action")
        offered[name] = {one.removeprefix(f"/lots/{lot.id}/") for one in sent}
    acts = {"freeze", "round", "sheet", "dissolve"}
    assert offered["clara"] >= acts
    assert not offered["dora"] & acts


def test_a_member_sees_its_own_quantities_alone(ground, door):
    lot = ground.form()
    page = door.get(ground.people.basile, f"/lots/{lot.id}").text
    assert '<td class="num" data-label="Your quantity">4</td>' in page
    assert ">14<" not in page
    assert "Câble" not in page


def test_a_stranger_finds_nothing(session, ground, door):
    stranger = make_person(session, member=make_member(session, "Ailleurs"))
    lot = ground.form()
    assert door.get(stranger, f"/lots/{lot.id}").status_code == 404
    assert door.get(stranger, f"/lot-lines/{lot.lines[0].id}").status_code == 404


def test_a_member_finds_no_line_that_it_does_not_feed(ground, door):
    camera, cable = ground.form().lines
    assert door.get(ground.people.basile, f"/lot-lines/{camera.id}").status_code == 200
    assert door.get(ground.people.basile, f"/lot-lines/{cable.id}").status_code == 404


@pytest.mark.parametrize("address", ["/lots", "/lots/{lot}", "/lot-lines/{line}"])
def test_the_wrong_role(ground, door, address):
    lot = ground.form()
    address = address.format(lot=lot.id, line=lot.lines[0].id)
    assert door.get(ground.people.eli, address).status_code == 403


def test_no_such_lot_and_no_such_line(people, door):
    assert door.get(people.clara, "/lots/999").status_code == 404
    assert door.get(people.clara, "/lot-lines/999").status_code == 404


def test_a_line_opens_down_to_each_need_line(ground, door):
    camera, _cable = ground.form().lines
    page = door.get(ground.people.clara, f"/lot-lines/{camera.id}").text
    for line in (ground.lines[0], ground.lines[3]):
        assert f'href="/need-lines/{line.id}"' in page
    for expected in ("Amboise-la-Petite", "Bourg-Neuf", "Mairie", ">14<"):
        assert expected in page


def test_a_member_opens_its_own_contributions_alone(ground, door):
    camera, _cable = ground.form().lines
    page = door.get(ground.people.ada, f"/lot-lines/{camera.id}").text
    assert "Bourg-Neuf" not in page
    assert f'href="/need-lines/{ground.lines[3].id}"' not in page
    assert ">14<" not in page


def test_contributions_come_by_page(session, ground, door):
    for _place in range(60):
        site = make_site(session, ground.people.first)
        make_line(session, ground.first_need, ground.tablet, 1, site_id=site.id)
    lot = ground.form(ground.tablet)
    address = f"/lot-lines/{lot.lines[0].id}"
    assert door.get(ground.people.clara, address).text.count("/need-lines/") == 50
    page = door.get(ground.people.clara, f"{address}?page=2").text
    assert page.count("/need-lines/") == 11
    # The total is that of the line, whatever the page.
    assert ">90<" in page


@pytest.mark.parametrize("address", ["/lots", "/lots/{lot}", "/lot-lines/{line}"])
def test_queries_do_not_grow_with_the_rows(session, ground, sign_in, count_queries, address):
    lot, client = ground.form(), sign_in(ground.people.clara)
    shown = address.format(lot=lot.id, line=lot.lines[0].id)
    session.commit()
    with count_queries() as few:
        assert client.get(shown).status_code == 200
    for number in range(5):
        items = [make_item(session) for _item in range(4)]
        for item in items:
            make_line(session, ground.first_need, item, 3)
            make_line(session, ground.second_need, item, 3)
        big = ground.form(*items, title=f"Lot {number}")
    shown = address.format(lot=big.id, line=big.lines[0].id)
    session.commit()
    with count_queries() as many:
        assert client.get(shown).status_code == 200
    assert len(many) == len(few)


def cells(page, label):
    """The cells of one column, by the label that they carry."""
    found = html.fromstring(page).xpath(f"//main//td[@data-label='{label}']")
    return [" ".join(cell.text_content().split()) for cell in found]


def test_what_is_bought_is_the_needs_and_what_was_added(session, ground, door):
    ground.camera.pack_size = 10
    lot = ground.form(ground.camera)
    operations.round_up_lot(lot, Decimal(20), "Cartons de 10", actor=ground.buyer)
    session.flush()
    [line] = queries.lot_lines(LotLine.lot_id == lot.id)
    assert (line.needed, line.added, line.stock, line.quantity) == (14, 2, 4, 20)
    page = door.get(ground.people.clara, f"/lots/{lot.id}").text
    told = [cells(page, name) for name in ("Needs", "Added for members", "For the stock", "Total")]
    assert told == [["14"], ["2"], ["4"], ["20"]]
    assert "Take the rounding back" in page
    # A member reads what is added for itself, and nothing of the stock.
    page = door.get(ground.people.ada, f"/lots/{lot.id}").text
    assert cells(page, "Your quantity") == ["10"]
    assert cells(page, "Added to make whole packs") == ["2"]
    assert "stock" not in page


PRICES = st.one_of(st.none(), st.decimals(0, 100_000, places=4))


@pytest.fixture(params=["draft", "frozen"])
def priced(request, session, ground):
    """A lot of 14 cameras and 9.75 of cable, in the two states in which it is estimated."""
    lot = ground.form()
    if request.param == "frozen":
        ground.freeze(lot)
    session.flush()
    return lot


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(prices=st.tuples(PRICES, PRICES))
def test_the_worth_is_the_sum_of_rounded_lines(session, priced, prices):
    for line, price in zip(priced.lines, prices, strict=True):
        line.estimated_price = price
    session.flush()
    amounts = [
        line_amount(quantity, price)
        for quantity, price in zip((Decimal(14), Decimal("9.75")), prices, strict=True)
        if price is not None
    ]
    expected = (sum(amounts, Decimal(0)), prices.count(None))
    assert queries.worth([priced.id]) == {priced.id: expected}


def test_the_list_tells_buyers_what_a_lot_is_worth_and_belongs_to(session, ground, door):
    project = Project(
        campaign_id=ground.campaign.id, title="Vidéo 2027", launch_on=today(), initial_months=48
    )
    session.add(project)
    lot = ground.freeze(ground.form())
    lot.project = project
    session.flush()
    for name in ("clara", "dora"):
        page = door.get(getattr(ground.people, name), "/lots").text
        assert cells(page, "Estimate") == ["237.50"]
        assert cells(page, "Purchase project") == ["Vidéo 2027"]
        assert cells(page, "Version") == ["1"]
    for address in ("/lots", f"/lots/{lot.id}"):
        page = door.get(ground.people.ada, address).text
        for hidden in ("237.50", "Vidéo 2027", "Estimate", "Purchase project"):
            assert hidden not in page


def test_a_price_that_is_missing_is_told(session, ground, door):
    lot = ground.form()
    lot.lines[0].estimated_price = None
    page = door.get(ground.people.clara, f"/lots/{lot.id}").text
    assert "Lines without a price, left out of it: 1" in page
    lot.lines[1].estimated_price = None
    assert "unknown" in door.get(ground.people.clara, f"/lots/{lot.id}").text


@pytest.fixture
def big(session, ground):
    """A lot of 65 items, of which the first need has all and the second every tenth."""
    items = []
    for number in range(65):
        item = make_item(
            session, ground.video, designation=f"Pièce n{number:02d}", indicative_price=number % 7
        )
        make_line(session, ground.first_need, item, 1 + number)
        if number % 10 == 0:
            make_line(session, ground.second_need, item, 500)
        items.append(item)
    return ground.form(*items)


def test_a_big_lot_comes_by_page(ground, door, big):
    first = door.get(ground.people.clara, f"/lots/{big.id}").text
    assert first.count('href="/lot-lines/') == 50
    assert f'href="/lots/{big.id}?page=2"' in first
    second = door.get(ground.people.clara, f"/lots/{big.id}?page=2").text
    assert second.count('href="/lot-lines/') == 15


def test_the_lines_of_a_big_lot_are_searched_and_sorted(ground, door, big):
    clara, address = ground.people.clara, f"/lots/{big.id}"
    assert door.get(clara, f"{address}?q=pieces+n07").text.count('href="/lot-lines/') == 1
    page = door.get(clara, f"{address}?sort=quantity").text
    assert cells(page, "Total")[:8] == ["561", "551", "541", "531", "521", "511", "501", "65"]
    amounts = [
        Decimal(one.replace(",", ""))
        for one in cells(door.get(clara, f"{address}?sort=value").text, "Estimate")
    ]
    assert amounts == sorted(amounts, reverse=True)
    assert "Nothing found" in door.get(clara, f"{address}?q=trombone").text
    # What is no way of sorting is the order of the sheet; and members sort by nothing of others.
    for person, sort in ((clara, "weight"), (ground.people.basile, "quantity")):
        page = door.get(person, f"{address}?sort={sort}").text
        assert page.index("Pièce n00") < page.index("Pièce n10") < page.index("Pièce n20")


def test_a_member_searches_its_own_lines(ground, door, big):
    basile, address = ground.people.basile, f"/lots/{big.id}"
    assert door.get(basile, f"{address}?q=piece").text.count('href="/lot-lines/') == 7
    assert "Nothing found" in door.get(basile, f"{address}?q=piece+n07").text
