"""Two people in one need: neither loses a keystroke, and each is told what the other did."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from procurement.catalogue.models import Item
from procurement.kernel import audit
from procurement.kernel.audit import AuditEntry
from procurement.members.models import Person
from procurement.needs.models import Document, Need, NeedLine, NeedState
from tests.browse import fields, tree
from tests.conftest import MakeApp
from tests.databases import on_sqlite
from tests.door import Door
from tests.make import (
    make_campaign,
    make_item,
    make_line,
    make_need,
    make_person,
    make_site,
)
from tests.people import People

D = Decimal
CROWD = 8
#: The smallest picture that there is.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cf"
    "c0000003010100c9fe92ef0000000049454e44ae426082"
)


@pytest.fixture
def need(session: Session, people: People) -> Need:
    """Ada's draft."""
    return make_need(session, make_campaign(session), people.ada)


@pytest.fixture
def item(session: Session) -> Item:
    """Something to need."""
    return make_item(session, designation="Tablette")


@pytest.fixture
def line(session: Session, need: Need, item: Item) -> NeedLine:
    """Three of it."""
    return make_line(session, need, item, 3)


@pytest.fixture
def colleague(session: Session, people: People) -> Person:
    """Somebody else of the same town hall."""
    return make_person(session, member=people.first, name="Anatole")


def _typed(line: NeedLine, **over: object) -> dict[str, Any]:
    """The form of a line as it stands, sent with what is typed over it."""
    values = {
        "quantity": "3",
        "site_id": line.site_id,
        "version": line.version,
        "need_id": line.need_id,
        "item_id": line.item_id,
    }
    return values | over


def _rows(page: str) -> dict[str, list[str]]:
    """Read the table of a conflict: its values by field."""
    found = tree(page).xpath("//div[contains(@class, 'callout')]//tbody/tr")
    return {row[0].text_content(): [cell.text_content() for cell in row[1:]] for row in found}


def test_the_second_to_save_sees_both_versions_and_may_save_knowingly(
    door: Door,
    session: Session,
    people: People,
    line: NeedLine,
    colleague: Person,
) -> None:
    address, school = f"/need-lines/{line.id}/edit", make_site(session, people.first, "École")
    seen = _typed(line)
    first = {**seen, "quantity": "5", "basis": "year", "site_id": school.id}
    assert door.post(colleague, address, **first).status_code == 302
    mine = {**seen, "quantity": "7,5", "remark": "Pour la salle", "wanted_on": "2099-01-31"}
    answer = door.post(people.ada, address, **mine)
    assert answer.status_code == 409
    assert "Anatole changed this line on" in answer.text
    assert _rows(answer.text) == {
        "Quantity": ["5", "7,5"],
        "This quantity is": ["each year", "–"],
        "Delivered to": ["École", "Mairie"],
        "Wanted by": ["–", "31/01/2099"],
        "Remark": ["–", "Pour la salle"],
        "How sure is it?": ["Indicative", "–"],
    }
    # What is in the form is what was typed, with the version that is saved now.
    shown = fields(answer.text)
    assert (shown["quantity"], shown["wanted_on"]) == ("7,5", "2099-01-31")
    assert shown["version"] == str(line.version) != str(seen["version"])
    assert line.declared_quantity == 5
    again = {name: value for name, value in shown.items() if value and name != "csrf_token"}
    assert door.post(people.ada, address, **again).status_code == 302
    assert (line.declared_quantity, line.remark) == (D("7.5"), "Pour la salle")


def test_the_same_number_written_otherwise_is_no_difference(
    door: Door, people: People, line: NeedLine, colleague: Person
) -> None:
    address, seen = f"/need-lines/{line.id}/edit", _typed(line, basis="period")
    door.post(colleague, address, **{**seen, "quantity": "5", "strength": "indicative"})
    typed = {**seen, "quantity": "5,0", "strength": "indicative"}
    answer = door.post(people.ada, address, **typed)
    assert answer.status_code == 409
    assert _rows(answer.text) == {"Quantity": ["3", "5"]}


def test_a_line_removed_meanwhile_may_be_added_again(
    door: Door, session: Session, people: People, line: NeedLine, colleague: Person
) -> None:
    sent = _typed(line, quantity="12", remark="Avec housse")
    need_id, address = line.need_id, f"/need-lines/{line.id}"
    assert door.post(colleague, f"{address}/remove", version=line.version).status_code == 302
    answer = door.post(people.ada, f"{address}/edit", **sent)
    assert answer.status_code == 409
    assert "This line was removed in the meantime." in answer.text
    assert "Anatole removed this line on" in answer.text
    assert "Add it again" in answer.text
    form = next(one for one in tree(answer.text).forms if one.action == f"/needs/{need_id}/lines")
    kept = {name: value for name, value in form.form_values() if value}
    assert (kept["quantity"], kept["remark"].strip()) == ("12", "Avec housse")
    assert door.post(people.ada, form.action, **kept).status_code == 302
    [back] = session.scalars(select(NeedLine))
    assert (back.declared_quantity, back.remark) == (D(12), "Avec housse")
    # Removing what is gone already is done, and no fault.
    gone = door.post(people.ada, f"{address}/remove", version=1, need_id=need_id)
    assert (gone.status_code, gone.location) == (302, f"/needs/{need_id}")
    assert door.post(people.ada, f"{address}/remove", version=1).status_code == 404
    assert door.get(people.ada, f"{address}/edit").status_code == 404


def test_a_free_line_removed_meanwhile_keeps_its_words(
    door: Door, session: Session, people: People, need: Need, colleague: Person
) -> None:
    line = make_line(session, need, None, 2, words="Un banc", own_unit="pièce")
    sent = _typed(line, words="Un banc en bois", own_unit="pièce", quantity="4")
    del sent["item_id"]
    address = f"/need-lines/{line.id}"
    door.post(colleague, f"{address}/remove", version=line.version)
    answer = door.post(people.ada, f"{address}/edit", **sent)
    assert answer.status_code == 409
    shown = fields(answer.text)
    assert (shown["words"], shown["quantity"]) == ("Un banc en bois", "4")
    assert f'action="/needs/{need.id}/free-lines"' in answer.text


def test_a_foreign_need_tells_nothing_of_a_removed_line(
    door: Door, people: People, line: NeedLine
) -> None:
    sent = _typed(line)
    assert door.post(people.basile, f"/need-lines/{line.id}/edit", **sent).status_code == 404
    assert door.post(people.basile, f"/need-lines/{line.id}/remove", version=1).status_code == 404
    assert (
        door.post(
            people.basile, f"/need-lines/{line.id}/remove", version=1, need_id=line.need_id
        ).status_code
        == 404
    )


def test_a_need_submitted_meanwhile_still_shows_what_was_typed(
    door: Door, people: People, line: NeedLine, colleague: Person
) -> None:
    sent = _typed(line, quantity="12", remark="Avec housse")
    assert door.post(colleague, f"/needs/{line.need_id}/submit").status_code == 302
    answer = door.post(people.ada, f"/need-lines/{line.id}/edit", **sent)
    assert answer.status_code == 409
    assert "This need was submitted and no longer changes" in answer.text
    assert "What you typed cannot be saved now." in answer.text
    assert "Save the line" not in answer.text
    assert fields(answer.text)["quantity"] == "12"
    for address in (f"/need-lines/{line.id}/edit", f"/needs/{line.need_id}/lines/new?item_id=1"):
        answer = door.get(people.ada, address)
        assert (answer.status_code, answer.location) == (302, f"/needs/{line.need_id}")


def test_a_line_that_somebody_just_changed_is_not_removed_unseen(
    door: Door, session: Session, people: People, line: NeedLine, colleague: Person
) -> None:
    seen = line.version
    for quantity in ("4", "6"):
        sent = _typed(line, quantity=quantity, remark=f"Lot {quantity}")
        assert door.post(colleague, f"/need-lines/{line.id}/edit", **sent).status_code == 302
    address = f"/need-lines/{line.id}/remove"
    answer = door.post(people.ada, address, version=seen)
    assert answer.status_code == 409
    assert "Somebody else changed this in the meantime." in answer.text
    # Both changes, from what was seen to what is saved.
    assert _rows(answer.text) == {"Quantity": ["3", "6"], "Remark": ["–", "Lot 6"]}
    assert fields(answer.text)["quantity"] == "6"
    assert door.post(people.ada, address, version=line.version).status_code == 302
    assert session.scalar(select(func.count()).select_from(NeedLine)) == 0


def _crowd(
    make_app: MakeApp, url: str, people: list[int], part: Callable[[FlaskClient, int], int]
) -> list[int]:
    """Have some people act at the same moment, each on a connection of their own."""
    pool = {"pool_size": CROWD, "max_overflow": CROWD}
    app: Flask = make_app(url, SQLALCHEMY_ENGINE_OPTIONS=pool)
    start = Barrier(len(people))

    def act(number: int) -> int:
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie.update(_user_id=str(people[number]), _fresh=True, language="en")
        start.wait(timeout=60)
        return part(client, number)

    with ThreadPoolExecutor(len(people)) as crowd:
        return list(crowd.map(act, range(len(people))))


def _faults(session: Session) -> list[str]:
    return list(audit.faults(session))


def test_of_those_who_save_at_once_one_does_and_the_others_keep_what_they_typed(
    session: Session,
    people: People,
    line: NeedLine,
    colleague: Person,
    database_url: str,
    make_app: MakeApp,
) -> None:
    sent, line_id = _typed(line), line.id
    ids = [people.ada.id, colleague.id] * (CROWD // 2)
    session.commit()
    texts: dict[int, str] = {}

    def save(client: FlaskClient, number: int) -> int:
        typed = {**sent, "quantity": str(100 + number)}
        answer = client.post(f"/need-lines/{line_id}/edit", data=typed)
        texts[number] = answer.text
        return answer.status_code

    answers = _crowd(make_app, database_url, ids, save)
    assert sorted(answers) == [302] + [409] * (CROWD - 1)
    winner = answers.index(302)
    saved = session.scalar(select(NeedLine.declared_quantity))
    assert saved == 100 + winner
    for number, text in texts.items():
        if number != winner:
            assert _rows(text)["Quantity"] == [str(100 + winner), str(100 + number)]
    assert _faults(session) == []


def test_lines_added_at_once_are_all_kept_and_the_same_one_only_once(
    session: Session,
    people: People,
    need: Need,
    item: Item,
    colleague: Person,
    database_url: str,
    make_app: MakeApp,
) -> None:
    others = [make_item(session).id for _one in range(CROWD)]
    address, site_id, same = f"/needs/{need.id}/lines", need.member.sites[0].id, item.id
    ids = [people.ada.id, colleague.id] * (CROWD // 2)
    session.commit()

    def add(client: FlaskClient, number: int) -> int:
        typed = {"quantity": "1", "site_id": site_id}
        assert client.post(address, data={**typed, "item_id": others[number]}).status_code == 302
        return client.post(address, data={**typed, "item_id": same}).status_code

    answers = _crowd(make_app, database_url, ids, add)
    assert sorted(answers) == [302] + [409] * (CROWD - 1)
    assert session.scalar(select(func.count()).select_from(NeedLine)) == CROWD + 1
    assert _faults(session) == []


def test_saving_and_submitting_at_once_never_leaves_a_submitted_need_changed(
    session: Session,
    people: People,
    line: NeedLine,
    colleague: Person,
    database_url: str,
    make_app: MakeApp,
) -> None:
    sent, line_id, need_id = _typed(line, quantity="9"), line.id, line.need_id
    session.commit()

    def act(client: FlaskClient, number: int) -> int:
        if number:
            return client.post(f"/needs/{need_id}/submit").status_code
        return client.post(f"/need-lines/{line_id}/edit", data=sent).status_code

    both = [people.ada.id, colleague.id]
    session.rollback()
    saved, submitted = _crowd(make_app, database_url, both, act)
    session.rollback()
    assert submitted == 302
    assert session.scalar(select(Need.state)) is NeedState.SUBMITTED
    quantity = session.scalar(select(NeedLine.declared_quantity))
    assert (saved, quantity) in {(302, D(9)), (409, D(3))}
    verbs = session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)).all()
    assert verbs[-1] == "needs.submit"


def _send(app: Flask, person: Person, address: str, typed: dict[str, Any]) -> Any:
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie.update(_user_id=str(person.id), _fresh=True, language="en")
    return client.post(address, data=typed, content_type="multipart/form-data")


@on_sqlite
def test_the_file_of_a_refused_form_is_kept_until_it_is_saved(
    app: Flask, session: Session, people: People, line: NeedLine
) -> None:
    address, sent = f"/need-lines/{line.id}/edit", _typed(line, paid_price="12")
    session.commit()
    file = (BytesIO(PICTURE), "facture.png")
    refused = _send(app, people.ada, address, {**sent, "file": file})
    assert refused.status_code == 422
    assert "facture.png is kept" in refused.text
    assert session.scalar(select(func.count()).select_from(Document)) == 0
    note = fields(refused.text)["kept_file"]
    # Refused again, for another reason: still there.
    again = _send(app, people.ada, address, {**sent, "quantity": "x", "kept_file": note})
    assert "facture.png is kept" in again.text
    whole = {**sent, "paid_since": "2024-01-01", "kept_file": note}
    assert _send(app, people.ada, address, whole).status_code == 302
    session.rollback()
    [document] = session.scalars(select(Document))
    assert (document.name, document.size) == ("facture.png", len(PICTURE))
    assert line.evidence_id == document.id
    # From now on it is on the list, for the next line too, and the same file is no second one.
    shown = _send(app, people.ada, address, {**_typed(line), "quantity": "x"})
    assert "facture.png" in shown.text
    file = (BytesIO(PICTURE), "facture.png")
    assert _send(app, people.ada, address, {**_typed(line), "file": file}).status_code == 302
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Document)) == 1


@on_sqlite
def test_a_note_that_was_not_written_here_or_for_this_need_brings_no_file(
    app: Flask, session: Session, people: People, line: NeedLine
) -> None:
    other = make_need(session, make_campaign(session), people.ada)
    elsewhere = make_line(session, other, make_item(session), 1)
    session.commit()
    file = (BytesIO(PICTURE), "facture.png")
    refused = _send(
        app,
        people.ada,
        f"/need-lines/{elsewhere.id}/edit",
        {**_typed(elsewhere), "quantity": "x", "file": file},
    )
    note = fields(refused.text)["kept_file"]
    for forged in (note, note[:-2] + "xx", "nonsense"):
        sent = {**_typed(line), "kept_file": forged}
        assert _send(app, people.ada, f"/need-lines/{line.id}/edit", sent).status_code == 302
        session.rollback()
        assert line.evidence_id is None
    assert session.scalar(select(func.count()).select_from(Document)) == 0


@on_sqlite
@pytest.mark.parametrize(
    "name, content, sentence",
    [
        ("facture.pdf", PICTURE, "This file is not what its name says"),
        ("facture.exe", b"MZ" + bytes(200), "may not be kept|cannot be kept|PDF"),
        ("facture.pdf", b"", "This file is empty."),
    ],
)
def test_a_wrong_file_is_told_beside_its_field(
    app: Flask,
    session: Session,
    people: People,
    line: NeedLine,
    name: str,
    content: bytes,
    sentence: str,
) -> None:
    session.commit()
    sent = {**_typed(line, quantity="8"), "file": (BytesIO(content), name)}
    answer = _send(app, people.ada, f"/need-lines/{line.id}/edit", sent)
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.text
    assert any(one in answer.text for one in sentence.split("|"))
    assert fields(answer.text)["quantity"] == "8"
    session.rollback()
    assert line.declared_quantity == 3


def test_another_needs_document_is_no_evidence(
    door: Door, session: Session, people: People, line: NeedLine
) -> None:
    other = make_need(session, make_campaign(session), people.ada)
    document = Document(
        need_id=other.id,
        purpose="evidence",
        digest="0" * 64,
        name="devis.pdf",
        media_type="application/pdf",
        size=1,
        person_id=people.ada.id,
        at=datetime.now(UTC),
    )
    session.add(document)
    session.flush()
    answer = door.post(
        people.ada, f"/need-lines/{line.id}/edit", **_typed(line, evidence_id=document.id)
    )
    assert answer.status_code == 409
    assert "Choose a file of this need." in answer.text
