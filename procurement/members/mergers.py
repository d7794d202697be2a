"""Bodies that merge (articles L2113-1 to L2113-5 of the CGCT for communes).

The one that goes on takes the place of the others in all that they did: their rows and their
history stay as they are, under its eyes; their people, delivery places and rights become its own.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from procurement.extensions import db
from procurement.kernel import audit
from procurement.kernel.access import Actor
from procurement.kernel.errors import Refused
from procurement.members import queries
from procurement.members.handovers import hand_over
from procurement.members.models import Member

#: Where a form says what is wrong with the choice of the bodies.
_BODIES = "bodies-0-member_id"


def merge(
    predecessors: Sequence[Member],
    successor: Member,
    merged_on: date,
    *,
    actor: Actor,
    today: date,
    adds_inhabitants: bool = False,
) -> None:
    """Record that bodies became part of another, which keeps its SIREN, on a day.

    Its inhabitants stay as they are, unless ``adds_inhabitants``. Raises Refused ``nobody_merges``,
    ``merges_with_itself``, ``other_kind``, ``merged`` and ``merged_in_future``.
    """
    _lock([*predecessors, successor])
    _check(predecessors, successor, merged_on, today)
    if adds_inhabitants:
        before = successor.population
        successor.population += sum(one.population for one in predecessors)
        grown = (before, successor.population)
        audit.record(db.session(), actor, "members.update", successor, population=grown)
    hand_over(predecessors, successor, merged_on, actor=actor)


def merge_into(
    predecessors: Sequence[Member],
    siren: str,
    name: str | None,
    merged_on: date,
    *,
    actor: Actor,
    today: date,
    adds_inhabitants: bool = False,
) -> Member:
    """Record that bodies became the one that has a SIREN, and give it.

    With a name it is a new one: it has the seat of the first of them, so its INSEE code,
    département and intercommunality, and the inhabitants of all. Raises Refused as :func:`merge`,
    and ``name_needed``, ``siren_taken`` and ``one_body``.
    """
    known = queries.known_by_siren(siren)
    if known is None and not name:
        raise Refused(
            "name_needed", _("No body has this SIREN yet. Give the name of the new one."), "name"
        )
    if known is not None and name:
        raise Refused(
            "siren_taken",
            _(
                "%(name)s has this SIREN already. To merge into it, leave the new name empty.",
                name=known.name,
            ),
            "siren",
        )
    if known is None:
        return _found(predecessors, siren, name or "", merged_on, actor=actor, today=today)
    merge(
        predecessors,
        known,
        merged_on,
        actor=actor,
        today=today,
        adds_inhabitants=adds_inhabitants,
    )
    return known


def merge_with(body: Member, member_ids: Sequence[int], siren: str | None, **entry: Any) -> Member:
    """Record the merger of the bodies with these ids into one; with a SIREN, of all into that.

    ``entry`` and the refusals are those of :func:`merge_into`, and ``no_such_member``.
    """
    found = db.session.scalars(select(Member).where(Member.id.in_(member_ids)))
    known = {one.id: one for one in found}
    if len(known) < len(set(member_ids)):
        raise Refused("no_such_member", _("This member does not exist."), _BODIES)
    others = [known[one] for one in member_ids]
    if siren is None:
        return merge_into(others, body.siren, **entry)
    return merge_into([body, *others], siren, **entry)


def candidates(body: Member) -> list[tuple[int, str]]:
    """List the bodies that could merge with one, as choices of a form, its neighbours first."""
    is_near = Member.intercommunality_id == body.intercommunality_id
    query = (
        select(Member.id, Member.name, Member.siren)
        .where(Member.kind == body.kind, Member.id != body.id, Member.successor_id.is_(None))
        .order_by(is_near.is_(True).desc(), Member.sort_name, Member.id)
    )
    return [(row.id, f"{row.name} ({row.siren})") for row in db.session.execute(query)]


def _found(
    predecessors: Sequence[Member],
    siren: str,
    name: str,
    merged_on: date,
    *,
    actor: Actor,
    today: date,
) -> Member:
    _lock(predecessors)
    if len(predecessors) < 2:
        raise Refused(
            "one_body", _("A new body is made of two or more. Choose the others."), _BODIES
        )
    _check(predecessors, None, merged_on, today)
    seat, other, *_rest = predecessors
    # The code of the seat is one body's at a time: it is free for the new one, which does not exist
    # yet, as soon as the old one is under another.
    seat.successor, seat.merged_on = other, merged_on
    db.session.flush()
    kept = ("kind", "insee_code", "departement", "postcode", "form", "intercommunality_id")
    made = Member(
        siren=siren,
        name=name,
        population=sum(one.population for one in predecessors),
        **{field: getattr(seat, field) for field in kept},
    )
    db.session.add(made)
    db.session.flush()
    audit.record(db.session(), actor, "members.insert", made, siren=siren)
    hand_over(predecessors, made, merged_on, actor=actor)
    return made


def _lock(bodies: Iterable[Member]) -> None:
    """Read the bodies again and keep them, always in one order: two mergers may share some."""
    ids = {one.id for one in bodies}
    query = select(Member).where(Member.id.in_(ids)).order_by(Member.id).with_for_update()
    db.session.scalars(query.execution_options(populate_existing=True)).all()


def _check(
    predecessors: Sequence[Member], successor: Member | None, merged_on: date, today: date
) -> None:
    if not predecessors:
        raise Refused("nobody_merges", _("Choose at least one body that merges."), _BODIES)
    if successor is not None:
        queries.check_stands(successor)
    for one in predecessors:
        queries.check_stands(one, _BODIES)
        if one is successor:
            raise Refused(
                "merges_with_itself",
                _("%(name)s cannot merge into itself.", name=one.name),
                _BODIES,
            )
        if one.kind is not (successor or predecessors[0]).kind:
            raise Refused("other_kind", _("Only bodies of one kind can merge."), _BODIES)
    if len(set(predecessors)) < len(predecessors):
        raise Refused("named_twice", _("Name each body once."), _BODIES)
    if merged_on > today:
        raise Refused(
            "merged_in_future",
            _("A merger is recorded on its day or later. Give a day up to today."),
            "merged_on",
        )
