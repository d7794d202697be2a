"""The form of a need with 200 lines, against a bare Flask page of the same statement and cells.

The bare page writes each line with the same figures, links and buttons, from the same statement:
what is compared is all that stands around them, which is session, rights, layout, the search, the
free line and the copy of last time.
"""

import gc
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice, product

from flask import Flask, g, render_template
from flask.testing import FlaskClient
from jinja2 import DictLoader
from sqlalchemy import create_engine, insert, select

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel import database, pipeline
from procurement.kernel.access import Role
from procurement.kernel.database import Query
from procurement.kernel.pipeline import today
from procurement.members.models import Member, Person, Site, SiteKind
from procurement.needs import queries
from procurement.needs.models import Basis, Campaign, CampaignState, Entry, Need, NeedLine, Strength
from procurement.needs.rules import filled_packs
from tests.bench.list_page import getter, signed_in
from tests.bench.measure import Result, compared

LINES, PLACES = 200, 4
_FORM = """<!doctype html><title>Need</title><table>
<thead><tr><th>Item<th>Place<th>Quantity<th>Wanted by<th>Paid today<th>Estimate<th></thead>
<tbody>
{% for row in rows %}{% set cost = (row.quantity * row.indicative_price)|rounded %}
<tr><th>{{ row.designation }} <small>{{ row.code }}</small><small>{{ row.remark }}</small></th>
<td>{{ row.site_name }}</td>
<td>{% if row.basis == 'year' %}{{ row.declared_quantity|quantity }} each year,
{{ (row.declared_quantity * 48 / 12)|quantity }} over 48 months
{% else %}{{ row.declared_quantity|quantity }}{% endif %} <span>{{ row.unit|unit }}</span>
{% if row.pack_size > 1 %}{% set filled = filled_packs(row.quantity, row.pack_size) %}
{% if filled %}<small>not whole packs of {{ row.pack_size }}: {{ filled|quantity }}</small>
{% endif %}{% endif %}</td>
<td>{{ row.wanted_on|day }}</td>
<td>{{ row.paid_price|price }} <small>since {{ row.paid_since|day }}</small></td>
<td>{{ cost|amount }}</td>
<td><a href="/need-lines/{{ row.id }}/edit">Change<span> {{ row.designation }}</span></a>
<button form="remove" formaction="/need-lines/{{ row.id }}/remove" name="version"
value="{{ row.version }}">Remove<span> {{ row.designation }}</span></button></td></tr>
{% endfor %}</tbody></table>"""
_FILTERS = ("quantity", "unit", "day", "price", "amount", "rounded")


def run(app: Flask) -> Result:
    """Measure the page as the author of the need opens it."""
    person_id, need = _long_need()
    ours, bare = signed_in(app, person_id), _bare(app, queries.lines_query(need.id))
    address = f"/needs/{need.id}"
    db.session.remove()
    # The context around the benchmarks remembers whoever asked for a page before.
    g.pop("_login_user", None)
    # As wsgi.py does.
    gc.collect()
    gc.freeze()
    name = f"form of a need of {LINES} lines, in process"
    return compared(name, 2.5, getter(ours, address), getter(bare, "/"), 150)


def _long_need() -> tuple[int, Need]:
    """Write a draft of 200 lines, each with its price of today, in a campaign of its own."""
    database.begin_write(db.session())
    requesters = select(Person).where(Person.role == Role.REQUESTER, Person.is_active)
    author = db.session.scalars(requesters).first()
    if author is None or author.member is None:
        raise LookupError("nobody of the demonstration declares needs")
    campaign = Campaign(
        title="Bench", opens_on=today(), closes_on=today(), state=CampaignState.OPEN
    )
    need = Need(
        campaign=campaign,
        member_id=author.member_id,
        author_id=author.id,
        entry=Entry.OWN,
        touched_at=datetime.now(UTC),
    )
    db.session.add_all([need, *_places(author.member)])
    db.session.flush()
    db.session.execute(insert(NeedLine), _lines(need, author.member))
    pipeline.commit()
    return author.id, need


def _places(member: Member) -> list[Site]:
    return [
        Site(member_id=member.id, kind=SiteKind.OTHER, name=f"Place {number}", city=member.name)
        for number in range(PLACES)
    ]


def _lines(need: Need, member: Member) -> list[dict[str, object]]:
    priced = select(Item.id).where(Item.indicative_price.is_not(None)).order_by(Item.id)
    item_ids = db.session.scalars(priced).all()
    places = db.session.scalars(
        select(Site.id).where(Site.member_id == member.id, Site.name.startswith("Place "))
    ).all()
    return [
        {
            "need_id": need.id,
            "campaign_id": need.campaign_id,
            "member_id": need.member_id,
            "departement": member.departement,
            "item_id": item_id,
            "site_id": site_id,
            "declared_quantity": Decimal(number),
            "basis": Basis.YEAR if number % 2 else Basis.PERIOD,
            "quantity": Decimal(number * 4 if number % 2 else number),
            "strength": Strength.INDICATIVE,
            "wanted_on": today() + timedelta(days=number),
            "paid_price": Decimal(number),
            "paid_since": today() - timedelta(days=number),
            "remark": f"Remark {number}",
            "allotted": Decimal(0),
            "is_validated": False,
            "version": 1,
        }
        for number, (site_id, item_id) in enumerate(islice(product(places, item_ids), LINES), 1)
    ]


def _bare(ours: Flask, query: Query) -> FlaskClient:
    app = Flask("bare form")
    app.jinja_loader = DictLoader({"form.html": _FORM})
    app.jinja_env.filters |= {name: ours.jinja_env.filters[name] for name in _FILTERS}
    engine = create_engine(db.engine.url)

    @app.get("/")
    def lines() -> str:
        with engine.connect() as connection:
            found = connection.execute(query).all()
            return render_template("form.html", rows=found, filled_packs=filled_packs, locale="fr")

    return app.test_client()
