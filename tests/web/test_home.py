"""What awaits each role, counted; the navigation; the language."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from procurement.kernel.access import ROLE_PERMISSIONS, Role
from procurement.kernel.pipeline import today
from procurement.lots import operations
from procurement.lots.models import LotState
from procurement.members.models import CentralBody
from procurement.needs.models import CampaignState, Invitation, NeedState
from tests.browse import tree
from tests.chain import Chain, make_chain
from tests.conftest import CountQueries
from tests.door import Door
from tests.make import (
    actor_for,
    make_campaign,
    make_item,
    make_line,
    make_need,
    make_plan,
)
from tests.people import People

Step = tuple[str, str, str]


@pytest.fixture
def steps(door: Door, people: People) -> Callable[[str], list[Step]]:
    """Read what awaits a person: how many, of what, and where it leads."""

    def read(name: str) -> list[Step]:
        page = tree(door.get(getattr(people, name), "/").text)
        return [
            (one.xpath("string(b)"), one.xpath("string(span)"), one.get("href"))
            for one in page.xpath("//ul[@class='next-steps']//a")
        ]

    return read


@pytest.fixture
def chain(session: Session, people: People) -> Chain:
    """A purchase of the second body, confirmed and measured."""
    return make_chain(session, people)


def test_nothing_awaits_anybody_at_first(
    steps: Callable[[str], list[Step]], door: Door, people: People
) -> None:
    for name in ("ada", "alix", "clara", "dora"):
        assert steps(name) == []
        assert "Nothing awaits you" in door.get(getattr(people, name), "/").text
    assert steps("eli") == [
        ("7", "people may sign in", "/people"),
        ("2", "bodies are known", "/members"),
    ]


def test_needs_await_their_author_or_their_approver(
    session: Session, people: People, steps: Callable[[str], list[Step]]
) -> None:
    for state in (NeedState.RETURNED, NeedState.SUBMITTED, NeedState.SUBMITTED, NeedState.DRAFT):
        make_need(session, make_campaign(session), people.ada, state, people.alix)
    session.commit()
    assert steps("ada") == [("1", "need to correct", "/needs?state=returned")]
    assert steps("alix") == [("2", "needs to validate", "/needs?state=submitted")]
    assert steps("basile") == steps("blanche") == []


def test_a_buyer_is_led_along_the_chain(
    session: Session, people: People, chain: Chain, steps: Callable[[str], list[Step]]
) -> None:
    assert steps("clara") == []
    over = make_campaign(session, closes_on=today() - timedelta(days=1))
    closed = make_campaign(session, CampaignState.CLOSED)
    need = make_need(session, closed, people.ada, NeedState.VALIDATED, people.alix)
    for _two in range(2):
        make_line(session, need, make_item(session), 3)
    make_need(session, over, people.ada)
    session.commit()
    assert steps("clara") == [
        ("1", "campaign to close or to extend", "/campaigns"),
        ("1", "campaign to pool into lots", "/campaigns"),
    ]


def test_a_buyer_is_led_from_the_pool_to_the_launch(
    session: Session, people: People, chain: Chain, steps: Callable[[str], list[Step]]
) -> None:
    """A lot is frozen, its project valued; one that nobody won gives its needs back."""
    chain.lot.state, chain.lot.awarded_on = LotState.UNSUCCESSFUL, None
    for title in ("First", "Second"):
        campaign = make_campaign(session, CampaignState.CLOSED, title=title)
        need = make_need(session, campaign, people.ada, NeedState.VALIDATED, people.alix)
        item = make_item(session)
        make_line(session, need, item, 3)
        on: dict[str, Any] = {"actor": actor_for(people.clara), "today": today()}
        lot = operations.form(campaign, title, item_ids=[item.id], **on)
        session.flush()
        operations.form_project(campaign, make_plan(), [lot.id], actor=on["actor"])
    operations.freeze(lot, **on)
    session.commit()
    back = ("1", "unsuccessful lot whose needs can go back to the pool")
    assert steps("clara") == [
        ("1", "lot to freeze", "/lots?state=draft"),
        ("2", "purchase projects to value", "/projects"),
        ("1", "lot to put out to tender", "/lots?state=frozen"),
        (*back, "/lots?state=unsuccessful"),
    ]
    chain.lot.released_on = today()
    session.commit()
    assert back[1] not in [what for _count, what, _url in steps("clara")]


def test_a_buyer_is_told_who_has_not_answered(
    session: Session, people: People, steps: Callable[[str], list[Step]]
) -> None:
    """Per campaign that takes answers: neither a draft nor a returned need is one."""
    first = make_campaign(session, title="First", closes_on=today())
    second = make_campaign(session, title="Second")
    make_campaign(session, title="To come", opens_on=today() + timedelta(days=1))
    make_campaign(session, CampaignState.CLOSED)
    make_need(session, first, people.ada, NeedState.SUBMITTED)
    make_need(session, first, people.basile)
    session.commit()
    expected = [
        ("1", "member has not answered “First”", f"/campaigns/{first.id}/board?status=pending"),
        ("2", "members have not answered “Second”", f"/campaigns/{second.id}/board?status=pending"),
    ]
    assert steps("clara") == expected
    make_need(session, second, people.ada, NeedState.RETURNED, people.alix)
    session.commit()
    assert steps("clara") == expected
    assert steps("dora") == []


@pytest.mark.parametrize(
    "consumed, reserved, is_told",
    [("0", "0", False), ("4249.99", "0", False), ("4250", "0", True), ("0", "4250", True)],
)
def test_an_agreement_that_is_nearly_full_is_told(
    session: Session,
    chain: Chain,
    steps: Callable[[str], list[Step]],
    consumed: str,
    reserved: str,
    is_told: bool,
) -> None:
    """Its ceiling is 5 000 €, of which 85 % are 4 250 €."""
    chain.agreement.consumed, chain.agreement.reserved = Decimal(consumed), Decimal(reserved)
    session.commit()
    told = [("1", "agreement has used 85 % of its ceiling", "/agreements")]
    assert steps("clara") == steps("dora") == (told if is_told else [])


def test_open_campaigns_are_shown_with_the_own_answer(
    door: Door, session: Session, people: People
) -> None:
    begun = make_campaign(session, title="Begun")
    make_campaign(session, title="Not yet answered")
    make_campaign(session, title="To come", opens_on=today() + timedelta(days=1))
    make_campaign(session, CampaignState.DRAFT, title="Hidden")
    make_campaign(session, title="Over", closes_on=today() - timedelta(days=1))
    make_need(session, begun, people.ada)
    make_campaign(
        session,
        title="For others",
        invitation=Invitation.DEPARTEMENT,
        invited_departement="92",
    )
    page = door.get(people.ada, "/").text
    assert 'href="/needs/1">Begun</a>' in page
    assert 'href="/campaigns/2">Not yet answered</a>' in page
    assert "Not begun" in page
    for absent in ("To come", "Hidden", "Over", "For others"):
        assert absent not in page
    assert "Open campaigns" not in door.get(people.clara, "/").text


def test_home_costs_the_same_whatever_there_is(
    door: Door, session: Session, people: People, chain: Chain, count_queries: CountQueries
) -> None:
    def cost(path: str) -> list[int]:
        session.commit()
        counts = []
        for person in (people.basile, people.blanche, people.clara, people.dora, people.eli):
            door.get(person, path)
            with count_queries() as statements:
                door.get(person, path)
            counts.append(len(statements))
        return counts

    few = cost("/")
    for _row in range(30):
        make_need(session, make_campaign(session), people.basile, NeedState.SUBMITTED)
    assert cost("/") == few
    assert max(few) <= 5


@pytest.mark.parametrize("role", list(Role))
def test_the_navigation_holds_what_the_role_may_open(
    app: Flask, door: Door, people: People, role: Role
) -> None:
    everyone = (people.ada, people.alix, people.clara, people.dora, people.eli)
    person = next(one for one in everyone if one.role is role)
    page = tree(door.get(person, "/members").text)
    links = page.xpath("//nav[@class='site-nav']//a")
    places = app.url_map.bind("localhost")
    for link in links:
        view = app.view_functions[places.match(link.get("href"))[0]]
        assert getattr(view, "allow", None) in ROLE_PERMISSIONS[role]
    assert [one.text for one in links if one.get("aria-current")] == ["Members"]
    assert page.xpath("string(//a[@class='who'])").startswith(person.name)


def test_each_person_sees_their_own_name(door: Door, people: People) -> None:
    """The header is remembered between requests: it must never be somebody else's."""
    for _twice in range(2):
        for person in (people.ada, people.alix, people.basile, people.clara, people.eli):
            who = tree(door.get(person, "/help").text).xpath("string(//a[@class='who'])")
            assert who.split()[0] == person.name


def test_a_visitor_is_told_what_this_is(client: FlaskClient) -> None:
    page = tree(client.get("/").text)
    assert page.get("lang") == "fr"
    assert page.xpath("//ol[@class='chain']/li")
    assert not page.xpath("//nav[@class='site-nav']")
    assert not page.xpath("//a[@class='who']")


def test_french_is_spoken_until_english_is_chosen(client: FlaskClient) -> None:
    def language() -> str:
        return str(tree(client.get("/help").text).get("lang"))

    assert language() == "fr"
    chosen = client.get("/language/en", headers={"Referer": "http://localhost/help?x=1"})
    assert (chosen.status_code, chosen.location) == (302, "/help?x=1")
    assert language() == "en"
    assert client.get("/language/fr").location == "/"
    assert language() == "fr"


@pytest.mark.parametrize(
    "referrer",
    [
        "https://elsewhere.example/help",
        "http://localhost:81/help",
        "http://localhost//elsewhere.example",
        "http://localhost/needs/1/submit",
        "http://localhost/nowhere",
        "nonsense",
        "",
    ],
)
def test_choosing_a_language_leads_nowhere_else(client: FlaskClient, referrer: str) -> None:
    assert client.get("/language/en", headers={"Referer": referrer}).location == "/"


@pytest.mark.parametrize("code", ["de", "FR", "..", "%00", "fr "])
def test_other_languages_do_not_exist(client: FlaskClient, code: str) -> None:
    assert client.get(f"/language/{code}").status_code in {404, 400, 308}
    assert tree(client.get("/help").text).get("lang") == "fr"


def test_the_centrale_names_itself(
    app: Flask, door: Door, session: Session, people: People
) -> None:
    """Its name is remembered for half a minute; here it is asked for anew."""
    session.add(CentralBody(valid_from=today(), name="Seine & Yvelines <Numérique>"))
    session.add(CentralBody(valid_from=today() + timedelta(days=1), name="Tomorrow"))
    session.commit()
    app.extensions.pop("central_name", None)
    page = door.get(people.ada, "/help").text
    assert "Seine &amp; Yvelines &lt;Numérique&gt;" in page
    assert "Tomorrow" not in page
    app.extensions.pop("central_name", None)


@pytest.mark.parametrize(
    "path", ["/static/..%2fpages.py", "/static/%2e%2e/pages.py", "/static/none.css", "/static/a%00"]
)
def test_only_static_files_are_served(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        assert answer.status_code == 404
    for name in ("app.css", "app.js", "favicon.svg"):
        with client.get(f"/static/{name}") as answer:
            assert answer.status_code == 200
