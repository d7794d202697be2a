"""Splitting needs across lots, and moving lines from one lot to another."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from procurement.catalogue.models import Unit
from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import commit, today
from procurement.lots import operations, verification
from procurement.lots.models import Allocation, AllocationKind, Lot, LotLine
from procurement.lots.operations import Take
from procurement.lots.rules import Territory
from procurement.needs.models import CampaignState, NeedLine, NeedState
from tests.door import refused
from tests.make import make_campaign, make_item, make_line, make_need, make_site
from tests.orders.test_concurrency import all_at_once, client_of, crowd_app

WHY = "Par cartons"


def takes(line, session):
    """What a lot line takes, by need line."""
    query = select(Allocation.need_line_id, Allocation.quantity).where(
        Allocation.lot_line_id == line.id, Allocation.kind == AllocationKind.NEED
    )
    return dict(session.execute(query).all())


@pytest.fixture
def camera(ground):
    """A lot line of 10 and 4 cameras."""
    return ground.form().lines[0]


def set_take(ground, line, *quantities, was=(10, 4)):
    """Set what a line takes of the two needs of cameras."""
    needs = (ground.lines[0], ground.lines[3])
    return operations.take(
        line,
        [
            Take(need.id, Decimal(quantity), Decimal(before), "here")
            for need, quantity, before in zip(needs, quantities, was, strict=False)
        ],
        actor=ground.buyer,
    )


def test_it_works(session, ground, camera):
    first, second = ground.lines[0], ground.lines[3]
    effect = set_take(ground, camera, "6.5", 0)
    assert (effect.is_unrounded, effect.is_gone) == (False, False)
    assert takes(camera, session) == {first.id: Decimal("6.5")}
    session.expire_all()
    assert [first.allotted, second.allotted] == [Decimal("6.5"), 0]
    # What it left goes to another lot.
    other = ground.form(ground.camera)
    assert takes(other.lines[0], session) == {first.id: Decimal("3.5"), second.id: 4}
    assert list(verification.faults()) == []


def test_it_takes_what_is_left_in_the_pool(session, ground):
    line = ground.form(ground.camera, territory=Territory.YVELINES).lines[0]
    set_take(ground, line, 10, 3, was=(10, 0))
    assert takes(line, session) == {ground.lines[0].id: 10, ground.lines[3].id: 3}
    assert list(verification.faults()) == []


def test_never_beyond_what_the_need_has_left(session, ground, camera):
    set_take(ground, camera, 6, 4)
    other = ground.form(ground.camera).lines[0]
    set_take(ground, other, 3, was=(4,))
    for line, was, most in ((camera, 6, 7), (other, 3, 4)):
        with refused("too_much") as caught:
            set_take(ground, line, most + Decimal("0.001"), was=(was,))
        assert caught.value.field == "here"
        assert str(most) in str(caught.value.sentence)
    set_take(ground, camera, 7, was=(6,))
    session.expire_all()
    assert ground.lines[0].allotted == 10


def test_somebody_elses_change_is_seen(session, ground, camera):
    set_take(ground, camera, 6)
    with refused("stale"):
        set_take(ground, camera, 5)
    assert takes(camera, session)[ground.lines[0].id] == 6


@pytest.mark.parametrize("what", ["other item", "other campaign", "not pooled"])
def test_what_is_no_need_of_the_line_is_refused(session, ground, camera, what):
    line = ground.lines[4]
    if what == "other campaign":
        author, approver = ground.people.ada, ground.people.alix
        other = make_campaign(session, CampaignState.CLOSED)
        need = make_need(session, other, author, NeedState.VALIDATED, approver)
        line = make_line(session, need, ground.camera, 5)
    if what == "not pooled":
        site = make_site(session, ground.people.first)
        line = make_line(
            session, ground.first_need, ground.camera, 5, site_id=site.id, is_pooled=False
        )
    with refused("not_pooled"):
        operations.take(camera, [Take(line.id, Decimal(1), Decimal(0))], actor=ground.buyer)


def test_a_need_twice_in_one_form_is_refused(session, ground, camera):
    need = ground.lines[0].id
    twice = [Take(need, Decimal(quantity), Decimal(10)) for quantity in (6, 8)]
    with refused("stale"):
        operations.take(camera, twice, actor=ground.buyer)
    session.expire_all()
    assert takes(camera, session)[need] == ground.lines[0].allotted == 10


def test_nothing_changed_leaves_the_rounding(session, ground, camera):
    ground.camera.pack_size = 10
    operations.round_up(camera, Decimal(0), WHY, actor=ground.buyer)
    assert not set_take(ground, camera, 10, 4).is_unrounded
    assert set_take(ground, camera, 9, 4).is_unrounded
    kinds = select(Allocation.kind).where(Allocation.lot_line_id == camera.id)
    assert set(session.scalars(kinds)) == {AllocationKind.NEED}


def test_a_line_that_takes_nothing_is_gone(session, ground, camera):
    lot = camera.lot
    assert set_take(ground, camera, 0, 0).is_gone
    session.flush()
    assert [(line.item_id, line.position) for line in lot.lines] == [(ground.cable.id, 1)]


def test_the_last_line_of_a_lot_stays(session, ground):
    line = ground.form(ground.camera).lines[0]
    with refused("last_line"):
        set_take(ground, line, 0, 0)


@pytest.mark.parametrize("act", ["take", "move out", "move in"])
def test_a_frozen_lot_is_refused(ground, camera, act):
    other = ground.form(ground.tablet)
    ground.freeze(other if act == "move in" else camera.lot)
    with refused("lot_frozen"):
        if act == "take":
            set_take(ground, camera, 1)
        else:
            operations.move(camera, other, actor=ground.buyer)


def test_a_line_moves_to_another_lot(session, ground, camera):
    source, into = camera.lot, ground.form(ground.tablet)
    camera.estimated_price = Decimal("12.3456")
    effect = operations.move(camera, into, actor=ground.buyer)
    session.expire_all()
    assert not effect.is_gone
    assert [(line.item.code, line.position) for line in source.lines] == [("VID-002", 1)]
    assert [(line.item.code, line.position) for line in into.lines] == [
        ("EDU-001", 1),
        ("VID-001", 2),
    ]
    assert into.lines[1].estimated_price == Decimal("12.3456")
    assert takes(into.lines[1], session) == {ground.lines[0].id: 10, ground.lines[3].id: 4}
    assert list(verification.faults()) == []


def test_a_line_joins_that_of_its_item(session, ground, camera):
    set_take(ground, camera, 6, 4)
    into = ground.form(ground.camera)
    ground.camera.pack_size = 9
    operations.round_up(into.lines[0], Decimal(100), WHY, actor=ground.buyer)
    effect = operations.move(camera, into, actor=ground.buyer)
    session.expire_all()
    assert effect.is_unrounded
    assert takes(into.lines[0], session) == {ground.lines[0].id: 10, ground.lines[3].id: 4}
    assert ground.lines[0].allotted == 10
    assert list(verification.faults()) == []


def test_a_lot_that_loses_its_last_line_is_dissolved(session, ground):
    line, into = ground.form(ground.camera).lines[0], ground.form(ground.tablet)
    assert operations.move(line, into, actor=ground.buyer).is_gone
    session.flush()
    assert session.scalars(select(Lot)).all() == [into]
    assert len(takes(into.lines[1], session)) == 2


def test_only_to_another_lot_of_the_campaign(session, ground, camera):
    elsewhere = Lot(campaign_id=make_campaign(session).id, number=1, title="Ailleurs")
    session.add(elsewhere)
    session.flush()
    for into in (camera.lot, elsewhere):
        with refused("other_campaign"):
            operations.move(camera, into, actor=ground.buyer)


def test_they_are_in_the_journal(session, ground, camera):
    set_take(ground, camera, 6, 4)
    operations.move(camera, ground.form(ground.tablet), actor=ground.buyer)
    commit()
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    done = {entry.verb: entry.changes for entry in entries}
    assert f'[{ground.lines[0].id}, "10", "6"]' in done["lots.take"]
    assert f'"item_id": {ground.camera.id}' in done["lots.move_line"]


def test_the_number_of_queries_does_not_grow(session, ground, count_queries):
    sites = [make_site(session, ground.people.first) for _site in range(20)]
    needs = [
        make_line(session, ground.first_need, ground.tablet, 5, site_id=site.id) for site in sites
    ]
    line = ground.form(ground.tablet).lines[0]

    def changed(some):
        entries = [Take(need.id, Decimal(3), Decimal(5)) for need in some]
        with count_queries() as sent:
            operations.take(line, entries, actor=ground.buyer)
        return len(sent)

    assert changed(needs[:1]) == changed(needs[1:])


def fields_of(*rows):
    """The form of a line: need line, quantity, and what it was."""
    names = ("need_line_id", "quantity", "was")
    return {
        f"contributions-{at}-{name}": value
        for at, row in enumerate(rows)
        for name, value in zip(names, row, strict=True)
    }


def test_by_the_page(session, ground, door, camera):
    first, second = ground.lines[0], ground.lines[3]
    address = f"/lot-lines/{camera.id}/contributions"
    answer = door.post(
        ground.people.clara, address, **fields_of((first.id, "2,5", 10), (second.id, 0, 4))
    )
    assert answer.location == f"/lot-lines/{camera.id}"
    assert takes(camera, session) == {first.id: Decimal("2.5")}
    page = door.get(ground.people.clara, f"/lot-lines/{camera.id}").text
    assert 'value="2.50"' in page
    # What is back in the pool may be taken again.
    assert f'href="/need-lines/{second.id}"' in page


def test_a_refusal_stands_at_its_place_and_keeps_what_was_typed(session, ground, door, camera):
    first, second = ground.lines[0], ground.lines[3]
    rows = fields_of((first.id, 9, 10), (second.id, 5, 4))
    answer = door.post(ground.people.clara, f"/lot-lines/{camera.id}/contributions", **rows)
    assert answer.status_code == 409
    assert 'id="contributions-1-quantity-error">At most 4' in answer.text
    assert 'value="9"' in answer.text
    assert takes(camera, session) == {first.id: 10, second.id: 4}


def test_another_form_of_the_page_refused_leaves_the_quantities_shown(ground, door):
    ground.camera.pack_size = 10
    camera = ground.form(ground.camera).lines[0]
    address = f"/lot-lines/{camera.id}/round"
    page = door.post(ground.people.clara, address, tolerance="x", reason="Par dix").text
    assert 'value="10"' in page


def test_what_somebody_changed_is_told_beside_what_was_typed(session, ground, door, camera):
    first = ground.lines[0]
    set_take(ground, camera, 6)
    address = f"/lot-lines/{camera.id}/contributions"
    answer = door.post(ground.people.clara, address, **fields_of((first.id, 5, 10)))
    assert answer.status_code == 409
    assert "Somebody changed this in the meantime" in answer.text
    assert 'value="5"' in answer.text
    # Sent again, it is meant: the form now knows what stands.
    assert 'name="contributions-0-was" value="6.000"' in answer.text
    again = door.post(ground.people.clara, address, **fields_of((first.id, 5, "6.000")))
    assert again.status_code == 302


@pytest.mark.parametrize(
    "row,sentence",
    [
        ((1, "-1", 10), "At least 0"),
        ((1, "1,2345", 10), "At most 3 decimals."),
        ((1, "", 10), "This field is needed."),
        (("x", 1, 10), "Write a whole number."),
        ((1, 1, ""), "This field is needed."),
    ],
)
def test_bad_quantities(session, ground, door, camera, row, sentence):
    answer = door.post(
        ground.people.clara, f"/lot-lines/{camera.id}/contributions", **fields_of(row)
    )
    assert answer.status_code == 422
    assert sentence in answer.text


def test_an_emptied_line_leads_back_to_its_lot(session, ground, door, camera):
    rows = fields_of((ground.lines[0].id, 0, 10), (ground.lines[3].id, 0, 4))
    line_id, lot_id = camera.id, camera.lot_id
    answer = door.post(ground.people.clara, f"/lot-lines/{line_id}/contributions", **rows)
    assert answer.location == f"/lots/{lot_id}"
    assert session.get(LotLine, line_id) is None


def test_moved_by_the_page(session, ground, door, camera):
    into = ground.form(ground.tablet, title="Tablettes")
    clara = ground.people.clara
    page = door.get(clara, f"/lot-lines/{camera.id}").text
    assert f'<option value="{into.id}">Lot 2: Tablettes</option>' in page
    answer = door.post(clara, f"/lot-lines/{camera.id}/move", lot_id=into.id)
    assert answer.location == f"/lots/{into.id}"
    assert session.scalar(select(func.count(LotLine.id)).where(LotLine.lot_id == into.id)) == 2


def test_moved_nowhere(ground, door, camera):
    address, clara = f"/lot-lines/{camera.id}/move", ground.people.clara
    assert door.post(clara, address, lot_id=camera.lot_id).status_code == 409
    assert door.post(clara, address, lot_id=999).status_code == 404
    assert door.post(clara, address).status_code == 422


@pytest.mark.parametrize("act", ["contributions", "move"])
def test_who_where_and_when(ground, door, camera, act):
    fields = fields_of((ground.lines[0].id, 1, 10))
    if act == "move":
        fields = {"lot_id": ground.form(ground.tablet).id}
    address = f"/lot-lines/{camera.id}/{act}"
    for name in ("ada", "alix", "dora", "eli"):
        assert door.post(getattr(ground.people, name), address, **fields).status_code == 403
    clara = ground.people.clara
    assert door.post(clara, f"/lot-lines/999/{act}", **fields).status_code == 404
    assert door.post(clara, address, extra=1).status_code == 422
    ground.freeze(camera.lot)
    assert door.post(clara, address, **fields).status_code == 409


def test_the_words_of_a_merged_need_count_in_the_unit_of_its_item(session, ground, door):
    box = make_item(session, ground.video, designation="Boîte de 12 caméras", unit=Unit.BOX)
    own = {"words": "Palette de caméras", "own_unit": "palette", "units_each": Decimal(2)}
    make_line(session, ground.first_need, box, 4, **own)
    who = {"actor": ground.buyer, "today": today()}
    operations.merge(ground.campaign, box, ground.camera, Decimal(12), "La même chose", **who)
    line = ground.form(ground.camera).lines[0]
    page = door.get(ground.people.clara, f"/lot-lines/{line.id}").text
    assert "1 “palette” = 2 × box" in page
    assert "asked for 4 × Boîte de 12 caméras" in page


def test_a_frozen_line_shows_no_field(ground, door, camera):
    ground.freeze(camera.lot)
    page = door.get(ground.people.clara, f"/lot-lines/{camera.id}").text
    assert "contributions-0" not in page
    assert "Move the line" not in page


@pytest.mark.parametrize("name", ["ada", "dora"])
def test_others_read_without_fields(ground, door, camera, name):
    page = door.get(getattr(ground.people, name), f"/lot-lines/{camera.id}").text
    assert "contributions-0" not in page
    assert "<button" not in page


def test_buyers_at_once_never_take_more_than_there_is(session, ground, database_url, make_app):
    """Sixteen real connections form lots of the same needs, and set what their lines take."""
    clara, need = ground.people.clara.id, ground.lines[0].id
    campaign, item = ground.campaign.id, ground.camera.id
    shares = (10, 20, 20, 20)
    lines = [ground.form(ground.camera, share=share).lines[0].id for share in shares]
    session.commit()
    app = crowd_app(make_app, database_url)

    def part(number):
        client, answers = client_of(app, clara), []
        for turn in range(3):
            if number % 4 == 0:
                fields = {"title": "Lot", "items-0-item_id": item, "share": 50}
                path = f"/campaigns/{campaign}/lots"
            else:
                path = f"/lot-lines/{lines[number % 4]}/contributions"
                fields = fields_of((need, 1 + (number + turn) % 6, 1 + turn))
            answers.append(client.post(path, data=fields).status_code)
        return answers

    answers = all_at_once(app, part)
    assert set(answers) <= {302, 409}
    assert 302 in answers
    session.rollback()
    held = session.scalar(
        select(func.sum(Allocation.quantity)).where(Allocation.need_line_id == need)
    )
    assert session.get(NeedLine, need).allotted == held <= 10
    assert list(verification.faults()) == []
