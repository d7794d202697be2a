"""``flask demo``, and the band that the pages carry afterwards."""

from functools import partial
from pathlib import Path

import pytest
from flask import Flask

from procurement.demo import accounts, mark, operations, queries
from tests.databases import on_sqlite
from tests.demo.conftest import SHARE
from tests.make import make_member


@pytest.fixture(autouse=True)
def _small_and_forgotten(app: Flask, monkeypatch: pytest.MonkeyPatch):
    """Load a small story; the application shared by the suite forgets it again."""
    monkeypatch.setattr(operations, "load", partial(operations.load, share=SHARE))
    app.extensions["demonstration"] = mark.Mark()
    yield
    app.extensions["demonstration"] = mark.Mark()


def _run(app: Flask, *words: str):
    return app.test_cli_runner().invoke(args=["demo", *words])


def test_load_tells_what_it_did_and_a_second_time_does_nothing(app):
    first = _run(app, "load", "--seed", "5")
    assert first.exit_code == 0, first.output
    assert "312 bodies" in first.output
    with app.app_context():
        before = queries.counted()
    for words in (["load"], ["load", "--if-empty"]):
        again = _run(app, *words)
        assert again.exit_code == 0
        assert "already loaded" in again.output
    with app.app_context():
        assert queries.counted() == before


def test_load_refuses_a_database_that_holds_members(app, session):
    make_member(session)
    session.commit()
    refused = _run(app, "load")
    assert refused.exit_code == 1
    assert "Traceback" not in refused.output
    left_alone = _run(app, "load", "--if-empty")
    assert left_alone.exit_code == 0
    assert "not loaded" in left_alone.output
    assert queries.counted().members == 1


@on_sqlite
def test_outputs_are_written_and_the_welcome_names_them(app):
    assert _run(app, "outputs").exit_code == 1
    _run(app, "load")
    written = _run(app, "outputs")
    assert written.exit_code == 0, written.output
    paths = written.output.split()
    assert sorted(path.rpartition(".")[2] for path in paths) == [
        "pdf",
        "pdf",
        "pdf",
        "xlsx",
        "xlsx",
    ]
    for path in paths:
        assert Path(path).read_bytes()[:4] in (b"%PDF", b"PK\x03\x04")
    welcome = _run(app, "welcome", "--port", "8123").output
    assert "http://127.0.0.1:8123" in welcome
    assert accounts.PASSWORD in welcome
    assert all(account.email in welcome for account in accounts.TOLD)
    assert all(path in welcome for path in paths)


def test_welcome_promises_nothing_on_an_empty_database(app):
    welcome = _run(app, "welcome")
    assert welcome.exit_code == 0
    assert accounts.PASSWORD not in welcome.output


@on_sqlite
def test_pages_say_that_the_data_is_invented_and_ask_only_once(app, client, count_queries):
    band = "demo-band"
    assert band not in client.get("/sign-in").text
    _run(app, "load")
    app.extensions["demonstration"] = mark.Mark()
    with count_queries() as first:
        assert band in client.get("/sign-in").text
    with count_queries() as second:
        assert band in client.get("/sign-in").text
    asked = [one for one in first if "demonstration" in one]
    assert len(asked) == 1
    assert not [one for one in second if "demonstration" in one]
