"""A person sees only their own body's rows, whatever address they type: every route is walked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from procurement.extensions import db
from procurement.kernel.access import ROLE_PERMISSIONS, Audience, Permission, Role
from procurement.kernel.exports import Export
from procurement.kernel.pipeline import today
from procurement.lots.models import Comparison
from procurement.members.models import Person
from procurement.needs.models import CampaignState
from tests.chain import (
    PDF,
    QUESTION,
    Chain,
    Dossier,
    make_chain,
    make_comparison,
    make_dossier,
    make_export,
)
from tests.conftest import SignIn
from tests.make import make_campaign
from tests.people import People

D = Decimal
#: Arguments of an address that name no row.
NO_ROW = {("static", "filename"), ("set_language", "code")}
#: What belongs to no body: everybody reads the whole catalogue.
COMMON = {"catalogue.item"}


class Walk(NamedTuple):
    """One way to call one route that takes an id."""

    rule: Rule
    method: str
    allow: Permission | Audience

    @property
    def endpoint(self) -> str:
        """The name of the route."""
        return str(self.rule.endpoint)

    def __str__(self) -> str:
        return f"{self.method} {self.rule.rule} ({self.endpoint})"


def walks(app: Flask) -> Iterator[Walk]:
    """Give every way to call a route that takes an id."""
    for rule in app.url_map.iter_rules():
        names = {(rule.endpoint.rpartition(".")[2], name) for name in rule.arguments}
        if not names - NO_ROW:
            continue
        allow = getattr(app.view_functions[rule.endpoint], "allow", None)
        assert isinstance(allow, Permission), f"{rule.rule} takes an id and asks for no permission"
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}):
            yield Walk(rule, method, allow)


@dataclass
class Field:
    """What the second body has, which the first walks around in."""

    chain: Chain
    dossier: Dossier
    comparison: Comparison
    export: Export


def rows(field: Field) -> dict[str, int]:
    """Give the second body's row for each name that an argument of an address may have."""
    chain, dossier = field.chain, field.dossier
    return {
        "agreement_id": chain.agreement.id,
        "beneficiary_id": chain.beneficiary.id,
        "campaign_id": chain.campaign.id,
        "comparison_id": field.comparison.id,
        "document_id": dossier.document.id,
        "export_id": field.export.id,
        "item_id": chain.item.id,
        "lot_id": chain.lot.id,
        "mandate_id": dossier.given.id,
        "member_id": chain.member.id,
        "need_id": chain.need.id,
        "offer_id": chain.offer.id,
        "order_id": chain.order.id,
        "person_id": chain.colleague.id,
        "project_id": chain.lot.project_id or 0,
        "tender_id": chain.tender.id,
        "upload_id": dossier.upload.id,
    }


def forms(field: Field) -> dict[str, dict[str, Any]]:
    """Give the fields, all acceptable, of each form that has some."""
    return {
        **_forms_of_members(field),
        **_forms_of_campaigns(field),
        **_forms_of_needs(field),
        **_forms_of_purchases(field.chain),
    }


def _forms_of_members(field: Field) -> dict[str, dict[str, Any]]:
    item = {
        "designation": "Caméra dôme",
        "specification": "Décrite sans marque.",
        "pack_size": "1",
        "vat_rate": "20",
    }
    return {
        "members.add_site": {"kind": "school", "name": "École", "city": "Bourg-Neuf"},
        "members.grant_mandate": {"delegate_id": field.dossier.given.delegate_id},
        "members.merge": {
            "merged_on": f"{today()}",
            "bodies-0-member_id": field.dossier.held.member_id,
        },
        "catalogue.add_item": {**item, "family_id": field.chain.item.family_id, "unit": "piece"},
        "catalogue.change_item": {**item, "version": "1"},
    }


def _forms_of_campaigns(field: Field) -> dict[str, dict[str, Any]]:
    day, reason = f"{today()}", {"reason": "Why not"}
    plan = {"title": "Another", "opens_on": day, "closes_on": day}
    wording = {"words": "ramette papier", "unit": "ramette", "item_id": field.chain.item.id}
    return {
        "needs.prepare": plan,
        "needs.change_campaign": {**plan, "version": "1"},
        "needs.extend": {"closes_on": day, **reason},
        "needs.reopen": {"closes_on": day, **reason},
        "needs.resume_pooling": reason,
        "needs.exempt": reason,
        "needs.harmonise": {**wording, "units_each": "1"},
        "needs.unharmonise": wording,
        "needs.attach_to_campaign": {"document": (BytesIO(PDF), "notice.pdf")},
        "needs.send_campaign": {"file": (BytesIO(field.dossier.workbook), "besoins.xlsx")},
    }


def _forms_of_needs(field: Field) -> dict[str, dict[str, Any]]:
    line = {"quantity": "1", "site_id": field.chain.site.id}
    return {
        "needs.add_line": {**line, "item_id": field.chain.item.id},
        "needs.add_free_line": {**line, "words": "Ramettes", "own_unit": "ramette"},
        "needs.change_line": {**line, "version": "1"},
        "needs.remove_line": {"version": "1"},
        "needs.return_to_author": {"reason": "Why not"},
        "needs.object_to": {"objection": "Why not"},
        "needs.attach_to_need": {"document": (BytesIO(PDF), "facture.pdf")},
        "needs.send_need": {"file": (BytesIO(field.dossier.workbook), "besoins.xlsx")},
    }


def _forms_of_purchases(chain: Chain) -> dict[str, dict[str, Any]]:
    day = f"{today()}"
    ordered = {
        "site_id": chain.site.id,
        "lines-0-price_id": chain.agreement.prices[0].id,
        "lines-0-quantity": "1",
    }
    terms = {
        "number": "2026-CAM-09",
        "title": "Caméras",
        "ceiling": "5000",
        "starts_on": day,
        "ends_on": f"{today() + timedelta(days=30)}",
        "naming": "needs",
    }
    return {
        **_forms_of_pools(chain),
        **_forms_of_lots(chain),
        **_forms_of_projects(chain),
        "tenders.launch": {"answers_by": day},
        "tenders.receive_offer": {"supplier_id": chain.supplier.id, "received_on": day},
        "tenders.price_offer": {
            "lines-0-lot_line_id": chain.lot_line.id,
            "lines-0-unit_price": "1",
        },
        "tenders.award": {"offer_id": chain.offer.id},
        "agreements.draft": terms,
        "agreements.revise": terms,
        "agreements.set_quota": {"quota": "1000"},
        "orders.place": ordered,
        "orders.change": {**ordered, "version": "1"},
        "orders.refuse": {"reason": "Why not"},
        "orders.withdraw": {"reason": "Why not"},
        "orders.cancel": {"reason": "Why not"},
    }


def _forms_of_pools(chain: Chain) -> dict[str, dict[str, Any]]:
    reason = {"reason": "Why not"}
    return {
        "lots.leave_out": reason,
        "lots.put_back": reason,
        "lots.merge": {"into_item_id": chain.item.id, "units_each": "2", **reason},
        "lots.unmerge": {"item_id": chain.item.id},
        "lots.keep_comparison": {"title": "Plans", **QUESTION},
        "lots.choose_plan": {"plan": "one", **reason},
        "lots.export_campaign": {"kind": "campaign-matrix"},
    }


def _forms_of_lots(chain: Chain) -> dict[str, dict[str, Any]]:
    rounded = {"tolerance": "5", "reason": "Why not"}
    taken = {"need_line_id": chain.need_line.id, "quantity": "1", "was": "10"}
    return {
        "lots.form_lot": {"title": "More", "family_id": chain.item.family_id},
        "lots.form_proposed": {
            "lots-0-title": "More",
            "lots-0-family_id": chain.item.family_id,
            "lots-0-territory": "all",
            "lots-0-is_chosen": "1",
        },
        "lots.take": {f"contributions-0-{name}": value for name, value in taken.items()},
        "lots.move_line": {"lot_id": chain.lot.id},
        "lots.round_up": rounded,
        "lots.round_up_lot": rounded,
        "lots.set_sheet_options": {"names_members": "1", "tiers-0-from_quantity": "10"},
        "lots.thaw": {"reason": "Why not"},
        "lots.export_lot": {"kind": "lot-matrix"},
    }


def _forms_of_projects(chain: Chain) -> dict[str, dict[str, Any]]:
    plan = {
        "title": "Caméras",
        "launch_on": f"{today()}",
        "initial_months": "48",
        "lots-0-lot_id": chain.lot.id,
    }
    price = {"lines-0-line_id": chain.lot_line.id, "lines-0-estimated_price": "1"}
    threshold = {
        "rule": "social",
        "nature": "works",
        "valid_from": "2030-01-01",
        "article": "L2112-2-1",
        "source": "Loi inventée",
    }
    return {
        "lots.form_project": plan,
        "lots.change_project": {**plan, "version": "1"},
        "lots.tick_small_lots": {"lots-0-lot_id": chain.lot.id},
        "lots.price_lot": price,
        "lots.add_threshold": threshold,
    }


@pytest.fixture
def field(session: Session, people: People) -> Field:
    """A purchase of the second body alone; the first, which looks at it, has one of its own."""
    make_chain(session, people, first=True)
    chain = make_chain(session, people)
    dossier = make_dossier(session, people, chain)
    return Field(chain, dossier, make_comparison(people, chain), make_export(people, chain))


def _address(app: Flask, walk: Walk, field: Field, **over: int) -> str:
    known = {**rows(field), **_own_row(walk, field), **over}
    unknown = walk.rule.arguments - known.keys()
    assert not unknown, f"The walk knows no row for {unknown} of {walk}: add one to rows()"
    with app.test_request_context():
        built = app.url_map.bind("localhost").build(
            walk.endpoint, {name: known[name] for name in walk.rule.arguments}, walk.method
        )
    query = "?item_id=" + str(field.chain.item.id) if walk.endpoint == "needs.line_form" else ""
    return str(built) + query


def _own_row(walk: Walk, field: Field) -> dict[str, int]:
    """Two rooms have lines, which their addresses tell apart; some acts need a row of their own."""
    if walk.rule.rule.startswith("/lot-lines/"):
        return {"line_id": field.chain.lot_line.id}
    known = {
        "needs.begin_by_mandate": {"mandate_id": field.dossier.held.id},
        "needs.object_to": {"need_id": field.dossier.entered.id},
    }
    return {"line_id": field.chain.need_line.id, **known.get(walk.endpoint, {})}


def _ask(client: FlaskClient, walk: Walk, address: str, field: Field, session: Session) -> int:
    typed = forms(field).get(walk.endpoint, {}) if walk.method != "GET" else None
    session.rollback()
    with client.open(address, method=walk.method, data=typed) as answer:
        return answer.status_code


def _everything(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """Read every row of every table."""
    session.rollback()
    found = {
        table.name: [tuple(row) for row in session.execute(table.select().order_by(table.c.id))]
        for table in db.metadata.sorted_tables
    }
    session.rollback()
    return found


def test_nobody_reaches_a_row_of_another_body(
    app: Flask, session: Session, people: People, field: Field, sign_in: SignIn
) -> None:
    hidden = make_campaign(session, CampaignState.DRAFT).id
    session.commit()
    clients = {person: sign_in(getattr(people, person)) for person in ("ada", "alix")}
    roles = {"ada": Role.REQUESTER, "alix": Role.APPROVER}
    before, wrong = _everything(session), []
    for walk in walks(app):
        # A campaign is every body's own once it is open: this one is not.
        address = _address(app, walk, field, campaign_id=hidden)
        for name, client in clients.items():
            allowed = walk.allow in ROLE_PERMISSIONS[roles[name]]
            expected = 404 if allowed else 403
            if allowed and walk.endpoint in COMMON:
                expected = 200
            status = _ask(client, walk, address, field, session)
            if status != expected:
                wrong.append(f"{name}: {walk}: {status} instead of {expected}")
    assert wrong == []
    assert _everything(session) == before


def test_the_walk_is_walked_by_whom_it_belongs_to(
    app: Flask, session: Session, people: People, field: Field, sign_in: SignIn
) -> None:
    """The same addresses and forms do lead somewhere, or the walk above would prove nothing."""
    everyone = [people.basile, people.blanche, people.clara, people.dora, people.eli]
    clients = {role: sign_in(person) for role, person in _by_role(everyone).items()}
    assert clients.keys() == set(Role)
    wrong = []
    for walk in sorted(walks(app), key=lambda one: one.method):
        role = next(one for one in Role if walk.allow in ROLE_PERMISSIONS[one])
        status = _ask(clients[role], walk, _address(app, walk, field), field, session)
        if status not in {200, 302, 409}:
            wrong.append(f"{role}: {walk}: {status}")
    assert wrong == []


def _by_role(everyone: list[Person]) -> dict[Role, Person]:
    return {person.role: person for person in everyone}


def test_no_role_calls_what_it_is_not_given(
    app: Flask, session: Session, people: People, field: Field, sign_in: SignIn
) -> None:
    everyone = _by_role([people.basile, people.blanche, people.clara, people.dora, people.eli])
    clients = {role: sign_in(person) for role, person in everyone.items()}
    before, wrong = _everything(session), []
    for rule in app.url_map.iter_rules():
        allow = getattr(app.view_functions[rule.endpoint], "allow", Audience.EVERYONE)
        if not isinstance(allow, Permission):
            continue
        for method in (rule.methods or set()) & {"GET", "POST"}:
            walk = Walk(rule, method, allow)
            address = _address(app, walk, field) if rule.arguments else rule.rule
            for role, client in clients.items():
                if allow in ROLE_PERMISSIONS[role]:
                    continue
                status = _ask(client, walk, address, field, session)
                if status != 403:
                    wrong.append(f"{role}: {walk}: {status} instead of 403")
    assert wrong == []
    assert _everything(session) == before


def test_a_visitor_is_asked_who_is_there(
    app: Flask, session: Session, field: Field, client: FlaskClient
) -> None:
    before, wrong = _everything(session), []
    for rule in app.url_map.iter_rules():
        allow = getattr(app.view_functions[rule.endpoint], "allow", Audience.EVERYONE)
        if allow is Audience.EVERYONE:
            continue
        for method in (rule.methods or set()) & {"GET", "POST"}:
            walk = Walk(rule, method, allow)
            address = _address(app, walk, field) if rule.arguments else rule.rule
            status = _ask(client, walk, address, field, session)
            if status != 401:
                wrong.append(f"{walk}: {status} instead of 401")
    assert wrong == []
    assert _everything(session) == before


def test_lists_show_a_member_nothing_of_another(
    app: Flask, session: Session, people: People, field: Field, sign_in: SignIn
) -> None:
    """Every page without an id, read by a stranger, with the filters that name foreign rows."""
    ada = sign_in(people.ada)
    chain = field.chain
    filters = f"?agreement={chain.agreement.id}&campaign={chain.campaign.id}&q=Bourg"
    ids, agreement = rows(field), chain.agreement.number
    foreign = [chain.order.number or "", agreement, "Bourg-Neuf"]
    foreign += [f'"/{room}s/{ids[f"{room}_id"]}"' for room in ("need", "lot", "order")]
    session.rollback()
    for rule in app.url_map.iter_rules():
        allow = getattr(app.view_functions[rule.endpoint], "allow", None)
        if rule.arguments or "GET" not in (rule.methods or ()) or not isinstance(allow, Permission):
            continue
        if allow not in ROLE_PERMISSIONS[Role.REQUESTER]:
            continue
        for query in ("", filters):
            page = ada.get(rule.rule + query, follow_redirects=True)
            assert page.status_code == 200, rule
            # What one typed oneself stands in the field again.
            shown = page.text.replace('value="Bourg"', "")
            assert [one for one in foreign if one in shown] == [], f"{rule.rule}{query}"


def test_the_chain_of_the_tests_is_what_it_says(session: Session, field: Field) -> None:
    chain = field.chain
    assert (chain.order.amount, chain.order_line.reference_amount) == (D(400), D(520))
    assert chain.agreement.consumed == 400
    assert chain.lot_line.quantity == 10
    assert session.scalar(select(Person.id).where(Person.id == chain.colleague.id))
    assert session.scalar(text("SELECT count(*) FROM ledger_entry")) == 4
