"""The buyer decides what members' own words mean: the words stay, and so does what was checked."""

import json
import threading
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.catalogue.models import Family, Item, Unit
from procurement.extensions import db
from procurement.kernel import pipeline
from procurement.kernel.access import Actor, Role
from procurement.kernel.audit import AuditEntry
from procurement.kernel.database import begin_write
from procurement.kernel.errors import Refused
from procurement.kernel.pipeline import today
from procurement.lots import operations as lots
from procurement.lots import verification
from procurement.lots.models import Lot
from procurement.needs import operations
from procurement.needs.models import (
    Basis,
    Campaign,
    CampaignFamily,
    CampaignState,
    Need,
    NeedLine,
    NeedState,
    Wording,
)
from procurement.needs.operations import Decision
from procurement.needs.queries import harmonising
from procurement.orders import queries as orders
from tests.databases import on_postgresql, on_sqlite
from tests.door import refused
from tests.make import (
    actor_for,
    make_campaign,
    make_family,
    make_item,
    make_line,
    make_need,
    make_person,
)
from tests.people import People

D = Decimal
PAPER = ("papier a 4", "carton")
SINCE = date(2024, 9, 1)


@dataclass
class Desk:
    """A closed campaign in which two members wrote the same in their own words."""

    campaign: Campaign
    family: Family
    ream: Item
    buyer: Actor
    first: Need
    second: Need
    lines: list[NeedLine]

    def decide(self, *decisions: Decision, item: Item | None = None) -> int:
        """Decide as the buyer, today; five reams in a carton when nothing else is said."""
        return operations.harmonise(
            self.campaign,
            (item or self.ream).id,
            decisions or [Decision(PAPER, D(5))],
            actor=self.buyer,
            today=today(),
        )


@pytest.fixture
def desk(session: Session, people: People) -> Desk:
    """Paper by the carton: 3 for the first, 2 each year over four years for the second."""
    family = make_family(session)
    ream = make_item(
        session, family, code="FOU-001", designation="Ramette de papier A4", unit=Unit.PACK
    )
    campaign = make_campaign(session, CampaignState.CLOSED)
    first = make_need(session, campaign, people.ada, NeedState.VALIDATED, people.alix)
    second = make_need(session, campaign, people.basile, NeedState.SUBMITTED)
    paid = {"own_price": D("22.50"), "paid_price": D("22.50"), "paid_since": SINCE}
    yearly = {"declared_quantity": D(2), "basis": Basis.YEAR}
    lines = [
        make_line(session, first, None, 3, words="Papier A4", own_unit="Carton", **paid),
        make_line(session, second, None, 8, words="papiers a4", own_unit="cartons", **yearly),
    ]
    buyer = actor_for(people.clara)
    return Desk(campaign, family, ream, buyer, first, second, lines)


def wording_of(session: Session) -> list[tuple[object, ...]]:
    rows = session.execute(select(Wording.words, Wording.unit, Wording.item_id, Wording.units_each))
    return [tuple(row) for row in rows]


def entries(session: Session) -> list[tuple[str, dict[str, object]]]:
    rows = session.execute(select(AuditEntry.verb, AuditEntry.changes).order_by(AuditEntry.id))
    return [(verb, json.loads(changes)) for verb, changes in rows]


def test_what_waits_is_grouped_however_it_was_written(session, people, desk):
    [asked] = harmonising.waiting(desk.campaign).values()
    assert (asked.key, asked.lines, asked.quantity) == (PAPER, 2, D(11))
    assert asked.members == {people.first.id, people.second.id}
    assert asked.examples == ["Papier A4", "papiers a4"]


def test_what_is_not_sent_does_not_wait(session, people, desk):
    for state in (NeedState.DRAFT, NeedState.RETURNED):
        person = make_person(session)
        need = make_need(session, desk.campaign, person, state, people.alix)
        make_line(session, need, None, 9, words="Papier A4", own_unit="carton")
    other = make_need(session, make_campaign(session), people.ada, NeedState.SUBMITTED)
    make_line(session, other, None, 9, words="Papier A4", own_unit="carton")
    [asked] = harmonising.waiting(desk.campaign).values()
    assert asked.lines == 2


def test_lines_count_in_units_of_the_item_and_keep_their_words(session, desk):
    figure = desk.first.check_figure
    assert desk.decide() == 2
    first, second = desk.lines
    assert (first.item_id, first.units_each, first.quantity) == (desk.ream.id, D(5), D(15))
    assert (first.words, first.own_unit, first.own_price) == ("Papier A4", "Carton", D("22.5"))
    assert (first.declared_quantity, first.paid_price, first.paid_since) == (D(3), D("4.5"), SINCE)
    assert (second.quantity, second.paid_price) == (D(40), None)
    assert desk.first.check_figure == figure
    assert list(verification.faults()) == []
    assert harmonising.waiting(desk.campaign) == {}


def test_a_need_that_is_validated_after_it_verifies_too(session, people, desk):
    desk.decide()
    operations.validate(desk.second, actor=actor_for(people.blanche))
    session.flush()
    assert list(verification.faults()) == []
    operations.unharmonise(desk.campaign, PAPER, desk.ream.id, actor=desk.buyer)
    assert list(verification.faults()) == []


def test_it_is_remembered_and_the_latest_decision_counts(session, people, desk):
    desk.decide()
    assert wording_of(session) == [(*PAPER, desk.ream.id, D(5))]
    operations.unharmonise(desk.campaign, PAPER, desk.ream.id, actor=desk.buyer)
    desk.decide(Decision(PAPER, D(4)))
    assert wording_of(session) == [(*PAPER, desk.ream.id, D(4))]


def test_the_next_campaign_decides_nothing_by_itself_and_all_in_one_go(session, people, desk):
    desk.decide()
    later = make_campaign(session, CampaignState.OPEN)
    need = make_need(session, later, people.ada, NeedState.SUBMITTED)
    line = make_line(session, need, None, 2, words="PAPIER A4", own_unit="carton")
    other = make_line(session, need, None, 2, words="Chaise", own_unit="u")
    assert line.item_id is None
    waiting = harmonising.waiting(later)
    assert [row.code for row in harmonising.remembered(waiting, None).values()] == ["FOU-001"]
    assert operations.confirm_remembered(later, actor=desk.buyer, today=today()) == 1
    assert (line.item_id, line.quantity, other.item_id) == (desk.ream.id, D(10), None)
    with refused("nothing_waits"):
        operations.confirm_remembered(later, actor=desk.buyer, today=today())


def test_what_is_remembered_of_other_families_is_not_proposed(session, desk):
    desk.decide()
    waiting = [PAPER]
    assert harmonising.remembered(waiting, frozenset({desk.family.id}))
    assert harmonising.remembered(waiting, frozenset({desk.family.id + 1})) == {}


def test_one_decision_covers_several_wordings_each_with_its_unit(session, people, desk):
    more = make_line(session, desk.second, None, 10, words="Papier A4 80g", own_unit="ramette")
    pallets = make_line(session, desk.second, None, 1, words="Papier A4", own_unit="palette")
    waiting = harmonising.waiting(desk.campaign)
    near = harmonising.alike(PAPER, waiting)
    assert near == [("papier a 4", "palette"), ("papier a 4 80 g", "ramette")]
    decisions = [Decision(PAPER, D(5)), Decision(near[0], D(200)), Decision(near[1])]
    assert desk.decide(*decisions) == 4
    assert (more.quantity, more.units_each, pallets.quantity) == (D(10), D(1), D(200))


def test_the_journal_says_what_was_decided(session, desk):
    desk.decide()
    operations.unharmonise(desk.campaign, PAPER, desk.ream.id, actor=desk.buyer)
    pipeline.commit()
    assert entries(session) == [
        (
            "needs.harmonise",
            {"wordings": ["papier a 4 (carton) = 5 FOU-001"], "lines": 2, "members": 2},
        ),
        (
            "needs.unharmonise",
            {"wording": "papier a 4 (carton)", "item_id": [desk.ream.id, None], "lines": 2},
        ),
    ]


def test_taking_back_gives_the_lines_their_own_unit_again(session, desk):
    versions = [line.version for line in desk.lines]
    desk.decide()
    assert operations.unharmonise(desk.campaign, PAPER, desk.ream.id, actor=desk.buyer) == 2
    first, second = desk.lines
    assert (first.item_id, first.units_each) == (None, None)
    assert (first.quantity, first.paid_price, second.quantity) == (D(3), D("22.5"), D(8))
    assert [line.version for line in desk.lines] == [one + 2 for one in versions]
    with refused("nothing_to_undo"):
        operations.unharmonise(desk.campaign, PAPER, desk.ream.id, actor=desk.buyer)


def test_what_a_lot_took_stays(session, people, desk):
    desk.decide()
    lots.form(desk.campaign, "Papier", item_ids=[desk.ream.id], actor=desk.buyer, today=today())
    assert operations.unharmonise(desk.campaign, PAPER, desk.ream.id, actor=desk.buyer) == 1
    session.expire_all()
    assert (desk.lines[0].item_id, desk.lines[1].item_id) == (desk.ream.id, None)
    [row] = harmonising.understood(desk.campaign)
    assert (row.asked.quantity, row.asked.untaken, row.units_each) == (D(15), 0, D(5))
    with refused("nothing_to_undo"):
        operations.unharmonise(desk.campaign, PAPER, desk.ream.id, actor=desk.buyer)
    assert desk.decide() == 1
    assert list(verification.faults()) == []


@pytest.mark.parametrize(
    "price, each, paid",
    [("10", "3", "3.3333"), ("0.05", "10", "0.005"), ("10", "0.5", "20"), ("0", "5", "0")],
)
def test_the_price_of_one_is_rounded_to_four_decimals(session, people, desk, price, each, paid):
    kept = {"own_price": D(price), "paid_price": D(price), "paid_since": SINCE}
    line = make_line(session, desk.first, None, 1, words="Vis", own_unit="sachet", **kept)
    desk.decide(Decision(("vis", "sachet"), D(each)))
    assert line.paid_price == D(paid)


def test_a_part_of_a_unit_is_rounded_to_three_decimals(session, desk):
    yearly = {"declared_quantity": D("0.1"), "basis": Basis.YEAR}
    desk.campaign.contract_months = 13
    line = make_line(session, desk.first, None, "0.108", words="Vis", own_unit="kg", **yearly)
    desk.decide(Decision(("vis", "kg"), D("0.333")))
    assert line.quantity == D("0.036")


@pytest.mark.parametrize(
    "code, quantity, price, each",
    [
        ("too_little", "0.001", None, "0.1"),
        ("too_much", "1000000", None, "101"),
        ("price_too_low", "1", "0.0001", "1000"),
        ("price_too_high", "1000", "10000000", "0.5"),
    ],
)
def test_what_cannot_be_is_refused(session, people, desk, code, quantity, price, each):
    paid = (
        {}
        if price is None
        else {"own_price": D(price), "paid_price": D(price), "paid_since": SINCE}
    )
    line = make_line(session, desk.first, None, quantity, words="Vis", own_unit="kg", **paid)
    with refused(code) as caught:
        desk.decide(Decision(("vis", "kg"), D(each), "alike-0-units_each"))
    assert caught.value.field == "alike-0-units_each"
    assert line.item_id is None


def test_units_that_differ_must_be_told(session, desk):
    with refused("units_needed") as caught:
        desk.decide(Decision(PAPER))
    assert caught.value.field == "units_each"


def test_an_item_of_another_family_or_none(session, desk):
    desk.campaign.every_family = False
    session.add(CampaignFamily(campaign_id=desk.campaign.id, family_id=desk.family.id))
    with refused("family_not_concerned"):
        desk.decide(item=make_item(session))
    with refused("no_such_item"):
        operations.harmonise(
            desk.campaign, 999, [Decision(PAPER, D(5))], actor=desk.buyer, today=today()
        )
    assert desk.decide() == 2


@pytest.mark.parametrize(
    "state", [CampaignState.DRAFT, CampaignState.POOLED, CampaignState.ARCHIVED]
)
def test_the_wrong_moment(session, desk, state):
    desk.campaign.state = state
    with refused("not_now"):
        desk.decide()
    with refused("not_now"):
        operations.confirm_remembered(desk.campaign, actor=desk.buyer, today=today())
    with refused("not_now"):
        operations.unharmonise(desk.campaign, PAPER, desk.ream.id, actor=desk.buyer)


def test_from_a_free_line_to_a_lot_and_its_reference_price(session, people, desk):
    operations.validate(desk.second, actor=actor_for(people.blanche))
    own = make_line(session, desk.first, desk.ream, 2)
    with refused("already_allotted"):
        other = make_item(session, desk.family)
        lots.form(desk.campaign, "Rien", item_ids=[other.id], actor=desk.buyer, today=today())
    desk.decide()
    lot = lots.form(
        desk.campaign, "Papier", item_ids=[desk.ream.id], actor=desk.buyer, today=today()
    )
    session.flush()
    lots.freeze(lot, actor=desk.buyer, today=today())
    session.flush()
    session.expire_all()
    [line] = lot.lines
    # 3 cartons and 2 each year of four, by 5, and 2 that named the item.
    assert (line.quantity, own.allotted) == (D(57), D(2))
    assert list(verification.faults()) == []
    [reference] = orders.own_prices(people.first.id, desk.lines[0].site_id, [line.id]).values()
    assert reference == (desk.lines[0].id, D("4.5"))
    assert line.id not in orders.own_prices(people.second.id, desk.lines[1].site_id, [line.id])


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["decide", "take back", "form", "dissolve"]),
        st.decimals("0.001", 500, places=3),
    ),
    max_size=10,
)


def play(session: Session, desk: Desk, act: str, each: Decimal) -> None:
    """Do one act; what is refused leaves nothing behind."""
    buyer, day = desk.buyer, today()
    lot = session.scalar(select(Lot).where(Lot.campaign_id == desk.campaign.id))
    try:
        if act == "decide":
            desk.decide(Decision(PAPER, each))
        elif act == "take back":
            operations.unharmonise(desk.campaign, PAPER, desk.ream.id, actor=buyer)
        elif act == "form":
            ids = [desk.ream.id]
            lots.form(desk.campaign, "Papier", item_ids=ids, actor=buyer, today=day)
        elif lot:
            lots.dissolve(lot, actor=buyer)
        pipeline.commit()
    except Refused:
        pipeline.rollback()


@on_sqlite
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=ACTS)
def test_whatever_is_decided_and_pooled_nothing_is_lost(session, people, desk, acts):
    for act, each in acts:
        play(session, desk, act, each)
        assert list(verification.faults()) == []
        for line in desk.lines:
            assert line.quantity == line.declared_quantity * (line.units_each or 1) * (
                4 if line.basis is Basis.YEAR else 1
            )


@on_postgresql
def test_nothing_is_taken_back_from_a_lot_that_is_being_formed(app, session, people, desk):
    desk.decide()
    item_id, person_id, undo = desk.ream.id, people.clara.id, address(desk, "harmonise/undo")
    fields = {"words": PAPER[0], "unit": PAPER[1], "item_id": str(item_id)}
    session.commit()
    answers = []
    begin_write(session)
    # As whoever forms a lot does first.
    [campaign] = session.scalars(
        select(Campaign).where(Campaign.id == desk.campaign.id).with_for_update()
    )

    def take_back() -> None:
        with app.app_context():
            db.session.remove()
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie.update(_user_id=str(person_id), _fresh=True)
        answers.append(client.post(undo, data=fields).status_code)

    late = threading.Thread(target=take_back)
    late.start()
    late.join(0.5)
    assert answers == []
    lots.form(campaign, "Papier", item_ids=[item_id], actor=desk.buyer, today=today())
    pipeline.commit()
    late.join(10)
    # The line that is not validated was not for the lot, and is taken back.
    assert answers == [302]
    session.expire_all()
    assert [line.item_id for line in desk.lines] == [item_id, None]
    assert list(verification.faults()) == []


# The pages.


def address(desk: Desk, rest: str = "harmonise") -> str:
    return f"/campaigns/{desk.campaign.id}/{rest}"


def typed(desk: Desk, **over: object) -> dict[str, object]:
    values = {"words": PAPER[0], "unit": PAPER[1], "item_id": desk.ream.id, "units_each": "5"}
    return values | over


def test_the_list(door, people, desk):
    page = door.get(people.clara, address(desk))
    assert page.status_code == 200
    for text in ("Papier A4", "papiers a4", "11", "Carton", "Decide"):
        assert text in page.text
    assert "remembered" not in page.text
    assert "Papier A4" in door.get(people.clara, address(desk, "harmonise?q=PAPIERS+cart")).text
    assert "Nothing found" in door.get(people.clara, address(desk, "harmonise?q=chaise")).text


def test_the_list_says_what_resembles(session, door, people, desk):
    make_line(session, desk.first, None, 1, words="Papier A4 80g", own_unit="ramette")
    page = door.get(people.clara, address(desk)).text
    assert "Resembles:" in page
    assert "Papier A4 80g</q> (ramette)" in page


def test_the_list_in_pages(session, door, people, desk):
    for number in range(25):
        make_line(session, desk.first, None, 1, words=f"Chose {number:02}", own_unit="u")
    first = door.get(people.clara, address(desk)).text
    second = door.get(people.clara, address(desk, "harmonise?page=2")).text
    assert ("Chose 00" in first, "Chose 24" in first) == (True, False)
    assert ("Chose 00" in second, "Chose 24" in second) == (False, True)


def test_nothing_waits(session, door, people):
    campaign = make_campaign(session)
    page = door.get(people.clara, f"/campaigns/{campaign.id}/harmonise").text
    assert "Nothing waits" in page
    page = door.get(people.clara, f"/campaigns/{campaign.id}/harmonised").text
    assert "Nothing decided yet" in page


def test_the_decision_page_proposes_items_and_shows_who_asks(door, people, desk):
    page = door.get(people.clara, address(desk, "harmonise/wording?words=papier+a+4&unit=carton"))
    assert page.status_code == 200
    for text in ("Ramette de papier A4", "Another unit", people.second.name, "22.50", "FOU-001"):
        assert text in page.text
    assert "checked" not in page.text
    assert "/catalogue/new?designation=Papier+A4&amp;unit=Carton" in page.text


def test_the_decision_page_looks_for_something_else(session, door, people, desk):
    make_item(session, desk.family, code="FOU-002", designation="Chaise pliante")
    there = "harmonise/wording?words=papier+a+4&unit=carton&find="
    assert "Chaise pliante" in door.get(people.clara, address(desk, there + "chaise")).text
    page = door.get(people.clara, address(desk, there + "chaize")).text
    assert "Chaise pliante" in page
    assert "this resembles them" in page
    assert "Nothing of the catalogue" in door.get(people.clara, address(desk, there + "zzz")).text


def test_words_that_nobody_wrote(door, people, desk):
    page = door.get(people.clara, address(desk, "harmonise/wording?words=chaise&unit=u"))
    assert (page.status_code, "Nothing waits" in page.text) == (200, True)


def test_a_decision(session, door, people, desk):
    make_line(session, desk.first, None, 10, words="Papier A4 80g", own_unit="ramette")
    make_line(session, desk.first, None, 1, words="Papier A4", own_unit="palette")
    alike = {
        "alike-0-words": "papier a 4",
        "alike-0-unit": "palette",
        "alike-0-units_each": "",
        "alike-1-words": "papier a 4 80 g",
        "alike-1-unit": "ramette",
        "alike-1-units_each": "",
        "alike-1-chosen": "1",
    }
    answer = door.post(people.clara, address(desk), **typed(desk, **alike))
    assert (answer.status_code, answer.location) == (302, address(desk))
    quantities = session.scalars(select(NeedLine.quantity).order_by(NeedLine.id)).all()
    assert quantities == [D(15), D(40), D(10), D(1)]
    page = door.get(people.clara, address(desk, "harmonised")).text
    for text in ("Papier A4", "1 “Carton” = 5 × pack", "Ramette de papier A4", "Take back"):
        assert text in page


def test_a_remembered_decision_is_one_click(session, door, people, desk):
    desk.decide()
    later = make_campaign(session, CampaignState.OPEN)
    need = make_need(session, later, people.ada, NeedState.SUBMITTED)
    line = make_line(session, need, None, 2, words="PAPIER A4", own_unit="carton")
    page = door.get(people.clara, f"/campaigns/{later.id}/harmonise").text
    assert f"1 “carton” = 5 × pack, on {today():%d/%m/%Y}" in page
    assert "Confirm 1 remembered decision<" in page
    wording = f"/campaigns/{later.id}/harmonise/wording?words=papier+a+4&unit=carton"
    assert "checked" in door.get(people.clara, wording).text
    answer = door.post(people.clara, f"/campaigns/{later.id}/harmonise/remembered")
    assert answer.status_code == 302
    assert line.quantity == D(10)
    again = door.post(people.clara, f"/campaigns/{later.id}/harmonise/remembered")
    assert again.status_code == 409


def test_what_is_refused_comes_back_as_it_was_typed(session, door, people, desk):
    make_line(session, desk.first, None, 10, words="Papier A4 80g", own_unit="ramette")
    other = make_item(session, desk.family, designation="Chaise pliante")
    alike = {
        "alike-0-words": "papier a 4 80 g",
        "alike-0-unit": "ramette",
        "alike-0-units_each": "7",
        "alike-0-chosen": "1",
    }
    fields = typed(desk, item_id=other.id, units_each="", **alike)
    answer = door.post(people.clara, address(desk), **fields)
    assert answer.status_code == 409
    assert "Chaise pliante is counted by the piece: how many are in one “carton”?" in answer.text
    assert f'value="{other.id}" required checked' in answer.text
    assert 'value="7"' in answer.text
    assert 'name="alike-0-chosen" value="1" checked' in answer.text
    assert desk.lines[0].item_id is None


@pytest.mark.parametrize(
    "field, value",
    [
        ("item_id", ""),
        ("item_id", "x"),
        ("item_id", str(2**40)),
        ("units_each", "0"),
        ("units_each", "douze"),
        ("units_each", "1.2345"),
        ("units_each", "2000000"),
        ("words", ""),
        ("unit", "x" * 51),
        ("alike-0-chosen", "1"),
        ("surprise", "1"),
    ],
)
def test_bad_input(session, door, people, desk, field, value):
    answer = door.post(people.clara, address(desk), **typed(desk, **{field: value}))
    assert answer.status_code == 422
    assert desk.lines[0].item_id is None


def test_a_second_click_changes_nothing(session, door, people, desk):
    assert door.post(people.clara, address(desk), **typed(desk)).status_code == 302
    answer = door.post(people.clara, address(desk), **typed(desk))
    assert (answer.status_code, "No line waits" in answer.text) == (409, True)
    assert len(session.scalars(select(AuditEntry)).all()) == 1


def test_undo(session, door, people, desk):
    desk.decide()
    fields = {"words": PAPER[0], "unit": PAPER[1], "item_id": desk.ream.id}
    undo = address(desk, "harmonise/undo")
    assert door.post(people.clara, undo, **fields | {"item_id": ""}).status_code == 422
    answer = door.post(people.clara, undo, **fields)
    assert (answer.status_code, answer.location) == (302, address(desk, "harmonised"))
    assert desk.lines[0].item_id is None
    assert door.post(people.clara, undo, **fields).status_code == 409


@pytest.mark.parametrize("name", ["ada", "alix", "dora", "eli"])
@pytest.mark.parametrize(
    "method, rest",
    [
        ("get", "harmonise"),
        ("get", "harmonised"),
        ("get", "harmonise/wording"),
        ("post", "harmonise"),
        ("post", "harmonise/remembered"),
        ("post", "harmonise/undo"),
    ],
)
def test_the_wrong_role(door, people, desk, name, method, rest):
    answer = getattr(door, method)(getattr(people, name), address(desk, rest))
    assert answer.status_code == 403


@pytest.mark.parametrize("rest", ["harmonise", "harmonised", "harmonise/wording"])
def test_no_such_campaign(door, people, rest):
    assert door.get(people.clara, f"/campaigns/999/{rest}").status_code == 404


@pytest.mark.parametrize("rest", ["harmonise", "harmonised"])
def test_as_many_queries_for_two_wordings_as_for_twenty(
    session, people, desk, sign_in, count_queries, rest
):
    def grow(rows: int) -> int:
        for number in range(rows):
            words = f"Chose {number} {len(desk.first.lines)}"
            line = make_line(session, desk.first, None, 1, words=words, own_unit="u")
            if rest == "harmonised":
                line.item_id, line.units_each = make_item(session).id, D(1)
        session.commit()
        clara = sign_in(people.clara)
        session.rollback()
        with count_queries() as statements:
            assert clara.get(address(desk, rest)).status_code == 200
        return len(statements)

    assert grow(2) == grow(17) <= 12


# Where the words show, all the way.


def test_the_member_reads_its_words_and_what_they_were_taken_for(session, door, people, desk):
    there = f"/need-lines/{desk.lines[0].id}"
    page = door.get(people.ada, there).text
    for text in ("Papier A4", "3 Carton for the whole period", "has still to say", "22.50 €"):
        assert text in page
    assert "Waits for a decision" in door.get(people.clara, there).text
    desk.decide()
    page = door.get(people.ada, there).text
    for text in (
        "<q>Papier A4</q>",
        "Understood by the centrale as",
        "1 “Carton” = 5 × pack",
        "4.50 €",
    ):
        assert text in page
    assert door.get(people.basile, there).status_code == 404


def test_the_pool_says_what_waits_and_the_lot_shows_the_words(session, door, people, desk):
    pool = address(desk, "pool")
    page = door.get(people.clara, pool).text
    assert "1 validated line in a member’s own words" in page
    assert address(desk) in page
    assert address(desk) not in door.get(people.dora, pool).text
    desk.decide()
    assert "own words" not in door.get(people.clara, pool).text
    lot = lots.form(
        desk.campaign, "Papier", item_ids=[desk.ream.id], actor=desk.buyer, today=today()
    )
    session.flush()
    [line_id] = [line.id for line in lot.lines]
    page = door.get(people.clara, f"/lot-lines/{line_id}").text
    assert "<q>Papier A4</q>, 1 “Carton” = 5 × pack" in page


def test_a_member_that_corrects_its_need_keeps_what_was_decided(session, people, desk):
    """A returned need, whose free line means an item already, is written again."""
    desk.campaign.state = CampaignState.OPEN
    person = make_person(session, Role.REQUESTER)
    need = make_need(session, desk.campaign, person, NeedState.RETURNED, people.alix)
    line = make_line(session, need, None, 1, words="Vis", own_unit="kg")
    line.item_id, line.units_each = desk.ream.id, D("0.333")
    session.flush()
    entry = operations.LineEntry(D("0.111"), line.site_id, words="Vis", own_unit="kg")
    operations.change_line(line, entry, line.version, actor=actor_for(person), today=today())
    assert (line.item_id, line.quantity) == (desk.ream.id, D("0.037"))
