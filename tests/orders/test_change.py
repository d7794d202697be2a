"""Changing the draft of an order."""

from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.kernel.access import Role
from procurement.orders.models import Order, OrderLine
from tests.conftest import SignIn
from tests.make import make_person
from tests.orders.scene import Scene, end_period, history, send_order


@pytest.fixture
def ada(sign_in: SignIn, scene: Scene) -> FlaskClient:
    """Ada, signed in."""
    return sign_in(scene.people.ada)


def quantities(session: Session) -> list[Decimal]:
    session.rollback()
    return list(session.scalars(select(OrderLine.quantity).order_by(OrderLine.position)))


def test_it_works(ada: FlaskClient, scene: Scene, session: Session) -> None:
    order = scene.place(2)
    address, version = f"/orders/{order.id}/edit", order.version
    answer = send_order(ada, scene, "4", "20", "1", address=address, version=version)
    assert answer.location == f"/orders/{order.id}"
    assert quantities(session) == [4, 20, 1]
    assert order.amount == Decimal("458.50")
    assert history(order) == ["orders.place", "orders.change"]


def test_lines_go_and_come_back(ada: FlaskClient, scene: Scene, session: Session) -> None:
    order = scene.place(2, 10)
    address = f"/orders/{order.id}/edit"
    send_order(ada, scene, "", "20", address=address, version=order.version)
    assert quantities(session) == [20]
    send_order(ada, scene, "1", "0", address=address, version=order.version)
    assert quantities(session) == [1]


def test_the_form_shows_what_is_saved(ada: FlaskClient, scene: Scene) -> None:
    order = scene.place(2, 10, scene.school)
    page = ada.get(f"/orders/{order.id}/edit").text
    assert 'value="10"' in page
    assert f'<option value="{scene.school.id}" selected>' in page


def test_a_colleague_who_changes_it_becomes_its_author(
    sign_in: SignIn, scene: Scene, session: Session
) -> None:
    order = scene.place(2)
    colleague = make_person(session, Role.REQUESTER, scene.people.first)
    session.commit()
    address = f"/orders/{order.id}/edit"
    send_order(sign_in(colleague), scene, "3", address=address, version=order.version)
    assert order.author_id == colleague.id


def test_a_change_made_meanwhile_is_not_lost(
    ada: FlaskClient, scene: Scene, session: Session
) -> None:
    order = scene.place(2)
    address, version = f"/orders/{order.id}/edit", order.version
    send_order(ada, scene, "3", address=address, version=version)
    answer = send_order(ada, scene, "4", address=address, version=version)
    assert answer.status_code == 409
    # Both versions stand side by side, and the page carries the version that it shows.
    assert 'value="4"' in answer.text
    assert ">3</td>" in answer.text
    assert quantities(session) == [3]
    assert f'name="version" value="{order.version}"' in answer.text


def test_a_change_of_lines_alone_counts_as_one(ada: FlaskClient, scene: Scene) -> None:
    order = scene.place(2)
    before, address = order.version, f"/orders/{order.id}/edit"
    send_order(ada, scene, "2", address=address, version=before)
    assert order.version == before + 1


def test_a_stranger_finds_nothing(sign_in: SignIn, scene: Scene, session: Session) -> None:
    order, basile = scene.place(2), sign_in(scene.people.basile)
    address = f"/orders/{order.id}/edit"
    assert basile.get(address).status_code == 404
    assert send_order(basile, scene, "9", address=address, version=1).status_code == 404
    assert quantities(session) == [2]


@pytest.mark.parametrize("name", ["alix", "clara", "dora", "eli"])
def test_the_wrong_role(sign_in: SignIn, scene: Scene, session: Session, name: str) -> None:
    order, person = scene.place(2), sign_in(getattr(scene.people, name))
    address = f"/orders/{order.id}/edit"
    assert person.get(address).status_code == 403
    assert send_order(person, scene, "9", address=address, version=1).status_code == 403
    assert quantities(session) == [2]


def test_a_submitted_order_no_longer_changes(
    ada: FlaskClient, scene: Scene, session: Session
) -> None:
    order = scene.submitted(2)
    address = f"/orders/{order.id}/edit"
    assert ada.get(address).status_code == 409
    answer = send_order(ada, scene, "9", address=address, version=order.version)
    assert answer.status_code == 409
    assert quantities(session) == [2]


def test_after_the_period(ada: FlaskClient, scene: Scene, session: Session) -> None:
    order = scene.place(2)
    end_period(scene)
    address = f"/orders/{order.id}/edit"
    assert ada.get(address).status_code == 409
    assert send_order(ada, scene, "9", address=address, version=1).status_code == 409
    assert quantities(session) == [2]


def test_bad_input(ada: FlaskClient, scene: Scene, session: Session) -> None:
    order = scene.place(2)
    address, version = f"/orders/{order.id}/edit", order.version
    assert send_order(ada, scene, "9", address=address).status_code == 422
    answer = send_order(ada, scene, "many", address=address, version=version)
    assert answer.status_code == 422
    assert 'value="many"' in answer.text
    assert quantities(session) == [2]
    assert session.scalars(select(Order.amount)).one() == 200
