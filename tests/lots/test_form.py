"""Forming a lot."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from flask_babel import force_locale
from sqlalchemy import select

from procurement.catalogue.models import Trade
from procurement.kernel.pipeline import today
from procurement.lots import queries
from procurement.lots.models import Allocation, Lot, LotLine, LotState, Project
from procurement.lots.rules import Territory
from procurement.members.models import MemberKind
from procurement.needs.models import CampaignState, NeedState
from tests.door import refused
from tests.make import make_campaign, make_item, make_line, make_member, make_need, make_person


def quantities(session, lot):
    """Items of the lot, in their order, with the sums of their allocations."""
    session.expire_all()
    lines = queries.lot_lines(LotLine.lot_id == lot.id)
    return {line.item.code: line.quantity for line in lines}


def address(ground):
    return f"/campaigns/{ground.campaign.id}/lots"


def test_it_works(session, ground):
    lot = ground.form()
    assert (lot.number, lot.state, lot.sheet_version) == (1, LotState.DRAFT, 0)
    assert quantities(session, lot) == {"VID-001": 14, "VID-002": Decimal("9.75")}
    assert [line.position for line in lot.lines] == [1, 2]
    assert [line.allotted for line in ground.lines] == [10, Decimal("2.5"), Decimal("7.25"), 4, 0]


def test_each_allocation_is_what_was_left_of_one_need_line(session, ground):
    ground.form()
    rows = session.execute(select(Allocation.need_line_id, Allocation.quantity)).all()
    assert sorted(rows) == [(line.id, line.quantity) for line in ground.lines[:4]]


def test_of_ticked_items_alone(session, ground):
    assert quantities(session, ground.form(ground.tablet)) == {"EDU-001": 30}


@pytest.mark.parametrize(
    "territory,left", [(Territory.YVELINES, 10), (Territory.HAUTS_DE_SEINE, 4)]
)
def test_of_one_departement(session, ground, territory, left):
    lot = ground.form(ground.camera, territory=territory)
    assert quantities(session, lot) == {"VID-001": left}


def test_of_what_one_trade_sells(session, ground):
    ground.tablet.cpv.trade = Trade.PUBLISHER
    session.flush()
    lot = ground.form(trade=Trade.PUBLISHER, family_id=None)
    assert quantities(session, lot) == {"EDU-001": 30}
    with refused("already_allotted"):
        ground.form(trade=Trade.OPERATOR, family_id=None)


def test_of_everything_that_is_left(session, ground):
    ground.form(ground.camera)
    lot = ground.form(family_id=None)
    assert quantities(session, lot) == {"VID-002": Decimal("9.75"), "EDU-001": 30}


def in_a_body(session, ground):
    """Put the first member in an intercommunality that asks for cameras itself."""
    body = make_member(session, "Communauté", kind=MemberKind.INTERCOMMUNALITY, insee_code=None)
    ground.people.first.intercommunality_id = body.id
    author = make_person(session, member=body)
    need = make_need(
        session, ground.campaign, author, NeedState.VALIDATED, approver=ground.people.alix
    )
    make_line(session, need, ground.camera, 6)
    return body


def test_of_an_intercommunality_and_its_members(session, ground):
    body = in_a_body(session, ground)
    lot = ground.form(intercommunality_id=body.id)
    assert quantities(session, lot) == {"VID-001": 16, "VID-002": Decimal("9.75")}


def test_of_the_bodies_outside_any(session, ground):
    in_a_body(session, ground)
    lot = ground.form(territory=Territory.OUTSIDE)
    assert quantities(session, lot) == {"VID-001": 4}


@pytest.mark.parametrize(
    "share,taken",
    [
        (100, [10, "2.5", "7.25", 4]),
        (50, [5, "1.25", "3.625", 2]),
        (33, [3, "0.825", "2.392", 1]),
        (10, [1, "0.25", "0.725", 0]),
        (1, [0, "0.025", "0.072", 0]),
    ],
)
def test_of_a_share_of_each_need(session, ground, share, taken):
    ground.form(share=share)
    session.expire_all()
    assert [line.allotted for line in ground.lines[:4]] == [Decimal(one) for one in taken]
    made = session.scalars(select(Allocation.quantity)).all()
    assert sorted(made) == sorted(Decimal(one) for one in taken if one)


def test_a_share_is_of_what_is_left(session, ground):
    ground.form(ground.camera, share=50)
    ground.form(ground.camera, share=50)
    session.expire_all()
    # Half of the 5 and of the 2 that the first left, in whole cameras.
    assert [ground.lines[0].allotted, ground.lines[3].allotted] == [7, 3]


def test_a_share_that_makes_no_unit_is_refused(ground):
    with refused("already_allotted") as caught:
        ground.form(ground.camera, share=1)
    with force_locale("en"):
        assert "no whole unit" in str(caught.value.sentence)


def test_it_may_join_a_purchase_project(session, ground):
    project = make_project(session, ground.campaign)
    assert ground.form(project_id=project.id).project_id == project.id
    other = make_project(session, make_campaign(session))
    with refused("other_campaign"):
        ground.form(ground.tablet, project_id=other.id)
    with refused("other_campaign"):
        ground.form(ground.tablet, project_id=999)


def make_project(session, campaign):
    """Make a purchase of two years."""
    project = Project(campaign_id=campaign.id, title="Achat", launch_on=today(), initial_months=24)
    session.add(project)
    session.flush()
    return project


def test_the_next_lot_takes_what_the_first_left(session, ground):
    ground.form(ground.camera, territory=Territory.YVELINES)
    second = ground.form()
    assert second.number == 2
    assert quantities(session, second) == {"VID-001": 4, "VID-002": Decimal("9.75")}


def test_only_validated_needs_are_taken(session, ground):
    other = make_person(session)
    need = make_need(session, ground.campaign, other, NeedState.SUBMITTED)
    make_line(session, need, ground.camera, 1000)
    assert quantities(session, ground.form())["VID-001"] == 14


def test_needs_of_another_campaign_are_left(session, ground):
    people = ground.people
    other = make_campaign(session, CampaignState.CLOSED)
    need = make_need(session, other, people.ada, NeedState.VALIDATED, people.alix)
    make_line(session, need, ground.camera, 1000)
    assert quantities(session, ground.form())["VID-001"] == 14


def test_nothing_left_is_refused(ground):
    ground.form()
    with refused("already_allotted"):
        ground.form()


def test_a_ticked_item_with_nothing_left_is_named(ground):
    ground.form(ground.tablet)
    with refused("already_allotted") as caught:
        ground.form(ground.camera, ground.tablet)
    assert "EDU-001" in str(caught.value.sentence)
    assert "VID-001" not in str(caught.value.sentence)


@pytest.mark.parametrize(
    "state,last_day,is_refused",
    [
        (CampaignState.OPEN, 0, True),
        (CampaignState.OPEN, -1, False),
        (CampaignState.CLOSED, 10, False),
        (CampaignState.DRAFT, -1, True),
    ],
)
def test_only_once_members_can_no_longer_answer(session, ground, state, last_day, is_refused):
    ground.campaign.state = state
    ground.campaign.closes_on = today() + timedelta(days=last_day)
    if is_refused:
        with refused("campaign_not_closed"):
            ground.form()
    else:
        assert ground.form().number == 1


def test_the_number_of_queries_does_not_grow_with_the_lines(session, ground, count_queries):
    with count_queries() as few:
        ground.form(ground.tablet)
    for _item in range(10):
        item = make_item(session, ground.video)
        for need in (ground.first_need, ground.second_need):
            make_line(session, need, item, 3)
    with count_queries() as many:
        ground.form()
    assert len(many) == len(few)


def test_by_the_page(session, ground, door):
    fields = {"title": "Tablettes", "items-3-item_id": ground.tablet.id, "territory": "all"}
    answer = door.post(ground.people.clara, address(ground), **fields)
    lot = session.scalars(select(Lot)).one()
    assert answer.status_code == 302
    assert answer.location == f"/lots/{lot.id}"
    assert (lot.title, quantities(session, lot)) == ("Tablettes", {"EDU-001": 30})


def test_by_the_page_for_a_family(session, ground, door):
    fields = {"title": "Vidéo", "family_id": ground.video.id, "territory": "78"}
    door.post(ground.people.clara, address(ground), **fields)
    lot = session.scalars(select(Lot)).one()
    assert quantities(session, lot) == {"VID-001": 10, "VID-002": Decimal("9.75")}


def test_by_the_page_for_a_trade_an_intercommunality_and_a_share(session, ground, door):
    body = in_a_body(session, ground)
    fields = {"title": "Moitié", "trade": "distributor", "territory": f"body-{body.id}"}
    door.post(ground.people.clara, address(ground), **fields, share=50)
    lot = session.scalars(select(Lot)).one()
    assert quantities(session, lot) == {"VID-001": 8, "VID-002": Decimal("4.875")}


def test_the_form_lists_what_is_left_and_where(session, ground, door):
    body = in_a_body(session, ground)
    ground.tablet.cpv.trade = Trade.PUBLISHER
    ground.form(ground.tablet)
    page = door.get(ground.people.clara, f"/campaigns/{ground.campaign.id}/pool").text
    assert f'<option value="body-{body.id}">Communauté</option>' in page
    assert "Distributors of equipment" in page
    # Everything of that trade is in a lot.
    assert "Publishers of software" not in page


@pytest.mark.parametrize("is_single", [True, False])
def test_a_campaign_in_one_lot_is_told_what_the_law_asks(session, ground, sign_in, is_single):
    client, fields = sign_in(ground.people.clara), {"title": "Tout", "trade": "distributor"}
    if not is_single:
        ground.form(ground.tablet)
    session.commit()
    page = client.post(address(ground), data=fields, follow_redirects=True).text
    assert ("L2113-11" in page) is is_single


def test_another_campaign_is_not_found(ground, door):
    answer = door.post(ground.people.clara, "/campaigns/999/lots", title="X", family_id=1)
    assert answer.status_code == 404


@pytest.mark.parametrize("name", ["ada", "alix", "dora", "eli"])
def test_the_wrong_role_is_forbidden(ground, door, name):
    person = getattr(ground.people, name)
    assert door.post(person, address(ground), title="X", family_id=1).status_code == 403


def test_the_wrong_moment_shows_the_form_again(session, ground, door):
    ground.campaign.state = CampaignState.OPEN
    answer = door.post(ground.people.clara, address(ground), title="Trop tôt", family_id=1)
    assert answer.status_code == 409
    assert session.scalars(select(Lot)).all() == []


def test_a_refused_form_keeps_what_was_typed(session, ground, door):
    ground.form(ground.camera)
    pool = queries.pool(ground.campaign.id)
    place = {line.item.code: place for place, line in enumerate(pool)}
    fields = {
        "title": "Les deux",
        f"items-{place['VID-001']}-item_id": ground.camera.id,
        f"items-{place['EDU-001']}-item_id": ground.tablet.id,
    }
    answer = door.post(ground.people.clara, address(ground), **fields)
    assert answer.status_code == 409
    assert "Nothing is left to allot for VID-001" in answer.text
    assert 'value="Les deux"' in answer.text
    assert re.search(rf'value="{ground.tablet.id}"[^>]* checked', answer.text)


@pytest.mark.parametrize(
    "fields,sentence",
    [
        ({"title": "X"}, "Choose a family or a kind of firm here, or tick"),
        ({"title": "X", "family_id": 1, "items-0-item_id": 1}, "only one of them"),
        ({"title": "X", "family_id": 1, "trade": "operator"}, "only one of them"),
        ({"title": "X", "trade": "plumber"}, "Choose one of the listed values."),
        ({"title": "X", "family_id": 1, "share": "0"}, "A whole number from 1 to 100."),
        ({"title": "X", "family_id": 1, "share": "101"}, "A whole number from 1 to 100."),
        ({"family_id": 1}, "This field is needed."),
        ({"title": "X" * 161, "family_id": 1}, "At most 160 characters."),
        ({"title": "X", "family_id": "many"}, "Write a whole number."),
        ({"title": "X", "family_id": 1, "territory": "75"}, "Choose one of the listed values."),
        ({"title": "X", "family_id": 1, "territory": "body-0"}, "Choose one of the listed"),
        ({"title": "X", "items-0-item_id": "-1"}, "A whole number from 1"),
        ({"title": "X", "family_id": 1, "number": 7}, "This field is not expected here."),
    ],
)
def test_bad_input_is_told_at_its_place(session, ground, door, fields, sentence):
    answer = door.post(ground.people.clara, address(ground), **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert session.scalars(select(Lot)).all() == []
