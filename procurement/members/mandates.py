"""Mandates: a body lets an intercommunality declare its needs, and takes that back."""

from collections.abc import Iterable
from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from procurement.extensions import db
from procurement.kernel import audit, mail
from procurement.kernel.access import MEMBER_ROLES, Actor
from procurement.kernel.database import Record
from procurement.kernel.errors import Forbidden, Refused
from procurement.members import queries
from procurement.members.models import Mandate, Member, MemberKind

_GIVER, _DELEGATE = aliased(Member), aliased(Member)


def grant(member: Member, delegate_id: int, *, actor: Actor, today: date) -> Mandate:
    """Let an intercommunality declare the body's needs from today on.

    Raises Refused ``mandate_in_force`` or ``no_delegate``; Forbidden for anybody but the body.
    """
    _check_own(member.id, actor)
    # Two approvers may grant at once: the second sees what the first did.
    db.session.refresh(member, with_for_update=True)
    _check_grant(member, delegate_id, today)
    delegate = db.session.get_one(Member, delegate_id)
    mandate = Mandate(member=member, delegate=delegate, granted_on=today)
    db.session.add(mandate)
    audit.record(db.session(), actor, "members.grant_mandate", member, delegate_id=delegate_id)
    names = {"delegate": delegate.name, "member": member.name}
    body = _(
        "%(person)s has let %(delegate)s declare the needs of %(member)s from today on."
        " %(member)s sees everything that is declared, validates it or objects to it,"
        " and may revoke the mandate at any time.",
        person=actor.name,
        **names,
    )
    _tell(mandate, _("%(delegate)s may declare the needs of %(member)s", **names), body)
    return mandate


def revoke(mandate: Mandate, *, actor: Actor, today: date) -> None:
    """Take a mandate back: from now on the delegate neither sees nor writes the body's needs.

    Raises Refused ``mandate_revoked``; Forbidden for anybody but the body that gave it.
    """
    _check_own(mandate.member_id, actor)
    db.session.refresh(mandate, with_for_update=True)
    if mandate.revoked_on is not None:
        raise Refused("mandate_revoked", _("This mandate was revoked already."))
    mandate.revoked_on = today
    audit.record(
        db.session(),
        actor,
        "members.revoke_mandate",
        mandate.member,
        delegate_id=mandate.delegate_id,
        revoked_on=(None, today),
    )
    names = {"delegate": mandate.delegate.name, "member": mandate.member.name}
    subject = _("%(delegate)s no longer declares the needs of %(member)s", **names)
    body = _(
        "%(person)s has revoked the mandate by which %(delegate)s declared the needs of %(member)s."
        " What was declared so far stays, in the hands of %(member)s.",
        person=actor.name,
        **names,
    )
    _tell(mandate, subject, body)


def delegates(member: Member, today: date) -> list[tuple[int, str]]:
    """List whom a body may mandate as choices of a form: its own intercommunality first."""
    is_own = (Member.id == member.intercommunality_id).desc()
    query = (
        select(Member.id, Member.name)
        .where(
            Member.kind == MemberKind.INTERCOMMUNALITY,
            Member.id != member.id,
            Member.successor_id.is_(None),
            Member.id.in_(queries.member_ids_in_force(today)),
        )
        .order_by(is_own, Member.sort_name, Member.id)
    )
    return [(row[0], row[1]) for row in db.session.execute(query)]


def mandates_of(member_id: int) -> list[Record]:
    """List the mandates that a body gave or holds, those in force first, with both names."""
    query = (
        select(
            Mandate.id,
            Mandate.member_id,
            Mandate.delegate_id,
            Mandate.granted_on,
            Mandate.revoked_on,
            _GIVER.name.label("member_name"),
            _DELEGATE.name.label("delegate_name"),
        )
        .join(_GIVER, _GIVER.id == Mandate.member_id)
        .join(_DELEGATE, _DELEGATE.id == Mandate.delegate_id)
        .where(or_(Mandate.member_id == member_id, Mandate.delegate_id == member_id))
        .order_by(Mandate.revoked_on.is_not(None), _GIVER.sort_name, Mandate.id)
    )
    return list(db.session.execute(query).all())


def _check_grant(member: Member, delegate_id: int, today: date) -> None:
    in_force = select(Mandate.id).where(
        Mandate.member_id == member.id, Mandate.revoked_on.is_(None)
    )
    if db.session.scalar(in_force) is not None:
        raise Refused(
            "mandate_in_force",
            _("Your body has already given a mandate. Revoke it before giving another."),
            "delegate_id",
        )
    if delegate_id not in dict(delegates(member, today)):
        raise Refused(
            "no_delegate",
            _("Choose an intercommunality that is a member of the centrale."),
            "delegate_id",
        )


def _check_own(member_id: int, actor: Actor) -> None:
    if actor.member_id != member_id:
        raise Forbidden


def _tell(mandate: Mandate, subject: object, body: object) -> None:
    """Write to the people of both bodies, each with the page of its own."""
    mail.write_all(db.session(), _letters(mandate, subject, body))


def _letters(mandate: Mandate, subject: object, body: object) -> Iterable[mail.Draft]:
    for member_id in (mandate.member.id, mandate.delegate.id):
        for to in queries.addresses(member_id, MEMBER_ROLES):
            yield mail.Draft(to, subject, body, f"/members/{member_id}")
