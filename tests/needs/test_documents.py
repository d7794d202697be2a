"""Files of campaigns and needs: sent in, kept once, read as downloads by whom they concern."""

from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from procurement.kernel.audit import AuditEntry
from procurement.members.models import Person
from procurement.needs.models import Campaign, CampaignState, Document, Need, NeedState, Purpose
from tests.conftest import SignIn
from tests.door import Door
from tests.make import make_campaign, make_item, make_line, make_need
from tests.people import People


def picture(width: int = 2) -> bytes:
    """Draw a small PNG; another width is another content."""
    kept = BytesIO()
    Image.new("RGB", (width, 2)).save(kept, "PNG")
    return kept.getvalue()


class Sender:
    """Sends a file as a person, and reads anew what is kept."""

    def __init__(self, session: Session, sign_in: SignIn) -> None:
        self._session, self._sign_in = session, sign_in

    def __call__(
        self, person: Person, address: str, content: bytes, name: str = "facture.png"
    ) -> TestResponse:
        """Send one file."""
        self._session.commit()
        client = self._sign_in(person)
        with client.session_transaction() as kept:
            kept["language"] = "en"
        self._session.rollback()
        answer = client.post(address, data={"document": (BytesIO(content), name)})
        # The client writes a large request to the disk, and leaves that file open.
        answer.request.environ["wsgi.input"].close()
        self._session.rollback()
        return answer


@pytest.fixture
def send(session: Session, sign_in: SignIn) -> Sender:
    """Send a file: ``send(people.ada, address, content, name)``."""
    return Sender(session, sign_in)


@pytest.fixture
def need(session: Session, people: People) -> Need:
    """Ada's draft."""
    made = make_need(session, make_campaign(session), people.ada)
    make_line(session, made, make_item(session), 1)
    session.commit()
    return made


def _one(session: Session) -> Document:
    return session.scalars(select(Document)).one()


def _status(door: Door, person: Person, document: Document) -> int:
    with door.get(person, f"/documents/{document.id}") as answer:
        return answer.status_code


def _stored(app: Flask) -> list[Path]:
    return [one for one in (Path(app.instance_path) / "files").rglob("*") if one.is_file()]


def test_evidence_is_kept_and_comes_back_as_a_download(
    door: Door, session: Session, people: People, need: Need, send: Sender
) -> None:
    content = picture()
    answer = send(people.ada, f"/needs/{need.id}/documents", content, "../factures/été 1.png")
    assert (answer.status_code, answer.location) == (302, f"/needs/{need.id}#documents")
    document = _one(session)
    assert (document.purpose, document.name) == (Purpose.EVIDENCE, "été 1.png")
    assert (document.media_type, document.size) == ("image/png", len(content))
    assert "été 1.png" in door.get(people.alix, f"/needs/{need.id}").text
    with door.get(people.alix, f"/documents/{document.id}") as shown:
        assert shown.data == content
    assert shown.headers["Content-Type"] == "image/png"
    assert shown.headers["Content-Disposition"].startswith("attachment;")
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in shown.headers["Cache-Control"]
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.verb, entry.object_type, entry.object_id) == ("needs.attach", "need", need.id)


def test_the_same_content_is_one_row_and_one_file(
    app: Flask, session: Session, people: People, need: Need, send: Sender
) -> None:
    for name in ("a.png", "b.png"):
        assert send(people.ada, f"/needs/{need.id}/documents", picture(), name).status_code == 302
    assert _one(session).name == "a.png"
    other = make_need(session, make_campaign(session), people.ada)
    session.commit()
    assert send(people.ada, f"/needs/{other.id}/documents", picture()).status_code == 302
    assert len(session.scalars(select(Document)).all()) == 2
    assert len(_stored(app)) == 1


@pytest.mark.parametrize(
    "content, name, sentence",
    [
        (b"", "vide.pdf", "This file is empty."),
        (b"MZ" + bytes(100), "facture.pdf", "This file cannot be kept."),
        (b"<html><script>alert(1)</script>", "facture.html", "This file cannot be kept."),
        (picture(), "facture.pdf", "This file is not what its name says"),
        (bytes(10 * 1024 * 1024 + 1), "gros.pdf", "This file is too large: at most 10 MB."),
    ],
    ids=["empty", "a program", "a page", "another type", "too large"],
)
def test_what_is_not_kept(
    app: Flask,
    session: Session,
    people: People,
    need: Need,
    send: Sender,
    content: bytes,
    name: str,
    sentence: str,
) -> None:
    answer = send(people.ada, f"/needs/{need.id}/documents", content, name)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'id="document-error"' in answer.text
    assert session.scalars(select(Document)).all() == []
    assert _stored(app) == []


def test_an_empty_field_is_said_so(door: Door, people: People, need: Need) -> None:
    answer = door.post(people.ada, f"/needs/{need.id}/documents")
    assert answer.status_code == 422
    assert "Choose a file." in answer.text


def test_who_attaches_to_a_need(session: Session, people: People, need: Need, send: Sender) -> None:
    address = f"/needs/{need.id}/documents"
    for person, status in (
        (people.alix, 403),
        (people.basile, 404),
        (people.clara, 404),
        (people.dora, 403),
        (people.eli, 403),
    ):
        assert send(person, address, picture()).status_code == status, person.name
    need.state = NeedState.SUBMITTED
    assert send(people.clara, address, picture()).status_code == 409
    answer = send(people.ada, address, picture())
    assert answer.status_code == 409
    assert "This need was submitted and no longer changes" in answer.text
    need.state, need.approver_id, need.return_reason = NeedState.RETURNED, people.alix.id, "Why"
    assert send(people.clara, address, picture()).status_code == 403
    assert session.scalars(select(Document)).all() == []


def test_who_reads_a_file(
    door: Door, session: Session, people: People, need: Need, send: Sender
) -> None:
    send(people.ada, f"/needs/{need.id}/documents", picture())
    document = _one(session)

    def statuses() -> list[int]:
        everyone = (people.ada, people.alix, people.basile, people.clara, people.dora, people.eli)
        return [_status(door, person, document) for person in everyone]

    assert statuses() == [200, 200, 404, 404, 404, 404]
    need.state = NeedState.SUBMITTED
    assert statuses() == [200, 200, 404, 200, 200, 404]
    assert door.get(people.ada, "/documents/999999").status_code == 404


def test_a_file_is_removed_unless_a_line_rests_on_it(
    door: Door, session: Session, people: People, need: Need, send: Sender
) -> None:
    send(people.ada, f"/needs/{need.id}/documents", picture())
    document = _one(session)
    address = f"/documents/{document.id}/remove"
    need.lines[0].evidence_id = document.id
    assert address not in door.get(people.ada, f"/needs/{need.id}").text
    answer = door.post(people.ada, address)
    assert answer.status_code == 409
    assert "This file proves the price of a line." in answer.text
    need.lines[0].evidence_id = None
    assert address in door.get(people.ada, f"/needs/{need.id}").text
    for person, status in ((people.alix, 403), (people.basile, 404), (people.dora, 403)):
        assert door.post(person, address).status_code == status
    need.state = NeedState.SUBMITTED
    assert door.post(people.ada, address).status_code == 409
    need.state = NeedState.DRAFT
    answer = door.post(people.ada, address)
    assert (answer.status_code, answer.location) == (302, f"/needs/{need.id}#documents")
    assert session.scalars(select(Document)).all() == []


@pytest.fixture
def campaign(session: Session) -> Campaign:
    """A campaign that members do not see yet."""
    made = make_campaign(session, CampaignState.DRAFT)
    session.commit()
    return made


def test_instructions_are_read_by_whoever_sees_the_campaign(
    door: Door, session: Session, people: People, campaign: Campaign, send: Sender
) -> None:
    address = f"/campaigns/{campaign.id}/documents"
    for person in (people.ada, people.dora, people.eli):
        assert send(person, address, picture()).status_code == 403
    answer = send(people.clara, address, picture(), "notice.png")
    assert (answer.status_code, answer.location) == (302, f"/campaigns/{campaign.id}#documents")
    document = _one(session)
    assert (document.purpose, document.need_id) == (Purpose.INSTRUCTIONS, None)
    assert _status(door, people.ada, document) == 404
    campaign.state = CampaignState.OPEN
    for person in (people.ada, people.dora, people.eli):
        assert _status(door, person, document) == 200
        assert "notice.png" in door.get(person, f"/campaigns/{campaign.id}").text
    assert door.post(people.ada, f"/documents/{document.id}/remove").status_code == 403
    answer = door.post(people.clara, f"/documents/{document.id}/remove")
    assert (answer.status_code, answer.location) == (302, f"/campaigns/{campaign.id}#documents")
    assert session.scalars(select(Document)).all() == []


def test_an_archived_campaign_takes_no_file(
    session: Session, people: People, campaign: Campaign, send: Sender
) -> None:
    campaign.state = CampaignState.ARCHIVED
    answer = send(people.clara, f"/campaigns/{campaign.id}/documents", picture())
    assert answer.status_code == 409
    assert "This campaign is archived" in answer.text
    answer = send(people.clara, f"/campaigns/{campaign.id}/documents", b"", "x.pdf")
    assert answer.status_code == 422
