"""What the tests of this room stand on."""

import pytest
from sqlalchemy.orm import Session

from tests.people import People, settle
from tests.tenders.make import Ground, make_ground


@pytest.fixture
def people(session: Session) -> People:
    """The people of the tests."""
    return settle(session)


@pytest.fixture
def ground(session: Session, people: People) -> Ground:
    """A frozen lot of two lines: 10 of the first item, 3 of the second."""
    return make_ground(session, people)
