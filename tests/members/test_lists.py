"""The lists and pages of members and of the journal: who sees what, found how, at what cost."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from procurement.kernel import audit, pipeline
from procurement.kernel.access import Actor, Role
from procurement.kernel.pipeline import today
from procurement.members.models import Competence, CompetenceTransfer, MemberKind, Membership
from tests.browse import tree
from tests.conftest import CountQueries
from tests.door import Door
from tests.make import make_member, make_person, make_site
from tests.people import People


def _names(page: str) -> list[str]:
    return [one.text_content().strip() for one in tree(page).xpath("//tbody//th")]


def test_the_centrale_sees_all_bodies_and_a_member_its_own(door: Door, people: People) -> None:
    for person in (people.clara, people.dora, people.eli):
        assert _names(door.get(person, "/members").text) == ["Amboise-la-Petite", "Bourg-Neuf"]
    assert _names(door.get(people.ada, "/members").text) == ["Amboise-la-Petite"]
    assert _names(door.get(people.blanche, "/members?q=Amboise").text) == []


@pytest.mark.parametrize(
    "question, found",
    [
        ("q=ÉLANC", ["Élancourt"]),
        ("q=élanc", ["Élancourt"]),
        ("q=bourg", ["Bourg-Neuf"]),
        ("q=000 999 999", ["Élancourt"]),
        ("q=78208", ["Élancourt"]),
        ("departement=92", ["Bourg-Neuf"]),
        ("departement=75", []),
        ("q=%25", []),
        ("q=_", []),
        ("q='", []),
        ("", ["Amboise-la-Petite", "Bourg-Neuf", "Élancourt"]),
    ],
)
def test_bodies_are_found(
    door: Door, session: Session, people: People, question: str, found: list[str]
) -> None:
    make_member(session, "Élancourt", siren="000999999", insee_code="78208")
    assert sorted(_names(door.get(people.clara, f"/members?{question}").text)) == sorted(found)


def test_a_body_is_shown_with_what_binds_it(door: Door, session: Session, people: People) -> None:
    group = make_member(
        session, "CA du Val", kind=MemberKind.INTERCOMMUNALITY, form="CA", is_member=False
    )
    member = people.first
    member.intercommunality_id = group.id
    session.add(
        CompetenceTransfer(
            member_id=member.id, competence=Competence.DIGITAL_EDUCATION, from_on=date(2021, 9, 1)
        )
    )
    page = door.get(people.ada, f"/members/{member.id}").text
    for text in (
        "CA du Val",
        "Signed on 01/01/2020 (terms 1.0)",
        "Digital education (since 01/09/2021)",
        "Mairie",
        "800",
    ):
        assert text in page
    assert "CA du Val" in door.get(people.clara, "/members").text


def test_a_body_that_left_is_no_member_any_more(
    door: Door, session: Session, people: People
) -> None:
    gone = make_member(session, "Partie", is_member=False)
    session.add(
        Membership(
            member_id=gone.id,
            signed_on=date(2018, 3, 1),
            terms_version="1.0",
            left_on=today() - timedelta(days=1),
        )
    )
    page = door.get(people.clara, f"/members/{gone.id}").text
    assert "left on" in page
    row = tree(door.get(people.clara, "/members?q=Partie").text).xpath("//tbody/tr")[0]
    assert row.text_content().split()[-1] == "None"


def test_a_body_of_somebody_else_does_not_exist(door: Door, people: People) -> None:
    assert door.get(people.ada, f"/members/{people.second.id}").status_code == 404
    assert door.get(people.ada, "/members/999").status_code == 404
    assert door.get(people.clara, f"/members/{people.second.id}").status_code == 200


@pytest.mark.parametrize("name", ["ada", "alix", "clara", "dora"])
def test_only_administrators_read_the_journal(door: Door, people: People, name: str) -> None:
    assert door.get(getattr(people, name), "/journal").status_code == 403


def test_the_journal_is_read_backwards_and_by_object(
    door: Door, session: Session, people: People
) -> None:
    clerk = Actor(people.clara.id, "Clara", Role.BUYER)
    for rank, member in enumerate((people.first, people.second, people.first)):
        audit.record(session, clerk, f"members.act_{rank}", member, note="<b>“é”</b>")
    pipeline.commit()
    page = door.get(people.eli, "/journal").text
    assert page.index("members.act_2") < page.index("members.act_1") < page.index("members.act_0")
    assert "<b>“é”" not in page
    first = door.get(people.eli, f"/journal?object=member&id={people.first.id}").text
    assert "members.act_0" in first
    assert "members.act_1" not in first
    assert "No entry" in door.get(people.eli, "/journal?object=nothing").text
    assert "members.act_1" in door.get(people.eli, "/journal?id=word").text


@pytest.mark.parametrize("page", ["/members", "/people", "/journal", "/members/1"])
def test_queries_do_not_grow_with_the_rows(
    door: Door, session: Session, people: People, count_queries: CountQueries, page: str
) -> None:
    clerk = Actor.command("try")

    def grow(rows: int) -> int:
        for _row in range(rows):
            make_person(session, member=make_member(session))
            make_site(session, people.first)
            audit.record(session, clerk, "members.try", people.first)
        pipeline.commit()
        door.get(people.eli, page)
        with count_queries() as statements:
            assert door.get(people.eli, page).status_code == 200
        return len(statements)

    few, many = grow(3), grow(57)
    assert few == many <= 8
