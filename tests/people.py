"""The people of the tests, with fixed relations, so that a test reads as a sentence.

Ada requests and Alix approves for Amboise-la-Petite (78); Basile requests and Blanche approves for
Bourg-Neuf (92), and are strangers to the first; Clara buys, Dora does finance and Eli administers
for the centrale. All invented.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from procurement.kernel.access import Role
from procurement.members.models import Member, Person
from tests.make import make_member, make_person


@dataclass
class People:
    """The two members and the seven people."""

    first: Member
    second: Member
    ada: Person
    alix: Person
    basile: Person
    blanche: Person
    clara: Person
    dora: Person
    eli: Person


def settle(session: Session) -> People:
    """Make the people of the tests."""
    first = make_member(session, "Amboise-la-Petite", departement="78")
    second = make_member(session, "Bourg-Neuf", departement="92")

    def person(name: str, role: Role, member: Member | None = None) -> Person:
        return make_person(session, role, member, name=name, email=f"{name.lower()}@example.org")

    return People(
        first=first,
        second=second,
        ada=person("Ada", Role.REQUESTER, first),
        alix=person("Alix", Role.APPROVER, first),
        basile=person("Basile", Role.REQUESTER, second),
        blanche=person("Blanche", Role.APPROVER, second),
        clara=person("Clara", Role.BUYER),
        dora=person("Dora", Role.FINANCE),
        eli=person("Eli", Role.ADMINISTRATOR),
    )
