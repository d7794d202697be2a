"""The acts of this room: memberships, people, delivery places, the centrale's description."""

from datetime import date
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select

from procurement.extensions import db
from procurement.kernel import audit, language
from procurement.kernel.access import MEMBER_ROLES, Actor, Role
from procurement.kernel.errors import Refused
from procurement.members import queries
from procurement.members.models import (
    CentralBody,
    Competence,
    CompetenceTransfer,
    Member,
    Membership,
    Person,
    Site,
    SiteKind,
)

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


def join(member: Member, signed_on: date, terms_version: str, *, actor: Actor) -> Membership:
    """Record that a body signed the membership, in force from that day on.

    Raises Refused ``already_member`` when another membership lasts beyond that day, ``merged``.
    """
    queries.check_stands(member)
    bound = queries.member_ids_bound_after(signed_on).where(Membership.member_id == member.id)
    if db.session.scalar(bound) is not None:
        raise Refused(
            "already_member",
            _(
                "%(name)s is already a member on %(day)s or later. Record first that it left.",
                name=member.name,
                day=language.day(signed_on),
            ),
            "signed_on",
        )
    return _sign(member, signed_on, terms_version, actor)


def join_all(signed_on: date, terms_version: str, *, actor: Actor) -> int:
    """Record the membership of every body that has none; give how many they are."""
    bound = queries.member_ids_bound_after(signed_on)
    query = select(Member).where(Member.id.not_in(bound), Member.successor_id.is_(None))
    found = db.session.scalars(query.order_by(Member.id)).all()
    for member in found:
        _sign(member, signed_on, terms_version, actor)
    return len(found)


def _sign(member: Member, signed_on: date, terms_version: str, actor: Actor) -> Membership:
    signed = Membership(member_id=member.id, signed_on=signed_on, terms_version=terms_version)
    db.session.add(signed)
    audit.record(
        db.session(),
        actor,
        "members.join",
        member,
        signed_on=signed_on,
        terms_version=terms_version,
    )
    return signed


def leave(member: Member, left_on: date, *, actor: Actor) -> Membership:
    """Record that a body leaves: from that day on it is no member.

    Raises Refused ``not_member``, ``left_before_signed`` or ``merged``.
    """
    queries.check_stands(member)
    running = select(Membership).where(
        Membership.member_id == member.id, Membership.left_on.is_(None)
    )
    signed = db.session.scalar(running)
    if signed is None:
        raise Refused(
            "not_member", _("%(name)s has no membership that it could leave.", name=member.name)
        )
    if left_on < signed.signed_on:
        raise Refused(
            "left_before_signed",
            _(
                "%(name)s signed on %(day)s and cannot leave before. Give that day or a later one.",
                name=member.name,
                day=language.day(signed.signed_on),
            ),
            "left_on",
        )
    signed.left_on = left_on
    audit.record(db.session(), actor, "members.leave", member, left_on=(None, left_on))
    return signed


def transfer(
    member: Member, competence: Competence, from_on: date, *, actor: Actor
) -> CompetenceTransfer:
    """Record that a body transfers a competence to the syndicate from a day on.

    Raises Refused ``already_transferred`` when another transfer of it lasts beyond that day,
    ``merged``.
    """
    queries.check_stands(member)
    lasts = or_(CompetenceTransfer.until_on.is_(None), CompetenceTransfer.until_on > from_on)
    query = select(CompetenceTransfer.id).where(
        CompetenceTransfer.member_id == member.id,
        CompetenceTransfer.competence == competence,
        lasts | (CompetenceTransfer.from_on == from_on),
    )
    if db.session.scalar(query.limit(1)) is not None:
        raise Refused(
            "already_transferred",
            _(
                "%(name)s has already transferred this competence on %(day)s or later.",
                name=member.name,
                day=language.day(from_on),
            ),
            "competence",
        )
    made = CompetenceTransfer(member_id=member.id, competence=competence, from_on=from_on)
    db.session.add(made)
    audit.record(
        db.session(), actor, "members.transfer", member, competence=competence, from_on=from_on
    )
    return made


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
    if member_id is not None:
        member = db.session.get(Member, member_id)
        if member is None:
            raise Refused("no_such_member", _("This member does not exist."), "member_id")
        queries.check_stands(member, "member_id")
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
    """Add a delivery place to a member. Raises Refused ``site_taken`` or ``merged``."""
    queries.check_stands(member)
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
    valid_from: date,
    name: str,
    siret: str | None,
    address: str | None,
    logo: bytes | None = None,
    *,
    actor: Actor,
) -> CentralBody:
    """Say what the centrale is from a day on; a second description of a day replaces the first.

    Without a logo, the latest one stays.

    Papers already printed do not change, but those drawn again with an older date do: so only the
    latest description, or a later one, may be written.
    """
    latest = queries.central_body_on(date.max)
    if latest and valid_from < latest.valid_from:
        raise Refused(
            "before_latest",
            _("The description in force starts on a later day. Choose that day or a later one."),
            "valid_from",
        )
    before, kept = None, latest.logo if latest else None
    if latest and latest.valid_from == valid_from:
        body, before = latest, (latest.name, latest.siret, latest.address)
    else:
        body = CentralBody(valid_from=valid_from)
        db.session.add(body)
    body.name, body.siret, body.address, body.logo = name, siret, address, logo or kept
    changes: dict[str, object] = {"description": (before, (name, siret, address))}
    if logo and logo != kept:
        changes["logo"] = (_digest(kept), _digest(logo))
    audit.record(db.session(), actor, "central_body.describe", body, **changes)
    return body


def _digest(content: bytes | None) -> str | None:
    return sha256(content).hexdigest() if content else None
