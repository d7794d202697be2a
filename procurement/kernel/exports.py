"""Files that take long to make: asked for, made beside the requests, kept and served again."""

from datetime import datetime
from enum import StrEnum

from flask import Flask
from flask_babel import lazy_gettext as _
from sqlalchemy import CheckConstraint, ColumnElement, Index, String, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from procurement.kernel.access import Actor
from procurement.kernel.database import Base, Instant, word
from procurement.kernel.states import Stateful


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
    ExportState.CANCELLED: _("Cancelled"),
}


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
    title: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[ExportState] = mapped_column(word(ExportState), default=ExportState.WAITING)
    person_id: Mapped[int]
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
    #: What went wrong, in the words of whoever repairs it.
    fault: Mapped[str | None] = mapped_column(String(300))

    @classmethod
    def visible_to(cls, actor: Actor) -> ColumnElement[bool]:
        """What is exported for now is the work of the centrale."""
        return false() if actor.is_member_side else true()


def register(app: Flask) -> None:
    """Have the files made that were asked for."""
