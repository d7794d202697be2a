"""How the tests of these rooms knock: as one of the people, in English, seeing what was kept."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from procurement.kernel.errors import Refused
from procurement.members.models import Person


class Door:
    """Requests made as a person. What the test wrote is committed first, and read anew after."""

    def __init__(self, app: Flask, session: Session) -> None:
        self._app, self._session = app, session
        # Kept for half a minute from test to test, it would end in the middle of a count.
        app.extensions.pop("central_name", None)

    def get(self, person: Person, address: str) -> TestResponse:
        """Open a page."""
        return self._knock(person, "GET", address, {})

    def post(self, person: Person, address: str, /, **fields: object) -> TestResponse:
        """Send a form."""
        return self._knock(person, "POST", address, fields)

    def _knock(
        self, person: Person, method: str, address: str, fields: dict[str, object]
    ) -> TestResponse:
        person_id = person.id
        self._session.commit()
        client = self._app.test_client()
        with client.session_transaction() as kept:
            kept.update(_user_id=str(person_id), _fresh=True, language="en")
        typed = {name: str(value) for name, value in fields.items()}
        answer = client.open(address, method=method, data=typed or None)
        self._session.rollback()
        return answer


@contextmanager
def refused(code: str) -> Iterator[pytest.ExceptionInfo[Refused]]:
    """Expect a refusal by its code."""
    with pytest.raises(Refused) as caught:
        yield caught
    assert caught.value.code == code
