"""The territory of the demonstration: real bodies, invented memberships, places and people."""

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import insert, select

from procurement import members
from procurement.catalogue.imports import load_shipped
from procurement.demo import accounts
from procurement.demo.timetable import Timetable
from procurement.extensions import db
from procurement.kernel.access import Actor, Role
from procurement.members import operations
from procurement.members.imports import import_members
from procurement.members.models import (
    Competence,
    CompetenceTransfer,
    Member,
    MemberKind,
    Membership,
    Person,
    Site,
    SiteKind,
)
from procurement.members.rules import plain

_FILES = Path(members.__file__).parent / "data"
#: One école for so many inhabitants of a commune, one collège for so many of a département.
_PER_SCHOOL, _PER_COLLEGE = 2500, 13_000
#: CA de Cergy-Pontoise: mostly in another département, it has not signed.
_NEVER_SIGNED = "249500109"
#: Boucle Nord de Seine: signed after the first campaign, answers the second one.
SIGNED_LATE = "200057990"
#: Villiers-le-Mahieu: answered the first campaign, then left.
LEFT = "217806819"
#: Orcemont and Orphin: mandate their intercommunality, which has answered for the first alone.
ANSWERED_FOR, TO_ANSWER_FOR = "217804640", "217804707"
#: Houdan: its answer was returned, corrected and validated.
CORRECTED = "217803105"
#: Adainville: sent a letter, from which the centrale enters its answer.
WROTE_A_LETTER = "217800069"
#: Marnes-la-Coquette: not concerned by the campaign under way.
EXEMPT = "219200474"
#: Those whose part in the campaign under way is told one by one.
CAST = (ANSWERED_FOR, TO_ANSWER_FOR, CORRECTED, WROTE_A_LETTER, EXEMPT)
#: The two people who act for a body: the box of their address, and their title.
_POSTS = {Role.REQUESTER: ("agent", "Agent"), Role.APPROVER: ("approver", "Valideur")}
_YVELINES, _HAUTS_DE_SEINE = "227806460", "229200506"


@dataclass(frozen=True, slots=True)
class Body:
    """A member as the story needs it: plain values, its places and the two who act for it."""

    id: int
    siren: str
    name: str
    kind: MemberKind
    departement: str
    population: int
    office: int
    schools: tuple[int, ...]
    requester: Actor
    approver: Actor


def settle(rng: Random, timetable: Timetable, actor: Actor) -> tuple[list[Body], Actor]:
    """Write the bodies and all that belongs to them; give them, by SIREN, with the buyer."""
    load_shipped()
    for name in ("members_78_92.csv", "departements_78_92.csv"):
        import_members((_FILES / name).read_bytes(), actor=actor)
    for row in _rows("central_body.csv"):
        valid_from = date.fromisoformat(row["valid_from"])
        operations.describe_central_body(
            valid_from, row["name"], row["siret"] or None, row["address"] or None, actor=actor
        )
        db.session.flush()
    found = list(db.session.scalars(select(Member).order_by(Member.siren)))
    _join(found, rng, timetable)
    _transfer(found, rng, timetable)
    _build(found)
    _hire(found)
    buyer = _appoint(actor)
    db.session.flush()
    return _bodies(found), buyer


def _rows(name: str) -> list[dict[str, str]]:
    with (_FILES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _join(found: list[Member], rng: Random, timetable: Timetable) -> None:
    rows: list[dict[str, Any]] = []
    for member in found:
        if member.siren == _NEVER_SIGNED:
            continue
        age = rng.randint(500, 2600)
        if member.siren == SIGNED_LATE:
            signed_on = timetable.opens - timedelta(days=25)
        elif member.siren not in accounts.DOMAINS and rng.randrange(20) == 0:
            signed_on = timetable.surveyed_from + timedelta(days=rng.randint(0, 20))
        else:
            signed_on = timetable.surveyed_from - timedelta(days=age)
        left_on = timetable.opens - timedelta(days=7) if member.siren == LEFT else None
        rows.append(
            {
                "member_id": member.id,
                "signed_on": signed_on,
                "terms_version": "2" if age < 1200 else "1",
                "left_on": left_on,
            }
        )
    db.session.execute(insert(Membership), rows)


def _transfer(found: list[Member], rng: Random, timetable: Timetable) -> None:
    rows = [
        {
            "member_id": member.id,
            "competence": competence,
            "from_on": timetable.surveyed_from - timedelta(days=rng.randint(200, 2000)),
        }
        for member in found
        for competence in _competences(member, rng)
    ]
    db.session.execute(insert(CompetenceTransfer), rows)


def _competences(member: Member, rng: Random) -> list[Competence]:
    if member.siren == _YVELINES:
        return [one for one in Competence if one is not Competence.PURCHASING]
    if member.siren == _HAUTS_DE_SEINE:
        return [Competence.VIDEO_PROTECTION]
    if member.kind is MemberKind.INTERCOMMUNALITY:
        return [Competence.TERRITORIAL_NETWORKS] if rng.randrange(2) else []
    chances = {Competence.VIDEO_PROTECTION: 4, Competence.SMART_CITY: 12, Competence.TELECOMS: 15}
    return [one for one, odds in chances.items() if rng.randrange(odds) == 0]


def _build(found: list[Member]) -> None:
    rows: list[dict[str, Any]] = []
    for member in found:
        if member.kind is MemberKind.COMMUNE and member.population >= 300:
            count = max(1, member.population // _PER_SCHOOL)
            rows += [_place(member, SiteKind.SCHOOL, rank, member) for rank in range(1, count + 1)]
        elif member.kind is MemberKind.DEPARTEMENT:
            towns = sorted(
                (one for one in found if _is_town_of(one, member)), key=lambda one: -one.population
            )
            count = member.population // _PER_COLLEGE
            rows += [
                _place(member, SiteKind.COLLEGE, rank, towns[(rank - 1) % len(towns)])
                for rank in range(1, count + 1)
            ]
    db.session.execute(insert(Site), rows)


def _is_town_of(one: Member, departement: Member) -> bool:
    is_near = one.departement == departement.departement
    return one.kind is MemberKind.COMMUNE and is_near and one.population >= 5000


def _place(member: Member, kind: SiteKind, rank: int, town: Member) -> dict[str, Any]:
    if kind is SiteKind.COLLEGE:
        label = "Collège"
    else:
        label = "École maternelle" if rank % 3 == 0 else "École élémentaire"
    return {
        "member_id": member.id,
        "kind": kind,
        "name": f"{label} n° {rank} (démonstration)",
        "postcode": town.postcode,
        "city": town.name,
    }


def _hire(found: list[Member]) -> None:
    """Give every body an agent and an approver.

    Those of most bodies only sign what the story tells: their access is closed, and what stands
    for the hash of a password is the hash of none.
    """
    # The password of all is printed for everybody: one hash, slow to make, does for all.
    secret, people = operations.hashed(accounts.PASSWORD), []
    for member in found:
        domain = accounts.DOMAINS.get(member.siren)
        people += [
            {
                "email": f"{box}@{domain or f'{_slug(member)}.example'}",
                "name": f"{title} de démonstration – {member.name}",
                "role": role,
                "member_id": member.id,
                "password_hash": secret if domain else "!",
                "is_active": domain is not None,
            }
            for role, (box, title) in _POSTS.items()
        ]
    db.session.execute(insert(Person), people)


def _slug(member: Member) -> str:
    words = "".join(one if one.isalnum() else " " for one in plain(member.name)).split()
    return "-".join([*words, member.siren])


def _appoint(actor: Actor) -> Actor:
    people = {
        role: operations.create_person(email, name, role, None, accounts.PASSWORD, actor=actor)
        for role, (email, name) in accounts.CENTRAL.items()
    }
    db.session.flush()
    buyer = people[Role.BUYER]
    return Actor(buyer.id, buyer.name, buyer.role)


def _bodies(found: list[Member]) -> list[Body]:
    places: dict[int, list[tuple[int, SiteKind]]] = {}
    for member_id, site_id, kind in db.session.execute(
        select(Site.member_id, Site.id, Site.kind).order_by(Site.id)
    ):
        places.setdefault(member_id, []).append((site_id, kind))
    people: dict[tuple[int, Role], Actor] = {}
    for row in db.session.execute(
        select(Person.id, Person.name, Person.role, Member.id, Member.name).join(Person.member)
    ):
        people[row[3], row[2]] = Actor(*row)
    taught = (SiteKind.SCHOOL, SiteKind.COLLEGE)
    return [
        Body(
            id=member.id,
            siren=member.siren,
            name=member.name,
            kind=member.kind,
            departement=member.departement,
            population=member.population,
            office=next(site for site, kind in places[member.id] if kind not in taught),
            schools=tuple(site for site, kind in places[member.id] if kind in taught),
            requester=people[member.id, Role.REQUESTER],
            approver=people[member.id, Role.APPROVER],
        )
        for member in found
        if member.siren != _NEVER_SIGNED
    ]
