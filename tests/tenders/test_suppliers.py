"""POST /suppliers, and the list of the firms."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from procurement.kernel.audit import AuditEntry
from procurement.tenders.models import Supplier
from tests.conftest import CountQueries
from tests.door import Door
from tests.make import some_siret
from tests.people import People
from tests.tenders.make import Ground, make_award, make_ground, make_supplier


def test_a_buyer_registers_a_firm(session: Session, people: People, door: Door) -> None:
    siret = some_siret()
    spaced = f"{siret[:3]} {siret[3:6]} {siret[6:9]} {siret[9:]}"
    answer = door.post(people.clara, "/suppliers", siret=spaced, name="Réseaux du Val")
    assert answer.status_code == 302
    supplier = session.scalars(select(Supplier)).one()
    assert (supplier.siret, supplier.name, supplier.email) == (siret, "Réseaux du Val", None)
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.verb, entry.object_id) == ("tenders.register_supplier", supplier.id)


@pytest.mark.parametrize("person, status", [("dora", 403), ("ada", 403), ("eli", 403)])
def test_only_a_buyer_registers(people: People, door: Door, person: str, status: int) -> None:
    answer = door.post(getattr(people, person), "/suppliers", siret=some_siret(), name="Réseaux")
    assert answer.status_code == status


@pytest.mark.parametrize(
    "siret, sentence",
    [
        ("732 829 320 00075", "the last of which checks the others"),
        ("73282932", "fourteen digits"),
        ("not a number", "fourteen digits"),
        ("", "This field is needed."),
    ],
)
def test_a_wrong_siret_is_told_beside_the_field(
    session: Session, people: People, door: Door, siret: str, sentence: str
) -> None:
    answer = door.post(people.clara, "/suppliers", siret=siret, name="Réseaux du Val")
    assert answer.status_code == 422
    error = answer.text.split('id="siret-error"')[1].split("</p>")[0]
    assert sentence in error
    # What was typed is still there, and nothing was written.
    assert f'value="{siret}"' in answer.text
    assert 'value="Réseaux du Val"' in answer.text
    assert session.scalar(select(func.count(Supplier.id))) == 0


def test_a_siret_is_registered_once(session: Session, people: People, door: Door) -> None:
    known = make_supplier(session, "Réseaux du Val")
    answer = door.post(people.clara, "/suppliers", siret=known.siret, name="Another name")
    assert answer.status_code == 409
    assert "already that of Réseaux du Val" in answer.text


@pytest.mark.parametrize("person, status", [("clara", 200), ("dora", 200), ("ada", 403)])
def test_the_centrale_reads_the_list(people: People, door: Door, person: str, status: int) -> None:
    assert door.get(getattr(people, person), "/suppliers").status_code == status


@pytest.mark.parametrize("question", ["val", "VAL", "000"])
def test_the_search(session: Session, people: People, door: Door, question: str) -> None:
    found = make_supplier(session, "Réseaux du Val")
    make_supplier(session, "Autre maison", siret="73282932000074")
    question = found.siret[:6] if question == "000" else question
    page = door.get(people.clara, f"/suppliers?q={question}").text
    assert "Réseaux du Val" in page
    assert "Autre maison" not in page


def test_a_percent_sign_is_searched_as_itself(session: Session, people: People, door: Door) -> None:
    make_supplier(session, "Réseaux du Val")
    assert "No supplier found" in door.get(people.clara, "/suppliers?q=%25").text


@pytest.mark.parametrize("address", ["/suppliers", "/tenders"])
def test_a_long_list_asks_the_database_as_much_as_a_short_one(
    session: Session, ground: Ground, door: Door, count_queries: CountQueries, address: str
) -> None:
    make_award(session, ground)
    door.get(ground.people.clara, address)
    with count_queries() as few:
        door.get(ground.people.clara, address)
    for _number in range(8):
        make_award(session, make_ground(session, ground.people))
    session.commit()
    with count_queries() as many:
        door.get(ground.people.clara, address)
    assert len(many) == len(few), (few, many)
