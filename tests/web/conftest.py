"""Fixtures of the frame of the pages."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.tenders.door import Door


@pytest.fixture
def door(app: Flask, session: Session) -> Door:
    """Requests made as one of the people."""
    return Door(app, session)
