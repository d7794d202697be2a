"""The command that fills the catalogue."""

import json

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.catalogue import queries
from procurement.kernel.audit import AuditEntry
from tests.make import make_item


def load(app: Flask) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["catalogue", "load"])
    return done.exit_code, done.output


def test_it_loads_once_and_says_so(app: Flask, session: Session) -> None:
    code, said = load(app)
    items = queries.item_count()
    session.rollback()
    assert (code, said) == (0, f"{items} items loaded\n")
    assert items >= 60
    assert load(app) == (0, f"{items} items were already there: nothing was loaded\n")
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.verb, json.loads(entry.changes)) == ("catalogue.load", {"items": items})


def test_it_leaves_another_catalogue_alone(app: Flask, session: Session) -> None:
    make_item(session)
    session.commit()
    assert load(app) == (0, "1 items were already there: nothing was loaded\n")
    session.rollback()
    assert queries.item_count() == 1
    assert session.scalars(select(AuditEntry.id)).all() == []
