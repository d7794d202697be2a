"""Fixtures of the ground floor."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.conftest import KeepApp
from tests.kernel.trial import trial
from tests.tenders.door import Door


@pytest.fixture
def door(app: Flask, session: Session) -> Door:
    """Requests made as one of the people."""
    return Door(app, session)


@pytest.fixture
def trial_app(keep_app: KeepApp) -> Flask:
    """An application with the routes of the trial, that answers when it breaks."""
    return keep_app(trial, TESTING=False)
