"""Names are sorted and found as people do, alike on both databases."""

from sqlalchemy.orm import Session

from tests.door import Door
from tests.make import make_member
from tests.people import People


def test_accents_and_capitals_do_not_count(session: Session, people: People, door: Door) -> None:
    for name in ("Yerres-lès-Essais", "Élan-sur-Essai", "Ecqueville-Essai", "Épône-Essai"):
        make_member(session, name)
    page = door.get(people.clara, "/members?q=ESSAI").text
    places = [page.index(name) for name in ("Ecqueville", "Élan", "Épône", "Yerres")]
    assert places == sorted(places)


def test_a_changed_name_is_found_again(session: Session, people: People, door: Door) -> None:
    people.second.name = "Évry-Essai"
    assert "Évry-Essai" in door.get(people.clara, "/members?q=evry").text
