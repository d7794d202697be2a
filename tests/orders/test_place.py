"""Writing the draft of an order from the price list."""

from decimal import Decimal
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from procurement.agreements.models import Agreement, AgreementState
from procurement.kernel.access import Actor
from procurement.kernel.errors import Forbidden, Refused
from procurement.kernel.pipeline import today
from procurement.lots.models import Allocation, AllocationKind
from procurement.orders import operations
from procurement.orders.models import Order, OrderLine, OrderState
from tests.conftest import CountQueries, SignIn
from tests.make import actor_for, make_member, make_person
from tests.orders.scene import Scene, balances, end_period, history, send_order


@pytest.fixture
def ada(sign_in: SignIn, scene: Scene) -> FlaskClient:
    """Ada, signed in."""
    return sign_in(scene.people.ada)


def count_orders(session: Session) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(Order)) or 0


def test_it_works(ada: FlaskClient, scene: Scene, session: Session) -> None:
    answer = send_order(ada, scene, "2", "30", "", commitment_number=" EJ-2026-7 ")
    order = session.scalars(select(Order)).one()
    assert answer.status_code == 302
    assert answer.location == f"/orders/{order.id}"
    assert (order.state, order.number, order.amount) == (OrderState.DRAFT, None, Decimal("275.15"))
    assert (order.author_id, order.member_id) == (scene.people.ada.id, scene.people.first.id)
    assert (order.commitment_number, order.service_code) == ("EJ-2026-7", None)
    lines = [(line.quantity, line.unit_price, line.amount) for line in order.lines]
    assert lines == [
        (Decimal(2), Decimal(100), Decimal(200)),
        (Decimal(30), Decimal("2.5050"), Decimal("75.15")),
    ]
    assert history(order) == ["orders.place"]


def test_a_draft_takes_nothing_from_the_ceiling(scene: Scene) -> None:
    scene.place(5)
    assert balances() == (0, 0)


def test_the_form_shows_prices_and_what_was_declared_and_ordered(
    ada: FlaskClient, scene: Scene
) -> None:
    scene.submitted(3)
    page = ada.get(f"/agreements/{scene.agreement.id}/orders/new").text
    assert "Caméra IP" in page
    assert "2,505" in page
    # Eight cameras declared, three ordered.
    assert ">8 <small>reste 5<" in page
    assert "9\u202f700,00\u00a0€" in page


def test_what_rounding_up_added_was_not_declared(
    ada: FlaskClient, scene: Scene, session: Session
) -> None:
    rounded = Allocation(
        lot_line_id=scene.prices[0].lot_line_id,
        need_line_id=scene.town_need.id,
        kind=AllocationKind.SHARED,
        quantity=Decimal(4),
        reason="Cartons de 12",
    )
    session.add(rounded)
    session.commit()
    page = ada.get(f"/agreements/{scene.agreement.id}/orders/new").text
    assert "<span>8</span>" in page


def test_french_numbers_are_read(ada: FlaskClient, scene: Scene, session: Session) -> None:
    scene.prices[0].item.pack_size = 500
    session.commit()
    send_order(ada, scene, "1\u202f500,000")
    assert session.scalars(select(OrderLine.quantity)).one() == 1500


def test_a_stranger_finds_nothing(sign_in: SignIn, scene: Scene, session: Session) -> None:
    stranger = sign_in(make_person(session, member=make_member(session, "Ailleurs")))
    session.commit()
    address = f"/agreements/{scene.agreement.id}/orders/new"
    assert stranger.get(address).status_code == 404
    assert send_order(stranger, scene, "1").status_code == 404
    assert count_orders(session) == 0


def test_a_site_of_another_member_is_not_found(
    ada: FlaskClient, scene: Scene, session: Session
) -> None:
    foreign = scene.people.second.sites[0].id
    assert send_order(ada, scene, "1", site_id=foreign).status_code == 404
    assert count_orders(session) == 0


@pytest.mark.parametrize("name", ["alix", "clara", "dora", "eli"])
def test_the_wrong_role(sign_in: SignIn, scene: Scene, session: Session, name: str) -> None:
    person = sign_in(getattr(scene.people, name))
    assert person.get(f"/agreements/{scene.agreement.id}/orders/new").status_code == 403
    assert send_order(person, scene, "1").status_code == 403
    assert count_orders(session) == 0


def test_outside_the_period(ada: FlaskClient, scene: Scene, session: Session) -> None:
    end_period(scene)
    assert ada.get(f"/agreements/{scene.agreement.id}/orders/new").status_code == 409
    answer = send_order(ada, scene, "1")
    assert answer.status_code == 409
    assert f"{scene.agreement.ends_on:%d/%m/%Y}" in answer.text
    assert count_orders(session) == 0


def test_a_closed_agreement(ada: FlaskClient, scene: Scene, session: Session) -> None:
    scene.agreement.state = AgreementState.CLOSED
    session.commit()
    answer = send_order(ada, scene, "1 234,5")
    assert answer.status_code == 409
    assert 'value="1 234,5"' in answer.text
    assert count_orders(session) == 0


@pytest.mark.parametrize(
    "quantity", ["-1", "1000001", "deux", "1,234.56", "1.0001", "=1+1", "1e3", "NaN"]
)
def test_a_bad_quantity_is_kept_and_told_beside_its_field(
    ada: FlaskClient, scene: Scene, session: Session, quantity: str
) -> None:
    answer = send_order(ada, scene, "1", quantity, service_code="SERV")
    assert answer.status_code == 422
    assert f'value="{quantity}"' in answer.text
    assert 'id="lines-1-quantity-error"' in answer.text
    assert 'value="SERV"' in answer.text
    assert count_orders(session) == 0


def test_bad_fields(ada: FlaskClient, scene: Scene, session: Session) -> None:
    long = "x" * 51
    for field, value in [("site_id", ""), ("site_id", "here"), ("commitment_number", long)]:
        answer = send_order(ada, scene, "1", **{field: value})
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
    assert send_order(ada, scene, "1", unit_price="1").status_code == 422
    assert count_orders(session) == 0


@pytest.mark.parametrize("quantity, told", [("12", "10"), ("25", "30"), ("3", "10")])
def test_only_whole_packs(
    ada: FlaskClient, scene: Scene, session: Session, quantity: str, told: str
) -> None:
    answer = send_order(ada, scene, "1", quantity)
    assert answer.status_code == 409
    error = answer.text.partition('id="lines-1-quantity-error"')[2].partition("</p>")[0]
    assert "Câble" in error
    assert told in error
    assert f'value="{quantity}"' in answer.text
    assert count_orders(session) == 0


@pytest.mark.parametrize("quantities", [("", ""), ("0", "0"), ()])
def test_an_order_of_nothing(
    ada: FlaskClient, scene: Scene, session: Session, quantities: tuple[str, ...]
) -> None:
    assert send_order(ada, scene, *quantities).status_code == 409
    assert count_orders(session) == 0


def test_only_prices_of_this_agreement_and_each_once(
    ada: FlaskClient, scene: Scene, session: Session
) -> None:
    known = {"lines-0-price_id": scene.prices[0].id, "lines-0-quantity": "1"}
    for other in (scene.prices[0].id, 999):
        fields: dict[str, Any] = {
            **known,
            "lines-1-price_id": other,
            "lines-1-quantity": "1",
        }
        assert send_order(ada, scene, **fields).status_code == 409
    assert count_orders(session) == 0


def test_a_member_that_is_not_named_is_refused(scene: Scene, session: Session) -> None:
    stranger = make_person(session, member=make_member(session, "Ailleurs"))
    with pytest.raises(Refused, match="not_a_beneficiary"):
        operations.place(scene.agreement, scene.draft(), actor=actor_for(stranger), today=today())


def test_a_command_places_no_order(scene: Scene) -> None:
    with pytest.raises(Forbidden):
        operations.place(scene.agreement, scene.draft(), actor=Actor.command("test"), today=today())


def test_a_later_version_of_the_price_list_takes_its_place(
    ada: FlaskClient, scene: Scene, session: Session
) -> None:
    old = scene.prices[0]
    made = {"agreement_id": old.agreement_id, "item_id": old.item_id, "position": 1}
    newer = type(old)(
        **made,
        lot_line_id=old.lot_line_id,
        price_version=2,
        valid_from=today(),
        unit_price=Decimal(95),
        vat_rate=old.vat_rate,
    )
    session.add(newer)
    session.commit()
    page = ada.get(f"/agreements/{scene.agreement.id}/orders/new").text
    assert "95,00" in page
    assert "100,00" not in page
    assert send_order(ada, scene, "1").status_code == 409
    scene.prices = [newer]
    assert send_order(ada, scene, "1").status_code == 302
    assert session.scalars(select(OrderLine.unit_price)).one() == 95


def test_the_number_of_queries_does_not_grow(
    ada: FlaskClient, scene: Scene, session: Session, count_queries: CountQueries
) -> None:
    address = f"/agreements/{scene.agreement.id}/orders/new"
    ada.get(address)
    with count_queries() as few:
        ada.get(address)
    for _more in range(5):
        scene.submitted(1)
    session.execute(update(Agreement).values(title="Another"))
    session.commit()
    with count_queries() as many:
        ada.get(address)
    assert len(many) == len(few)
