"""A reader without a browser: finds the forms of a page and sends them as a browser would."""

from typing import Any

from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

_HERE = {"Origin": "http://localhost"}


def forms(page: str) -> list[Any]:
    """List the forms of a page that are sent by POST, in its order."""
    found: list[Any] = html.fromstring(page).xpath("//form[@method='post']")
    return found


def fields(page: str, number: int = 0) -> dict[str, str]:
    """Give what a form holds: every field with its value."""
    return dict(forms(page)[number].form_values())


def send(client: FlaskClient, answer: TestResponse, number: int = 0, **typed: str) -> TestResponse:
    """Type into a form of the page and send it with everything it holds."""
    form = forms(answer.text)[number]
    return client.post(form.action, data={**dict(form.form_values()), **typed}, headers=_HERE)
