"""Thawing a frozen lot: a reason, the members told, and the next version of its sheet."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from procurement.kernel.access import Role
from procurement.kernel.audit import AuditEntry
from procurement.kernel.mail import Letter
from procurement.kernel.pipeline import commit, today
from procurement.lots import operations, queries, verification
from procurement.lots.models import Lot, LotLine, LotState, SheetVersion
from procurement.lots.operations import Take
from procurement.lots.rules import Difference, differences
from procurement.members.models import Mandate
from procurement.needs.models import NeedState
from tests.door import refused
from tests.make import make_line, make_member, make_need, make_person

REASON = "Un article a été oublié."


def thaw(ground, lot):
    operations.thaw(lot, REASON, actor=ground.buyer, today=today())
    return lot


@pytest.fixture
def frozen(ground):
    return ground.freeze(ground.form())


def test_it_works(session, ground, frozen):
    thaw(ground, frozen)
    session.flush()
    session.expire_all()
    assert (frozen.state, frozen.sheet_version) == (LotState.DRAFT, 1)
    assert [line.quantity for line in frozen.lines] == [None, None]
    [version] = frozen.sheets
    assert (version.thawed_on, version.thaw_reason) == (today(), REASON)
    # What is allotted stays: nobody else may take it meanwhile.
    assert [line.allotted for line in ground.lines[:4]] == [
        10,
        Decimal("2.5"),
        Decimal("7.25"),
        4,
    ]
    assert list(verification.faults()) == []


def test_frozen_again_it_is_the_next_version(session, ground, frozen):
    thaw(ground, frozen)
    camera = frozen.lines[0]
    takes = [Take(ground.lines[0].id, Decimal(6), Decimal(10))]
    operations.take(camera, takes, actor=ground.buyer)
    ground.freeze(frozen)
    session.flush()
    session.expire_all()
    assert (frozen.sheet_version, frozen.lines[0].quantity) == (2, 10)
    assert [one.number for one in frozen.sheets] == [2, 1]
    assert [one.thawed_on for one in frozen.sheets] == [None, today()]
    history = queries.history(frozen)
    assert [edition.row.number for edition in history.editions] == [2, 1]
    assert history.editions[0].differences == [Difference(camera.item_id, 14, 10)]
    assert history.editions[1].differences == []
    assert history.items[camera.item_id].code == "VID-001"
    assert list(verification.faults()) == []


def test_an_unchanged_lot_has_the_figure_that_it_had(ground, frozen):
    figure = frozen.check_figure
    ground.freeze(thaw(ground, frozen))
    assert frozen.check_figure == figure


@pytest.mark.parametrize(
    "before,after,expected",
    [
        ({}, {}, []),
        ({1: 5}, {1: 5}, []),
        ({1: 5, 2: 1}, {2: 1, 3: 4}, [(1, 5, None), (3, None, 4)]),
        ({1: 5, 2: 1}, {1: 6, 2: 1}, [(1, 5, 6)]),
    ],
)
def test_what_differs_between_two_versions(before, after, expected):
    assert list(differences(before, after)) == expected


def test_a_draft_is_not_thawed(ground):
    with refused("lot_not_frozen"):
        thaw(ground, ground.form())


@pytest.mark.parametrize("state", [LotState.TENDERED, LotState.AWARDED, LotState.UNSUCCESSFUL])
def test_nor_is_what_firms_were_asked_to_answer(session, ground, frozen, state):
    frozen.state = state
    session.flush()
    with refused("lot_not_frozen"):
        thaw(ground, frozen)


def test_it_is_in_the_journal(session, ground, frozen):
    thaw(ground, frozen)
    commit()
    entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "lots.thaw")).one()
    assert (entry.object_type, entry.object_id) == ("lot", frozen.id)
    assert REASON in entry.changes


# Who is told.


def letters(session):
    rows = session.scalars(select(Letter).order_by(Letter.to_address)).all()
    return {row.to_address: row for row in rows}


def test_those_who_request_for_the_members_of_the_lot_are_told_once(session, ground, frozen):
    thaw(ground, frozen)
    told = letters(session)
    assert list(told) == ["ada@example.org", "basile@example.org"]
    assert REASON in told["ada@example.org"].body
    assert told["ada@example.org"].path == f"/needs/{ground.first_need.id}/whereabouts"
    assert told["basile@example.org"].path == f"/needs/{ground.second_need.id}/whereabouts"


def test_a_member_of_another_lot_is_not_told(session, ground):
    thaw(ground, ground.freeze(ground.form(ground.tablet)))
    assert list(letters(session)) == ["basile@example.org"]


def test_without_a_requester_the_approver_is_told_and_without_either_the_delegate(session, ground):
    ground.people.ada.is_active = ground.people.basile.is_active = False
    ground.people.blanche.is_active = False
    delegate = make_person(session, email="delegate@example.org")
    mandate = Mandate(
        member_id=ground.people.second.id, delegate_id=delegate.member_id, granted_on=today()
    )
    session.add(mandate)
    thaw(ground, ground.freeze(ground.form()))
    assert list(letters(session)) == ["alix@example.org", "delegate@example.org"]


def test_the_people_of_a_body_that_merged_are_those_of_its_successor(session, ground, frozen):
    new = make_member(session, "Amboise-Nouvelle")
    clerk = make_person(session, Role.REQUESTER, new, email="clerk@example.org")
    ground.people.first.successor_id, ground.people.first.merged_on = new.id, today()
    session.flush()
    thaw(ground, frozen)
    assert list(letters(session)) == ["basile@example.org", clerk.email]


def test_one_letter_a_person_whatever_the_number_of_needs(session, ground):
    delegate = make_person(session, email="delegate@example.org")
    for _body in range(3):
        author = make_person(session, is_active=False)
        need = make_need(session, ground.campaign, author, NeedState.VALIDATED, ground.people.alix)
        make_line(session, need, ground.camera, 2)
        session.add(
            Mandate(member_id=author.member_id, delegate_id=delegate.member_id, granted_on=today())
        )
    thaw(ground, ground.freeze(ground.form(ground.camera)))
    assert list(letters(session)) == [
        "ada@example.org",
        "basile@example.org",
        "delegate@example.org",
    ]


def test_the_letters_cost_the_same_whatever_the_number_of_members(session, ground, count_queries):
    counts = []
    for bodies in (1, 8):
        for _body in range(bodies):
            author = make_person(session)
            need = make_need(
                session, ground.campaign, author, NeedState.VALIDATED, ground.people.alix
            )
            make_line(session, need, ground.camera, 2)
        lot = ground.freeze(ground.form(ground.camera))
        session.flush()
        with count_queries() as statements:
            thaw(ground, lot)
            session.flush()
        counts.append(len(statements))
    assert counts[0] == counts[1]


# By the page.


def test_by_the_page(session, ground, door, frozen):
    clara = ground.people.clara
    assert "Thaw the lot" in door.get(clara, f"/lots/{frozen.id}").text
    answer = door.post(clara, f"/lots/{frozen.id}/thaw", reason=REASON)
    assert answer.status_code == 302
    assert session.get(Lot, frozen.id).state is LotState.DRAFT
    page = door.get(clara, f"/lots/{frozen.id}").text
    for expected in (REASON, "no longer holds", "No quantity has changed yet.", "Freeze the lot"):
        assert expected in page
    assert "supplier.xlsx" not in page
    # A member reads that its lot is changed, and no figure of it.
    page = door.get(ground.people.ada, f"/lots/{frozen.id}").text
    assert "is being changed again by the centrale" in page
    assert "Versions of the sheet" not in page


def test_the_page_shows_what_changed(session, ground, door, frozen):
    thaw(ground, frozen)
    cable = next(line for line in frozen.lines if line.item_id == ground.cable.id)
    takes = [
        Take(ground.lines[1].id, Decimal(0), Decimal("2.5")),
        Take(ground.lines[2].id, Decimal(0), Decimal("7.25")),
    ]
    operations.take(cable, takes, actor=ground.buyer)
    session.commit()
    page = door.get(ground.people.clara, f"/lots/{frozen.id}").text
    assert "Since it was thawed" in page
    assert "What differs from version 1: 1" in page
    assert "Removed" in page
    ground.freeze(frozen)
    page = door.get(ground.people.dora, f"/lots/{frozen.id}").text
    assert "Version 2" in page
    assert "by Clara" in page
    assert "What differs from version 1: 1" in page
    assert list(session.scalars(select(SheetVersion.number).order_by(SheetVersion.number))) == [
        1,
        2,
    ]


def test_a_thawed_lot_may_be_dissolved(session, ground, door, frozen):
    thaw(ground, frozen)
    answer = door.post(ground.people.clara, f"/lots/{frozen.id}/dissolve")
    assert answer.status_code == 302
    assert session.scalars(select(SheetVersion.id)).all() == []
    assert session.scalars(select(LotLine.id)).all() == []


@pytest.mark.parametrize("fields", [{}, {"reason": "  "}, {"reason": "x" * 501}])
def test_without_a_reason(ground, door, frozen, fields):
    answer = door.post(ground.people.clara, f"/lots/{frozen.id}/thaw", **fields)
    assert answer.status_code == 422
    assert frozen.state is LotState.FROZEN


def test_the_wrong_moment(ground, door):
    lot = ground.form()
    answer = door.post(ground.people.clara, f"/lots/{lot.id}/thaw", reason=REASON)
    assert answer.status_code == 409


@pytest.mark.parametrize("name", ["ada", "dora", "eli"])
def test_the_wrong_role(ground, door, frozen, name):
    person = getattr(ground.people, name)
    assert door.post(person, f"/lots/{frozen.id}/thaw", reason=REASON).status_code == 403


def test_no_such_lot(ground, door):
    assert door.post(ground.people.clara, "/lots/999/thaw", reason=REASON).status_code == 404
