"""The acts of this room: people, delivery places, and the centrale's own description."""

from datetime import date

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import MEMBER_ROLES, Actor, Role
from procurement.kernel.errors import Refused
from procurement.members import queries
from procurement.members.models import CentralBody, Member, Person, Site, SiteKind

_hasher = PasswordHasher()
#: Verified when the address is unknown, so that the answer takes as long either way.
_NOBODY = _hasher.hash("nobody's password")


def hashed(password: str) -> str:
    """Hash a password with argon2id."""
    return _hasher.hash(password)


def authenticate(email: str, password: str) -> Actor:
    """Give the person behind an address and a password.

    Raises Refused ``wrong_credentials``: the same sentence whichever of the two is wrong.
    """
    account = queries.account(email)
    try:
        _hasher.verify(account.password_hash if account else _NOBODY, password)
    except (VerificationError, InvalidHashError):
        account = None
    person = queries.actor_by_id(account.id) if account else None
    if person is None:
        raise Refused(
            "wrong_credentials",
            _("No account has this address and this password. Check both, then try again."),
        )
    return person


def create_person(
    email: str, name: str, role: Role, member_id: int | None, password: str, *, actor: Actor
) -> Person:
    """Create a person with one role and, on the member side, a member."""
    if (role in MEMBER_ROLES) != (member_id is not None):
        raise Refused(
            "role_and_member",
            _("Requesters and approvers act for a member; the other roles for none."),
            "member_id",
        )
    if member_id is not None and db.session.get(Member, member_id) is None:
        raise Refused("no_such_member", _("This member does not exist."), "member_id")
    if db.session.scalar(select(Person.id).where(Person.email == email)) is not None:
        raise Refused("email_taken", _("Somebody already has this address."), "email")
    person = Person(
        email=email, name=name, role=role, member_id=member_id, password_hash=hashed(password)
    )
    db.session.add(person)
    audit.record(
        db.session(), actor, "people.create", person, email=email, role=role, member_id=member_id
    )
    return person


def set_active(person: Person, is_active: bool, *, actor: Actor) -> None:
    """Close or open again a person's access; what they did keeps their name."""
    if person.id == actor.person_id:
        raise Refused("own_account", _("You cannot close your own access."))
    if person.is_active == is_active:
        raise Refused("unchanged", _("This access is already as you ask."))
    audit.record(
        db.session(), actor, "people.set_active", person, is_active=(person.is_active, is_active)
    )
    person.is_active = is_active


def add_site(
    member: Member,
    kind: SiteKind,
    name: str,
    city: str,
    address: str | None,
    postcode: str | None,
    *,
    actor: Actor,
) -> Site:
    """Add a delivery place to a member."""
    taken = select(Site.id).where(Site.member_id == member.id, Site.name == name)
    if db.session.scalar(taken) is not None:
        raise Refused("site_taken", _("This member already has a place of this name."), "name")
    site = Site(
        member_id=member.id, kind=kind, name=name, city=city, address=address, postcode=postcode
    )
    db.session.add(site)
    audit.record(db.session(), actor, "members.add_site", member, name=name, city=city)
    return site


def describe_central_body(
    valid_from: date, name: str, siret: str | None, address: str | None, *, actor: Actor
) -> CentralBody:
    """Say what the centrale is from a day on; a second description of a day replaces the first.

    Papers already printed do not change, but those drawn again with an older date do: so only the
    latest description, or a later one, may be written.
    """
    bodies = queries.central_bodies()
    if bodies and valid_from < bodies[0].valid_from:
        raise Refused(
            "before_latest",
            _("The description in force starts on a later day. Choose that day or a later one."),
            "valid_from",
        )
    body = next((one for one in bodies if one.valid_from == valid_from), None)
    before = (body.name, body.siret, body.address) if body else None
    if body is None:
        body = CentralBody(valid_from=valid_from)
        db.session.add(body)
    body.name, body.siret, body.address = name, siret, address
    audit.record(
        db.session(),
        actor,
        "central_body.describe",
        body,
        description=(before, (name, siret, address)),
    )
    return body
