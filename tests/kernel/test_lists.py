"""Pages of a list: bounds, nonsense in the address, and where the other pages are."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.kernel.lists import SIZE, asked_id, page_of
from procurement.members.models import Member
from tests.databases import on_sqlite
from tests.make import make_member

pytestmark = on_sqlite
QUERY = select(Member.id, Member.name).order_by(Member.id)


@pytest.fixture
def seven(session: Session) -> list[int]:
    """Seven rows."""
    return [make_member(session, is_member=False).id for _one in range(7)]


@pytest.mark.parametrize(
    "address, rows, has_previous, has_next",
    [
        ("/members", [0, 1, 2], False, True),
        ("/members?page=1", [0, 1, 2], False, True),
        ("/members?page=2", [3, 4, 5], True, True),
        ("/members?page=3", [6], True, False),
        ("/members?page=4", [], True, False),
        ("/members?page=100000", [], True, False),
        ("/members?page=0", [0, 1, 2], False, True),
        ("/members?page=-3", [0, 1, 2], False, True),
        ("/members?page=99999999999999999999", [0, 1, 2], False, True),
        ("/members?page=two", [0, 1, 2], False, True),
        ("/members?page=", [0, 1, 2], False, True),
    ],
)
def test_a_page_holds_its_rows(
    app: Flask,
    seven: list[int],
    address: str,
    rows: list[int],
    has_previous: bool,
    has_next: bool,
) -> None:
    with app.test_request_context(address):
        page = page_of(QUERY, size=3)
        assert [row.id for row in page.rows] == [seven[place] for place in rows]
        assert (page.has_previous, page.has_next) == (has_previous, has_next)


def test_a_full_last_page_has_no_next(app: Flask, seven: list[int]) -> None:
    with app.test_request_context("/members"):
        assert not page_of(QUERY, size=7).has_next
        assert page_of(QUERY, size=6).has_next
        assert len(page_of(QUERY).rows) == 7 < SIZE


def test_the_other_pages_keep_the_filters(app: Flask, seven: list[int]) -> None:
    with app.test_request_context("/members?q=Évry+%26+co&departement=78&page=2"):
        page = page_of(QUERY, size=3)
        assert page.next_url == "/members?q=%C3%89vry+%26+co&departement=78&page=3"
        assert page.previous_url.endswith("&page=1")


def test_a_list_shown_elsewhere_names_its_own_address(app: Flask, seven: list[int]) -> None:
    with app.test_request_context("/people/3/close", method="POST"):
        assert page_of(QUERY, size=3, path="/people").next_url == "/people?page=2"


@pytest.mark.parametrize(
    "typed, found",
    [
        ("7", 7),
        ("2147483647", 2147483647),
        ("2147483648", None),
        ("9" * 30, None),
        ("0", None),
        ("-1", None),
        ("seven", None),
        ("", None),
    ],
)
def test_an_id_in_the_address(app: Flask, typed: str, found: int | None) -> None:
    with app.test_request_context(f"/catalogue?family={typed}"):
        assert asked_id("family") == found
        assert asked_id("other") is None
