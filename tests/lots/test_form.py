"""Forming a lot."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from procurement.kernel.pipeline import today
from procurement.lots import queries
from procurement.lots.models import Allocation, Lot, LotLine, LotState
from procurement.lots.rules import Territory
from procurement.needs.models import CampaignState, NeedState
from tests.door import refused
from tests.make import make_campaign, make_item, make_line, make_need, make_person


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
    assert f'value="{ground.tablet.id}" checked' in answer.text


@pytest.mark.parametrize(
    "fields,sentence",
    [
        ({"title": "X"}, "Choose a family here, or tick items in the list."),
        ({"title": "X", "family_id": 1, "items-0-item_id": 1}, "not both"),
        ({"family_id": 1}, "This field is needed."),
        ({"title": "X" * 161, "family_id": 1}, "At most 160 characters."),
        ({"title": "X", "family_id": "many"}, "Write a whole number."),
        ({"title": "X", "family_id": 1, "territory": "75"}, "Choose one of the listed values."),
        ({"title": "X", "items-0-item_id": "-1"}, "A whole number from 1"),
        ({"title": "X", "family_id": 1, "number": 7}, "This field is not expected here."),
    ],
)
def test_bad_input_is_told_at_its_place(session, ground, door, fields, sentence):
    answer = door.post(ground.people.clara, address(ground), **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert session.scalars(select(Lot)).all() == []
