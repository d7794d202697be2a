"""Files that take long to make: asked for, made beside the requests, kept and served again.

A room registers how each kind of file is made; procurement.kernel.making has the worker make what
waits. A file stays for a month, and tells when what it was made from has changed since.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from flask import Flask, current_app
from flask_babel import lazy_gettext as _
from flask_babel import lazy_pgettext
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Index,
    String,
    false,
    func,
    select,
    text,
    true,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from procurement.extensions import db
from procurement.kernel import audit, database, jobs
from procurement.kernel.access import Actor
from procurement.kernel.database import Base, Instant, word
from procurement.kernel.errors import Refused
from procurement.kernel.states import Stateful

#: Says how far a making is: so many done of so many. Raises when it is to stop.
Tell = Callable[[int, int], None]

#: The job that makes what waits.
JOB = "exports"
#: How long what has ended is kept.
KEPT = timedelta(days=30)
_KINDS = "export_kinds"
_TITLE = 200


class ExportState(StrEnum):
    """Where the making of a file is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


EXPORT_STATE_LABELS = {
    ExportState.WAITING: _("Waiting"),
    ExportState.RUNNING: _("Being made"),
    ExportState.DONE: _("Ready"),
    ExportState.FAILED: _("Failed"),
    ExportState.CANCELLED: lazy_pgettext("file", "Cancelled"),
}

_UNDER_WAY = (ExportState.WAITING, ExportState.RUNNING)


class Export(Stateful, Base):
    """A file that somebody asked for, how far it is, and where it is kept once made."""

    __tablename__ = "export"
    __table_args__ = (
        CheckConstraint("done BETWEEN 0 AND total", name="progress"),
        CheckConstraint("(state = 'done') = (place IS NOT NULL)", name="place"),
        CheckConstraint("(state = 'failed') = (fault IS NOT NULL)", name="fault"),
        # Asking twice for what is on its way gives the one that is.
        Index(
            "uq_export_under_way",
            "kind",
            "subject_id",
            "language",
            unique=True,
            sqlite_where=text("state IN ('waiting', 'running')"),
            postgresql_where=text("state IN ('waiting', 'running')"),
        ),
        # The id of one that was swept is not given again: the journal names exports by it.
        {"sqlite_autoincrement": True},
    )
    moves = {
        ExportState.WAITING: {ExportState.RUNNING, ExportState.CANCELLED},
        ExportState.RUNNING: {
            ExportState.WAITING,
            ExportState.DONE,
            ExportState.FAILED,
            ExportState.CANCELLED,
        },
        ExportState.DONE: set(),
        ExportState.FAILED: set(),
        ExportState.CANCELLED: set(),
    }

    #: The name under which a room registered how to make it, and what it is made of.
    kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    title: Mapped[str] = mapped_column(String(_TITLE))
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[ExportState] = mapped_column(word(ExportState), default=ExportState.WAITING)
    #: Who asked for it; None for a command.
    person_id: Mapped[int | None]
    asked_at: Mapped[datetime] = mapped_column(Instant)
    #: When its maker last said how far it is; one that is silent for long is begun again.
    told_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    #: How often making it was begun: what fells the worker is not tried for ever.
    attempts: Mapped[int] = mapped_column(default=0)
    #: Mark of the rows that it was made from: the file is stale when they give another.
    mark: Mapped[str | None] = mapped_column(String(64))
    #: Where the file is, below the folder of exports, and what it is called when saved.
    place: Mapped[str | None] = mapped_column(String(200))
    file_name: Mapped[str | None] = mapped_column(String(160))
    size: Mapped[int | None]
    #: What went wrong, as a sentence in its language.
    fault: Mapped[str | None] = mapped_column(String(300))

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """What is exported for now is the work of the centrale."""
        return false() if actor.is_member_side else true()

    @property
    def is_under_way(self) -> bool:
        """Tell whether it is still to come."""
        return self.state in _UNDER_WAY

    @property
    def percent(self) -> int | None:
        """How far it is, in whole percent; None while that is not known."""
        return self.done * 100 // self.total if self.total else None

    @property
    def kept_until(self) -> datetime | None:
        """When it is swept; None while it has not ended."""
        return self.ended_at + KEPT if self.ended_at else None


class Kind(NamedTuple):
    """How a room names, makes and marks a kind of file; each takes the id of what it is made of.

    ``make`` also takes the place where it writes and what it tells its progress to, and gives the
    name under which the file is saved. It reads one state of the database and writes none of it.
    ``mark`` changes when the file would. ``check`` costs little, and raises Refused when no such
    file can be made now; what was marked may be gone by then, and raises Absent.
    """

    title: Callable[[int], str]
    make: Callable[[int, Path, Tell], str]
    mark: Callable[[int], str]
    check: Callable[[int], object] = lambda _subject_id: None


def register_kind(app: Flask, name: str, kind: Kind) -> None:
    """Have files of this kind made for whoever asks."""
    _kinds(app)[name] = kind


def kinds_of(subject: str) -> list[str]:
    """List the kinds made of a sort of subject: those of ``lot`` are called ``lot-something``."""
    return [name for name in _kinds(current_app) if name.startswith(f"{subject}-")]


def kind_of(name: str) -> Kind:
    """Give a kind by its name. Raises KeyError when no room registered it."""
    return _kinds(current_app)[name]


def folder() -> Path:
    """Give the folder in which the files are kept."""
    return Path(current_app.instance_path) / "exports"


def file_of(export: Export) -> Path | None:
    """Give the file, if it has been made and is still there."""
    made = folder() / export.place if export.place else None
    return made if made and made.is_file() else None


def is_stale(export: Export) -> bool:
    """Tell whether what a file was made from has changed since, or is gone."""
    if export.state is not ExportState.DONE:
        return False
    try:
        return export.mark != kind_of(export.kind).mark(export.subject_id)
    except Refused:
        return True


def title_of(kind: str, subject_id: int) -> str:
    """Name the file for its reader."""
    return kind_of(kind).title(subject_id)[:_TITLE]


def ask(kind: str, subject_id: int, *, actor: Actor, language: str) -> Export:
    """Ask for a file: the one on its way, the one made of the same figures, or a new one.

    Raises what the kind's check raises: Refused, when no such file can be made now.
    """
    kind_of(kind).check(subject_id)
    mark = kind_of(kind).mark(subject_id)
    for known in _known(kind, subject_id, language):
        if known.is_under_way or (known.mark == mark and file_of(known)):
            return known
    asked = Export(
        kind=kind,
        subject_id=subject_id,
        title=title_of(kind, subject_id),
        language=language,
        person_id=actor.person_id,
        asked_at=datetime.now(UTC),
    )
    try:
        with db.session.begin_nested():
            db.session.add(asked)
    except IntegrityError as fault:
        if not database.is_duplicate(fault):
            raise
        # Somebody asked for the same one at the same moment; by now it may even have ended.
        return ask(kind, subject_id, actor=actor, language=language)
    audit.record(db.session(), actor, "exports.ask", asked, kind=kind, subject_id=subject_id)
    jobs.wake(db.session(), JOB)
    return asked


def cancel(export: Export, *, actor: Actor) -> None:
    """Cancel a file that is on its way: its maker stops when it next tells how far it is."""
    db.session.refresh(export, with_for_update=True)
    if not export.is_under_way:
        raise Refused("export_ended", _("This file is no longer being made."))
    state = export.move(ExportState.CANCELLED)
    export.ended_at = datetime.now(UTC)
    audit.record(db.session(), actor, "exports.cancel", export, state=state)


def latest(kinds: Sequence[str], subject_id: int, language: str) -> dict[str, Export]:
    """Give the last of each kind that was asked for and not cancelled."""
    last = (
        select(func.max(Export.id))
        .where(Export.kind.in_(kinds), *_same(subject_id, language))
        .where(Export.state != ExportState.CANCELLED)
        .group_by(Export.kind)
    )
    found = db.session.scalars(select(Export).where(Export.id.in_(last)))
    return {one.kind: one for one in found}


def _known(kind: str, subject_id: int, language: str) -> list[Export]:
    """List what is on its way, and what was made, the latest first."""
    useful = (*_UNDER_WAY, ExportState.DONE)
    query = select(Export).where(Export.kind == kind, *_same(subject_id, language))
    query = query.where(Export.state.in_(useful)).order_by(Export.id.desc())
    return list(db.session.scalars(query))


def _same(subject_id: int, language: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Export.subject_id == subject_id, Export.language == language


def _kinds(app: Flask) -> dict[str, Kind]:
    found: dict[str, Kind] = app.extensions.setdefault(_KINDS, {})
    return found
