"""Fixtures of the pages: people who can sign in, and the platform served with all its guards."""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from tests.browser import serving
from tests.conftest import KeepApp
from tests.make import PASSWORD
from tests.people import People, settle

#: Hashed by the same method as always, without the slowness that protects real passwords.
_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture
def people(session: Session) -> People:
    """The people of the tests, each with the tests' password."""
    settled = settle(session)
    for name in ("ada", "alix", "basile", "blanche", "clara", "dora", "eli"):
        getattr(settled, name).password_hash = _HASH
    session.commit()
    return settled


@pytest.fixture
def live_server(keep_app: KeepApp) -> Iterator[str]:
    """Address of the application as a browser meets it, made once for all these tests."""
    with serving(keep_app(WTF_CSRF_ENABLED=True)) as address:
        yield address
