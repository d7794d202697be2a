"""Purchase projects: formed, changed, priced, valued; what they are worth and what they lack."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.kernel.access import Actor
from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import commit, today
from procurement.lots import operations
from procurement.lots.models import Lot, LotLine, LotState, Project
from procurement.lots.operations import valuing
from procurement.lots.rules.law import Procedure
from procurement.lots.rules.valuing import OtherKind
from procurement.needs.models import CampaignState, NeedState
from tests.conftest import CountQueries
from tests.door import Door, refused
from tests.lots.ground import Ground
from tests.make import (
    know_the_law,
    make_campaign,
    make_item,
    make_line,
    make_need,
    make_plan,
    make_project,
)

DAY = today()


@pytest.fixture(autouse=True)
def _law(session: Session) -> None:
    know_the_law(session)


@pytest.fixture
def lot(session: Session, ground: Ground) -> Lot:
    """Cameras and cable: 14 at 10 € and 9.75 at 10 €, 237.50 €."""
    made = ground.freeze(ground.form())
    session.flush()
    return made


@pytest.fixture
def project(session: Session, lot: Lot) -> Project:
    """The purchase project of that lot, valued today."""
    return make_project(session, [lot])


def typed(lot: Lot, **over: object) -> dict[str, object]:
    """What a buyer types for a project of one lot."""
    return {
        "title": "Vidéoprotection",
        "nature": "supplies",
        "launch_on": DAY.isoformat(),
        "initial_months": 24,
        "renewals": 2,
        "renewal_months": 12,
        "margin": "20",
        "options_amount": "15",
        "lots-0-lot_id": lot.id,
        **over,
    }


def price(session: Session, lot: Lot, value: str | None) -> None:
    """Give every line of a lot the same estimated price."""
    ids = session.scalars(select(LotLine.id).where(LotLine.lot_id == lot.id))
    prices = {line_id: None if value is None else Decimal(value) for line_id in ids}
    operations.price_lines(lot, prices, actor=Actor.command("tests"))


def verbs(session: Session) -> set[str]:
    return set(session.scalars(select(AuditEntry.verb)))


# --------------------------------------------------------------------------------- form, change


def test_a_buyer_forms_a_project(session: Session, ground: Ground, lot: Lot, door: Door) -> None:
    address = f"/campaigns/{ground.campaign.id}/projects"
    page = door.get(ground.people.clara, f"{address}/new?lot={lot.id}").text
    assert f'value="{lot.id}" checked' in page
    answer = door.post(ground.people.clara, address, **typed(lot))
    assert answer.status_code == 302
    made = session.scalars(select(Project)).one()
    assert answer.location == f"/projects/{made.id}"
    assert (made.title, made.months, made.margin) == ("Vidéoprotection", 48, Decimal(20))
    assert [one.id for one in made.lots] == [lot.id]
    assert "lots.form_project" in verbs(session)
    page = door.get(ground.people.clara, f"/projects/{made.id}").text
    # 237.50 € with a fifth more, and 15 € of options.
    for expected in ("300.00\u00a0€", "Value the project", "Not valued yet"):
        assert expected in page


@pytest.mark.parametrize("person", ["dora", "ada", "alix", "eli"])
def test_only_a_buyer_forms(ground: Ground, lot: Lot, door: Door, person: str) -> None:
    who, address = getattr(ground.people, person), f"/campaigns/{ground.campaign.id}/projects"
    assert door.get(who, f"{address}/new").status_code == 403
    assert door.post(who, address, **typed(lot)).status_code == 403


def test_a_campaign_or_a_project_that_does_not_exist(ground: Ground, lot: Lot, door: Door) -> None:
    clara = ground.people.clara
    assert door.get(clara, "/campaigns/999/projects/new").status_code == 404
    assert door.post(clara, "/campaigns/999/projects", **typed(lot)).status_code == 404
    for address in ("/projects/999", "/projects/999/edit", "/lots/999/prices"):
        assert door.get(clara, address).status_code == 404
    for act in ("value", "small-lots"):
        assert door.post(clara, f"/projects/999/{act}").status_code == 404
    assert door.post(clara, "/projects/999/edit", version=1, **typed(lot)).status_code == 404
    assert door.post(clara, "/lots/999/prices").status_code == 404


@pytest.mark.parametrize(
    "field, value",
    [
        ("title", ""),
        ("launch_on", "soon"),
        ("initial_months", "0"),
        ("initial_months", "121"),
        ("renewals", "-1"),
        ("renewal_months", "0"),
        ("margin", "-1"),
        ("margin", "501"),
        ("options_amount", "-0,01"),
        ("nature", "air"),
        ("undivided_ground", "habit"),
    ],
)
def test_a_wrong_field_is_told_and_kept(
    session: Session, ground: Ground, lot: Lot, door: Door, field: str, value: str
) -> None:
    address = f"/campaigns/{ground.campaign.id}/projects"
    answer = door.post(ground.people.clara, address, **typed(lot, **{field: value}))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert 'value="Vidéoprotection"' in answer.text or field == "title"
    assert session.scalar(select(Project.id)) is None


@pytest.mark.parametrize(
    "over, field",
    [
        ({"undivided_ground": "cost"}, "undivided_reason"),
        ({"undivided_reason": "Parce que"}, "undivided_reason"),
        ({"social_clause": "Oui", "social_exemption": "Non"}, "social_exemption"),
        ({"renewals": "0"}, "renewal_months"),
    ],
)
def test_what_goes_together(
    ground: Ground, lot: Lot, door: Door, over: dict[str, str], field: str
) -> None:
    address = f"/campaigns/{ground.campaign.id}/projects"
    answer = door.post(ground.people.clara, address, **typed(lot, **over))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


@pytest.mark.parametrize("months, is_taken", [(24, True), (25, False)])
def test_more_than_four_years_want_a_reason(
    ground: Ground, lot: Lot, door: Door, months: int, is_taken: bool
) -> None:
    address = f"/campaigns/{ground.campaign.id}/projects"
    answer = door.post(ground.people.clara, address, **typed(lot, initial_months=months))
    assert answer.status_code == (302 if is_taken else 409)
    assert ('id="long_reason-error"' in answer.text) is not is_taken
    if not is_taken:
        reason = {"initial_months": months, "long_reason": "Amortissement du matériel."}
        assert door.post(ground.people.clara, address, **typed(lot, **reason)).status_code == 302


def test_a_project_without_a_lot_is_refused(ground: Ground, lot: Lot, door: Door) -> None:
    address = f"/campaigns/{ground.campaign.id}/projects"
    answer = door.post(ground.people.clara, address, **typed(lot, **{"lots-0-lot_id": ""}))
    assert answer.status_code == 409
    assert 'id="lots-error"' in answer.text


def test_a_lot_is_in_one_project(session: Session, ground: Ground, project: Project) -> None:
    [lot] = project.lots
    with refused("lot_taken"):
        operations.form_project(ground.campaign, make_plan(), [lot.id], actor=ground.buyer)


def test_a_lot_of_another_campaign_is_refused(session: Session, ground: Ground, lot: Lot) -> None:
    other = make_campaign(session, CampaignState.CLOSED)
    with refused("lot_taken"):
        operations.form_project(other, make_plan(), [lot.id], actor=ground.buyer)


def test_a_buyer_changes_a_project(
    session: Session, ground: Ground, project: Project, door: Door
) -> None:
    [lot] = project.lots
    tablets = ground.form(ground.tablet, title="Tablettes")
    session.flush()
    address, version = f"/projects/{project.id}/edit", project.version
    assert 'value="Heures' not in door.get(ground.people.clara, address).text
    both = {"lots-1-lot_id": tablets.id, "version": version}
    assert door.post(ground.people.clara, address, **typed(lot, **both)).status_code == 302
    assert [one.id for one in session.get_one(Project, project.id).lots] == [lot.id, tablets.id]
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.verb == "lots.change_project")
    ).one()
    assert json.loads(entry.changes)["margin"] == ["0", "20"]
    # Somebody who still sees the version before is told.
    assert door.post(ground.people.clara, address, **typed(lot, **both)).status_code == 409
    page = door.get(ground.people.clara, f"/projects/{project.id}").text
    assert "To be valued again" in page


def test_a_lot_that_left_is_no_small_lot(session: Session, ground: Ground) -> None:
    cameras, tablets = ground.form(), ground.form(ground.tablet, title="Tablettes")
    session.flush()
    project = make_project(session, [cameras, tablets])
    tablets.is_small_lot = True
    operations.change_project(
        project, make_plan(), [cameras.id], project.version, actor=ground.buyer
    )
    assert (tablets.project_id, tablets.is_small_lot) == (None, False)


def test_what_is_launched_is_kept(session: Session, ground: Ground, project: Project) -> None:
    [lot] = project.lots
    lot.state = LotState.TENDERED
    session.flush()
    with refused("project_launched"):
        operations.change_project(
            project, make_plan(), [lot.id], project.version, actor=ground.buyer
        )
    with refused("project_launched"):
        operations.value_project(project, actor=ground.buyer, today=DAY)
    with refused("lot_launched"):
        price(session, lot, "12")
    found = operations.standing(project)
    assert (found.now, found.is_stale) == (None, False)
    assert operations.project_obstacles(project, found, DAY) == []


def test_a_launched_lot_stays_in_its_project(session: Session, ground: Ground) -> None:
    cameras, tablets = ground.freeze(ground.form()), ground.form(ground.tablet, title="Tablettes")
    session.flush()
    project = make_project(session, [cameras, tablets])
    cameras.state = LotState.TENDERED
    operations.change_project(
        project, make_plan(), [tablets.id], project.version, actor=ground.buyer
    )
    assert {lot.id for lot in project.lots} == {cameras.id, tablets.id}


# -------------------------------------------------------------------------------------- prices


def test_a_buyer_gives_prices(session: Session, ground: Ground, lot: Lot, door: Door) -> None:
    address = f"/lots/{lot.id}/prices"
    first, second = session.scalars(
        select(LotLine).where(LotLine.lot_id == lot.id).order_by(LotLine.position)
    )
    page = door.get(ground.people.clara, address).text
    assert page.count('value="10,00"') == 0
    assert page.count('value="10"') == 2
    fields = {
        "lines-0-line_id": first.id,
        "lines-0-estimated_price": "12,3456",
        "lines-1-line_id": second.id,
        "lines-1-estimated_price": "",
    }
    answer = door.post(ground.people.clara, address, **fields)
    assert answer.status_code == 302
    session.expire_all()
    assert (first.estimated_price, second.estimated_price) == (Decimal("12.3456"), None)
    assert "lots.price" in verbs(session)
    missing = door.get(ground.people.clara, f"{address}?missing=1").text
    assert "Câble" in missing
    assert "Caméra fixe" not in missing


@pytest.mark.parametrize("value", ["-1", "1,23456", "cheap"])
def test_a_wrong_price(session: Session, lot: Lot, ground: Ground, door: Door, value: str) -> None:
    line_id = session.scalars(select(LotLine.id).where(LotLine.lot_id == lot.id)).first()
    fields = {"lines-0-line_id": line_id, "lines-0-estimated_price": value}
    answer = door.post(ground.people.clara, f"/lots/{lot.id}/prices", **fields)
    assert answer.status_code == 422
    assert 'id="lines-0-estimated_price-error"' in answer.text
    assert f'value="{value}"' in answer.text


@pytest.mark.parametrize("person", ["dora", "ada", "eli"])
def test_only_a_buyer_gives_prices(lot: Lot, ground: Ground, door: Door, person: str) -> None:
    who = getattr(ground.people, person)
    assert door.get(who, f"/lots/{lot.id}/prices").status_code == 403
    assert door.post(who, f"/lots/{lot.id}/prices").status_code == 403


def test_a_line_of_another_lot_gets_no_price(session: Session, ground: Ground, lot: Lot) -> None:
    other = ground.form(ground.tablet, title="Tablettes")
    session.flush()
    with refused("foreign_line"):
        operations.price_lines(lot, {other.lines[0].id: Decimal(1)}, actor=ground.buyer)


def test_a_launched_lot_shows_its_prices(session: Session, ground: Ground, lot: Lot, door: Door):
    lot.state = LotState.TENDERED
    page = door.get(ground.people.clara, f"/lots/{lot.id}/prices").text
    assert "no longer change" in page
    assert "<input" not in page.partition("<main")[2]


# --------------------------------------------------------------------------------------- value


def test_a_buyer_values_a_project(
    session: Session, ground: Ground, project: Project, door: Door
) -> None:
    [lot] = project.lots
    price(session, lot, "20")
    assert operations.standing(project).is_stale
    session.flush()
    page = door.get(ground.people.clara, f"/projects/{project.id}").text
    assert "The figures have changed since" in page
    answer = door.post(ground.people.clara, f"/projects/{project.id}/value")
    assert answer.status_code == 302
    session.expire_all()
    assert (project.value, project.nature_value) == (Decimal("475.00"), Decimal("475.00"))
    assert (project.procedure, project.valued_on) == (Procedure.DISPENSED, DAY)
    assert project.valued_by_id == ground.people.clara.id
    entry = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.verb == "lots.value_project")
        .order_by(AuditEntry.id.desc())
    ).first()
    assert entry
    assert json.loads(entry.changes)["value"] == ["237.5", "475"]
    page = door.get(ground.people.clara, f"/projects/{project.id}").text
    assert "475.00\u00a0€ before VAT for all the lots over 48 months" in page
    assert "Nothing is missing" in page


@pytest.mark.parametrize("act", ["value", "small-lots"])
@pytest.mark.parametrize("person", ["dora", "ada", "alix", "eli"])
def test_only_a_buyer_values(
    project: Project, ground: Ground, door: Door, person: str, act: str
) -> None:
    who = getattr(ground.people, person)
    assert door.post(who, f"/projects/{project.id}/{act}").status_code == 403


def test_finance_reads_and_members_do_not(project: Project, ground: Ground, door: Door) -> None:
    for address in ("/projects", f"/projects/{project.id}"):
        page = door.get(ground.people.dora, address)
        assert page.status_code == 200
        assert 'method="post"' not in page.text.partition("<main")[2]
        for person in ("ada", "alix", "eli"):
            assert door.get(getattr(ground.people, person), address).status_code == 403


def test_lines_without_a_price_are_counted_and_named(
    session: Session, ground: Ground, lot: Lot, door: Door
) -> None:
    price(session, lot, None)
    project = operations.form_project(ground.campaign, make_plan(), [lot.id], actor=ground.buyer)
    address = f"/projects/{project.id}"
    page = door.get(ground.people.clara, address).text
    assert "2 of the lines have no estimated price: 1.1 Caméra fixe; 1.2 Câble" in page
    assert f'/lots/{lot.id}/prices?missing=1"' in page
    assert "Value the project" not in page
    answer = door.post(ground.people.clara, f"{address}/value")
    assert answer.status_code == 409
    assert "have no estimated price" in answer.text


def test_a_price_of_nothing_is_a_price(session: Session, ground: Ground, lot: Lot) -> None:
    price(session, lot, "0")
    assert make_project(session, [lot]).value == 0


def test_a_draft_is_worth_the_sum_of_its_allocations(session: Session, ground: Ground) -> None:
    draft = ground.form()
    session.flush()
    project = make_project(session, [draft])
    assert project.value == Decimal("237.50")
    ground.freeze(draft)
    session.flush()
    assert not operations.standing(project).is_stale


@pytest.mark.parametrize(
    "change",
    [
        {"initial_months": 24},
        {"margin": Decimal("0.5")},
        {"options_amount": Decimal("0.01")},
        {"launch_on": DAY + timedelta(days=1)},
    ],
)
def test_what_makes_a_valuation_stale(
    session: Session, ground: Ground, project: Project, change: dict[str, Any]
) -> None:
    assert not operations.standing(project).is_stale
    ids = [lot.id for lot in project.lots]
    plan = make_plan(title="Autre titre")
    operations.change_project(project, plan, ids, project.version, actor=ground.buyer)
    assert not operations.standing(project).is_stale
    session.flush()
    plan = make_plan(**change)
    operations.change_project(project, plan, ids, project.version, actor=ground.buyer)
    assert operations.standing(project).is_stale


def test_a_quantity_that_changes_makes_it_stale(session: Session, ground: Ground) -> None:
    draft = ground.form()
    session.flush()
    project = make_project(session, [draft])
    draft.lines[0].allocations[0].quantity -= 1
    session.flush()
    assert operations.standing(project).is_stale


def test_needs_of_the_same_nature_elsewhere(session: Session, ground: Ground, door: Door) -> None:
    people = ground.people
    cameras = ground.form(ground.camera, title="Caméras")
    # What is left in the pool: 9.75 of cable. Elsewhere: 5 of it, and a family that is another.
    campaign = make_campaign(session, CampaignState.CLOSED, contract_months=24)
    need = make_need(session, campaign, people.ada, NeedState.VALIDATED, people.alix)
    make_line(session, need, ground.cable, 5)
    make_line(session, need, make_item(session), 1000)
    on: dict[str, Any] = {"actor": ground.buyer, "today": DAY}
    elsewhere = operations.form(campaign, "Câble", family_id=ground.video.id, **on)
    session.flush()
    project = make_project(session, [cameras])
    assert (project.value, project.nature_value) == (Decimal("140.00"), Decimal("287.50"))
    others = valuing.valuation(project).others
    assert [(one.kind, one.id, one.value) for one in others] == [
        (OtherKind.LOT, elsewhere.id, Decimal("50.00")),
        (OtherKind.POOL, ground.campaign.id, Decimal("97.50")),
    ]
    page = door.get(people.clara, f"/projects/{project.id}").text
    for link in (f'href="/lots/{elsewhere.id}"', f'href="/campaigns/{ground.campaign.id}/pool"'):
        assert link in page
    assert "With the needs of the same nature elsewhere (Video protection): 287.50\u00a0€" in page


@pytest.mark.parametrize(
    "state, awarded, counts",
    [
        (LotState.DRAFT, None, True),
        (LotState.TENDERED, None, True),
        # It holds its needs still: they are not in the pool.
        (LotState.UNSUCCESSFUL, None, True),
        (LotState.AWARDED, None, True),
        (LotState.AWARDED, 365, True),
        (LotState.AWARDED, 368, False),
    ],
)
def test_which_lots_elsewhere_count(
    session: Session, ground: Ground, state: LotState, awarded: int | None, counts: bool
) -> None:
    cameras, cable = ground.form(ground.camera), ground.freeze(ground.form(ground.cable))
    cable.state = state
    cable.awarded_on = None if awarded is None else DAY - timedelta(days=awarded)
    session.flush()
    project = make_project(session, [cameras])
    extra = Decimal("97.50") if counts else 0
    assert project.nature_value == Decimal("140.00") + extra


def test_needs_that_are_given_back_count_once(session: Session, ground: Ground, door: Door) -> None:
    cameras, cable = ground.form(ground.camera), ground.freeze(ground.form(ground.cable))
    session.flush()
    project = make_project(session, [cameras, cable])
    assert (project.value, project.nature_value) == (Decimal("237.50"), Decimal("237.50"))
    cable.state = LotState.UNSUCCESSFUL
    session.flush()
    assert not operations.standing(project).is_stale
    operations.release(cable, actor=ground.buyer, today=DAY)
    session.flush()
    session.expire_all()
    found = operations.standing(project)
    # The 9.75 of cable are in the pool, and no longer in the lot.
    assert found.is_stale
    assert found.now
    assert (found.now.value, found.now.nature_value) == (Decimal("140.00"), Decimal("237.50"))
    assert [(one.kind, one.value) for one in found.now.others] == [
        (OtherKind.POOL, Decimal("97.50"))
    ]
    page = door.get(ground.people.clara, f"/projects/{project.id}").text
    assert "Lot 2 gave its needs back to the pool on" in page
    # Another lot takes them: they count in it alone.
    again = ground.form(ground.cable)
    session.flush()
    plan = make_plan()
    operations.change_project(
        project, plan, [cameras.id, again.id], project.version, actor=ground.buyer
    )
    found = operations.standing(project)
    assert found.now
    assert (found.now.value, found.now.others) == (Decimal("237.50"), ())
    assert [one.id for one in found.now.lots] == [cameras.id, again.id]


def test_a_divided_purchase_stays_so_when_a_lot_fails(
    session: Session, ground: Ground, door: Door
) -> None:
    cameras, cable = ground.form(ground.camera), ground.freeze(ground.form(ground.cable))
    session.flush()
    whole: dict[str, Any] = {"undivided_ground": None, "undivided_reason": None}
    project = make_project(session, [cameras, cable], **whole)
    cable.state = LotState.UNSUCCESSFUL
    session.flush()
    operations.release(cable, actor=ground.buyer, today=DAY)
    operations.value_project(project, actor=ground.buyer, today=DAY)
    session.flush()
    page = door.get(ground.people.clara, f"/projects/{project.id}").text
    assert "It is divided into 2 lots (L2113-10)." in page
    assert "Nothing is missing" in page


def test_a_project_whose_lots_all_gave_their_needs_back(
    session: Session, ground: Ground, project: Project, door: Door
) -> None:
    [lot] = project.lots
    lot.state = LotState.UNSUCCESSFUL
    session.flush()
    operations.release(lot, actor=ground.buyer, today=DAY)
    session.flush()
    page = door.get(ground.people.clara, f"/projects/{project.id}")
    assert page.status_code == 200
    # What was decided stays.
    assert "237.50" in page.text


def test_an_unsuccessful_lot_of_another_campaign_does_not_count(
    session: Session, ground: Ground
) -> None:
    people = ground.people
    campaign = make_campaign(session, CampaignState.CLOSED)
    need = make_need(session, campaign, people.ada, NeedState.VALIDATED, people.alix)
    make_line(session, need, ground.camera, 5)
    on: dict[str, Any] = {"actor": ground.buyer, "today": DAY}
    elsewhere = operations.form(campaign, "Caméras", family_id=ground.video.id, **on)
    session.flush()
    ground.freeze(elsewhere).state = LotState.UNSUCCESSFUL
    project = make_project(session, [ground.form()])
    assert project.nature_value == project.value


def test_what_lots_were_launched_on_outlives_the_next_valuation(
    session: Session, ground: Ground, project: Project
) -> None:
    first = project.statement
    [lot] = project.lots
    price(session, lot, "20")
    operations.value_project(project, actor=ground.buyer, today=DAY)
    commit()
    entries = session.scalars(
        select(AuditEntry).where(AuditEntry.verb == "lots.value_project").order_by(AuditEntry.id)
    ).all()
    assert project.statement != first
    assert [json.loads(entry.changes)["statement"] for entry in entries] == [
        first,
        project.statement,
    ]


def test_a_lot_elsewhere_counts_for_its_own_duration(session: Session, ground: Ground) -> None:
    cameras, cable = ground.form(ground.camera), ground.form(ground.cable)
    session.flush()
    make_project(session, [cable], initial_months=24, margin=Decimal(10))
    project = make_project(session, [cameras])
    assert project.nature_value == Decimal("140.00") + Decimal("53.63")


def test_an_item_elsewhere_without_a_price_is_counted(session: Session, ground: Ground) -> None:
    cameras = ground.form(ground.camera)
    ground.cable.indicative_price = None
    session.flush()
    project = make_project(session, [cameras])
    [part] = valuing.valuation(project).others
    assert (part.value, part.unpriced) == (Decimal(0), 1)


# ---------------------------------------------------------------------------------- small lots


@pytest.fixture
def pair(session: Session, ground: Ground) -> Project:
    """A formal purchase of two lots: 200 000 € and 50 000 €, the second a fifth of both."""
    cameras, tablets = ground.form(ground.camera), ground.form(ground.tablet, title="Tablettes")
    session.flush()
    cameras.lines[0].allocations[0].quantity = Decimal(16)
    tablets.lines[0].allocations[0].quantity = Decimal(5)
    cameras.lines[0].estimated_price = tablets.lines[0].estimated_price = Decimal(10_000)
    session.flush()
    return make_project(session, [cameras, tablets])


def test_a_small_lot_is_ticked(session: Session, ground: Ground, pair: Project, door: Door) -> None:
    cameras, tablets = pair.lots
    address = f"/projects/{pair.id}"
    page = door.get(ground.people.clara, address).text
    assert "It may: below 80,000.00\u00a0€, and at most 20% with those ticked." in page
    assert "No: it is not below 80,000.00\u00a0€." in page
    fields = {"lots-1-lot_id": tablets.id}
    assert door.post(ground.people.clara, f"{address}/small-lots", **fields).status_code == 302
    session.expire_all()
    assert (cameras.is_small_lot, tablets.is_small_lot) == (False, True)
    assert operations.standing(pair).is_stale
    assert door.post(ground.people.clara, f"{address}/value").status_code == 302
    page = door.get(ground.people.clara, address).text
    assert "Small lots, without publicity or competition: 2 (R2122-8)." in page
    assert "lots.tick_small_lots" in verbs(session)


def test_a_lot_that_may_not_be_small(
    session: Session, ground: Ground, pair: Project, door: Door
) -> None:
    cameras, tablets = pair.lots
    address = f"/projects/{pair.id}/small-lots"
    answer = door.post(ground.people.clara, address, **{"lots-0-lot_id": cameras.id})
    assert answer.status_code == 409
    assert "These may not be small lots: 1." in answer.text
    # A cent above the fifth.
    tablets.lines[0].estimated_price = Decimal("10000.01")
    session.flush()
    answer = door.post(ground.people.clara, address, **{"lots-0-lot_id": tablets.id})
    assert answer.status_code == 409
    assert not tablets.is_small_lot


def test_a_small_lot_that_grew_is_told_at_the_valuation(
    session: Session, ground: Ground, pair: Project
) -> None:
    tablets = pair.lots[1]
    operations.tick_small_lots(pair, [tablets.id], actor=ground.buyer)
    tablets.lines[0].estimated_price = Decimal("10000.01")
    session.flush()
    with refused("small_lot"):
        operations.value_project(pair, actor=ground.buyer, today=DAY)


def test_a_wrong_tick(ground: Ground, pair: Project, door: Door) -> None:
    answer = door.post(
        ground.people.clara, f"/projects/{pair.id}/small-lots", **{"lots-0-lot_id": "two"}
    )
    assert answer.status_code == 422


# --------------------------------------------------------------------------------------- lists


def test_the_list(session: Session, ground: Ground, project: Project, door: Door) -> None:
    page = door.get(ground.people.clara, "/projects").text
    assert project.title in page
    assert "237.50" in page
    assert "Without publicity or competition" in page
    narrowed = f"/projects?campaign={ground.campaign.id}"
    assert project.title in door.get(ground.people.clara, narrowed).text
    other = make_campaign(session, CampaignState.CLOSED)
    page = door.get(ground.people.clara, f"/projects?campaign={other.id}").text
    assert project.title not in page
    assert f"/campaigns/{other.id}/projects/new" in page


def test_an_empty_list(ground: Ground, door: Door) -> None:
    assert "No purchase project yet" in door.get(ground.people.clara, "/projects").text
    page = door.get(ground.people.clara, f"/campaigns/{ground.campaign.id}/projects/new").text
    assert "No lot to put into a project" in page


def test_queries_do_not_grow_with_lots(
    session: Session, ground: Ground, door: Door, count_queries: CountQueries
) -> None:
    def counted(project: Project) -> int:
        who, address = ground.people.clara, f"/projects/{project.id}"
        door.get(who, address)
        with count_queries() as statements:
            door.get(who, address)
        return len(statements)

    few = make_project(session, [ground.form(ground.tablet, title="Tablettes")])
    first = counted(few)
    campaign = make_campaign(session, CampaignState.CLOSED)
    people = ground.people
    need = make_need(session, campaign, people.ada, NeedState.VALIDATED, people.alix)
    on: dict[str, Any] = {"actor": ground.buyer, "today": DAY}
    made = []
    for _number in range(6):
        item = make_item(session)
        make_line(session, need, item, 3)
        made.append(operations.form(campaign, item.designation, item_ids=[item.id], **on))
    session.flush()
    assert counted(make_project(session, made)) <= first


def test_a_project_that_lost_its_prices_still_lists_its_lots(
    session: Session, ground: Ground, project: Project, door: Door
) -> None:
    [lot] = project.lots
    price(session, lot, None)
    page = door.get(ground.people.clara, f"/projects/{project.id}")
    assert page.status_code == 200
    assert f'href="/lots/{lot.id}"' in page.text
    assert "To be valued again" in page.text


def test_a_project_that_is_ready_names_what_comes_next(
    session: Session, ground: Ground, project: Project, door: Door
) -> None:
    [lot] = project.lots
    link = f'href="/lots/{lot.id}/tender"'
    assert link in door.get(ground.people.clara, f"/projects/{project.id}").text
    assert link not in door.get(ground.people.dora, f"/projects/{project.id}").text
