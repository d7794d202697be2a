"""The list of orders and the page of one."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.conftest import CountQueries, SignIn
from tests.orders.scene import Scene


def visible(client: FlaskClient, session: Session, query: str = "") -> list[int]:
    session.rollback()
    answer = client.get(f"/orders{query}")
    assert answer.status_code == 200
    parts = answer.text.split('<th scope="row"><a href="/orders/')[1:]
    return [int(part.partition('"')[0]) for part in parts]


def test_a_member_lists_its_own_and_the_centrale_what_is_submitted(
    scene: Scene, sign_in: SignIn, session: Session
) -> None:
    draft, submitted, confirmed = scene.place(), scene.submitted(), scene.confirmed()
    ids = [confirmed.id, submitted.id, draft.id]
    assert visible(sign_in(scene.people.ada), session) == ids
    assert visible(sign_in(scene.people.alix), session) == ids
    assert visible(sign_in(scene.people.clara), session) == ids[:2]
    assert visible(sign_in(scene.people.dora), session) == ids[:2]
    assert visible(sign_in(scene.people.basile), session) == []
    assert sign_in(scene.people.eli).get("/orders").status_code == 403


def test_the_list_is_filtered(scene: Scene, sign_in: SignIn, session: Session) -> None:
    draft, submitted = scene.place().id, scene.submitted()
    number, found, agreement = submitted.number, submitted.id, scene.agreement.id
    ada = sign_in(scene.people.ada)
    assert visible(ada, session, "?state=submitted") == [found]
    assert visible(ada, session, "?state=nonsense") == [found, draft]
    assert visible(ada, session, f"?q={number}") == [found]
    assert visible(ada, session, "?q=amboise") == [found, draft]
    assert visible(ada, session, "?q=100%25") == []
    assert visible(ada, session, f"?agreement={agreement}") == [found, draft]
    assert visible(ada, session, "?agreement=99") == []
    assert visible(ada, session, "?agreement=x&page=zero") == [found, draft]


def test_the_list_is_paged(
    scene: Scene, sign_in: SignIn, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("procurement.kernel.lists.page_of.__defaults__", (2, ""))
    ids = [scene.place(1).id for _order in range(3)][::-1]
    ada = sign_in(scene.people.ada)
    assert visible(ada, session) == ids[:2]
    assert visible(ada, session, "?page=2") == ids[2:]


def test_the_list_asks_as_much_for_many_as_for_one(
    scene: Scene, sign_in: SignIn, session: Session, count_queries: CountQueries
) -> None:
    scene.submitted(1)
    clara = sign_in(scene.people.clara)
    visible(clara, session)
    with count_queries() as one:
        visible(clara, session)
    for _order in range(6):
        scene.submitted(1)
    session.rollback()
    with count_queries() as many:
        assert len(visible(clara, session)) == 7
    assert len(many) == len(one)


@pytest.mark.parametrize("made", ["place", "submitted", "confirmed"])
@pytest.mark.parametrize("name", ["ada", "alix", "clara", "dora"])
def test_the_page_of_an_order(
    scene: Scene, sign_in: SignIn, session: Session, made: str, name: str
) -> None:
    order = getattr(scene, made)(3)
    is_hidden = made == "place" and name in ("clara", "dora")
    session.rollback()
    answer = sign_in(getattr(scene.people, name)).get(f"/orders/{order.id}")
    assert answer.status_code == (404 if is_hidden else 200)
    if not is_hidden:
        for figure in ("300,00", "60,00", "360,00"):
            assert figure in answer.text


@pytest.mark.parametrize(
    "made, name, acts",
    [
        ("place", "ada", {"edit", "submit"}),
        ("place", "alix", set()),
        ("submitted", "ada", {"withdraw"}),
        ("submitted", "alix", {"confirm", "refuse"}),
        ("submitted", "clara", set()),
        ("confirmed", "ada", {"order.pdf"}),
        ("confirmed", "alix", {"order.pdf", "cancel"}),
        ("confirmed", "clara", {"order.pdf"}),
    ],
)
def test_the_page_offers_what_may_be_done_now(
    scene: Scene, sign_in: SignIn, session: Session, made: str, name: str, acts: set[str]
) -> None:
    order = getattr(scene, made)()
    session.rollback()
    page = sign_in(getattr(scene.people, name)).get(f"/orders/{order.id}").text
    every = ("edit", "submit", "withdraw", "confirm", "refuse", "cancel", "order.pdf")
    assert {act for act in every if f'/orders/{order.id}/{act}"' in page} == acts


def test_a_stranger_finds_no_order(scene: Scene, sign_in: SignIn, session: Session) -> None:
    order = scene.confirmed()
    session.rollback()
    assert sign_in(scene.people.basile).get(f"/orders/{order.id}").status_code == 404
    assert sign_in(scene.people.basile).get("/orders/999").status_code == 404
    assert sign_in(scene.people.eli).get(f"/orders/{order.id}").status_code == 403


def test_the_page_tells_its_history(scene: Scene, sign_in: SignIn, session: Session) -> None:
    order = scene.confirmed()
    session.rollback()
    page = sign_in(scene.people.ada).get(f"/orders/{order.id}").text
    history = page.rpartition("<caption>")[2]
    assert history.count("<tr>") == 4
    assert history.count(">Ada<") == 2
    assert history.count(">Alix<") == 1


def test_the_page_asks_as_much_for_many_lines_as_for_one(
    scene: Scene, sign_in: SignIn, session: Session, count_queries: CountQueries
) -> None:
    one, two = scene.place(1).id, scene.place(1, 10).id
    ada = sign_in(scene.people.ada)
    session.rollback()
    ada.get(f"/orders/{one}")
    with count_queries() as few:
        ada.get(f"/orders/{one}")
    with count_queries() as many:
        ada.get(f"/orders/{two}")
    assert len(many) == len(few)
