"""POST /lots/<id>/tender."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import today
from procurement.lots import operations as lots
from procurement.lots.models import Lot, LotState, Project, Threshold
from procurement.lots.rules.law import LegalRule, Nature
from procurement.tenders import operations
from procurement.tenders.models import Tender, TenderState
from tests.door import Door, refused
from tests.make import make_project
from tests.people import People
from tests.tenders.make import Ground, make_ground, make_tender

SOON = today() + timedelta(days=35)


@pytest.fixture
def project(session: Session, ground: Ground) -> Project:
    """The purchase project of the lot, valued: nothing is missing."""
    return make_project(session, [ground.lot])


def test_a_buyer_launches_a_tender_on_a_frozen_lot(
    session: Session, ground: Ground, project: Project, door: Door
) -> None:
    lot_id = ground.lot.id
    answer = door.post(ground.people.clara, f"/lots/{lot_id}/tender", answers_by=SOON.isoformat())
    assert answer.status_code == 302
    tender = session.scalars(select(Tender)).one()
    assert answer.location == f"/tenders/{tender.id}"
    assert (tender.lot_id, tender.sheet_version, tender.state) == (lot_id, 1, TenderState.OPEN)
    assert (tender.launched_on, tender.answers_by) == (today(), SOON)
    assert session.get_one(Lot, lot_id).state is LotState.TENDERED
    verbs = set(session.scalars(select(AuditEntry.verb)))
    assert {"tenders.launch", "lots.tender"} <= verbs
    entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "tenders.launch")).one()
    assert json.loads(entry.changes)["value"] == "130"


@pytest.mark.parametrize("person", ["dora", "ada", "alix", "eli"])
def test_only_a_buyer_launches(ground: Ground, door: Door, person: str) -> None:
    who, address = getattr(ground.people, person), f"/lots/{ground.lot.id}/tender"
    assert door.get(who, address).status_code == 403
    assert door.post(who, address, answers_by=SOON.isoformat()).status_code == 403


def test_a_lot_that_does_not_exist(people: People, door: Door) -> None:
    answer = door.post(people.clara, "/lots/999/tender", answers_by=SOON.isoformat())
    assert answer.status_code == 404


def test_a_lot_that_is_not_frozen(session: Session, people: People, door: Door) -> None:
    ground = make_ground(session, people, freeze=False)
    address = f"/lots/{ground.lot.id}/tender"
    assert "This lot cannot go out to tender" in door.get(people.clara, address).text
    answer = door.post(people.clara, address, answers_by=SOON.isoformat())
    assert answer.status_code == 409
    assert "Only a frozen lot" in answer.text
    assert session.scalar(select(Tender.id)) is None


def test_a_lot_is_tendered_once(session: Session, ground: Ground) -> None:
    make_tender(session, ground)
    with refused("lot_not_frozen"):
        operations.launch(ground.lot, SOON, actor=ground.buyer, today=today())


@pytest.mark.parametrize("typed", ["", "next Friday", "31/02/2027", "2026-13-01"])
def test_a_wrong_date_is_told_and_kept(
    ground: Ground, project: Project, door: Door, typed: str
) -> None:
    address = f"/lots/{ground.lot.id}/tender"
    answer = door.post(ground.people.clara, address, answers_by=typed)
    assert answer.status_code == 422
    assert 'id="answers_by-error"' in answer.text
    assert f'value="{typed}"' in answer.text


@pytest.mark.parametrize("days, is_taken", [(-1, False), (0, True), (1, True)])
def test_the_last_day_is_today_or_later(
    session: Session, ground: Ground, project: Project, days: int, is_taken: bool
) -> None:
    answers_by = today() + timedelta(days=days)
    if is_taken:
        operations.launch(ground.lot, answers_by, actor=ground.buyer, today=today())
    else:
        with refused("answers_by_past"):
            operations.launch(ground.lot, answers_by, actor=ground.buyer, today=today())


def launch(ground: Ground) -> None:
    operations.launch(ground.lot, SOON, actor=ground.buyer, today=today())


def test_a_lot_without_a_project(ground: Ground, door: Door) -> None:
    with refused("not_valued"):
        launch(ground)
    page = door.get(ground.people.clara, f"/lots/{ground.lot.id}/tender").text
    assert "This lot is in no purchase project" in page
    assert f"/projects/new?lot={ground.lot.id}" in page
    assert 'name="answers_by"' not in page


def test_a_project_that_is_not_valued(session: Session, ground: Ground, project: Project) -> None:
    for name in ("valued_on", "value", "nature_value", "procedure", "statement"):
        setattr(project, name, None)
    session.flush()
    with refused("not_valued"):
        launch(ground)


def test_a_price_that_changed_since(ground: Ground, project: Project, door: Door) -> None:
    lots.price_lines(ground.lot, {ground.line_ids[0]: Decimal("11")}, actor=ground.buyer)
    with refused("valuation_stale"):
        launch(ground)
    page = door.get(ground.people.clara, f"/lots/{ground.lot.id}/tender")
    assert "The figures have changed since it was valued" in page.text
    assert f'href="/projects/{project.id}"' in page.text
    typed = {"answers_by": SOON.isoformat()}
    assert (
        door.post(ground.people.clara, f"/lots/{ground.lot.id}/tender", **typed).status_code == 409
    )


def test_a_price_that_was_taken_away(ground: Ground, project: Project) -> None:
    lots.price_lines(ground.lot, {ground.line_ids[0]: None}, actor=ground.buyer)
    found = [one.code for one in lots.obstacles(ground.lot, today())]
    assert found == ["valuation_stale", "price_missing"]


def test_other_thresholds_on_the_day_of_the_launch(
    session: Session, ground: Ground, project: Project
) -> None:
    tomorrow = today() + timedelta(days=1)
    lots.add_threshold(
        LegalRule.DISPENSE,
        Nature.SUPPLIES,
        tomorrow,
        value=Decimal(61_000),
        valid_until=None,
        article="R2122-8",
        source="Test",
        actor=ground.buyer,
    )
    session.flush()
    launch_day: dict[str, Any] = {"actor": ground.buyer, "today": tomorrow}
    with refused("launch_date"):
        operations.launch(ground.lot, SOON, **launch_day)
    project.launch_on = tomorrow
    with refused("valuation_stale"):
        operations.launch(ground.lot, SOON, **launch_day)
    lots.value_project(project, **launch_day)
    operations.launch(ground.lot, SOON, **launch_day)


@pytest.mark.parametrize("name", ["environmental_clause", "environmental_criterion"])
def test_the_environment_is_compulsory(ground: Ground, project: Project, name: str) -> None:
    setattr(project, name, None)
    with refused("environment_missing"):
        launch(ground)


@pytest.mark.parametrize("day, is_taken", [(date(2026, 8, 21), True), (date(2026, 8, 22), False)])
def test_the_environment_is_compulsory_from_a_day_on(
    session: Session, ground: Ground, day: date, is_taken: bool
) -> None:
    clauses = {"environmental_clause": None, "environmental_criterion": None}
    make_project(session, [ground.lot], launch_on=day, **clauses)
    answer: dict[str, Any] = {"actor": ground.buyer, "today": day}
    if is_taken:
        operations.launch(ground.lot, SOON, **answer)
    else:
        with refused("environment_missing"):
            operations.launch(ground.lot, SOON, **answer)


@pytest.mark.parametrize("quantity, is_asked", [("21599.9", False), ("21600", True)])
def test_a_formal_procedure_has_a_social_clause(
    session: Session, people: People, quantity: str, is_asked: bool
) -> None:
    ground = make_ground(session, people, [quantity])
    project = make_project(session, [ground.lot], social_clause=None)
    found = [one.code for one in lots.obstacles(ground.lot, today())]
    assert found == (["social_missing"] if is_asked else [])
    project.social_exemption = "Une solution existe sur le marché."
    assert lots.obstacles(ground.lot, today()) == []


def test_one_lot_only_has_its_reason(session: Session, ground: Ground) -> None:
    make_project(session, [ground.lot], undivided_ground=None, undivided_reason=None)
    with refused("reason_missing"):
        launch(ground)


def test_a_threshold_that_nobody_entered(
    session: Session, ground: Ground, project: Project
) -> None:
    last = Threshold.rule == LegalRule.FORMAL, Threshold.valid_from == date(2026, 1, 1)
    row = session.scalars(select(Threshold).where(*last, Threshold.nature == "supplies")).one()
    row.valid_until = today()
    tomorrow = today() + timedelta(days=1)
    with refused("threshold_unknown"):
        operations.launch(ground.lot, SOON, actor=ground.buyer, today=tomorrow)
    launch(ground)
