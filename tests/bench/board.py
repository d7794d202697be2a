"""The answer board of the whole territory, against a bare Flask page of the same statements.

Every member of the demonstration is asked; 50 rows are shown, and all are counted. The bare page
reads the same rows and the same counts, and writes them as two plain tables: what is compared is
the session, rights, layout, filters, links, completion, the drawing and the pager, which are half
of this page.
"""

import gc
from dataclasses import dataclass

from flask import Flask, render_template
from flask.testing import FlaskClient
from jinja2 import DictLoader
from sqlalchemy import create_engine, select

from procurement.extensions import db
from procurement.kernel.access import Role
from procurement.kernel.database import Query
from procurement.kernel.pipeline import today
from procurement.members.models import Person
from procurement.needs import queries
from procurement.needs.models import Campaign, CampaignState
from procurement.needs.queries import Filter
from tests.bench.list_page import getter, signed_in
from tests.bench.measure import Result, compared

_BOARD = """<!doctype html><title>Board</title>
<table><thead><tr><th>Département<th>Status<th>Members<th>Inhabitants</thead>
<tbody>{% for row in counts %}<tr><td>{{ row[0] }}</td><td>{{ row[1] }}</td><td>{{ row[2] }}</td>
<td>{{ row[3]|whole }}</td></tr>
{% endfor %}</tbody></table>
<select>{% for id, name in groups %}
<option value="{{ id }}">{{ name }}</option>{% endfor %}</select>
<table><thead><tr><th>Member<th>Status<th>Département
<th>Intercommunality<th>Inhabitants<th>Lines<th>Last written in<th>Last reminded</thead>
<tbody>{% for row in rows %}<tr><th><a href="{{ url % row.id }}">{{ row.name }}</a></th>
<td><span class="state state-{{ row.status }}">{{ row.status }}</span></td>
<td><span class="dep dep-{{ row.departement }}">{{ row.departement }}</span></td>
<td>{{ row.intercommunality or '' }}</td><td>{{ row.population|whole }}</td>
<td>{{ row.lines if row.lines is not none }}</td>
<td>{{ row.touched_at|moment if row.touched_at }}</td>
<td>{{ row.reminded_on|day if row.reminded_on }}</td></tr>
{% endfor %}</tbody></table>"""


@dataclass(frozen=True, slots=True)
class _Statements:
    """What both pages ask the database."""

    rows: Query
    counts: Query
    groups: Query


def run(app: Flask) -> Result:
    """Measure the board of the campaign under way, as a buyer sees it."""
    buyer_id = db.session.scalars(select(Person.id).where(Person.role == Role.BUYER)).one()
    open_now = select(Campaign).where(Campaign.state == CampaignState.OPEN)
    campaign = db.session.scalars(open_now).one()
    statements = _Statements(
        queries.board_rows(campaign, today(), Filter()).limit(51),
        queries.counts_query(campaign, today(), Filter()),
        queries.INTERCOMMUNALITIES,
    )
    address = f"/campaigns/{campaign.id}/board"
    ours, bare = signed_in(app, buyer_id), _bare(app, statements)
    db.session.remove()
    # As wsgi.py does.
    gc.collect()
    gc.freeze()
    name = "answer board of the whole territory, in process"
    return compared(name, 2.5, getter(ours, address), getter(bare, "/"), 200)


def _bare(ours: Flask, statements: _Statements) -> FlaskClient:
    app = Flask("bare")
    app.jinja_loader = DictLoader({"board.html": _BOARD})
    for name in ("whole", "moment", "day"):
        app.jinja_env.filters[name] = ours.jinja_env.filters[name]
    engine = create_engine(db.engine.url)

    @app.get("/")
    def board() -> str:
        with engine.connect() as connection:
            return render_template(
                "board.html",
                rows=connection.execute(statements.rows).all()[:50],
                counts=connection.execute(statements.counts).all(),
                groups=connection.execute(statements.groups).all(),
                url="/%d",
                locale="fr",
            )

    return app.test_client()
