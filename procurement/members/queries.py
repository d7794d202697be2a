"""Who is a member on a day, who signs in, and the lists of this room."""

from collections.abc import Collection, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.orm import aliased

from procurement.extensions import db
from procurement.kernel import language
from procurement.kernel.access import Actor, Role
from procurement.kernel.audit import AuditEntry
from procurement.kernel.database import Query, Record
from procurement.kernel.errors import Refused
from procurement.members.models import (
    MEMBER_KIND_LABELS,
    CentralBody,
    CompetenceTransfer,
    Mandate,
    Member,
    Membership,
    Person,
    Site,
)
from procurement.members.rules import plain, spaced

_GROUP, _SUCCESSOR, _OLD = aliased(Member), aliased(Member), aliased(Member)
#: Written once: every request asks it.
_ACTOR = (
    select(Person.id, Person.name, Person.role, Person.member_id, Member.name)
    .outerjoin(Member, Member.id == Person.member_id)
    .where(Person.id == bindparam("person_id"), Person.is_active)
)


def actor_by_id(person_id: int) -> Actor | None:
    """Build the actor of an active person in one query; None for anybody else."""
    row = db.session.connection().execute(_ACTOR, {"person_id": person_id}).one_or_none()
    return Actor(*row) if row else None


def in_force(on: date | BindParameter[date]) -> Any:
    """Condition on Membership: it binds the body on that day."""
    return (Membership.signed_on <= on) & or_(Membership.left_on.is_(None), Membership.left_on > on)


def member_ids_in_force(on: date | BindParameter[date]) -> Select[int]:
    """Select the ids of the bodies that are members on a day."""
    return select(Membership.member_id).where(in_force(on)).distinct()


def has_membership(member_id: int, on: date) -> bool:
    """Tell whether the body is a member on that day."""
    query = select(Membership.id).where(Membership.member_id == member_id, in_force(on)).limit(1)
    return db.session.scalar(query) is not None


def transferred_on(on: date | BindParameter[date]) -> Any:
    """Condition on CompetenceTransfer: it holds on that day."""
    ends_later = or_(CompetenceTransfer.until_on.is_(None), CompetenceTransfer.until_on > on)
    return (CompetenceTransfer.from_on <= on) & ends_later


def has_mandate(member_id: int, delegate_id: int) -> bool:
    """Tell whether a body lets another declare its needs."""
    query = select(Mandate.id).where(
        Mandate.member_id == member_id,
        Mandate.delegate_id == delegate_id,
        Mandate.revoked_on.is_(None),
    )
    return db.session.scalar(query) is not None


def central_body_on(on: date) -> CentralBody | None:
    """Give the centrale as it stood on a day, for what is printed with that date."""
    return db.session.scalar(
        select(CentralBody)
        .where(CentralBody.valid_from <= on)
        .order_by(CentralBody.valid_from.desc())
        .limit(1)
    )


def central_bodies() -> Sequence[Record]:
    """List what the centrale was, the latest first, without the pictures."""
    query = select(
        CentralBody.valid_from,
        CentralBody.name,
        CentralBody.siret,
        CentralBody.address,
        CentralBody.logo.is_not(None).label("has_logo"),
    )
    return db.session.execute(query.order_by(CentralBody.valid_from.desc())).all()


@lru_cache(maxsize=128)
def member_list(actor: Actor, text: str, departement: str, on: date) -> Query:
    """Select the rows of the list of members, by name.

    A body that merged is found with the one that it became part of.
    """
    query = (
        select(
            Member.id,
            Member.name,
            Member.kind,
            Member.departement,
            Member.population,
            Member.siren,
            Member.merged_on,
            _GROUP.name.label("intercommunality"),
            _SUCCESSOR.name.label("successor"),
            Member.id.in_(member_ids_in_force(on)).label("is_member"),
        )
        .outerjoin(_GROUP, _GROUP.id == Member.intercommunality_id)
        .outerjoin(_SUCCESSOR, _SUCCESSOR.id == Member.successor_id)
        .where(Member.visible_to(actor))
        .order_by(Member.sort_name, Member.id)
    )
    if departement:
        query = query.where(Member.departement == departement)
    if text:
        old = select(_OLD.successor_id).where(_OLD.successor_id.is_not(None), _named(_OLD, text))
        query = query.where(or_(_named(Member, text), Member.id.in_(old)))
    return query


def _named(body: type[Member], text: str) -> ColumnElement[bool]:
    """Condition of the bodies that what was typed names: part of the name, SIREN, INSEE code."""
    return or_(
        body.sort_name.contains(plain(text), autoescape=True),
        body.siren == text.replace(" ", ""),
        body.insee_code == text,
    )


def predecessors(member_id: int) -> Sequence[Record]:
    """List the bodies that merged into one, the latest first: id, name, SIREN, day."""
    query = select(Member.id, Member.name, Member.siren, Member.merged_on).where(
        Member.successor_id == member_id
    )
    return db.session.execute(query.order_by(Member.merged_on.desc(), Member.sort_name)).all()


def member_ids_bound_after(on: date) -> Select[int]:
    """Select the ids of the bodies that a membership from that day on, without an end, would meet.

    One that ended on that day or before does not stand in its way, unless it began on that day.
    """
    ends_later = or_(Membership.left_on.is_(None), Membership.left_on > on)
    return select(Membership.member_id).where(ends_later | (Membership.signed_on == on)).distinct()


def memberships(member_id: int) -> list[Membership]:
    """List a body's memberships, the latest first."""
    query = select(Membership).where(Membership.member_id == member_id)
    return list(db.session.scalars(query.order_by(Membership.signed_on.desc())))


def transfers(member_id: int) -> list[CompetenceTransfer]:
    """List the powers that a body has transferred."""
    query = select(CompetenceTransfer).where(CompetenceTransfer.member_id == member_id)
    return list(db.session.scalars(query.order_by(CompetenceTransfer.from_on)))


def site_choices(member_id: int) -> list[tuple[int, str]]:
    """List a member's delivery places as choices of a form."""
    query = select(Site.id, Site.name).where(Site.member_id == member_id).order_by(Site.id)
    return [(row[0], row[1]) for row in db.session.execute(query)]


def bodies() -> list[tuple[int, str]]:
    """List every body that stands as choices of a form, by name."""
    query = select(Member.id, Member.name, Member.kind).where(Member.successor_id.is_(None))
    query = query.order_by(Member.sort_name, Member.id)
    return [
        (row.id, f"{row.name} ({MEMBER_KIND_LABELS[row.kind]})")
        for row in db.session.execute(query)
    ]


def person_list(text: str) -> Query:
    """Select the rows of the list of people, by name."""
    query = (
        select(
            Person.id,
            Person.name,
            Person.email,
            Person.role,
            Person.is_active,
            Member.name.label("member_name"),
        )
        .outerjoin(Member, Member.id == Person.member_id)
        .order_by(Person.name, Person.id)
    )
    if text:
        wanted = text.lower()
        query = query.where(
            or_(
                func.lower(Person.name).contains(wanted, autoescape=True),
                Person.email.contains(wanted, autoescape=True),
                Member.sort_name.contains(plain(text), autoescape=True),
            )
        )
    return query


def journal(object_type: str = "", object_id: int | None = None) -> Query:
    """Select the rows of the journal, the latest first."""
    table = AuditEntry
    query = select(
        table.id,
        table.at,
        table.actor_name,
        table.verb,
        table.object_type,
        table.object_id,
        table.changes,
    ).order_by(table.id.desc())
    if object_type:
        query = query.where(table.object_type == object_type)
    if object_id:
        query = query.where(table.object_id == object_id)
    return query


def addresses(member_id: int, roles: Collection[Role]) -> list[tuple[str, str]]:
    """List whom a letter to a body reaches: names and addresses of its people of these roles."""
    asked = {"member_id": member_id, "roles": sorted(roles)}
    return [(row[0], row[1]) for row in db.session.connection().execute(_ADDRESSES, asked)]


#: Put together once: every letter asks it.
_ADDRESSES = (
    select(Person.name, Person.email)
    .where(
        Person.member_id == bindparam("member_id"),
        Person.role.in_(bindparam("roles", expanding=True)),
        Person.is_active,
    )
    .order_by(Person.id)
)


def account(email: str) -> Record | None:
    """Give the id and the password hash behind an address, of an active person."""
    return db.session.execute(
        select(Person.id, Person.password_hash).where(
            Person.email == email.strip().lower(), Person.is_active
        )
    ).one_or_none()


def member_by_siren(siren: str) -> Member:
    """Give the body that has a SIREN, to act on it.

    Raises Refused ``no_such_member``, and ``merged`` with the name of its successor.
    """
    found = known_by_siren(siren)
    if found is None:
        raise Refused("no_such_member", _("No member has the SIREN %(siren)s.", siren=siren))
    check_stands(found)
    return found


def known_by_siren(siren: str) -> Member | None:
    """Give the body that has, or had, a SIREN."""
    return db.session.scalar(select(Member).where(Member.siren == siren.replace(" ", "")))


def check_stands(member: Member, field: str | None = None) -> None:
    """Refuse to act on a body that merged: its successor's name says on which one to act."""
    if member.successor is None or member.merged_on is None:
        return
    raise Refused(
        "merged",
        _(
            "%(name)s merged into %(successor)s on %(day)s. Act on %(successor)s, SIREN %(siren)s.",
            name=member.name,
            successor=member.successor.name,
            day=language.day(member.merged_on),
            siren=spaced(member.successor.siren),
        ),
        field,
    )
