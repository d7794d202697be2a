"""Every page of the platform, as every role that may read it sees it, at both widths."""

import re
from collections.abc import Iterator
from itertools import product
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from werkzeug.routing import Rule

from procurement.demo.wordings import WAITING
from procurement.extensions import db
from procurement.kernel.access import Actor, Audience, Role
from procurement.needs.likeness import key_of
from tests.browser import DESKTOP, PHONE, Visitors, axe_violations, serving
from tests.chain import QUESTION
from tests.conftest import build
from tests.databases import disconnect
from tests.pages.land import rows_of, settle_land

pytestmark = pytest.mark.browser

_ROLES = [None, *Role]
#: Addresses that answer with a file, or lead elsewhere.
_NO_PAGE = re.compile(
    r"\.(pdf|xlsx)$|/download$|^/documents/|^/static/|^/bootstrap/|^/language/|^/savings$"
)
#: No row is found by these words: every list says what to do then.
_NOTHING = "?q=nothing+of+the+kind"
#: What an address also asks for: without it a page has nothing to show, with it more.
_WORDING = urlencode(dict(zip(("words", "unit"), key_of(*WAITING[0][:2]), strict=True)))
_ASKED = {
    "needs.line_form": ["?item_id=1"],
    "needs.need": ["", "?q=a"],
    "needs.wording": ["", f"?{_WORDING}"],
    "lots.pool": ["", "?departement=78&show=left&sort=-total", _NOTHING],
    "lots.propose": ["", "?cut=trade&spread=intercommunality", "?cut=whole&spread=apart"],
    "lots.compare": ["", f"?{urlencode(QUESTION)}"],
    "lots.lot": ["", _NOTHING],
    "lots.lot_prices": ["", "?missing=1"],
}
#: What is not for a visitor, not for the role, and not there at all.
_ERRORS = {None: "/account", Role.REQUESTER: "/people", Role.BUYER: "/nothing"}
_TOKEN = re.compile(r'name="csrf_token" value="[^"]*"')


#: Forms of a need's lines, for whoever writes the need alone.
_WRITTEN_BY_MEMBERS = {"/need-lines/<id:line_id>/edit", "/needs/<id:need_id>/lines/new"}


class Stop(NamedTuple):
    """An address, and what it answered to a role; None is a visitor. An error has no rule."""

    role: Role | None
    rule: str
    path: str
    status: int
    content: str


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The platform on tables of its own."""
    folder = tmp_path_factory.mktemp("land")
    made = build(f"sqlite:///{folder / 'land.sqlite'}", folder / "instance", WTF_CSRF_ENABLED=True)
    with made.app_context():
        db.create_all()
    yield made
    disconnect(made)


@pytest.fixture(scope="module")
def people(app: Flask) -> dict[Role, Actor]:
    """One person of each role in a land where everything has begun and not all is finished."""
    return settle_land(app)


def _signed_in(app: Flask, person: Actor | None) -> FlaskClient:
    client = app.test_client()
    with client.session_transaction() as cookie:
        if person:
            cookie.update(_user_id=str(person.person_id), _fresh=True)
    return client


def _pages(app: Flask) -> list[Rule]:
    return [
        rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not _NO_PAGE.search(rule.rule)
    ]


def _may(app: Flask, rule: Rule, person: Actor | None) -> bool:
    allow = vars(app.view_functions[rule.endpoint])["allow"]
    return allow is Audience.EVERYONE if person is None else person.may(allow)


def _paths(rule: Rule, ids: dict[str, list[int]]) -> Iterator[str]:
    """Give the addresses of a page; KeyError names what is new and unknown."""
    if not rule.arguments:
        yield from (rule.rule, rule.rule + _NOTHING)
        return
    names = re.findall(r"<id:(\w+)>", rule.rule)
    choices = [ids.get(f"{rule.endpoint} {name}") or ids[name] for name in names]
    for row_ids in product(*choices):
        path = rule.rule
        for row_id in row_ids:
            path = re.sub("<.*?>", str(row_id), path, count=1)
        yield from (path + asked for asked in _ASKED.get(rule.endpoint, [""]))


@pytest.fixture(scope="module")
def stops(app: Flask, people: dict[Role, Actor]) -> list[Stop]:
    """Ask for every page in every role that may, and note what comes."""
    found = []
    for role in _ROLES:
        person = people.get(role) if role else None
        client, ids = _signed_in(app, person), {}
        if person:
            with app.app_context():
                ids = {
                    name: list(db.session.scalars(query)) for name, query in rows_of(person).items()
                }
        paths = [
            (rule.rule, path)
            for rule in _pages(app)
            if _may(app, rule, person)
            for path in _paths(rule, ids)
        ]
        if role in _ERRORS:
            paths.append(("", _ERRORS[role]))
        for rule, path in paths:
            answer = client.get(path)
            content = _TOKEN.sub("", answer.text.partition("<main")[2])
            found.append(Stop(role, rule, path, answer.status_code, content))
    return found


def test_every_page_opens_for_somebody(app: Flask, stops: list[Stop]) -> None:
    opened = {stop.rule for stop in stops if stop.status == 200}
    assert {rule.rule for rule in _pages(app)} == opened
    # What is not for the moment says so, or leads to what is; the others are errors on purpose.
    # A buyer reads a member's need, and may not write in its lines: 403.
    assert {stop.status for stop in stops if stop.rule} <= {200, 302, 403, 409}
    refused = {(stop.role, stop.rule) for stop in stops if stop.rule and stop.status == 403}
    assert {role for role, _rule in refused} <= {Role.BUYER}
    assert {rule for _role, rule in refused} <= _WRITTEN_BY_MEMBERS
    assert {stop.status for stop in stops if not stop.rule} == {401, 403, 404}


@pytest.mark.parametrize("role", _ROLES, ids=lambda role: role or "visitor")
def test_no_page_shuts_anybody_out(
    role: Role | None, app: Flask, people: dict[Role, Actor], stops: list[Stop], browser: Browser
) -> None:
    """Axe-core finds no fault in any page of the role, and none runs out of the window."""
    client = _signed_in(app, people.get(role) if role else None)
    cookie, faults = client.get_cookie("session"), []
    with serving(app) as address:
        visitors = Visitors(browser, address)
        page = visitors()
        if cookie:
            page.context.add_cookies([{"name": "session", "value": cookie.value, "url": address}])
        for path in _to_see(role, stops):
            page.set_viewport_size(DESKTOP)
            page.goto(path)
            for viewport in (DESKTOP, PHONE):
                page.set_viewport_size(viewport)
                width = page.evaluate("document.documentElement.scrollWidth")
                if width > viewport["width"]:
                    faults.append(f"{path} is {width} wide in a window of {viewport['width']}")
                faults += [f"{path} at {viewport['width']}: {one}" for one in axe_violations(page)]
        visitors.leave()
    assert not faults, "\n".join(faults)


def _to_see(role: Role | None, stops: list[Stop]) -> list[str]:
    """Choose what this role sees and no other saw before it."""
    first: dict[str, Stop] = {}
    for stop in stops:
        if stop.status != 302:
            first.setdefault(stop.content, stop)
    return [stop.path for stop in first.values() if stop.role is role]
