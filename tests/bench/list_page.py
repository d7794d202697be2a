"""A list page of 50 rows, against a bare Flask page of the same 50 rows from SQLAlchemy Core.

The bare page has the same statement, the same cells, links and formats: what is compared is all
that stands around them, which is session, rights, layout, filters and pager.
"""

import gc
from collections.abc import Callable

from flask import Flask, render_template
from flask.testing import FlaskClient
from jinja2 import DictLoader
from sqlalchemy import create_engine, select

from procurement.extensions import db
from procurement.kernel.access import Role
from procurement.kernel.database import Query
from procurement.members import queries as members
from procurement.members.models import Person
from procurement.needs import queries as needs
from tests.bench.measure import Result, compared

_NEEDS = """<!doctype html><title>Needs</title><table>
<thead><tr><th>Member<th>Département<th>Campaign<th>State<th>Lines</thead>
<tbody>
{% for row in rows %}<tr><th><a href="{{ url % row.id }}">{{ row.member_name }}</a></th>
<td><span class="dep dep-{{ row.departement }}">{{ row.departement }}</span></td>
<td>{{ row.campaign_title }}</td>
<td><span class="state state-{{ row.state }}">{{ row.state|need_state }}</span></td>
<td>{% if row.is_nil %}Nothing{% else %}{{ row.lines }}{% endif %}</td></tr>
{% endfor %}</tbody></table>"""


def run(app: Flask) -> Result:
    """Measure the list of needs as a buyer sees it."""
    buyer_id = db.session.scalars(select(Person.id).where(Person.role == Role.BUYER)).one()
    buyer = members.actor_by_id(buyer_id)
    if buyer is None:
        raise LookupError("the buyer of the demonstration does not sign in")
    ours = signed_in(app, buyer_id)
    bare = _bare(app, needs.need_list(buyer, None, "", "").limit(50))
    db.session.remove()
    # As wsgi.py does.
    gc.collect()
    gc.freeze()
    name = "page of 50 needs, in process"
    return compared(name, 1.5, getter(ours, "/needs"), getter(bare, "/"), 400)


def getter(client: FlaskClient, path: str) -> Callable[[], None]:
    def get() -> None:
        if client.get(path).status_code != 200:
            raise AssertionError(f"{path} answers {client.get(path).status_code}")

    return get


def signed_in(app: Flask, person_id: int) -> FlaskClient:
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = str(person_id)
        cookie["_fresh"] = True
    return client


def _bare(ours: Flask, query: Query) -> FlaskClient:
    app = Flask("bare")
    app.jinja_loader = DictLoader({"list.html": _NEEDS})
    app.jinja_env.filters["need_state"] = ours.jinja_env.filters["need_state"]
    engine = create_engine(db.engine.url)

    @app.get("/")
    def rows() -> str:
        with engine.connect() as connection:
            found = connection.execute(query).all()
            return render_template("list.html", rows=found, url="/%d", locale="fr")

    return app.test_client()
