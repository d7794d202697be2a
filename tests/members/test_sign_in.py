"""Signing in and out, and a form whose session ended while it was being filled."""

from decimal import Decimal

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from procurement.kernel.pipeline import today
from procurement.members import operations
from procurement.members.models import Person
from procurement.needs.models import NeedLine
from tests.browse import fields, send
from tests.conftest import KeepApp, MakeApp
from tests.make import PASSWORD, make_campaign, make_item, make_need
from tests.people import People

HERE = {"Origin": "http://localhost"}


@pytest.fixture(scope="module")
def password_hash() -> str:
    """The hash of the tests' password, calculated once."""
    return operations.hashed(PASSWORD)


@pytest.fixture
def strict(keep_app: KeepApp, session: Session, people: People, password_hash: str) -> Flask:
    """The platform with its forgery protection on; Ada and Clara have a password."""
    for person in (people.ada, people.clara):
        person.password_hash = password_hash
    session.commit()
    return keep_app(WTF_CSRF_ENABLED=True)


@pytest.fixture
def visitor(strict: Flask) -> FlaskClient:
    """Somebody who reads English and is not signed in."""
    client = strict.test_client()
    with client.session_transaction() as cookie:
        cookie["language"] = "en"
    return client


def _credentials(name: str = "ada") -> dict[str, str]:
    return {"email": f"{name}@example.org", "password": PASSWORD}


def _enter(client: FlaskClient, person: Person) -> FlaskClient:
    with client.session_transaction() as cookie:
        cookie.update(_user_id=str(person.id), _fresh=True)
    return client


def _leave(client: FlaskClient) -> None:
    """End the session as its expiry would: the token goes with it."""
    with client.session_transaction() as cookie:
        cookie.clear()
        cookie["language"] = "en"


def test_the_right_password_opens(visitor: FlaskClient) -> None:
    entered = send(visitor, visitor.get("/sign-in"), **_credentials())
    assert (entered.status_code, entered.location) == (302, "/")
    assert "Ada" in visitor.get("/account").text


def test_the_address_is_compared_in_small_letters(visitor: FlaskClient) -> None:
    typed = {"email": " ADA@Example.org ", "password": PASSWORD}
    assert send(visitor, visitor.get("/sign-in"), **typed).status_code == 302


@pytest.mark.parametrize(
    "typed, sentence",
    [
        ({"password": "a wrong password"}, "No account has this address and this password."),
        ({"password": PASSWORD + " "}, "No account has this address and this password."),
        ({"email": "nobody@example.org"}, "No account has this address and this password."),
        ({"email": "eli@example.org"}, "No account has this address and this password."),
        ({"email": "a\x00b"}, "This is not text."),
        ({"email": "x" * 300}, "At most 254 characters."),
        ({"password": ""}, "This field is needed."),
        ({"password": "x" * 201}, "At most 200 characters."),
    ],
)
def test_the_wrong_ones_do_not(visitor: FlaskClient, typed: dict[str, str], sentence: str) -> None:
    refused = send(visitor, visitor.get("/sign-in"), **{**_credentials(), **typed})
    assert refused.status_code == 422
    assert sentence in refused.text
    assert PASSWORD not in refused.text
    assert visitor.get("/account").status_code == 401
    if "email" not in typed:
        assert fields(refused.text)["email"] == "ada@example.org"


def test_a_closed_access_opens_nothing(
    visitor: FlaskClient, session: Session, people: People
) -> None:
    people.ada.is_active = False
    session.commit()
    assert send(visitor, visitor.get("/sign-in"), **_credentials()).status_code == 422
    # A cookie of before is worth nothing either.
    assert _enter(visitor, people.ada).get("/account").status_code == 401


def test_a_cookie_that_names_nobody_is_a_visitor(visitor: FlaskClient) -> None:
    for name in ("999", "ada", "-1", ""):
        with visitor.session_transaction() as cookie:
            cookie["_user_id"] = name
        assert visitor.get("/account").status_code == 401


def test_a_password_may_end_with_a_space(
    visitor: FlaskClient, session: Session, people: People
) -> None:
    people.ada.password_hash = operations.hashed(" spaces belong to it ")
    session.commit()
    typed = {"email": "ada@example.org", "password": " spaces belong to it "}
    assert send(visitor, visitor.get("/sign-in"), **typed).status_code == 302


def test_too_many_attempts_are_stopped(
    make_app: MakeApp, database_url: str, session: Session, people: People, password_hash: str
) -> None:
    people.ada.password_hash = password_hash
    session.commit()
    app = make_app(database_url, RATELIMIT_ENABLED=True, SIGN_IN_LIMIT="3 per minute")
    client = app.test_client()
    wrong = {**_credentials(), "password": "a wrong password"}
    assert [client.post("/sign-in", data=wrong).status_code for _once in range(5)] == [
        422,
        422,
        422,
        429,
        429,
    ]
    # Not even the right password opens now, and other pages are not limited.
    assert client.post("/sign-in", data=_credentials()).status_code == 429
    assert {client.get("/sign-in").status_code for _once in range(5)} == {200}


def test_one_goes_on_to_where_one_was_going(visitor: FlaskClient) -> None:
    asked = visitor.get("/members?q=Amboise&page=1")
    assert asked.status_code == 401
    assert "kept" not in asked.text
    entered = send(visitor, asked, **_credentials())
    assert (entered.status_code, entered.location) == (302, "/members?q=Amboise&page=1")


def test_the_way_is_kept_through_a_wrong_password(visitor: FlaskClient) -> None:
    once = send(visitor, visitor.get("/account"), email="ada@example.org", password="wrong")
    assert send(visitor, once, **_credentials()).location == "/account"


@pytest.mark.parametrize(
    "target",
    ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "/\t//x"],
)
def test_another_site_is_not_gone_to(visitor: FlaskClient, target: str) -> None:
    asked = visitor.get("/sign-in", query_string={"target": target})
    assert send(visitor, asked, **_credentials()).location == "/"


def test_signing_out_ends_it(visitor: FlaskClient, people: People) -> None:
    _enter(visitor, people.ada)
    out = send(visitor, visitor.get("/account"))
    assert (out.status_code, out.location) == (302, "/sign-in")
    assert visitor.get("/account").status_code == 401


def test_a_form_without_its_token_is_not_taken(visitor: FlaskClient, people: People) -> None:
    _enter(visitor, people.clara)
    typed = {"title": "Needs 2027", "opens_on": "2026-01-01", "closes_on": "2026-12-31"}
    assert visitor.post("/campaigns", data=typed, headers=HERE).status_code == 401
    assert "Needs 2027" not in visitor.get("/campaigns").text


def test_a_form_sent_after_the_session_ended_is_kept_and_sent_again(
    visitor: FlaskClient, session: Session, people: People
) -> None:
    item, need = make_item(session), make_need(session, make_campaign(session), people.ada)
    session.commit()
    page = _enter(visitor, people.ada).get(f"/needs/{need.id}/lines/new?item_id={item.id}")
    _leave(visitor)
    asked = send(visitor, page, quantity="1 234,5", wanted_on=f"{today():%d/%m/%Y}")
    assert asked.status_code == 401
    assert "What you typed is kept" in asked.text
    # A wrong password loses nothing of it.
    asked = send(visitor, asked, email="ada@example.org", password="wrong")
    resumed = send(visitor, asked, **_credentials())
    assert resumed.status_code == 200
    assert "Nothing was sent yet" in resumed.text
    assert session.scalar(select(func.count()).select_from(NeedLine)) == 0
    session.rollback()
    kept = fields(resumed.text)
    assert (kept["quantity"], kept["wanted_on"]) == ("1 234,5", f"{today():%d/%m/%Y}")
    sent = send(visitor, resumed)
    assert (sent.status_code, sent.location) == (302, f"/needs/{need.id}?saved=1")
    line = session.scalars(select(NeedLine)).one()
    assert (line.quantity, line.item_id, line.wanted_on) == (Decimal("1234.5"), item.id, today())


def test_a_button_pressed_after_the_session_ended_can_be_pressed_again(
    visitor: FlaskClient, session: Session, people: People
) -> None:
    campaign = make_campaign(session)
    session.commit()
    page = _enter(visitor, people.ada).get(f"/campaigns/{campaign.id}")
    _leave(visitor)
    resumed = send(visitor, send(visitor, page), **_credentials())
    assert resumed.status_code == 200
    assert send(visitor, resumed).location == "/needs/1"


def test_whoever_signs_in_instead_sends_it_under_their_own_name(
    visitor: FlaskClient, session: Session, people: People
) -> None:
    campaign = make_campaign(session)
    session.commit()
    page = _enter(visitor, people.ada).get(f"/campaigns/{campaign.id}")
    _leave(visitor)
    resumed = send(visitor, send(visitor, page), **_credentials("clara"))
    assert send(visitor, resumed).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Referer": "https://elsewhere.example/http://localhost/"},
        {},
    ],
)
def test_what_another_site_sends_is_not_kept(visitor: FlaskClient, headers: dict[str, str]) -> None:
    asked = visitor.post("/needs/1/lines", data={"quantity": "666"}, headers=headers)
    assert asked.status_code == 401
    assert "666" not in asked.text
    assert "/needs/1/lines" not in asked.text
    assert send(visitor, asked, **_credentials()).location == "/"


def test_another_site_cannot_plant_a_form_in_the_sign_in(visitor: FlaskClient) -> None:
    planted = {"target": "/orders/1/confirm", "kept.reason": "666", "resend": "1"}
    asked = visitor.post(
        "/sign-in", data={**_credentials(), **planted}, headers={"Origin": "https://x.example"}
    )
    assert asked.status_code == 401
    assert "666" not in asked.text
    assert fields(asked.text)["target"] == ""


def test_a_sign_in_form_that_waited_too_long_keeps_no_password(visitor: FlaskClient) -> None:
    asked = visitor.get("/members")
    _leave(visitor)
    again = send(visitor, asked, **_credentials())
    assert again.status_code == 401
    assert PASSWORD not in again.text
    assert send(visitor, again, **_credentials()).location == "/members"


def test_no_password_is_kept_of_any_form(visitor: FlaskClient) -> None:
    typed = {"email": "new@example.org", "name": "New", "password": "the first password"}
    asked = visitor.post("/people", data=typed, headers=HERE)
    assert asked.status_code == 401
    assert "the first password" not in asked.text
    assert fields(asked.text)["kept.name"] == "New"
