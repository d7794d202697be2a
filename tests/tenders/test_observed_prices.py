"""GET /items/<id>/offers: the prices that firms offered for an item."""

from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from procurement.needs.models import CampaignState, NeedState
from procurement.tenders.prices import observed_prices
from tests.conftest import CountQueries, SignIn
from tests.door import Door
from tests.make import make_campaign, make_item, make_line, make_need
from tests.people import People
from tests.tenders.make import Ground, make_ground, make_offer, make_tender

D = Decimal


def offer_at(session: Session, ground: Ground, quantity: int, price: str) -> None:
    """Have a firm offer a price for the first item of the ground, in a lot of so many."""
    other = make_ground(session, ground.people, [str(quantity)])
    line = other.lot.lines[0]
    line.item_id = ground.items[0].id
    session.flush()
    make_offer(session, make_tender(session, other), [price], name=f"Maison {quantity}")


def offer_six(session: Session, ground: Ground) -> None:
    for quantity in (25, 64, 100, 400, 900, 2500):
        offer_at(session, ground, quantity, f"{8 + 40 / quantity**0.5:.4f}")


def test_it_works(session: Session, ground: Ground) -> None:
    make_offer(session, make_tender(session, ground), ["12.50", "100"])
    found = observed_prices(ground.items[0])
    assert found.points == [(D(10), D("12.5"))]
    assert found.fit is not None
    assert (found.fit.prices, found.has_older) == (1, False)


@pytest.mark.parametrize(
    "person, status", [("clara", 200), ("dora", 200), ("ada", 403), ("eli", 403)]
)
def test_the_centrale_reads_them(
    session: Session, ground: Ground, door: Door, person: str, status: int
) -> None:
    make_offer(session, make_tender(session, ground), ["12.50", "100"])
    answer = door.get(getattr(ground.people, person), f"/items/{ground.items[0].id}/offers")
    assert answer.status_code == status
    assert ("12.50" in answer.text) == (status == 200)


def test_no_such_item(people: People, door: Door) -> None:
    assert door.get(people.clara, "/items/999/offers").status_code == 404


def test_an_item_that_nobody_priced(ground: Ground, door: Door) -> None:
    page = door.get(ground.people.clara, f"/items/{ground.items[0].id}/offers").text
    assert "No firm has offered a price for this item" in page
    assert "<svg role" not in page


def test_few_prices_make_no_curve(session: Session, ground: Ground, door: Door) -> None:
    make_offer(session, make_tender(session, ground), ["12.50", "100"])
    page = door.get(ground.people.clara, f"/items/{ground.items[0].id}/offers").text
    assert "No curve can be relied on here" in page
    assert "Fewer than 6 different quantities." in page
    assert "no curve is drawn" in page
    # The pool still holds the item: the prices can be carried there, to be judged again.
    assert f"scope=item-{ground.items[0].id}&amp;points=10;+12.50" in page


def test_six_prices_make_one(session: Session, ground: Ground, door: Door) -> None:
    offer_six(session, ground)
    page = door.get(ground.people.clara, f"/items/{ground.items[0].id}/offers").text
    assert "The curve nearest to these prices: 8.00" in page
    assert "No curve can be relied on" not in page
    assert page.count("Maison") == 6


def test_the_prices_are_carried_to_the_comparison(
    session: Session, ground: Ground, door: Door
) -> None:
    offer_six(session, ground)
    page = door.get(ground.people.clara, f"/items/{ground.items[0].id}/offers").text
    carried = page.split("/compare?", 1)[1].split('"')[0].replace("&amp;", "&")
    campaign_id = ground.lot.campaign_id
    answer = door.get(ground.people.clara, f"/campaigns/{campaign_id}/compare?{carried}")
    assert answer.status_code == 200
    assert "2500; 8.80" in answer.text
    assert f'value="item-{ground.items[0].id}" selected' in answer.text


def test_another_item_has_its_own(session: Session, ground: Ground) -> None:
    make_offer(session, make_tender(session, ground), ["12.50", "100"])
    assert observed_prices(ground.items[1]).points == [(D(3), D(100))]
    assert observed_prices(make_item(session)).fit is None


def test_a_campaign_without_the_item_is_not_offered(
    session: Session, ground: Ground, door: Door
) -> None:
    make_offer(session, make_tender(session, ground), ["12.50", "100"])
    people = ground.people
    other = make_campaign(session, CampaignState.CLOSED, title="Another round")
    need = make_need(session, other, people.ada, NeedState.VALIDATED, people.alix)
    make_line(session, need, ground.items[1], 4)
    page = door.get(people.clara, f"/items/{ground.items[0].id}/offers").text
    assert "Another round" not in page
    assert "Another round" in door.get(people.clara, f"/items/{ground.items[1].id}/offers").text


def test_as_many_queries_for_one_price_as_for_six(
    session: Session, ground: Ground, sign_in: SignIn, count_queries: CountQueries
) -> None:
    make_offer(session, make_tender(session, ground), ["12.50", "100"])
    session.commit()
    address, client = f"/items/{ground.items[0].id}/offers", sign_in(ground.people.clara)
    client.get(address)
    with count_queries() as few:
        assert client.get(address).status_code == 200
    offer_six(session, ground)
    session.commit()
    with count_queries() as many:
        assert client.get(address).status_code == 200
    assert len(many) == len(few)
