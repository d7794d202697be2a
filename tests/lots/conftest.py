"""Fixtures of the room of lots."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.lots.ground import Ground, make_ground
from tests.people import People
from tests.tenders.door import Door


@pytest.fixture
def ground(session: Session, people: People) -> Ground:
    """A closed campaign that both members answered."""
    return make_ground(session, people)


@pytest.fixture
def door(app: Flask, session: Session) -> Door:
    """Requests made as one of the people."""
    return Door(app, session)
