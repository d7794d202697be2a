"""Freezing a lot, and what its sheet is to be."""

import json
import threading
from decimal import Decimal

import pytest
from lxml import html
from sqlalchemy import delete, select

from procurement.extensions import db
from procurement.kernel import pipeline
from procurement.kernel.audit import AuditEntry
from procurement.kernel.database import begin_write
from procurement.kernel.errors import Refused
from procurement.kernel.pipeline import commit, today
from procurement.lots import operations, verification
from procurement.lots.models import Allocation, Lot, LotLine, LotState, SheetVersion
from procurement.lots.operations import Take
from procurement.lots.rules import CheckedAllocation, check_figure
from tests.door import refused


def test_it_works(session, ground):
    lot = ground.freeze(ground.form())
    session.flush()
    session.refresh(lot)
    assert (lot.state, lot.sheet_version, lot.frozen_on) == (LotState.FROZEN, 1, today())
    assert [line.quantity for line in lot.lines] == [14, Decimal("9.75")]


def test_the_check_figure_is_that_of_its_lines_and_allocations(session, ground):
    lot = ground.freeze(ground.form())
    camera, cable = ground.camera.id, ground.cable.id
    first, second = ground.people.first.id, ground.people.second.id
    ids = [line.id for line in ground.lines]
    assert lot.check_figure == check_figure(
        [(camera, Decimal(14)), (cable, Decimal("9.75"))],
        [
            CheckedAllocation("need", ids[0], camera, first, "78", Decimal(10)),
            CheckedAllocation("need", ids[1], cable, first, "78", Decimal("2.5")),
            CheckedAllocation("need", ids[2], cable, first, "78", Decimal("7.25")),
            CheckedAllocation("need", ids[3], camera, second, "92", Decimal(4)),
        ],
    )


def test_twice_is_refused(ground):
    lot = ground.freeze(ground.form())
    with refused("illegal_move"):
        ground.freeze(lot)


def test_it_is_in_the_journal(session, ground):
    lot = ground.freeze(ground.form())
    commit()
    entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "lots.freeze")).one()
    assert (entry.object_type, entry.object_id) == ("lot", lot.id)
    assert lot.check_figure in entry.changes


def test_another_lot_keeps_its_draft(session, ground):
    other = ground.form(ground.tablet)
    ground.freeze(ground.form())
    quantities = select(LotLine.quantity).where(LotLine.lot_id == other.id)
    assert session.scalars(quantities).all() == [None]


def test_by_the_page(session, ground, door):
    lot = ground.form()
    answer = door.post(ground.people.clara, f"/lots/{lot.id}/freeze")
    assert answer.status_code == 302
    assert session.get(Lot, lot.id).state is LotState.FROZEN


def test_the_wrong_moment(ground, door):
    lot = ground.freeze(ground.form())
    assert door.post(ground.people.clara, f"/lots/{lot.id}/freeze").status_code == 409


@pytest.mark.parametrize("name,status", [("ada", 403), ("dora", 403), ("eli", 403)])
def test_the_wrong_role(ground, door, name, status):
    lot = ground.form()
    person = getattr(ground.people, name)
    assert door.post(person, f"/lots/{lot.id}/freeze").status_code == status


def test_no_such_lot(ground, door):
    assert door.post(ground.people.clara, "/lots/999/freeze").status_code == 404


def test_a_field_too_many(ground, door):
    lot = ground.form()
    answer = door.post(ground.people.clara, f"/lots/{lot.id}/freeze", quantity=3)
    assert answer.status_code == 422


def test_the_version_is_kept_as_it_was_frozen(session, ground):
    lot = ground.freeze(ground.form())
    session.flush()
    version = session.scalars(select(SheetVersion)).one()
    assert (version.lot_id, version.number, version.frozen_on) == (lot.id, 1, today())
    assert (version.check_figure, version.person_id) == (lot.check_figure, ground.people.clara.id)
    assert json.loads(version.lines) == [[ground.camera.id, "14.000"], [ground.cable.id, "9.750"]]


def test_a_lot_without_lines_is_refused(session, ground):
    lot = Lot(campaign_id=ground.campaign.id, number=9, title="Rien")
    session.add(lot)
    with refused("empty_lot"):
        ground.freeze(lot)


def test_a_line_that_no_need_feeds_is_refused_by_its_code(session, ground):
    lot = ground.form()
    emptied = select(LotLine.id).where(LotLine.item_id == ground.cable.id)
    session.execute(delete(Allocation).where(Allocation.lot_line_id.in_(emptied)))
    with refused("empty_lot") as caught:
        ground.freeze(lot)
    assert "VID-002" in str(caught.value.sentence)


def test_by_the_page_an_empty_lot_is_no_lot_to_freeze(session, ground, door):
    lot = Lot(campaign_id=ground.campaign.id, number=9, title="Rien")
    session.add(lot)
    session.flush()
    answer = door.post(ground.people.clara, f"/lots/{lot.id}/freeze")
    assert answer.status_code == 409
    assert "This lot is empty" in answer.text


def test_what_rounding_added_is_frozen_with_the_needs(session, ground):
    ground.camera.pack_size = 5
    lot = ground.form(ground.camera)
    operations.round_up_lot(lot, Decimal(0), "Cartons de 5", actor=ground.buyer)
    ground.freeze(lot)
    session.flush()
    session.expire_all()
    assert [line.quantity for line in lot.lines] == [15]
    assert list(verification.faults()) == []


def test_a_split_waits_for_the_freezing_and_finds_the_lot_frozen(app, session, ground):
    """Two buyers at once, each by a connection of its own: one of them freezes what the other has.

    The second reads the lot while it is a draft, and acts once the first has frozen it.
    """
    lot = ground.form(ground.camera)
    line_id, need_line_id, buyer = lot.lines[0].id, ground.lines[0].id, ground.buyer
    session.commit()
    begin_write(session)
    ground.freeze(lot)
    outcome = []

    def split() -> None:
        with app.app_context():
            begin_write(db.session())
            line = db.session.get_one(LotLine, line_id)
            try:
                takes = [Take(need_line_id, Decimal(3), Decimal(10))]
                operations.take(line, takes, actor=buyer)
                pipeline.commit()
            except Refused as fault:
                pipeline.rollback()
                outcome.append(fault.code)
            db.session.remove()

    late = threading.Thread(target=split)
    late.start()
    late.join(0.5)
    assert outcome == []
    pipeline.commit()
    late.join(20)
    assert outcome == ["lot_frozen"]
    session.expire_all()
    assert ground.lines[0].allotted == 10
    assert list(verification.faults()) == []


# What the sheet is to be.


def test_the_options_of_the_sheet(session, ground):
    lot = ground.form()
    for tiers in ([Decimal(10), Decimal(100)], [Decimal(100), Decimal("250.5")], []):
        operations.set_sheet_options(lot, names_members=True, tiers=tiers, actor=ground.buyer)
        session.flush()
        session.expire_all()
        assert [one.from_quantity for one in lot.tiers] == tiers
    assert lot.names_members


def test_the_options_by_the_page(session, ground, door):
    lot, clara = ground.form(), ground.people.clara
    fields = {"names_members": "1", "tiers-0-from_quantity": "100", "tiers-1-from_quantity": "10"}
    answer = door.post(clara, f"/lots/{lot.id}/sheet", **fields)
    assert answer.status_code == 302
    assert [one.from_quantity for one in lot.tiers] == [10, 100]
    page = html.fromstring(door.get(clara, f"/lots/{lot.id}").text)
    assert page.xpath("//input[starts-with(@name, 'tiers-')]/@value") == ["10", "100", ""]
    assert page.xpath("//input[@name='names_members']/@checked")
    # An empty form is an answer too: no member is named, and one price asked for.
    assert door.post(clara, f"/lots/{lot.id}/sheet").status_code == 302
    session.expire_all()
    assert (lot.names_members, lot.tiers) == (False, [])


@pytest.mark.parametrize(
    "fields",
    [
        {"tiers-0-from_quantity": "0"},
        {"tiers-0-from_quantity": "beaucoup"},
        {"tiers-0-from_quantity": "10", "tiers-2-from_quantity": "10,0"},
        {f"tiers-{place}-from_quantity": f"{place + 1}" for place in range(4)},
        {"names_members": "perhaps"},
        {"colour": "red"},
    ],
)
def test_options_that_cannot_be(ground, door, fields):
    lot = ground.form()
    answer = door.post(ground.people.clara, f"/lots/{lot.id}/sheet", **fields)
    assert answer.status_code == 422
    assert "Nothing was recorded" in answer.text
    assert lot.tiers == []


def test_the_options_of_a_frozen_sheet_stay(ground, door):
    lot = ground.freeze(ground.form())
    answer = door.post(ground.people.clara, f"/lots/{lot.id}/sheet", names_members="1")
    assert answer.status_code == 409
    assert not lot.names_members


@pytest.mark.parametrize("name", ["ada", "dora", "eli"])
def test_the_options_are_the_buyers(ground, door, name):
    lot = ground.form()
    answer = door.post(getattr(ground.people, name), f"/lots/{lot.id}/sheet", names_members="1")
    assert answer.status_code == 403
    assert door.post(ground.people.clara, "/lots/999/sheet").status_code == 404
