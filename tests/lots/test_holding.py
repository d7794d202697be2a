"""Acts that meet: each sees what the other did, and none waits for the other for ever."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from time import sleep

import pytest
from sqlalchemy import func, select

from procurement.catalogue.models import Unit
from procurement.extensions import db
from procurement.kernel import database, pipeline
from procurement.kernel.access import Role
from procurement.kernel.errors import Absent
from procurement.kernel.pipeline import today
from procurement.lots import operations, verification
from procurement.lots.models import Lot, LotLine
from procurement.needs import operations as needs
from procurement.needs.models import Need, NeedState
from tests.conftest import MakeApp
from tests.databases import on_postgresql
from tests.door import refused
from tests.make import actor_for, make_item, make_line, make_need, make_person


@pytest.fixture
def meanwhile(make_app: MakeApp, database_url: str):
    """Begin what another connection does while the test holds what it holds."""
    app = make_app(database_url)
    with ThreadPoolExecutor(1) as others:

        def begin(act):
            def run():
                with app.app_context():
                    database.begin_write(db.session())
                    act(db.session())
                    pipeline.commit()

            doing = others.submit(run)
            # Time to come as far as it can.
            sleep(1)
            return doing

        yield begin


@pytest.fixture
def late(session, ground):
    """A need of two boxes that waits for its approver, beside three that are validated."""
    box = make_item(session, ground.video, code="VID-009", unit=Unit.BOX)
    make_line(session, ground.first_need, box, 3)
    author = make_person(session)
    need = make_need(session, ground.campaign, author, NeedState.SUBMITTED)
    make_line(session, need, box, 2)
    return need


@pytest.fixture
def validate(session, late):
    """Have the approver of that need validate it, in another session."""
    person = make_person(session, Role.APPROVER, late.member)
    need_id, approver = late.id, actor_for(person)
    return lambda other: needs.validate(other.get(Need, need_id), actor=approver)


@pytest.mark.parametrize("act", ["merge", "unmerge"])
def test_a_need_validated_meanwhile_follows_the_merge(
    session, ground, late, validate, meanwhile, act
):
    line, who = late.lines[0], {"actor": ground.buyer, "today": today()}
    if act == "unmerge":
        merge(ground, line.item, who)
    pipeline.commit()
    database.begin_write(session)
    if act == "merge":
        merge(ground, line.item, who)
    else:
        operations.unmerge(ground.campaign, line.item, **who)
    session.flush()
    validating = meanwhile(validate)
    pipeline.commit()
    validating.result(timeout=20)
    session.expire_all()
    expected = (ground.camera.id, 24) if act == "merge" else (line.item_id, 2)
    assert (line.pool_item_id, line.pool_quantity) == expected
    assert list(verification.faults()) == []


def merge(ground, box, who):
    """Pool boxes as twelve cameras each."""
    operations.merge(ground.campaign, box, ground.camera, Decimal(12), "La même chose", **who)


def test_no_need_is_validated_once_the_pooling_is_over(session, ground, late, validate, meanwhile):
    ground.form()
    pipeline.commit()
    database.begin_write(session)
    needs.mark_pooled(ground.campaign, actor=ground.buyer)
    session.flush()
    validating = meanwhile(validate)
    pipeline.commit()
    with refused("no_longer_pooled"):
        validating.result(timeout=20)


@on_postgresql
def test_a_line_that_moved_meanwhile_leaves_nothing_behind(session, ground, meanwhile):
    line = ground.form(ground.camera, ground.cable).lines[0]
    second, third = ground.form(ground.tablet, share=50), ground.form(ground.tablet)
    pipeline.commit()
    line_id, third_id, buyer = line.id, third.id, ground.buyer

    operations.move(line, second, actor=buyer)
    moving = meanwhile(
        lambda other: operations.move(
            other.get(LotLine, line_id), other.get(Lot, third_id), actor=buyer
        )
    )
    pipeline.commit()
    with pytest.raises(Absent):
        moving.result(timeout=20)
    lines = select(func.count(LotLine.id)).where(LotLine.lot_id == third_id)
    assert session.scalar(lines) == 1


@on_postgresql
def test_a_lot_is_dissolved_after_whoever_allots_needs_of_its_campaign(
    session, ground, count_queries
):
    lot = ground.form()
    pipeline.commit()
    with count_queries() as statements:
        operations.dissolve(lot, actor=ground.buyer)
    held = [one for one in statements if "FOR UPDATE" in one]
    assert ["FROM campaign" in one for one in held] == [True, False]
