"""Fixtures of the ground floor."""

import pytest
from flask import Flask

from tests.conftest import KeepApp
from tests.kernel.trial import trial


@pytest.fixture
def trial_app(keep_app: KeepApp) -> Flask:
    """An application with the routes of the trial, that answers when it breaks."""
    return keep_app(trial, TESTING=False)
