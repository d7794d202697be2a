"""The worker's side of exports: it takes what waits, makes it, tells how far it is, and sweeps.

Whoever makes a file takes it first, in a transaction of its own, so that two workers never make
the same one. It then reads in one transaction, and tells its progress in short others beside it.
What falls silent is begun again, by whichever worker sees it first.
"""

import logging
import os
import secrets
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import NamedTuple

from flask import Flask, current_app
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.sql import Delete, Update

from procurement.extensions import db
from procurement.kernel import database, exports, jobs, language, pipeline
from procurement.kernel.errors import Absent, Refused
from procurement.kernel.exports import Export, ExportState

_log = logging.getLogger(__name__)
#: How often a file is begun before it is given up: something in it fells the worker.
MOST_ATTEMPTS = 3
#: A making that told nothing for so long has lost its worker.
_SILENT = timedelta(seconds=60)
#: Seconds between two writings of how far a making is.
_PACE = 1.0
#: Minutes between two sweeps, and how old a file is that no row names when it is taken away.
_SWEEPING, _STRAY = 60, timedelta(days=1)
_FAULT, _NAME = 300, 160


class Halted(Exception):
    """The making is to stop: cancelled, taken over by another worker, or its own one ends."""


class Task(NamedTuple):
    """A file that was taken to be made, for the n-th time."""

    id: int
    attempt: int
    kind: str
    subject_id: int
    language: str

    def set(self, **values: object) -> bool:
        """Write what is now known of the file, as long as it is still this task's to make."""
        database.begin_write(db.session())
        mine = (Export.state == ExportState.RUNNING, Export.attempts == self.attempt)
        was_mine = _rows_of(update(Export).where(Export.id == self.id, *mine).values(**values)) == 1
        pipeline.commit()
        return was_mine

    def end(self, state: ExportState, **values: object) -> bool:
        """Write how it ended, if it is still this task's to end."""
        return self.set(state=state, ended_at=datetime.now(UTC), **values)


class Progress:
    """Tells how far a task is, where everybody sees it at once, and hears that it is to stop."""

    def __init__(self, task: Task) -> None:
        self._task, self._next = task, monotonic()

    def tell(self, done: int, total: int) -> None:
        """Tell, at most once a second. Raises Halted when the file is no longer to be made."""
        if jobs.is_ending():
            raise Halted
        if monotonic() < self._next:
            return
        self._next = monotonic() + _PACE
        # In a context of its own, the session is another: the maker's goes on reading.
        with current_app.app_context():
            known = {"done": min(done, total), "total": total, "told_at": datetime.now(UTC)}
            if not self._task.set(**known):
                raise Halted


def work() -> str:
    """Make what waits, one after the other, and say what became of it."""
    ended: Counter[str] = Counter()
    while not jobs.is_ending() and (task := _take()):
        ended[_make(task)] += 1
    return ", ".join(f"{count} {state}" for state, count in ended.items())


def sweep() -> str:
    """Take away what ended a month ago, and the files that no row names."""
    database.begin_write(db.session())
    old = Export.ended_at < datetime.now(UTC) - exports.KEPT
    swept = _rows_of(delete(Export).where(old))
    pipeline.commit()
    named = set(db.session.scalars(select(Export.place).where(Export.place.is_not(None))))
    limit = (datetime.now(UTC) - _STRAY).timestamp()
    for file in exports.folder().glob("*"):
        # What is being made has no row yet, and is never so old. Another sweep may be at work.
        with suppress(FileNotFoundError):
            if file.name not in named and file.stat().st_mtime < limit:
                file.unlink()
    return f"{swept} swept" if swept else ""


def register(app: Flask) -> None:
    """Have the files made as they are asked for, those left behind each minute, and the sweep."""
    jobs.register(app, exports.JOB, work, every=1)
    jobs.register(app, "old exports", sweep, every=_SWEEPING)


def _rows_of(statement: Update | Delete) -> int:
    """Execute a statement and count the rows that it met."""
    return db.session.connection().execute(statement).rowcount


def _is_silent() -> ColumnElement[bool]:
    limit = datetime.now(UTC) - _SILENT
    return and_(Export.state == ExportState.RUNNING, Export.told_at < limit)


def _give_up() -> None:
    """Fail what was begun too often, and fell silent each time."""
    database.begin_write(db.session())
    lost = select(Export).where(_is_silent(), Export.attempts >= MOST_ATTEMPTS)
    for export in db.session.scalars(lost.with_for_update(skip_locked=True)):
        with language.reading(export.language):
            export.fault = _(
                "The program stopped each time while making this file. Tell the administrator."
            )
        export.move(ExportState.FAILED)
        export.ended_at = datetime.now(UTC)
        _log.error("export %s is given up: its worker stopped each time", export.id)
    pipeline.commit()


def _take() -> Task | None:
    """Take the next file to make, which keeps other workers from it; None when there is none."""
    _give_up()
    session, now = db.session(), datetime.now(UTC)
    database.begin_write(session)
    is_due = or_(Export.state == ExportState.WAITING, _is_silent())
    due = select(Export).where(is_due).order_by(Export.id)
    export = session.scalar(due.limit(1).with_for_update(skip_locked=True))
    task = None
    if export:
        if export.state is ExportState.RUNNING:
            export.move(ExportState.WAITING)
        export.move(ExportState.RUNNING)
        export.attempts += 1
        export.told_at, export.done, export.total = now, 0, 0
        made_of = export.kind, export.subject_id, export.language
        task = Task(export.id, export.attempts, *made_of)
    pipeline.commit()
    return task


def _make(task: Task) -> str:
    """Make a file, and say what became of it."""
    exports.folder().mkdir(parents=True, exist_ok=True)
    fresh = exports.folder() / f".{task.id}-{secrets.token_hex(8)}"
    try:
        with language.reading(task.language):
            made = _written(task, fresh)
        return _kept(task, fresh, made)
    except Halted:
        return _left(task)
    except Refused as refusal:
        with language.reading(task.language):
            gone = _("What the file was to be made of is gone.")
            return _failed(task, gone if isinstance(refusal, Absent) else str(refusal.sentence))
    except Exception:  # noqa: BLE001  whatever a maker raises ends its file, and not the worker
        _log.exception("export %s (%s of %s) failed", task.id, task.kind, task.subject_id)
        with language.reading(task.language):
            sentence = _(
                "Something broke on our side. Ask for it again; if it fails again, tell the "
                "administrator."
            )
        return _failed(task, sentence)
    finally:
        fresh.unlink(missing_ok=True)


def _written(task: Task, fresh: Path) -> Mapping[str, object]:
    """Have the file written from one state of the database; give what is known of it."""
    kind = exports.kind_of(task.kind)
    database.begin_read(db.session())
    try:
        mark = kind.mark(task.subject_id)
        name = kind.make(task.subject_id, fresh, Progress(task).tell)
    finally:
        pipeline.rollback()
    with fresh.open("rb+") as file:
        os.fsync(file.fileno())
    return {"mark": mark, "file_name": name[-_NAME:], "size": fresh.stat().st_size}


def _kept(task: Task, fresh: Path, made: Mapping[str, object]) -> str:
    """Put the file where it is served, unless it was cancelled at the last moment."""
    place = fresh.name.removeprefix(".")
    target = fresh.replace(exports.folder() / place)
    if task.end(ExportState.DONE, place=place, done=Export.total, **made):
        return "done"
    target.unlink()
    return "stopped"


def _left(task: Task) -> str:
    """Leave to the next worker what this one has no time to end; the attempt does not count."""
    if jobs.is_ending():
        task.set(state=ExportState.WAITING, attempts=task.attempt - 1)
    return "stopped"


def _failed(task: Task, sentence: str) -> str:
    task.end(ExportState.FAILED, fault=sentence[:_FAULT])
    return "failed"
