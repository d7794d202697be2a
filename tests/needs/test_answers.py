"""Submitting, validating, returning: four eyes on every need, whoever knocks."""

import json
import threading
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from procurement.kernel import pipeline
from procurement.kernel.access import Actor, Role
from procurement.kernel.audit import AuditEntry
from procurement.kernel.mail import Letter
from procurement.kernel.pipeline import today
from procurement.needs import operations
from procurement.needs.models import Need, NeedLine, NeedState
from procurement.needs.queries import checked_lines
from procurement.needs.rules import check_figure
from tests.browse import fields
from tests.conftest import CountQueries
from tests.door import Door, refused
from tests.make import (
    actor_for,
    make_campaign,
    make_item,
    make_line,
    make_member,
    make_need,
    make_person,
    make_site,
)
from tests.people import People


@pytest.fixture
def need(session: Session, people: People) -> Need:
    """Ada's draft of two lines."""
    made = make_need(session, make_campaign(session), people.ada)
    for quantity in ("10", "2.5"):
        make_line(session, made, make_item(session), quantity)
    return made


@pytest.fixture
def submitted(session: Session, need: Need, people: People) -> Need:
    """The same, submitted by Ada."""
    operations.submit(need, actor=actor_for(people.ada), today=today())
    pipeline.commit()
    return need


def _verbs(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)))


def test_a_need_goes_from_draft_to_validated(
    door: Door, session: Session, people: People, need: Need
) -> None:
    address = f"/needs/{need.id}"
    assert "Submit" in door.get(people.ada, address).text
    answer = door.post(people.ada, f"{address}/submit")
    assert (answer.status_code, answer.location) == (302, address)
    assert need.state is NeedState.SUBMITTED
    assert "an approver of Amboise-la-Petite" in door.get(people.ada, address).text
    assert not any(line.is_validated for line in need.lines)
    assert "Validate" in door.get(people.alix, address).text
    answer = door.post(people.alix, f"{address}/validate")
    assert (answer.status_code, answer.location) == (302, address)
    assert (need.state, need.approver_id) == (NeedState.VALIDATED, people.alix.id)
    assert all(line.is_validated for line in need.lines)
    assert need.check_figure == check_figure(checked_lines(need))
    assert "Validated by" in door.get(people.clara, address).text
    assert _verbs(session) == ["needs.submit", "needs.validate"]
    first = session.scalars(select(AuditEntry.changes).order_by(AuditEntry.id)).first()
    assert json.loads(first or "") == {"state": ["draft", "submitted"], "lines": 2}


def test_a_need_is_returned_corrected_and_submitted_again(
    door: Door, session: Session, people: People, submitted: Need
) -> None:
    address = f"/needs/{submitted.id}"
    reason = "Trop de caméras :\n<b>deux</b> suffisent"
    assert door.post(people.alix, f"{address}/return", reason=reason).status_code == 302
    assert (submitted.state, submitted.return_reason) == (NeedState.RETURNED, reason)
    page = door.get(people.ada, address).text
    assert "Returned by Alix" in page
    assert "&lt;b&gt;deux&lt;/b&gt;" in page
    assert "need to correct" in door.get(people.ada, "/").text
    line = submitted.lines[0]
    changed = {"quantity": "2", "site_id": line.site_id, "version": line.version}
    assert door.post(people.ada, f"/need-lines/{line.id}/edit", **changed).status_code == 302
    assert door.post(people.ada, f"{address}/submit").status_code == 302
    assert (submitted.state, submitted.return_reason, submitted.approver_id) == (
        NeedState.SUBMITTED,
        None,
        None,
    )
    assert door.post(people.alix, f"{address}/validate").status_code == 302
    assert _verbs(session)[1:] == [
        "needs.return_to_author",
        "needs.change_line",
        "needs.submit",
        "needs.validate",
    ]


def test_nothing_needed_is_an_answer_too(door: Door, session: Session, people: People) -> None:
    need = make_need(session, make_campaign(session), people.ada)
    address = f"/needs/{need.id}"
    assert "We need nothing this time" in door.get(people.ada, address).text
    assert door.post(people.ada, f"{address}/nil").status_code == 302
    assert (need.state, need.is_nil) == (NeedState.SUBMITTED, True)
    assert "Nothing needed" in door.get(people.alix, address).text
    assert door.post(people.alix, f"{address}/validate").status_code == 302
    assert (need.state, need.check_figure) == (NeedState.VALIDATED, check_figure([]))
    assert _verbs(session) == ["needs.declare_nil", "needs.validate"]


def test_nothing_needed_is_taken_back_by_a_line(
    door: Door, session: Session, people: People
) -> None:
    need = make_need(session, make_campaign(session), people.ada)
    operations.declare_nil(need, actor=actor_for(people.ada), today=today())
    pipeline.commit()
    door.post(people.alix, f"/needs/{need.id}/return", reason="Really?")
    typed = {"item_id": make_item(session).id, "quantity": 1, "site_id": people.first.sites[0].id}
    assert door.post(people.ada, f"/needs/{need.id}/lines", **typed).status_code == 302
    assert need.is_nil is False
    assert door.post(people.ada, f"/needs/{need.id}/submit").status_code == 302


def test_an_empty_need_is_not_submitted_and_a_full_one_is_not_nil(
    door: Door, session: Session, people: People, need: Need
) -> None:
    answer = door.post(people.ada, f"/needs/{need.id}/nil")
    assert answer.status_code == 409
    assert "This need has lines." in answer.text
    empty = make_need(session, make_campaign(session), people.ada)
    answer = door.post(people.ada, f"/needs/{empty.id}/submit")
    assert answer.status_code == 409
    assert "There is no line yet." in answer.text
    assert {need.state, empty.state} == {NeedState.DRAFT}


@pytest.mark.parametrize(
    "act, state",
    [
        ("validate", NeedState.DRAFT),
        ("validate", NeedState.RETURNED),
        ("validate", NeedState.VALIDATED),
        ("return", NeedState.DRAFT),
        ("return", NeedState.RETURNED),
    ],
)
def test_only_a_submitted_need_is_decided(
    door: Door, session: Session, people: People, state: NeedState, act: str
) -> None:
    need = make_need(session, make_campaign(session), people.ada, state, people.alix)
    typed = {"reason": "Why not"} if act == "return" else {}
    answer = door.post(people.alix, f"/needs/{need.id}/{act}", **typed)
    assert answer.status_code == 409
    assert "This is no longer possible at this stage." in answer.text
    assert need.state is state


@pytest.mark.parametrize(
    "reason, sentence",
    [
        ("", "This field is needed."),
        ("  \n ", "This field is needed."),
        ("x" * 1001, "At most 1000 characters."),
    ],
)
def test_a_need_is_not_returned_without_a_reason(
    door: Door, people: People, submitted: Need, reason: str, sentence: str
) -> None:
    answer = door.post(people.alix, f"/needs/{submitted.id}/return", reason=reason)
    assert answer.status_code == 422
    assert f'id="reason-error">{sentence}' in answer.text
    assert fields(answer.text, -1)["reason"].strip() == reason.strip()
    assert submitted.state is NeedState.SUBMITTED


@pytest.mark.parametrize("act", ["validate", "return"])
def test_who_may_decide(
    door: Door, session: Session, people: People, submitted: Need, act: str
) -> None:
    address = f"/needs/{submitted.id}/{act}"
    typed = {"reason": "x"} if act == "return" else {}
    for person in (people.ada, people.clara, people.dora, people.eli):
        assert door.post(person, address, **typed).status_code == 403
    assert door.post(people.blanche, address, **typed).status_code == 404
    assert door.post(people.alix, "/needs/999/" + act, **typed).status_code == 404
    assert submitted.state is NeedState.SUBMITTED
    assert _verbs(session) == ["needs.submit"]


def test_nobody_decides_on_their_own_need(
    door: Door, session: Session, people: People, need: Need
) -> None:
    """An approver who was a requester yesterday is the author of what they wrote then."""
    need.author_id = people.alix.id
    need.state = NeedState.SUBMITTED
    for act, typed in (("validate", {}), ("return", {"reason": "x"})):
        answer = door.post(people.alix, f"/needs/{need.id}/{act}", **typed)
        assert answer.status_code == 409
        assert "Somebody other than its author must validate" in answer.text
    assert need.state is NeedState.SUBMITTED
    second = make_person(session, Role.APPROVER, people.first)
    assert door.post(second, f"/needs/{need.id}/validate").status_code == 302


def test_four_eyes_are_held_by_the_operation_and_the_database(
    session: Session, people: People, submitted: Need
) -> None:
    both = Actor(people.ada.id, "Ada", Role.APPROVER, people.first.id)
    with refused("own_need"):
        operations.validate(submitted, actor=both)
    for stranger in (
        actor_for(people.blanche),
        actor_for(people.clara),
        Actor.command("flask needs validate"),
    ):
        with refused("forbidden"):
            operations.validate(submitted, actor=stranger)
    for wrong in (
        "approver_id = author_id",
        "state = 'validated', check_figure = 'x'",
        "state = 'returned', return_reason = 'x'",
        f"state = 'validated', approver_id = {people.alix.id}",
        f"state = 'returned', approver_id = {people.alix.id}",
    ):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(text(f"UPDATE need SET {wrong}"))
    session.refresh(submitted)
    assert submitted.state is NeedState.SUBMITTED


@pytest.mark.parametrize("other", ["validate", "return"])
def test_two_approvers_at_once_decide_one_after_the_other(
    app: Flask, session: Session, people: People, submitted: Need, other: str
) -> None:
    second = make_person(session, Role.APPROVER, people.first)
    approvers, address = [people.alix.id, second.id], f"/needs/{submitted.id}"
    session.commit()
    start, answers = threading.Barrier(2), list[int]()

    def decide(person_id: int, act: str) -> None:
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie.update(_user_id=str(person_id), _fresh=True)
        typed = {"reason": "x"} if act == "return" else {}
        start.wait(10)
        answers.append(client.post(f"{address}/{act}", data=typed).status_code)

    deciding = [
        threading.Thread(target=decide, args=one)
        for one in zip(approvers, ("validate", other), strict=True)
    ]
    for one in deciding:
        one.start()
    for one in deciding:
        one.join(30)
    session.refresh(submitted)
    # What one has just validated the other may still return.
    both = other == "return" and submitted.state is NeedState.RETURNED and 409 not in answers
    assert sorted(answers) == ([302, 302] if both else [302, 409])
    validated = set(session.scalars(select(NeedLine.is_validated)))
    assert validated == {submitted.state is NeedState.VALIDATED}


def test_lines_carry_the_departement_of_the_day_they_were_submitted(
    door: Door, session: Session, people: People, need: Need
) -> None:
    people.first.departement = "92"
    door.post(people.ada, f"/needs/{need.id}/submit")
    assert {line.departement for line in need.lines} == {"92"}
    people.first.departement = "78"
    session.commit()
    assert {line.departement for line in need.lines} == {"92"}


def test_who_sees_a_need(door: Door, session: Session, people: People, need: Need) -> None:
    address = f"/needs/{need.id}"

    def statuses() -> list[int]:
        everyone = (people.ada, people.alix, people.blanche, people.clara, people.dora, people.eli)
        return [door.get(person, address).status_code for person in everyone]

    assert statuses() == [200, 200, 404, 404, 404, 403]
    need.state = NeedState.SUBMITTED
    assert statuses() == [200, 200, 404, 200, 200, 403]
    line = need.lines[0].id
    assert door.get(people.clara, f"/need-lines/{line}").status_code == 200
    assert door.get(people.basile, f"/need-lines/{line}").status_code == 404


def test_the_estimate_is_the_sum_of_rounded_lines(
    door: Door, session: Session, people: People
) -> None:
    need = make_need(session, make_campaign(session), people.ada)
    for _third in range(3):
        item = make_item(session, indicative_price=Decimal("0.3350"))
        make_line(session, need, item, 1)
    make_line(session, need, make_item(session, indicative_price=None), 5)
    page = door.get(people.ada, f"/needs/{need.id}").text
    assert ">1.02</td>" in page


def test_needs_are_found(door: Door, session: Session, people: People, need: Need) -> None:
    other = make_need(session, need.campaign, people.basile, NeedState.SUBMITTED, is_nil=True)
    session.commit()

    def found(query: str, person: str = "clara") -> set[str]:
        page = door.get(getattr(people, person), f"/needs?{query}").text
        return {f"{one.id}" for one in (need, other) if f'href="/needs/{one.id}"' in page}

    assert found("", "ada") == {str(need.id)}
    assert found("", "basile") == {str(other.id)}
    assert found("") == {str(other.id)}
    assert found("state=submitted") == {str(other.id)}
    assert found("state=validated") == set()
    assert found("state=nonsense") == {str(other.id)}
    assert found("q=BOURG") == {str(other.id)}
    assert found("q=Amboise") == set()
    assert found(f"campaign={need.campaign_id}") == {str(other.id)}
    assert found(f"campaign={need.campaign_id + 1}") == set()
    assert found("campaign=" + "9" * 30) == {str(other.id)}


def test_queries_do_not_grow_with_the_rows(
    door: Door, session: Session, people: People, count_queries: CountQueries
) -> None:
    campaign = make_campaign(session)

    def grow(rows: int) -> list[int]:
        for _row in range(rows):
            author = make_person(session, member=make_member(session))
            need = make_need(session, campaign, author, NeedState.SUBMITTED)
            make_line(session, need, make_item(session), 1)
            make_campaign(session)
            make_site(session, people.first)
        session.commit()
        counts = []
        for person in (people.clara, people.ada):
            for address in ("/needs", "/campaigns", f"/campaigns/{campaign.id}", "/"):
                door.get(person, address)
                with count_queries() as statements:
                    assert door.get(person, address).status_code == 200
                counts.append(len(statements))
        return counts

    few, many = grow(3), grow(57)
    assert few == many
    assert max(many) <= 10


def test_a_need_is_not_returned_when_it_could_no_longer_be_corrected(
    door: Door, people: People, submitted: Need
) -> None:
    address = f"/needs/{submitted.id}"
    assert "Send back for correction" in door.get(people.alix, address).text
    operations.close_campaign(submitted.campaign, actor=actor_for(people.clara))
    pipeline.commit()
    page = door.get(people.alix, address).text
    assert "Send back for correction" not in page
    assert "a returned need could not be corrected" in page
    answer = door.post(people.alix, f"{address}/return", reason="Why not")
    assert answer.status_code == 409
    assert submitted.state is NeedState.SUBMITTED
    assert door.post(people.alix, f"{address}/validate").status_code == 302


def test_a_validated_need_goes_back_while_nothing_of_it_is_in_a_lot(
    door: Door, session: Session, people: People, submitted: Need
) -> None:
    address = f"/needs/{submitted.id}"
    door.post(people.alix, f"{address}/validate")
    line = submitted.lines[0]
    line.allotted = Decimal(1)
    assert "Send back for correction" not in door.get(people.clara, address).text
    answer = door.post(people.clara, f"{address}/return", reason="Twice too many")
    assert answer.status_code == 409
    assert "A part of this need stands in a lot, or was put out to tender" in answer.text
    assert (submitted.state, line.is_validated) == (NeedState.VALIDATED, True)
    line.allotted = Decimal(0)
    for person in (people.ada, people.dora, people.eli):
        assert door.post(person, f"{address}/return", reason="x").status_code == 403
    assert "Send back for correction" in door.get(people.clara, address).text
    assert door.post(people.clara, f"{address}/return", reason="Twice").status_code == 302
    assert (submitted.state, submitted.check_figure) == (NeedState.RETURNED, None)
    assert submitted.approver_id == people.clara.id
    assert not any(one.is_validated for one in submitted.lines)
    told = select(Letter.to_address, Letter.path).order_by(Letter.id.desc()).limit(1)
    assert tuple(session.execute(told).one()) == ("ada@example.org", address)


def test_approvers_are_told_of_what_awaits_them(
    door: Door, session: Session, people: People, need: Need
) -> None:
    make_person(session, Role.APPROVER, people.first, is_active=False)
    door.post(people.ada, f"/needs/{need.id}/submit")
    letters = session.execute(select(Letter.to_address, Letter.path)).all()
    assert [tuple(one) for one in letters] == [("alix@example.org", f"/needs/{need.id}")]


@pytest.mark.parametrize("state", [NeedState.SUBMITTED, NeedState.VALIDATED])
def test_what_is_submitted_takes_no_writing(
    door: Door, session: Session, people: People, state: NeedState
) -> None:
    """Every act that writes in a need, on one that is frozen."""
    need = make_need(session, make_campaign(session), people.ada, state, people.alix)
    line = make_line(session, need, make_item(session), 3)
    version, typed = need.version, {"quantity": "2", "site_id": line.site_id}
    acts: dict[str, dict[str, object]] = {
        f"/needs/{need.id}/lines": {**typed, "item_id": make_item(session).id},
        f"/needs/{need.id}/free-lines": {**typed, "words": "Chaises", "own_unit": "lot"},
        f"/need-lines/{line.id}/edit": {**typed, "version": line.version},
        f"/need-lines/{line.id}/remove": {"version": line.version},
        f"/needs/{need.id}/copy": {},
        f"/needs/{need.id}/submit": {},
        f"/needs/{need.id}/nil": {},
    }
    for address, fields_typed in acts.items():
        answer = door.post(people.ada, address, **fields_typed)
        assert answer.status_code == 409, address
        assert "This need was submitted and no longer changes" in answer.text, address
    session.refresh(need)
    assert (need.version, [one.quantity for one in need.lines]) == (version, [Decimal(3)])
