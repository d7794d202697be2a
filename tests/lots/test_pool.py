"""The pool of a campaign."""

import re
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from procurement.kernel.pipeline import today
from procurement.lots import operations, queries
from procurement.lots.queries import OpenFilter, PoolFilter, Share
from procurement.lots.rules import Territory
from procurement.members.models import MemberKind
from procurement.needs.models import CampaignState, NeedState, Strength
from tests.make import (
    make_campaign,
    make_item,
    make_line,
    make_member,
    make_need,
    make_person,
)


def pool_of(session, ground):
    session.expire_all()
    return {line.item.code: line for line in queries.pool(ground.campaign.id)}


def test_it_works(session, ground):
    camera = pool_of(session, ground)["VID-001"]
    assert camera.shares == [
        Share("78", 1, Decimal(10), Decimal(0), Decimal(0)),
        Share("92", 1, Decimal(4), Decimal(0), Decimal(0)),
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


def test_as_many_queries_whatever_the_number_of_items(session, ground, count_queries):
    with count_queries() as few:
        assert len(queries.pool(ground.campaign.id)) == 3
    for _item in range(30):
        make_line(session, ground.first_need, make_item(session), 3)
    with count_queries() as many:
        assert len(queries.pool(ground.campaign.id)) == 33
    assert len(many) == len(few) <= 4


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


@pytest.fixture
def group(session, ground):
    """An intercommunality that asks for two cameras itself, and that the first member is of."""
    body = make_member(session, "Communauté des Essais", kind=MemberKind.INTERCOMMUNALITY)
    people = ground.people
    people.first.intercommunality_id = body.id
    asker = make_person(session, member=body)
    need = make_need(session, ground.campaign, asker, NeedState.VALIDATED, people.alix)
    make_line(session, need, ground.camera, 2, strength=Strength.FIRM)
    return body


def found(session, ground, **chosen):
    session.expire_all()
    chosen = PoolFilter(**chosen)
    items = queries.find_pooled(ground.campaign.id, chosen).items
    counted = queries.with_members(ground.campaign.id, chosen, items)
    return {one.item.code: (one.members, one.quantity) for one in counted}


def test_firm_and_indicative_are_told_apart(session, ground, group):
    camera = pool_of(session, ground)["VID-001"]
    assert (camera.quantity, camera.firm, camera.indicative) == (16, 2, 14)
    assert [share.firm for share in camera.shares] == [2, 0]


@pytest.mark.parametrize(
    "territory,cameras",
    [
        ({"departement": "78"}, (2, 12)),
        ({"departement": "92"}, (1, 4)),
        ({"intercommunality": "group"}, (2, 12)),
        ({"intercommunality": "outside"}, (1, 4)),
        ({"departement": "92", "intercommunality": "group"}, None),
        ({"intercommunality": "999"}, None),
    ],
)
def test_totals_of_a_territory(session, ground, group, territory, cameras):
    chosen = {key: str(group.id) if word == "group" else word for key, word in territory.items()}
    assert found(session, ground, **chosen).get("VID-001") == cameras


@pytest.mark.parametrize(
    "sort,codes",
    [
        ("", ["VID-001", "VID-002", "EDU-001"]),
        ("-code", ["EDU-001", "VID-002", "VID-001"]),
        ("designation", ["VID-002", "VID-001", "EDU-001"]),
        ("-designation", ["EDU-001", "VID-001", "VID-002"]),
        ("total", ["VID-002", "VID-001", "EDU-001"]),
        ("-total", ["EDU-001", "VID-001", "VID-002"]),
        ("left", ["VID-001", "VID-002", "EDU-001"]),
        ("-members", ["VID-001", "VID-002", "EDU-001"]),
        ("members", ["VID-002", "EDU-001", "VID-001"]),
    ],
)
def test_the_order(session, ground, sort, codes):
    ground.form(ground.camera)
    session.flush()
    assert list(found(session, ground, sort=sort)) == codes


@pytest.mark.parametrize(
    "chosen,codes",
    [
        ({"text": "camera"}, ["VID-001"]),
        ({"text": "CÂBLES"}, ["VID-002"]),
        ({"text": "tablete"}, ["EDU-001"]),
        ({"text": "vid-00"}, ["VID-001", "VID-002"]),
        ({"text": "tracteur"}, []),
        ({"show": "left"}, ["VID-002", "EDU-001"]),
        ({"show": "out"}, []),
    ],
)
def test_what_is_searched_and_shown(session, ground, chosen, codes):
    ground.form(ground.camera)
    session.flush()
    assert list(found(session, ground, **chosen)) == codes


def test_one_family_alone(session, ground):
    assert list(found(session, ground, family_id=ground.video.id)) == ["VID-001", "VID-002"]


def test_items_with_lines_left_out_are_found_even_when_nothing_else_asks(session, ground):
    tablets = ground.lines[4]
    operations.leave_out(tablets, "Non", actor=ground.buyer, today=today())
    out = queries.omission_counts(ground.campaign.id)
    assert out == {ground.tablet.id: 1}
    chosen = PoolFilter(show="out")
    [one] = queries.find_pooled(ground.campaign.id, chosen, list(out)).items
    assert (one.item.code, one.quantity) == ("EDU-001", 0)


# ------------------------------------------------------------- a total opened


def test_a_total_is_the_sum_of_its_parts(session, ground, group):
    rows = queries.parts(ground.campaign.id, ground.camera.id)
    assert [
        (row.departement, row.group_name, row.members, row.firm, row.quantity) for row in rows
    ] == [
        ("78", "Communauté des Essais", 2, 2, 12),
        ("92", None, 1, 0, 4),
    ]
    camera = pool_of(session, ground)["VID-001"]
    whole = queries.item_total(ground.camera, rows)
    assert list(whole.shares) == list(camera.shares)


FILTERS = {
    "departement": st.sampled_from(["", "78", "92"]),
    "intercommunality": st.sampled_from(["", "outside", "group"]),
    "strength": st.sampled_from(["", "firm", "indicative"]),
    "state": st.sampled_from(["", "left", "in_lots"]),
}


@given(st.fixed_dictionaries(FILTERS))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_list_shown_adds_up_to_the_total_shown(session, ground, group, words):
    if words["intercommunality"] == "group":
        words["intercommunality"] = str(group.id)
    chosen = OpenFilter(**words)
    for item in (ground.camera, ground.cable):
        rows = session.execute(queries.contributions_to(ground.campaign.id, item.id, chosen)).all()
        shown = queries.contributed(ground.campaign.id, item.id, chosen)
        assert shown.lines == len(rows)
        assert shown.quantity == sum(row.pool_quantity for row in rows)
        assert shown.allotted == sum(row.allotted for row in rows)
        assert shown.firm == sum(row.pool_quantity for row in rows if row.strength == "firm")
        if chosen.is_all:
            assert shown.quantity == pool_of(session, ground)[item.code].quantity


def test_the_lots_that_took_a_line(session, ground):
    lot = ground.form(ground.camera)
    session.flush()
    [taken] = queries.lots_taking([ground.lines[0].id])[ground.lines[0].id]
    assert (taken.id, taken.quantity) == (lot.id, 10)


def test_the_page_of_an_item(session, ground, group, door):
    own = {"words": "Caméras pour l'école", "own_unit": "carton", "units_each": Decimal(4)}
    make_line(session, ground.first_need, ground.camera, 8, **own)
    ground.form(ground.camera, territory=Territory.HAUTS_DE_SEINE)
    address = f"/campaigns/{ground.campaign.id}/pool/{ground.camera.id}"
    page = door.get(ground.people.dora, address).text
    for shown in ("Communauté des Essais", "Caméras pour l&#39;école", "Lot 1", "Bourg-Neuf"):
        assert shown in page
    assert f'href="/need-lines/{ground.lines[0].id}"' in page
    assert "Total of 4 lines" in page
    part = door.get(ground.people.dora, f"{address}?intercommunality={group.id}&state=left").text
    assert "Total of 3 lines of this choice" in part
    assert "Bourg-Neuf" not in part.split("<main")[1]


def test_the_page_of_an_item_that_nobody_asks_for(session, ground, door):
    item = make_item(session, ground.video)
    address = f"/campaigns/{ground.campaign.id}/pool/{item.id}"
    assert "Nothing is pooled as this item" in door.get(ground.people.clara, address).text


@pytest.mark.parametrize(
    "filters", ["", "?departement=78", "?intercommunality=outside", "?q=cable&sort=-total"]
)
def test_a_refused_form_shows_the_same_part_of_the_pool(ground, door, filters):
    address = f"/campaigns/{ground.campaign.id}"
    page = door.get(ground.people.clara, f"{address}/pool{filters}").text
    assert f'action="{address}/lots{filters}"'.replace("&", "&amp;") in page
    fields = {"items-0-item_id": ground.cable.id}
    answer = door.post(ground.people.clara, f"{address}/lots?q=cable", **fields)
    assert answer.status_code == 422
    assert re.search(rf'value="{ground.cable.id}"[^>]* checked', answer.text)


@pytest.mark.parametrize(
    "words", ["q=%25&sort=x", "intercommunality=x", "intercommunality=99999999999", "page=0",
              "departement=75", "family=x", "show=x", "page=x", "intercommunality=%C2%B2"]
)  # fmt: skip
def test_nonsense_in_the_address_asks_for_nothing(ground, door, words):
    for path in ("", f"/{ground.camera.id}"):
        address = f"/campaigns/{ground.campaign.id}/pool{path}?{words}"
        assert door.get(ground.people.clara, address).status_code == 200


def test_pages_of_fifty_keep_what_was_asked_for(session, ground, door):
    for _item in range(60):
        make_line(session, ground.first_need, make_item(session, ground.video), 3)
    address = f"/campaigns/{ground.campaign.id}/pool?departement=78&sort=-total"
    first = door.get(ground.people.clara, address).text
    assert first.count('data-label="Total"') == 50
    assert "departement=78&amp;sort=-total&amp;page=2" in first
    second = door.get(ground.people.clara, f"{address}&page=2").text
    assert second.count('data-label="Total"') == 12


def addresses(ground):
    pool = f"/campaigns/{ground.campaign.id}/pool"
    line = f"/need-lines/{ground.lines[0].id}/pool"
    return [pool, f"{pool}/{ground.camera.id}", f"{pool}/left-out", f"{pool}/merges", line]


@pytest.mark.parametrize(
    "name,status", [("ada", 403), ("alix", 403), ("eli", 403), ("clara", 200), ("dora", 200)]
)
def test_who_reads_the_pool(ground, door, name, status):
    for address in addresses(ground):
        assert door.get(getattr(ground.people, name), address).status_code == status


def test_what_is_not_there(ground, door):
    pool = f"/campaigns/{ground.campaign.id}/pool"
    for address in (
        "/campaigns/999/pool/1",
        f"{pool}/99999",
        f"{pool}/left-out?item=99999",
        "/campaigns/999/pool/left-out",
        "/campaigns/999/pool/merges",
        "/need-lines/99999/pool",
    ):
        assert door.get(ground.people.clara, address).status_code == 404


def test_pages_make_as_many_queries_for_few_lines_as_for_many(
    session, ground, sign_in, count_queries
):
    client = sign_in(ground.people.clara)
    asked = addresses(ground)
    asked += [f"{asked[0]}?departement=78&sort=-members", f"{asked[1]}?intercommunality=outside"]
    on = {"actor": ground.buyer, "today": today()}
    operations.leave_out(ground.lines[3], "Non", **on)
    operations.merge(ground.campaign, ground.tablet, ground.cable, Decimal(1), "Oui", **on)
    twin = make_item(session, ground.video, designation="Caméras fixes")
    make_line(session, ground.first_need, twin, 1)

    def counted():
        session.commit()
        found = []
        for address in asked:
            client.get(address)  # What is kept from one request to the next is kept now.
            with count_queries() as statements:
                assert client.get(address).status_code == 200
            found.append(len(statements))
        return found

    few = counted()
    for number in range(12):
        asker = make_person(session)
        need = make_need(session, ground.campaign, asker, NeedState.VALIDATED, ground.people.alix)
        for item in (ground.camera, ground.tablet, make_item(session, ground.video)):
            make_line(session, need, item, 3)
        out = make_line(session, need, ground.cable, 3)
        session.flush()
        operations.leave_out(out, f"Non {number}", **on)
    assert counted() == few
    assert max(few) <= 30
