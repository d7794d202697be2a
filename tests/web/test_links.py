"""No page leads to a dead end: every link that a role is shown is followed, from its home page."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from procurement.kernel.access import Role
from procurement.needs.models import CampaignState, NeedState
from tests.browse import tree
from tests.chain import Chain, make_chain
from tests.conftest import SignIn
from tests.make import make_campaign, make_item, make_line, make_member, make_need, make_person
from tests.people import People

_OF_A_KIND = 8
#: The rooms whose every page shows the thread.
CHAIN = {"needs", "lots", "tenders", "agreements", "orders", "savings"}


@pytest.fixture
def chain(session: Session, people: People) -> Chain:
    """Two purchases of one body each; answers in every state; more rows than a page holds."""
    make_chain(session, people, first=True)
    chain = make_chain(session, people)
    for state in NeedState:
        campaign = make_campaign(session)
        need = make_need(session, campaign, people.ada, state, people.alix)
        if state is not NeedState.VALIDATED:
            make_line(session, need, chain.item)
    make_campaign(session, CampaignState.DRAFT)
    make_need(session, chain.campaign, people.ada, NeedState.VALIDATED, people.alix, is_nil=True)
    for _row in range(51):
        author = make_person(session, member=make_member(session))
        make_need(session, chain.campaign, author, NeedState.SUBMITTED)
        make_item(session)
    session.commit()
    return chain


def _walked(client: FlaskClient) -> Iterator[tuple[str, str, Any]]:
    """Follow every link once; give where it was found, its address and the answer.

    Of the pages of one kind a few are opened: the rows of a list are made alike.
    """
    waiting, seen, kinds = [("", "/")], set[str](), Counter[str]()
    while waiting:
        found_on, address = waiting.pop()
        path = urlsplit(address)
        # Other pages of a list, and other choices of a filter, lead nowhere new.
        is_known = path.path in seen and "page=" not in path.query
        if address in seen or is_known or path.path.startswith("/language/"):
            continue
        seen |= {address, path.path}
        kind = re.sub(r"\d+", "", path.path)
        kinds[kind] += 1
        if kinds[kind] > _OF_A_KIND:
            continue
        answer = client.get(address, follow_redirects=True)
        yield found_on, address, answer
        if answer.mimetype == "text/html" and answer.status_code == 200:
            page = tree(answer.text)
            links = (urljoin(address, one) for one in page.xpath("//a/@href"))
            waiting += [(address, one) for one in links if not any(urlsplit(one)[:2])]
        answer.close()


def _complaints(app: Flask, address: str, answer: Any) -> Iterator[str]:
    """Say what is wrong with a page of the platform."""
    page, places = tree(answer.text), app.url_map.bind("localhost")
    room = places.match(answer.request.path)[0].partition(".")[0]
    words, ids = page.xpath("string(//main)"), page.xpath("//@id")
    strips = page.xpath("//nav[contains(@class, 'thread')]")
    forms = page.xpath("//form[@method='post']/@action")
    faults = {
        "has not one heading": len(page.xpath("//h1[normalize-space()]")) != 1,
        "does not say its language": page.get("lang") != "en",
        "does not show the thread": room in CHAIN and len(strips) != 1,
        "does not say where on the thread it stands": any(
            len(strip.xpath(".//*[@aria-current='step']")) != 1 for strip in strips
        ),
        "names two things alike": len(ids) != len(set(ids)),
        "sends a form nowhere": not all(places.test(one, "POST") for one in forms),
        "shows markup as text": "&lt;" in words or "</" in words,
        "shows a sentence that was not filled": "%(" in words or "%%" in words,
    }
    yield from (f"{address} {fault}" for fault, is_there in faults.items() if is_there)


@pytest.mark.parametrize("role", list(Role))
def test_every_link_leads_somewhere(
    app: Flask, session: Session, people: People, chain: Chain, sign_in: SignIn, role: Role
) -> None:
    everyone = (people.ada, people.alix, people.clara, people.dora, people.eli)
    client = sign_in(next(one for one in everyone if one.role is role))
    session.rollback()
    with client.session_transaction() as cookie:
        cookie["language"] = "en"
    wrong, visited = [], 0
    for found_on, address, answer in _walked(client):
        visited += 1
        if answer.status_code != 200:
            wrong.append(f"{found_on} leads to {address}: {answer.status_code}")
        elif answer.mimetype == "text/html":
            wrong += _complaints(app, address, answer)
    assert wrong == []
    assert visited > (10 if role is Role.ADMINISTRATOR else 20)


def test_a_visitor_finds_the_way_in(client: FlaskClient) -> None:
    statuses = {address: answer.status_code for _from, address, answer in _walked(client)}
    assert statuses["/sign-in"] == statuses["/help"] == statuses["/accessibility"] == 200
    assert set(statuses.values()) == {200}


def test_a_refused_form_leads_back_too(
    app: Flask, session: Session, people: People, chain: Chain, sign_in: SignIn
) -> None:
    """The page that answers a refused form stands at the address of the form."""
    addresses = [
        (people.ada, f"/needs/{chain.need.id - 1}/submit"),
        (people.clara, f"/campaigns/{chain.campaign.id}/close"),
        (people.eli, f"/people/{people.ada.id}/open"),
        (people.basile, f"/orders/{chain.order.id}/submit"),
        (people.clara, f"/lots/{chain.lot.id}/freeze"),
        (people.clara, f"/tenders/{chain.tender.id}/unsuccessful"),
        (people.clara, f"/agreements/{chain.agreement.id}/notify"),
    ]
    for person, address in addresses:
        client = sign_in(person)
        session.rollback()
        answer = client.post(address)
        assert answer.status_code == 409, address
        page = tree(answer.text)
        targets = page.xpath("//a/@href | //form[not(@method='post')]/@action")
        searches = page.xpath("//form[not(@method='post') and not(@action)]")
        assert searches == [], f"{address}: a search form would be sent to it"
        for target in (one for one in targets if not one.startswith("#")):
            path = urlsplit(urljoin(address, target)).path
            assert app.url_map.bind("localhost").test(path, "GET"), f"{address}: {target}"
        back = client.get("/language/en", headers={"Referer": "http://localhost" + address})
        assert back.location == "/"
