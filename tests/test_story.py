"""The story: one purchase from the needs of two bodies to what it saved each of them.

Everybody goes through the pages of their role, with the forms that the platform sent them.
"""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook
from sqlalchemy.orm import Session

from procurement.catalogue.models import Unit
from procurement.kernel.pipeline import today
from procurement.members.models import Person
from procurement.savings import queries
from procurement.savings.queries import Scope
from tests.conftest import KeepApp
from tests.desk import Desk
from tests.make import know_the_law, make_family, make_item, some_siret
from tests.people import People


@pytest.fixture
def strict(keep_app: KeepApp) -> Flask:
    """The platform as it is served, its forgery protection on."""
    return keep_app(WTF_CSRF_ENABLED=True)


@pytest.fixture
def desks(strict: Flask, session: Session, people: People) -> dict[str, Desk]:
    """Everybody at their desk, reading English; the catalogue holds a camera and a cable."""
    video = make_family(session, label_en="Video protection")
    make_item(session, video, code="VID-1", designation="Caméra", indicative_price=Decimal(120))
    make_item(session, video, code="VID-2", designation="Câble", unit=Unit.METRE)
    know_the_law(session)
    session.commit()

    def seated(person: Person) -> Desk:
        client = strict.test_client()
        with client.session_transaction() as cookie:
            cookie.update(_user_id=str(person.id), _fresh=True, language="en")
        return Desk(client)

    return {name: seated(one) for name, one in vars(people).items() if isinstance(one, Person)}


def cells(workbook: bytes, sheet: str) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(BytesIO(workbook)).get_sheet_by_name(sheet).to_python()


def verified(app: Flask, room: str) -> str:
    """Run ``flask ROOM verify``, which must pass; give the line that says what it counted."""
    with app.app_context():
        done = app.test_cli_runner().invoke(args=[room, "verify"])
    assert done.exit_code == 0, done.output
    return done.output


def test_one_purchase(desks: dict[str, Desk], strict: Flask) -> None:
    ada, alix, basile, blanche, clara, dora = (
        desks[name] for name in ("ada", "alix", "basile", "blanche", "clara", "dora")
    )

    # Clara, who buys for the centrale, asks the members what they need.
    clara.opens("/campaigns/new")
    month = {"First day": str(today()), "Last day": str(today() + timedelta(days=30))}
    clara.presses("Prepare", {"Title": "Survey of needs", **month})
    clara.presses("Open to members")
    survey = clara.path

    # A commune of the Yvelines answers, then one of the Hauts-de-Seine; their approvers validate.
    paid = {"Unit price paid today": "130,00", "Since": "01/09/2024"}
    cheap = {"Unit price paid today": "95", "Since": "15/03/2025"}
    metres = {"Unit price paid today": "4,20", "Since": "01/09/2024"}
    for agent, approver, cameras, cables in (
        (ada, alix, {"Quantity": "10", **paid}, {"Quantity": "25", **metres}),
        (basile, blanche, {"Quantity": "4", **cheap}, {"Quantity": "30"}),
    ):
        agent.opens(survey)
        agent.presses("Begin your answer")
        need = agent.path
        for search, item, line in (("camera", "Caméra", cameras), ("cable", "Câble", cables)):
            agent.opens(f"{need}?q={search}")
            quantity = {f"Quantity {item}": line.pop("Quantity")}
            agent.presses(f"Add and give its price {item}", quantity)
            agent.presses("Save the line", line)
        agent.presses("Submit")
        approver.opens(need)
        approver.presses("Validate")

    # Clara pools what both need into one lot and freezes it.
    clara.opens(survey)
    clara.presses("Close the campaign")
    clara.follows("Pool the needs")
    clara.presses("Form the lot", {"Title of the lot": "Cameras", "What it takes": "Video"})
    clara.presses("Freeze the lot")
    sheet = clara.downloads("For buyers, by member (Excel)")
    total = {row[2]: row[4] for row in cells(sheet, "Quantity estimate")}
    broken_down = {(row[2], row[5]): row[7] for row in cells(sheet, "By member")}
    assert (total["Caméra"], total["Câble"]) == (14, 55)
    for body, *made in (("Amboise-la-Petite", 10, 25), ("Bourg-Neuf", 4, 30)):
        assert [broken_down[body, "Caméra"], broken_down[body, "Câble"]] == made

    # She values the purchase: what it is worth says how it is passed.
    clara.follows("Launch the tender")
    clara.follows("Form a purchase project")
    clara.presses(
        "Form the project",
        {
            "Title": "Cameras",
            "Case of the law": "Lots would restrict competition (2°)",
            "Why it is one lot only": "Few firms would answer smaller lots.",
            "Environmental clause": "Packaging is taken back.",
            "Environmental criterion": "Lifetime, 15 points.",
        },
    )
    clara.presses("Value the project")
    clara.follows("1. Cameras")

    # Two firms answer on that sheet; the lower offer wins.
    clara.follows("Launch the tender")
    clara.presses("Launch the tender", {"Last day to answer": str(today())})
    tender = clara.path
    for firm, camera, metre in (("Alpha", "100", "3,105"), ("Beta", "104,90", "2,95")):
        clara.opens("/suppliers")
        clara.presses("Register", {"SIRET": some_siret(), "Name": firm})
        clara.opens(tender)
        clara.presses("Enter the offer", {"Supplier": firm})
        prices = {"Unit price of Caméra": camera, "Unit price of Câble": metre}
        clara.presses("Save the prices", prices)
    clara.presses("Award the tender", {"Offer": "1. Alpha, 1,570.78 €"})

    # The agreement may be ordered up to the value of the award, and no further.
    clara.follows("Draft the agreement")
    clara.presses(
        "Draft the agreement",
        {
            "Number": "2026-VID-01",
            "Ceiling": "1 570,78",
            "First day": str(today()),
            "Last day": str(today() + timedelta(days=700)),
        },
    )
    clara.presses("Notify the agreement")
    agreement = clara.path

    # Both communes order, and their approvers confirm.
    for agent, approver, pieces, length in ((ada, alix, "8", "25"), (basile, blanche, "4", "30")):
        agent.opens(agreement)
        agent.follows("Place an order")
        agent.presses("Save the draft", {"Caméra": pieces, "Câble": length})
        agent.presses("Submit for confirmation")
        approver.opens(agent.path)
        approver.presses("Confirm the order")

    # Three cameras more would pass the ceiling. Two meet it to the cent.
    ada.opens(agreement)
    ada.follows("Place an order")
    ada.presses("Save the draft", {"Caméra": "3"})
    refusal = ada.presses_in_vain("Submit for confirmation")
    assert "This order comes to 300.00 € net of VAT, and 200.00 € remain" in refusal
    ada.follows("Change")
    ada.presses("Save the draft", {"Caméra": "2"})
    ada.presses("Submit for confirmation")
    alix.opens(ada.path)
    alix.presses("Confirm the order")
    clara.opens(agreement)
    assert "Confirmed orders 1,570.78 € 100.0%" in clara.reads
    assert "Remaining 0.00 €" in clara.reads

    # Ten cameras and the cable cost Ada's commune less; Basile's had better prices before.
    alix.follows_the_thread_to("Saving")
    assert "You pay 327.37 € less than at your former prices" in alix.reads
    blanche.opens("/savings")
    assert "You pay 20.00 € more than at your former prices" in blanche.reads

    # Whichever way the savings are added up, they make the same total.
    dora.opens("/savings")
    assert "by member = by lot = by agreement = by département = by family = total, 307.37 €" in (
        dora.reads
    )
    with strict.app_context():
        report = queries.report(Scope(), "en")
    by_member, by_departement, by_lot = (
        {part.label: part.saving.saving for part in parts}
        for parts in (report.members, report.departements, report.lots)
    )
    assert by_member == {"Amboise-la-Petite": Decimal("327.37"), "Bourg-Neuf": Decimal("-20.00")}
    assert by_departement == {"Yvelines": Decimal("327.37"), "Hauts-de-Seine": Decimal("-20.00")}
    assert by_lot == {"Cameras": Decimal("307.37")}
    assert report.summary.saving.saving == Decimal("307.37")

    # Nothing was lost or made up on the way.
    assert "4 need lines, 1 lots, 2 lot lines and 4 allocations" in verified(strict, "lots")
    assert "3 orders, 5 lines, 6 ledger entries" in verified(strict, "orders")
    assert "journal entries" in verified(strict, "audit")
