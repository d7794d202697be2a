"""Items added and changed by the buyer."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from procurement.catalogue.models import Family, Item, Unit
from procurement.kernel.audit import AuditEntry
from procurement.kernel.pipeline import today
from tests.browse import tree
from tests.conftest import SignIn
from tests.door import Door
from tests.make import make_family, make_item
from tests.people import People

D = Decimal
_DOME: dict[str, object] = {
    "designation": "Caméra dôme",
    "specification": "Rotation sur 360°.",
    "unit": "piece",
    "pack_size": "1",
    "vat_rate": "20",
    "indicative_price": "1 890,5",
    "priced_on": "2026-01-12",
}


@pytest.fixture
def family(session: Session) -> Family:
    """A family whose codes begin with VID."""
    return make_family(session, code="VID")


@pytest.fixture
def camera(session: Session, family: Family) -> Item:
    """An item of the family."""
    return make_item(session, family, code="VID-001", designation="Caméra", unit=Unit.METRE)


def _changed(item: Item, **over: object) -> dict[str, object]:
    typed = {**_DOME, "version": item.version, **over}
    return {name: one for name, one in typed.items() if name != "unit"}


def _journal(session: Session) -> list[tuple[str, dict[str, Any]]]:
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
    return [(one.verb, json.loads(one.changes)) for one in entries]


def _names(page: str) -> dict[str, str]:
    """Give what the page's form holds, without the line end that opens a text area."""
    (form,) = tree(page).xpath("//main//form[@method='post']")
    return {name: text.removeprefix("\n") for name, text in form.form_values()}


def test_an_item_is_added(
    door: Door, session: Session, people: People, family: Family, camera: Item
) -> None:
    answer = door.post(people.clara, "/catalogue/new", **_DOME, family_id=family.id)
    made = session.scalars(select(Item).where(Item.id != camera.id)).one()
    assert answer.location == f"/catalogue/{made.id}"
    assert (made.code, made.designation, made.unit) == ("VID-002", "Caméra dôme", Unit.PIECE)
    assert (made.indicative_price, made.priced_on) == (D("1890.5"), date(2026, 1, 12))
    assert (made.family_id, made.cpv_id) == (family.id, family.cpv_id)
    assert made.search_text == "vid-002 camera dome rotation sur 360°."
    ((verb, facts),) = _journal(session)
    assert verb == "catalogue.add_item"
    assert (facts["code"], facts["family"], facts["unit"]) == ("VID-002", "VID", "piece")
    assert (facts["designation"], facts["indicative_price"]) == ("Caméra dôme", "1890.5")
    assert "VID-002" in door.get(people.ada, "/catalogue?q=camra+dom").text


def test_an_item_may_have_its_own_cpv_and_no_price(
    door: Door, session: Session, people: People, family: Family
) -> None:
    cpv = make_family(session).cpv_id
    door.post(
        people.clara,
        "/catalogue/new",
        **{**_DOME, "indicative_price": "", "vat_rate": "5,5", "cpv_id": cpv, "unit": "box"},
        family_id=family.id,
    )
    made = session.scalars(select(Item)).one()
    # The day alone would be the day of nothing.
    assert (made.cpv_id, made.indicative_price, made.priced_on) == (cpv, None, None)
    assert (made.code, made.vat_rate, made.unit) == ("VID-001", D("5.5"), Unit.BOX)


def test_the_form_of_a_new_item_brings_the_members_words(
    door: Door, session: Session, people: People, family: Family
) -> None:
    page = door.get(
        people.clara,
        f"/catalogue/new?designation=Ramettes+A4+%3Cblanc%3E&unit=ramettes&family={family.id}",
    ).text
    form = _names(page)
    assert (form["designation"], form["unit"]) == ("Ramettes A4 <blanc>", "pack")
    assert (form["family_id"], form["pack_size"]) == (str(family.id), "1")
    assert (form["vat_rate"], form["priced_on"]) == ("20", f"{today()}")


@pytest.mark.parametrize("query", ["", "?unit=palette", "?unit=&designation=&family=word"])
def test_the_form_of_a_new_item_supposes_nothing(
    door: Door, session: Session, people: People, family: Family, query: str
) -> None:
    form = _names(door.get(people.clara, f"/catalogue/new{query}").text)
    assert (form["designation"], form["unit"], form["family_id"]) == ("", "", "")


@pytest.mark.parametrize(
    "over, field",
    [
        ({"designation": " "}, "designation"),
        ({"designation": "a" * 201}, "designation"),
        ({"specification": ""}, "specification"),
        ({"specification": "a" * 1001}, "specification"),
        ({"pack_size": "0"}, "pack_size"),
        ({"pack_size": "1,5"}, "pack_size"),
        ({"vat_rate": ""}, "vat_rate"),
        ({"vat_rate": "19,6"}, "vat_rate"),
        ({"vat_rate": "-20"}, "vat_rate"),
        ({"indicative_price": "cheap"}, "indicative_price"),
        ({"indicative_price": "-1"}, "indicative_price"),
        ({"indicative_price": "1,00001"}, "indicative_price"),
        ({"priced_on": "yesterday"}, "priced_on"),
        ({"cpv_id": "word"}, "cpv_id"),
    ],
)
def test_bad_input_is_shown_again(
    door: Door,
    session: Session,
    people: People,
    camera: Item,
    over: dict[str, object],
    field: str,
) -> None:
    for address, typed in (
        ("/catalogue/new", {**_DOME, "family_id": camera.family_id}),
        (f"/catalogue/{camera.id}/edit", _changed(camera)),
    ):
        answer = door.post(people.clara, address, **{**typed, **over})
        assert answer.status_code == 422
        assert tree(answer.text).get_element_by_id(f"{field}-error").text_content()
        assert _names(answer.text)["specification"] == over.get(
            "specification", "Rotation sur 360°."
        )
    assert session.scalars(select(Item.designation)).all() == ["Caméra"]
    assert _journal(session) == []


@pytest.mark.parametrize("over", [{"unit": "pallet"}, {"unit": ""}, {"family_id": ""}])
def test_an_item_has_a_family_and_a_unit(
    door: Door, session: Session, people: People, family: Family, over: dict[str, object]
) -> None:
    typed = {**_DOME, "family_id": family.id, **over}
    answer = door.post(people.clara, "/catalogue/new", **typed)
    assert answer.status_code == 422
    (name,) = over
    assert tree(answer.text).get_element_by_id(f"{name}-error").text_content()


@pytest.mark.parametrize(
    "over, sentence",
    [
        ({"designation": "CAMERA"}, "VID-001 of this family already has this designation."),
        ({"family_id": 999}, "This family does not exist."),
        ({"cpv_id": 999}, "This CPV code is not in the vocabulary."),
        ({"priced_on": ""}, "Say on which day this was the price."),
        ({"priced_on": f"{today() + timedelta(days=2)}"}, "This day is still to come."),
    ],
)
def test_what_cannot_be_is_refused(
    door: Door,
    session: Session,
    people: People,
    camera: Item,
    over: dict[str, object],
    sentence: str,
) -> None:
    typed = {**_DOME, "family_id": camera.family_id, **over}
    answer = door.post(people.clara, "/catalogue/new", **typed)
    assert answer.status_code == 409
    assert sentence in answer.text
    assert _names(answer.text)["designation"] == typed["designation"]
    assert session.scalars(select(Item.code)).all() == ["VID-001"]


def test_another_family_may_have_the_same_designation(
    door: Door, session: Session, people: People, camera: Item
) -> None:
    other = make_family(session, code="EDU")
    typed = {**_DOME, "designation": "Caméra", "family_id": other.id}
    assert door.post(people.clara, "/catalogue/new", **typed).status_code == 302
    assert sorted(session.scalars(select(Item.code))) == ["EDU-001", "VID-001"]


def test_an_item_is_changed(door: Door, session: Session, people: People, camera: Item) -> None:
    address = f"/catalogue/{camera.id}/edit"
    typed = _changed(camera, pack_size="5", specification="Décrit sans marque.", vat_rate="20.00")
    answer = door.post(people.clara, address, **typed)
    assert answer.location == f"/catalogue/{camera.id}"
    assert (camera.designation, camera.pack_size, camera.version) == ("Caméra dôme", 5, 2)
    # What quantities are counted in, and what the item is named by, stay.
    assert (camera.code, camera.unit) == ("VID-001", Unit.METRE)
    assert camera.search_text == "vid-001 camera dome decrit sans marque."
    assert _journal(session) == [
        (
            "catalogue.change_item",
            {
                "designation": ["Caméra", "Caméra dôme"],
                "pack_size": [1, 5],
                "indicative_price": ["10", "1890.5"],
                "priced_on": ["2026-01-15", "2026-01-12"],
            },
        )
    ]


def test_the_form_shows_what_is_recorded(
    door: Door, session: Session, people: People, family: Family
) -> None:
    item = make_item(session, family, vat_rate=D("5.5"), indicative_price=D("0.085"), pack_size=24)
    page = door.get(people.clara, f"/catalogue/{item.id}/edit").text
    form = _names(page)
    assert (form["vat_rate"], form["indicative_price"]) == ("5.50", "0.085")
    assert (form["pack_size"], form["priced_on"], form["version"]) == ("24", "2026-01-15", "1")
    assert form["cpv_id"] == str(item.cpv_id)
    assert {"unit", "family_id", "code"}.isdisjoint(form)
    # Sent as it is, it changes nothing and tells the journal nothing.
    answer = door.post(people.clara, f"/catalogue/{item.id}/edit", **form)
    assert answer.status_code == 302
    assert item.version == 1
    assert _journal(session) == []


@pytest.mark.parametrize("name", ["unit", "family_id", "code"])
def test_what_stays_is_not_taken_in(
    door: Door, session: Session, people: People, camera: Item, name: str
) -> None:
    typed = {**_changed(camera), name: "piece"}
    assert door.post(people.clara, f"/catalogue/{camera.id}/edit", **typed).status_code == 422
    assert (camera.unit, camera.version) == (Unit.METRE, 1)


def test_two_items_of_a_family_are_never_called_the_same(
    door: Door, session: Session, people: People, camera: Item
) -> None:
    make_item(session, camera.family, code="VID-007", designation="Caméra  DOME")
    answer = door.post(people.clara, f"/catalogue/{camera.id}/edit", **_changed(camera))
    assert answer.status_code == 409
    assert "VID-007 of this family already has this designation." in answer.text
    assert _names(answer.text)["designation"] == "Caméra dôme"
    assert camera.designation == "Caméra"


def test_a_change_made_meanwhile_is_not_lost(
    door: Door, session: Session, people: People, camera: Item
) -> None:
    address, typed = f"/catalogue/{camera.id}/edit", _changed(camera)
    door.post(people.clara, address, **{**typed, "designation": "Caméra multicapteur"})
    answer = door.post(people.clara, address, **typed)
    assert answer.status_code == 409
    assert "Somebody else changed this" in answer.text
    # Both versions stand on the page, which carries the version that it shows.
    assert "<dd>Caméra multicapteur</dd>" in answer.text
    again = _names(answer.text)
    assert (again["designation"], again["version"]) == ("Caméra dôme", "2")
    assert camera.designation == "Caméra multicapteur"
    assert door.post(people.clara, address, **again).status_code == 302
    assert camera.designation == "Caméra dôme"


def test_only_the_buyer_keeps_the_catalogue(
    door: Door, session: Session, people: People, camera: Item
) -> None:
    edit = f"/catalogue/{camera.id}/edit"
    new = {**_DOME, "family_id": camera.family_id}
    for person in (people.ada, people.alix, people.dora, people.eli):
        assert door.get(person, "/catalogue/new").status_code == 403
        assert door.post(person, "/catalogue/new", **new).status_code == 403
        assert door.get(person, edit).status_code == 403
        assert door.post(person, edit, **_changed(camera)).status_code == 403
        for shown in ("/catalogue", f"/catalogue/{camera.id}"):
            page = door.get(person, shown).text
            assert "/catalogue/new" not in page
            assert edit not in page
    assert 'href="/catalogue/new"' in door.get(people.clara, "/catalogue").text
    assert f'href="{edit}"' in door.get(people.clara, f"/catalogue/{camera.id}").text
    assert session.scalars(select(Item.designation)).all() == ["Caméra"]


def test_an_item_that_is_not_there_is_not_found(
    door: Door, session: Session, people: People, camera: Item
) -> None:
    assert door.get(people.clara, "/catalogue/999/edit").status_code == 404
    assert door.post(people.clara, "/catalogue/999/edit", **_changed(camera)).status_code == 404


def test_buyers_who_add_at_once_get_codes_that_follow(
    session: Session, people: People, family: Family, sign_in: SignIn
) -> None:
    typed = {**_DOME, "family_id": family.id}
    session.commit()
    barrier, clients = Barrier(4), [sign_in(people.clara) for _buyer in range(4)]
    session.rollback()

    def add(number: int) -> int:
        barrier.wait()
        # Two of the four mean the same item.
        own = {**typed, "designation": f"Caméra {number % 3}"}
        return clients[number].post("/catalogue/new", data=own).status_code

    with ThreadPoolExecutor(4) as buyers:
        assert sorted(buyers.map(add, range(4))) == [302, 302, 302, 409]
    assert sorted(session.scalars(select(Item.code))) == ["VID-001", "VID-002", "VID-003"]
