"""Fixtures of the orders room."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.orders.scene import Scene, set_scene
from tests.people import People

SetScene = Callable[..., Scene]


@pytest.fixture
def scene(session: Session, people: People) -> Scene:
    """An agreement of 10 000 € in force, without quotas."""
    return set_scene(session, people)


@pytest.fixture
def set_up(session: Session, people: People) -> SetScene:
    """Make the agreement with ceilings of one's own."""
    return lambda **ceilings: set_scene(session, people, **ceilings)
