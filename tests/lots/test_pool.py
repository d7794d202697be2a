"""The pool of a campaign."""

from decimal import Decimal

import pytest

from procurement.lots import queries
from procurement.lots.queries import Share
from procurement.lots.rules import Territory
from procurement.needs.models import CampaignState, NeedState
from tests.make import make_campaign, make_item, make_line, make_need, make_person


def pool_of(session, ground):
    session.expire_all()
    return {line.item.code: line for line in queries.pool(ground.campaign.id)}


def test_it_works(session, ground):
    camera = pool_of(session, ground)["VID-001"]
    assert camera.shares == [
        Share("78", 1, Decimal(10), Decimal(0)),
        Share("92", 1, Decimal(4), Decimal(0)),
    ]
    assert (camera.members, camera.quantity, camera.remaining) == (2, 14, 14)


def test_a_member_with_two_places_counts_once(session, ground):
    cable = pool_of(session, ground)["VID-002"]
    assert (cable.members, cable.quantity) == (1, Decimal("9.75"))


def test_what_is_in_lots_is_told_apart(session, ground):
    ground.form(ground.camera, territory=Territory.YVELINES)
    camera = pool_of(session, ground)["VID-001"]
    assert (camera.quantity, camera.allotted, camera.remaining) == (14, 10, 4)
    assert [share.allotted for share in camera.shares] == [10, 0]


def test_items_come_by_family_and_code(session, ground):
    assert list(pool_of(session, ground)) == ["VID-001", "VID-002", "EDU-001"]


def test_only_validated_needs_of_this_campaign_are_summed(session, ground):
    people = ground.people
    waiting = make_need(session, ground.campaign, make_person(session), NeedState.SUBMITTED)
    other = make_campaign(session, CampaignState.CLOSED)
    elsewhere = make_need(session, other, people.ada, NeedState.VALIDATED, people.alix)
    for need in (waiting, elsewhere):
        make_line(session, need, ground.camera, 1000)
    assert pool_of(session, ground)["VID-001"].quantity == 14


def test_an_empty_pool(session, people):
    assert queries.pool(make_campaign(session).id) == []


def test_two_queries_whatever_the_number_of_items(session, ground, count_queries):
    for _item in range(30):
        make_line(session, ground.first_need, make_item(session), 3)
    with count_queries() as statements:
        assert len(queries.pool(ground.campaign.id)) == 33
    assert len(statements) == 2


@pytest.mark.parametrize("name", ["clara", "dora"])
def test_the_page(ground, door, name):
    answer = door.get(getattr(ground.people, name), f"/campaigns/{ground.campaign.id}/pool")
    assert answer.status_code == 200
    assert "Caméra fixe" in answer.text
    assert "9.75" in answer.text
    # Only who may form a lot is offered the form.
    assert ("Form the lot" in answer.text) == (name == "clara")


def test_the_page_draws_the_split(ground, door):
    page = door.get(ground.people.clara, f"/campaigns/{ground.campaign.id}/pool").text
    assert '<rect x="0" width="714" height="10" fill="var(--dep-78)"/>' in page
    assert '<rect x="714" width="286" height="10" fill="var(--dep-92)"/>' in page


def test_the_page_of_a_campaign_still_open_offers_no_form(ground, door):
    ground.campaign.state = CampaignState.OPEN
    page = door.get(ground.people.clara, f"/campaigns/{ground.campaign.id}/pool").text
    assert "Form the lot" not in page
    assert "lots are formed once it is closed" in page


def test_the_page_when_all_is_allotted(ground, door):
    ground.form()
    ground.form(ground.tablet)
    page = door.get(ground.people.clara, f"/campaigns/{ground.campaign.id}/pool").text
    assert "Everything that was validated is in a lot." in page


def test_the_page_without_any_need(session, people, door):
    campaign = make_campaign(session, CampaignState.CLOSED)
    page = door.get(people.clara, f"/campaigns/{campaign.id}/pool").text
    assert "Nothing to pool yet" in page


@pytest.mark.parametrize("name,status", [("ada", 403), ("alix", 403), ("eli", 403)])
def test_the_wrong_role(ground, door, name, status):
    person = getattr(ground.people, name)
    assert door.get(person, f"/campaigns/{ground.campaign.id}/pool").status_code == status


def test_no_such_campaign(people, door):
    assert door.get(people.clara, "/campaigns/999/pool").status_code == 404


def test_the_page_makes_as_many_queries_for_three_items_as_for_thirty(
    session, ground, sign_in, count_queries
):
    address, client = f"/campaigns/{ground.campaign.id}/pool", sign_in(ground.people.clara)
    session.commit()
    with count_queries() as few:
        assert client.get(address).status_code == 200
    for _item in range(30):
        make_line(session, ground.first_need, make_item(session), 3)
    session.commit()
    with count_queries() as many:
        assert client.get(address).status_code == 200
    assert len(many) == len(few)
