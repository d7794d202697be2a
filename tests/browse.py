"""A reader without a browser: finds the forms of a page and sends them as a browser would."""

from typing import Any

from flask.testing import FlaskClient
from lxml import html
from werkzeug.test import TestResponse

_HERE = {"Origin": "http://localhost"}


def tree(page: str) -> Any:
    """Read a page, to look for things in it."""
    return html.fromstring(page)


def forms(page: str) -> list[Any]:
    """List the forms of a page that are sent by POST, in its order."""
    return list(tree(page).xpath("//form[@method='post']"))


def fields(page: str, number: int = 0) -> dict[str, str]:
    """Give what a form holds: every field with its value."""
    return dict(forms(page)[number].form_values())


def send(client: FlaskClient, answer: TestResponse, **typed: str) -> TestResponse:
    """Type into the first form of the page and send it with everything it holds."""
    form = forms(answer.text)[0]
    return client.post(form.action, data={**dict(form.form_values()), **typed}, headers=_HERE)
