"""Dissolving a draft lot."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import commit, today
from procurement.lots import operations, verification
from procurement.lots.models import Allocation, Lot, LotLine, PriceTier, SheetVersion
from tests.door import refused


def rows(session):
    return [session.scalar(select(func.count(table.id))) for table in (Lot, LotLine, Allocation)]


def test_it_works(session, ground):
    kept = ground.form(ground.tablet)
    lot = ground.form()
    operations.dissolve(lot, actor=ground.buyer)
    session.flush()
    session.expire_all()
    assert rows(session) == [1, 1, 1]
    assert [line.allotted for line in ground.lines] == [0, 0, 0, 0, 30]
    assert session.scalars(select(Lot)).one() is kept


def test_with_its_lines_at_hand(session, ground):
    lot = ground.form()
    assert len(lot.lines) == 2
    operations.dissolve(lot, actor=ground.buyer)
    session.flush()
    assert rows(session) == [0, 0, 0]


def test_its_needs_can_be_pooled_again(session, ground):
    operations.dissolve(ground.form(), actor=ground.buyer)
    session.flush()
    again = ground.freeze(ground.form())
    assert [line.quantity for line in again.lines] == [14, Decimal("9.75")]


def test_a_frozen_lot_is_kept(ground):
    lot = ground.freeze(ground.form())
    with refused("lot_frozen"):
        operations.dissolve(lot, actor=ground.buyer)


def test_a_thawed_lot_goes_with_its_versions(session, ground):
    lot = ground.form()
    tiers = [Decimal(10), Decimal(50)]
    operations.set_sheet_options(lot, names_members=False, tiers=tiers, actor=ground.buyer)
    ground.freeze(lot)
    operations.thaw(lot, "Une erreur", actor=ground.buyer, today=today())
    operations.dissolve(lot, actor=ground.buyer)
    session.flush()
    session.expire_all()
    assert rows(session) == [0, 0, 0]
    for table in (SheetVersion, PriceTier):
        assert session.scalars(select(table.id)).all() == []
    assert [line.allotted for line in ground.lines] == [0] * 5
    assert list(verification.faults()) == []


def test_the_journal_keeps_it_and_its_id_is_not_given_again(session, ground):
    lot = ground.form()
    commit()
    gone = lot.id
    operations.dissolve(lot, actor=ground.buyer)
    commit()
    entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "lots.dissolve")).one()
    assert entry.object_id == gone
    assert ground.form().id > gone


def test_by_the_page(session, ground, door):
    lot = ground.form()
    answer = door.post(ground.people.clara, f"/lots/{lot.id}/dissolve")
    assert answer.location == f"/campaigns/{ground.campaign.id}/pool"
    assert rows(session) == [0, 0, 0]


def test_the_wrong_moment(session, ground, door):
    lot = ground.freeze(ground.form())
    assert door.post(ground.people.clara, f"/lots/{lot.id}/dissolve").status_code == 409
    assert rows(session) == [1, 2, 4]


@pytest.mark.parametrize("name,status", [("ada", 403), ("dora", 403), ("eli", 403)])
def test_the_wrong_role(ground, door, name, status):
    lot = ground.form()
    person = getattr(ground.people, name)
    assert door.post(person, f"/lots/{lot.id}/dissolve").status_code == status


def test_no_such_lot(ground, door):
    assert door.post(ground.people.clara, "/lots/999/dissolve").status_code == 404
