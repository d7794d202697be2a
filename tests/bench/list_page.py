"""A list page of 50 rows, against a bare Flask page of the same 50 rows from SQLAlchemy Core."""

from flask import Flask, render_template
from flask.testing import FlaskClient
from jinja2 import DictLoader
from sqlalchemy import Engine, create_engine, literal, or_, select
from sqlalchemy.orm import aliased

from procurement.extensions import db
from procurement.kernel.access import Role
from procurement.kernel.pipeline import today
from procurement.members.models import Member, Membership, Person
from tests.bench.measure import Result, compared

#: The same cells as the page's, with the same links and formats, and nothing around them.
_BARE = """<!doctype html><title>Members</title><table>
<thead><tr><th>Name<th>Kind<th>Département<th>Intercommunality<th>Inhabitants<th>Membership</thead>
<tbody>
{% for row in rows %}<tr><th><a href="{{ url % row.id }}">{{ row.name }}</a></th>
<td>{{ row.kind|member_kind }}</td><td>{{ row.departement }}</td>
<td>{{ row.intercommunality or '' }}</td><td>{{ row.population|whole }}</td>
<td>{{ 'In force' if row.is_member else 'None' }}</td></tr>
{% endfor %}</tbody></table>"""


def run(app: Flask) -> Result:
    """Measure the list of members as a buyer sees it: session, rights, layout and all."""
    ours = _signed_in(app)
    url = db.engine.url.render_as_string(hide_password=False)
    bare = _bare(app, url).test_client()

    def page() -> None:
        answer = ours.get("/members")
        if answer.status_code != 200:
            raise AssertionError(answer.status)

    return compared(
        "list page of 50 members, in process", 1.5, page, lambda: bare.get("/members"), 300
    )


def _signed_in(app: Flask) -> FlaskClient:
    client = app.test_client()
    buyer = db.session.scalar(select(Person.id).where(Person.role == Role.BUYER))
    db.session.remove()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = str(buyer)
        cookie["_fresh"] = True
    return client


def _bare(ours: Flask, url: str) -> Flask:
    app = Flask("bare")
    app.jinja_loader = DictLoader({"members.html": _BARE})  # type: ignore[assignment]
    for name in ("member_kind", "whole"):
        app.jinja_env.filters[name] = ours.jinja_env.filters[name]
    engine: Engine = create_engine(url)
    group = aliased(Member)
    on = literal(today())
    in_force = select(Membership.member_id).where(
        Membership.signed_on <= on, or_(Membership.left_on.is_(None), Membership.left_on > on)
    )
    query = (
        select(
            Member.id,
            Member.name,
            Member.kind,
            Member.departement,
            Member.population,
            group.name.label("intercommunality"),
            Member.id.in_(in_force).label("is_member"),
        )
        .outerjoin(group, group.id == Member.intercommunality_id)
        .order_by(Member.name, Member.id)
        .limit(50)
    )

    @app.get("/members")
    def members() -> str:
        with engine.connect() as connection:
            rows = connection.execute(query).all()
            return render_template("members.html", rows=rows, url="/members/%d", locale="fr")

    return app
