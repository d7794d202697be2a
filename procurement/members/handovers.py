"""What passes to the body that others merged into: rights, delivery places, people, mandates."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from itertools import count

from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select, update
from sqlalchemy.orm import joinedload

from procurement.extensions import db
from procurement.kernel import audit, mail
from procurement.kernel.access import MEMBER_ROLES, Actor
from procurement.kernel.database import Record
from procurement.members import operations, queries
from procurement.members.models import (
    Competence,
    CompetenceTransfer,
    Mandate,
    Member,
    Membership,
    Person,
    Site,
)

_LONGEST_NAME = 120


def hand_over(
    predecessors: Sequence[Member], successor: Member, merged_on: date, *, actor: Actor
) -> None:
    """Give the successor all that goes on under it, and note it on each of the others.

    Their needs, orders and savings stay theirs, for the successor's people to read.
    """
    ids = [one.id for one in predecessors]
    _tell(predecessors, successor)
    _hand_over_membership(ids, successor, merged_on, actor)
    _hand_over_competences(ids, successor, merged_on, actor)
    _revoke_mandates(ids, merged_on, actor)
    moved = _move_sites(predecessors, successor)
    people = db.session.scalars(select(Person.id).where(Person.member_id.in_(ids))).all()
    # Bodies that had merged before go along: a successor is always one that stands.
    for held in (Person.member_id, Member.intercommunality_id, Member.successor_id):
        statement = update(held.class_).where(held.in_(ids)).values({held: successor.id})
        db.session.execute(statement, execution_options={"synchronize_session": "fetch"})
    for one in predecessors:
        one.successor, one.merged_on = successor, merged_on
        changes = {"successor_id": (None, successor.id), "merged_on": (None, merged_on)}
        audit.record(db.session(), actor, "members.merge", one, **changes)
    audit.record(
        db.session(),
        actor,
        "members.absorb",
        successor,
        member_ids=ids,
        merged_on=merged_on,
        person_ids=people,
        sites=moved,
    )


def _hand_over_membership(
    ids: Sequence[int], successor: Member, merged_on: date, actor: Actor
) -> None:
    """End the memberships; the one that lasts longest goes on, if the successor has none."""
    lasts = or_(Membership.left_on.is_(None), Membership.left_on > merged_on)
    query = select(Membership).where(Membership.member_id.in_(ids), lasts).order_by(Membership.id)
    ending = db.session.scalars(query).all()
    in_force = [(one.left_on, one) for one in ending if one.signed_on <= merged_on]
    left_on, kept = max(in_force, key=_end, default=(None, None))
    for one in ending:
        one.left_on = max(one.signed_on, merged_on)
    bound = queries.member_ids_bound_after(merged_on).where(Membership.member_id == successor.id)
    if kept is None or db.session.scalar(bound) is not None:
        return
    operations.join(successor, merged_on, kept.terms_version, actor=actor)
    if left_on is not None:
        operations.leave(successor, left_on, actor=actor)


def _hand_over_competences(
    ids: Sequence[int], successor: Member, merged_on: date, actor: Actor
) -> None:
    """End the transfers of competences; those that the successor has not made itself go on."""
    table = CompetenceTransfer
    lasts = or_(table.until_on.is_(None), table.until_on > merged_on, table.from_on == merged_on)
    own = select(table.competence).where(table.member_id == successor.id, lasts)
    held = set(db.session.scalars(own))
    query = select(table).where(table.member_id.in_(ids), lasts).order_by(table.id)
    ending = db.session.scalars(query).all()
    goes_on: defaultdict[Competence, list[tuple[date | None, CompetenceTransfer]]]
    goes_on = defaultdict(list)
    for one in ending:
        if one.from_on <= merged_on and one.competence not in held:
            goes_on[one.competence].append((one.until_on, one))
        one.until_on = max(one.from_on, merged_on)
    for competence, found in goes_on.items():
        made = operations.transfer(successor, competence, merged_on, actor=actor)
        made.until_on, _former = max(found, key=_end)


def _end(lasting: tuple[date | None, object]) -> date:
    return lasting[0] or date.max


def _revoke_mandates(ids: Sequence[int], merged_on: date, actor: Actor) -> None:
    """End the mandates that the bodies gave and held: another body decides from now on."""
    query = select(Mandate).where(
        or_(Mandate.member_id.in_(ids), Mandate.delegate_id.in_(ids)), Mandate.revoked_on.is_(None)
    )
    for one in db.session.scalars(query.options(joinedload(Mandate.member))):
        one.revoked_on = max(one.granted_on, merged_on)
        audit.record(
            db.session(),
            actor,
            "members.revoke_mandate",
            one.member,
            delegate_id=one.delegate_id,
            revoked_on=(None, one.revoked_on),
        )


def _move_sites(predecessors: Sequence[Member], successor: Member) -> list[str]:
    """Give the successor the delivery places, and their names as they are now.

    A name that it has already says whose place it was.
    """
    owners = {one.id: one for one in predecessors}
    query = select(Site).where(Site.member_id.in_([*owners, successor.id])).order_by(Site.id)
    sites = db.session.scalars(query).all()
    taken = {one.name for one in sites if one.member_id == successor.id}
    moved = [one for one in sites if one.member_id in owners]
    for one in moved:
        one.name = _free(one.name, owners[one.member_id].name, taken)
        taken.add(one.name)
        one.member = successor
    return [one.name for one in moved]


def _free(name: str, owner: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    owner = owner[: _LONGEST_NAME // 2]
    for number in count(1):
        tail = f" ({owner})" if number == 1 else f" ({owner}, {number})"
        found = name[: _LONGEST_NAME - len(tail)] + tail
        if found not in taken:
            break
    return found


def _tell(predecessors: Sequence[Member], successor: Member) -> None:
    """Write to the people of the bodies that merge: they act for another one from now on."""
    people = _people([one.id for one in predecessors])
    mail.write_all(
        db.session(),
        [
            mail.Draft(
                (row.name, row.email),
                _("%(old)s is now part of %(new)s", old=row.old, new=successor.name),
                _(
                    "The merger of %(old)s into %(new)s is recorded. Your account now acts for"
                    " %(new)s: it has the delivery places of %(old)s, and you still read all that"
                    " %(old)s declared and ordered.",
                    old=row.old,
                    new=successor.name,
                ),
                f"/members/{successor.id}",
            )
            for row in people
        ],
    )


def _people(ids: Sequence[int]) -> Sequence[Record]:
    query = (
        select(Person.name, Person.email, Member.name.label("old"))
        .join(Member, Member.id == Person.member_id)
        .where(Person.member_id.in_(ids), Person.role.in_(MEMBER_ROLES), Person.is_active)
    )
    return db.session.execute(query.order_by(Person.id)).all()
