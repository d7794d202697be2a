"""A database of the version before is brought up to date with what it holds."""

import csv
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from sqlalchemy import MetaData, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from procurement.catalogue.models import Cpv
from procurement.extensions import db
from procurement.lots import verification
from procurement.lots.models import Allocation, Lot, LotLine, LotState, SheetVersion, Threshold
from procurement.members.models import Member
from procurement.needs import queries, rules
from procurement.needs.models import Campaign, Need, NeedLine
from tests.conftest import MakeApp
from tests.make import some_siren

ROOT = Path(__file__).parent.parent
FOLDER = str(ROOT / "migrations")
#: The check figure that the version before computed for the line below.
FIGURE = "e0d9529feadd5d247a25fe0c89522f7041f3e678b4f13988202b0b49198ad569"
#: Those that the second version computed for the need with a free line, and for the lot.
FREE_FIGURE = "b1569cae3c123029746038a2b845ce86807fec9042fbcb4018e04ea0517ff637"
LOT_FIGURE = "416e166e89b996a2db869e87844a8805d9e342c44bf20ee61814fa9f629bf6bc"
Rows = list[tuple[str, dict[str, Any]]]
ROWS: Rows = [
    ("cpv", {"id": 1, "code": "32323500-8", "label_fr": "Surveillance"}),
    ("family", {"id": 1, "code": "VID", "label_fr": "V", "label_en": "V", "cpv_id": 1}),
    (
        "item",
        {
            "id": 1,
            "code": "VID-001",
            "family_id": 1,
            "cpv_id": 1,
            "designation": "Caméra",
            "specification": "Fixe",
            "search_text": "camera",
            "unit": "piece",
            "pack_size": 1,
            "vat_rate": 2000,
        },
    ),
    (
        "member",
        {
            "id": 1,
            "kind": "commune",
            "siren": some_siren(),
            "insee_code": "99001",
            "name": "Amboise-la-Petite",
            "sort_name": "amboise-la-petite",
            "departement": "78",
            "population": 800,
        },
    ),
    ("site", {"id": 1, "member_id": 1, "kind": "town_hall", "name": "Mairie", "city": "A"}),
    *(
        (
            "person",
            {
                "id": number,
                "email": f"{name}@example.org",
                "name": name,
                "password_hash": "!",
                "role": role,
                "member_id": 1,
                "is_active": True,
            },
        )
        for number, name, role in ((1, "ada", "requester"), (2, "alix", "approver"))
    ),
    (
        "campaign",
        {
            "id": 1,
            "title": "Recensement",
            "opens_on": date(2026, 1, 1),
            "closes_on": date(2026, 2, 1),
            "state": "closed",
            "version": 3,
        },
    ),
    (
        "need",
        {
            "id": 1,
            "campaign_id": 1,
            "member_id": 1,
            "author_id": 1,
            "approver_id": 2,
            "state": "validated",
            "is_nil": False,
            "check_figure": FIGURE,
            "version": 3,
        },
    ),
    (
        "need_line",
        {
            "id": 1,
            "need_id": 1,
            "campaign_id": 1,
            "member_id": 1,
            "departement": "78",
            "item_id": 1,
            "site_id": 1,
            "quantity": 2500,
            "paid_price": 1285000,
            "paid_since": date(2025, 3, 1),
            "is_validated": True,
            "allotted": 0,
        },
    ),
]


#: What the second version had beside it: a free line without an item, and a lot of the first line.
LATER: Rows = [
    (
        "campaign",
        {
            "id": 2,
            "title": "Autre recensement",
            "opens_on": date(2026, 3, 1),
            "closes_on": date(2026, 4, 1),
            "state": "closed",
            "contract_months": 48,
            "commitment": "indicative",
            "invitation": "all",
            "every_family": True,
            "version": 3,
        },
    ),
    (
        "need",
        {
            "id": 2,
            "campaign_id": 2,
            "member_id": 1,
            "author_id": 1,
            "approver_id": 2,
            "state": "validated",
            "is_nil": False,
            "entry": "own",
            "submissions": 1,
            "check_figure": FREE_FIGURE,
            "version": 3,
        },
    ),
    (
        "need_line",
        {
            "id": 2,
            "need_id": 2,
            "campaign_id": 2,
            "member_id": 1,
            "departement": "78",
            "site_id": 1,
            "declared_quantity": 3000,
            "basis": "period",
            "quantity": 3000,
            "strength": "indicative",
            "words": "Mât de 4 m",
            "own_unit": "mât",
            "is_validated": True,
            "allotted": 0,
            "version": 1,
        },
    ),
    *(
        (
            "lot",
            {
                "campaign_id": 1,
                "number": number,
                "title": "Vidéoprotection",
                "state": state,
                "sheet_version": sheet_version,
                "frozen_on": frozen_on,
                "check_figure": figure,
                "version": 2,
            },
        )
        for number, state, sheet_version, frozen_on, figure in (
            (1, "awarded", 2, date(2026, 5, 4), LOT_FIGURE),
            (2, "draft", 0, None, None),
            (3, "draft", 0, None, None),
        )
    ),
    ("lot_line", {"id": 1, "lot_id": 1, "item_id": 1, "position": 1, "quantity": 2500}),
    ("allocation", {"id": 1, "lot_line_id": 1, "need_line_id": 1, "quantity": 2500}),
    (
        "tender",
        {
            "id": 1,
            "lot_id": 1,
            "sheet_version": 2,
            "launched_on": date(2026, 5, 11),
            "answers_by": date(2026, 6, 15),
            "state": "awarded",
            "awarded_on": date(2026, 7, 1),
            "version": 2,
        },
    ),
]


def test_what_was_declared_before_is_kept_as_it_was(
    bare_database_url: str, make_app: MakeApp
) -> None:
    with make_app(bare_database_url).app_context():
        flask_migrate.upgrade(FOLDER, revision="0001")
        _fill(ROWS)
        flask_migrate.upgrade(FOLDER)
        session = db.session()
        campaign, need = session.get_one(Campaign, 1), session.get_one(Need, 1)
        line = session.get_one(NeedLine, 1)
        assert (campaign.contract_months, campaign.invitation) == (48, "all")
        assert (campaign.every_family, campaign.commitment) == (True, "indicative")
        assert (need.entry, need.submissions, need.objection) == ("own", 0, None)
        assert (line.declared_quantity, line.quantity) == (Decimal("2.5"), Decimal("2.5"))
        assert (line.basis, line.strength, line.words) == ("period", "indicative", None)
        # A need that was validated still has the figure that it was validated with.
        assert rules.check_figure(queries.checked_lines(need)) == FIGURE
        assert session.scalars(select(Member.successor_id)).all() == [None]
        session.rollback()
        flask_migrate.downgrade(FOLDER, revision="0001")
        assert db.session.execute(text("SELECT quantity FROM need_line")).all() == [(2500,)]
        db.session.rollback()
        db.engine.dispose()


@pytest.fixture
def second(bare_database_url: str, make_app: MakeApp) -> Iterator[None]:
    """Fill a database of the second version; its third lot was dissolved."""
    with make_app(bare_database_url).app_context():
        flask_migrate.upgrade(FOLDER, revision="0001")
        _fill(ROWS)
        flask_migrate.upgrade(FOLDER, revision="0002")
        _fill(LATER)
        _change("UPDATE item SET indicative_price = 990000, priced_on = '2026-01-15'")
        _change("UPDATE need_line SET allotted = 2500 WHERE id = 1")
        _change("DELETE FROM lot WHERE number = 3")
        yield
        db.session.rollback()
        db.engine.dispose()


@pytest.mark.usefixtures("second")
def test_what_lots_held_before_is_kept_as_it_was() -> None:
    codes = _codes()
    others = [code for code in codes if code != "32323500-8"]
    _fill(
        [("cpv", {"id": key, "code": code, "label_fr": "L"}) for key, code in enumerate(others, 2)]
    )
    flask_migrate.upgrade(FOLDER)
    session = db.session()
    line, free = session.get_one(NeedLine, 1), session.get_one(NeedLine, 2)
    assert (line.is_pooled, line.pool_item_id, line.pool_quantity) == (True, 1, Decimal("2.5"))
    assert (free.is_pooled, free.pool_item_id, free.pool_quantity) == (False, None, None)
    assert (free.is_validated, free.was_tendered, line.was_tendered) == (True, False, False)
    allocation = session.get_one(Allocation, 1)
    assert (allocation.kind, allocation.reason, allocation.is_released) == ("need", None, False)
    lot = session.get_one(Lot, 1)
    assert (lot.names_members, lot.is_small_lot, lot.released_on) == (False, False, None)
    assert (lot.awarded_on, session.get_one(Lot, 2).awarded_on) == (date(2026, 7, 1), None)
    assert session.get_one(LotLine, 1).estimated_price == Decimal("99")
    sheet = session.scalars(select(SheetVersion)).one()
    assert (sheet.lot_id, sheet.number, sheet.person_id) == (1, 2, None)
    assert (sheet.frozen_on, sheet.check_figure) == (date(2026, 5, 4), LOT_FIGURE)
    assert json.loads(sheet.lines) == [[1, "2.500"]]
    assert dict(session.execute(select(Cpv.code, Cpv.trade)).all()) == codes
    assert list(verification.faults()) == []


@pytest.mark.usefixtures("second")
def test_the_number_of_a_dissolved_lot_is_not_given_again() -> None:
    flask_migrate.upgrade(FOLDER)
    made = Lot(campaign_id=1, number=3, title="Nouveau")
    db.session.add(made)
    db.session.flush()
    assert made.id == 4
    db.session.delete(made)
    db.session.commit()
    flask_migrate.downgrade(FOLDER, revision="0002")
    flask_migrate.upgrade(FOLDER)
    again = Lot(campaign_id=1, number=3, title="Nouveau")
    db.session.add(again)
    db.session.flush()
    assert again.id == 5


@pytest.mark.usefixtures("second")
def test_what_a_lot_gave_back_is_its_own_again_in_the_version_before() -> None:
    flask_migrate.upgrade(FOLDER)
    _change("UPDATE allocation SET is_released = true")
    _change("UPDATE need_line SET allotted = 0")
    flask_migrate.downgrade(FOLDER, revision="0002")
    held = db.session.execute(text("SELECT id, allotted FROM need_line ORDER BY id")).all()
    assert held == [(1, 2500), (2, 0)]
    given = db.session.execute(text("SELECT lot_line_id, need_line_id, quantity FROM allocation"))
    assert given.all() == [(1, 1, 2500)]


@pytest.mark.usefixtures("second")
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            [
                (
                    "INSERT INTO allocation (id, lot_line_id, kind, quantity, reason, is_released)"
                    " VALUES (9, 1, 'stock', 500, 'Whole packs', false)"
                )
            ],
            id="stock",
        ),
        pytest.param(
            [
                (
                    "INSERT INTO allocation"
                    " (id, lot_line_id, need_line_id, kind, quantity, reason, is_released)"
                    " VALUES (9, 1, 1, 'shared', 500, 'Whole packs', false)"
                )
            ],
            id="rounded up",
        ),
        pytest.param(
            [
                "UPDATE allocation SET is_released = true",
                "INSERT INTO lot_line (id, lot_id, item_id, position) VALUES (9, 2, 1, 1)",
                (
                    "INSERT INTO allocation"
                    " (id, lot_line_id, need_line_id, kind, quantity, is_released)"
                    " VALUES (9, 9, 1, 'need', 2500, false)"
                ),
            ],
            id="released and in another lot",
        ),
        pytest.param(["UPDATE need_line SET pool_quantity = 5000 WHERE id = 1"], id="merged"),
    ],
)
def test_what_the_version_before_cannot_hold_is_refused_and_kept(changes: list[str]) -> None:
    flask_migrate.upgrade(FOLDER)
    for change in changes:
        _change(change)
    with pytest.raises(IntegrityError):
        flask_migrate.downgrade(FOLDER, revision="0002")
    session = db.session()
    assert session.scalar(text("SELECT version_num FROM alembic_version")) == "0003"
    assert session.get_one(NeedLine, 1).is_pooled
    assert session.get_one(Lot, 1).state is LotState.AWARDED


def test_the_thresholds_are_those_of_new_tables(bare_database_url: str, make_app: MakeApp) -> None:
    with make_app(bare_database_url).app_context():
        flask_migrate.upgrade(FOLDER)
        migrated = _thresholds()
        flask_migrate.downgrade(FOLDER, revision="base")
        db.create_all()
        assert migrated == _thresholds()
        assert len(migrated) > 20
        db.engine.dispose()


def _thresholds() -> list[tuple[Any, ...]]:
    columns = [column for column in Threshold.__table__.columns if column.name != "id"]
    order = (Threshold.rule, Threshold.nature, Threshold.valid_from)
    rows = [tuple(row) for row in db.session.execute(select(*columns).order_by(*order))]
    db.session.rollback()
    return rows


def _codes() -> dict[str, str]:
    """Read which kind of firm sells what each code names, as new databases are given it."""
    with (ROOT / "procurement" / "catalogue" / "data" / "cpv.csv").open() as file:
        return {row["code"]: row["trade"] for row in csv.DictReader(file)}


def _change(statement: str) -> None:
    db.session.execute(text(statement))
    db.session.commit()


def _fill(rows: Rows) -> None:
    session: Session = db.session()
    tables = MetaData()
    tables.reflect(session.connection())
    for name, row in rows:
        session.execute(insert(tables.tables[name]), row)
    session.commit()
