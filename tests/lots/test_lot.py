"""The list of lots, a lot, and a lot line down to who asked."""

import pytest

from procurement.lots.models import LotState
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
    page = door.get(ground.people.dora, f"/lots/{lot.id}").text
    assert "<button" not in page


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
