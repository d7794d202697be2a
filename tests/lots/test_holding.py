"""Acts that meet: each sees what the other did, and none waits for the other for ever."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from time import sleep

import pytest
from sqlalchemy import func, select

from procurement.catalogue.models import Unit
from procurement.extensions import db
from procurement.kernel import database, pipeline
from procurement.kernel.pipeline import today
from procurement.lots import operations, verification
from procurement.kernel.errors import Absent
from procurement.lots.models import Lot, LotLine
from procurement.needs import operations as needs
from procurement.needs.models import Need, NeedLine, NeedState
from tests.conftest import MakeApp
from tests.databases import on_postgresql
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
            sleep(3)
            print('DONE?', doing.done())
            from sqlalchemy import text
            print(db.session.execute(text("select state, wait_event_type, wait_event, query from pg_stat_activity where datname = current_database()")).all())
            return doing

        yield begin


@pytest.mark.parametrize("act", ["merge", "unmerge"])
def test_a_need_validated_during_a_merge_follows_it(session, ground, meanwhile, act, count_queries):
    box = make_item(session, ground.video, code="VID-009", unit=Unit.BOX)
    make_line(session, ground.first_need, box, 3)
    author = make_person(session)
    late = make_need(session, ground.campaign, author, NeedState.SUBMITTED)
    line = make_line(session, late, box, 2)
    alix = make_person(session, ground.people.alix.role, author.member)
    who = {"actor": ground.buyer, "today": today()}
    merging = (ground.campaign, box, ground.camera, Decimal(12), "La même chose")
    if act == "unmerge":
        operations.merge(*merging, **who)
    pipeline.commit()
    need_id, line_id, camera_id, box_id = late.id, line.id, ground.camera.id, box.id
    approver = actor_for(alix)

    session.rollback()
    database.begin_write(session)
    cm = count_queries(); st = cm.__enter__()
    if act == "merge":
        operations.merge(*merging, **who)
    else:
        operations.unmerge(ground.campaign, box, **who)
    session.flush()
    print('\n'.join(one[:300] for one in st))
    validating = meanwhile(lambda other: needs.validate(other.get(Need, need_id), actor=approver))
    pipeline.commit()
    validating.result(timeout=20)
    session.expire_all()
    pooled = session.get(NeedLine, line_id)
    expected = (camera_id, 24) if act == "merge" else (box_id, 2)
    assert (pooled.pool_item_id, pooled.pool_quantity) == expected
    assert list(verification.faults()) == []


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
