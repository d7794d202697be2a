"""An unsuccessful lot gives its needs back to the pool."""

from decimal import Decimal

import pytest
from sqlalchemy import func, select

from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import commit, today
from procurement.lots import operations, queries, verification
from procurement.lots.models import Allocation, LotState
from procurement.needs.models import CampaignState
from tests.door import refused
from tests.make import make_item


@pytest.fixture
def failed(session, ground):
    """A lot of 14 cameras, rounded up to 15, that no firm won."""
    ground.camera.pack_size = 5
    lot = ground.form(ground.camera)
    operations.round_up_lot(lot, Decimal(0), "Cartons de 5", actor=ground.buyer)
    ground.freeze(lot)
    lot.state = LotState.UNSUCCESSFUL
    session.flush()
    return lot


def release(ground, lot):
    operations.release(lot, actor=ground.buyer, today=today())


def test_it_works(session, ground, failed):
    other = ground.form(ground.tablet)
    release(ground, failed)
    session.flush()
    session.expire_all()
    assert failed.released_on == today()
    assert [line.allotted for line in ground.lines] == [0, 0, 0, 0, 30]
    released = select(func.count()).where(Allocation.is_released)
    assert session.scalar(released) == 3
    assert [line.allocations[0].is_released for line in other.lines] == [False]
    # The lot stays what it was, to the figure.
    assert [line.quantity for line in failed.lines] == [15]
    assert list(verification.faults()) == []


def test_its_needs_can_be_pooled_again(session, ground, failed):
    release(ground, failed)
    again = ground.freeze(ground.form(ground.camera))
    session.flush()
    session.expire_all()
    assert [line.quantity for line in again.lines] == [14]
    assert [line.allotted for line in ground.lines[:1]] == [10]
    assert list(verification.faults()) == []


def test_until_then_they_are_taken(ground, failed):
    with refused("already_allotted"):
        ground.form(ground.camera)


def test_once_only(ground, failed):
    release(ground, failed)
    with refused("already_released"):
        release(ground, failed)


@pytest.mark.parametrize(
    "state", [LotState.DRAFT, LotState.FROZEN, LotState.TENDERED, LotState.AWARDED]
)
def test_only_what_nobody_won(session, ground, failed, state):
    failed.state = state
    session.flush()
    with refused("lot_not_unsuccessful"):
        release(ground, failed)


def test_not_into_an_archive(session, ground, failed):
    ground.campaign.state = CampaignState.ARCHIVED
    session.flush()
    with refused("campaign_archived"):
        release(ground, failed)


def test_it_is_in_the_journal(session, ground, failed):
    release(ground, failed)
    commit()
    entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "lots.release")).one()
    assert (entry.object_type, entry.object_id) == ("lot", failed.id)


def test_by_the_page(session, ground, door, failed):
    clara = ground.people.clara
    assert "Give its needs back" in door.get(clara, f"/lots/{failed.id}").text
    answer = door.post(clara, f"/lots/{failed.id}/release")
    assert answer.location == f"/campaigns/{ground.campaign.id}/pool"
    page = door.get(clara, f"/lots/{failed.id}").text
    assert "Give its needs back" not in page
    assert "The needs went back to the pool" in page
    assert "back in the pool" in door.get(clara, "/lots").text


def test_of_a_pooled_campaign_it_says_to_resume_pooling(session, ground, door, failed):
    ground.campaign.state = CampaignState.POOLED
    answer = door.post(ground.people.clara, f"/lots/{failed.id}/release")
    assert answer.location == f"/campaigns/{ground.campaign.id}"


def test_what_gave_its_needs_back_still_tells_its_story(session, ground, door, failed):
    release(ground, failed)
    page = door.get(ground.people.ada, f"/need-lines/{ground.lines[0].id}").text
    assert f"given back to the pool on {today():%d/%m/%Y}" in page


def test_the_wrong_moment(ground, door):
    lot = ground.form()
    assert door.post(ground.people.clara, f"/lots/{lot.id}/release").status_code == 409


@pytest.mark.parametrize("name", ["ada", "dora", "eli"])
def test_the_wrong_role(ground, door, failed, name):
    person = getattr(ground.people, name)
    assert door.post(person, f"/lots/{failed.id}/release").status_code == 403


def test_no_such_lot_and_a_field_too_many(ground, door, failed):
    clara = ground.people.clara
    assert door.post(clara, "/lots/999/release").status_code == 404
    assert door.post(clara, f"/lots/{failed.id}/release", reason="x").status_code == 422


def test_a_campaign_is_in_one_lot_once_the_other_gave_its_needs_back(session, ground, failed):
    release(ground, failed)
    session.flush()
    items = {"item_ids": [ground.camera.id, ground.cable.id, ground.tablet.id]}
    ground.form(ground.camera, title="Tout", **items)
    assert queries.is_single_lot(ground.campaign.id)


def test_its_line_tells_what_was_asked_of_it_after_a_merge(session, ground, door, failed):
    release(ground, failed)
    box = make_item(session, ground.video, code="VID-009", designation="Paire de caméras")
    merging = (ground.campaign, ground.camera, box, Decimal("0.5"), "Vendues par deux")
    operations.merge(*merging, actor=ground.buyer, today=today())
    ground.form(box, share=60)
    session.commit()
    clara, line = ground.people.clara, failed.lines[0]
    rows = session.execute(queries.line_needs(line, ground.buyer, with_left=False)).all()
    told = [(row.asked, row.taken, row.elsewhere) for row in rows]
    # Ten cameras make five pairs now, of which another lot took three: none of it is cameras.
    assert told == [(10, 10, 0), (4, 4, 0)]
    page = door.get(clara, f"/lot-lines/{line.id}").text
    assert '<td class="num" data-label="Asked for">10</td>' in page
