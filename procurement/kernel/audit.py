"""The journal: one entry for each act, in the act's own transaction, chained by hash.

Entries are collected while operations run and written last, just before the commit: the head of
the chain is one row that every writer takes, so it is held as briefly as possible.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Index,
    String,
    Text,
    bindparam,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from procurement.kernel.access import Actor
from procurement.kernel.database import Base, Instant

_PENDING = "audit_pending"
_START = "0" * 64


class AuditEntry(Base):
    """Who did what to which object, when, and what changed from what to what."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_entry_object", "object_type", "object_id"),)

    at: Mapped[datetime] = mapped_column(Instant)
    person_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(String(200))
    verb: Mapped[str] = mapped_column(String(60))
    object_type: Mapped[str] = mapped_column(String(60))
    object_id: Mapped[int] = mapped_column(BigInteger)
    changes: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The last link of the chain: its number and its hash. One row, or none before the first."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    entry_id: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True, slots=True)
class _Act:
    actor: Actor
    verb: str
    obj: Base
    changes: dict[str, Any]


def plain(value: object) -> object:
    """Give a value as JSON keeps it."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return value


def record(session: Session, actor: Actor, verb: str, obj: Base, **changes: object) -> None:
    """Note one act. A change is a plain value, or an (old, new) pair."""
    kept = {name: plain(value) for name, value in changes.items()}
    session.info.setdefault(_PENDING, []).append(_Act(actor, verb, obj, kept))


def forget(session: Session) -> None:
    """Drop what was noted: the transaction it belonged to is rolled back."""
    session.info.pop(_PENDING, None)


def seal(session: Session) -> None:
    """Write the noted acts at the end of the chain, inside the transaction about to commit."""
    acts: list[_Act] = session.info.pop(_PENDING, [])
    # The objects that were created get their ids here, and the entries name them.
    session.flush()
    if not acts:
        return
    number, digest = _head(session)
    rows = []
    for act in acts:
        number += 1
        row = {
            "id": number,
            "at": datetime.now(UTC),
            "person_id": act.actor.person_id,
            "actor_name": act.actor.name,
            "verb": act.verb,
            "object_type": act.obj.__tablename__,
            "object_id": act.obj.id,
            "changes": json.dumps(act.changes, ensure_ascii=False, sort_keys=True),
        }
        digest = _digest(digest, row)
        rows.append({**row, "digest": digest})
    # Straight through the connection: rows need nothing of what the session does for objects.
    connection = session.connection()
    connection.execute(_APPENDED, rows)
    connection.execute(_MOVED, {"last": number, "link": digest})


def _head(session: Session) -> tuple[int, str]:
    """Take the end of the chain and keep others from it until the commit."""
    connection = session.connection()
    head = connection.execute(_HEAD).one_or_none()
    if head is None:
        # Two first writers may meet here: the second finds the row that the first made.
        connection.execute(_FIRST_HEAD, {"digest": _START})
        head = connection.execute(_HEAD).one()
    return head.entry_id, head.digest


_HEAD = select(AuditHead.entry_id, AuditHead.digest).with_for_update()
_APPENDED = insert(AuditEntry)
_MOVED = update(AuditHead).values(entry_id=bindparam("last"), digest=bindparam("link"))


_FIRST_HEAD = text(
    "INSERT INTO audit_head (id, entry_id, digest) VALUES (1, 0, :digest) ON CONFLICT DO NOTHING"
)


def _digest(previous: str, row: dict[str, Any]) -> str:
    fields = [previous, *(str(row[name]) for name in _CHAINED)]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=False).encode()).hexdigest()


_CHAINED = ("id", "at", "person_id", "actor_name", "verb", "object_type", "object_id", "changes")


def faults(session: Session) -> Iterator[str]:
    """Walk the chain from its start and name each entry that no longer fits."""
    table = AuditEntry.__table__
    digest, number = _START, 0
    query = select(table).order_by(table.c.id).execution_options(yield_per=2000)
    for row in session.execute(query).mappings():
        last = row["id"] - 1
        if last > number:
            gap = str(last) if last == number + 1 else f"{number + 1} to {last}"
            yield f"audit_entry {gap} missing"
        # After a gap nothing says what the entry was chained to: the gap alone is named.
        elif _digest(digest, dict(row)) != row["digest"]:
            yield f"audit_entry {row['id']} was altered"
        number, digest = row["id"], row["digest"]
    head = session.execute(select(AuditHead.entry_id, AuditHead.digest)).one_or_none()
    if (head[0], head[1]) != (number, digest) if head else number > 0:
        yield f"audit_head does not name the last entry, {number}"


def count(session: Session) -> int:
    """Count the entries of the journal."""
    head = session.scalar(select(AuditHead.entry_id))
    return head or 0
