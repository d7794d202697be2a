"""The logo of the centrale: what may be sent, and what stays."""

import json
from datetime import date
from hashlib import sha256
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from procurement.kernel.audit import AuditEntry
from procurement.members import logos
from procurement.members.models import CentralBody
from procurement.members.queries import central_body_on
from tests.conftest import CountQueries, SignIn
from tests.databases import on_sqlite
from tests.people import People


def picture(kind: str = "PNG", size: tuple[int, int] = (30, 10), colour: str = "teal") -> bytes:
    """Draw a logo."""
    drawn = BytesIO()
    Image.new("RGB", size, colour).save(drawn, kind)
    return drawn.getvalue()


class Desk:
    """Eli's browser on the page of the centrale."""

    def __init__(self, sign_in: SignIn, people: People, session: Session) -> None:
        self._client, self._session = sign_in(people.eli), session
        with self._client.session_transaction() as kept:
            kept["language"] = "en"

    def send(self, content: bytes | None = None, valid_from: str = "2019-12-17") -> TestResponse:
        """Describe the centrale, with a file or with its field left empty."""
        file = (BytesIO(content), "logo.png") if content is not None else (BytesIO(), "")
        typed = {"valid_from": valid_from, "name": "Centrale d’essai", "logo": file}
        answer = self._client.post("/central-body", data=typed, content_type="multipart/form-data")
        self._session.rollback()
        return answer

    def page(self) -> str:
        """Read the page."""
        return self._client.get("/central-body").text


@pytest.fixture
def desk(sign_in: SignIn, people: People, session: Session) -> Desk:
    return Desk(sign_in, people, session)


def logo_on(day: date) -> bytes | None:
    body = central_body_on(day)
    return body.logo if body else None


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_logo_is_kept_as_it_was_sent(desk: Desk, session: Session, kind: str) -> None:
    content = picture(kind)
    assert desk.send(content).status_code == 302
    assert logo_on(date(2020, 1, 1)) == content
    changes = json.loads(session.scalars(select(AuditEntry.changes)).one())
    assert changes["logo"] == [None, sha256(content).hexdigest()]
    assert '<td data-label="Logo">Yes</td>' in desk.page()


def test_without_a_file_the_latest_logo_stays(desk: Desk, session: Session) -> None:
    first, second = picture(), picture(colour="red")
    desk.send(valid_from="2016-01-01")
    assert logo_on(date(2016, 1, 1)) is None
    assert '<td data-label="Logo">No</td>' in desk.page()
    desk.send(first)
    desk.send()
    desk.send(valid_from="2026-01-01")
    assert [logo_on(date(year, 1, 1)) for year in (2016, 2020, 2026)] == [None, first, first]
    session.rollback()
    desk.send(second, valid_from="2026-01-01")
    assert [logo_on(date(year, 1, 1)) for year in (2020, 2026)] == [first, second]


@on_sqlite
@pytest.mark.parametrize(
    "content, sentence",
    [
        (b"no picture", "This is not a PNG or JPEG picture."),
        (b"", "This is not a PNG or JPEG picture."),
        (picture()[:-40], "This is not a PNG or JPEG picture."),
        (picture("GIF"), "This is not a PNG or JPEG picture."),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This is not a PNG or JPEG picture."),
        (picture(size=(4001, 2)), "This picture is too large"),
        (picture() + bytes(logos.LARGEST), "This file is too large: at most 300 kB."),
    ],
)
def test_what_is_no_logo_is_refused_at_its_field(
    desk: Desk, session: Session, content: bytes, sentence: str
) -> None:
    answer = desk.send(content)
    assert answer.status_code == 422
    assert f'id="logo-error">{sentence}' in answer.text
    assert session.scalars(select(CentralBody.id)).all() == []


def test_only_papers_read_the_picture(desk: Desk, count_queries: CountQueries) -> None:
    desk.send(picture())
    with count_queries() as statements:
        desk.page()
    read = [one.partition("FROM")[0] for one in statements]
    assert not [one for one in read if "central_body.logo," in one or "logo AS" in one]
