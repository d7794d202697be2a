"""Freezing a lot."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import commit, today
from procurement.lots.models import Lot, LotLine, LotState
from procurement.lots.rules import check_figure
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
            (ids[0], camera, first, "78", Decimal(10)),
            (ids[1], cable, first, "78", Decimal("2.5")),
            (ids[2], cable, first, "78", Decimal("7.25")),
            (ids[3], camera, second, "92", Decimal(4)),
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
