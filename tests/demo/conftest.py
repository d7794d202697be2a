"""A small demonstration: the same story, told by a tenth of the bodies."""

from collections.abc import Iterator
from datetime import date

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy.orm import Session

from procurement import create_app
from procurement.demo import operations
from procurement.extensions import db
from procurement.kernel import pipeline
from procurement.members import operations as members
from tests.conftest import SETTINGS
from tests.databases import disconnect

TODAY = date(2026, 11, 21)
SHARE = 0.05


@pytest.fixture(scope="package", autouse=True)
def _quick_passwords() -> Iterator[None]:
    """Hash by the same method, without the slowness that protects real passwords."""
    with pytest.MonkeyPatch.context() as patch:
        quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(members, "_hasher", quick)
        yield


@pytest.fixture(scope="package")
def told(_quick_passwords: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application on a small demonstration, loaded once: read it, change nothing."""
    app = create_app({**SETTINGS, "INSTANCE_PATH": str(tmp_path_factory.mktemp("told"))})
    with app.app_context():
        db.create_all()
        operations.load(TODAY, share=SHARE)
        pipeline.commit()
    yield app
    disconnect(app)


@pytest.fixture
def story(told: Flask) -> Iterator[Session]:
    """What the small demonstration wrote."""
    with told.app_context():
        yield db.session()
