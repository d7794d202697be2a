"""Bodies that merge: what passes to the one that goes on, who reads what, and what is refused."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from procurement.agreements.models import Agreement
from procurement.kernel import audit, pipeline
from procurement.kernel.access import Actor, Role
from procurement.kernel.audit import AuditEntry
from procurement.kernel.errors import Refused
from procurement.kernel.mail import Letter
from procurement.kernel.pipeline import today
from procurement.lots.models import Lot, LotLine
from procurement.members import mergers, operations, queries
from procurement.members.imports import COLUMNS, import_members
from procurement.members.models import (
    Competence,
    CompetenceTransfer,
    Mandate,
    Member,
    MemberKind,
    Membership,
    Person,
    Site,
    SiteKind,
)
from procurement.members.queries import has_membership
from procurement.needs import operations as needs
from procurement.needs.models import CampaignState, Invitation, Need, NeedLine
from procurement.needs.queries import is_invited
from procurement.orders import operations as orders
from procurement.orders.models import Order, OrderState
from tests.chain import Chain, make_chain
from tests.door import Door, refused
from tests.make import (
    actor_for,
    make_campaign,
    make_member,
    make_need,
    make_person,
    make_site,
    some_siren,
)
from tests.people import People

CLERK = Actor.command("tests")
MERGED, SIGNED = date(2025, 1, 1), date(2020, 1, 1)


def merge(*predecessors: Member, into: Member, on: date = MERGED, adds: bool = False) -> None:
    mergers.merge(predecessors, into, on, actor=CLERK, today=today(), adds_inhabitants=adds)
    pipeline.commit()


def periods(session: Session, member: Member) -> list[tuple[date, date | None]]:
    query = select(Membership.signed_on, Membership.left_on).where(
        Membership.member_id == member.id
    )
    rows = session.execute(query.order_by(Membership.signed_on))
    return [(row.signed_on, row.left_on) for row in rows]


def transfers(session: Session, member: Member) -> list[tuple[Competence, date, date | None]]:
    table = CompetenceTransfer
    query = select(table.competence, table.from_on, table.until_on)
    query = query.where(table.member_id == member.id).order_by(table.id)
    return [(row.competence, row.from_on, row.until_on) for row in session.execute(query)]


def sites(session: Session, member: Member) -> list[str]:
    query = select(Site.name).where(Site.member_id == member.id).order_by(Site.id)
    return list(session.scalars(query))


# What passes to the body that goes on


def test_a_merger_is_kept_on_the_body_that_merged_and_in_the_journal(
    session: Session, people: People
) -> None:
    merge(people.first, into=people.second)
    assert (people.first.successor_id, people.first.merged_on) == (people.second.id, MERGED)
    assert people.second.successor_id is None
    query = select(AuditEntry.verb, AuditEntry.object_id).order_by(AuditEntry.id)
    assert [tuple(row) for row in session.execute(query)] == [
        ("members.merge", people.first.id),
        ("members.absorb", people.second.id),
    ]
    assert list(audit.faults(session)) == []


def test_people_go_over_with_their_roles_whether_or_not_they_may_sign_in(
    session: Session, people: People
) -> None:
    gone = make_person(session, member=people.first, is_active=False)
    merge(people.first, into=people.second)
    for person, role in ((people.ada, Role.REQUESTER), (people.alix, Role.APPROVER)):
        assert (person.member_id, person.role) == (people.second.id, role)
    assert gone.member_id == people.second.id
    told = session.execute(select(Letter.to_name, Letter.subject).order_by(Letter.id)).all()
    assert [one.to_name for one in told] == ["Ada", "Alix"]
    assert all("Bourg-Neuf" in one.subject for one in told)


def test_places_go_over_and_say_whose_they_were_where_names_meet(
    session: Session, people: People
) -> None:
    third = make_member(session, "Amboise-la-Petite")
    make_site(session, people.first, "École")
    long = "x" * 120
    make_site(session, people.first, long)
    make_site(session, people.second, long)
    merge(people.first, third, into=people.second)
    assert sites(session, people.first) == sites(session, third) == []
    assert sorted(sites(session, people.second)) == sorted(
        [
            "Mairie",
            "Mairie (Amboise-la-Petite)",
            "Mairie (Amboise-la-Petite, 2)",
            "École",
            long,
            "x" * 100 + " (Amboise-la-Petite)",
        ]
    )


def test_membership_ends_and_the_successor_keeps_its_own(session: Session, people: People) -> None:
    merge(people.first, into=people.second)
    assert periods(session, people.first) == [(SIGNED, MERGED)]
    assert periods(session, people.second) == [(SIGNED, None)]
    assert not has_membership(people.first.id, MERGED)
    assert has_membership(people.first.id, MERGED - timedelta(days=1))


@pytest.mark.parametrize(
    "ends, expected",
    [
        ([None], (MERGED, None)),
        ([date(2026, 1, 1)], (MERGED, date(2026, 1, 1))),
        ([date(2026, 1, 1), date(2027, 1, 1)], (MERGED, date(2027, 1, 1))),
        ([date(2027, 1, 1), None], (MERGED, None)),
        ([MERGED], None),
        ([date(2023, 1, 1)], None),
    ],
)
def test_a_successor_without_membership_takes_over_the_one_that_lasts_longest(
    session: Session, ends: list[date | None], expected: tuple[date, date | None] | None
) -> None:
    old, new = [], make_member(session, is_member=False)
    for number, end in enumerate(ends):
        body = make_member(session, is_member=False)
        session.add(
            Membership(
                member_id=body.id, signed_on=SIGNED, left_on=end, terms_version=f"{number}.0"
            )
        )
        old.append(body)
    session.flush()
    merge(*old, into=new)
    assert periods(session, new) == ([expected] if expected else [])
    if expected:
        terms = select(Membership.terms_version).where(Membership.member_id == new.id)
        assert session.scalars(terms).one() == f"{ends.index(expected[1])}.0"
    for body in old:
        assert all(end is not None and end <= MERGED for _start, end in periods(session, body))


def test_a_membership_signed_after_the_merger_binds_nobody(session: Session) -> None:
    old, new = make_member(session, is_member=False), make_member(session, is_member=False)
    late = MERGED + timedelta(days=5)
    operations.join(old, late, "1.0", actor=CLERK)
    merge(old, into=new)
    assert periods(session, old) == [(late, late)]
    assert periods(session, new) == []


def test_competences_go_over_unless_the_successor_transferred_them(
    session: Session, people: People
) -> None:
    until = date(2027, 1, 1)
    for member, competence, until_on in (
        (people.first, Competence.TELECOMS, None),
        (people.first, Competence.SMART_CITY, until),
        (people.first, Competence.PURCHASING, date(2023, 1, 1)),
        (people.second, Competence.TELECOMS, None),
    ):
        operations.transfer(member, competence, SIGNED, actor=CLERK).until_on = until_on
    merge(people.first, into=people.second)
    assert transfers(session, people.first) == [
        (Competence.TELECOMS, SIGNED, MERGED),
        (Competence.SMART_CITY, SIGNED, MERGED),
        (Competence.PURCHASING, SIGNED, date(2023, 1, 1)),
    ]
    assert transfers(session, people.second) == [
        (Competence.TELECOMS, SIGNED, None),
        (Competence.SMART_CITY, MERGED, until),
    ]


def test_mandates_given_and_held_end(session: Session, people: People) -> None:
    groups = [make_member(session, kind=MemberKind.INTERCOMMUNALITY) for _one in range(2)]
    given = Mandate(member=people.first, delegate=groups[0], granted_on=SIGNED)
    late = Mandate(member=people.second, delegate=groups[0], granted_on=date(2025, 6, 1))
    session.add_all([given, late])
    merge(people.first, into=make_member(session))
    assert (given.revoked_on, late.revoked_on) == (MERGED, None)
    merge(groups[0], into=groups[1])
    assert late.revoked_on == date(2025, 6, 1)


def test_the_communes_of_an_intercommunality_go_over(session: Session, people: People) -> None:
    old, new = (make_member(session, kind=MemberKind.INTERCOMMUNALITY) for _one in range(2))
    people.first.intercommunality = old
    merge(old, into=new)
    assert people.first.intercommunality_id == new.id


def test_a_later_merger_moves_earlier_ones_along(session: Session, people: People) -> None:
    third = make_member(session)
    merge(people.first, into=people.second)
    merge(people.second, into=third, on=date(2026, 1, 1))
    assert people.first.successor_id == people.second.successor_id == third.id
    assert (people.first.merged_on, people.second.merged_on) == (MERGED, date(2026, 1, 1))
    assert people.ada.member_id == third.id


@pytest.mark.parametrize("adds, inhabitants", [(False, 800), (True, 1600)])
def test_inhabitants_are_added_only_if_asked(
    session: Session, people: People, adds: bool, inhabitants: int
) -> None:
    merge(people.first, into=people.second, adds=adds)
    assert (people.first.population, people.second.population) == (800, inhabitants)


# A new body


def found(*predecessors: Member, siren: str, name: str | None = "Neuve") -> Member:
    made = mergers.merge_into(predecessors, siren, name, MERGED, actor=CLERK, today=today())
    pipeline.commit()
    return made


def test_a_new_body_has_the_seat_of_the_first(session: Session, people: People) -> None:
    group = make_member(session, kind=MemberKind.INTERCOMMUNALITY, insee_code=None)
    people.first.intercommunality_id = group.id
    siren = some_siren()
    made = found(people.first, people.second, siren=siren)
    assert (made.siren, made.name, made.sort_name) == (siren, "Neuve", "neuve")
    assert (made.kind, made.departement, made.postcode) == (MemberKind.COMMUNE, "78", "78000")
    assert (made.insee_code, made.intercommunality_id) == (people.first.insee_code, group.id)
    assert made.population == 1600
    assert people.first.successor_id == people.second.successor_id == made.id
    assert people.ada.member_id == people.basile.member_id == made.id
    assert periods(session, made) == [(MERGED, None)]
    assert sites(session, made) == ["Mairie", "Mairie (Bourg-Neuf)"]
    assert list(audit.faults(session)) == []


def test_one_body_that_stands_has_an_insee_code(session: Session, people: People) -> None:
    made = found(people.first, people.second, siren=some_siren())
    session.add(
        Member(
            kind=MemberKind.COMMUNE,
            siren=some_siren(),
            insee_code=made.insee_code,
            name="Autre",
            departement="78",
            population=1,
        )
    )
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_a_new_body_is_made_of_two_has_a_name_and_no_siren_of_another(
    session: Session, people: People
) -> None:
    with refused("one_body"):
        found(people.first, siren=some_siren())
    with refused("name_needed"):
        found(people.first, people.second, siren=some_siren(), name=None)
    third = make_member(session)
    with refused("siren_taken"):
        found(people.first, people.second, siren=third.siren)
    assert found(people.first, people.second, siren=third.siren, name=None) is third


# What is refused


def test_what_cannot_merge_is_refused(session: Session, people: People) -> None:
    first, second = people.first, people.second
    group = make_member(session, kind=MemberKind.INTERCOMMUNALITY, insee_code=None)
    with refused("nobody_merges"):
        merge(into=first)
    with refused("merges_with_itself"):
        merge(first, second, into=second)
    with refused("named_twice"):
        merge(first, first, into=second)
    with refused("other_kind"):
        merge(group, into=first)
    with refused("other_kind"):
        found(first, group, siren=some_siren())
    with refused("merged_in_future"):
        merge(first, into=second, on=today() + timedelta(days=1))
    merge(first, into=second, on=today())
    with refused("merged"):
        merge(first, into=make_member(session))
    with refused("merged"):
        merge(make_member(session), into=first)


@pytest.mark.usefixtures("english")
def test_nothing_more_is_recorded_on_a_body_that_merged(session: Session, people: People) -> None:
    old = people.first
    merge(old, into=people.second)
    sentence = "Amboise-la-Petite merged into Bourg-Neuf on 01/01/2025."
    with refused("merged") as caught:
        queries.member_by_siren(old.siren)
    assert str(caught.value.sentence).startswith(sentence)
    for act in (
        lambda: operations.join(old, today(), "1.0", actor=CLERK),
        lambda: operations.leave(old, today(), actor=CLERK),
        lambda: operations.transfer(old, Competence.TELECOMS, today(), actor=CLERK),
        lambda: operations.add_site(
            old, SiteKind.SCHOOL, "École", "Ville", None, None, actor=CLERK
        ),
        lambda: operations.create_person(
            "new@example.org", "New", Role.REQUESTER, old.id, "a long enough password", actor=CLERK
        ),
    ):
        with refused("merged"):
            act()
    assert operations.join_all(today(), "1.0", actor=CLERK) == 0
    assert old.id not in dict(queries.bodies())


def test_an_import_leaves_a_body_that_merged_alone(session: Session, people: People) -> None:
    made = found(people.first, people.second, siren=some_siren())

    def row(body: Member, name: str) -> str:
        code = body.insee_code
        return f"commune,{code},{body.siren},{name},78,78000,5000,,\n"

    heading = ",".join(COLUMNS) + "\n"
    content = heading + row(people.first, "Revenue") + row(made, "Neuve-Ville")
    report = import_members(content.encode(), actor=CLERK)
    pipeline.commit()
    assert [line for line, _sentence in report.merged] == [2]
    assert (report.updated, report.inserted, report.refused) == ([3], [], [])
    assert (people.first.name, made.name, made.population) == (
        "Amboise-la-Petite",
        "Neuve-Ville",
        5000,
    )


def test_an_import_brings_no_second_body_of_an_insee_code(session: Session, people: People) -> None:
    row = f"commune,{people.first.insee_code},{some_siren()},Neuve,78,78000,5000,,\n"
    content = ",".join(COLUMNS) + "\n" + row
    report = import_members(content.encode(), actor=CLERK)
    assert [line for line, _sentence in report.refused] == [2]


def test_communes_of_a_file_follow_their_intercommunality(session: Session, people: People) -> None:
    old, new = (
        make_member(session, kind=MemberKind.INTERCOMMUNALITY, insee_code=None, form="CC")
        for _one in range(2)
    )
    merge(old, into=new)
    first = people.first
    row = f"commune,{first.insee_code},{first.siren},{first.name},78,78000,800,{old.siren},\n"
    import_members((",".join(COLUMNS) + "\n" + row).encode(), actor=CLERK)
    assert first.intercommunality_id == new.id


# The doors


def run(app: Flask, session: Session, *words: str) -> tuple[int, str]:
    session.commit()
    done = app.test_cli_runner().invoke(args=["members", "merge", *words])
    session.rollback()
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done.exit_code, done.output


def test_the_command_merges_into_a_body_that_stands(
    app: Flask, session: Session, people: People
) -> None:
    old, new = people.first.siren, people.second.siren
    words = ("--siren", old, "--into", new, "--on", "2025-01-01", "--add-inhabitants")
    assert run(app, session, *words) == (0, f"1 merged into {new}\n")
    code, said = run(app, session, *words)
    assert code == 1
    assert "Bourg-Neuf" in said
    assert people.first.successor_id == people.second.id
    assert people.second.population == 1600


def test_the_command_creates_a_new_body(app: Flask, session: Session, people: People) -> None:
    siren = some_siren()
    both = ("--siren", people.first.siren, "--siren", people.second.siren)
    words = (*both, "--into", siren, "--on", "01/01/2025", "--name", "Neuve")
    assert run(app, session, *words) == (0, f"2 merged into {siren}\n")
    assert session.scalars(select(Member.name).where(Member.siren == siren)).one() == "Neuve"


@pytest.mark.parametrize(
    "siren, into, on",
    [
        ("000000000", None, "2025-01-01"),
        (None, "000000018", "2025-01-01"),
        (None, "123", "2025-01-01"),
        (None, "", "2025-01-01"),
        (None, None, "2999-01-01"),
        (None, None, "hier"),
    ],
)
def test_a_wrong_command_writes_nothing(
    app: Flask, session: Session, people: People, siren: str | None, into: str | None, on: str
) -> None:
    old = people.first.siren if siren is None else siren
    new = people.second.siren if into is None else into
    assert run(app, session, "--siren", old, "--into", new, "--on", on)[0] == 1
    assert session.scalars(select(Member.id).where(Member.successor_id.is_not(None))).all() == []


def fields(*bodies: Member, **over: object) -> dict[str, object]:
    chosen = {f"bodies-{at}-member_id": one.id for at, one in enumerate(bodies)}
    return {"merged_on": "01/01/2025", **chosen, **over}


def test_the_administrator_records_a_merger_on_the_page_of_the_body_that_goes_on(
    door: Door, session: Session, people: People
) -> None:
    address = f"/members/{people.second.id}"
    assert f"{address}/merger" in door.get(people.eli, address).text
    assert people.first.siren in door.get(people.eli, f"{address}/merger").text
    answer = door.post(
        people.eli, f"{address}/merger", **fields(people.first, adds_inhabitants="1")
    )
    assert (answer.status_code, answer.location) == (302, address)
    assert people.first.successor_id == people.second.id
    assert people.second.population == 1600
    new = door.get(people.eli, address).text
    assert "Merged into it" in new
    assert f'href="/members/{people.first.id}"' in new
    old = door.get(people.eli, f"/members/{people.first.id}").text
    assert "Merged on 01/01/2025." in old
    assert "See Bourg-Neuf, which goes on" in old
    assert "/merger" not in old
    assert door.get(people.eli, f"/members/{people.first.id}/merger").status_code == 409


def test_the_administrator_records_a_merger_into_a_new_body(
    door: Door, session: Session, people: People
) -> None:
    siren = some_siren()
    address = f"/members/{people.first.id}/merger"
    answer = door.post(
        people.eli, address, **fields(people.second, siren=siren, name="Neuve", adds_inhabitants="")
    )
    made = session.scalars(select(Member).where(Member.siren == siren)).one()
    assert answer.location == f"/members/{made.id}"
    assert people.first.successor_id == people.second.successor_id == made.id


@pytest.mark.parametrize(
    "over, status",
    [
        ({"merged_on": ""}, 422),
        ({"merged_on": "hier"}, 422),
        ({"siren": "123"}, 422),
        ({"name": "Neuve"}, 422),
        ({"bodies-0-member_id": "x"}, 422),
        ({"bodies-0-member_id": "999999"}, 409),
        ({"bodies-0-member_id": ""}, 409),
        ({"siren": "000000018"}, 409),
        ({"merged_on": "01/01/2090"}, 409),
    ],
)
def test_a_wrong_form_comes_back_filled(
    door: Door, session: Session, people: People, over: dict[str, str], status: int
) -> None:
    typed = fields(people.first) | over
    answer = door.post(people.eli, f"/members/{people.second.id}/merger", **typed)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert people.first.successor_id is None


def test_only_the_administrator_records_mergers(door: Door, people: People) -> None:
    address = f"/members/{people.second.id}/merger"
    for person in (people.basile, people.blanche, people.clara, people.dora):
        assert "/merger" not in door.get(person, f"/members/{people.second.id}").text
        assert door.get(person, address).status_code == 403
        assert door.post(person, address, **fields(people.first)).status_code == 403
    assert door.get(people.eli, "/members/999999/merger").status_code == 404


# Who reads what afterwards


@pytest.fixture
def chain(session: Session, people: People) -> Chain:
    """A whole purchase of the second body, which then merged into the first."""
    made = make_chain(session, people)
    merge(people.second, into=people.first, on=today())
    return made


def test_the_successor_reads_what_its_predecessor_did(
    door: Door, people: People, chain: Chain
) -> None:
    pages = [
        f"/members/{chain.member.id}",
        f"/needs/{chain.need.id}",
        f"/need-lines/{chain.need_line.id}",
        f"/lots/{chain.lot.id}",
        f"/lot-lines/{chain.lot_line.id}",
        f"/agreements/{chain.agreement.id}",
        f"/orders/{chain.order.id}",
        f"/orders/{chain.order.id}/order.pdf",
        f"/savings/members/{chain.member.id}",
        f"/savings/members/{chain.member.id}/statement.pdf",
    ]
    for person in (people.ada, people.alix, people.basile):
        for page in pages:
            assert door.get(person, page).status_code == 200, page
    for page, shown in {
        "/members": chain.member.name,
        "/needs": chain.member.name,
        "/orders": chain.member.name,
        "/lots": f"/lots/{chain.lot.id}",
        "/agreements": chain.agreement.number,
        f"/savings/members/{people.first.id}": f"/savings/members/{chain.member.id}",
    }.items():
        assert shown in door.get(people.ada, page).text, page
    assert "400" in door.get(people.ada, "/agreements").text


def test_a_stranger_reads_nothing_of_either(
    door: Door, session: Session, people: People, chain: Chain
) -> None:
    stranger = make_person(session)
    for page in (
        f"/members/{chain.member.id}",
        f"/needs/{chain.need.id}",
        f"/lots/{chain.lot.id}",
        f"/lot-lines/{chain.lot_line.id}",
        f"/agreements/{chain.agreement.id}",
        f"/orders/{chain.order.id}",
        f"/savings/members/{chain.member.id}",
    ):
        assert door.get(stranger, page).status_code == 404, page


def test_a_predecessor_reads_nothing_of_the_other_before_the_merger(
    session: Session, people: People
) -> None:
    made = make_chain(session, people)
    merge(people.first, into=people.second)
    third = make_person(session, Role.REQUESTER, make_member(session))
    for model in (Need, NeedLine, Lot, LotLine, Agreement, Order):
        seen = select(model.id).where(model.visible_to(actor_for(third)))
        assert session.scalars(seen).all() == []
    assert made.order.member_id == people.second.id


def test_the_successor_writes_nothing_of_its_predecessor(
    door: Door, session: Session, people: People, chain: Chain
) -> None:
    need = f"/needs/{chain.need.id}"
    line = f"/need-lines/{chain.need_line.id}"
    assert door.post(people.ada, f"{need}/nil").status_code in (403, 409)
    assert door.post(people.ada, f"{line}/remove", version=1).status_code in (403, 409)
    site = {"kind": "school", "name": "École", "city": "Bourg-Neuf"}
    assert door.post(people.ada, f"/members/{chain.member.id}/sites", **site).status_code == 409


def test_the_successor_ends_the_orders_of_its_predecessor(
    door: Door, session: Session, people: People, chain: Chain
) -> None:
    """It takes its place in its contracts (L2113-5 of the CGCT): nothing stays reserved."""
    order = f"/orders/{chain.order.id}"
    assert f"{order}/cancel" in door.get(people.alix, order).text
    assert door.post(people.alix, f"{order}/cancel", reason="Merged").status_code == 302
    session.refresh(chain.order)
    assert chain.order.state is OrderState.CANCELLED


@pytest.mark.parametrize(
    "act, state",
    [
        (lambda order, _ada, alix: orders.confirm(order, actor=alix, today=today()), "confirmed"),
        (lambda order, _ada, alix: orders.refuse(order, "Why not", actor=alix), "refused"),
        (lambda order, ada, _alix: orders.withdraw(order, "Why not", actor=ada), "cancelled"),
    ],
)
def test_the_successor_decides_on_what_was_submitted(
    session: Session, people: People, act: Callable[..., None], state: str
) -> None:
    made = make_chain(session, people)
    wanted = [orders.Wanted(made.agreement.prices[0].id, Decimal(1))]
    author, day = actor_for(people.basile), today()
    draft = orders.place(made.agreement, orders.Draft(made.site, wanted), actor=author, today=day)
    sent = orders.place(made.agreement, orders.Draft(made.site, wanted), actor=author, today=day)
    session.flush()
    orders.submit(sent, actor=author, today=day)
    merge(people.second, into=people.first, on=day)
    ada, alix = actor_for(people.ada), actor_for(people.alix)
    with pytest.raises(Refused):
        orders.submit(draft, actor=ada, today=day)
    act(sent, ada, alix)
    assert sent.state == state


def test_the_successor_sees_no_button_that_it_may_not_press(
    door: Door, session: Session, people: People, chain: Chain
) -> None:
    agreement = f"/agreements/{chain.agreement.id}"
    assert f"{agreement}/orders/new" not in door.get(people.ada, agreement).text
    need = door.get(people.ada, f"/needs/{chain.need.id}").text
    assert f'action="/needs/{chain.need.id}/' not in need


def test_a_draft_of_a_predecessor_is_read_and_no_longer_written(
    door: Door, session: Session, people: People
) -> None:
    campaign = make_campaign(session)
    draft = make_need(session, campaign, people.basile)
    merge(people.second, into=people.first, on=today())
    assert door.get(people.ada, f"/needs/{draft.id}").status_code == 200
    assert door.post(people.ada, f"/needs/{draft.id}/nil").status_code in (403, 409)
    with pytest.raises(Refused):
        needs.declare_nil(draft, actor=actor_for(people.ada), today=today())
    session.rollback()
    own = needs.begin(campaign, actor=actor_for(people.ada), today=today())
    assert own.member_id == people.first.id


# Found by either SIREN


@pytest.mark.parametrize("by", ["siren", "insee_code", "name"])
def test_both_are_found_by_what_the_old_one_was_called(
    door: Door, session: Session, people: People, by: str
) -> None:
    merge(people.first, into=people.second)
    page = door.get(people.clara, f"/members?q={getattr(people.first, by)}").text
    assert "Amboise-la-Petite" in page
    assert "Merged into Bourg-Neuf on 01/01/2025" in page
    assert f'href="/members/{people.second.id}"' in page
    page = door.get(people.clara, f"/members?q={people.second.siren}").text
    assert "Amboise" not in page


def test_both_are_found_where_the_new_one_has_the_code_of_the_old(
    door: Door, session: Session, people: People
) -> None:
    made = found(people.first, people.second, siren=some_siren())
    page = door.get(people.clara, f"/members?q={people.first.insee_code}").text
    for body in (people.first, made):
        assert f'href="/members/{body.id}"' in page
    assert f'href="/members/{people.second.id}"' not in page


# Membership on the campaign's date decides who may answer


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    "signed, left, is_asked",
    [
        (-400, None, True),
        (-5, None, True),
        (0, None, True),
        (1, None, False),
        (-400, -40, False),
        (-400, -5, False),
        (-400, 0, False),
        (-400, 1, True),
    ],
    ids=[
        "before",
        "signed during",
        "signed today",
        "signs tomorrow",
        "left before",
        "left during",
        "leaves today",
        "leaves tomorrow",
    ],
)
def test_membership_of_the_day_decides_while_a_campaign_is_open(
    session: Session, signed: int, left: int | None, is_asked: bool
) -> None:
    member = make_member(session, is_member=False)
    session.add(
        Membership(
            member_id=member.id,
            signed_on=today() + signed * DAY,
            left_on=None if left is None else today() + left * DAY,
            terms_version="1.0",
        )
    )
    session.flush()
    assert is_invited(make_campaign(session), member.id, today()) is is_asked


@pytest.mark.parametrize("signed, left, was_asked", [(-5, None, True), (0, None, False)])
def test_once_it_is_closed_its_last_day_decides(
    session: Session, signed: int, left: int | None, was_asked: bool
) -> None:
    campaign = make_campaign(
        session,
        CampaignState.CLOSED,
        opens_on=today() - 30 * DAY,
        closes_on=today() - DAY,
    )
    member = make_member(session, is_member=False)
    operations.join(member, today() + signed * DAY, "1.0", actor=CLERK)
    session.flush()
    assert is_invited(campaign, member.id, today()) is was_asked


def test_a_body_that_merged_during_a_campaign_leaves_the_answer_to_its_successor(
    session: Session, people: People
) -> None:
    campaign = make_campaign(session)
    new = make_member(session, is_member=False)
    assert not is_invited(campaign, new.id, today())
    merge(people.first, into=new, on=today() - DAY)
    assert not is_invited(campaign, people.first.id, today())
    assert is_invited(campaign, new.id, today())


def test_a_competence_that_went_over_invites_the_successor(
    session: Session, people: People
) -> None:
    campaign = make_campaign(
        session, invitation=Invitation.COMPETENCE, invited_competence=Competence.TELECOMS
    )
    operations.transfer(people.first, Competence.TELECOMS, SIGNED, actor=CLERK)
    assert not is_invited(campaign, people.second.id, today())
    merge(people.first, into=people.second)
    assert is_invited(campaign, people.second.id, today())
    assert not is_invited(campaign, people.first.id, today())


def test_no_row_of_a_body_that_merged_changes(session: Session, people: People) -> None:
    made = make_chain(session, people)
    history = ("need", "need_line", "allocation", "purchase_order", "order_line", "ledger_entry")

    def everything() -> dict[str, list[tuple[object, ...]]]:
        return {
            table: [tuple(row) for row in session.execute(text(f"SELECT * FROM {table}"))]
            for table in history
        }

    before = everything()
    merge(people.second, into=people.first, on=today())
    assert everything() == before
    assert made.member.name == "Bourg-Neuf"
    assert session.scalar(select(Person.member_id).where(Person.id == made.colleague.id)) == (
        people.first.id
    )
