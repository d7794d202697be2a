"""Fixtures of the room of lots."""

import pytest
from sqlalchemy.orm import Session

from tests.lots.ground import Ground, make_ground
from tests.people import People


@pytest.fixture
def ground(session: Session, people: People) -> Ground:
    """A closed campaign that both members answered."""
    return make_ground(session, people)
