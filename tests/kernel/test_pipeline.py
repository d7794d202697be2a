"""The way of a request: right, parse, act, one commit, answer; and what leaves nothing behind."""

import threading
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from procurement.kernel import audit
from procurement.kernel.access import Audience
from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import Stage, local_address
from procurement.members.models import Person
from procurement.needs.models import Campaign
from tests.kernel.trial import everyone
from tests.people import People


@pytest.fixture
def knock(trial_app: Flask, people: People) -> FlaskClient:
    """A client of an application with the trial's routes, signed in as the buyer."""
    return _enter(trial_app.test_client(), people.clara)


def _enter(client: FlaskClient, person: Person | None) -> FlaskClient:
    with client.session_transaction() as cookie:
        cookie.clear()
        cookie["language"] = "en"
        if person is not None:
            cookie.update(_user_id=str(person.id), _fresh=True)
    return client


def _written(session: Session) -> tuple[int, int]:
    session.rollback()
    counts = (select(func.count()).select_from(table) for table in (Campaign, AuditEntry))
    return tuple(session.scalar(one) or 0 for one in counts)  # type: ignore[return-value]  # two


def test_a_route_without_allow_cannot_be_declared() -> None:
    stage = Stage("careless", __name__)
    with pytest.raises(TypeError, match="allow"):
        stage.get("/careless")(everyone)
    with pytest.raises(TypeError, match="no view"):
        stage.add_url_rule("/careless", "careless", allow=Audience.EVERYONE)


def test_who_may_call(knock: FlaskClient, people: People) -> None:
    assert knock.get("/trial/campaigns").status_code == 200
    assert knock.get("/trial/signed-in").text == "Clara"
    _enter(knock, people.dora)
    assert knock.get("/trial/campaigns").status_code == 403
    assert knock.post("/trial/done", data={"title": "x"}).status_code == 403
    assert knock.get("/trial/signed-in").text == "Dora"
    _enter(knock, None)
    assert knock.get("/trial").text == "come in"
    for answer in (
        knock.get("/trial/signed-in"),
        knock.get("/trial/campaigns"),
        knock.post("/trial/done", data={"title": "x"}),
    ):
        assert answer.status_code == 401
        assert 'name="password"' in answer.text


def test_the_role_is_asked_before_anything_else(knock: FlaskClient, people: People) -> None:
    _enter(knock, people.ada)
    assert knock.post("/trial/done", data={}).status_code == 403
    assert knock.post("/trial/absent", data={"title": "x"}).status_code == 403


def test_what_went_well_is_committed_with_its_entry(knock: FlaskClient, session: Session) -> None:
    assert knock.post("/trial/done", data={"title": " Needs 2027 "}).status_code == 201
    assert _written(session) == (1, 1)
    assert session.scalars(select(Campaign.title)).one() == "Needs 2027"
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.actor_name, entry.verb) == ("Clara", "trial.act")


@pytest.mark.parametrize(
    "mode, status, shown",
    [
        ("refused", 409, {"errors": {}, "refusal": "Not today."}),
        ("beside", 409, {"errors": {"title": ["Not this one."]}, "refusal": None}),
        ("invalid", 422, {"errors": {"title": ["Not like this."]}, "refusal": None}),
        (
            "stale",
            409,
            {
                "errors": {},
                "refusal": "Somebody else changed this in the meantime. Check it and try again.",
            },
        ),
        ("absent", 404, None),
        ("forbidden", 403, None),
        ("broken", 500, None),
        ("check", 500, None),
        ("late", 422, None),
    ],
)
def test_what_went_wrong_leaves_nothing(
    knock: FlaskClient, session: Session, mode: str, status: int, shown: dict[str, Any] | None
) -> None:
    answer = knock.post(f"/trial/{mode}", data={"title": "Needs 2027"})
    assert answer.status_code == status
    assert _written(session) == (0, 0)
    if shown is not None:
        assert answer.json == {"title": "Needs 2027", **shown}
    elif mode != "late":
        assert "<h1>" in answer.text
    # The next request of the same worker starts clean.
    assert knock.post("/trial/done", data={"title": "Next"}).status_code == 201
    assert _written(session) == (1, 1)


@pytest.mark.parametrize(
    "typed, errors",
    [
        ({}, {"title": ["This field is needed."]}),
        ({"title": "  "}, {"title": ["This field is needed."]}),
        ({"title": "x" * 21}, {"title": ["At most 20 characters."]}),
        ({"title": "a\x00b"}, {"title": ["This is not text."]}),
        ({"title": "x", "state": "open"}, {"state": ["This field is not expected here."]}),
        ({"title": "x", "title-0-a": "y"}, {"title": ["This field is not expected here."]}),
    ],
)
def test_a_wrong_field_shows_the_page_with_what_was_typed(
    knock: FlaskClient, session: Session, typed: dict[str, str], errors: dict[str, list[str]]
) -> None:
    answer = knock.post("/trial/done", data=typed)
    assert answer.status_code == 422
    assert answer.json == {"title": typed.get("title", ""), "errors": errors, "refusal": None}
    assert _written(session) == (0, 0)


def test_the_same_title_twice_is_somebody_elses_change(
    knock: FlaskClient, session: Session
) -> None:
    assert knock.post("/trial/done", data={"title": "Twice"}).status_code == 201
    answer = knock.post("/trial/done", data={"title": "Twice"})
    assert answer.status_code == 409
    assert answer.json is not None
    assert answer.json["refusal"].startswith("Somebody else changed this")
    assert _written(session) == (1, 1)


def test_errors_are_said_in_json_to_whom_asks_for_it(knock: FlaskClient, people: People) -> None:
    asked = {"Accept": "application/json"}
    answer = knock.get("/nowhere", headers=asked)
    assert answer.json == {
        "error": {
            "code": "not_found",
            "sentence": "This page does not exist, or is not yours to see.",
        }
    }
    assert knock.post("/trial/forbidden", data={"title": "x"}, headers=asked).json == {
        "error": {
            "code": "forbidden",
            "sentence": "Your role does not include this page or this act.",
        }
    }


def test_reading_commits_nothing(knock: FlaskClient, session: Session) -> None:
    assert knock.get("/trial/write-on-get").status_code == 200
    assert _written(session) == (0, 0)


def test_foreign_and_absent_rows_are_answered_alike(knock: FlaskClient, people: People) -> None:
    own, foreign = people.first.sites[0].id, people.second.sites[0].id
    _enter(knock, people.ada)
    assert knock.get(f"/trial/sites/{own}").text == "Mairie"
    answers = {knock.get(f"/trial/sites/{one}").text for one in (foreign, 999)}
    assert len(answers) == 1
    addresses = [f"/trial/sites/{one}" for one in (foreign, 999, 0, -1, "x", "1.5", "9" * 10)]
    addresses += [f"/trial/find/{one}" for one in (0, 2**31, 2**63, 10**40)]
    assert {knock.get(one).status_code for one in addresses} == {404}


@pytest.mark.parametrize(
    "address",
    [
        "/members?q=%00",
        "/journal?object=a%00",
        "/sign-in?target=%00",
        "/?x=%00",
    ],
)
def test_a_nul_byte_in_the_address_is_a_bad_request(
    knock: FlaskClient, people: People, address: str
) -> None:
    assert _enter(knock, people.eli).get(address).status_code == 400


@pytest.mark.parametrize(
    "address",
    [
        "/journal?id={huge}&object=member",
        "/members?page={huge}&departement=%27",
        "/catalogue?family={huge}",
        "/people?page=-1",
    ],
)
def test_huge_numbers_in_the_address_break_nothing(
    knock: FlaskClient, people: People, address: str
) -> None:
    _enter(knock, people.eli)
    for huge in (2**31, 2**63, 10**40):
        assert knock.get(address.format(huge=huge)).status_code == 200


def test_too_much_is_refused(knock: FlaskClient, session: Session) -> None:
    assert knock.post("/trial/done", data={"title": "x" * 17_000_000}).status_code == 413
    assert _written(session) == (0, 0)


def test_the_wrong_method_says_so(knock: FlaskClient) -> None:
    answer = knock.get("/trial/done")
    assert answer.status_code == 405
    assert "This address does not accept this kind of request." in answer.text


def test_every_answer_forbids_foreign_and_inline_content(knock: FlaskClient) -> None:
    for address in ("/", "/nowhere", "/sign-in", "/static/app.css"):
        with knock.get(address) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "target",
    [
        "",
        "https://elsewhere.example/",
        "//elsewhere.example",
        "/\\elsewhere.example",
        "/\t/elsewhere.example",
        "/\n/elsewhere.example",
        "\t//elsewhere.example",
        "javascript:alert(1)",
        "elsewhere",
        " /needs",
    ],
)
def test_an_address_of_another_site_is_not_followed(target: str) -> None:
    assert local_address(target, "/home") == "/home"


def test_an_address_of_this_site_is_followed() -> None:
    assert local_address("/needs/3?q=é&page=2#top", "/home") == "/needs/3?q=é&page=2#top"


def _race(client: FlaskClient, titles: list[str]) -> list[int]:
    """Send the same form from several connections at once."""
    start, answers = threading.Barrier(len(titles)), list[TestResponse]()

    def send(title: str) -> None:
        mine = client.application.test_client()
        mine._cookies = client._cookies
        start.wait(10)
        answers.append(mine.post("/trial/done", data={"title": title}))

    senders = [threading.Thread(target=send, args=(title,)) for title in titles]
    for one in senders:
        one.start()
    for one in senders:
        one.join(60)
    return sorted(answer.status_code for answer in answers)


def test_of_the_same_form_sent_at_once_one_is_kept(knock: FlaskClient, session: Session) -> None:
    assert _race(knock, ["The same"] * 4) == [201, 409, 409, 409]
    assert _written(session) == (1, 1)
    assert list(audit.faults(session)) == []


def test_different_forms_sent_at_once_are_all_kept(knock: FlaskClient, session: Session) -> None:
    assert _race(knock, [f"Number {one}" for one in range(5)]) == [201] * 5
    assert _written(session) == (5, 5)
    assert list(audit.faults(session)) == []
