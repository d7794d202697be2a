"""Sixteen real connections that order at once from one agreement."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from procurement.agreements.models import Agreement
from procurement.extensions import db
from procurement.kernel import pipeline
from procurement.kernel.pipeline import today
from procurement.members.models import Person
from procurement.orders import operations, verification
from procurement.orders.models import Order, OrderState
from tests.conftest import MakeApp
from tests.make import actor_for
from tests.orders.conftest import SetScene
from tests.orders.scene import Scene, begin

CONNECTIONS, ORDERS = 16, 6
CEILING = Decimal(10_000)
Part = Callable[[int], list[int]]


def crowd_app(make_app: MakeApp, url: str) -> Flask:
    """The application with a connection for each, and room for the pages that ask on a second."""
    pool = {"pool_size": CONNECTIONS, "max_overflow": CONNECTIONS}
    return make_app(url, SQLALCHEMY_ENGINE_OPTIONS=pool)


def client_of(app: Flask, person_id: int) -> FlaskClient:
    """A client that a person is signed in with."""
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = str(person_id)
        cookie["_fresh"] = True
    return client


def all_at_once(app: Flask, part: Part) -> list[int]:
    """Play the part of each of the sixteen at the same moment; give the answers' status codes."""
    with app.app_context():
        engine = db.engine
    opened: list[object] = []
    event.listen(engine, "connect", lambda connection, _record: opened.append(connection))
    start = Barrier(CONNECTIONS)

    def take_part(number: int) -> list[int]:
        with engine.connect():
            # Each holds a connection of its own here, and the pool keeps them all.
            start.wait(timeout=60)
        return part(number)

    with ThreadPoolExecutor(CONNECTIONS) as crowd:
        answers = [one for some in crowd.map(take_part, range(CONNECTIONS)) for one in some]
    assert len(opened) >= CONNECTIONS
    return answers


def drafts(scene: Scene) -> list[list[int]]:
    """Write the drafts of each of the sixteen, of 300 to 900 euros."""
    ada = actor_for(scene.people.ada)
    begin()
    made = [
        [
            operations.place(
                scene.agreement,
                scene.draft(3 + (number + rank * 5) % 7),
                actor=ada,
                today=today(),
            ).id
            for rank in range(ORDERS)
        ]
        for number in range(CONNECTIONS)
    ]
    pipeline.commit()
    return made


def person_ids(people: tuple[Person, ...]) -> list[int]:
    return [person.id for person in people]


def test_they_never_pass_the_ceiling_and_stop_within_one_order_of_it(
    session: Session, set_up: SetScene, database_url: str, make_app: MakeApp
) -> None:
    scene = set_up(ceiling=CEILING)
    ids, (ada, alix) = drafts(scene), person_ids((scene.people.ada, scene.people.alix))
    session.rollback()
    app = crowd_app(make_app, database_url)

    def order(number: int) -> list[int]:
        requester, approver = client_of(app, ada), client_of(app, alix)
        answers = []
        for order_id in ids[number]:
            answers.append(requester.post(f"/orders/{order_id}/submit").status_code)
            if answers[-1] == 302 and number % 2:
                answers.append(approver.post(f"/orders/{order_id}/confirm").status_code)
        return answers

    answers = all_at_once(app, order)
    assert set(answers) == {302, 409}
    agreement = session.scalars(select(Agreement)).one()
    orders = session.scalars(select(Order)).all()
    accepted = [one for one in orders if one.state is not OrderState.DRAFT]
    refused = [one.amount for one in orders if one.state is OrderState.DRAFT]
    assert sum(one.amount for one in accepted) == agreement.committed <= CEILING
    assert answers.count(409) == len(refused)
    # Whoever was refused would not fit now either.
    assert CEILING - agreement.committed < min(refused)
    assert sorted(one.number or "" for one in accepted) == [
        f"{accepted[0].submitted_on:%Y}-{rank:05}" for rank in range(1, len(accepted) + 1)
    ]
    assert list(verification.faults()) == []


def test_every_act_at_once_ends_with_exact_balances(
    session: Session, set_up: SetScene, database_url: str, make_app: MakeApp
) -> None:
    scene = set_up(ceiling=CEILING, quota=8000, holder_ceiling=9000)
    ids, (ada, alix) = drafts(scene), person_ids((scene.people.ada, scene.people.alix))
    session.rollback()
    app = crowd_app(make_app, database_url)
    why = {"reason": "Essai"}

    def order(number: int) -> list[int]:
        requester, approver = client_of(app, ada), client_of(app, alix)
        answers = []
        for rank, order_id in enumerate(ids[number]):
            path = f"/orders/{order_id}"
            answers.append(requester.post(f"{path}/submit").status_code)
            if answers[-1] == 409:
                continue
            ends = [
                lambda path=path: requester.post(f"{path}/withdraw", data=why),
                lambda path=path: approver.post(f"{path}/refuse", data=why),
                lambda path=path: approver.post(f"{path}/confirm"),
            ]
            answers.append(ends[(number + rank) % 3]().status_code)
        return answers

    answers = all_at_once(app, order)
    # Nobody was told anything else than yes, or that a ceiling is reached.
    assert set(answers) <= {302, 409}
    assert session.scalar(select(Agreement.reserved)) == 0
    assert Decimal(0) < (session.scalar(select(Agreement.consumed)) or 0) <= 8000
    assert list(verification.faults()) == []


def test_one_draft_submitted_and_changed_by_all_at_once_waits_in_line(
    session: Session, scene: Scene, database_url: str, make_app: MakeApp
) -> None:
    order, ada = scene.place(2), scene.people.ada.id
    address = f"/orders/{order.id}"
    fields = {
        "site_id": scene.town_hall.id,
        "version": order.version,
        "lines-0-price_id": scene.prices[0].id,
        "lines-0-quantity": "3",
    }
    session.rollback()
    app = crowd_app(make_app, database_url)

    def part(number: int) -> list[int]:
        client = client_of(app, ada)
        if number % 2:
            return [client.post(f"{address}/edit", data=fields).status_code]
        return [client.post(f"{address}/submit").status_code]

    answers = all_at_once(app, part)
    assert set(answers) == {302, 409}
    assert session.scalar(select(Order.state)) is OrderState.SUBMITTED
    assert session.scalar(select(Agreement.reserved)) in (200, 300)
    assert list(verification.faults()) == []


def test_one_order_confirmed_by_all_at_once_is_confirmed_once(
    session: Session, scene: Scene, database_url: str, make_app: MakeApp
) -> None:
    order_id, alix = scene.submitted(2).id, scene.people.alix.id
    session.rollback()
    app = crowd_app(make_app, database_url)
    answers = all_at_once(
        app, lambda _number: [client_of(app, alix).post(f"/orders/{order_id}/confirm").status_code]
    )
    assert sorted(answers) == [302] + [409] * (CONNECTIONS - 1)
    assert session.scalar(select(Agreement.consumed)) == 200
    assert list(verification.faults()) == []
