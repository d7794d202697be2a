"""Where a need is: what a member reads of each of its lines, at each moment."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from lxml import html

from procurement.kernel.pipeline import today
from procurement.lots import operations
from procurement.lots.models import LotState
from procurement.lots.operations import Take
from procurement.members.models import Mandate
from procurement.needs.models import CampaignState, Equivalence, NeedLine, NeedState, Omission
from procurement.needs.operations import pooling
from tests.make import make_campaign, make_item, make_line, make_need, make_person, make_site


def address(need):
    return f"/needs/{need.id}/whereabouts"


def places(door, person, need):
    """What stands in the last cell of each line."""
    answer = door.get(person, address(need))
    assert answer.status_code == 200
    cells = html.fromstring(answer.text).xpath("//main//tbody/tr/td[last()]")
    return [" ".join(cell.text_content().split()) for cell in cells]


def test_in_the_pool(ground, door):
    told = places(door, ground.people.ada, ground.first_need)
    assert told[0] == "In the pool, waiting for a lot: 10 × piece"
    assert len(told) == 3


def test_in_the_pool_while_others_still_answer(session, ground, door):
    ground.campaign.state = CampaignState.OPEN
    told = places(door, ground.people.ada, ground.first_need)
    closing = f"{ground.campaign.closes_on:%d/%m/%Y}"
    assert told[0] == f"In the pool until the campaign ends on {closing}: 10 × piece"


def test_in_no_lot_of_an_archive(session, ground, door):
    ground.campaign.state = CampaignState.ARCHIVED
    assert places(door, ground.people.ada, ground.first_need)[0].startswith("In no lot")


@pytest.mark.parametrize(
    "state,sentence",
    [
        (LotState.DRAFT, "being prepared by the centrale, not final yet"),
        (LotState.FROZEN, f"quantities fixed on {today():%d/%m/%Y} (version 1)"),
        (LotState.TENDERED, "firms are answering the call for offers (version 1"),
        (LotState.AWARDED, "an offer was chosen"),
        (LotState.UNSUCCESSFUL, "no offer was chosen; the centrale decides"),
    ],
)
def test_in_a_lot(ground, door, state, sentence):
    lot = ground.form(title="Caméras")
    if state is not LotState.DRAFT:
        ground.freeze(lot)
        lot.state = state
    told = places(door, ground.people.ada, ground.first_need)
    assert told[0].startswith("Lot 1, Caméras")
    assert " 10 " in told[0]
    assert sentence in told[0]
    assert "pool" not in told[0]


def test_in_a_thawed_lot(ground, door):
    lot = ground.freeze(ground.form())
    operations.thaw(lot, "Un oubli", actor=ground.buyer, today=today())
    told = places(door, ground.people.ada, ground.first_need)
    assert f"being changed since {today():%d/%m/%Y}: Un oubli" in told[0]


def test_given_back_and_in_another_lot(session, ground, door):
    lot = ground.freeze(ground.form(ground.camera))
    lot.state = LotState.UNSUCCESSFUL
    session.flush()
    operations.release(lot, actor=ground.buyer, today=today())
    told = places(door, ground.people.ada, ground.first_need)[0]
    assert f"given back to the pool on {today():%d/%m/%Y}" in told
    assert "In the pool, waiting for a lot: 10" in told
    ground.form(ground.camera, title="Deuxième essai")
    told = places(door, ground.people.ada, ground.first_need)[0]
    assert "Lot 1" in told
    assert "Lot 2, Deuxième essai" in told
    assert "waiting for a lot" not in told


def test_split_across_lots_with_what_is_left(ground, door):
    first = ground.form(ground.camera)
    takes = [Take(ground.lines[0].id, Decimal(3), Decimal(10))]
    operations.take(first.lines[0], takes, actor=ground.buyer)
    second = ground.form(ground.camera, title="Le reste")
    takes = [Take(ground.lines[0].id, Decimal(5), Decimal(7))]
    operations.take(second.lines[0], takes, actor=ground.buyer)
    told = places(door, ground.people.ada, ground.first_need)[0]
    assert "Draft 3 being" in told
    assert "Draft 5 being" in told
    assert "waiting for a lot: 2 × piece" in told


def test_what_was_added_to_make_whole_packs(ground, door):
    ground.camera.pack_size = 5
    lot = ground.form(ground.camera)
    operations.round_up_lot(lot, Decimal(100), "Cartons de 5", actor=ground.buyer)
    told = [
        places(door, person, need)[0]
        for person, need in (
            (ground.people.ada, ground.first_need),
            (ground.people.basile, ground.second_need),
        )
    ]
    assert sum("1 more to make whole packs" in one for one in told) == 1


def test_left_out(session, ground, door):
    line = ground.lines[0]
    pooling.leave(NeedLine.id == line.id)
    moment = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    session.add(Omission(need_line_id=line.id, reason="Déjà livré", person_id=1, at=moment))
    told = places(door, ground.people.ada, ground.first_need)[0]
    assert told == "Left out by the centrale on 20/11/2026 10:30: Déjà livré"


def test_merged_into_another_item(session, ground, door):
    box = make_item(session, ground.video, code="VID-009", designation="Caméra en coffret")
    session.add(
        Equivalence(
            campaign_id=ground.campaign.id,
            item_id=ground.camera.id,
            into_item_id=box.id,
            units_each=Decimal("0.5"),
            reason="Vendues par deux",
            person_id=ground.people.clara.id,
            decided_on=date(2026, 11, 2),
        )
    )
    session.flush()
    pooling.enter(NeedLine.id == ground.lines[0].id)
    told = places(door, ground.people.ada, ground.first_need)[0]
    assert "Bought together as VID-009 Caméra en coffret: 5 × piece" in told
    assert "Decided on 02/11/2026: Vendues par deux" in told
    assert "waiting for a lot: 5 × piece" in told


def test_in_the_words_of_the_member(session, ground, door):
    need = ground.first_need
    make_line(session, need, None, 4, words="Un carton de câble", own_unit="carton")
    words = {"words": "Deux dômes", "own_unit": "lot de 2", "units_each": Decimal(2)}
    make_line(session, need, ground.camera, 6, **words)
    page = door.get(ground.people.ada, address(need)).text
    assert "<q>Un carton de câble</q>" in page
    told = places(door, ground.people.ada, need)
    assert told[3] == "Waits for the centrale to say which item of the catalogue it is"
    assert told[4].startswith("Understood as VID-001 Caméra fixe: 6 × piece")
    ground.campaign.state = CampaignState.POOLED
    assert places(door, ground.people.ada, need)[3] == (
        "Its item was not found before the pooling ended"
    )


@pytest.mark.parametrize(
    "state,sentence",
    [
        (NeedState.DRAFT, "Waits to be submitted"),
        (NeedState.RETURNED, "Waits to be submitted"),
        (NeedState.SUBMITTED, "Waits for its approver"),
    ],
)
def test_before_it_is_validated(session, people, door, state, sentence):
    approver = people.alix if state is NeedState.RETURNED else None
    need = make_need(session, make_campaign(session), people.ada, state, approver)
    make_line(session, need, make_item(session), 3)
    assert places(door, people.ada, need) == [sentence]


def test_too_late_for_its_approver(session, people, door):
    campaign = make_campaign(session, CampaignState.POOLED)
    need = make_need(session, campaign, people.ada, NeedState.SUBMITTED)
    make_line(session, need, make_item(session), 3)
    assert places(door, people.ada, need) == ["Was not validated in time"]


def test_nothing_to_follow(session, people, door):
    campaign = make_campaign(session)
    nil = make_need(session, campaign, people.ada, NeedState.VALIDATED, people.alix, is_nil=True)
    assert "nothing to follow" in door.get(people.ada, address(nil)).text
    empty = make_need(session, make_campaign(session), people.ada)
    assert "No line yet" in door.get(people.ada, address(empty)).text


def test_the_need_leads_there(session, ground, door):
    link = f'href="{address(ground.first_need)}"'
    for person in (ground.people.ada, ground.people.alix, ground.people.clara):
        assert link in door.get(person, f"/needs/{ground.first_need.id}").text
    draft = make_need(session, make_campaign(session), ground.people.ada)
    page = door.get(ground.people.ada, f"/needs/{draft.id}").text
    assert address(draft) not in page


@pytest.mark.parametrize("name", ["ada", "alix", "clara", "dora"])
def test_who_reads_it(ground, door, name):
    assert door.get(getattr(ground.people, name), address(ground.first_need)).status_code == 200


def test_strangers_and_the_wrong_role(session, ground, door):
    need = ground.first_need
    assert door.get(ground.people.basile, address(need)).status_code == 404
    assert door.get(ground.people.eli, address(need)).status_code == 403
    assert door.get(ground.people.clara, "/needs/999/whereabouts").status_code == 404
    draft = make_need(session, make_campaign(session), ground.people.ada)
    assert door.get(ground.people.clara, address(draft)).status_code == 404


def test_a_delegate_reads_it_without_the_lot(session, ground, door):
    ground.form(title="Caméras")
    delegate = make_person(session)
    session.add(
        Mandate(
            member_id=ground.people.first.id, delegate_id=delegate.member_id, granted_on=today()
        )
    )
    page = door.get(delegate, address(ground.first_need)).text
    assert "Lot 1, Caméras" in page
    assert 'href="/lots/' not in page
    assert 'href="/lots/' in door.get(ground.people.ada, address(ground.first_need)).text


def test_nothing_of_others(ground, door):
    ground.form(title="Caméras")
    page = door.get(ground.people.ada, address(ground.first_need)).text
    assert ">14<" not in page
    assert "Bourg-Neuf" not in page


def test_its_queries_do_not_grow_with_the_lines(session, ground, sign_in, count_queries):
    client, counts = sign_in(ground.people.ada), []
    for more in (0, 70):
        for _place in range(more):
            site = make_site(session, ground.people.first)
            make_line(session, ground.first_need, ground.tablet, 1, site_id=site.id)
        ground.form(*([ground.tablet] if more else []))
        session.commit()
        with count_queries() as statements:
            assert client.get(address(ground.first_need)).status_code == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]
    page = client.get(f"{address(ground.first_need)}?page=2").text
    assert page.count("/need-lines/") == 23
