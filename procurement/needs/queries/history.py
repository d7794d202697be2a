"""What became of a need: its versions, what was decided on them, and the acts since."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select

from procurement.catalogue.models import Item
from procurement.extensions import db
from procurement.kernel.access import Actor
from procurement.kernel.audit import AuditEntry
from procurement.kernel.database import Query, Record
from procurement.members.models import Person, Site
from procurement.needs.models import Document, Entry, Need, NeedVersion
from procurement.needs.versions import Change, Line, differences

_SUBMISSIONS = ("needs.submit", "needs.declare_nil")
_DECISIONS = ("needs.validate", "needs.return_to_author", "needs.object")


@dataclass(frozen=True, slots=True)
class Version:
    """A need as it was submitted, and what changed since the version before."""

    number: int
    name: str
    at: datetime
    lines: int
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Act:
    """An act as the journal tells it."""

    name: str
    at: datetime
    verb: str
    told: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Names:
    """What the journal and the versions call by number."""

    items: dict[int, str] = field(default_factory=dict)
    sites: dict[int, str] = field(default_factory=dict)
    documents: dict[int, str] = field(default_factory=dict)


def history(need: Need) -> list[Version | Act]:
    """List the versions of a need and what was decided on them, the latest first."""
    told: list[Version | Act] = [*_versions(need), *_decisions(need)]
    return sorted(told, key=lambda one: one.at, reverse=True)


def acts_since_version(need: Need) -> Query:
    """Select what was written since the last version, the latest first."""
    last = (
        select(func.coalesce(func.max(AuditEntry.id), 0))
        .where(_of(need), AuditEntry.verb.in_(_SUBMISSIONS))
        .scalar_subquery()
    )
    return _entries(need).where(
        AuditEntry.id > last, AuditEntry.verb.not_in((*_SUBMISSIONS, *_DECISIONS))
    )


def may_read_acts(need: Need, actor: Actor) -> bool:
    """Tell whether the actor sees drafts: the member's side, and the centrale what it enters."""
    return actor.is_member_side or need.entry is Entry.CENTRALE


def read_acts(rows: Iterable[Record]) -> list[Act]:
    """Read entries of the journal."""
    return [Act(row.actor_name, row.at, row.verb, json.loads(row.changes)) for row in rows]


def names_in(need: Need, shown: Iterable[Act]) -> Names:
    """Read what the acts and the versions call by number, in three queries at most."""
    item_ids = {one for act in shown if (one := _item_id(act.told)) is not None}
    items = select(Item.id, Item.designation).where(Item.id.in_(item_ids))
    # The places of a body that merged are its successor's.
    owners = (need.member_id, need.member.successor_id)
    sites = select(Site.id, Site.name).where(Site.member_id.in_(owners))
    documents = select(Document.id, Document.name).where(Document.need_id == need.id)
    return Names(_by_id(items) if item_ids else {}, _by_id(sites), _by_id(documents))


def _item_id(told: dict[str, Any]) -> int | None:
    known = told.get("item_id")
    return known[0] if isinstance(known, list) else known


def _by_id(query: Any) -> dict[int, str]:
    return {row[0]: row[1] for row in db.session.execute(query)}


def _versions(need: Need) -> list[Version]:
    query = (
        select(NeedVersion.number, NeedVersion.at, NeedVersion.lines, Person.name)
        .join(Person, Person.id == NeedVersion.person_id)
        .where(NeedVersion.need_id == need.id)
        .order_by(NeedVersion.number)
    )
    found, before = list[Version](), list[Line]()
    for row in db.session.execute(query):
        lines = json.loads(row.lines)
        # The first version has nothing before it to differ from.
        changes = differences(before, lines) if found else []
        found.append(Version(row.number, row.name, row.at, len(lines), changes))
        before = lines
    return found


def _decisions(need: Need) -> list[Act]:
    return read_acts(
        db.session.execute(_entries(need).where(AuditEntry.verb.in_(_DECISIONS))).all()
    )


def _entries(need: Need) -> Query:
    return (
        select(AuditEntry.actor_name, AuditEntry.at, AuditEntry.verb, AuditEntry.changes)
        .where(_of(need))
        .order_by(AuditEntry.id.desc())
    )


def _of(need: Need) -> ColumnElement[bool]:
    return (AuditEntry.object_type == Need.__tablename__) & (AuditEntry.object_id == need.id)
