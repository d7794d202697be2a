"""``flask orders verify``: it passes on what the platform wrote, and names an altered row."""

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session

from procurement.extensions import db
from procurement.kernel import pipeline
from procurement.orders import operations
from tests.make import actor_for, make_site
from tests.orders.scene import Scene, begin


@pytest.fixture
def played(scene: Scene, session: Session) -> Scene:
    """Order 1 confirmed, 2 submitted, 3 refused, 4 withdrawn, 5 cancelled, 6 a draft."""
    alix, ada = actor_for(scene.people.alix), actor_for(scene.people.ada)
    scene.confirm(scene.submit(scene.place(2, 10)))
    scene.submitted(3)
    refused, withdrawn, cancelled = scene.submitted(1), scene.submitted(1), scene.confirmed(4)
    begin()
    operations.refuse(refused, "Non", actor=alix)
    operations.withdraw(withdrawn, "Non", actor=ada)
    operations.cancel(cancelled, "Non", actor=alix)
    pipeline.commit()
    scene.place(1)
    make_site(session, scene.people.first)
    pipeline.commit()
    return scene


def verify(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["orders", "verify"])


def test_it_passes_and_says_what_it_counted(app: Flask, played: Scene) -> None:
    result = verify(app)
    assert result.exit_code == 0, result.output
    assert result.output == "OK: 6 orders, 7 lines, 10 ledger entries and 4 balances checked\n"


def test_it_passes_on_nothing(app: Flask, session: Session) -> None:
    assert verify(app).output == "OK: 0 orders, 0 lines, 0 ledger entries and 0 balances checked\n"


DRAFT = (
    "INSERT INTO ledger_entry (at, kind, order_id, agreement_id, holder_id, beneficiary_id, amount)"
)
ALTERED = [
    ("UPDATE agreement SET reserved = reserved + 1", "agreement 1:"),
    ("UPDATE agreement SET consumed = consumed - 1", "agreement 1:"),
    ("UPDATE holder SET reserved = 0", "holder 1:"),
    ("UPDATE holder SET consumed = consumed + 100", "holder 1:"),
    ("UPDATE beneficiary SET reserved = reserved - 1 WHERE id = 1", "beneficiary 1:"),
    ("UPDATE beneficiary SET consumed = 1 WHERE id = 2", "beneficiary 2:"),
    ("UPDATE purchase_order SET amount = amount + 1 WHERE id = 1", "purchase_order 1:"),
    ("UPDATE purchase_order SET amount = amount + 1 WHERE id = 6", "purchase_order 6:"),
    ("UPDATE purchase_order SET number = '2025-00001' WHERE id = 2", "purchase_order 2:"),
    ("UPDATE purchase_order SET commitment_number = 'X' WHERE id = 1", "purchase_order 1:"),
    ("UPDATE purchase_order SET service_code = 'X' WHERE id = 2", "purchase_order 2:"),
    ("UPDATE purchase_order SET site_id = 4 WHERE id = 1", "purchase_order 1:"),
    ("UPDATE purchase_order SET member_id = 2 WHERE id = 2", "purchase_order 2:"),
    ("UPDATE purchase_order SET submitted_on = '2020-01-01' WHERE id = 3", "purchase_order 3:"),
    ("UPDATE purchase_order SET check_figure = 'x' WHERE id = 4", "purchase_order 4:"),
    ("UPDATE purchase_order SET state = 'cancelled' WHERE id = 1", "purchase_order 1:"),
    ("UPDATE purchase_order SET state = 'cancelled' WHERE id = 2", "purchase_order 2:"),
    (
        "UPDATE purchase_order SET state = 'confirmed', confirmed_on = submitted_on WHERE id = 2",
        "purchase_order 2:",
    ),
    ("UPDATE purchase_order SET state = 'submitted' WHERE id = 3", "purchase_order 3)"),
    ("UPDATE purchase_order SET state = 'confirmed' WHERE id = 5", "purchase_order 5)"),
    ("UPDATE purchase_order SET confirmed_on = NULL WHERE id = 5", "purchase_order 5)"),
    (
        "UPDATE purchase_order SET confirmed_on = '2020-01-01' WHERE id = 1",
        "purchase_order 1: confirmed on 2020-01-01, the journal says ",
    ),
    ("UPDATE order_line SET quantity = quantity * 2 WHERE id = 1", "order_line 1:"),
    ("UPDATE order_line SET unit_price = unit_price + 1 WHERE id = 2", "order_line 2:"),
    ("UPDATE order_line SET vat_rate = 550 WHERE id = 3", "order_line 3:"),
    ("UPDATE order_line SET amount = amount - 1 WHERE id = 3", "order_line 3:"),
    ("UPDATE order_line SET amount = amount - 1 WHERE id = 7", "order_line 7:"),
    ("UPDATE order_line SET item_id = 3 WHERE id = 1", "order_line 1:"),
    ("UPDATE order_line SET position = 9 WHERE id = 1", "purchase_order 1:"),
    ("UPDATE order_line SET reference_price = 1 WHERE id = 3", "order_line 3:"),
    ("UPDATE order_line SET reference_amount = 1 WHERE id = 3", "order_line 3:"),
    ("UPDATE order_line SET reference_line_id = 4 WHERE id = 3", "order_line 3:"),
    ("UPDATE order_line SET reference_line_id = 3 WHERE id = 3", "order_line 3:"),
    (
        (
            "UPDATE order_line SET reference_price = NULL, reference_amount = NULL,"
            " reference_line_id = NULL WHERE id = 1"
        ),
        "purchase_order 1:",
    ),
    ("DELETE FROM order_line WHERE id = 2", "purchase_order 1:"),
    ("UPDATE order_line SET order_id = 2 WHERE id = 2", "purchase_order 2:"),
    ("UPDATE ledger_entry SET amount = amount + 1 WHERE id = 1", "ledger_entry 1 "),
    ("UPDATE ledger_entry SET kind = 'release' WHERE id = 2", "ledger_entry 2 "),
    ("UPDATE ledger_entry SET beneficiary_id = 2 WHERE id = 1", "ledger_entry 1 "),
    ("DELETE FROM ledger_entry WHERE id = 2", "purchase_order 1:"),
    (f"{DRAFT} SELECT at, 'cancel', 1, 1, 1, 1, 1 FROM ledger_entry WHERE id = 1", "order 1)"),
    (f"{DRAFT} SELECT at, 'reserve', 6, 1, 1, 1, 1 FROM ledger_entry WHERE id = 1", "order 6)"),
    ("UPDATE agreement_price SET unit_price = 1 WHERE id = 1", "agreement_price 1 "),
    ("UPDATE agreement_price SET unit_price = 1 WHERE id = 3", "agreement_price 3:"),
    ("UPDATE offer_line SET unit_price = 1 WHERE id = 2", "agreement_price 2:"),
    ("DELETE FROM offer_line WHERE id = 3", "agreement_price 3:"),
    ("UPDATE agreement_price SET vat_rate = 0 WHERE id = 2", "agreement_price 2 "),
    ("UPDATE need_line SET paid_price = 1 WHERE id = 1", "need_line 1 "),
    ("UPDATE need_line SET paid_price = NULL, paid_since = NULL WHERE id = 1", "need_line 1 "),
    ("DELETE FROM allocation WHERE need_line_id = 1", "need_line 1 "),
    ("UPDATE order_series SET last = last + 1", "order_series "),
    ("DELETE FROM order_series", "order_series "),
]


@pytest.mark.parametrize("statement, named", ALTERED, ids=[one[0] for one in ALTERED])
def test_it_names_the_altered_row(
    app: Flask, played: Scene, session: Session, statement: str, named: str
) -> None:
    session.connection().exec_driver_sql(statement)
    session.commit()
    result = verify(app)
    assert result.exit_code == 1
    assert named in result.output


def test_it_names_an_entry_whose_order_is_gone(app: Flask, played: Scene, session: Session) -> None:
    connection = session.connection()
    is_sqlite = connection.dialect.name == "sqlite"
    session.rollback()
    # As somebody with a database client could do, whom no foreign key holds.
    off = "PRAGMA foreign_keys = OFF" if is_sqlite else "SET session_replication_role = replica"
    on = "PRAGMA foreign_keys = ON" if is_sqlite else "SET session_replication_role = DEFAULT"
    raw = db.engine.raw_connection()
    cursor = raw.cursor()
    for statement in (off, "DELETE FROM purchase_order WHERE id = 2", on):
        cursor.execute(statement)
    raw.commit()
    raw.close()
    result = verify(app)
    assert "ledger_entry 3 (reserve of purchase_order 2)" in result.output
    assert "order_series" in result.output
