"""A database of the version before is brought up to date with what it holds."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import flask_migrate
from sqlalchemy import MetaData, insert, select, text
from sqlalchemy.orm import Session

from procurement.extensions import db
from procurement.members.models import Member
from procurement.needs import queries, rules
from procurement.needs.models import Campaign, Need, NeedLine
from tests.conftest import MakeApp
from tests.make import some_siren

FOLDER = str(Path(__file__).parent.parent / "migrations")
#: The check figure that the version before computed for the line below.
FIGURE = "e0d9529feadd5d247a25fe0c89522f7041f3e678b4f13988202b0b49198ad569"
ROWS: list[tuple[str, dict[str, Any]]] = [
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


def test_what_was_declared_before_is_kept_as_it_was(
    bare_database_url: str, make_app: MakeApp
) -> None:
    with make_app(bare_database_url).app_context():
        flask_migrate.upgrade(FOLDER, revision="0001")
        _fill()
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


def _fill() -> None:
    session: Session = db.session()
    tables = MetaData()
    tables.reflect(session.connection())
    for name, row in ROWS:
        session.execute(insert(tables.tables[name]), row)
    session.commit()
