"""What the tests of the Excel round trip do: download, type into cells, send back, look, apply."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from procurement.members.models import Person
from tests.browse import tree

COLUMNS = (
    "line",
    "member",
    "item",
    "words",
    "own_unit",
    "quantity",
    "basis",
    "site",
    "wanted_on",
    "strength",
    "paid_price",
    "paid_since",
    "remark",
    "errors",
)
#: Row of the first line.
FIRST = 6
KINDS = ("new", "changed", "removed", "unchanged", "refused")


_BOUNDARY = "----a-boundary-of-our-own"
_TYPE = f"multipart/form-data; boundary={_BOUNDARY}"


def _form(content: bytes) -> bytes:
    """Write the form with its file: the client would put a large one into a file of its own."""
    said = 'Content-Disposition: form-data; name="file"; filename="needs.xlsx"'
    head = f"--{_BOUNDARY}\r\n{said}\r\nContent-Type: application/octet-stream\r\n\r\n"
    return head.encode() + content + f"\r\n--{_BOUNDARY}--\r\n".encode()


class Trip:
    """The platform as a person meets it with a spreadsheet at hand, in English."""

    def __init__(self, app: Flask, session: Session) -> None:
        self._app, self._session = app, session

    def client(self, person: Person, language: str = "en") -> FlaskClient:
        """Sign in. What the test wrote is committed first."""
        person_id = person.id
        self._session.commit()
        # Kept for half a minute from test to test, it would end in the middle of a count.
        self._app.extensions.pop("central_name", None)
        client = self._app.test_client()
        with client.session_transaction() as kept:
            kept.update(_user_id=str(person_id), _fresh=True, language=language)
        return client

    def get(self, person: Person, address: str) -> TestResponse:
        """Open a page or a file."""
        answer = self.client(person).get(address)
        self._session.rollback()
        return answer

    def book(self, person: Person, address: str, language: str = "en") -> Workbook:
        """Download a workbook."""
        answer = self.client(person, language).get(address)
        self._session.rollback()
        assert answer.status_code == 200, answer.text
        content = answer.data
        answer.close()  # What is in the store is read from an open file.
        return load_workbook(BytesIO(content))

    def send(self, person: Person, address: str, file: Workbook | bytes) -> TestResponse:
        """Send a workbook; a redirect leads to its preview."""
        content = file if isinstance(file, bytes) else saved(file)
        answer = self.client(person).post(address, data=_form(content), content_type=_TYPE)
        self._session.rollback()
        return answer

    def preview(self, person: Person, address: str, file: Workbook | bytes) -> str:
        """Send a workbook that is taken in; give the address of its preview."""
        answer = self.send(person, address, file)
        assert answer.status_code == 302, answer.text
        return answer.location

    def apply(self, person: Person, preview: str, **fields: str) -> TestResponse:
        """Write what a preview shows."""
        answer = self.client(person).post(f"{preview}/apply", data=fields)
        self._session.rollback()
        return answer

    def counts(self, person: Person, preview: str) -> dict[str, int]:
        """Read how many lines a preview has of each kind."""
        page = self.get(person, preview)
        assert page.status_code == 200, page.text
        values = tree(page.text).xpath("//p[@class='figure-value']/text()")
        return dict(zip(KINDS, map(int, values), strict=True))


def saved(book: Workbook) -> bytes:
    """Give the bytes of a workbook."""
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def put(book: Workbook, row: int, values: Mapping[str, Any]) -> None:
    """Type into a row of the first sheet, by the names of the columns."""
    for name, value in values.items():
        book.worksheets[0].cell(row, COLUMNS.index(name) + 1).value = value


def read(book: Workbook, row: int) -> dict[str, Any]:
    """Read a row of the first sheet by the names of the columns, empty cells left out."""
    cells = book.worksheets[0][row]
    pairs = zip(COLUMNS, (cell.value for cell in cells), strict=False)
    return {name: value for name, value in pairs if value is not None}


def label(item: Any) -> str:
    """Name an item as the drop-down does."""
    return f"{item.code} · {item.designation}"


def counted(**over: int) -> dict[str, int]:
    """Count lines of each kind, zero where nothing is said."""
    return {**dict.fromkeys(KINDS, 0), **over}
