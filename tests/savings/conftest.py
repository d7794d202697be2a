"""Fixtures of the savings room."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from procurement.members.models import Person
from tests.conftest import SignIn
from tests.people import People
from tests.savings.scene import Scene, set_scene, some_orders

Reader = Callable[[Person], FlaskClient]


@pytest.fixture
def scene(session: Session, people: People) -> Scene:
    """Three members and two agreements, nothing ordered."""
    return set_scene(session, people)


@pytest.fixture
def ordered(scene: Scene) -> Scene:
    """The scene after the orders of some_orders()."""
    some_orders(scene)
    return scene


@pytest.fixture
def reader(sign_in: SignIn) -> Reader:
    """Sign a person in who reads English, the language of these tests."""

    def reading(person: Person) -> FlaskClient:
        client = sign_in(person)
        with client.session_transaction() as cookie:
            cookie["language"] = "en"
        return client

    return reading
