"""Changing the draft of an order."""

import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from procurement.kernel.access import Role
from procurement.kernel.audit import AuditEntry
from procurement.kernel.errors import Stale
from procurement.kernel.pipeline import today
from procurement.orders import operations
from procurement.orders.models import Order, OrderLine
from tests.conftest import SignIn
from tests.door import refused
from tests.make import actor_for, make_person
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


def test_the_journal_says_what_was_ordered_before(
    ada: FlaskClient, scene: Scene, session: Session
) -> None:
    order = scene.place(2, 10)
    camera, cable, _paper = [price.id for price in scene.prices]
    sites = [scene.town_hall.id, scene.school.id]
    fields = {"site_id": sites[1], "commitment_number": "E-42", "version": order.version}
    send_order(ada, scene, "3", "", address=f"/orders/{order.id}/edit", **fields)
    query = select(AuditEntry.changes).where(AuditEntry.verb == "orders.change")
    told = json.loads(session.scalars(query).one())
    assert told["lines"] == [[[camera, "2"], [cable, "10"]], [[camera, "3"]]]
    assert (told["site_id"], told["commitment_number"]) == (sites, [None, "E-42"])


@pytest.mark.parametrize("verb", ["change", "submit", "confirm", "refuse", "withdraw", "cancel"])
def test_what_counts_is_what_the_order_is_now(scene: Scene, session: Session, verb: str) -> None:
    is_draft = verb in ("change", "submit")
    order = scene.place(2) if is_draft else scene.submitted(2)
    if verb == "cancel":
        scene.confirm(order)
    ada, alix, state = actor_for(scene.people.ada), actor_for(scene.people.alix), order.state
    draft, version, on = scene.draft(3), order.version, today()
    acts: dict[str, Callable[[], object]] = {
        "change": lambda: operations.change(order, version, draft, actor=ada, today=on),
        "submit": lambda: operations.submit(order, actor=ada, today=on),
        "confirm": lambda: operations.confirm(order, actor=alix, today=on),
        "refuse": lambda: operations.refuse(order, "Non", actor=alix),
        "withdraw": lambda: operations.withdraw(order, "Non", actor=ada),
        "cancel": lambda: operations.cancel(order, "Non", actor=alix),
    }
    # Somebody else ends it after it was read here.
    session.connection().execute(
        text(
            "UPDATE purchase_order SET state = 'cancelled', number = 'X', check_figure = 'X',"
            " submitted_on = created_on"
        )
    )
    assert order.state is state
    code = "not_draft" if is_draft else "not_confirmed" if verb == "cancel" else "not_submitted"
    with refused(code):
        acts[verb]()


def test_a_version_read_meanwhile_is_compared_with_the_one_that_stands(
    scene: Scene, session: Session
) -> None:
    order, draft = scene.place(2), scene.draft(3)
    version = order.version
    session.connection().execute(text("UPDATE purchase_order SET version = version + 1"))
    with pytest.raises(Stale):
        operations.change(order, version, draft, actor=actor_for(scene.people.ada), today=today())
