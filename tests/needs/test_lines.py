"""Lines of a need: what is typed, what is refused, and that nothing typed is lost."""

import json
import threading
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel import pipeline
from procurement.kernel.audit import AuditEntry
from procurement.kernel.database import begin_write
from procurement.kernel.pipeline import today
from procurement.members.models import Membership
from procurement.needs import operations
from procurement.needs.models import (
    CampaignFamily,
    CampaignState,
    Need,
    NeedLine,
    NeedState,
    Strength,
)
from tests.browse import fields, forms
from tests.conftest import CountQueries, SignIn
from tests.databases import on_postgresql, on_sqlite
from tests.door import Door, refused
from tests.make import (
    actor_for,
    make_campaign,
    make_item,
    make_line,
    make_need,
    make_person,
    make_site,
)
from tests.people import People

D = Decimal
LATE = today() + timedelta(days=90)


@pytest.fixture
def item(session: Session) -> Item:
    """Something to need."""
    return make_item(session, designation="Tablette")


@pytest.fixture
def need(session: Session, people: People) -> Need:
    """Ada's draft."""
    return make_need(session, make_campaign(session), people.ada)


@pytest.fixture
def typed(need: Need, item: Item) -> dict[str, Any]:
    """A line as it is typed."""
    return {"item_id": item.id, "quantity": "10", "site_id": need.member.sites[0].id}


def _lines(session: Session) -> list[NeedLine]:
    return list(session.scalars(select(NeedLine).order_by(NeedLine.id)))


def test_a_line_is_added(
    door: Door, session: Session, people: People, need: Need, typed: dict[str, Any]
) -> None:
    more = {"wanted_on": f"{LATE}", "paid_price": "1 234,5678", "paid_since": "1/9/2024"}
    answer = door.post(people.ada, f"/needs/{need.id}/lines", **typed, **more)
    [line] = _lines(session)
    assert (answer.status_code, answer.location) == (302, f"/needs/{need.id}?saved={line.id}")
    assert (line.quantity, line.wanted_on) == (D(10), LATE)
    assert (line.paid_price, line.paid_since) == (D("1234.5678"), date(2024, 9, 1))
    assert (line.campaign_id, line.member_id) == (need.campaign_id, people.first.id)
    assert (line.departement, line.is_validated, line.allotted) == ("78", False, D(0))
    page = door.get(people.ada, f"/needs/{need.id}").text
    for text in ("Tablette", "1,234.5678", "01/09/2024", f"{LATE:%d/%m/%Y}", "100.00"):
        assert text in page
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.verb, entry.object_id, entry.actor_name) == ("needs.add_line", need.id, "Ada")


@pytest.mark.parametrize(
    "quantity, kept",
    [("1 234,56", "1234.56"), ("1234.56", "1234.56"), ("0,001", "0.001"), ("1000000", "1000000")],
)
def test_quantities_are_read_as_people_type_them(
    door: Door,
    session: Session,
    people: People,
    need: Need,
    typed: dict[str, Any],
    quantity: str,
    kept: str,
) -> None:
    door.post(people.ada, f"/needs/{need.id}/lines", **{**typed, "quantity": quantity})
    assert [line.quantity for line in _lines(session)] == [D(kept)]


WRONG = [
    ({"quantity": ""}, "quantity", "This field is needed."),
    ({"quantity": "douze"}, "quantity", "Write a number such as 1 234,56."),
    ({"quantity": "1,234.56"}, "quantity", "Write a number such as 1 234,56."),
    ({"quantity": "-5"}, "quantity", "At least 0.001."),
    ({"quantity": "0"}, "quantity", "At least 0.001."),
    ({"quantity": "1000001"}, "quantity", "This is too large: at most 1000000."),
    ({"quantity": "9" * 60}, "quantity", "This is too large: at most 1000000."),
    ({"quantity": "1,2345"}, "quantity", "At most 3 decimals."),
    ({"site_id": ""}, "new_place", "Name the place, or choose one of the list above."),
    ({"basis": "month"}, "basis", "Choose one of the listed values."),
    ({"strength": "maybe"}, "strength", "Choose one of the listed values."),
    ({"remark": "x" * 501}, "remark", "At most 500 characters."),
    ({"evidence_id": "x"}, "evidence_id", "Write a whole number."),
    ({"site_id": "9" * 20}, "site_id", "Write a whole number."),
    ({"wanted_on": "le 21 novembre"}, "wanted_on", "Write a date such as 21/11/2026."),
    ({"wanted_on": "31/02/2027"}, "wanted_on", "Write a date such as 21/11/2026."),
    ({"paid_price": "5"}, "paid_since", "Since when is this price paid?"),
    ({"paid_since": "2024-01-01"}, "paid_price", "Which price is paid since then?"),
    ({"paid_price": "-1", "paid_since": "2024-01-01"}, "paid_price", "At least 0."),
    ({"paid_price": "0,12345", "paid_since": "2024-01-01"}, "paid_price", "At most 4 decimals."),
]


@on_sqlite
@pytest.mark.parametrize("wrong, field, sentence", WRONG)
@pytest.mark.parametrize("stands", [False, True], ids=["new", "standing"])
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    door: Door,
    session: Session,
    people: People,
    need: Need,
    item: Item,
    typed: dict[str, Any],
    wrong: dict[str, str],
    field: str,
    sentence: str,
    stands: bool,
) -> None:
    address = f"/needs/{need.id}/lines"
    sent = {**typed, "quantity": "1 234,5", "wanted_on": f"{LATE:%d/%m/%Y}", **wrong}
    if stands:
        line = make_line(session, need, item, 3)
        address = f"/need-lines/{line.id}/edit"
        sent["version"] = str(line.version)
        del sent["item_id"]
    answer = door.post(people.ada, address, **sent)
    assert answer.status_code == 422
    assert f'id="{field}-error">{sentence}' in answer.text
    shown = fields(answer.text)
    chosen = {"site_id", "basis", "strength", "evidence_id"}
    # The line end after <textarea> is not part of its text.
    assert {name: shown[name].removeprefix("\n") for name in sent if name not in chosen} == {
        name: str(value) for name, value in sent.items() if name not in chosen
    }
    assert [line.quantity for line in _lines(session)] == ([3] if stands else [])
    assert session.scalar(select(AuditEntry.id)) is None


def test_another_members_place_is_refused(
    door: Door, session: Session, people: People, need: Need, typed: dict[str, Any]
) -> None:
    for site_id in (people.second.sites[0].id, 999):
        sent = {**typed, "site_id": site_id, "quantity": "7,5"}
        answer = door.post(people.ada, f"/needs/{need.id}/lines", **sent)
        assert answer.status_code == 409
        assert 'id="site_id-error">Choose one of your own delivery places.' in answer.text
        assert fields(answer.text)["quantity"] == "7,5"
    assert _lines(session) == []


@pytest.mark.parametrize(
    "wrong, field, sentence",
    [
        ({"wanted_on": today() - timedelta(days=1)}, "wanted_on", "Choose a day that is still"),
        (
            {"paid_price": "1", "paid_since": today() + timedelta(days=1)},
            "paid_since",
            "A price paid today started today or before.",
        ),
    ],
)
def test_days_on_the_wrong_side_of_today_are_refused(
    door: Door,
    people: People,
    need: Need,
    typed: dict[str, Any],
    wrong: dict[str, Any],
    field: str,
    sentence: str,
) -> None:
    answer = door.post(people.ada, f"/needs/{need.id}/lines", **typed, **wrong)
    assert answer.status_code == 409
    assert f'id="{field}-error">{sentence}' in answer.text
    assert fields(answer.text)[field] == str(wrong[field])


def test_today_itself_is_accepted(
    door: Door, session: Session, people: People, need: Need, typed: dict[str, Any]
) -> None:
    days = {"wanted_on": today(), "paid_since": today(), "paid_price": "0"}
    door.post(people.ada, f"/needs/{need.id}/lines", **typed, **days)
    [line] = _lines(session)
    assert (line.wanted_on, line.paid_since, line.paid_price) == (today(), today(), D(0))


def test_the_same_item_at_the_same_place_is_declared_once(
    door: Door, session: Session, people: People, need: Need, item: Item, typed: dict[str, Any]
) -> None:
    make_line(session, need, item, 3)
    answer = door.post(people.ada, f"/needs/{need.id}/lines", **typed)
    assert answer.status_code == 409
    assert "already declared for this place" in answer.text
    school = make_site(session, people.first)
    elsewhere = {**typed, "site_id": school.id}
    assert door.post(people.ada, f"/needs/{need.id}/lines", **elsewhere).status_code == 302
    first, second = _lines(session)
    moved = {"quantity": "9", "site_id": first.site_id, "version": second.version}
    assert door.post(people.ada, f"/need-lines/{second.id}/edit", **moved).status_code == 409
    same = {**moved, "site_id": second.site_id}
    assert door.post(people.ada, f"/need-lines/{second.id}/edit", **same).status_code == 302
    assert [line.quantity for line in _lines(session)] == [3, 9]


def test_an_item_that_is_not_in_the_catalogue_is_refused(
    door: Door, session: Session, people: People, need: Need, typed: dict[str, Any]
) -> None:
    for item_id in (999, 2**31, "", "x"):
        sent = {**typed, "item_id": item_id}
        assert door.post(people.ada, f"/needs/{need.id}/lines", **sent).status_code == 404
        answer = door.get(people.ada, f"/needs/{need.id}/lines/new?item_id={item_id}")
        assert answer.status_code == 404
    with refused("no_such_item"):
        entry = operations.LineEntry(D(1), 1)
        operations.add_line(need, 999, entry, actor=actor_for(people.ada), today=today())


def test_a_line_is_changed_and_the_journal_says_from_what(
    door: Door, session: Session, people: People, need: Need, item: Item
) -> None:
    line = make_line(session, need, item, 3, paid_price=D("9.5"), paid_since=date(2024, 1, 1))
    shown = fields(door.get(people.ada, f"/need-lines/{line.id}/edit").text)
    assert (shown["quantity"], shown["paid_price"]) == ("3", "9.50")
    sent = {"quantity": "4,5", "site_id": line.site_id, "wanted_on": LATE, "version": line.version}
    answer = door.post(people.ada, f"/need-lines/{line.id}/edit", **sent)
    assert (answer.status_code, answer.location) == (302, f"/needs/{need.id}?saved={line.id}")
    [line] = _lines(session)
    assert (line.quantity, line.wanted_on, line.paid_price) == (D("4.5"), LATE, None)
    [changes] = session.scalars(select(AuditEntry.changes))
    assert json.loads(changes) == {
        "line_id": line.id,
        "item_id": item.id,
        "words": None,
        "declared_quantity": ["3", "4.5"],
        "wanted_on": [None, LATE.isoformat()],
        "paid_price": ["9.5", None],
        "paid_since": ["2024-01-01", None],
    }


def test_a_line_is_removed(
    door: Door, session: Session, people: People, need: Need, item: Item
) -> None:
    line = make_line(session, need, item, 3)
    line_id, version = line.id, line.version
    answer = door.post(people.ada, f"/need-lines/{line_id}/remove", version=version)
    assert (answer.status_code, answer.location) == (302, f"/needs/{need.id}")
    assert _lines(session) == []
    [changes] = session.scalars(select(AuditEntry.changes))
    assert json.loads(changes) == {
        "line_id": line_id,
        "item_id": [item.id, None],
        "words": [None, None],
        "quantity": ["3", None],
    }


def _acts(need: Need, line: NeedLine, typed: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """List what a requester may do with a draft: address and fields."""
    changed = {**typed, "version": line.version, "item_id": line.item_id}
    free = {**typed, "words": "Banc", "own_unit": "pièce"}
    del free["item_id"]
    return [
        (f"/needs/{need.id}/lines", typed),
        (f"/needs/{need.id}/free-lines", free),
        (f"/needs/{need.id}/copy", {}),
        (f"/need-lines/{line.id}/edit", changed),
        (f"/need-lines/{line.id}/remove", {"version": line.version}),
        (f"/needs/{need.id}/submit", {}),
        (f"/needs/{need.id}/nil", {}),
    ]


@pytest.mark.parametrize("state", [NeedState.SUBMITTED, NeedState.VALIDATED])
def test_a_need_is_frozen_once_submitted(
    door: Door,
    session: Session,
    people: People,
    need: Need,
    typed: dict[str, Any],
    state: NeedState,
) -> None:
    line = make_line(session, need, make_item(session), 3)
    if state is NeedState.VALIDATED:
        need.approver_id, need.check_figure = people.alix.id, "0" * 64
    need.state = state
    for address, sent in _acts(need, line, typed):
        answer = door.post(people.ada, address, **sent)
        assert answer.status_code == 409, address
        assert "This need was submitted and no longer changes" in answer.text
        if "quantity" in sent:
            assert fields(answer.text)["quantity"] == "10"
    assert [one.quantity for one in _lines(session)] == [3]
    assert need.state is state
    page = door.get(people.ada, f"/needs/{need.id}").text
    assert "Add what you need" not in page
    assert "/submit" not in page


def test_nothing_changes_once_the_campaign_is_closed(
    door: Door, session: Session, people: People, need: Need, typed: dict[str, Any]
) -> None:
    line = make_line(session, need, make_item(session), 3)
    need.campaign.state = CampaignState.CLOSED
    for address, sent in _acts(need, line, typed):
        answer = door.post(people.ada, address, **sent)
        assert answer.status_code == 409, address
        assert "This campaign takes no answers today" in answer.text
        if "quantity" in sent:
            assert fields(answer.text)["quantity"] == "10"
    assert [one.quantity for one in _lines(session)] == [3]
    page = door.get(people.ada, f"/needs/{need.id}").text
    assert "This campaign takes no answers now" in page
    assert "Add what you need" not in page
    assert "/submit" not in page
    assert "Go on" not in door.get(people.ada, f"/campaigns/{need.campaign_id}").text


def test_nothing_changes_once_the_body_has_left(
    door: Door, session: Session, people: People, need: Need, typed: dict[str, Any]
) -> None:
    session.scalars(
        select(Membership).where(Membership.member_id == people.first.id)
    ).one().left_on = today()
    line = make_line(session, need, make_item(session), 3)
    for address, sent in _acts(need, line, typed):
        assert door.post(people.ada, address, **sent).status_code == 409, address


@pytest.mark.parametrize(
    "name, status", [("alix", 403), ("dora", 403), ("eli", 403), ("clara", 404)]
)
def test_only_requesters_declare(
    door: Door,
    session: Session,
    people: People,
    need: Need,
    typed: dict[str, Any],
    name: str,
    status: int,
) -> None:
    """The buyer declares too, but only what the centrale enters: a member's draft is not hers."""
    person = getattr(people, name)
    line = make_line(session, need, make_item(session), 3)
    for address, sent in _acts(need, line, typed):
        assert door.post(person, address, **sent).status_code == status, address
    assert door.get(person, f"/needs/{need.id}/lines/new?item_id=1").status_code == status
    assert door.get(person, f"/need-lines/{line.id}/edit").status_code == status


def test_the_need_of_another_member_does_not_exist(
    door: Door, session: Session, people: People, need: Need, typed: dict[str, Any]
) -> None:
    line = make_line(session, need, make_item(session), 3)
    for address, sent in _acts(need, line, typed):
        assert door.post(people.basile, address, **sent).status_code == 404, address
    for address in (
        f"/needs/{need.id}",
        f"/needs/{need.id}/lines/new?item_id=1",
        f"/need-lines/{line.id}/edit",
        f"/need-lines/{line.id}",
    ):
        assert door.get(people.basile, address).status_code == 404, address
    assert len(_lines(session)) == 1


def test_whoever_writes_last_is_the_author(
    door: Door, session: Session, people: People, need: Need, typed: dict[str, Any]
) -> None:
    colleague = make_person(session, member=people.first)
    door.post(colleague, f"/needs/{need.id}/lines", **typed)
    assert need.author_id == colleague.id


def test_an_item_is_found_and_added_from_the_need(
    door: Door, session: Session, people: People, need: Need, item: Item
) -> None:
    page = door.get(people.ada, f"/needs/{need.id}?q=tablettes").text
    quick = next(one for one in forms(page) if one.action == f"/needs/{need.id}/lines")
    sent = {**dict(quick.form_values()), "quantity": "4"}
    assert door.post(people.ada, quick.action, **sent).status_code == 302
    [line] = _lines(session)
    assert (line.item_id, line.quantity, line.site_id) == (item.id, D(4), need.member.sites[0].id)
    assert (
        "Already in your need: 4 for Mairie."
        in door.get(people.ada, f"/needs/{need.id}?q=tablettes").text
    )
    shown = door.get(people.ada, f"/needs/{need.id}/lines/new?item_id={item.id}")
    assert shown.status_code == 200
    assert fields(shown.text)["item_id"] == str(item.id)
    assert "Nothing found" in door.get(people.ada, f"/needs/{need.id}?q=nothing").text
    assert "/lines" not in door.get(people.alix, f"/needs/{need.id}?q=tablette").text


def test_queries_do_not_grow_with_the_lines(
    door: Door, session: Session, people: People, need: Need, count_queries: CountQueries
) -> None:
    def grow(rows: int) -> list[int]:
        for _row in range(rows):
            make_line(
                session, need, make_item(session), 3, site_id=make_site(session, people.first).id
            )
        session.commit()
        counts = []
        for address in (f"/needs/{need.id}?q=article", "/needs", f"/need-lines/{need.lines[0].id}"):
            door.get(people.ada, address)
            with count_queries() as statements:
                assert door.get(people.ada, address).status_code == 200
            counts.append(len(statements))
        return counts

    few, many = grow(3), grow(57)
    assert few == many
    assert max(many) <= 20


def test_adding_a_line_costs_the_same_in_a_long_need(
    session: Session,
    people: People,
    need: Need,
    typed: dict[str, Any],
    sign_in: SignIn,
    count_queries: CountQueries,
) -> None:
    counts = []
    # The very first act of all also begins the journal.
    for rows in (1, 3, 57):
        for _row in range(rows):
            make_line(session, need, make_item(session), 3)
        new = {**typed, "item_id": make_item(session).id}
        address = f"/needs/{need.id}/lines"
        session.commit()
        ada = sign_in(people.ada)
        session.rollback()
        with count_queries() as statements:
            assert ada.post(address, data=new).status_code == 302
        counts.append(len(statements))
    assert counts[1] == counts[2]


@on_postgresql
def test_a_line_cannot_slip_into_a_need_that_is_being_submitted(
    app: Flask, session: Session, people: People, need: Need, item: Item, typed: dict[str, Any]
) -> None:
    make_line(session, need, make_item(session), 3)
    ada, need_id = actor_for(people.ada), need.id
    session.commit()
    answers: list[int] = []
    begin_write(session)
    operations.submit(session.get_one(Need, need_id), actor=ada, today=today())
    session.flush()

    def add() -> None:
        with app.app_context():
            person_id = ada.person_id
            db.session.remove()
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie.update(_user_id=str(person_id), _fresh=True)
        answers.append(client.post(f"/needs/{need_id}/lines", data=typed).status_code)

    late = threading.Thread(target=add)
    late.start()
    late.join(0.5)
    assert answers == []
    pipeline.commit()
    late.join(10)
    assert answers == [409]
    assert session.scalar(select(func.count()).select_from(NeedLine)) == 1


def test_a_free_line_is_added_changed_and_keeps_its_words(
    door: Door, session: Session, people: People, need: Need
) -> None:
    typed = {
        "words": "Banc en bois de 1,80 m",
        "own_unit": "pièce",
        "quantity": "2",
        "basis": "year",
        "site_id": need.member.sites[0].id,
        "paid_price": "310",
        "paid_since": "2024-01-01",
    }
    answer = door.post(people.ada, f"/needs/{need.id}/free-lines", **typed)
    [line] = _lines(session)
    assert (answer.status_code, answer.location) == (302, f"/needs/{need.id}?saved={line.id}")
    assert (line.item_id, line.words, line.own_unit) == (None, "Banc en bois de 1,80 m", "pièce")
    assert (line.declared_quantity, line.quantity) == (D(2), D(8))
    assert (line.own_price, line.paid_price) == (D(310), D(310))
    page = door.get(people.ada, f"/needs/{need.id}").text
    for text in ("Banc en bois de 1,80 m", "2 each year, 8 over 48 months", "in your own words"):
        assert text in page
    address = f"/need-lines/{line.id}/edit"
    shown = fields(door.get(people.ada, address).text)
    assert (shown["words"], shown["paid_price"], shown["basis"]) == (typed["words"], "310", "year")
    for name in ("words", "own_unit"):
        sent = {**typed, "version": line.version, name: ""}
        answer = door.post(people.ada, address, **sent)
        assert answer.status_code == 409
        assert f'id="{name}-error">Say it in your own words.' in answer.text
    sent = {**typed, "version": line.version, "quantity": "3", "paid_price": "300"}
    assert door.post(people.ada, address, **sent).status_code == 302
    assert (line.quantity, line.own_price, line.words) == (D(12), D(300), typed["words"])


@pytest.mark.parametrize("name", ["words", "own_unit", "quantity"])
def test_a_free_line_that_lacks_something_is_shown_again(
    door: Door, session: Session, people: People, need: Need, name: str
) -> None:
    typed = {"words": "Un banc", "own_unit": "pièce", "quantity": "2", "site_id": 1, name: ""}
    answer = door.post(people.ada, f"/needs/{need.id}/free-lines", **typed)
    assert answer.status_code == 422
    assert f'id="{name}-error">This field is needed.' in answer.text
    kept = {"words", "own_unit", "quantity"} - {name}
    assert {one: fields(answer.text)[one] for one in kept} == {one: typed[one] for one in kept}
    assert _lines(session) == []


def test_other_words_of_a_harmonised_line_are_looked_at_again(
    door: Door, session: Session, people: People, need: Need, item: Item
) -> None:
    over = {"words": "Carton de tablettes", "own_unit": "carton", "units_each": D(5)}
    line = make_line(session, need, item, 10, declared_quantity=D(2), **over)
    address = f"/need-lines/{line.id}/edit"
    sent = {
        "words": over["words"],
        "own_unit": "carton",
        "quantity": "3",
        "site_id": line.site_id,
        "paid_price": "100",
        "paid_since": "2024-01-01",
    }
    door.post(people.ada, address, **sent, version=line.version)
    # Still 5 in each carton, and so is the price.
    assert (line.item_id, line.quantity, line.paid_price) == (item.id, D(15), D(20))
    other = {**sent, "words": "Carton de housses", "version": line.version}
    assert door.post(people.ada, address, **other).status_code == 302
    assert (line.item_id, line.units_each) == (None, None)
    assert (line.quantity, line.paid_price, line.own_price) == (D(3), D(100), D(100))


def test_an_item_of_the_catalogue_takes_no_other_words(
    door: Door, session: Session, people: People, need: Need, item: Item
) -> None:
    line = make_line(session, need, item, 3)
    sent = {"quantity": "3", "site_id": line.site_id, "version": line.version, "words": "Autre"}
    answer = door.post(people.ada, f"/need-lines/{line.id}/edit", **sent)
    assert answer.status_code == 409
    assert line.words is None


def test_a_new_place_is_kept_for_the_next_times(
    door: Door, session: Session, people: People, need: Need, typed: dict[str, Any]
) -> None:
    sent = {**typed, "site_id": "", "new_place": "École Jules-Ferry", "new_place_kind": "school"}
    # Refused for another reason, the place is neither made nor forgotten.
    refused_page = door.post(people.ada, f"/needs/{need.id}/lines", **{**sent, "quantity": "x"})
    assert refused_page.status_code == 422
    assert fields(refused_page.text)["new_place"] == "École Jules-Ferry"
    assert len(need.member.sites) == 1
    assert door.post(people.ada, f"/needs/{need.id}/lines", **sent).status_code == 302
    [line] = _lines(session)
    assert (line.site.name, line.site.kind, line.site.member_id) == (
        "École Jules-Ferry",
        "school",
        people.first.id,
    )
    # From here on it is the usual place; named once more, it is the same one.
    page = door.get(people.ada, f"/needs/{need.id}/lines/new?item_id={typed['item_id']}").text
    assert fields(page)["site_id"] == str(line.site_id)
    again = {**sent, "item_id": make_item(session).id}
    assert door.post(people.ada, f"/needs/{need.id}/lines", **again).status_code == 302
    assert {one.site_id for one in _lines(session)} == {line.site_id}


def test_only_items_of_the_campaigns_families_are_found_and_added(
    door: Door, session: Session, people: People, need: Need, item: Item, typed: dict[str, Any]
) -> None:
    other = make_item(session, designation="Tablette d’une autre famille")
    need.campaign.every_family = False
    session.add(CampaignFamily(campaign_id=need.campaign_id, family_id=item.family_id))
    page = door.get(people.ada, f"/needs/{need.id}?q=tablette").text
    assert f'id="quantity-{item.id}"' in page
    assert f'id="quantity-{other.id}"' not in page
    sent = {**typed, "item_id": other.id}
    answer = door.post(people.ada, f"/needs/{need.id}/lines", **sent)
    assert answer.status_code == 409
    assert "This campaign is not about items of this family." in answer.text
    assert door.post(people.ada, f"/needs/{need.id}/lines", **typed).status_code == 302


def test_in_a_firm_campaign_every_quantity_binds(
    door: Door, session: Session, people: People, need: Need, typed: dict[str, Any]
) -> None:
    need.campaign.commitment = Strength.FIRM
    for address in (f"/needs/{need.id}", f"/needs/{need.id}/lines/new?item_id={typed['item_id']}"):
        page = door.get(people.ada, address).text
        assert "the quantities that you declare bind your body" in page
        assert 'name="strength"' not in page
    door.post(people.ada, f"/needs/{need.id}/lines", **typed, strength="indicative")
    assert [line.strength for line in _lines(session)] == [Strength.FIRM]


def test_a_yearly_quantity_too_small_for_the_period_is_refused(
    door: Door, session: Session, people: People, need: Need, typed: dict[str, Any]
) -> None:
    need.campaign.contract_months = 3
    sent = {**typed, "quantity": "0,001", "basis": "year"}
    answer = door.post(people.ada, f"/needs/{need.id}/lines", **sent)
    assert answer.status_code == 409
    assert 'id="quantity-error">Over 3 months this comes to nothing.' in answer.text
    assert _lines(session) == []


def test_added_with_its_price_a_line_goes_on_to_its_details(
    door: Door, session: Session, people: People, need: Need, typed: dict[str, Any]
) -> None:
    answer = door.post(people.ada, f"/needs/{need.id}/lines", **typed, details=1)
    [line] = _lines(session)
    assert (answer.status_code, answer.location) == (302, f"/need-lines/{line.id}/edit?added=1")


def test_what_fills_no_whole_packs_is_said_and_kept(
    door: Door, session: Session, people: People, need: Need
) -> None:
    line = make_line(session, need, make_item(session, pack_size=10), 14)
    assert "not whole packs of 10: 20 would be" in door.get(people.ada, f"/needs/{need.id}").text
    address = f"/need-lines/{line.id}/edit"
    assert (
        "14 is not a whole number of packs of 10; 20 would be."
        in door.get(people.ada, address).text
    )
    sent = {"quantity": "20", "site_id": line.site_id, "version": line.version}
    assert door.post(people.ada, address, **sent).status_code == 302
    assert "not whole packs" not in door.get(people.ada, f"/needs/{need.id}").text
    assert "whole number of packs" not in door.get(people.ada, address).text
