"""Fixtures for every test: the application on either database, a client, a browser.

A test that asks for ``app``, ``session``, ``client`` or ``visit`` runs twice, on SQLite and on
PostgreSQL. One that needs a single database is marked ``@on_sqlite`` or ``@on_postgresql``
(tests/databases.py).
"""

import contextvars
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import flask
import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from sqlalchemy import event
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from procurement import create_app
from procurement.extensions import db, limiter
from procurement.members.models import Person
from tests import system
from tests.browser import Visitors, running_browser, serving
from tests.databases import KINDS, Database, PostgreSQL, SQLite, disconnect
from tests.door import Door
from tests.libreoffice import LibreOffice
from tests.people import People, settle
from tests.postgres import Cluster, running_cluster

SETTINGS: dict[str, Any] = {
    "TESTING": True,
    "SECRET_KEY": "only for the tests",
    "WTF_CSRF_ENABLED": False,
    "RATELIMIT_ENABLED": False,
    "JOBS_IMMEDIATE": True,
}


def pytest_configure() -> None:
    """Have a suite that is told to end stop its servers first, as on Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


class Furnished(NamedTuple):
    """A database with the platform's empty tables, and the application on it."""

    kind: str
    database: Database
    app: Flask


Furnish = Callable[[str], Furnished]
MakeApp = Callable[..., Flask]
KeepApp = Callable[..., Flask]
SignIn = Callable[[Person], FlaskClient]
CountQueries = Callable[[], AbstractContextManager[list[str]]]


class Client(FlaskClient):
    """A client whose requests see nothing of the test around them.

    Flask would hand them the application context that the test holds open, and with it the test's
    own database session: what a view forgot to commit would seem to be there.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Make the request in a context of its own."""
        return contextvars.Context().run(super().open, *args, **kwargs)


def need(tool: system.Tool) -> Path:
    """Give the tool's place; without it skip the test, or fail it in continuous integration."""
    found = tool.find()
    if found is None:
        reason = f"LEFT OUT: {tool.name} is not installed (Debian's package: {tool.package})"
        if system.in_ci():
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The suite's own PostgreSQL server, one for each process of the suite."""
    with running_cluster(need(system.POSTGRESQL)) as running:
        yield running


def build(url: str, instance: Path, **settings: Any) -> Flask:
    """Make an application as the tests want one, on the database at ``url``."""
    places = {"SQLALCHEMY_DATABASE_URI": url, "INSTANCE_PATH": str(instance)}
    app = create_app({**SETTINGS, **places, **settings})
    app.test_client_class = Client
    return app


@pytest.fixture(scope="session")
def _furnish(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Furnish]:
    """Make each kind of database with its application when it is first asked for, and keep it.

    An application compiles its templates once, and that costs more than most tests.
    """
    kept: dict[str, Furnished] = {}
    with ExitStack() as ending:

        def furnish(kind: str) -> Furnished:
            if kind not in kept:
                folder = tmp_path_factory.mktemp(kind)
                database: Database = SQLite(folder)
                if kind == "postgresql":
                    database = PostgreSQL(request.getfixturevalue("cluster"), "test")
                app = build(database.url, folder / "instance")
                database.create(app)
                ending.callback(database.close)
                ending.callback(disconnect, app)
                kept[kind] = Furnished(kind, database, app)
            return kept[kind]

        yield furnish


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, _furnish: Furnish) -> Furnished:
    """The platform's tables, empty."""
    furnished = _furnish(request.param)
    furnished.database.empty(furnished.app)
    shutil.rmtree(furnished.app.instance_path)
    Path(furnished.app.instance_path).mkdir()
    return furnished


@pytest.fixture
def database_url(database: Furnished) -> str:
    """Address of the test's database."""
    return database.database.url


@pytest.fixture(params=KINDS)
def bare_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database without any table, for what makes them itself."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.sqlite'}"
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    yield cluster.create("bare")
    cluster.drop("bare")


@pytest.fixture
def app(database: Furnished) -> Flask:
    """The application on the test's database."""
    return database.app


@pytest.fixture
def make_app(tmp_path: Path) -> Iterator[MakeApp]:
    """Build an application of one's own: give it the database's address and SETTING=value."""
    with ExitStack() as ending:
        # The limiter is one object for all applications: leave it as the shared one needs it.
        ending.callback(setattr, limiter, "enabled", SETTINGS["RATELIMIT_ENABLED"])

        def make(url: str, **settings: Any) -> Flask:
            made = build(url, tmp_path / "instance", **settings)
            ending.callback(disconnect, made)
            return made

        yield make


@pytest.fixture(scope="session")
def _kept_apps() -> dict[tuple[object, ...], Flask]:
    return {}


@pytest.fixture
def keep_app(database: Furnished, _kept_apps: dict[tuple[object, ...], Flask]) -> Iterator[KeepApp]:
    """Give an application with SETTING=value on the test's database, made once for all tests.

    Give the blueprints that it needs beside the platform's own.
    """
    used: list[Flask] = []

    def keep(*blueprints: Blueprint, **settings: Any) -> Flask:
        key = (database.kind, blueprints, *sorted(settings.items()))
        if key not in _kept_apps:
            made = build(database.database.url, Path(database.app.instance_path), **settings)
            for one in blueprints:
                made.register_blueprint(one)
            _kept_apps[key] = made
        used.append(_kept_apps[key])
        return _kept_apps[key]

    yield keep
    for one in used:
        disconnect(one)


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """A database session, for the tests of operations and queries.

    Nothing of it is seen by a request of ``client`` before it is committed, and on SQLite a
    transaction that wrote keeps the others waiting: commit first.
    """
    with app.app_context():
        yield db.session()


@pytest.fixture
def english(app: Flask) -> Iterator[None]:
    """Read sentences in English, as a reader who chose it does."""
    with app.test_request_context("/"):
        flask.session["language"] = "en"
        yield


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A visitor without a browser."""
    return app.test_client()


@pytest.fixture
def people(session: Session) -> People:
    """The people of the tests, committed: requests see them."""
    settled = settle(session)
    session.commit()
    return settled


@pytest.fixture
def door(app: Flask, session: Session) -> Door:
    """Requests made as one of the people."""
    return Door(app, session)


@pytest.fixture
def sign_in(app: Flask) -> SignIn:
    """Give a client that a person is signed in with: ``sign_in(people.ada).get(...)``."""

    def signed_in(person: Person) -> FlaskClient:
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = str(person.id)
            cookie["_fresh"] = True
        return client

    return signed_in


@pytest.fixture
def count_queries(app: Flask) -> CountQueries:
    """Note what is sent to the database while a block runs.

    ``with count_queries() as statements: client.get(...)``, then ``len(statements)``.
    """

    @contextmanager
    def counting() -> Iterator[list[str]]:
        statements: list[str] = []

        def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
            # SQLite's transactions are begun by us, PostgreSQL's by its driver.
            if not statement.startswith("BEGIN"):
                statements.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return counting


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with running_browser(need(system.CHROMIUM)) as running:
        yield running


@pytest.fixture
def live_server(database_url: str, make_app: MakeApp) -> Iterator[str]:
    """Address of the application as a browser meets it, forgery protection and all."""
    with serving(make_app(database_url, WTF_CSRF_ENABLED=True)) as address:
        yield address


@pytest.fixture
def visit(browser: Browser, live_server: str) -> Iterator[Visitors]:
    """Open pages: ``visit()`` at desktop width, ``visit(PHONE)``; one person for each call."""
    visitors = Visitors(browser, live_server)
    yield visitors
    visitors.leave()


@pytest.fixture(scope="session")
def libreoffice(tmp_path_factory: pytest.TempPathFactory) -> LibreOffice:
    """LibreOffice, to recalculate a workbook or to turn a file into another kind."""
    return LibreOffice(need(system.LIBREOFFICE), tmp_path_factory.mktemp("libreoffice"))
